import { describe, expect, test } from "vitest";
import { checksum } from "../../../src/clouds/gcp/integrity.ts";
import { oaepOf } from "../../../src/clouds/gcp/oaep.ts";
import type { Probe } from "../../../src/core/model.ts";
import { fakeClock } from "../../io/stub.ts";
import {
  cloudOf,
  type Fake,
  type FakeKey,
  fakeGcp,
  googleError,
  KEY,
  RING,
  refOf,
  rsaKey,
  symmetricKey,
  version,
} from "./fixture.ts";

const RSA_KEY = `${RING}/cryptoKeys/rsa`;

async function probed(key: FakeKey, change: (port: Fake) => void = () => {}, as: string | null = null): Promise<Probe> {
  const port = fakeGcp(key);
  const cloud = cloudOf(port, { clock: fakeClock() });
  const facts = await cloud.inspect(refOf(key.description.name ?? ""), null);
  change(port);
  return cloud.probe(facts, { as });
}

test("CRC32C is Castagnoli's", () => {
  expect(checksum(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(checksum(Buffer.alloc(0))).toBe(0);
});

test("the hash follows the algorithm's name", () => {
  expect(oaepOf("RSA_DECRYPT_OAEP_4096_SHA512")).toEqual({ bits: 4096, hash: "sha512" });
  expect(oaepOf("RSA_DECRYPT_OAEP_2048_SHA1")).toEqual({ bits: 2048, hash: "sha1" });
  expect(oaepOf("RSA_SIGN_PSS_2048_SHA256")).toBeNull();
});

describe("symmetric", () => {
  test("passes", async () => {
    expect(await probed(symmetricKey())).toEqual({ outcome: "pass" });
  });

  const altered =
    <K extends "encrypt" | "decrypt">(call: K, change: object) =>
    (port: Fake) => {
      const real = port[call] as (...args: never[]) => Promise<object>;
      Object.assign(port, { [call]: async (...args: never[]) => ({ ...(await real(...args)), ...change }) });
    };

  test.each<[string, (port: Fake) => void, string]>([
    [
      "the plaintext did not arrive whole",
      altered("encrypt", { verifiedPlaintextCrc32c: false }),
      "did not get the plaintext",
    ],
    [
      "nobody says whether it arrived whole",
      altered("encrypt", { verifiedPlaintextCrc32c: undefined }),
      "did not get the plaintext",
    ],
    [
      "the context did not arrive whole",
      altered("encrypt", { verifiedAdditionalAuthenticatedDataCrc32c: false }),
      "additional authenticated data",
    ],
    ["the ciphertext was altered", altered("encrypt", { ciphertext: Buffer.from("other") }), "ciphertext was altered"],
    ["a checksum is missing", altered("encrypt", { ciphertextCrc32c: null }), "ciphertext was altered"],
    ["another key", altered("encrypt", { name: `${KEY}2/cryptoKeyVersions/1` }), "another key"],
    ["no version", altered("encrypt", { name: KEY }), "another key"],
    ["the plaintext was altered", altered("decrypt", { plaintextCrc32c: { value: "1" } }), "plaintext was altered"],
    [
      "another plaintext",
      altered("decrypt", {
        plaintext: Buffer.from("x"),
        plaintextCrc32c: { value: String(checksum(Buffer.from("x"))) },
      }),
      "not what was encrypted",
    ],
  ])("mismatch: %s", async (_, change, words) => {
    const probe = await probed(symmetricKey(), change);
    expect(probe).toMatchObject({ outcome: "fail", code: "roundtrip.mismatch" });
    expect("detail" in probe && probe.detail).toContain(words);
  });

  const rejecting = (call: string, error: Error) => (port: Fake) => {
    port.hook = (name) => {
      if (name === call) throw error;
    };
  };

  test.each<[string, string, Error, string]>([
    ["the caller may not encrypt", "encrypt", googleError(403, "PERMISSION_DENIED", "no"), "roundtrip.not-permitted"],
    ["the caller may not decrypt", "decrypt", googleError(403, "PERMISSION_DENIED", "no"), "roundtrip.not-permitted"],
    [
      "disabled meanwhile",
      "encrypt",
      googleError(400, "FAILED_PRECONDITION", "is not enabled, current state is: DISABLED."),
      "roundtrip.failed",
    ],
    ["gone meanwhile", "decrypt", googleError(404, "NOT_FOUND", `CryptoKey ${KEY} not found.`), "roundtrip.failed"],
    [
      "Google does not take its own ciphertext",
      "decrypt",
      googleError(400, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey."),
      "roundtrip.mismatch",
    ],
    [
      "Google found a wrong checksum",
      "encrypt",
      googleError(
        400,
        "INVALID_ARGUMENT",
        "The checksum in field plaintext_crc32c did not match the data in field plaintext.",
      ),
      "roundtrip.mismatch",
    ],
    ["quota", "encrypt", googleError(429, "RESOURCE_EXHAUSTED", "q"), "look.throttled"],
    ["unavailable", "decrypt", googleError(503, "UNAVAILABLE", "u"), "look.unreachable"],
    ["expired", "encrypt", googleError(401, "UNAUTHENTICATED", "e"), "look.credentials"],
    ["an odd argument", "encrypt", googleError(400, "INVALID_ARGUMENT", "odd"), "look.unsupported"],
  ])("%s", async (_, call, error, code) => {
    expect(await probed(symmetricKey(), rejecting(call, error))).toMatchObject({ code });
  });

  test("an answer without bytes is not Google's", async () => {
    expect(await probed(symmetricKey(), altered("encrypt", { ciphertext: "" }))).toMatchObject({
      outcome: "unknown",
      code: "look.unreachable",
    });
  });

  test("plaintext is wiped", async () => {
    const seen: Uint8Array[] = [];
    await probed(symmetricKey(), (port) => {
      const { encrypt } = port;
      port.encrypt = async (request, signal) => {
        seen.push(request.plaintext);
        return encrypt(request, signal);
      };
    });
    expect(seen.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true]);
  });
});

describe("RSA", () => {
  test("every enabled version, with the public key fetched and used here", async () => {
    const key = rsaKey();
    const algorithm = "RSA_DECRYPT_OAEP_2048_SHA256";
    key.versions = [1, 2, 3].map((number) =>
      version(RSA_KEY, number, number === 2 ? "DISABLED" : "ENABLED", { algorithm }),
    );
    const calls: string[] = [];
    const probe = await probed(key, (port) => {
      port.hook = (call, argument) => {
        calls.push(`${call} ${argument.slice(RSA_KEY.length)}`);
      };
    });
    expect(probe).toEqual({ outcome: "pass" });
    expect(calls.filter((call) => !call.startsWith("list"))).toEqual([
      "getPublicKey /cryptoKeyVersions/1",
      "asymmetricDecrypt /cryptoKeyVersions/1",
      "getPublicKey /cryptoKeyVersions/3",
      "asymmetricDecrypt /cryptoKeyVersions/3",
    ]);
  });

  const altered =
    <K extends "getPublicKey" | "asymmetricDecrypt">(call: K, change: object) =>
    (port: Fake) => {
      const real = port[call] as (...args: never[]) => Promise<object>;
      Object.assign(port, { [call]: async (...args: never[]) => ({ ...(await real(...args)), ...change }) });
    };

  test.each<[string, (port: Fake) => void, string]>([
    ["the public key was altered", altered("getPublicKey", { pemCrc32c: { value: "1" } }), "was altered"],
    [
      "another version's public key",
      altered("getPublicKey", { name: `${RSA_KEY}/cryptoKeyVersions/2` }),
      "another version",
    ],
    [
      "a public key of another size",
      altered("getPublicKey", { algorithm: "RSA_DECRYPT_OAEP_4096_SHA256" }),
      "is not of RSA_DECRYPT_OAEP_4096_SHA256",
    ],
    [
      "the ciphertext did not arrive whole",
      altered("asymmetricDecrypt", { verifiedCiphertextCrc32c: false }),
      "did not get the ciphertext",
    ],
    ["the plaintext was altered", altered("asymmetricDecrypt", { plaintextCrc32c: null }), "plaintext was altered"],
    [
      "another plaintext",
      altered("asymmetricDecrypt", {
        plaintext: Buffer.from("x"),
        plaintextCrc32c: { value: String(checksum(Buffer.from("x"))) },
      }),
      "not what was encrypted",
    ],
  ])("mismatch: %s", async (_, change, words) => {
    const probe = await probed(rsaKey(), change);
    expect(probe).toMatchObject({ outcome: "fail", code: "roundtrip.mismatch" });
    expect("detail" in probe && probe.detail).toContain(words);
  });

  test("the caller may not see the public key", async () => {
    const probe = await probed(rsaKey(), (port) => {
      port.hook = (call) => {
        if (call === "getPublicKey") throw googleError(403, "PERMISSION_DENIED", "no");
      };
    });
    expect(probe).toMatchObject({ outcome: "unknown", code: "roundtrip.not-permitted" });
    expect("detail" in probe && probe.detail).toContain("viewPublicKey");
  });

  test("a signing key is not tried", async () => {
    const key = rsaKey();
    key.description = { ...key.description, purpose: "ASYMMETRIC_SIGN" };
    expect(await probed(key)).toMatchObject({ outcome: "unknown", code: "roundtrip.skipped" });
  });
});

describe("as a service account", () => {
  const account = "probe@demo.iam.gserviceaccount.com";
  test("that the caller may impersonate", async () => {
    const calls: string[] = [];
    const probe = await probed(
      symmetricKey(),
      (port) => {
        port.hook = (call, argument) => void calls.push(`${call} ${argument}`);
      },
      account,
    );
    expect(probe).toEqual({ outcome: "pass" });
    expect(calls[0]).toBe(`impersonate ${account}`);
  });

  test("that it may not impersonate", async () => {
    const probe = await probed(
      symmetricKey(),
      (port) => {
        port.hook = (call) => {
          if (call === "impersonate") throw googleError(403, "PERMISSION_DENIED", "no");
        };
      },
      account,
    );
    expect(probe).toMatchObject({ outcome: "unknown", code: "roundtrip.not-permitted" });
    expect("detail" in probe && probe.detail).toContain("iam.serviceAccounts.getAccessToken");
  });

  test("which is named like none", async () => {
    await expect(probed(symmetricKey(), () => {}, "arn:aws:iam::1:role/x")).rejects.toMatchObject({
      code: "usage.probe-role",
    });
  });

  test("the one of the settings, unless another is named", async () => {
    const port = fakeGcp(symmetricKey());
    const cloud = cloudOf(port, { impersonate: account });
    const facts = await cloud.inspect(refOf(KEY), null);
    await cloud.probe(facts, { as: null });
    await cloud.probe(facts, { as: "other@demo.iam.gserviceaccount.com" });
    expect(port.calls.filter((call) => call.startsWith("impersonate"))).toEqual([
      `impersonate ${account}`,
      "impersonate other@demo.iam.gserviceaccount.com",
    ]);
  });
});
