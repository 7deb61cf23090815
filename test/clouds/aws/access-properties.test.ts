// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written like this
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { access } from "../../../src/clouds/aws/access.ts";
import { type PolicyDocument, unseen } from "../../../src/core/model.ts";
import {
  allow,
  deny,
  document,
  facts,
  GRANT,
  judge,
  KEY,
  NO_GRANTS,
  OWNER,
  type Raw,
  ROLE,
  ROOT,
  SESSION,
  VENDOR,
} from "./vendor-key.ts";

/** Statements of the kind that people write, every part right or nearly so. */
const one = <T>(...values: T[]) => fc.constantFrom(...values);
const rawStatement: fc.Arbitrary<Raw> = fc
  .record({
    Effect: one("Allow", "Allow", "Deny"),
    who: one<Raw>(
      { Principal: { AWS: ROLE } },
      { Principal: { AWS: [ROLE, OWNER] } },
      { Principal: { AWS: ROOT } },
      { Principal: "*" },
      { Principal: { AWS: [SESSION, "AROAABCDEFGHIJKLMNOPQ"] } },
      { Principal: { AWS: `${ROLE}-old`, Service: ["s3.amazonaws.com"] } },
      { NotPrincipal: { AWS: [ROLE, ROOT] } },
      { NotPrincipal: { AWS: [OWNER, ROLE] } },
    ),
    what: one<Raw>(
      { Action: "kms:*" },
      { Action: ["kms:Encrypt", "kms:Decrypt"] },
      { Action: ["kms:Decrypt", "kms:DescribeKey"] },
      { NotAction: ["kms:Put*", "kms:Encrypt"] },
      {},
    ),
    where: one<Raw>({ Resource: "*" }, { Resource: ["*", KEY] }, { Resource: [KEY, "arn:aws:kms:*:*:key/x"] }, {}),
    when: one<Raw>(
      {},
      { Condition: { StringEquals: { "kms:CallerAccount": [VENDOR, OWNER] } } },
      { Condition: { StringNotEquals: { "aws:PrincipalOrgID": ["o-a", "o-b"], "aws:PrincipalAccount": OWNER } } },
      { Condition: { Bool: { "aws:SecureTransport": "false" }, IpAddress: { "aws:SourceIp": ["10.0.0.0/8"] } } },
    ),
  })
  .map(({ Effect, who, what, where, when }) => ({ Effect, ...who, ...what, ...where, ...when }));
const rawPolicy = fc.array(rawStatement, { maxLength: 6 });
const grantsDocument = one(
  NO_GRANTS,
  document("grants", { Grants: [{ GrantId: "g", GranteePrincipal: ROLE, Operations: ["Decrypt"] }] }),
  { id: "grants", title: "the grants", body: unseen({ code: "look.denied", detail: "no" }) } satisfies PolicyDocument,
);

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned).reverse();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, turned(item)] as const)
      .reverse(),
  );
}

describe("properties", () => {
  const words = (statements: readonly Raw[], grants: PolicyDocument) =>
    judge(statements, grants).actions.map((it) => it.answer);

  test("an unconditional deny always denies", () => {
    fc.assert(
      fc.property(
        rawPolicy,
        fc.nat(6),
        one<unknown>({ AWS: ROLE }, { AWS: ROOT }, "*"),
        grantsDocument,
        (policy, at, Principal, grants) => {
          const statements = policy.toSpliced(at, 0, deny({ Principal }));
          return words(statements, grants).every((word) => word === "denied");
        },
      ),
    );
  });

  test("an unconditional allow never leaves anything missing or unseen", () => {
    fc.assert(
      fc.property(rawPolicy, fc.nat(6), grantsDocument, (policy, at, grants) => {
        const statements = policy.toSpliced(at, 0, allow());
        return words(statements, grants).every((word) => word !== "missing" && word !== "unseen");
      }),
    );
  });

  test("another allow never undoes a deny, and never takes an allow away", () => {
    fc.assert(
      fc.property(rawPolicy, rawStatement, grantsDocument, (policy, more, grants) => {
        const before = words(policy, grants);
        const after = words([...policy, { ...more, Effect: "Allow" }], grants);
        return before.every((word, index) => (word !== "denied" && word !== "allowed") || after[index] === word);
      }),
    );
  });

  test("a statement about somebody else changes nothing", () => {
    const strangers = { AWS: `arn:aws:iam::${OWNER}:role/ci` };
    fc.assert(
      fc.property(rawPolicy, rawStatement, grantsDocument, (policy, more, grants) => {
        const { NotPrincipal: _, ...rest } = more;
        const other = { ...rest, Principal: strangers };
        return JSON.stringify(words([...policy, other], grants)) === JSON.stringify(words(policy, grants));
      }),
    );
  });

  test("the order of statements, lists and fields never matters", () => {
    fc.assert(
      fc.property(rawPolicy, grantsDocument, (policy, grants) => {
        return JSON.stringify(words(turned(policy) as Raw[], grants)) === JSON.stringify(words(policy, grants));
      }),
      { numRuns: 300 },
    );
  });

  test("every open answer says on what it depends, and every other one by what it is decided", () => {
    fc.assert(
      fc.property(rawPolicy, grantsDocument, (policy, grants) =>
        judge(policy, grants).actions.every((it) => {
          if (it.answer === "depends") return it.on.length > 0 && it.by !== "";
          return it.answer === "allowed" || it.answer === "denied" ? it.by !== "" : true;
        }),
      ),
    );
  });

  test("no document makes it throw", () => {
    const field = one(
      "Sid",
      "Effect",
      "Principal",
      "NotPrincipal",
      "Action",
      "NotAction",
      "Resource",
      "Condition",
      "__proto__",
      "AWS",
    );
    const strange = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        one<unknown>("*", "Allow", "Deny", ROLE, "kms:*", "", null, true, 7, "${", "${x, 'y'}"),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.array(fc.tuple(field, tie("value")), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
      ),
    })).value;
    fc.assert(
      fc.property(fc.array(strange, { maxLength: 4 }), strange, (statements, grants) => {
        const documents = [document("key-policy", { Statement: statements }), document("grants", { Grants: grants })];
        return (
          access(facts([...documents, document("replica:us-east-1", { Statement: statements })]), GRANT).length === 1
        );
      }),
      { numRuns: 500 },
    );
  });

  test("hostile documents take bounded time", () => {
    const long = "a".repeat(32_000);
    const started = performance.now();
    const statements = [
      allow({ Action: `kms:${"*?".repeat(8_000)}` }),
      allow({ Resource: "*a".repeat(16_000) }),
      allow({ Principal: { AWS: Array.from({ length: 2_000 }, (_, index) => `${ROLE}-${index}`) }, Action: "s3:*" }),
      allow({ Principal: { AWS: `arn:aws:iam::${VENDOR}:role/${long}` } }),
      allow({
        Principal: "*",
        Condition: { ArnLike: { "aws:PrincipalArn": `arn:aws:iam::*:${"*a".repeat(8_000)}*x` } },
      }),
      allow({ Principal: "*", Condition: { StringLike: { "aws:PrincipalArn": `${"${*}".repeat(8_000)}*` } } }),
      allow({ Principal: "*", Condition: { StringEquals: { "aws:PrincipalArn": "${".repeat(16_000) } } }),
    ];
    expect(judge(statements).actions.length).toBe(2);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
