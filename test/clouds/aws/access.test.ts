// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written like this
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { access, needsGrants } from "../../../src/clouds/aws/access.ts";
import { parsePrincipal, principalOf } from "../../../src/clouds/aws/principal.ts";
import {
  type Access,
  type ActionAccess,
  type Grant,
  type KeyDescription,
  type KeyFacts,
  type KeyKind,
  type PolicyDocument,
  seen,
  unseen,
  type VendorCloudPolicy,
} from "../../../src/core/model.ts";

const VENDOR = "123456789012";
const OWNER = "111122223333";
const ROLE = `arn:aws:iam::${VENDOR}:role/aiven-cmk-anchor`;
const ROOT = `arn:aws:iam::${VENDOR}:root`;
const SESSION = `arn:aws:sts::${VENDOR}:assumed-role/aiven-cmk-anchor/worker-1`;
const KEY = `arn:aws:kms:eu-west-1:${OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const MULTI = `arn:aws:kms:eu-west-1:${OWNER}:key/mrk-1234abcd12ab34cd56ef1234567890ab`;

const POLICY = JSON.parse(readFileSync("policies/aiven/aws.json", "utf8")) as VendorCloudPolicy;
const GRANT: Grant = { policy: POLICY, accessors: [{ cloud: "aws", fields: { role_arn: ROLE } }] };

const SYMMETRIC: KeyDescription = {
  state: "usable",
  stateName: "Enabled",
  usage: "ENCRYPT_DECRYPT",
  algorithms: ["SYMMETRIC_DEFAULT"],
  customerManaged: true,
  deletionAt: null,
  materialExpiresAt: null,
  exportable: false,
  olderVersions: [],
};

type Raw = Readonly<Record<string, unknown>>;

/** The statement that a key has from birth: the owner's own account. */
const OWNERS: Raw = {
  Sid: "Enable IAM policies",
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${OWNER}:root` },
  Action: "kms:*",
  Resource: "*",
};

function allow(more: Raw = {}): Raw {
  return {
    Sid: "Vendor",
    Effect: "Allow",
    Principal: { AWS: ROLE },
    Action: ["kms:Encrypt", "kms:Decrypt"],
    Resource: "*",
    ...more,
  };
}

function deny(more: Raw = {}): Raw {
  return { Sid: "No", Effect: "Deny", Principal: { AWS: ROLE }, Action: "kms:*", Resource: "*", ...more };
}

function document(id: string, value: unknown): PolicyDocument {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { id, title: `the ${id}`, body: seen({ text, revision: "1" }) };
}

function keyPolicy(statements: readonly Raw[], version = "2012-10-17"): PolicyDocument {
  return document("key-policy", { Version: version, Statement: [OWNERS, ...statements] });
}

const NO_GRANTS = document("grants", { Grants: [] });

function facts(documents: readonly PolicyDocument[], more: Partial<KeyFacts> = {}): KeyFacts {
  return {
    ref: { cloud: "aws", id: KEY, region: "eu-west-1", owner: OWNER },
    key: seen(SYMMETRIC),
    rotation: seen(true),
    documents,
    ...more,
  };
}

function judge(statements: readonly Raw[], grants: PolicyDocument = NO_GRANTS): Access {
  return only(access(facts([keyPolicy(statements), grants]), GRANT));
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`${items.length} items`);
  return item;
}

/** The answers for Encrypt and Decrypt, in one word when they are the same. */
function answers(statements: readonly Raw[], grants?: PolicyDocument): string {
  const words = judge(statements, grants).actions.map((one) => one.answer);
  return [...new Set(words)].join(" ");
}

function decrypt(statements: readonly Raw[], grants?: PolicyDocument): ActionAccess {
  const answer = judge(statements, grants).actions.find((one) => one.action === "kms:Decrypt");
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

type Row = readonly [what: string, statement: Raw, answer: string];

describe("principals of an Allow", () => {
  const rows: readonly Row[] = [
    ["its own ARN", { AWS: ROLE }, "allowed"],
    ["its own ARN in a list", { AWS: [`arn:aws:iam::${OWNER}:user/ann`, ROLE] }, "allowed"],
    ["the account root", { AWS: ROOT }, "allowed"],
    ["the account id", { AWS: VENDOR }, "allowed"],
    ["everybody, as a string", "*" as unknown as Raw, "allowed"],
    ["everybody, as AWS", { AWS: "*" }, "allowed"],
    ["everybody, in a list", { AWS: ["*"] }, "allowed"],
    ["its ARN beside a service", { AWS: ROLE, Service: "s3.amazonaws.com" }, "allowed"],
    ["a session of it", { AWS: SESSION }, "depends"],
    ["a session of it and the role", { AWS: [SESSION, ROLE] }, "allowed"],
    ["a session of another role", { AWS: SESSION.replace("anchor", "other") }, "missing"],
    ["a session of a role of that name elsewhere", { AWS: SESSION.replace(VENDOR, OWNER) }, "missing"],
    ["a federated user", { AWS: `arn:aws:sts::${VENDOR}:federated-user/aiven-cmk-anchor` }, "missing"],
    ["another role", { AWS: `${ROLE}-old` }, "missing"],
    ["the role under a path", { AWS: ROLE.replace("role/", "role/path/") }, "missing"],
    ["the role in other letter case", { AWS: ROLE.replace("aiven", "Aiven") }, "depends"],
    ["a user of that name", { AWS: ROLE.replace(":role/", ":user/") }, "missing"],
    ["another account", { AWS: OWNER }, "missing"],
    ["the account in another partition", { AWS: ROOT.replace("aws", "aws-cn") }, "missing"],
    ["a wildcard in the name", { AWS: `arn:aws:iam::${VENDOR}:role/*` }, "missing"],
    ["a wildcard for the account", { AWS: "arn:aws:iam::*:role/aiven-cmk-anchor" }, "missing"],
    ["a deleted role", { AWS: "AROAABCDEFGHIJKLMNOPQ" }, "missing"],
    ["a service", { Service: "kms.amazonaws.com" }, "missing"],
    ["every service", { Service: "*" }, "missing"],
    ["an identity provider", { Federated: "accounts.google.com" }, "missing"],
    [
      "a canonical user",
      { CanonicalUser: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be" },
      "missing",
    ],
    ["nobody", {}, "missing"],
    ["an empty list", { AWS: [] }, "missing"],
    ["a kind that nobody documents", { Robot: ROLE }, "depends"],
    ["a bare string", "somebody" as unknown as Raw, "depends"],
  ];
  test.each(rows)("%s", (_, principal, answer) => {
    expect(answers([allow({ Principal: principal })])).toBe(answer);
  });

  test("a statement without Principal is open", () => {
    expect(answers([allow({ Principal: undefined })])).toBe("depends");
  });

  test("Principal together with NotPrincipal is open", () => {
    expect(answers([allow({ NotPrincipal: { AWS: OWNER } })])).toBe("depends");
  });

  test("of another partition than the key nobody is let in", () => {
    const china: Grant = {
      ...GRANT,
      accessors: [{ cloud: "aws", fields: { role_arn: ROLE.replace("aws", "aws-cn") } }],
    };
    const one = only(access(facts([keyPolicy([allow({ Principal: "*" })]), NO_GRANTS]), china));
    expect(one.actions[0]).toMatchObject({ answer: "missing", nearest: expect.stringContaining("partition aws-cn") });
  });
});

describe("principals of a Deny", () => {
  const rows: readonly Row[] = [
    ["its own ARN", { Principal: { AWS: ROLE } }, "denied"],
    ["its account", { Principal: { AWS: ROOT } }, "denied"],
    ["its account id", { Principal: { AWS: VENDOR } }, "denied"],
    ["everybody", { Principal: "*" }, "denied"],
    ["everybody as AWS", { Principal: { AWS: "*" } }, "denied"],
    ["a session of it", { Principal: { AWS: SESSION } }, "depends"],
    ["another role", { Principal: { AWS: `${ROLE}-old` } }, "allowed"],
    ["another account", { Principal: { AWS: OWNER } }, "allowed"],
    ["a service", { Principal: { Service: "s3.amazonaws.com" } }, "allowed"],
    ["all but the role and its account", { NotPrincipal: { AWS: [ROLE, ROOT] } }, "allowed"],
    ["all but the role and its account id", { NotPrincipal: { AWS: [ROLE, VENDOR] } }, "allowed"],
    ["all but the role", { NotPrincipal: { AWS: ROLE } }, "depends"],
    ["all but its account", { NotPrincipal: { AWS: ROOT } }, "depends"],
    ["all but a session of it and its account", { NotPrincipal: { AWS: [SESSION, ROOT] } }, "depends"],
    ["all but the owner", { NotPrincipal: { AWS: OWNER } }, "denied"],
    ["all but a service", { NotPrincipal: { Service: "s3.amazonaws.com" } }, "denied"],
    ["all but everybody", { NotPrincipal: "*" }, "allowed"],
    ["all but everybody as AWS", { NotPrincipal: { AWS: ["*"] } }, "allowed"],
  ];
  test.each(rows)("%s", (_, who, answer) => {
    expect(answers([allow(), { Sid: "No", Effect: "Deny", Action: "kms:*", Resource: "*", ...who }])).toBe(answer);
  });
});

test.each([
  ["others named", { AWS: OWNER }, "depends"],
  ["the role named", { AWS: ROLE }, "depends"],
  ["the role and its account named", { AWS: [ROLE, ROOT] }, "missing"],
  ["everybody named", "*", "missing"],
])("an Allow with NotPrincipal, %s", (_, spared, answer) => {
  expect(answers([allow({ Principal: undefined, NotPrincipal: spared })])).toBe(answer);
});

describe("actions", () => {
  test.each([
    ["kms:Decrypt", "allowed"],
    ["KMS:DECRYPT", "allowed"],
    ["kms:*", "allowed"],
    ["*", "allowed"],
    ["kms:D*", "allowed"],
    ["kms:*crypt", "allowed"],
    ["kms:De?rypt", "allowed"],
    ["kms:Decrypt*", "allowed"],
    ["kms:Decrypt?", "missing"],
    ["kms:Encrypt", "missing"],
    ["kms:ReEncrypt*", "missing"],
    ["s3:*", "missing"],
    ["Decrypt", "missing"],
    ["kms:Dec", "missing"],
    ["", "missing"],
  ])("Action %j: Decrypt is %s", (action, answer) => {
    expect(decrypt([allow({ Action: [action] })]).answer).toBe(answer);
  });

  test.each([
    ["kms:PutKeyPolicy", "allowed"],
    [["kms:Put*", "kms:DECRYPT"], "missing"],
    ["kms:*", "missing"],
    ["s3:*", "allowed"],
    [[], "depends"],
  ])("NotAction %j in an Allow: Decrypt is %s", (action, answer) => {
    expect(decrypt([allow({ Action: undefined, NotAction: action })]).answer).toBe(answer);
  });

  test.each([
    ["kms:Decrypt", "allowed"],
    ["kms:PutKeyPolicy", "denied"],
    [["kms:Encrypt", "kms:D*"], "allowed"],
  ])("NotAction %j in a Deny: Decrypt is %s", (action, answer) => {
    expect(decrypt([allow(), deny({ Action: undefined, NotAction: action })]).answer).toBe(answer);
  });

  test("each action has its own answer", () => {
    const one = judge([allow({ Action: "kms:Encrypt" }), deny({ Action: "kms:Decrypt" })]);
    expect(one.actions.map((it) => [it.action, it.answer])).toEqual([
      ["kms:Encrypt", "allowed"],
      ["kms:Decrypt", "denied"],
    ]);
  });

  test("Action together with NotAction is open", () => {
    expect(answers([allow({ NotAction: "s3:*" })])).toBe("depends");
  });
});

describe("resources", () => {
  test.each([
    ["*", "allowed"],
    [KEY, "allowed"],
    [`arn:aws:kms:*:${OWNER}:key/*`, "allowed"],
    ["arn:aws:kms:*:*:key/1234abcd-*", "allowed"],
    ["arn:aws:kms:eu-west-?:*:*", "allowed"],
    ["arn:aws:kms:*", "allowed"],
    ["arn:aws:kms:*:key/1234abcd-12ab-34cd-56ef-1234567890ab", "depends"],
    ["arn:aws:kms", "depends"],
    [KEY.replace("1234abcd", "9999abcd"), "missing"],
    [KEY.replace("eu-west-1", "us-east-1"), "missing"],
    [KEY.toUpperCase(), "missing"],
    [KEY.replace("key/", "alias/"), "missing"],
    ["1234abcd-12ab-34cd-56ef-1234567890ab", "missing"],
    [`arn:aws:kms:eu-west-1:${OWNER}:key/\${aws:PrincipalTag/key}`, "depends"],
    ["arn:aws:kms:eu-west-1:${aws:ResourceAccount}:key/*", "allowed"],
  ])("Resource %j: %s", (resource, answer) => {
    expect(answers([allow({ Resource: resource })])).toBe(answer);
  });

  test.each([
    ["*", "missing"],
    [KEY, "missing"],
    [KEY.replace("1234abcd", "9999abcd"), "allowed"],
  ])("NotResource %j: %s", (resource, answer) => {
    expect(answers([allow({ Resource: undefined, NotResource: resource })])).toBe(answer);
  });

  test("of a key whose ARN is not known only the star is certain", () => {
    const alias = { ref: { cloud: "aws", id: "alias/mine", region: "eu-west-1", owner: null } } as const;
    const of = (resource: string) =>
      only(access(facts([keyPolicy([allow({ Resource: resource })]), NO_GRANTS], alias), GRANT)).actions[0]?.answer;
    expect(of("*")).toBe("allowed");
    expect(of(KEY)).toBe("depends");
  });

  test("Resource together with NotResource is open", () => {
    expect(answers([allow({ NotResource: KEY })])).toBe("depends");
  });
});

/** An Allow for the role, and a Deny for it beside an unconditional Allow, under the same condition. */
const CONDITIONS: readonly (readonly [what: string, condition: unknown, allowing: string, denying: string])[] = [
  ["the caller's account", { StringEquals: { "kms:CallerAccount": VENDOR } }, "allowed", "denied"],
  ["another account", { StringEquals: { "kms:CallerAccount": OWNER } }, "missing", "allowed"],
  ["one of several accounts", { StringEquals: { "aws:PrincipalAccount": [OWNER, VENDOR] } }, "allowed", "denied"],
  ["none of several accounts", { StringNotEquals: { "aws:PrincipalAccount": [OWNER, VENDOR] } }, "missing", "allowed"],
  ["the principal's ARN", { ArnEquals: { "aws:PrincipalArn": ROLE } }, "allowed", "denied"],
  ["a pattern for it", { ArnLike: { "aws:PrincipalArn": `arn:aws:iam::${VENDOR}:role/aiven-*` } }, "allowed", "denied"],
  ["any other ARN", { ArnNotEquals: { "aws:PrincipalArn": ROLE } }, "missing", "allowed"],
  ["the key in small letters", { stringEquals: { "AWS:principalarn": ROLE } }, "depends", "depends"],
  ["a key in other letter case", { StringEquals: { "AWS:PRINCIPALARN": ROLE } }, "allowed", "denied"],
  ["the type of principal", { StringEquals: { "aws:PrincipalType": "AssumedRole" } }, "allowed", "denied"],
  ["users only", { StringEquals: { "aws:PrincipalType": "User" } }, "missing", "allowed"],
  ["TLS", { Bool: { "aws:SecureTransport": "true" } }, "allowed", "denied"],
  ["no TLS", { Bool: { "aws:SecureTransport": false } }, "missing", "allowed"],
  ["an AWS service", { Bool: { "aws:PrincipalIsAWSService": "true" } }, "missing", "allowed"],
  ["a user name", { StringEquals: { "aws:username": "ann" } }, "missing", "allowed"],
  ["a user id", { StringLike: { "aws:userid": "AROAEXAMPLE:*" } }, "depends", "depends"],
  ["temporary credentials", { Null: { "aws:TokenIssueTime": "false" } }, "allowed", "denied"],
  ["MFA", { Bool: { "aws:MultiFactorAuthPresent": "true" } }, "depends", "depends"],
  ["the organisation", { StringEquals: { "aws:PrincipalOrgID": "o-abc123" } }, "depends", "depends"],
  ["any other organisation", { StringNotEquals: { "aws:PrincipalOrgID": "o-abc123" } }, "depends", "depends"],
  ["a path in it", { "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-a/*" } }, "depends", "depends"],
  ["a tag", { StringEquals: { "aws:PrincipalTag/team": "db" } }, "depends", "depends"],
  ["a tag of the key", { StringEquals: { "aws:ResourceTag/app": "x" } }, "depends", "depends"],
  ["an address", { IpAddress: { "aws:SourceIp": "203.0.113.0/24" } }, "depends", "depends"],
  ["a VPC endpoint", { StringNotEquals: { "aws:SourceVpce": "vpce-1" } }, "depends", "depends"],
  ["a date", { DateLessThan: { "aws:CurrentTime": "2030-01-01T00:00:00Z" } }, "depends", "depends"],
  ["seconds since 1970", { NumericLessThan: { "aws:EpochTime": "1900000000" } }, "depends", "depends"],
  ["a service in between", { StringEquals: { "kms:ViaService": "ec2.eu-west-1.amazonaws.com" } }, "depends", "depends"],
  ["no service in between", { Bool: { "aws:ViaAWSService": "false" } }, "depends", "depends"],
  ["an encryption context", { StringEquals: { "kms:EncryptionContext:app": "x" } }, "depends", "depends"],
  [
    "encryption context keys",
    { "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": "a" } },
    "depends",
    "depends",
  ],
  ["an alias of the key", { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/a" } }, "depends", "depends"],
  ["the alias in the request", { StringEquals: { "kms:RequestAlias": "alias/a" } }, "depends", "depends"],
  ["the spec of the key", { StringEquals: { "kms:KeySpec": "SYMMETRIC_DEFAULT" } }, "allowed", "denied"],
  ["another spec", { StringLike: { "kms:KeySpec": "RSA_*" } }, "missing", "allowed"],
  ["the usage of the key", { StringEquals: { "kms:KeyUsage": "ENCRYPT_DECRYPT" } }, "allowed", "denied"],
  ["the algorithm", { StringNotEquals: { "kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT" } }, "missing", "allowed"],
  ["the origin of the key", { StringEquals: { "kms:KeyOrigin": "AWS_KMS" } }, "depends", "depends"],
  ["a Multi-Region key", { Bool: { "kms:MultiRegion": "true" } }, "missing", "allowed"],
  ["a replica key", { StringEquals: { "kms:MultiRegionKeyType": "REPLICA" } }, "missing", "allowed"],
  ["the key's account", { StringEquals: { "aws:ResourceAccount": OWNER } }, "allowed", "denied"],
  ["another region", { StringNotEquals: { "aws:RequestedRegion": "eu-west-1" } }, "missing", "allowed"],
  ["a key nobody knows", { StringEquals: { "kms:Tomorrow": "x" } }, "depends", "depends"],
  ["an operator nobody knows", { StringSounds: { "aws:PrincipalArn": ROLE } }, "depends", "depends"],
  ["nothing", {}, "allowed", "denied"],
  [
    "one test that fails and one that is open",
    { StringEquals: { "aws:PrincipalOrgID": "o-a", "kms:CallerAccount": OWNER } },
    "missing",
    "allowed",
  ],
  [
    "one test that holds and one that is open",
    { StringEquals: { "aws:PrincipalOrgID": "o-a", "kms:CallerAccount": VENDOR } },
    "depends",
    "depends",
  ],
  ["the principal by a variable", { ArnEquals: { "aws:PrincipalArn": "${aws:PrincipalArn}" } }, "allowed", "denied"],
];

describe("conditions", () => {
  test.each(CONDITIONS)("an Allow for %s: %j", (_, condition, allowing) => {
    expect(answers([allow({ Condition: condition })])).toBe(allowing);
  });

  test.each(CONDITIONS)("a Deny for %s: %j", (_, condition, __, denying) => {
    expect(answers([allow(), deny({ Condition: condition })])).toBe(denying);
  });

  test("an Allow for everybody is as good as its conditions", () => {
    expect(answers([allow({ Principal: "*", Condition: { ArnEquals: { "aws:PrincipalArn": ROLE } } })])).toBe(
      "allowed",
    );
    expect(answers([allow({ Principal: "*", Condition: { ArnEquals: { "aws:PrincipalArn": `${ROLE}x` } } })])).toBe(
      "missing",
    );
    expect(answers([allow({ Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a" } } })])).toBe(
      "depends",
    );
  });

  test("in the older language variables are plain text", () => {
    const statement = allow({ Condition: { ArnEquals: { "aws:PrincipalArn": "${aws:PrincipalArn}" } } });
    const of = (version: string) =>
      only(access(facts([keyPolicy([statement], version), NO_GRANTS]), GRANT)).actions[0]?.answer;
    expect(of("2008-10-17")).toBe("depends");
    expect(of("2012-10-17")).toBe("allowed");
    expect(of("2099-01-01")).toBe("depends");
  });

  test("of a key that was not seen, spec and usage are open", () => {
    const statement = allow({ Condition: { StringEquals: { "kms:KeyUsage": "ENCRYPT_DECRYPT" } } });
    const blind = facts([keyPolicy([statement]), NO_GRANTS], { key: unseen({ code: "look.denied", detail: "no" }) });
    expect(only(access(blind, GRANT)).actions[0]?.answer).toBe("depends");
  });
});

describe("several statements", () => {
  const conditional = allow({ Sid: "Maybe", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-a" } } });
  const doubt = deny({ Sid: "Doubt", Condition: { NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } } });

  test.each([
    ["nothing", [], "missing"],
    ["a deny beats an allow", [allow(), deny()], "denied"],
    ["a deny alone", [deny()], "denied"],
    ["one unconditional allow is enough", [conditional, allow()], "allowed"],
    ["a conditional allow", [conditional], "depends"],
    ["a conditional deny puts an allow in doubt", [allow(), doubt], "depends"],
    ["without an allow a conditional deny changes nothing", [doubt], "missing"],
    ["a deny beats a conditional allow", [conditional, deny()], "denied"],
    ["a deny for other actions", [allow(), deny({ Action: "kms:PutKeyPolicy" })], "allowed"],
    ["a deny for another key", [allow(), deny({ Resource: KEY.replace("1234abcd", "9") })], "allowed"],
    ["a deny without Action has no effect", [allow(), deny({ Action: undefined })], "allowed"],
    ["a deny without Resource has no effect", [allow(), deny({ Resource: undefined })], "allowed"],
    ["an element that nobody documents", [allow({ Conditions: {} })], "depends"],
  ] as const)("%s", (_, statements, answer) => {
    expect(answers(statements)).toBe(answer);
  });

  test("what depends names every statement and every test", () => {
    expect(decrypt([conditional, { ...conditional, Sid: "Other" }, doubt])).toEqual({
      action: "kms:Decrypt",
      answer: "depends",
      on: ["aws:PrincipalOrgID StringEquals o-a", "aws:SourceIp NotIpAddress 10.0.0.0/8"],
      by: 'statement "Maybe" and statement "Other" and statement "Doubt"',
    });
  });

  test("what is in doubt names the deny, not the allow", () => {
    expect(decrypt([allow(), doubt])).toMatchObject({
      on: ["aws:SourceIp NotIpAddress 10.0.0.0/8"],
      by: 'statement "Doubt"',
    });
  });

  test("what is denied names every deny", () => {
    expect(decrypt([deny(), deny({ Sid: undefined, Principal: "*" })])).toEqual({
      action: "kms:Decrypt",
      answer: "denied",
      by: 'statement "No" and statement 3 (no Sid)',
    });
  });

  test("what is allowed names the statement", () => {
    expect(decrypt([allow()])).toEqual({ action: "kms:Decrypt", answer: "allowed", by: 'statement "Vendor"' });
    const account = allow({ Sid: "Account", Principal: { AWS: ROOT } });
    expect(decrypt([account])).toMatchObject({
      by: expect.stringContaining("whose own IAM policies are taken to allow"),
    });
    expect(decrypt([account, allow()])).toMatchObject({ by: 'statement "Vendor"' });
  });
});

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

  test.each([
    ["no Action", [allow({ Action: undefined })], 'statement "Vendor"'],
    ["no Resource", [allow({ Resource: undefined })], 'statement "Vendor"'],
    ["an empty Action", [allow({ Action: [] })], 'statement "Vendor"'],
    ["no Sid either", [allow({ Sid: undefined, Resource: undefined })], "statement 2 (no Sid)"],
    ["one for the account", [allow({ Principal: { AWS: ROOT }, Action: undefined })], 'statement "Vendor"'],
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
