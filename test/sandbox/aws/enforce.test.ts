import { describe, expect, test } from "vitest";
import { type ConcreteGrant, type ConcreteRequest, enforce } from "../../../src/sandbox/aws/enforce.ts";

const KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111";
const ROLE = "arn:aws:iam::999988887777:role/path/anchor";
const SESSION = "arn:aws:sts::999988887777:assumed-role/anchor/one";
const VENDOR_ROOT = "arn:aws:iam::999988887777:root";
const USER = "arn:aws:iam::111122223333:user/alice";
const OWNER_ROOT = "arn:aws:iam::111122223333:root";

function request(change: Partial<ConcreteRequest> = {}): ConcreteRequest {
  return { principalArn: ROLE, account: "999988887777", action: "kms:Decrypt", resource: KEY, context: {}, ...change };
}

const bySession = request({ principalArn: SESSION, context: { "aws:PrincipalArn": ROLE } });
const byUser = request({ principalArn: USER, account: "111122223333" });

function allow(change: object = {}): object {
  return { Effect: "Allow", Principal: { AWS: ROLE }, Action: "kms:Decrypt", Resource: "*", ...change };
}

/** A policy variable. */
function v(name: string): string {
  return `\${${name}}`;
}

function document(...statements: readonly object[]): object {
  return { Version: "2012-10-17", Statement: statements };
}

describe("Principal", () => {
  test.each<[string, ConcreteRequest, unknown, boolean]>([
    ["*", request(), "*", true],
    ["AWS *", request(), { AWS: "*" }, true],
    ["the role", request(), { AWS: ROLE }, true],
    ["one of several", request(), { AWS: [USER, ROLE] }, true],
    ["another role", request(), { AWS: `${ROLE}-old` }, false],
    ["the account's id", request(), { AWS: "999988887777" }, true],
    ["the account's root", request(), { AWS: VENDOR_ROOT }, true],
    ["another account", request(), { AWS: OWNER_ROOT }, false],
    ["a session of the role, for the role itself", request(), { AWS: SESSION }, false],
    ["the role, for its session", bySession, { AWS: ROLE }, true],
    ["the session", bySession, { AWS: SESSION }, true],
    ["another session", bySession, { AWS: `${SESSION}-more` }, false],
    ["another role of the session's account", bySession, { AWS: "arn:aws:iam::999988887777:role/other" }, false],
    ["no wildcard within an ARN", request(), { AWS: "arn:aws:iam::999988887777:role/*" }, false],
    ["a service", request(), { Service: "s3.amazonaws.com" }, false],
    ["every service", request(), { Service: "*" }, false],
    [
      "a service, for the service",
      request({ principalArn: "s3.amazonaws.com" }),
      { Service: "s3.amazonaws.com" },
      true,
    ],
    ["an orphan", request(), { AWS: "AROAEXAMPLE" }, false],
  ])("%s", (_, asked, principal, expected) => {
    expect(enforce(asked, document(allow({ Principal: principal })))).toBe(expected);
  });

  test("a session's role without a path is known from its ARN", () => {
    const role = "arn:aws:iam::999988887777:role/anchor";
    expect(enforce(request({ principalArn: SESSION }), document(allow({ Principal: { AWS: role } })))).toBe(true);
  });

  test("a statement without any principal applies to nobody", () => {
    expect(enforce(request(), document({ Effect: "Allow", Action: "*", Resource: "*" }))).toBe(false);
  });
});

describe("NotPrincipal", () => {
  const deny = (not: unknown) => ({ Effect: "Deny", NotPrincipal: not, Action: "*", Resource: "*" });
  test.each<[string, ConcreteRequest, unknown, boolean]>([
    ["role and account are named: spared", request(), { AWS: [ROLE, VENDOR_ROOT] }, true],
    ["role and account id are named: spared", request(), { AWS: [ROLE, "999988887777"] }, true],
    ["the role alone is not enough", request(), { AWS: ROLE }, false],
    ["the account alone is not enough", request(), { AWS: VENDOR_ROOT }, false],
    ["somebody else", request(), { AWS: [USER, OWNER_ROOT] }, false],
    ["everybody is spared", request(), { AWS: "*" }, true],
    ["role and account, for a session", bySession, { AWS: [ROLE, VENDOR_ROOT] }, true],
    ["session and account, for the session", bySession, { AWS: [SESSION, VENDOR_ROOT] }, true],
    ["the session alone", bySession, { AWS: SESSION }, false],
  ])("Deny: %s", (_, asked, not, expected) => {
    expect(enforce(asked, document(allow(), deny(not)))).toBe(expected);
  });

  const others = (not: unknown) => ({ Effect: "Allow", NotPrincipal: not, Action: "*", Resource: "*" });
  test.each<[string, unknown, boolean]>([
    ["somebody else", { AWS: USER }, true],
    ["the role", { AWS: ROLE }, false],
    ["its account", { AWS: VENDOR_ROOT }, false],
    ["everybody", { AWS: "*" }, false],
  ])("Allow for all but %s", (_, not, expected) => {
    expect(enforce(request(), document(others(not)))).toBe(expected);
  });
});

describe("Action and Resource", () => {
  test.each<[string, object, boolean]>([
    ["exact", { Action: "kms:Decrypt" }, true],
    ["without case", { Action: "KMS:dEcRyPt" }, true],
    ["one of several", { Action: ["kms:Encrypt", "kms:Decrypt"] }, true],
    ["another", { Action: "kms:Encrypt" }, false],
    ["a star", { Action: "kms:De*" }, true],
    ["every action", { Action: "*" }, true],
    ["a question mark", { Action: "kms:Decryp?" }, true],
    ["a question mark stands for one character", { Action: "kms:Decrypt?" }, false],
    ["another service", { Action: "s3:*" }, false],
    ["NotAction that names it", { Action: undefined, NotAction: "kms:De*" }, false],
    ["NotAction that does not", { Action: undefined, NotAction: ["kms:Put*", "kms:Encrypt"] }, true],
    ["no Action", { Action: undefined }, false],
    ["an empty Action", { Action: [] }, false],
    ["this key", { Resource: KEY }, true],
    ["another key", { Resource: KEY.replace("8111", "8112") }, false],
    ["all keys of the Region", { Resource: "arn:aws:kms:eu-west-1:111122223333:key/*" }, true],
    ["another Region's keys", { Resource: "arn:aws:kms:eu-central-1:111122223333:key/*" }, false],
    ["an ARN that lacks parts", { Resource: "arn:aws:kms" }, true],
    ["with case", { Resource: KEY.replace(":key/", ":KEY/") }, false],
    ["NotResource that names it", { Resource: undefined, NotResource: KEY }, false],
    ["NotResource that does not", { Resource: undefined, NotResource: "arn:aws:s3:::*" }, true],
    ["no Resource", { Resource: undefined }, false],
  ])("%s", (_, change, expected) => {
    expect(enforce(request(), document(allow(change)))).toBe(expected);
  });

  test("a Deny without Action has no effect either", () => {
    const deny = { Effect: "Deny", Principal: "*", Resource: "*" };
    expect(enforce(request(), document(allow(), deny))).toBe(true);
  });
});

describe("Condition", () => {
  const context = {
    "aws:PrincipalArn": ROLE,
    "aws:PrincipalAccount": "999988887777",
    "aws:username": "al*ice",
    "aws:SecureTransport": "true",
    "aws:SourceIp": "10.1.2.3",
    "aws:CurrentTime": "2026-05-01T10:00:00Z",
    "kms:EncryptionContextKeys": ["app", "tier"],
    "kms:EncryptionContext:App": "billing",
    number: "7",
    name: "Name-1",
    bytes: "QmluYXJ5",
  };
  const holds = (condition: object, version = "2012-10-17", asked: Partial<ConcreteRequest> = { context }) => {
    return enforce(request(asked), { Version: version, Statement: allow({ Condition: condition }) });
  };

  test.each<[object, boolean]>([
    [{}, true],
    [{ StringEquals: { name: "Name-1" } }, true],
    [{ StringEquals: { NAME: "Name-1" } }, true],
    [{ StringEquals: { name: ["x", "Name-1"] } }, true],
    [{ StringEquals: { name: "name-1" } }, false],
    [{ StringEquals: { name: "Name-*" } }, false],
    [{ StringEquals: { name: [] } }, false],
    [{ StringEquals: { name: "Name-1", number: "8" } }, false],
    [{ StringEquals: { name: "Name-1" }, StringLike: { number: "?" } }, true],
    [{ StringEquals: { absent: "x" } }, false],
    [{ StringNotEquals: { absent: "x" } }, true],
    [{ StringNotEquals: { name: ["a", "b"] } }, true],
    [{ StringNotEquals: { name: ["a", "Name-1"] } }, false],
    [{ StringEqualsIgnoreCase: { name: "NAME-1" } }, true],
    [{ StringNotEqualsIgnoreCase: { name: "NAME-1" } }, false],
    [{ StringLike: { name: "N*-?" } }, true],
    [{ StringLike: { name: "n*" } }, false],
    [{ StringNotLike: { name: "N*" } }, false],
    [{ StringEqualsIfExists: { absent: "x" } }, true],
    [{ StringEqualsIfExists: { name: "x" } }, false],
    [{ NumericEquals: { number: "7.0" } }, true],
    [{ NumericEquals: { number: 7 } }, true],
    [{ NumericNotEquals: { number: "7" } }, false],
    [{ NumericLessThan: { number: "7" } }, false],
    [{ NumericLessThanEquals: { number: ["1", "7"] } }, true],
    [{ NumericGreaterThan: { number: "6" } }, true],
    [{ NumericGreaterThanEquals: { number: "8" } }, false],
    [{ NumericEquals: { name: "7" } }, false],
    [{ DateLessThan: { "aws:CurrentTime": "2026-06-01" } }, true],
    [{ DateLessThan: { "aws:CurrentTime": "2026-05-01T12:00:00+03:00" } }, false],
    [{ DateGreaterThan: { "aws:CurrentTime": "2026" } }, true],
    [{ DateGreaterThan: { "aws:CurrentTime": "1777629599" } }, true],
    [{ DateGreaterThanEquals: { "aws:CurrentTime": "2026-05-01T10:00:00Z" } }, true],
    [{ DateLessThanEquals: { "aws:CurrentTime": "2026-05-01T09:59:59Z" } }, false],
    [{ DateEquals: { "aws:CurrentTime": "2026-05-01T10:00:00.000Z" } }, true],
    [{ DateNotEquals: { "aws:CurrentTime": "2026-05-01T10:00:00Z" } }, false],
    [{ DateEquals: { "aws:CurrentTime": "yesterday" } }, false],
    [{ Bool: { "aws:SecureTransport": true } }, true],
    [{ Bool: { "aws:SecureTransport": "FALSE" } }, false],
    [{ BoolIfExists: { "aws:MultiFactorAuthPresent": "true" } }, true],
    [{ BinaryEquals: { bytes: "QmluYXJ5" } }, true],
    [{ IpAddress: { "aws:SourceIp": "10.1.0.0/16" } }, true],
    [{ IpAddress: { "aws:SourceIp": ["2001:db8::/32", "10.1.2.3"] } }, true],
    [{ IpAddress: { "aws:SourceIp": "10.2.0.0/16" } }, false],
    [{ IpAddress: { "aws:SourceIp": "10.1.0.0/99" } }, false],
    [{ NotIpAddress: { "aws:SourceIp": "10.1.0.0/16" } }, false],
    [{ NotIpAddress: { "aws:VpcSourceIp": "10.1.0.0/16" } }, true],
    [{ ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::999988887777:role/path/*" } }, true],
    [{ ArnLike: { "aws:PrincipalArn": "arn:*:iam::9999????7777:role/*" } }, true],
    [{ ArnLike: { "aws:PrincipalArn": "arn:aws:*:999988887777:role/*" } }, false],
    [{ StringLike: { "aws:PrincipalArn": "arn:aws:*:999988887777:role/*" } }, true],
    [{ ArnLike: { "aws:PrincipalArn": "*" } }, true],
    [{ ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/path/anchor" } }, false],
    [{ ArnNotEquals: { "aws:PrincipalArn": USER } }, true],
    [{ Null: { absent: "true" } }, true],
    [{ Null: { absent: "false" } }, false],
    [{ Null: { name: false } }, true],
    [{ Null: { name: ["true", "false"] } }, true],
    [{ "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": ["tier", "x"] } }, true],
    [{ "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": "x" } }, false],
    [{ "ForAnyValue:StringEquals": { absent: "x" } }, false],
    [{ "ForAnyValue:StringNotEquals": { "kms:EncryptionContextKeys": ["app", "tier"] } }, false],
    [{ "ForAnyValue:StringNotEquals": { "kms:EncryptionContextKeys": "app" } }, true],
    [{ "ForAnyValue:StringNotEquals": { absent: "x" } }, false],
    [{ "ForAllValues:StringLike": { "kms:EncryptionContextKeys": ["a*", "t*"] } }, true],
    [{ "ForAllValues:StringEquals": { "kms:EncryptionContextKeys": "app" } }, false],
    [{ "ForAllValues:StringNotEquals": { "kms:EncryptionContextKeys": "x" } }, true],
    [{ "ForAllValues:StringEquals": { absent: "x" } }, true],
    [{ "ForAnyValue:StringEqualsIfExists": { absent: "x" } }, true],
    [{ StringEquals: { "kms:EncryptionContext:app": "billing" } }, true],
    [{ StringEquals: { "aws:PrincipalAccount": v("aws:PrincipalAccount") } }, true],
    [{ StringEquals: { name: `Name-${v("number, '2'")}` } }, false],
    [{ StringEquals: { name: `Name-${v("nothing, '1'")}` } }, true],
    [{ StringLike: { "aws:username": v("aws:username") } }, true],
    [{ StringLike: { name: v("*") } }, false],
    [{ StringEquals: { "aws:username": `al${v("*")}ice` } }, true],
    [{ StringNotEquals: { name: v("nothing") } }, false],
    [{ StringNotEquals: { name: v("kms:EncryptionContextKeys") } }, false],
    [{ Sounds: { name: "x" } }, false],
  ])("%j: %j", (condition, expected) => {
    expect(holds(condition)).toBe(expected);
  });

  test("variables are letters in a policy of the older version", () => {
    expect(holds({ StringEquals: { name: v("name") } })).toBe(true);
    expect(holds({ StringEquals: { name: v("name") } }, "2008-10-17")).toBe(false);
  });

  test("what a variable stands for is no wildcard", () => {
    const asked = { context: { "aws:username": "*", name: "anything" } };
    expect(holds({ StringLike: { name: v("aws:username") } }, "2012-10-17", asked)).toBe(false);
  });

  test("a variable without a value makes its statement void, a Deny too", () => {
    const condition = { StringNotEquals: { name: v("nothing") } };
    const deny = allow({ Effect: "Deny", Condition: condition });
    expect(enforce(request({ context }), document(allow(), deny))).toBe(true);
    expect(enforce(request(), document(allow({ Resource: `arn:aws:kms:*:*:key/${v("nothing")}` })))).toBe(false);
  });

  test("variables stand in resources too", () => {
    const resource = `arn:aws:kms:*:*:key/${v("id")}`;
    const asked = request({ context: { id: KEY.split("/")[1] ?? "" } });
    expect(enforce(asked, document(allow({ Resource: resource })))).toBe(true);
  });
});

describe("who decides", () => {
  const delegating = document(allow({ Principal: { AWS: OWNER_ROOT }, Action: "kms:*" }));

  test("a Deny wins wherever it stands", () => {
    expect(enforce(request(), document(allow({ Effect: "Deny", Principal: { AWS: VENDOR_ROOT } }), allow()))).toBe(
      false,
    );
    expect(enforce(request(), document(allow({ Effect: "Deny", Principal: "*", Action: "*" }), allow()))).toBe(false);
  });

  test("a single statement need not be a list, and text is as good as a document", () => {
    expect(enforce(request(), { Version: "2012-10-17", Statement: allow() })).toBe(true);
    expect(enforce(request(), JSON.stringify(document(allow())))).toBe(true);
  });

  test("in the key's account: the policy alone, or the account's statement together with IAM", () => {
    expect(enforce(byUser, delegating, [], true)).toBe(true);
    expect(enforce(byUser, delegating, [], false)).toBe(false);
    expect(enforce(byUser, document(allow({ Principal: { AWS: USER } })), [], false)).toBe(true);
    expect(enforce(byUser, document(allow({ Principal: "*" })), [], false)).toBe(true);
    expect(enforce(byUser, document(), [], true)).toBe(false);
  });

  test("from another account: the policy and IAM, both", () => {
    expect(enforce(request(), document(allow()), [], true)).toBe(true);
    expect(enforce(request(), document(allow()), [], false)).toBe(false);
    expect(enforce(request(), document(allow({ Principal: "*" })), [], false)).toBe(false);
    expect(enforce(request(), delegating, [], true)).toBe(false);
  });
});

describe("grants", () => {
  const grant = (change: Partial<ConcreteGrant> = {}): ConcreteGrant => ({
    GranteePrincipal: ROLE,
    Operations: ["Encrypt", "Decrypt"],
    ...change,
  });
  const context = { "kms:EncryptionContext:app": "billing", "kms:EncryptionContext:tier": "1" };
  const whole = { EncryptionContextEquals: { tier: "1", app: "billing" } };
  const part = { EncryptionContextSubset: { app: "billing" } };

  test.each<[string, ConcreteRequest, ConcreteGrant, boolean]>([
    ["the grantee", request(), grant(), true],
    ["a session of the grantee", bySession, grant(), true],
    ["somebody else", byUser, grant(), false],
    ["the grantee's account", request(), grant({ GranteePrincipal: VENDOR_ROOT }), true],
    ["another operation", request({ action: "kms:DescribeKey" }), grant(), false],
    ["another service's operation of that name", request({ action: "s3:Decrypt" }), grant(), false],
    ["the whole encryption context", request({ context }), grant({ Constraints: whole }), true],
    [
      "less than the whole",
      request({ context }),
      grant({ Constraints: { EncryptionContextEquals: { app: "billing" } } }),
      false,
    ],
    ["a part of it", request({ context }), grant({ Constraints: part }), true],
    ["a part that is not there", request(), grant({ Constraints: part }), false],
    [
      "an operation without context",
      request({ action: "kms:DescribeKey" }),
      grant({ Operations: ["DescribeKey"], Constraints: part }),
      true,
    ],
  ])("%s", (_, asked, given, expected) => {
    expect(enforce(asked, document(), [given])).toBe(expected);
  });

  test("a Deny in the policy wins over a grant", () => {
    expect(enforce(request(), document(allow({ Effect: "Deny" })), [grant()])).toBe(false);
  });
});
