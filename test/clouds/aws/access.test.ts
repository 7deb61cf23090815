// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written like this
import { describe, expect, test } from "vitest";
import { access } from "../../../src/clouds/aws/access.ts";
import { type Grant, unseen } from "../../../src/core/model.ts";
import {
  allow,
  answers,
  decrypt,
  deny,
  facts,
  GRANT,
  judge,
  KEY,
  keyPolicy,
  MULTI,
  NO_GRANTS,
  OWNER,
  only,
  type Raw,
  ROLE,
  ROOT,
  SESSION,
  VENDOR,
} from "./vendor-key.ts";

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

  test("whether a Multi-Region key is the primary one can change", () => {
    const ref = { cloud: "aws", id: MULTI, region: "eu-west-1", owner: OWNER } as const;
    const of = (condition: Raw) =>
      only(access(facts([keyPolicy([allow({ Condition: condition })]), NO_GRANTS], { ref }), GRANT)).actions[0]?.answer;
    expect(of({ StringEquals: { "kms:MultiRegionKeyType": "PRIMARY" } })).toBe("depends");
    expect(of({ Bool: { "kms:MultiRegion": true } })).toBe("allowed");
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
