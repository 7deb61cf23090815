import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CloudId } from "../../src/core/model.ts";
import type { ObservedRequest, SandboxReply } from "../../src/sandbox/index.ts";
import { registered } from "../cli/fleet.ts";
import { openWorld, type World } from "../cli/harness.ts";
import { named } from "../cli/peek.ts";

/**
 * Policies that somebody has written so that judging one never ends, or ends wrongly, larger than any that a cloud
 * keeps. The run ends by itself, and nothing of it lets the vendor in.
 */
const TIMES = 5_000;
const many = <T>(times: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: times }, (_, at) => make(at));

type Document = Readonly<Record<string, unknown>>;

const ROLE = "arn:aws:iam::999988887777:role/aiven-cmk-anchor";
function statement(more: object): object {
  return { Effect: "Allow", Principal: { AWS: ROLE }, Action: "kms:Never", Resource: "*", ...more };
}
function keyPolicy(...statements: readonly object[]): Document {
  return { Policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }), PolicyName: "default" };
}

const GROUP = "group:access.demo.00000000-0000-4000-8000-000000000001@aiven.io";
function iamPolicy(...expressions: readonly string[]): Document {
  const role = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
  const members = [GROUP];
  const bindings = expressions.map((expression) => ({ role, members, condition: { title: "t", expression } }));
  return { version: 3, etag: "BwYAAAAAAAA=", bindings };
}

const CASES: readonly (readonly [CloudId, string, () => unknown])[] = [
  ["aws", "stars and letters", () => keyPolicy(...many(12, () => statement({ Action: "*e".repeat(TIMES) })))],
  [
    "aws",
    "stars in principals",
    () =>
      keyPolicy(
        statement({
          Effect: "Deny",
          Principal: "*",
          Condition: { ArnLike: { "aws:PrincipalArn": many(12, () => `arn:aws:iam::*:${"*e".repeat(TIMES)}`) } },
        }),
      ),
  ],
  ["aws", "many statements", () => keyPolicy(...many(900, (at) => statement({ Sid: `S${at}` })))],
  ["aws", "many actions", () => keyPolicy(statement({ Action: many(7_000, (at) => `kms:Never${at}`) }))],
  [
    "aws",
    "many denied actions",
    () =>
      keyPolicy(
        ...many(500, (at) =>
          statement({
            Effect: "Deny",
            NotAction: [`kms:Never${at}`],
            Condition: { StringEquals: { [`aws:PrincipalTag/${at}`]: "x" } },
          }),
        ),
      ),
  ],
  [
    "aws",
    "many principals",
    () => keyPolicy(statement({ Principal: { AWS: many(2_700, (at) => `arn:aws:iam::999988887777:role/r${at}`) } })),
  ],
  [
    "aws",
    "many conditions",
    () =>
      keyPolicy(
        ...many(50, (at) =>
          statement({
            Action: "kms:*",
            Condition: {
              StringLike: Object.fromEntries(many(60, (key) => [`aws:PrincipalTag/${at}-${key}`, "*a*a*a"])),
            },
          }),
        ),
      ),
  ],
  [
    "aws",
    "a hundred thousand principals",
    () => keyPolicy(statement({ Principal: { AWS: many(100_000, (at) => `arn:aws:iam::999988887777:role/r${at}`) } })),
  ],
  [
    "aws",
    "variables in variables",
    () =>
      keyPolicy(statement({ Resource: `arn:aws:kms:*:*:key/${"${aws:username".repeat(TIMES)}${"}".repeat(TIMES)}` })),
  ],
  [
    "aws",
    "dates",
    () =>
      keyPolicy(
        statement({
          Action: "kms:*",
          Condition: { DateLessThan: { "aws:CurrentTime": many(200, () => "9".repeat(500)) } },
        }),
      ),
  ],
  [
    "aws",
    "addresses",
    () =>
      keyPolicy(
        statement({
          Action: "kms:*",
          Condition: { IpAddress: { "aws:SourceIp": many(200, () => `${":".repeat(500)}/999`) } },
        }),
      ),
  ],
  [
    "aws",
    "prototypes",
    () =>
      keyPolicy(
        JSON.parse(
          '{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"__proto__":{"a":"b"},"constructor":{"prototype":{"a":"b"}},"toString":{"__proto__":"x"}}}',
        ),
      ),
  ],
  ["gcp", "a regular expression", () => iamPolicy(`resource.name.matches("^(\\\\w|[a-z/])+!$")`)],
  ["gcp", "brackets", () => iamPolicy(`${"(".repeat(4_000)}true${")".repeat(4_000)}`)],
  ["gcp", "operators", () => iamPolicy(many(400, (at) => `resource.name == "${at}"`).join(" || "))],
  ["gcp", "lists in lists", () => iamPolicy(`${"[".repeat(3_000)}${"]".repeat(3_000)} == []`)],
  [
    "gcp",
    "comprehensions",
    () =>
      iamPolicy(
        `[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, [1,2,3,4,5,6,7,8,9].all(f, [1,2,3,4,5,6,7,8,9].all(g, a+b+c+d+e+f+g > 0)))))))`,
      ),
  ],
  ["gcp", "long texts", () => iamPolicy(`"${"a".repeat(8_000)}" == resource.name`)],
  ["gcp", "many bindings", () => iamPolicy(...many(1_000, (at) => `resource.name.startsWith("${at}")`))],
  ["gcp", "dates", () => iamPolicy(...many(50, () => `request.time < timestamp("${"9".repeat(5_000)}")`))],
  [
    "oci",
    "brackets",
    () => [
      `admit any-user of any-tenancy to use keys in tenancy where ${"any {".repeat(1_000)}a = 'b'${"}".repeat(1_000)}`,
    ],
  ],
  [
    "oci",
    "open brackets",
    () => [`admit any-user of any-tenancy to use keys in tenancy where ${"any {".repeat(1_000)}`],
  ],
  ["oci", "spaces", () => [`allow group ${" ".repeat(4_000)}x`, `${"\n".repeat(4_000)}allow`]],
  [
    "oci",
    "patterns",
    () => [`admit any-user of any-tenancy to use keys in tenancy where target.key.id = /${"*a".repeat(1_500)}/`],
  ],
  ["oci", "names", () => [`allow group ${many(500, (at) => `g${at}`).join(", ")} to use keys in tenancy`]],
  [
    "oci",
    "many statements",
    () => many(2_000, (at) => `allow group g${at} to use keys in tenancy where target.key.id = '${at}'`),
  ],
  ["oci", "definitions in definitions", () => many(TIMES, (at) => `define group g${at} as g${at + 1}`)],
  [
    "oci",
    "prototypes",
    () => [
      "define group __proto__ as ocid1.group.oc1..x",
      "allow group constructor to use keys in tenancy",
      "allow group __proto__ to use keys in tenancy",
    ],
  ],
];

const READS: ReadonlySet<string> = new Set(["GetKeyPolicy", "GetIamPolicy", "ListPolicies", "GetPolicy"]);

let world: World;
let given: { readonly cloud: CloudId; readonly document: unknown } | null = null;
let answered = 0;

function answer({ operation, headers, inside }: ObservedRequest, phase: "before" | "after"): SandboxReply | undefined {
  if (given === null || phase === "after" || inside || !READS.has(operation)) return undefined;
  answered++;
  const body = given.cloud === "oci" ? policyOf(operation, given.document) : given.document;
  const type = headers["x-amz-target"] === undefined ? "application/json" : "application/x-amz-json-1.1";
  return { status: 200, headers: { "content-type": type, etag: "e" }, body: JSON.stringify(body) };
}

function policyOf(operation: string, statements: unknown): unknown {
  const policy = { id: "ocid1.policy.oc1..x", name: "x", description: "", lifecycleState: "ACTIVE" };
  const compartmentId = "ocid1.tenancy.oc1..aaaaaaaasandboxowner";
  const whole = { ...policy, compartmentId, timeCreated: "2026-01-01T00:00:00Z", statements };
  return operation === "GetPolicy" ? whole : [whole];
}

beforeAll(async () => {
  world = await openWorld({ onRequest: answer });
  for (const cloud of ["aws", "gcp", "oci"] as const)
    await registered(world, named("granted", cloud), { provider: cloud });
});
afterAll(() => world.close());

describe("a policy of somebody's who means harm", () => {
  it.each(CASES)("on %s: %s", async (cloud, _what, make) => {
    given = { cloud, document: make() };
    answered = 0;
    const key = named("granted", cloud);
    const judged = await world.run(["validate", key, "--no-state", "--verbose"]);
    expect([10, 12]).toContain(judged.exitCode);
    const planned = await world.run(["onboard", key, "--dry-run", "--verbose"]);
    expect([0, 3, 12]).toContain(planned.exitCode);
    expect(answered).toBeGreaterThan(1);
    expect("a" in {}).toBe(false);
  });
});
