import { describe, expect, test } from "vitest";
import { createOciDialect, ociDialect } from "../../../src/clouds/oci/dialect.ts";
import type { GrantForm } from "../../../src/clouds/oci/plan.ts";
import type { PolicyFormat, PolicyText } from "../../../src/core/cloud.ts";
import type { KeyKind } from "../../../src/core/model.ts";
import {
  ACCESSOR,
  ADMIT,
  DEFINES,
  failureOf,
  GRANT,
  GROUP,
  KEY,
  KEY_ID,
  keyId,
  POLICY,
  policy,
  TENANCY,
  VENDOR,
} from "./helpers.ts";

function kindOf(): KeyKind {
  const [kind] = POLICY.key.kinds;
  if (kind === undefined) throw new Error("the vendor takes no kind of key");
  return kind;
}

type Asked = Partial<PolicyText> & { readonly format?: PolicyFormat };

function print({ format = "json", ...more }: Asked = {}, form: Partial<GrantForm> = {}): string {
  const dialect = createOciDialect({ scope: "key", noExport: false, ...form });
  const text = { grant: GRANT, kind: kindOf(), key: KEY, current: null, projects: [], ...more };
  return dialect.print[format]?.(text) ?? "";
}

describe("json", () => {
  test("the three statements, for this key alone", () => {
    expect(JSON.parse(print())).toEqual({ statements: [...DEFINES, ADMIT] });
    const text = { grant: GRANT, kind: kindOf(), key: KEY, current: null, projects: [] };
    expect(ociDialect.print.json?.(text)).toBe(print());
  });

  test("--scope tenancy: those of the vendor's page, to the letter", () => {
    // https://aiven.io/docs/platform/howto/bring-your-own-key, "Oracle Cloud Infrastructure"
    expect(JSON.parse(print({}, { scope: "tenancy" }))).toEqual({
      statements: [
        `define tenancy AT as ${VENDOR}`,
        `define group AG as ${GROUP}`,
        "admit group AG of tenancy AT to use keys in tenancy",
      ],
    });
  });

  test("--no-export", () => {
    expect(JSON.parse(print({}, { noExport: true })).statements[2]).toBe(
      `admit group AG of tenancy AT to use keys in tenancy where all {target.key.id = '${KEY_ID}', request.permission != 'KEY_EXPORT'}`,
    );
  });

  test("without a key: placeholders that OCI refuses", () => {
    expect(JSON.parse(print({ key: null })).statements[2]).toContain("target.key.id = '<KEY OCID>'");
    expect(JSON.parse(print({ key: null }, { scope: "compartment" })).statements[2]).toBe(
      "admit group AG of tenancy AT to use keys in compartment id '<COMPARTMENT OCID>'",
    );
  });

  test("several accessors share a tenancy's name, and a group's", () => {
    const fields = { ...ACCESSOR.fields, access_group: "ocid1.group.oc1..other" };
    const grant = { ...GRANT, accessors: [ACCESSOR, { ...ACCESSOR, fields }, ACCESSOR] };
    expect(JSON.parse(print({ grant })).statements).toEqual([
      ...DEFINES,
      ADMIT,
      "define group AG2 as ocid1.group.oc1..other",
      ADMIT.replace("AG", "AG2"),
    ]);
  });

  test("a field that the accessor does not have", async () => {
    const grant = { ...GRANT, accessors: [{ ...ACCESSOR, fields: { access_group: GROUP } }] };
    expect(await failureOf(() => print({ grant }))).toMatchObject({ kind: "usage", code: "usage.policy-template" });
  });

  test("a template of somebody else's that is none", async () => {
    const broken: readonly Record<string, unknown>[] = [
      {},
      { define: "x", admit: {} },
      {
        define: ["define tenancy AT as {access_tenant}"],
        admit: { key: "admit group AG of tenancy AT to use keys in tenancy" },
      },
      { define: kindOf().grant["define"], admit: { key: "let everybody in" } },
      { define: kindOf().grant["define"], admit: { key: "allow any-user to use keys in tenancy" } },
      {
        define: kindOf().grant["define"],
        admit: Object.create({ key: "admit group AG of tenancy AT to use keys in tenancy" }),
      },
      {
        define: kindOf().grant["define"],
        admit: { key: "admit group {constructor} of tenancy AT to use keys in tenancy" },
      },
    ];
    for (const grant of broken) {
      expect(await failureOf(() => print({ kind: { ...kindOf(), grant } }))).toMatchObject({
        code: "usage.policy-template",
      });
    }
  });
});

describe("document", () => {
  test("a new policy in the root compartment", () => {
    expect(JSON.parse(print({ format: "document" }))).toEqual({
      compartmentId: TENANCY,
      name: "keygrant-aiven",
      description: expect.stringContaining("aiven"),
      statements: [...DEFINES, ADMIT],
    });
    expect(JSON.parse(print({ format: "document", key: { ...KEY, owner: null } })).compartmentId).toBe(
      "<TENANCY OCID>",
    );
  });

  const ours = policy("keygrant-aiven", [...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
  const joined = [
    ...DEFINES,
    `admit group AG of tenancy AT to use keys in tenancy where any {target.key.id = '${keyId(2)}', target.key.id = '${KEY_ID}'}`,
  ];

  test.each([
    ["as the API gives it", JSON.stringify(ours), { ifMatch: ours.etag }],
    [
      "as `oci iam policy get` prints it",
      JSON.stringify({ data: { ...ours, etag: undefined }, etag: ours.etag }),
      { ifMatch: ours.etag },
    ],
    [
      "among others, as `oci iam policy list` prints them",
      JSON.stringify({ data: [policy("x", []), ours] }),
      { ifMatch: ours.etag },
    ],
    ["as keygrant reads them", JSON.stringify({ tenancy: {}, policies: [ours] }), { ifMatch: ours.etag }],
  ])("the present policy, %s, with the grant in it", (_, current, more) => {
    expect(JSON.parse(print({ format: "document", current }))).toEqual({
      policyId: ours.id,
      ...more,
      statements: joined,
      versionDate: "",
    });
  });

  test("among policies that are others', and with bare statements, it is a new one", () => {
    for (const current of [JSON.stringify([policy("x", ["a b"])]), "[]"]) {
      expect(JSON.parse(print({ format: "document", current }))).toMatchObject({
        name: "keygrant-aiven",
        statements: [...DEFINES, ADMIT],
      });
    }
    const bare = JSON.stringify(ours.statements);
    expect(JSON.parse(print({ format: "document", current: bare })).statements).toEqual(joined);
  });

  test.each(["", "not json", "{}", '{"data": 7}', '{"statements": [1]}', '{"__proto__": {"statements": []}}', "null"])(
    "%j is no policy",
    async (current) => {
      expect(await failureOf(() => print({ format: "document", current }))).toMatchObject({
        kind: "usage",
        code: "usage.current",
      });
    },
  );

  test("a policy without room", async () => {
    const full = Array.from({ length: 49 }, (_, index) => `allow group g${index} to read keys in tenancy`);
    const current = JSON.stringify({ ...ours, statements: full });
    expect(await failureOf(() => print({ format: "document", current }))).toMatchObject({ code: "usage.policy-full" });
  });
});

describe("cli", () => {
  test("creates the policy, with its description", () => {
    const lines = print({ format: "cli" }).split("\n");
    expect(lines.map((line) => line.trim())).toContain(
      `oci iam policy create --compartment-id ${TENANCY} --name keygrant-aiven --description 'Lets aiven use customer-managed keys. Written by keygrant, which adds and removes keys in it.' --statements '["define tenancy AT as ${VENDOR}","define group AG as ${GROUP}","admit group AG of tenancy AT to use keys in tenancy where target.key.id = '\\''${KEY_ID}'\\''"]'`,
    );
    // Only where it is not there yet: run again, it adds nothing by itself.
    expect(lines).toContain("if grep -q statements policy.before.json; then");
    expect(lines.join("\n")).toContain("endorses its group");
  });

  test("updates the policy that is there, on its etag", () => {
    const ours = policy("keygrant-aiven", [...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
    const current = JSON.stringify(ours);
    expect(print({ format: "cli", current }).split("\n").at(-1)).toMatch(
      /^oci iam policy update --policy-id ocid1\.policy\.oc1\.\.keygrant-aiven --if-match etag-of-keygrant-aiven --version-date '' --statements '\[/,
    );
    const done = JSON.stringify({ ...ours, statements: [...DEFINES, ADMIT] });
    expect(print({ format: "cli", current: done }).split("\n").at(-1)).toBe("# It is in the policy already.");
  });

  test("without a key: marked placeholders that no shell takes for anything else", () => {
    expect(print({ format: "cli", key: null })).toContain("--compartment-id '<TENANCY OCID>'");
  });
});
