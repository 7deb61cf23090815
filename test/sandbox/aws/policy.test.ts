import {
  CreateGrantCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  ListGrantsCommand,
  PutKeyPolicyCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { HEALTHY_AWS_KEY, OWNER, VENDOR_DEMO, VENDOR_SECOND } from "../../../src/sandbox/cast.ts";
import { policy, ROOT, refusal, type Stage, stage } from "./kit.ts";

const KeyId = HEALTHY_AWS_KEY;
const GRANT = {
  Effect: "Allow",
  Principal: { AWS: VENDOR_DEMO.arn },
  Action: ["kms:Encrypt", "kms:Decrypt"],
  Resource: "*",
};

const put = (on: Stage, Policy: string) => on.kms().send(new PutKeyPolicyCommand({ KeyId, Policy }));
const get = async (on: Stage) => (await on.kms().send(new GetKeyPolicyCommand({ KeyId }))).Policy ?? "";

describe("PutKeyPolicy", () => {
  test("keeps the order, prints in a way of its own, and writes accounts as their root", async () => {
    await using on = await stage();
    const given = {
      Statement: [GRANT, { ...ROOT, Principal: { AWS: ["111122223333", OWNER.arn] } }],
      Version: "2012-10-17",
    };
    await put(on, JSON.stringify(given));
    const text = await get(on);
    expect(text).toContain('"Effect" : "Allow"');
    expect(JSON.parse(text)).toEqual({
      Statement: [GRANT, { ...ROOT, Principal: { AWS: ["arn:aws:iam::111122223333:root", OWNER.arn] } }],
      Version: "2012-10-17",
    });
    expect(Object.keys(JSON.parse(text))).toEqual(["Statement", "Version"]);
  });

  test("what it accepts counts at once", async () => {
    await using on = await stage();
    const use = () => on.kms(VENDOR_DEMO).send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));
    expect(await refusal(use())).toMatch(/^AccessDeniedException/);
    await put(on, policy(ROOT, GRANT));
    await use();
    await put(on, policy(ROOT));
    expect(await refusal(use())).toMatch(/^AccessDeniedException/);
  });

  test.each<[string, object]>([
    ["a user of the cast", { AWS: OWNER.arn }],
    ["the role of Aiven's own example", { AWS: "arn:aws:iam::123456789012:role/aiven-cmk-anchor" }],
    ["a session of a role", { AWS: "arn:aws:sts::999988887777:assumed-role/aiven-cmk-anchor/anything" }],
    ["an account", { AWS: "444455556666" }],
    ["a service", { Service: ["s3.amazonaws.com", "logs.eu-west-1.amazonaws.com"] }],
    ["everybody", { AWS: "*" }],
    ["an identity provider", { Federated: "cognito-identity.amazonaws.com" }],
  ])("knows %s", async (_, Principal) => {
    await using on = await stage();
    await put(on, policy(ROOT, { ...GRANT, Principal }));
  });

  test.each<[string, unknown]>([
    ["a role that does not exist", { AWS: "arn:aws:iam::999988887777:role/nobody" }],
    ["a role of another partition", { AWS: VENDOR_DEMO.arn.replace("arn:aws:", "arn:aws-cn:") }],
    ["a role that was deleted", { AWS: "AROAEXAMPLEEXAMPLEX" }],
    ["a user that was deleted", { AWS: [VENDOR_DEMO.arn, "AIDAEXAMPLEEXAMPLEX"] }],
    ["an account that does not exist", { AWS: "arn:aws:iam::000000000000:root" }],
    ["a wildcard within an ARN", { AWS: "arn:aws:iam::999988887777:role/*" }],
    ["a session of a role that does not exist", { AWS: "arn:aws:sts::999988887777:assumed-role/nobody/x" }],
    ["a service that is none", { Service: "example.com" }],
    ["nobody at all", {}],
    ["letters", "arn"],
  ])("does not know %s", async (_, Principal) => {
    await using on = await stage();
    const before = await get(on);
    for (const element of ["Principal", "NotPrincipal"]) {
      const statement = { Effect: "Deny", Action: "kms:Decrypt", Resource: "*", [element]: Principal };
      expect(await refusal(put(on, policy(ROOT, statement)))).toBe(
        "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.",
      );
    }
    expect(await get(on)).toBe(before);
  });

  test("a policy that names somebody who was deleted since cannot be written back as it is", async () => {
    await using on = await stage();
    const orphaned = on.key("orphaned-granted");
    const asked = on.kms().send(new PutKeyPolicyCommand({ KeyId: orphaned.arn, Policy: orphaned.policy }));
    expect(await refusal(asked)).toMatch(/invalid principals\.$/);
  });

  test.each<[string, string, RegExp]>([
    ["no JSON", "{", /^MalformedPolicyDocumentException/],
    ["a list", "[]", /^MalformedPolicyDocumentException/],
    ["no statements", JSON.stringify({ Version: "2012-10-17", Statement: [] }), /^MalformedPolicyDocumentException/],
    [
      "another version",
      JSON.stringify({ Version: "2020-01-01", Statement: ROOT }),
      /^MalformedPolicyDocumentException/,
    ],
    ["a strange element", JSON.stringify({ Statement: ROOT, Extra: 1 }), /^MalformedPolicyDocumentException/],
    ["a strange element of a statement", policy({ ...ROOT, Extra: 1 }), /^MalformedPolicyDocumentException/],
    ["a strange effect", policy({ ...ROOT, Effect: "allow" }), /^MalformedPolicyDocumentException/],
    ["no principal", policy({ ...ROOT, Principal: undefined }), /^MalformedPolicyDocumentException/],
    ["both of two", policy({ ...ROOT, NotAction: "kms:Decrypt" }), /^MalformedPolicyDocumentException/],
    ["a strange operator", policy({ ...ROOT, Condition: { Sounds: { a: "b" } } }), /^MalformedPolicyDocumentException/],
    ["a Sid twice", policy(ROOT, ROOT), /^MalformedPolicyDocumentException: .*\(SID\).* must be unique/],
    [
      "letters beyond Latin-1",
      policy({ ...ROOT, Sid: "Ключ" }),
      /^ValidationException: .* at 'policy' failed to satisfy/,
    ],
    ["nothing", "", /^ValidationException: .*length greater than or equal to 1$/],
    ["too much", policy({ ...ROOT, Sid: "x".repeat(32_768) }), /^LimitExceededException/],
    [
      "far too much",
      policy({ ...ROOT, Sid: "x".repeat(131_073) }),
      /^ValidationException: .*less than or equal to 131072$/,
    ],
  ])("does not take %s", async (_, text, expected) => {
    await using on = await stage();
    expect(await refusal(put(on, text))).toMatch(expected);
  });

  test("takes a policy of exactly the limit", async () => {
    await using on = await stage();
    const room = 32_768 - Buffer.byteLength(policy({ ...ROOT, Sid: "" }));
    await put(on, policy({ ...ROOT, Sid: "x".repeat(room) }));
    expect(await refusal(put(on, policy({ ...ROOT, Sid: "x".repeat(room + 1) })))).toMatch(/^LimitExceededException/);
  });

  test("takes a statement without Action or Resource, and gives it back", async () => {
    await using on = await stage();
    const { Action: _, ...useless } = GRANT;
    await put(on, policy(ROOT, useless));
    expect(JSON.parse(await get(on)).Statement).toHaveLength(2);
  });

  const LOCKOUT =
    "MalformedPolicyDocumentException: The new key policy will not allow you to update the key policy in the future.";
  test.each<[string, string]>([
    ["only the vendor", policy(GRANT)],
    ["a root statement that cannot write", policy({ ...ROOT, Action: "kms:Get*" })],
    [
      "a condition that the caller does not meet",
      policy({ ...ROOT, Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } }),
    ],
    ["a deny", policy(ROOT, { ...ROOT, Sid: "No", Effect: "Deny", Action: "kms:PutKeyPolicy" })],
    ["another administrator", policy({ ...ROOT, Principal: { AWS: VENDOR_SECOND.arn } })],
  ])("does not lock the caller out: %s", async (_, text) => {
    await using on = await stage();
    expect(await refusal(put(on, text))).toBe(LOCKOUT);
    await on.kms().send(new PutKeyPolicyCommand({ KeyId, Policy: text, BypassPolicyLockoutSafetyCheck: true }));
  });

  test("there is only one policy, and its name is default", async () => {
    await using on = await stage();
    const other = on.kms().send(new GetKeyPolicyCommand({ KeyId, PolicyName: "other" }));
    expect(await refusal(other)).toBe("NotFoundException: No such policy exists");
    expect((await on.kms().send(new GetKeyPolicyCommand({ KeyId, PolicyName: "default" }))).PolicyName).toBe("default");
  });
});

describe("propagation", () => {
  const WINDOW = 60_000;
  const use = (on: Stage, as = VENDOR_DEMO) =>
    on.kms(as).send(new EncryptCommand({ KeyId, Plaintext: Buffer.from("x") }));

  test("reads flap between old and new until the window is over", async () => {
    await using on = await stage(WINDOW);
    const before = await get(on);
    await put(on, policy(ROOT, GRANT));
    const during = [await get(on), await get(on), await get(on), await get(on)];
    expect(during.map((text) => text === before)).toEqual([true, false, true, false]);
    on.pass(WINDOW + 1);
    const after = [await get(on), await get(on), await get(on)];
    expect(after.map((text) => text === during[1])).toEqual([true, true, true]);
  });

  test("another account sees a grant, and its end, late", async () => {
    await using on = await stage(WINDOW);
    await put(on, policy(ROOT, GRANT));
    expect(await refusal(use(on))).toMatch(/^AccessDeniedException/);
    on.pass(WINDOW + 1);
    await use(on);
    await put(on, policy(ROOT));
    await use(on);
    on.pass(WINDOW + 1);
    expect(await refusal(use(on))).toMatch(/^AccessDeniedException/);
  });

  test("several writes within the window: the other account moves along behind", async () => {
    await using on = await stage(WINDOW);
    await put(on, policy(ROOT, GRANT));
    on.pass(WINDOW / 2);
    await put(on, policy(ROOT));
    on.pass(WINDOW / 2 + 1);
    await use(on);
    on.pass(WINDOW / 2);
    expect(await refusal(use(on))).toMatch(/^AccessDeniedException/);
  });

  test("the own account sees changes of state at once, another one late", async () => {
    await using on = await stage(WINDOW);
    const { arn } = on.key("granted");
    const vendor = () => on.kms(VENDOR_DEMO).send(new EncryptCommand({ KeyId: arn, Plaintext: Buffer.from("x") }));
    const { CiphertextBlob } = await vendor();
    await on.kms().send(new DisableKeyCommand({ KeyId: arn }));
    expect((await on.kms().send(new DescribeKeyCommand({ KeyId: arn }))).KeyMetadata?.KeyState).toBe("Disabled");
    await vendor();
    await on.kms(VENDOR_DEMO).send(new DecryptCommand({ CiphertextBlob }));
    on.pass(WINDOW + 1);
    expect(await refusal(vendor())).toMatch(/^DisabledException/);
  });

  test("grants spread as slowly, but for who has the grant's token", async () => {
    await using on = await stage(WINDOW);
    const input = { KeyId, GranteePrincipal: VENDOR_DEMO.arn, Operations: ["Encrypt" as const] };
    const { GrantToken } = await on.kms().send(new CreateGrantCommand(input));
    const count = async () => (await on.kms().send(new ListGrantsCommand({ KeyId }))).Grants?.length;
    expect([await count(), await count()]).toEqual([0, 1]);
    expect(await refusal(use(on))).toMatch(/^AccessDeniedException/);
    const token = { KeyId, Plaintext: Buffer.from("x"), GrantTokens: [GrantToken ?? ""] };
    await on.kms(VENDOR_DEMO).send(new EncryptCommand(token));
    on.pass(WINDOW + 1);
    await use(on);
  });

  test("the window survives a restart", async () => {
    await using on = await stage(WINDOW);
    await put(on, policy(ROOT, GRANT));
    const { history } = on.key("healthy");
    expect(JSON.parse(JSON.stringify(history))).toEqual(history);
    expect(history).toHaveLength(1);
  });
});
