import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListAliasesCommand,
  ListGrantsCommand,
  ListKeyPoliciesCommand,
  ListKeysCommand,
  PutKeyPolicyCommand,
  ReplicateKeyCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { AUDITOR, HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import { policy, ROOT, refusal, type Stage, stage } from "./kit.ts";

const PLAIN = Buffer.from("hello");
const DAY = 86_400_000;
const HEALTHY_ID = "11111111-1111-4111-8111-111111111111";

describe("finding a key", () => {
  test.each([HEALTHY_AWS_KEY, HEALTHY_ID, "alias/healthy", "arn:aws:kms:eu-west-1:111122223333:alias/healthy"])(
    "by %s",
    async (KeyId) => {
      await using on = await stage();
      const { KeyMetadata } = await on.kms().send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata).toMatchObject({
        AWSAccountId: "111122223333",
        Arn: HEALTHY_AWS_KEY,
        KeyId: HEALTHY_ID,
        Enabled: true,
        KeyState: "Enabled",
        KeyManager: "CUSTOMER",
        KeySpec: "SYMMETRIC_DEFAULT",
        KeyUsage: "ENCRYPT_DECRYPT",
        EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
        MultiRegion: false,
        Origin: "AWS_KMS",
      });
      expect(KeyMetadata?.CreationDate).toBeInstanceOf(Date);
    },
  );

  const NOBODY = "22222222-9999-4000-8000-000000009999";
  test.each([
    [NOBODY, `NotFoundException: Key 'arn:aws:kms:eu-west-1:111122223333:key/${NOBODY}' does not exist`],
    [HEALTHY_AWS_KEY.replace("eu-west-1", "us-east-1"), "NotFoundException: Invalid arn us-east-1"],
    ["fake-key-id", "NotFoundException: Invalid keyId 'fake-key-id'"],
    ["alias/none", "NotFoundException: Alias arn:aws:kms:eu-west-1:111122223333:alias/none is not found."],
    ["arn:aws:s3:::bucket", "InvalidArnException: Invalid arn arn:aws:s3:::bucket"],
    [
      "arn:aws-cn:kms:eu-west-1:111122223333:key/x",
      "InvalidArnException: Invalid arn arn:aws-cn:kms:eu-west-1:111122223333:key/x",
    ],
  ])("%s: %s", async (KeyId, expected) => {
    await using on = await stage();
    expect(await refusal(on.kms().send(new DescribeKeyCommand({ KeyId })))).toBe(expected);
  });

  test("an id is looked up in the Region of the signature", async () => {
    await using on = await stage();
    const elsewhere = on.kms(undefined, "us-east-1").send(new DescribeKeyCommand({ KeyId: HEALTHY_ID }));
    expect(await refusal(elsewhere)).toMatch(/^NotFoundException: Key 'arn:aws:kms:us-east-1:111122223333:key/);
  });

  test.each(["alias/healthy", "arn:aws:kms:eu-west-1:111122223333:alias/healthy"])(
    "the policy operations take no alias: %s",
    async (KeyId) => {
      await using on = await stage();
      const said = /^(NotFoundException: Invalid keyId|InvalidArnException)/;
      expect(await refusal(on.kms().send(new GetKeyPolicyCommand({ KeyId })))).toMatch(said);
      expect(await refusal(on.kms().send(new PutKeyPolicyCommand({ KeyId, Policy: policy(ROOT) })))).toMatch(said);
    },
  );

  test("another account's absent key and forbidden key give the same answer", async () => {
    await using on = await stage();
    const vendor = on.kms(VENDOR_DEMO);
    const absent = HEALTHY_AWS_KEY.replace("11111111-", "11111112-");
    const expected =
      "AccessDeniedException: User: arn:aws:sts::999988887777:assumed-role/aiven-cmk-anchor/sandbox is not authorized to perform: kms:DescribeKey on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access";
    expect(await refusal(vendor.send(new DescribeKeyCommand({ KeyId: absent })))).toBe(expected);
    expect(await refusal(vendor.send(new DescribeKeyCommand({ KeyId: HEALTHY_AWS_KEY })))).toBe(expected);
  });

  test("what AWS keeps to the own account is refused to others, whatever the policy says", async () => {
    await using on = await stage();
    const KeyId = on.key("too-broad").arn;
    on.key("too-broad").policy = policy(ROOT, { Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" });
    const vendor = on.kms(VENDOR_DEMO);
    expect(await refusal(vendor.send(new GetKeyPolicyCommand({ KeyId })))).toMatch(/^AccessDeniedException/);
    expect(await refusal(vendor.send(new PutKeyPolicyCommand({ KeyId, Policy: policy(ROOT) })))).toMatch(
      /^AccessDenied/,
    );
  });
});

describe("authorisation", () => {
  test("the auditor looks and does not touch", async () => {
    await using on = await stage();
    const auditor = on.kms(AUDITOR);
    await auditor.send(new DescribeKeyCommand({ KeyId: HEALTHY_ID }));
    await auditor.send(new GetKeyPolicyCommand({ KeyId: HEALTHY_ID }));
    expect(await refusal(auditor.send(new EncryptCommand({ KeyId: HEALTHY_ID, Plaintext: PLAIN })))).toBe(
      `AccessDeniedException: User: ${AUDITOR.arn} is not authorized to perform: kms:Encrypt on resource: ${HEALTHY_AWS_KEY} because no identity-based policy allows the kms:Encrypt action`,
    );
    expect(await refusal(auditor.send(new CreateKeyCommand({})))).toBe(
      `AccessDeniedException: User: ${AUDITOR.arn} is not authorized to perform: kms:CreateKey on resource: * because no identity-based policy allows the kms:CreateKey action`,
    );
  });

  test("an explicit deny says so", async () => {
    await using on = await stage();
    const KeyId = on.key("unreadable").arn;
    await on.kms().send(new DescribeKeyCommand({ KeyId }));
    expect(await refusal(on.kms().send(new GetKeyPolicyCommand({ KeyId })))).toMatch(
      /kms:GetKeyPolicy on resource: arn:\S+ with an explicit deny in a resource-based policy$/,
    );
  });

  test("nothing in the policy says so", async () => {
    await using on = await stage();
    on.key("healthy").policy = policy({ ...ROOT, Action: "kms:Put*" });
    expect(await refusal(on.kms().send(new DescribeKeyCommand({ KeyId: HEALTHY_ID })))).toMatch(
      /because no resource-based policy allows the kms:DescribeKey action$/,
    );
  });

  test("a key of AWS's own cannot be changed", async () => {
    await using on = await stage();
    const KeyId = on.key("aws/s3").arn;
    await on.kms().send(new GetKeyPolicyCommand({ KeyId }));
    expect(await refusal(on.kms().send(new PutKeyPolicyCommand({ KeyId, Policy: policy(ROOT) })))).toMatch(
      /^AccessDeniedException: .* because no resource-based policy allows the kms:PutKeyPolicy action$/,
    );
  });
});

describe("faults of a key", () => {
  test.each([
    ["throttled", /^ThrottlingException: Rate exceeded$/],
    ["internal-error", /^KMSInternalException/],
    ["hangs-up", /socket hang up|ECONNRESET/],
  ])("%s", async (name, expected) => {
    await using on = await stage();
    expect(await refusal(on.kms().send(new DescribeKeyCommand({ KeyId: on.key(name).arn })))).toMatch(expected);
  });

  test("throttling has HTTP 400, an internal error 500", async () => {
    await using on = await stage();
    const status = async (name: string) => {
      const error = await on
        .kms()
        .send(new DescribeKeyCommand({ KeyId: on.key(name).arn }))
        .catch((reason) => reason);
      return error.$metadata.httpStatusCode;
    };
    expect(await status("throttled")).toBe(400);
    expect(await status("internal-error")).toBe(500);
  });
});

describe("states", () => {
  const encrypt = (on: Stage, name: string) =>
    refusal(on.kms().send(new EncryptCommand({ KeyId: on.key(name).arn, Plaintext: PLAIN })));

  test.each([
    ["disabled", "DisabledException: <arn> is disabled."],
    ["pending-deletion", "KMSInvalidStateException: <arn> is pending deletion."],
    ["pending-import", "KMSInvalidStateException: <arn> is pending import."],
    ["material-expired", "KMSInvalidStateException: <arn> is pending import."],
    ["unavailable", "KMSInvalidStateException: <arn> is unavailable."],
    ["creating", "KMSInvalidStateException: <arn> is creating."],
  ])("%s: %s", async (name, expected) => {
    await using on = await stage();
    expect(await encrypt(on, name)).toBe(expected.replace("<arn>", on.key(name).arn));
  });

  test("a Multi-Region key that is being updated encrypts", async () => {
    await using on = await stage();
    await on.kms().send(new EncryptCommand({ KeyId: on.key("updating").arn, Plaintext: PLAIN }));
  });

  test("disable, enable, delete, cancel", async () => {
    await using on = await stage();
    const KeyId = HEALTHY_ID;
    const state = async () => (await on.kms().send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
    await on.kms().send(new DisableKeyCommand({ KeyId }));
    expect(await state()).toMatchObject({ KeyState: "Disabled", Enabled: false });
    await on.kms().send(new EnableKeyCommand({ KeyId }));
    expect(await refusal(on.kms().send(new CancelKeyDeletionCommand({ KeyId })))).toBe(
      `KMSInvalidStateException: ${HEALTHY_AWS_KEY} is not pending deletion.`,
    );
    const scheduled = await on.kms().send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect(scheduled).toMatchObject({ KeyId: HEALTHY_AWS_KEY, KeyState: "PendingDeletion", PendingWindowInDays: 7 });
    expect((await state())?.DeletionDate?.getTime()).toBeCloseTo(Date.now() + 7 * DAY, -5);
    expect(await refusal(on.kms().send(new EnableKeyCommand({ KeyId })))).toMatch(/is pending deletion\.$/);
    await on.kms().send(new CancelKeyDeletionCommand({ KeyId }));
    expect(await state()).toMatchObject({ KeyState: "Disabled" });
  });

  test("a key whose date has come is gone, with its aliases", async () => {
    await using on = await stage();
    const { arn } = on.key("pending-deletion");
    on.pass(31 * DAY);
    expect(await refusal(on.kms().send(new DescribeKeyCommand({ KeyId: arn })))).toBe(
      `NotFoundException: Key '${arn}' does not exist`,
    );
    expect(await refusal(on.kms().send(new DescribeKeyCommand({ KeyId: "alias/pending-deletion" })))).toMatch(
      /is not found/,
    );
  });

  test("material whose date has come is gone", async () => {
    await using on = await stage();
    const KeyId = on.key("material-expiring").arn;
    const before = await on.kms().send(new DescribeKeyCommand({ KeyId }));
    expect(before.KeyMetadata).toMatchObject({ KeyState: "Enabled", ExpirationModel: "KEY_MATERIAL_EXPIRES" });
    on.pass(8 * DAY);
    const after = await on.kms().send(new DescribeKeyCommand({ KeyId }));
    expect(after.KeyMetadata).toMatchObject({ KeyState: "PendingImport", ValidTo: before.KeyMetadata?.ValidTo });
  });
});

describe("rotation", () => {
  test("on, off, on", async () => {
    await using on = await stage();
    const KeyId = HEALTHY_ID;
    const status = () => on.kms().send(new GetKeyRotationStatusCommand({ KeyId }));
    expect(await status()).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 365 });
    await on.kms().send(new DisableKeyRotationCommand({ KeyId }));
    expect(await status()).toMatchObject({ KeyRotationEnabled: false });
    await on.kms().send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    expect(await status()).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 });
  });

  test.each(["material-expiring", "rsa-encrypt", "hmac", "unavailable"])("not for %s", async (name) => {
    await using on = await stage();
    const asked = on.kms().send(new GetKeyRotationStatusCommand({ KeyId: on.key(name).arn }));
    expect(await refusal(asked)).toMatch(/^UnsupportedOperationException: .* which is not valid for this operation\.$/);
  });
});

describe("making keys and aliases", () => {
  test("a key, its policy, its aliases, and the lists", async () => {
    await using on = await stage();
    const kms = on.kms(undefined, "ap-south-1");
    const made = await kms.send(new CreateKeyCommand({ Description: "mine" }));
    const KeyId = made.KeyMetadata?.KeyId ?? "";
    expect(made.KeyMetadata).toMatchObject({ Description: "mine", KeyState: "Enabled" });
    expect(await kms.send(new ListKeysCommand({}))).toMatchObject({
      Keys: [{ KeyId, KeyArn: `arn:aws:kms:ap-south-1:111122223333:key/${KeyId}` }],
      Truncated: false,
    });
    expect(await kms.send(new ListKeyPoliciesCommand({ KeyId }))).toMatchObject({ PolicyNames: ["default"] });
    const stored = await kms.send(new GetKeyPolicyCommand({ KeyId }));
    expect(JSON.parse(stored.Policy ?? "")).toEqual({ Version: "2012-10-17", Id: "key-default-1", Statement: [ROOT] });

    await kms.send(new CreateAliasCommand({ AliasName: "alias/mine", TargetKeyId: KeyId }));
    expect((await kms.send(new ListAliasesCommand({}))).Aliases).toMatchObject([
      { AliasName: "alias/mine", AliasArn: "arn:aws:kms:ap-south-1:111122223333:alias/mine", TargetKeyId: KeyId },
    ]);
    const again = kms.send(new CreateAliasCommand({ AliasName: "alias/mine", TargetKeyId: KeyId }));
    expect(await refusal(again)).toMatch(/^AlreadyExistsException: .*alias\/mine already exists$/);
    await kms.send(new DeleteAliasCommand({ AliasName: "alias/mine" }));
    expect((await kms.send(new ListAliasesCommand({}))).Aliases).toEqual([]);
    const gone = kms.send(new DeleteAliasCommand({ AliasName: "alias/mine" }));
    expect(await refusal(gone)).toMatch(/^NotFoundException: Alias \S+ is not found\.$/);
  });

  test.each([
    ["mine", /^ValidationException: Alias must start with the prefix "alias\/"\./],
    ["alias/aws/mine", /^InvalidAliasNameException/],
    ["alias/my key", /^InvalidAliasNameException/],
  ])("no alias %s", async (AliasName, expected) => {
    await using on = await stage();
    const asked = on.kms().send(new CreateAliasCommand({ AliasName, TargetKeyId: HEALTHY_ID }));
    expect(await refusal(asked)).toMatch(expected);
  });

  test.each<[object, RegExp]>([
    [{ KeySpec: "RSA_2048" }, /^ValidationException: You must specify a KeyUsage value/],
    [{ KeySpec: "HMAC_256", KeyUsage: "ENCRYPT_DECRYPT" }, /^ValidationException/],
    [{ KeySpec: "RSA_1" }, /^ValidationException: .*'keySpec'.*enum value set/],
    [{ Policy: "{" }, /^MalformedPolicyDocumentException/],
    [
      { Policy: policy({ ...ROOT, Principal: { AWS: VENDOR_DEMO.arn } }) },
      /will not allow you to update the key policy/,
    ],
  ])("not with %j", async (input, expected) => {
    await using on = await stage();
    const count = on.world.keys.length;
    expect(await refusal(on.kms().send(new CreateKeyCommand(input)))).toMatch(expected);
    expect(on.world.keys).toHaveLength(count);
  });

  test("lists come in pages", async () => {
    await using on = await stage();
    const first = await on.kms().send(new ListKeysCommand({ Limit: 3 }));
    expect(first).toMatchObject({ Truncated: true });
    const second = await on.kms().send(new ListKeysCommand({ Limit: 1000, Marker: first.NextMarker }));
    const all = await on.kms().send(new ListKeysCommand({}));
    expect([...(first.Keys ?? []), ...(second.Keys ?? [])]).toEqual(all.Keys);
    const bad = on.kms().send(new ListKeysCommand({ Marker: "x" }));
    expect(await refusal(bad)).toMatch(/^InvalidMarkerException/);
  });
});

describe("Multi-Region keys", () => {
  test("a replica has a policy of its own, and is ready after a moment", async () => {
    await using on = await stage();
    const made = await on.kms().send(new CreateKeyCommand({ MultiRegion: true }));
    const KeyId = made.KeyMetadata?.KeyId ?? "";
    expect(KeyId).toMatch(/^mrk-[0-9a-f]{32}$/);
    const input = { KeyId, ReplicaRegion: "eu-north-1" };
    const { ReplicaKeyMetadata: replica } = await on.kms().send(new ReplicateKeyCommand(input));
    expect(replica).toMatchObject({
      KeyState: "Creating",
      MultiRegionConfiguration: { MultiRegionKeyType: "REPLICA" },
    });
    expect(await refusal(on.kms().send(new ReplicateKeyCommand(input)))).toMatch(/^AlreadyExistsException/);
    on.pass(3000);
    const there = on.kms(undefined, "eu-north-1");
    expect((await there.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState).toBe("Enabled");
    const here = await on.kms().send(new DescribeKeyCommand({ KeyId }));
    expect(here.KeyMetadata?.MultiRegionConfiguration).toEqual({
      MultiRegionKeyType: "PRIMARY",
      PrimaryKey: { Arn: made.KeyMetadata?.Arn, Region: "eu-west-1" },
      ReplicaKeys: [{ Arn: replica?.Arn, Region: "eu-north-1" }],
    });
  });

  test("a primary with replicas waits for them to be deleted", async () => {
    await using on = await stage();
    const { id: KeyId } = on.key("replica-not-granted");
    const scheduled = await on.kms().send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 10 }));
    expect(scheduled).toMatchObject({ KeyState: "PendingReplicaDeletion", PendingWindowInDays: 10 });
    expect(scheduled.DeletionDate).toBeUndefined();
    await on.kms(undefined, "eu-central-1").send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    on.pass(8 * DAY);
    const { KeyMetadata } = await on.kms().send(new DescribeKeyCommand({ KeyId }));
    expect(KeyMetadata?.KeyState).toBe("PendingDeletion");
  });

  test("only a primary is replicated", async () => {
    await using on = await stage();
    const asked = on.kms().send(new ReplicateKeyCommand({ KeyId: HEALTHY_ID, ReplicaRegion: "eu-north-1" }));
    expect(await refusal(asked)).toMatch(/^UnsupportedOperationException/);
  });
});

describe("grants", () => {
  const input = { KeyId: HEALTHY_AWS_KEY, GranteePrincipal: VENDOR_DEMO.arn, Operations: ["Encrypt" as const] };

  test("created, listed, used and revoked", async () => {
    await using on = await stage();
    const vendor = on.kms(VENDOR_DEMO);
    const use = () => vendor.send(new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: PLAIN }));
    expect(await refusal(use())).toMatch(/^AccessDeniedException/);
    const { GrantId } = await on.kms().send(new CreateGrantCommand({ ...input, Name: "n" }));
    const again = await on.kms().send(new CreateGrantCommand({ ...input, Name: "n" }));
    expect(again.GrantId).toBe(GrantId);
    await use();
    const { Grants } = await on.kms().send(new ListGrantsCommand({ KeyId: HEALTHY_ID }));
    expect(Grants).toMatchObject([
      { GrantId, KeyId: HEALTHY_AWS_KEY, Name: "n", GranteePrincipal: VENDOR_DEMO.arn, Operations: ["Encrypt"] },
    ]);
    const none = await on.kms().send(new ListGrantsCommand({ KeyId: HEALTHY_ID, GranteePrincipal: AUDITOR.arn }));
    expect(none.Grants).toEqual([]);
    await on.kms().send(new RevokeGrantCommand({ KeyId: HEALTHY_ID, GrantId }));
    expect(await refusal(use())).toMatch(/^AccessDeniedException/);
    expect(await refusal(on.kms().send(new RevokeGrantCommand({ KeyId: HEALTHY_ID, GrantId })))).toMatch(
      /^NotFoundException/,
    );
  });

  test("a constraint on the encryption context holds", async () => {
    await using on = await stage();
    await on.kms().send(new CreateGrantCommand({ ...input, Constraints: { EncryptionContextSubset: { app: "x" } } }));
    const use = (EncryptionContext: Record<string, string>) =>
      on.kms(VENDOR_DEMO).send(new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: PLAIN, EncryptionContext }));
    await use({ app: "x", more: "y" });
    expect(await refusal(use({ app: "z" }))).toMatch(/^AccessDeniedException/);
  });

  test("refused: nobody, nothing, a disabled key", async () => {
    await using on = await stage();
    const kms = on.kms();
    const nobody = { ...input, GranteePrincipal: "arn:aws:iam::999988887777:role/nobody" };
    expect(await refusal(kms.send(new CreateGrantCommand(nobody)))).toMatch(/^InvalidArnException: ARN does not refer/);
    expect(await refusal(kms.send(new CreateGrantCommand({ ...input, Operations: ["Fly" as never] })))).toMatch(
      /^ValidationException/,
    );
    const disabled = { ...input, KeyId: on.key("disabled").arn };
    expect(await refusal(kms.send(new CreateGrantCommand(disabled)))).toMatch(/^DisabledException/);
  });
});

test("a dry run changes nothing", async () => {
  await using on = await stage();
  const dry = { KeyId: HEALTHY_ID, DryRun: true };
  const grant = { ...dry, GranteePrincipal: VENDOR_DEMO.arn, Operations: ["Encrypt" as const] };
  expect(await refusal(on.kms().send(new CreateGrantCommand(grant)))).toMatch(/^DryRunOperationException/);
  expect(await refusal(on.kms().send(new EncryptCommand({ ...dry, Plaintext: PLAIN })))).toMatch(/^DryRunOperation/);
  expect(await refusal(on.kms(AUDITOR).send(new EncryptCommand({ ...dry, Plaintext: PLAIN })))).toMatch(
    /^AccessDenied/,
  );
  expect(on.key("healthy").grants).toEqual([]);
});

test("operations that are not imitated are unknown", async () => {
  await using on = await stage();
  const asked = on.kms().send(new TagResourceCommand({ KeyId: HEALTHY_ID, Tags: [{ TagKey: "a", TagValue: "b" }] }));
  expect(await refusal(asked)).toMatch(/^UnknownOperationException/);
});
