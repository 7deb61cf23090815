import { constants, publicEncrypt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { GCP_AUDITOR, HEALTHY_GCP_KEY, HEALTHY_GCP_RSA_KEY } from "../../../src/sandbox/cast.ts";
import { crc32c } from "../../../src/sandbox/gcp/crypto.ts";
import { base64, detailIn, inShort, keyNamed, stage } from "./kit.ts";

const PLAIN = base64("hello");
const PLAIN_SUM = String(crc32c(Buffer.from("hello")));

test("CRC32C is Castagnoli's", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(0))).toBe(0);
});

describe("symmetric keys", () => {
  test("encrypt and decrypt, with every checksum", async () => {
    const { ask } = await stage();
    const aad = base64("for the tests");
    const sealed = await ask("POST", `${HEALTHY_GCP_KEY}:encrypt`, {
      plaintext: PLAIN,
      plaintextCrc32c: PLAIN_SUM,
      additionalAuthenticatedData: aad,
      additionalAuthenticatedDataCrc32c: String(crc32c(Buffer.from("for the tests"))),
    });
    const ciphertext = String(sealed.body["ciphertext"]);
    expect(sealed.body).toEqual({
      name: `${HEALTHY_GCP_KEY}/cryptoKeyVersions/1`,
      ciphertext,
      ciphertextCrc32c: String(crc32c(Buffer.from(ciphertext, "base64"))),
      verifiedPlaintextCrc32c: true,
      verifiedAdditionalAuthenticatedDataCrc32c: true,
      protectionLevel: "SOFTWARE",
    });
    const opened = await ask("POST", `${HEALTHY_GCP_KEY}:decrypt`, { ciphertext, additionalAuthenticatedData: aad });
    expect(opened.body).toEqual({
      plaintext: PLAIN,
      plaintextCrc32c: PLAIN_SUM,
      usedPrimary: true,
      protectionLevel: "SOFTWARE",
    });
  });

  test("no checksum sent, none verified; either spelling of a field", async () => {
    const { ask } = await stage();
    const plain = await ask("POST", `${HEALTHY_GCP_KEY}:encrypt`, { plaintext: PLAIN });
    expect(plain.body).not.toHaveProperty("verifiedPlaintextCrc32c");
    const snake = await ask("POST", `${HEALTHY_GCP_KEY}:encrypt`, { plaintext: PLAIN, plaintext_crc32c: PLAIN_SUM });
    expect(snake.body).toMatchObject({ verifiedPlaintextCrc32c: true });
  });

  test.each([
    [
      { plaintext: PLAIN, plaintextCrc32c: "1" },
      "400 INVALID_ARGUMENT: The checksum in field plaintext_crc32c did not match the data in field plaintext.",
    ],
    [
      { plaintext: "?" },
      `400 INVALID_ARGUMENT: Invalid value at 'plaintext' (TYPE_BYTES), Base64 decoding failed for "?"`,
    ],
    [
      { plaintext: PLAIN, plainText: PLAIN },
      `400 INVALID_ARGUMENT: Invalid JSON payload received. Unknown name "plainText": Cannot find field.`,
    ],
    [
      { plaintext: Buffer.alloc(64 * 1024 + 1).toString("base64") },
      "400 INVALID_ARGUMENT: The plaintext must be no larger than 64KiB.",
    ],
  ])("refused: %#", async (body, expected) => {
    const { ask } = await stage();
    expect(inShort(await ask("POST", `${HEALTHY_GCP_KEY}:encrypt`, body))).toBe(expected);
  });

  test("a ciphertext opens with its own key, data and bytes alone", async () => {
    const { ask } = await stage();
    const sealed = await ask("POST", `${HEALTHY_GCP_KEY}:encrypt`, { plaintext: PLAIN });
    const bytes = Buffer.from(String(sealed.body["ciphertext"]), "base64");
    const open = async (key: string, given: Buffer, aad = "") =>
      inShort(
        await ask("POST", `${key}:decrypt`, {
          ciphertext: given.toString("base64"),
          ...(aad === "" ? {} : { additionalAuthenticatedData: base64(aad) }),
        }),
      );
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
    expect(await open(HEALTHY_GCP_KEY, bytes)).toBe("200");
    expect(await open(HEALTHY_GCP_KEY, Buffer.from("nonsense"))).toMatch("the ciphertext is invalid.");
    expect(await open(keyNamed("granted"), bytes)).toMatch("verify that 'name' refers to the correct CryptoKey.");
    expect(await open(HEALTHY_GCP_KEY, bytes, "other")).toMatch(/^400 INVALID_ARGUMENT: Decryption failed/);
    expect(await open(HEALTHY_GCP_KEY, flipped)).toMatch(/^400 INVALID_ARGUMENT: Decryption failed/);
  });

  test("an old version still decrypts, and says that it was not the primary", async () => {
    const { ask } = await stage();
    const key = keyNamed("two-versions");
    const sealed = await ask("POST", `${key}/cryptoKeyVersions/1:encrypt`, { plaintext: PLAIN });
    expect(sealed.body["name"]).toBe(`${key}/cryptoKeyVersions/1`);
    const opened = await ask("POST", `${key}:decrypt`, { ciphertext: sealed.body["ciphertext"] });
    expect(opened.body).toEqual({ plaintext: PLAIN, plaintextCrc32c: PLAIN_SUM, protectionLevel: "SOFTWARE" });
  });

  test.each([
    ["disabled", "DISABLED"],
    ["destroy-scheduled", "DESTROY_SCHEDULED"],
    ["destroyed", "DESTROYED"],
    ["pending-generation", "PENDING_GENERATION"],
  ])("%s: not enabled", async (name, state) => {
    const { ask } = await stage();
    const version = `${keyNamed(name)}/cryptoKeyVersions/1`;
    const said = await ask("POST", `${keyNamed(name)}:encrypt`, { plaintext: PLAIN });
    expect(inShort(said)).toBe(`400 FAILED_PRECONDITION: ${version} is not enabled, current state is: ${state}.`);
    expect(detailIn(said)).toEqual({
      "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
      violations: [{ type: `KEY_${state}`, subject: version }],
    });
  });

  test.each([
    ["no-version", "does not have a primary version."],
    ["rsa", "its purpose is ASYMMETRIC_DECRYPT."],
    ["mac", "its purpose is MAC."],
  ])("%s cannot encrypt", async (name, words) => {
    const { ask } = await stage();
    const said = inShort(await ask("POST", `${keyNamed(name)}:encrypt`, { plaintext: PLAIN }));
    expect(said).toMatch(/^400 FAILED_PRECONDITION/);
    expect(said).toMatch(words);
  });

  test("a Key Access Justifications policy without a reason refuses everything, and is shown empty", async () => {
    const { ask } = await stage();
    const key = keyNamed("no-justification");
    expect(inShort(await ask("POST", `${key}:encrypt`, { plaintext: PLAIN }))).toMatch(/^403 PERMISSION_DENIED/);
    expect((await ask("GET", key)).body).toMatchObject({ keyAccessJustificationsPolicy: {} });
    await ask("PATCH", `${key}?updateMask=keyAccessJustificationsPolicy`, {
      keyAccessJustificationsPolicy: { allowedAccessReasons: ["CUSTOMER_INITIATED_ACCESS"] },
    });
    expect(inShort(await ask("POST", `${key}:encrypt`, { plaintext: PLAIN }))).toBe("200");
  });
});

describe("RSA keys", () => {
  test("what is encrypted here with the public key comes back, and the key survives a restart", async () => {
    const { ask, sandbox } = await stage();
    const version = `${HEALTHY_GCP_RSA_KEY}/cryptoKeyVersions/1`;
    const [first, second] = await Promise.all([ask("GET", `${version}/publicKey`), ask("GET", `${version}/publicKey`)]);
    const pem = String(first.body["pem"]);
    expect(first.body).toEqual({
      pem,
      algorithm: "RSA_DECRYPT_OAEP_2048_SHA256",
      pemCrc32c: String(crc32c(Buffer.from(pem))),
      name: version,
      protectionLevel: "SOFTWARE",
    });
    expect(second.body).toEqual(first.body);
    expect(JSON.stringify(sandbox.world()["gcp"])).toContain("BEGIN PRIVATE KEY");

    const sealed = publicEncrypt(
      { key: pem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      Buffer.from("hello"),
    );
    const opened = await ask("POST", `${version}:asymmetricDecrypt`, {
      ciphertext: sealed.toString("base64"),
      ciphertextCrc32c: String(crc32c(sealed)),
    });
    expect(opened.body).toEqual({
      plaintext: PLAIN,
      plaintextCrc32c: PLAIN_SUM,
      verifiedCiphertextCrc32c: true,
      protectionLevel: "SOFTWARE",
    });
    const nonsense = await ask("POST", `${version}:asymmetricDecrypt`, { ciphertext: PLAIN });
    expect(inShort(nonsense)).toBe("400 INVALID_ARGUMENT: Decryption failed.");
  });

  test("no public key of a version that is not enabled, of a symmetric key, or for those who may not see it", async () => {
    const { ask } = await stage();
    const of = (name: string) => `${keyNamed(name)}/cryptoKeyVersions/1/publicKey`;
    expect(inShort(await ask("GET", of("rsa-disabled")))).toMatch("is not enabled, current state is: DISABLED.");
    expect(inShort(await ask("GET", of("symmetric")))).toMatch(/^400 FAILED_PRECONDITION/);
    expect(inShort(await ask("GET", of("rsa"), undefined, GCP_AUDITOR))).toMatch(
      "Permission 'cloudkms.cryptoKeyVersions.viewPublicKey' denied on resource",
    );
  });

  test("the public key of a signing key", async () => {
    const { ask } = await stage();
    const said = await ask("GET", `${keyNamed("signing")}/cryptoKeyVersions/1/publicKey`);
    expect(said.body).toMatchObject({ algorithm: "EC_SIGN_P256_SHA256" });
  });
});
