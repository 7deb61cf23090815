// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written like this
import fc from "fast-check";
import { expect } from "vitest";
import type { ActionAccess } from "../../../src/core/model.ts";
import type { ConcreteGrant } from "../../../src/sandbox/aws/enforce.ts";
import { enforce } from "../../../src/sandbox/aws/enforce.ts";
import {
  allow,
  deny,
  document,
  judge,
  KEY,
  OWNER,
  OWNERS,
  type Raw,
  ROLE,
  ROOT,
  SESSION,
  VENDOR,
} from "./vendor-key.ts";

// Policies and grants of every form that KMS takes, and what the sandbox makes of them, request by request.

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
  "arn:aws:kms:*:${aws:ResourceAccount}:key/*",
  "arn:aws:kms:*:${aws:PrincipalAccount}:key/*",
  `arn:aws:kms:eu-west-1:${OWNER}:key/other`,
  [KEY, "x"],
  [],
);

const KNOWN_KEYS: readonly (readonly [string, readonly unknown[]])[] = [
  ["kms:CallerAccount", [VENDOR, OWNER, "1*", "${aws:PrincipalAccount}"]],
  ["aws:PrincipalArn", [ROLE, `arn:aws:iam::${VENDOR}:role/*`, OTHER, "*", "arn:aws:iam::${kms:CallerAccount}:role/*"]],
  ["aws:PrincipalAccount", [VENDOR, OWNER]],
  ["aws:PrincipalType", ["AssumedRole", "User"]],
  ["aws:SecureTransport", ["true", "false", true]],
  ["aws:username", ["x"]],
  ["AWS:principalaccount", [VENDOR]],
  ["aws:ResourceAccount", [OWNER, VENDOR, "${kms:CallerAccount}"]],
];
const OPEN_KEYS: readonly (readonly [string, readonly unknown[]])[] = [
  ["aws:PrincipalOrgID", ["o-one", "o-two", "o-*", "${aws:PrincipalTag/org, 'o-one'}"]],
  ["kms:EncryptionContext:app", ["aiven", "other", "", "${aws:PrincipalOrgID}", "a*"]],
  ["kms:ViaService", ["s3.eu-west-1.amazonaws.com", "s3.*"]],
  ["aws:TagKeys", ["a", "b"]],
];
const keysAndValues = fc.constantFrom(...KNOWN_KEYS, ...OPEN_KEYS);

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
/** Keys that have a type of their own. */
const typed = fc.constantFrom<readonly [string, string, unknown]>(
  ["IpAddress", "aws:SourceIp", "203.0.113.0/24"],
  ["IpAddress", "aws:SourceIp", ["198.51.100.0/24", "2001:db8::/32"]],
  ["NotIpAddress", "aws:SourceIp", ["203.0.113.0/24"]],
  ["IpAddressIfExists", "aws:SourceIp", "0.0.0.0/0"],
  ["DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z"],
  ["DateGreaterThanEquals", "aws:CurrentTime", "2027-01-01T00:00:00Z"],
  ["DateLessThan", "aws:EpochTime", "1798761600"],
  ["NumericLessThan", "aws:MultiFactorAuthAge", "300"],
  ["NumericGreaterThanEqualsIfExists", "aws:MultiFactorAuthAge", "300"],
);
const condition = fc
  .array(
    fc
      .tuple(operatorForms, keysAndValues, fc.option(typed, { nil: null, freq: 1 }), fc.nat(5))
      .chain(([operator, [key, values], other, die]) =>
        other !== null && die === 0
          ? fc.constant(other)
          : operator === "Null"
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

export type Context = Readonly<Record<string, string | string[]>>;
type Values = readonly (string | string[] | undefined)[];

/** What of a request the judge cannot know, with values that the conditions above can tell apart. */
const OPEN: ReadonlyMap<string, Values> = new Map<string, Values>([
  ["aws:PrincipalOrgID", [undefined, "o-one", "o-two", "x", "o-*"]],
  ["kms:EncryptionContext:app", [undefined, "aiven", "other", "", "o-one", "a*"]],
  ["kms:ViaService", [undefined, "s3.eu-west-1.amazonaws.com", "rds.eu-west-1.amazonaws.com", "s3.*"]],
  ["aws:TagKeys", [undefined, ["a"], ["b"], ["a", "b"], ["a", "c"], ["c"]]],
  ["aws:PrincipalTag/org", [undefined, "o-one", "x"]],
  ["aws:SourceIp", ["203.0.113.7", "198.51.100.7", "2001:db8::1", "192.0.2.1"]],
  ["aws:MultiFactorAuthAge", [undefined, "10", "3000"]],
]);
/** The same moment under two names. */
const TIMES = [
  { "aws:CurrentTime": "2026-06-01T00:00:00Z", "aws:EpochTime": "1780272000" },
  { "aws:CurrentTime": "2027-06-01T00:00:00Z", "aws:EpochTime": "1811808000" },
];
const FIXED: Context = {
  "kms:CallerAccount": VENDOR,
  "aws:PrincipalAccount": VENDOR,
  "aws:PrincipalArn": ROLE,
  "aws:PrincipalType": "AssumedRole",
  "aws:SecureTransport": "true",
  "aws:ResourceAccount": OWNER,
};
const SESSIONS = [SESSION, `${SESSION}-other`];

/** Every combination of what the policy asks for and the judge cannot know; a policy variable asks, too. */
function contexts(text: string): readonly Context[] {
  const times = /aws:(CurrentTime|EpochTime)/.test(text) ? TIMES : TIMES.slice(0, 1);
  let all: readonly Context[] = times.map((time) => ({ ...FIXED, ...time }));
  for (const [key, values] of OPEN) {
    if (!text.includes(key)) continue;
    all = all.flatMap((context) =>
      values.map((value) => (value === undefined ? context : { ...context, [key]: value })),
    );
  }
  return all;
}

export type Given = { readonly statements: readonly Raw[]; readonly grants: readonly ConcreteGrant[] };

/** What the sandbox says to every request: yes to all, no to all, or both. */
export function decided(action: string, { statements, grants: given }: Given): "yes" | "no" | "both" {
  const text = JSON.stringify([statements, given]).replaceAll("EncryptionContextEquals", "kms:EncryptionContext:app");
  const policy = { Version: "2012-10-17", Statement: [OWNERS, ...statements] };
  const seen = new Set<boolean>();
  const all = contexts(text);
  for (const principalArn of text.includes(":assumed-role/") ? SESSIONS : SESSIONS.slice(0, 1)) {
    for (const context of all) {
      seen.add(enforce({ principalArn, account: VENDOR, action, resource: KEY, context }, policy, given));
      if (seen.size === 2) return "both";
    }
  }
  return seen.has(true) ? "yes" : "no";
}

export function judged({ statements, grants: given }: Given): readonly ActionAccess[] {
  return judge(statements, document("grants", { Grants: given })).actions;
}

/** What must hold for every request when the judge says so; "depends" holds whatever they say. */
export const CLAIMS: Readonly<Record<ActionAccess["answer"], readonly ("yes" | "no" | "both")[]>> = {
  allowed: ["yes"],
  denied: ["no"],
  missing: ["no"],
  depends: ["yes", "no", "both"],
  unseen: [],
};

export const given: fc.Arbitrary<Given> = fc.record({ statements: fc.array(statement, { maxLength: 3 }), grants });
/** Nothing in it is conditional. */
export const plain: fc.Arbitrary<Given> = fc.record({
  statements: fc.array(
    statement.map(({ Condition: _, ...rest }) => rest),
    { maxLength: 3 },
  ),
  grants: fc.constant([]),
});
/** The grant that keygrant writes and a statement that may take it away. */
export const granted: fc.Arbitrary<Given> = fc.record({
  statements: fc
    .tuple(fc.constant(allow()), statement, fc.option(statement, { nil: null }))
    .map((all) => all.filter((one) => one !== null)),
  grants: fc.constant([]),
});
/**
 * One condition whose operator is made for its key, and nothing else that could be in doubt: for a key of another kind
 * no page says what the operator does, and "depends" is then all that can be said, whatever the sandbox makes of it.
 */
const fitting = fc
  .oneof(
    fc
      .tuple(
        fc.constantFrom("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"),
        fc.constantFrom("", "IfExists"),
        fc.constantFrom(...OPEN_KEYS),
      )
      .chain(([operator, suffix, [key, values]]) =>
        fc.constantFrom(...values).map((value) => {
          const set = key === "aws:TagKeys" ? "ForAnyValue:" : "";
          return [`${set}${operator}${suffix}`, key, value] as const;
        }),
      ),
    fc
      .tuple(fc.constant("Null"), fc.constantFrom(...OPEN_KEYS), fc.constantFrom("true", "false"))
      .map(([operator, [key], value]) => [operator, key, value] as const),
    typed,
  )
  .map(([operator, key, value]) => ({ [operator]: { [key]: value } }));
export const oneCondition: fc.Arbitrary<Given> = fc.record({
  statements: fc
    .tuple(fitting, fc.boolean())
    .map(([Condition, denies]) => (denies ? [allow(), deny({ Condition })] : [allow({ Condition })])),
  grants: fc.constant([]),
});

/** The judge never says of all requests what the sandbox does not say of each. */
export function neverContradicts(policies: Given): void {
  for (const answer of judged(policies)) {
    expect(CLAIMS[answer.answer], JSON.stringify(answer)).toContain(decided(answer.action, policies));
  }
}
