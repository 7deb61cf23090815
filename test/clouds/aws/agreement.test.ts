import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ActionAccess } from "../../../src/core/model.ts";
import type { ConcreteGrant } from "../../../src/sandbox/aws/enforce.ts";
import { enforce } from "../../../src/sandbox/aws/enforce.ts";
import { document, judge, KEY, OWNER, OWNERS, type Raw, ROLE, ROOT, SESSION, VENDOR } from "./vendor-key.ts";

/**
 * Two readings of the same rules, written apart, held against each other: what the judge says for all requests of the
 * vendor (allowed; denied or missing) must hold for every concrete request that the sandbox decides. "depends" is
 * always right, so the last test counts how often it is used.
 */
const RUNS = Number(process.env["KEYGRANT_PROPERTY_RUNS"] ?? 3_000);

const OTHER = `arn:aws:iam::${VENDOR}:role/someone-else`;
const principals = fc.constantFrom<unknown>(
  "*",
  { AWS: "*" },
  { AWS: ROLE },
  { AWS: [ROLE, OTHER] },
  { AWS: ROOT },
  { AWS: VENDOR },
  { AWS: OTHER },
  { AWS: SESSION },
  { AWS: [SESSION, OTHER] },
  { AWS: `arn:aws:iam::${OWNER}:root` },
  { Service: "rds.amazonaws.com" },
  { AWS: ROLE, Service: "rds.amazonaws.com" },
  { AWS: [ROLE, ROOT] },
  { AWS: "AROAEXAMPLEEXAMPLEEXAMPLE" },
);
const actions = fc.constantFrom<unknown>(
  "*",
  "kms:*",
  "kms:Encrypt",
  "KMS:decrypt",
  ["kms:Encrypt", "kms:Decrypt"],
  "kms:?ncrypt",
  "kms:De*",
  "kms:Describe*",
  [],
  "s3:*",
  ["kms:ReEncrypt*", "kms:Decrypt"],
);
const resources = fc.constantFrom<unknown>(
  "*",
  KEY,
  `${KEY}*`,
  "arn:aws:kms:*:*:key/*",
  `arn:aws:kms:eu-west-1:${OWNER}:key/other`,
  [KEY, "x"],
  [],
);

const keysAndValues = fc.constantFrom<readonly [string, readonly unknown[]]>(
  ["kms:CallerAccount", [VENDOR, OWNER, "1*"]],
  ["aws:PrincipalArn", [ROLE, `arn:aws:iam::${VENDOR}:role/*`, OTHER, "*"]],
  ["aws:PrincipalAccount", [VENDOR, OWNER]],
  ["aws:PrincipalType", ["AssumedRole", "User"]],
  ["aws:SecureTransport", ["true", "false", true]],
  ["aws:PrincipalOrgID", ["o-one", "o-two", "o-*"]],
  ["kms:EncryptionContext:app", ["aiven", "other", ""]],
  ["kms:ViaService", ["s3.eu-west-1.amazonaws.com"]],
  ["aws:username", ["x"]],
  ["aws:TagKeys", ["a", "b"]],
  ["AWS:principalaccount", [VENDOR]],
);
const operators = fc.constantFrom(
  "StringEquals",
  "StringNotEquals",
  "StringEqualsIgnoreCase",
  "StringLike",
  "StringNotLike",
  "ArnLike",
  "ArnNotEquals",
  "Bool",
  "Null",
);
const operatorForms = fc
  .record({
    operator: operators,
    ifExists: fc.boolean(),
    set: fc.constantFrom("", "", "", "ForAnyValue:", "ForAllValues:"),
  })
  .map(({ operator, ifExists, set }) =>
    operator === "Null" ? "Null" : `${set}${operator}${ifExists ? "IfExists" : ""}`,
  );
const condition = fc
  .array(
    fc
      .tuple(operatorForms, keysAndValues)
      .chain(([operator, [key, values]]) =>
        operator === "Null"
          ? fc.constantFrom("true", "false").map((value) => [operator, key, value] as const)
          : fc
              .subarray([...values], { minLength: 1 })
              .map((some) => [operator, key, some.length === 1 ? some[0] : some] as const),
      ),
    { minLength: 0, maxLength: 2 },
  )
  .map((parts) => {
    const block: Record<string, Record<string, unknown>> = {};
    for (const [operator, key, value] of parts) block[operator] = { ...block[operator], [key]: value };
    return block;
  });

const statement: fc.Arbitrary<Raw> = fc
  .record({
    Effect: fc.constantFrom("Allow", "Allow", "Deny"),
    principal: principals,
    notPrincipal: fc.boolean().map((flip) => flip),
    action: actions,
    notAction: fc.constantFrom(false, false, true),
    resource: resources,
    notResource: fc.constantFrom(false, false, false, true),
    Condition: fc.option(condition, { nil: undefined }),
  })
  .map(({ Effect, principal, notPrincipal, action, notAction, resource, notResource, Condition }) => ({
    Effect,
    [notPrincipal && Effect === "Deny" ? "NotPrincipal" : "Principal"]: principal,
    [notAction ? "NotAction" : "Action"]: action,
    [notResource ? "NotResource" : "Resource"]: resource,
    ...(Condition === undefined ? {} : { Condition }),
  }));

const grants: fc.Arbitrary<readonly ConcreteGrant[]> = fc.array(
  fc
    .record({
      GranteePrincipal: fc.constantFrom(ROLE, OTHER, ROOT),
      Operations: fc.subarray(["Encrypt", "Decrypt", "DescribeKey"]),
      Constraints: fc.constantFrom(undefined, { EncryptionContextEquals: { app: "aiven" } }),
    })
    .map(({ Constraints, ...rest }) => (Constraints === undefined ? rest : { ...rest, Constraints })),
  { maxLength: 1 },
);

/** What of a request the judge cannot know, in every combination that the conditions above can tell apart. */
const OPEN: readonly (readonly [string, readonly (string | string[] | undefined)[]])[] = [
  ["aws:PrincipalOrgID", [undefined, "o-one", "o-two"]],
  ["kms:EncryptionContext:app", [undefined, "aiven", "other"]],
  ["kms:ViaService", [undefined, "s3.eu-west-1.amazonaws.com"]],
  ["aws:TagKeys", [undefined, ["a"], ["a", "c"]]],
];
type Context = Record<string, string | string[]>;
const FIXED: Context = {
  "kms:CallerAccount": VENDOR,
  "aws:PrincipalAccount": VENDOR,
  "aws:PrincipalArn": ROLE,
  "aws:PrincipalType": "AssumedRole",
  "aws:SecureTransport": "true",
  "aws:ResourceAccount": OWNER,
};
const CONTEXTS: readonly Context[] = OPEN.reduce<readonly Context[]>(
  (contexts, [key, values]) =>
    contexts.flatMap((context) =>
      values.map((value) => (value === undefined ? context : { ...context, [key]: value })),
    ),
  [FIXED],
);
const SESSIONS = [SESSION, `${SESSION}-other`];

/** What the sandbox says to every request: yes to all, no to all, or both. */
function decided(action: string, statements: readonly Raw[], given: readonly ConcreteGrant[]): "yes" | "no" | "both" {
  const policy = { Version: "2012-10-17", Statement: [OWNERS, ...statements] };
  const seen = new Set<boolean>();
  for (const principalArn of SESSIONS) {
    for (const context of CONTEXTS) {
      seen.add(enforce({ principalArn, account: VENDOR, action, resource: KEY, context }, policy, given));
      if (seen.size === 2) return "both";
    }
  }
  return seen.has(true) ? "yes" : "no";
}

function judged(statements: readonly Raw[], given: readonly ConcreteGrant[]): readonly ActionAccess[] {
  return judge(statements, document("grants", { Grants: given })).actions;
}

const CLAIMS: Readonly<Record<ActionAccess["answer"], readonly ("yes" | "no" | "both")[]>> = {
  allowed: ["yes"],
  denied: ["no"],
  missing: ["no"],
  depends: ["yes", "no", "both"],
  unseen: [],
};

describe("the judge and the sandbox's own enforcement", () => {
  it("never contradict each other", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 3 }), grants, (statements, given) => {
        for (const answer of judged(statements, given)) {
          expect(CLAIMS[answer.answer], JSON.stringify(answer)).toContain(decided(answer.action, statements, given));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("the judge does not hide behind depends: where nothing is conditional it decides", () => {
    const plain = statement.map(({ Condition: _, ...rest }) => rest);
    let open = 0;
    let all = 0;
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 3 }), (statements) => {
        for (const { answer } of judged(statements, [])) {
          all++;
          if (answer === "depends") open++;
        }
      }),
      { numRuns: 500, seed: 1 },
    );
    expect(open / all).toBeLessThan(0.25);
  });
});
