import { constants, publicEncrypt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { HEALTHY_OCI_KEY, OCI_AUDITOR, OCI_OWNER_TENANCY, OCI_VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import { ocidOf } from "../../../src/sandbox/oci/recipes.ts";
import { at, type Stage, stage, type Told, textAt } from "./kit.ts";

function encrypt(on: Stage, more: object = {}): Promise<Told> {
  return on.ask("POST", "/20180608/encrypt", { keyId: HEALTHY_OCI_KEY, plaintext: "YWI=", ...more });
}

function decrypt(on: Stage, ciphertext: unknown, more: object = {}): Promise<Told> {
  return on.ask("POST", "/20180608/decrypt", { keyId: HEALTHY_OCI_KEY, ciphertext, ...more });
}

const INVALID = { status: 400, body: { code: "InvalidParameter" } };

describe("encrypt and decrypt", () => {
  test("there and back, with a checksum", async () => {
    await using on = await stage();
    const sealed = await encrypt(on);
    expect(sealed).toMatchObject({
      status: 200,
      body: {
        keyId: HEALTHY_OCI_KEY,
        keyVersionId: "ocid1.keyversion.oc1.eu-frankfurt-1.demovault.healthyv1",
        encryptionAlgorithm: "AES_256_GCM",
      },
    });
    expect(await decrypt(on, at(sealed, "ciphertext"))).toMatchObject({
      status: 200,
      body: { plaintext: "YWI=", plaintextChecksum: "2659403885", keyId: HEALTHY_OCI_KEY },
    });
    expect(at(await encrypt(on), "ciphertext")).not.toBe(at(sealed, "ciphertext"));
  });

  test("bound to the associated data, in any order", async () => {
    await using on = await stage();
    const sealed = at(await encrypt(on, { associatedData: { a: "1", b: "2" } }), "ciphertext");
    expect((await decrypt(on, sealed, { associatedData: { b: "2", a: "1" } })).status).toBe(200);
    expect(await decrypt(on, sealed, { associatedData: { a: "1" } })).toMatchObject(INVALID);
    expect(await decrypt(on, sealed)).toMatchObject(INVALID);
    expect(await encrypt(on, { associatedData: { a: 1 } })).toMatchObject(INVALID);
    expect(await encrypt(on, { associatedData: { a: "x".repeat(5000) } })).toMatchObject(INVALID);
  });

  test("bound to the key and its version", async () => {
    await using on = await stage();
    const sealed = textAt(await encrypt(on), "ciphertext");
    expect(await decrypt(on, sealed, { keyId: ocidOf("granted") })).toMatchObject(INVALID);
    expect(await decrypt(on, sealed, { keyVersionId: "ocid1.keyversion.oc1..x" })).toMatchObject(INVALID);
    expect(await decrypt(on, Buffer.from("nonsense").toString("base64"))).toMatchObject(INVALID);
    const bytes = Buffer.from(sealed, "base64");
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    expect(await decrypt(on, bytes.toString("base64"))).toMatchObject(INVALID);
    expect(await decrypt(on, "not base64!")).toMatchObject(INVALID);
    expect(await encrypt(on, { plaintext: "not base64!" })).toMatchObject(INVALID);
    expect(await encrypt(on, { plaintext: undefined })).toMatchObject({
      status: 400,
      body: { code: "MissingParameter" },
    });
  });

  test("for those who may", async () => {
    await using on = await stage();
    const body = { keyId: HEALTHY_OCI_KEY, plaintext: "YWI=" };
    for (const as of [OCI_AUDITOR, OCI_VENDOR_DEMO]) {
      const told = await on.ask("POST", "/20180608/encrypt", body, { as });
      expect(told).toMatchObject({ status: 404, body: { code: "NotAuthorizedOrNotFound" } });
    }
  });

  test.each(["disabled", "pending-deletion", "creating", "enabling", "deleted"])(
    "not with a key that is %s",
    async (name) => {
      await using on = await stage();
      expect(await encrypt(on, { keyId: ocidOf(name) })).toMatchObject({
        status: 409,
        body: { code: "IncorrectState" },
      });
    },
  );

  test.each(["aes-16", "software", "old-version-disabled", "old-version-going"])("with the key %s", async (name) => {
    await using on = await stage();
    const keyId = ocidOf(name);
    const sealed = await encrypt(on, { keyId });
    expect(await decrypt(on, at(sealed, "ciphertext"), { keyId })).toMatchObject({
      status: 200,
      body: { plaintext: "YWI=" },
    });
  });

  test("RSA with OAEP, and with the public key outside", async () => {
    await using on = await stage();
    const keyId = ocidOf("rsa");
    const sealed = await encrypt(on, { keyId, encryptionAlgorithm: "RSA_OAEP_SHA_256" });
    const more = { keyId, encryptionAlgorithm: "RSA_OAEP_SHA_256" };
    expect(await decrypt(on, at(sealed, "ciphertext"), more)).toMatchObject({
      status: 200,
      body: { plaintext: "YWI=" },
    });
    expect(await encrypt(on, { encryptionAlgorithm: "RSA_OAEP_SHA_256" })).toMatchObject(INVALID);
    expect(await encrypt(on, { keyId, encryptionAlgorithm: "AES_256_GCM" })).toMatchObject(INVALID);
    const version = `${ocidOf("rsa").replace("ocid1.key.", "ocid1.keyversion.")}v1`;
    const { body } = await on.ask("GET", `/20180608/keys/${keyId}/keyVersions/${version}`);
    expect(body).toMatchObject({ publicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/) });
    const { publicKey } = body as { publicKey: string };
    const options = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    expect(publicEncrypt(options, Buffer.from("ab"))).toHaveLength(256);
  });

  test("an ECDSA key does neither", async () => {
    await using on = await stage();
    expect(await encrypt(on, { keyId: ocidOf("ecdsa") })).toMatchObject(INVALID);
  });
});

describe("data encryption keys", () => {
  const details = { keyId: HEALTHY_OCI_KEY, includePlaintextKey: true, keyShape: { algorithm: "AES", length: 32 } };
  const path = "/20180608/generateDataEncryptionKey";

  test("come sealed, and open if asked for", async () => {
    await using on = await stage();
    const made = await on.ask("POST", path, details);
    expect(await decrypt(on, at(made, "ciphertext"))).toMatchObject({
      body: { plaintext: at(made, "plaintext"), plaintextChecksum: at(made, "plaintextChecksum") },
    });
    const sealed = await on.ask("POST", path, { ...details, includePlaintextKey: false });
    expect(Object.keys(Object(sealed.body))).toEqual(["ciphertext"]);
    expect(await on.ask("POST", path, { ...details, includePlaintextKey: undefined })).toMatchObject({ status: 400 });
    expect(await on.ask("POST", path, { ...details, keyShape: { length: 8 } })).toMatchObject(INVALID);
  });

  test("whether open can be a condition", async () => {
    await using on = await stage();
    const statement = "deny any-user to use keys in tenancy where request.includePlainTextKey = 'true'";
    const policy = { compartmentId: OCI_OWNER_TENANCY, name: "sealed-only", description: "x", statements: [statement] };
    expect((await on.ask("POST", "/20160918/policies", policy)).status).toBe(200);
    expect((await on.ask("POST", path, details)).status).toBe(404);
    expect((await on.ask("POST", path, { ...details, includePlaintextKey: false })).status).toBe(200);
    expect((await encrypt(on)).status).toBe(200);
  });
});
