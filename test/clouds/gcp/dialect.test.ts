import { describe, expect, test } from "vitest";
import { gcpDialect } from "../../../src/clouds/gcp/dialect.ts";
import type { PolicyFormat, PolicyText } from "../../../src/core/cloud.ts";
import { GRANT, GROUP, grantTo, KEY, MEMBER, policyText, REF, ROLE, RSA, refOf, SYMMETRIC } from "./fixture.ts";

function print({ format = "json", ...more }: Partial<PolicyText> & { format?: PolicyFormat }): string {
  const text = { grant: GRANT, kind: SYMMETRIC, key: REF, current: null, projects: [], ...more };
  return gcpDialect.print[format]?.(text) ?? "";
}

describe("json", () => {
  test("the bare binding", () => {
    expect(JSON.parse(print({}))).toEqual({ role: ROLE, members: [MEMBER] });
    expect(JSON.parse(print({ kind: RSA, key: null })).role).toBe("roles/cloudkms.cryptoOperator");
  });
  test("several principals, each once", () => {
    expect(JSON.parse(print({ grant: grantTo("a@aiven.io", "b@aiven.io", "a@aiven.io") })).members).toEqual([
      "group:a@aiven.io",
      "group:b@aiven.io",
    ]);
  });
});

describe("document", () => {
  test("the present policy with the grant in it", () => {
    const current = policyText([{ role: ROLE, members: ["user:a@example.com"] }]);
    expect(JSON.parse(print({ format: "document", current })).bindings).toEqual([
      { role: ROLE, members: ["user:a@example.com", MEMBER] },
    ]);
  });
  test("nothing missing: as it is", () => {
    const current = policyText([{ role: ROLE, members: [MEMBER] }]);
    expect(print({ format: "document", current: `${current}\n` })).toBe(current);
  });
  test("needs the present policy", () => {
    expect(() => print({ format: "document" })).toThrow(expect.objectContaining({ code: "usage.current" }));
  });
});

describe("cli", () => {
  test("the command of the vendor's page", () => {
    expect(print({ format: "cli" }).split("\n")).toContain(
      `gcloud kms keys add-iam-policy-binding symmetric --location europe-west1 --keyring demo --project demo --member ${MEMBER} --role ${ROLE}`,
    );
  });
  test("each command has a comment line before it", () => {
    const lines = print({ format: "cli" }).split("\n");
    for (const [index, line] of lines.entries()) {
      if (line.startsWith("gcloud")) expect(lines[index - 1]).toMatch(/^# \d\. /);
    }
  });
  test("without a key: marked placeholders that no shell takes for anything else", () => {
    expect(print({ format: "cli", key: null })).toContain(
      "add-iam-policy-binding '<KEY>' --location '<LOCATION>' --keyring '<KEY RING>' --project '<PROJECT>'",
    );
  });
  test("what a shell would read is quoted", () => {
    const hostile = "x'; rm -rf $HOME #@aiven.io";
    expect(print({ format: "cli", grant: grantTo(hostile) })).toContain(
      `--member 'group:x'\\''; rm -rf $HOME #@aiven.io'`,
    );
    expect(print({ format: "cli", key: refOf(KEY.replace("demo", "example.com:p")) })).toContain("example.com:p");
  });
});

test("the principal is checked without a key too", () => {
  const accessor = (value: string) => ({ cloud: "gcp", fields: { access_group: value } }) as const;
  expect(() => gcpDialect.checkAccessor(accessor(GROUP), null, GRANT.policy)).not.toThrow();
  expect(() => gcpDialect.checkAccessor(accessor("allUsers"), null, GRANT.policy)).toThrow("everybody");
});
