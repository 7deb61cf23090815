// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written like this
import { describe, expect, test } from "vitest";
import { access, needsGrants } from "../../../src/clouds/aws/access.ts";
import { parsePrincipal, principalOf } from "../../../src/clouds/aws/principal.ts";
import { type Grant, type KeyFacts, type KeyKind, type PolicyDocument, seen, unseen } from "../../../src/core/model.ts";
import {
  allow,
  answers,
  decrypt,
  deny,
  document,
  facts,
  GRANT,
  judge,
  keyPolicy,
  MULTI,
  NO_GRANTS,
  OWNER,
  only,
  POLICY,
  type Raw,
  ROLE,
  ROOT,
  SESSION,
  SYMMETRIC,
  VENDOR,
} from "./vendor-key.ts";

describe("what is missing", () => {
  const near = (statements: readonly Raw[], grants?: PolicyDocument) => {
    const answer = decrypt(statements, grants);
    return answer.answer === "missing" ? { nearest: answer.nearest, ineffective: answer.ineffective } : answer;
  };

  test.each([
    ["nothing near", [], null],
    ["a similar role", [allow({ Principal: { AWS: `${ROLE}-old` } })], `statement "Vendor" grants ${ROLE}-old`],
    [
      "the most similar of several",
      [allow({ Principal: { AWS: [`arn:aws:iam::${VENDOR}:role/backup`, `${ROLE}-old`] } })],
      `statement "Vendor" grants ${ROLE}-old`,
    ],
    [
      "one that has the action, before a more similar one that has not",
      [
        allow({ Sid: "A", Principal: { AWS: `${ROLE}2` }, Action: "kms:DescribeKey" }),
        allow({ Sid: "B", Principal: { AWS: `${ROLE}-staging` } }),
      ],
      `statement "B" grants ${ROLE}-staging`,
    ],
    [
      "the same name in another account",
      [allow({ Principal: { AWS: ROLE.replace(VENDOR, "999999999999") } })],
      `statement "Vendor" grants ${ROLE.replace(VENDOR, "999999999999")}`,
    ],
    ["other actions for everybody", [allow({ Principal: "*", Action: "kms:DescribeKey" })], null],
    ["a role that has nothing in common", [allow({ Principal: { AWS: `arn:aws:iam::${OWNER}:role/ci` } })], null],
    [
      "other actions",
      [allow({ Action: ["kms:Encrypt", "kms:DescribeKey"] })],
      `statement "Vendor" grants ${ROLE} only kms:Encrypt, kms:DescribeKey`,
    ],
    [
      "all other actions",
      [allow({ Action: undefined, NotAction: "kms:D*" })],
      `statement "Vendor" grants ${ROLE} everything but kms:D*`,
    ],
    [
      "another key",
      [allow({ Resource: "arn:aws:kms:us-east-1:1:key/x" })],
      'statement "Vendor" grants it on arn:aws:kms:us-east-1:1:key/x, which is not this key',
    ],
    [
      "a condition that cannot hold",
      [allow({ Condition: { StringEquals: { "kms:CallerAccount": OWNER } } })],
      `statement "Vendor" grants it only where kms:CallerAccount StringEquals ${OWNER}`,
    ],
    [
      "a role that was deleted",
      [allow({ Principal: { AWS: "AROAABCDEFGHIJKLMNOPQ" } })],
      'statement "Vendor" grants AROAABCDEFGHIJKLMNOPQ, a principal that no longer exists',
    ],
  ] as const)("%s", (_, statements, nearest) => {
    expect(near(statements)).toEqual({ nearest, ineffective: null });
  });

  const INERT = 'statement "Vendor", which lacks an Action or a Resource';
  test.each([
    ["no Action", [allow({ Action: undefined })], INERT],
    ["no Resource", [allow({ Resource: undefined })], INERT],
    ["an empty Action", [allow({ Action: [] })], INERT],
    ["no Sid either", [allow({ Sid: undefined, Resource: undefined })], INERT.replace('"Vendor"', "2 (no Sid)")],
    ["one for the account", [allow({ Principal: { AWS: ROOT }, Action: undefined })], INERT],
    ["beside another that names the role", [allow({ Action: undefined }), allow({ Action: "kms:DescribeKey" })], null],
    ["a Deny is none", [deny({ Action: undefined })], null],
    ["one for another role", [allow({ Principal: { AWS: `${ROLE}-old` }, Action: undefined })], null],
  ] as const)("a statement without effect: %s", (_, statements, ineffective) => {
    expect(near(statements)).toMatchObject({ ineffective });
  });

  test("a KMS grant for other operations", () => {
    const grants = document("grants", { Grants: [{ GrantId: "g1", GranteePrincipal: ROLE, Operations: ["Encrypt"] }] });
    expect(near([], grants)).toMatchObject({ nearest: `KMS grant g1 grants ${ROLE} only Encrypt` });
  });
});

describe("KMS grants", () => {
  const grant = (more: Raw = {}) =>
    document("grants", {
      Grants: [{ GrantId: "g1", GranteePrincipal: ROLE, Operations: ["Encrypt", "Decrypt", "DescribeKey"], ...more }],
    });

  test.each([
    ["the role", {}, "allowed"],
    ["its account", { GranteePrincipal: ROOT }, "allowed"],
    ["another role", { GranteePrincipal: `${ROLE}-old` }, "missing"],
    ["a session", { GranteePrincipal: SESSION }, "depends"],
    ["a service", { GranteePrincipal: "dynamodb.eu-west-1.amazonaws.com" }, "missing"],
    [
      "a service in its own field",
      { GranteePrincipal: undefined, GranteeServicePrincipal: "s3.amazonaws.com" },
      "missing",
    ],
    ["other operations", { Operations: ["GenerateDataKey"] }, "missing"],
    ["an encryption context", { Constraints: { EncryptionContextSubset: { Department: "IT" } } }, "depends"],
    ["an exact encryption context", { Constraints: { EncryptionContextEquals: { Department: "IT" } } }, "depends"],
    ["a constraint nobody knows", { Constraints: { SourceArn: "arn:aws:s3:::x" } }, "depends"],
    ["constraints without content", { Constraints: {} }, "allowed"],
  ])("to %s", (_, more, answer) => {
    expect(answers([], grant(more))).toBe(answer);
  });

  test("are named", () => {
    expect(decrypt([], grant())).toEqual({ action: "kms:Decrypt", answer: "allowed", by: "KMS grant g1" });
    expect(decrypt([], grant({ Constraints: { EncryptionContextSubset: { a: "1", b: "2" } } }))).toEqual({
      action: "kms:Decrypt",
      answer: "depends",
      on: ["EncryptionContextSubset a=1, b=2"],
      by: "KMS grant g1",
    });
  });

  test("settle what the policy leaves open, and never overcome its deny", () => {
    const maybe = allow({ Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a" } } });
    expect(answers([maybe], grant())).toBe("allowed");
    expect(answers([deny()], grant())).toBe("denied");
    expect(answers([deny({ Condition: { StringEquals: { "aws:SourceVpc": "v" } } })], grant())).toBe("depends");
  });

  test("may give what the policy does not", () => {
    const one = judge([allow({ Action: "kms:Encrypt" })], grant({ Operations: ["Decrypt"] }));
    expect(one.actions.map((it) => it.answer === "allowed" && it.by)).toEqual(['statement "Vendor"', "KMS grant g1"]);
  });

  const denied = unseen({ code: "look.denied", detail: "the caller may not list grants" });
  const unread: readonly (readonly [string, readonly PolicyDocument[]])[] = [
    ["were not asked for", []],
    ["could not be read", [{ id: "grants", title: "the grants", body: denied }]],
    ["are not JSON", [document("grants", "{")]],
    ["have no list", [document("grants", {})]],
    ["were cut off", [document("grants", { Grants: [], Truncated: true })]],
    ["are of another form", [document("grants", { Grants: [null] })]],
    [
      "have operations of another form",
      [document("grants", { Grants: [{ GranteePrincipal: ROLE, Operations: [1] }] })],
    ],
    ["have no grantee", [document("grants", { Grants: [{ Operations: ["Decrypt"] }] })]],
  ];
  describe.each(unread)("that %s", (_, documents) => {
    const of = (statements: readonly Raw[]) => only(access(facts([keyPolicy(statements), ...documents]), GRANT));

    test("leave what the policy does not allow open", () => {
      expect(of([]).actions[0]).toMatchObject({
        answer: "unseen",
        document: "grants",
        why: { fix: expect.any(String) },
      });
    });

    test("do not matter where the policy decides", () => {
      expect(of([allow()]).actions[0]?.answer).toBe("allowed");
      expect(of([deny()]).actions[0]?.answer).toBe("denied");
    });

    test("leave a conditional allow what it is", () => {
      const maybe = allow({ Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a" } } });
      expect(of([maybe]).actions[0]?.answer).toBe("depends");
    });
  });

  test("are worth reading only when they can change the answer", () => {
    const need = (statements: readonly Raw[]) => needsGrants(access(facts([keyPolicy(statements)]), GRANT));
    expect(need([allow()])).toBe(false);
    expect(need([deny()])).toBe(false);
    expect(need([])).toBe(true);
    expect(need([allow({ Action: "kms:Encrypt" })])).toBe(true);
    expect(need([allow({ Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a" } } })])).toBe(true);
  });
});

describe("a key policy that was not read", () => {
  test.each([
    [
      "is unseen",
      [{ id: "key-policy", title: "t", body: unseen({ code: "look.denied", detail: "no" }) }],
      "look.denied",
    ],
    ["is not there", [], "look.denied"],
    ["is not JSON", [document("key-policy", "<html>")], "look.unreachable"],
    ["is no policy", [document("key-policy", { Statement: [{ Effect: "Perhaps" }] })], "look.unsupported"],
  ] as const)("%s", (_, documents, code) => {
    const one = only(access(facts([...documents, NO_GRANTS]), GRANT));
    for (const action of one.actions)
      expect(action).toMatchObject({ answer: "unseen", document: "key-policy", why: { code } });
    expect(one.remarks).toEqual([]);
  });

  test("a bare statement is read like a list", () => {
    const policy = document("key-policy", { Version: "2012-10-17", Statement: allow() });
    expect(only(access(facts([policy]), GRANT)).actions[0]?.answer).toBe("allowed");
  });
});

describe("remarks", () => {
  const codes = (statements: readonly Raw[]) => judge(statements).remarks.map((one) => one.code);

  test.each([
    ["the role alone", allow(), []],
    ["everybody", allow({ Principal: "*" }), ["grant.too-broad"]],
    [
      "everybody with TLS",
      allow({ Principal: "*", Condition: { Bool: { "aws:SecureTransport": true } } }),
      ["grant.too-broad"],
    ],
    ["everybody for one harmless action", allow({ Principal: "*", Action: "kms:DescribeKey" }), ["grant.too-broad"]],
    ["the account", allow({ Principal: { AWS: ROOT } }), ["grant.too-broad"]],
    [
      "the account by a condition",
      allow({ Principal: "*", Condition: { StringEquals: { "kms:CallerAccount": VENDOR } } }),
      ["grant.too-broad"],
    ],
    [
      "every ARN",
      allow({ Principal: "*", Condition: { StringLike: { "aws:PrincipalArn": "*" } } }),
      ["grant.too-broad"],
    ],
    [
      "everybody who does not say who they are",
      allow({ Principal: "*", Condition: { ArnEqualsIfExists: { "aws:PrincipalArn": ROLE } } }),
      ["grant.too-broad"],
    ],
    [
      "everybody of no or of this name",
      allow({ Principal: "*", Condition: { "ForAllValues:ArnEquals": { "aws:PrincipalArn": ROLE } } }),
      ["grant.too-broad"],
    ],
    ["all but somebody", allow({ Principal: undefined, NotPrincipal: { AWS: OWNER } }), ["grant.too-broad"]],
    ["the role by a condition", allow({ Principal: "*", Condition: { ArnEquals: { "aws:PrincipalArn": ROLE } } }), []],
    [
      "the account and the role by a condition",
      allow({ Principal: { AWS: ROOT }, Condition: { StringEquals: { "aws:PrincipalArn": ROLE } } }),
      [],
    ],
    ["an organisation", allow({ Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a" } } }), []],
    [
      "the owner's services",
      allow({ Principal: "*", Condition: { StringEquals: { "kms:CallerAccount": OWNER } } }),
      [],
    ],
    ["everybody, without effect", allow({ Principal: "*", Action: undefined }), []],
    ["everybody, for another key", allow({ Principal: "*", Resource: "arn:aws:kms:eu-west-1:1:key/x" }), []],
    ["a deny for everybody", deny({ Principal: "*" }), []],
    ["the role for everything", allow({ Action: "kms:*" }), ["grant.too-broad"]],
    ["the role and a bit more", allow({ Action: ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"] }), []],
    ["the role and grants", allow({ Action: ["kms:Decrypt", "kms:CreateGrant"] }), ["grant.too-broad"]],
    ["a deleted user", allow({ Principal: { AWS: [ROLE, "AIDAABCDEFGHIJKLMNOPQ"] } }), ["grant.orphaned-principal"]],
    ["a deleted role in a deny", deny({ Principal: { AWS: "AROAABCDEFGHIJKLMNOPQ" } }), ["grant.orphaned-principal"]],
    [
      "a deleted role that is spared",
      deny({ Principal: undefined, NotPrincipal: { AWS: "AROAABCDEFGHIJKLMNOPQ" } }),
      ["grant.orphaned-principal"],
    ],
    [
      "a role that is called so",
      allow({ Principal: { AWS: `arn:aws:iam::${VENDOR}:role/AROAABCDEFGHIJKLMNOPQ` } }),
      [],
    ],
  ] as const)("%s", (_, statement, expected) => {
    expect(codes([statement])).toEqual(expected);
  });

  test("name the statement", () => {
    expect(judge([allow({ Principal: "*" })]).remarks).toEqual([
      {
        code: "grant.too-broad",
        subject: 'statement "Vendor"',
        detail: expect.stringContaining("in every AWS account"),
      },
    ]);
    expect(judge([allow({ Action: "kms:*" })]).remarks[0]?.detail).toContain("kms:PutKeyPolicy");
    expect(judge([allow({ Principal: { AWS: "AROAABCDEFGHIJKLMNOPQ" } })]).remarks[0]?.detail).toContain(
      'statement "Vendor" names AROAABCDEFGHIJKLMNOPQ',
    );
  });

  test("on a document are made once, however many accessors there are", () => {
    const two: Grant = {
      ...GRANT,
      accessors: [...GRANT.accessors, { cloud: "aws", fields: { role_arn: `${ROLE}-2` } }],
    };
    const both = access(facts([keyPolicy([allow({ Principal: { AWS: "AROAABCDEFGHIJKLMNOPQ" } })]), NO_GRANTS]), two);
    expect(both.flatMap((one) => one.remarks).length).toBe(1);
  });
});

describe("replicas", () => {
  const replica = (statements: readonly Raw[], region = "us-east-1") => ({
    ...keyPolicy(statements),
    id: `replica:${region}`,
  });
  const remarks = (...documents: readonly PolicyDocument[]) =>
    only(
      access(
        facts([keyPolicy([allow()]), ...documents], {
          ref: { cloud: "aws", id: MULTI, region: "eu-west-1", owner: OWNER },
        }),
        GRANT,
      ),
    ).remarks;

  test.each([
    ["lets the role in", [allow()], 0],
    ["does not", [], 1],
    ["lets it do one thing of two", [allow({ Action: "kms:Encrypt" })], 1],
    ["denies it", [allow(), deny()], 1],
    ["lets it in on a condition", [allow({ Condition: { StringEquals: { "aws:SourceVpc": "v" } } })], 0],
    ["lets it in by its own ARN", [allow({ Resource: MULTI.replace("eu-west-1", "us-east-1") })], 0],
    ["names the primary's ARN", [allow({ Resource: MULTI })], 1],
    [
      "lets it in in its own region",
      [allow({ Condition: { StringEquals: { "aws:RequestedRegion": "us-east-1" } } })],
      0,
    ],
  ] as const)("a policy that %s", (_, statements, count) => {
    expect(remarks(replica(statements)).length).toBe(count);
  });

  test("are named by their ARN", () => {
    expect(remarks(replica([]))).toEqual([
      {
        code: "key.replica-not-granted",
        subject: MULTI.replace("eu-west-1", "us-east-1"),
        detail: `The key policy of the replica in us-east-1 does not let ${ROLE} do kms:Encrypt and kms:Decrypt.`,
      },
    ]);
  });

  test("each speak for themselves", () => {
    expect(remarks(replica([]), replica([allow()], "us-west-2"), replica([], "ap-south-1")).length).toBe(2);
  });

  test("that were not seen say nothing", () => {
    const hidden: PolicyDocument = {
      id: "replica:us-east-1",
      title: "t",
      body: unseen({ code: "look.denied", detail: "" }),
    };
    expect(remarks(hidden)).toEqual([]);
    expect(remarks(document("replica:us-east-1", "?"))).toEqual([]);
  });

  test("do not decide about the key", () => {
    const one = only(access(facts([keyPolicy([allow()]), replica([deny()])]), GRANT));
    expect(one.actions.every((it) => it.answer === "allowed")).toBe(true);
  });
});

describe("the accessor's principal", () => {
  const kind = (grant: Raw): KeyKind => ({ name: "k", usage: "u", algorithms: [], actions: [], grant });
  const accessor = { cloud: "aws", fields: { role_arn: ROLE, external_id: "x" } } as const;

  test.each([
    ["of the policy", POLICY.key.kinds[0]?.grant ?? {}, ROLE],
    ["in a list", { statements: [{ Principal: { AWS: ["{role_arn}"] } }] }, ROLE],
    [
      "built from a field",
      { statements: [{ Principal: { AWS: "arn:aws:iam::1:role/{external_id}" } }] },
      "arn:aws:iam::1:role/x",
    ],
    ["of the first statement that has one", { statements: [{}, { Principal: { AWS: "{role_arn}" } }] }, ROLE],
    ["of a template of another form", { statements: "?" }, ROLE],
    ["without a template", {}, ROLE],
  ])("%s", (_, grant, principal) => {
    expect(principalOf(accessor, kind(grant))).toBe(principal);
  });

  test.each([
    [ROLE, "role", "aiven-cmk-anchor"],
    [ROLE.replace("role/", "role/a/b/"), "role", "aiven-cmk-anchor"],
    [`arn:aws:iam::${VENDOR}:user/ann`, "user", "ann"],
    [ROOT, "account", null],
    [SESSION, "other", null],
    ["arn:aws:iam::12:role/x", "other", null],
    ["*", "other", null],
    ["", "other", null],
  ])("%j is of the kind %s", (arn, expected, name) => {
    expect(parsePrincipal(arn)).toMatchObject({ kind: expected, name });
  });

  test("that nobody can make sense of is never let in for certain", () => {
    for (const role_arn of ["*", "", "somebody", SESSION]) {
      const odd: Grant = { ...GRANT, accessors: [{ cloud: "aws", fields: { role_arn } }] };
      const one = only(access(facts([keyPolicy([allow({ Principal: "*" })]), NO_GRANTS]), odd));
      expect(one.actions[0]?.answer).toBe("depends");
    }
  });

  test("each accessor has its own answer, in the grant's order", () => {
    const fields = [`${ROLE}-2`, ROLE, `${ROLE}-3`].map((role_arn) => ({
      cloud: "aws" as const,
      fields: { role_arn },
    }));
    const all = access(facts([keyPolicy([allow()]), NO_GRANTS]), { ...GRANT, accessors: fields });
    expect(all.map((one) => [one.principal, one.actions[0]?.answer])).toEqual([
      [`${ROLE}-2`, "missing"],
      [ROLE, "allowed"],
      [`${ROLE}-3`, "missing"],
    ]);
    expect(all.map((one) => one.accessor)).toEqual(fields);
  });
});

describe("kinds of keys", () => {
  const kinds: readonly KeyKind[] = [
    {
      name: "a",
      usage: "ENCRYPT_DECRYPT",
      algorithms: ["SYMMETRIC_DEFAULT"],
      actions: ["kms:Encrypt", "kms:Decrypt"],
      grant: {},
    },
    { name: "b", usage: "SIGN_VERIFY", algorithms: ["RSA_2048"], actions: ["kms:Decrypt", "kms:Sign"], grant: {} },
  ];
  const two: Grant = { ...GRANT, policy: { ...POLICY, key: { kinds } } };
  const actionsFor = (key: KeyFacts["key"]) =>
    only(access(facts([keyPolicy([allow()])], { key }), two)).actions.map((one) => one.action);

  test.each([
    ["the kind that the key is", seen(SYMMETRIC), ["kms:Encrypt", "kms:Decrypt"]],
    [
      "its usage, for a wrong spec",
      seen({ ...SYMMETRIC, usage: "SIGN_VERIFY", algorithms: ["ECC"] }),
      ["kms:Decrypt", "kms:Sign"],
    ],
    ["what all kinds need, for a key that was not seen", unseen({ code: "look.denied", detail: "" }), ["kms:Decrypt"]],
    ["what all kinds need, for a key that does not exist", seen(null), ["kms:Decrypt"]],
  ] as const)("%s", (_, key, actions) => {
    expect(actionsFor(key)).toEqual(actions);
  });

  test("a wanted action with a wildcard is as good as its worst operation", () => {
    const wild: Grant = {
      ...GRANT,
      policy: { ...POLICY, key: { kinds: [{ ...(kinds[0] as KeyKind), actions: ["kms:GenerateDataKey*"] }] } },
    };
    const of = (...statements: readonly Raw[]) =>
      only(access(facts([keyPolicy(statements), NO_GRANTS]), wild)).actions.map((one) => [one.action, one.answer]);
    expect(of(allow({ Action: "kms:GenerateDataKey*" }))).toEqual([["kms:GenerateDataKey*", "allowed"]]);
    expect(of(allow({ Action: "kms:GenerateDataKey" }))).toEqual([["kms:GenerateDataKey*", "missing"]]);
    expect(of(allow({ Action: "kms:*" }), deny({ Action: "kms:GenerateDataKeyPair" }))).toEqual([
      ["kms:GenerateDataKey*", "denied"],
    ]);
  });
});
