import { constants, createHash, publicEncrypt, randomBytes } from "node:crypto";
import {
  CreateKeyCommand,
  DecryptCommand,
  DeleteImportedKeyMaterialCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { HEALTHY_AWS_KEY, OWNER_ACCOUNT, VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import { refusal, type Stage, stage } from "./kit.ts";

const PLAIN = Buffer.from("as we agreed");

describe("symmetric", () => {
  test("what goes in comes out, under the same encryption context", async () => {
    await using on = await stage();
    const kms = on.kms();
    const EncryptionContext = { purpose: "test", tier: "1" };
    const sealed = await kms.send(new EncryptCommand({ KeyId: "alias/healthy", Plaintext: PLAIN, EncryptionContext }));
    expect(sealed).toMatchObject({ KeyId: HEALTHY_AWS_KEY, EncryptionAlgorithm: "SYMMETRIC_DEFAULT" });
    const CiphertextBlob = sealed.CiphertextBlob;
    expect(Buffer.from(CiphertextBlob ?? []).includes(PLAIN)).toBe(false);
    const opened = await kms.send(
      new DecryptCommand({ CiphertextBlob, EncryptionContext: { tier: "1", purpose: "test" } }),
    );
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(PLAIN);
    expect(opened.KeyId).toBe(HEALTHY_AWS_KEY);
    expect(await refusal(kms.send(new DecryptCommand({ CiphertextBlob })))).toMatch(/^InvalidCiphertextException/);
  });

  test("altered bytes and foreign bytes are no ciphertext", async () => {
    await using on = await stage();
    const sealed = await on.kms().send(new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: PLAIN }));
    const altered = Buffer.from(sealed.CiphertextBlob ?? []);
    altered.writeUInt8(altered.readUInt8(altered.length - 1) ^ 1, altered.length - 1);
    for (const CiphertextBlob of [altered, randomBytes(120), altered.subarray(0, 20)]) {
      expect(await refusal(on.kms().send(new DecryptCommand({ CiphertextBlob })))).toMatch(
        /^InvalidCiphertextException/,
      );
    }
  });

  test("another key than the one that encrypted", async () => {
    await using on = await stage();
    const { CiphertextBlob } = await on.kms().send(new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: PLAIN }));
    const wrong = on.kms().send(new DecryptCommand({ CiphertextBlob, KeyId: on.key("granted").arn }));
    expect(await refusal(wrong)).toBe(
      "IncorrectKeyException: The key ID in the request does not identify a CMK that can perform this operation.",
    );
  });

  test("a ciphertext of another Region", async () => {
    await using on = await stage();
    const { CiphertextBlob } = await on.kms().send(new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: PLAIN }));
    const elsewhere = on.kms(undefined, "us-east-1").send(new DecryptCommand({ CiphertextBlob }));
    expect(await refusal(elsewhere)).toMatch(
      /^AccessDeniedException: The ciphertext refers to a customer master key that/,
    );
  });

  test("a Multi-Region key decrypts in the other Region what it encrypted in one", async () => {
    await using on = await stage();
    const { id: KeyId } = on.key("replica-not-granted");
    const { CiphertextBlob } = await on.kms().send(new EncryptCommand({ KeyId, Plaintext: PLAIN }));
    const there = on.kms(undefined, "eu-central-1");
    for (const input of [{ CiphertextBlob }, { CiphertextBlob, KeyId }]) {
      const opened = await there.send(new DecryptCommand(input));
      expect(opened.KeyId).toBe(`arn:aws:kms:eu-central-1:${OWNER_ACCOUNT}:key/${KeyId}`);
    }
  });

  test("the vendor needs the right for each of both", async () => {
    await using on = await stage();
    const KeyId = on.key("partial").arn;
    const vendor = on.kms(VENDOR_DEMO);
    const { CiphertextBlob } = await vendor.send(new EncryptCommand({ KeyId, Plaintext: PLAIN }));
    expect(await refusal(vendor.send(new DecryptCommand({ CiphertextBlob, KeyId })))).toMatch(
      /^AccessDeniedException: .* is not authorized to perform: kms:Decrypt on this resource because/,
    );
  });

  test("data keys", async () => {
    await using on = await stage();
    const kms = on.kms();
    const made = await kms.send(new GenerateDataKeyCommand({ KeyId: HEALTHY_AWS_KEY, KeySpec: "AES_256" }));
    expect(made.Plaintext).toHaveLength(32);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
    expect(opened.Plaintext).toEqual(made.Plaintext);
    const none = kms.send(new GenerateDataKeyCommand({ KeyId: HEALTHY_AWS_KEY }));
    expect(await refusal(none)).toBe("ValidationException: Please specify either number of bytes or key spec.");
  });

  test.each<[number, RegExp]>([
    [0, /'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1$/],
    [4097, /'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096$/],
  ])("not %i bytes", async (size, expected) => {
    await using on = await stage();
    const asked = on.kms().send(new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: Buffer.alloc(size) }));
    expect(await refusal(asked)).toMatch(expected);
  });
});

describe("other kinds of keys", () => {
  test.each([
    ["sign-verify", "InvalidKeyUsageException: <arn> key usage is SIGN_VERIFY which is not valid for Encrypt."],
    ["hmac", "InvalidKeyUsageException: <arn> key usage is GENERATE_VERIFY_MAC which is not valid for Encrypt."],
    ["rsa-encrypt", "InvalidKeyUsageException: Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."],
  ])("%s does not encrypt as Aiven would", async (name, expected) => {
    await using on = await stage();
    const asked = on.kms().send(new EncryptCommand({ KeyId: on.key(name).arn, Plaintext: PLAIN }));
    expect(await refusal(asked)).toBe(expected.replace("<arn>", on.key(name).arn));
  });

  test("RSA encrypts when it is asked for", async () => {
    await using on = await stage();
    const KeyId = on.key("rsa-encrypt").arn;
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    const { CiphertextBlob } = await on
      .kms()
      .send(new EncryptCommand({ KeyId, Plaintext: PLAIN, EncryptionAlgorithm }));
    const opened = await on.kms().send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(PLAIN);
    const much = on.kms().send(new EncryptCommand({ KeyId, Plaintext: Buffer.alloc(191), EncryptionAlgorithm }));
    expect(await refusal(much)).toBe(
      "ValidationException: Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data larger than 190 bytes.",
    );
  });
});

describe("imported material", () => {
  const wrapping = { WrappingAlgorithm: "RSAES_OAEP_SHA_256", WrappingKeySpec: "RSA_2048" } as const;

  async function load(on: Stage, KeyId: string, material: Buffer, expiry: object): Promise<void> {
    const kms = on.kms();
    const parameters = await kms.send(new GetParametersForImportCommand({ KeyId, ...wrapping }));
    const key = { key: Buffer.from(parameters.PublicKey ?? []), format: "der", type: "spki" } as const;
    const oaep = { ...key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    const EncryptedKeyMaterial = publicEncrypt(oaep, material);
    const { ImportToken } = parameters;
    await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...expiry }));
  }

  test("imported, used, deleted, and imported again: the same and no other", async () => {
    await using on = await stage();
    const kms = on.kms();
    const made = await kms.send(new CreateKeyCommand({ Origin: "EXTERNAL" }));
    const KeyId = made.KeyMetadata?.KeyId ?? "";
    const state = async () => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
    expect(await state()).toMatchObject({ KeyState: "PendingImport", Origin: "EXTERNAL", Enabled: false });

    const material = createHash("sha256").update("mine").digest();
    const forever = { ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" };
    await load(on, KeyId, material, forever);
    expect(await state()).toMatchObject({ KeyState: "Enabled", ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" });
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: PLAIN }));
    await kms.send(new DeleteImportedKeyMaterialCommand({ KeyId }));
    expect(await refusal(kms.send(new DecryptCommand({ CiphertextBlob })))).toMatch(/is pending import\.$/);

    expect(await refusal(load(on, KeyId, randomBytes(32), forever))).toMatch(/^IncorrectKeyMaterialException/);
    expect(await refusal(load(on, KeyId, material, {}))).toMatch(/^ValidationException: A validTo date must be set/);
    await load(on, KeyId, material, { ValidTo: new Date(Date.now() + 86_400_000) });
    expect((await state())?.ExpirationModel).toBe("KEY_MATERIAL_EXPIRES");
    await kms.send(new DecryptCommand({ CiphertextBlob }));
  });

  test("not into a key with material of AWS's own, and not with any token", async () => {
    await using on = await stage();
    const own = on.kms().send(new GetParametersForImportCommand({ KeyId: HEALTHY_AWS_KEY, ...wrapping }));
    expect(await refusal(own)).toBe(
      `UnsupportedOperationException: ${HEALTHY_AWS_KEY} origin is AWS_KMS which is not valid for this operation.`,
    );
    const blobs = { ImportToken: Buffer.from("x"), EncryptedKeyMaterial: Buffer.from("y") };
    const input = {
      KeyId: on.key("pending-import").arn,
      ...blobs,
      ExpirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE",
    } as const;
    expect(await refusal(on.kms().send(new ImportKeyMaterialCommand(input)))).toMatch(/^InvalidImportTokenException/);
  });
});
