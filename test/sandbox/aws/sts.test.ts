import { DecryptCommand, EncryptCommand, GetKeyPolicyCommand } from "@aws-sdk/client-kms";
import { AssumeRoleCommand, GetCallerIdentityCommand, GetSessionTokenCommand } from "@aws-sdk/client-sts";
import { describe, expect, test } from "vitest";
import { PROBE_ROLE } from "../../../src/sandbox/aws/recipes.ts";
import { AUDITOR, HEALTHY_AWS_KEY, OWNER, VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import { type Credentials, policy, ROOT, refusal, type Stage, stage } from "./kit.ts";

async function assume(on: Stage, as: Credentials): Promise<Credentials> {
  const input = { RoleArn: PROBE_ROLE, RoleSessionName: "keygrant" };
  const { Credentials: given } = await on.sts(as).send(new AssumeRoleCommand(input));
  return {
    accessKeyId: given?.AccessKeyId ?? "",
    secretAccessKey: given?.SecretAccessKey ?? "",
    sessionToken: given?.SessionToken ?? "",
  };
}

const SESSION = "arn:aws:sts::111122223333:assumed-role/keygrant-probe/keygrant";

describe("GetCallerIdentity", () => {
  test("a user", async () => {
    await using on = await stage();
    expect(await on.sts().send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "111122223333",
      Arn: OWNER.arn,
      UserId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
    });
  });

  test("a role is always seen in a session", async () => {
    await using on = await stage();
    expect(await on.sts(VENDOR_DEMO).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "999988887777",
      Arn: "arn:aws:sts::999988887777:assumed-role/aiven-cmk-anchor/sandbox",
      UserId: expect.stringMatching(/^AROA[0-9A-F]{17}:sandbox$/),
    });
  });
});

describe("AssumeRole", () => {
  test.each([
    ["the owner", OWNER],
    ["the auditor", AUDITOR],
  ])("%s becomes the probe, which uses keys and reads nothing", async (_, as) => {
    await using on = await stage();
    const probe = await assume(on, as);
    expect((await on.sts(probe).send(new GetCallerIdentityCommand({}))).Arn).toBe(SESSION);
    const kms = on.kms(probe);
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: Buffer.from("x") }),
    );
    await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(await refusal(kms.send(new GetKeyPolicyCommand({ KeyId: HEALTHY_AWS_KEY })))).toMatch(
      /^AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role\/keygrant-probe\/keygrant is not authorized/,
    );
  });

  test("policies may name the role or the session", async () => {
    await using on = await stage();
    const probe = on.kms(await assume(on, OWNER));
    const key = on.key("healthy");
    const use = () => probe.send(new EncryptCommand({ KeyId: key.arn, Plaintext: Buffer.from("x") }));
    for (const AWS of [PROBE_ROLE, SESSION]) {
      key.policy = policy({ ...ROOT, Principal: { AWS } });
      await use();
    }
    key.policy = policy({ ...ROOT, Principal: { AWS: `${SESSION}-other` } });
    expect(await refusal(use())).toMatch(/^AccessDeniedException/);
  });

  test.each<[string, Credentials, object, RegExp]>([
    [
      "a role that does not trust the caller",
      VENDOR_DEMO,
      {},
      /^AccessDenied: User: \S+ is not authorized to perform: sts:AssumeRole on resource: \S+$/,
    ],
    ["a role that does not exist", OWNER, { RoleArn: `${PROBE_ROLE}-not` }, /^AccessDenied: /],
    ["a session name with spaces", OWNER, { RoleSessionName: "a b" }, /^ValidationError: .*'roleSessionName'/],
    ["too short a time", OWNER, { DurationSeconds: 60 }, /^ValidationError: .*'durationSeconds'/],
    ["a session policy", OWNER, { Policy: "{}" }, /^ValidationError/],
  ])("refused: %s", async (_, as, change, expected) => {
    await using on = await stage();
    const input = { RoleArn: PROBE_ROLE, RoleSessionName: "keygrant", ...change };
    expect(await refusal(on.sts(as).send(new AssumeRoleCommand(input)))).toMatch(expected);
  });
});

describe("errors in the Query protocol", () => {
  test.each<[Credentials, string]>([
    [{ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" }, "InvalidClientTokenId"],
    [{ accessKeyId: OWNER.accessKeyId, secretAccessKey: "x" }, "SignatureDoesNotMatch"],
  ])("%j: %s, 403", async (credentials, code) => {
    await using on = await stage();
    const error = await on
      .sts(credentials)
      .send(new GetCallerIdentityCommand({}))
      .catch((reason) => reason);
    expect(error).toMatchObject({ name: code, $metadata: { httpStatusCode: 403 } });
  });

  test("another operation", async () => {
    await using on = await stage();
    expect(await refusal(on.sts().send(new GetSessionTokenCommand({})))).toBe(
      "InvalidAction: Could not find operation GetSessionToken for version 2011-06-15",
    );
  });
});
