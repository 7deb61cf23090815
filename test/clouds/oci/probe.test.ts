import { describe, expect, test } from "vitest";
import type { CryptoPort } from "../../../src/clouds/oci/api.ts";
import { type CallFault, OciCallError } from "../../../src/clouds/oci/errors.ts";
import { PROBE_DATA } from "../../../src/clouds/oci/probe.ts";
import type { KeyFacts, Probe } from "../../../src/core/model.ts";
import { seen, unseen } from "../../../src/core/model.ts";
import { CUT_OFF, cloudOf, FakeOci, NOT_FOUND, THROTTLED } from "./fake.ts";
import { facts, HEALTHY, KEY_ID, keyId } from "./helpers.ts";

function probe(oci: FakeOci, what: KeyFacts = facts(), as: string | null = null): Promise<Probe> {
  return cloudOf(oci).probe(what, { as });
}

/** OCI whose crypto endpoint answers otherwise. */
function withCrypto(change: (own: CryptoPort) => Partial<CryptoPort>): FakeOci {
  const oci = new FakeOci();
  oci.crypto = { ...oci.crypto, ...change(oci.crypto) };
  return oci;
}

function refuses(call: keyof CryptoPort, fault: CallFault): FakeOci {
  return withCrypto(() => ({ [call]: () => Promise.reject(new OciCallError(fault)) }));
}

const INCORRECT_STATE: CallFault = {
  kind: "status",
  status: 409,
  code: "IncorrectState",
  words: "The key is disabled.",
};

describe("a round trip", () => {
  test("passes, through the vault's crypto endpoint, with associated data", async () => {
    const inputs: unknown[] = [];
    const oci = withCrypto((own) => ({
      encrypt: (input) => {
        inputs.push(input);
        return own.encrypt(input);
      },
      decrypt: (input) => {
        inputs.push(input);
        return own.decrypt(input);
      },
    }));
    expect(await probe(oci)).toEqual({ outcome: "pass" });
    expect(inputs).toMatchObject([
      {
        keyId: KEY_ID,
        algorithm: "AES_256_GCM",
        associatedData: PROBE_DATA,
        plaintext: expect.stringMatching(/^.{44}$/),
      },
      { keyId: KEY_ID, algorithm: "AES_256_GCM", associatedData: PROBE_DATA },
    ]);
    expect(oci.asked).toEqual([
      { service: "crypto", at: { base: "https://vault1-crypto.kms.eu-frankfurt-1.oraclecloud.com", instead: null } },
    ]);
  });

  test("with an RSA key: without associated data", async () => {
    const inputs: unknown[] = [];
    const oci = withCrypto((own) => ({
      encrypt: (input) => {
        inputs.push(input);
        return own.encrypt(input);
      },
    }));
    expect(await probe(oci, facts({ key: { algorithms: ["RSA_4096"] } }))).toEqual({ outcome: "pass" });
    expect(inputs).toMatchObject([{ algorithm: "RSA_OAEP_SHA_256", associatedData: null }]);
  });

  test("as another profile", async () => {
    const oci = new FakeOci();
    expect(await probe(oci, facts(), "VENDOR")).toEqual({ outcome: "pass" });
    expect(oci.calls[0]).toBe("as VENDOR");
  });

  test("leaves no plaintext behind, whatever comes of it", async () => {
    for (const oci of [new FakeOci(), refuses("decrypt", INCORRECT_STATE)]) {
      let plaintext = new Uint8Array();
      const random = (size: number) => {
        plaintext = crypto.getRandomValues(new Uint8Array(size));
        return plaintext;
      };
      await cloudOf(oci, { random }).probe(facts(), { as: null });
      expect(plaintext).toHaveLength(32);
      expect(plaintext.every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe("fails only for what OCI says about the key", () => {
  test("what comes back is something else", async () => {
    const oci = withCrypto(() => ({ decrypt: async () => ({ plaintext: "AAAA", keyId: KEY_ID }) }));
    expect(await probe(oci)).toMatchObject({ outcome: "fail", code: "roundtrip.mismatch" });
  });

  test("nothing was encrypted", async () => {
    const oci = withCrypto(() => ({ encrypt: async ({ plaintext }) => ({ ciphertext: plaintext, keyId: KEY_ID }) }));
    expect(await probe(oci)).toMatchObject({
      outcome: "fail",
      code: "roundtrip.mismatch",
      detail: expect.stringContaining("gave back"),
    });
  });

  test("another key did it", async () => {
    const encrypted = withCrypto((own) => ({
      encrypt: async (input) => ({ ...(await own.encrypt(input)), keyId: keyId(2) }),
    }));
    expect(await probe(encrypted)).toMatchObject({
      code: "roundtrip.mismatch",
      detail: expect.stringContaining(keyId(2)),
    });
    const decrypted = withCrypto((own) => ({
      decrypt: async (input) => ({ ...(await own.decrypt(input)), keyId: keyId(2) }),
    }));
    expect(await probe(decrypted)).toMatchObject({ code: "roundtrip.mismatch" });
    const silent = withCrypto((own) => ({
      encrypt: async (input) => ({ ...(await own.encrypt(input)), keyId: null }),
    }));
    expect(await probe(silent)).toEqual({ outcome: "pass" });
  });

  test("the key's state", async () => {
    expect(await probe(refuses("encrypt", INCORRECT_STATE))).toMatchObject({
      outcome: "fail",
      code: "roundtrip.failed",
    });
    const passing = facts({ key: { state: "not-ready", stateName: "ENABLING" } });
    expect(await probe(refuses("encrypt", INCORRECT_STATE), passing)).toMatchObject({
      outcome: "unknown",
      code: "roundtrip.skipped",
    });
  });

  test("what Encrypt gave is not what Decrypt takes", async () => {
    const invalid: CallFault = {
      kind: "status",
      status: 400,
      code: "InvalidParameter",
      words: "The ciphertext is invalid.",
    };
    expect(await probe(refuses("decrypt", invalid))).toMatchObject({ outcome: "fail", code: "roundtrip.mismatch" });
    expect(await probe(refuses("encrypt", invalid))).toMatchObject({ outcome: "unknown", code: "look.unsupported" });
  });
});

describe("says that it does not know", () => {
  test.each<[string, CallFault, string]>([
    ["the caller may not, of a key that was seen a moment ago", NOT_FOUND, "roundtrip.not-permitted"],
    [
      "the caller may not",
      { kind: "status", status: 403, code: "NotAuthorized", words: "no" },
      "roundtrip.not-permitted",
    ],
    ["throttled", THROTTLED, "look.throttled"],
    ["cut off", CUT_OFF, "look.unreachable"],
    ["no credentials", { kind: "credentials", words: "no profile" }, "look.credentials"],
    ["OCI failed", { kind: "status", status: 500, code: "InternalServerError", words: "x" }, "look.unreachable"],
  ])("%s", async (_, fault, code) => {
    for (const call of ["encrypt", "decrypt"] as const) {
      expect(await probe(refuses(call, fault))).toMatchObject({ outcome: "unknown", code });
    }
  });

  test("of a key that was not seen, 404 says neither", async () => {
    const dark = { ...facts(), key: unseen({ code: "look.denied", detail: "x" }) };
    expect(await probe(refuses("encrypt", NOT_FOUND), dark)).toMatchObject({
      outcome: "unknown",
      code: "look.absent-or-denied",
    });
    const gone = { ...facts(), key: seen(null) };
    expect(await probe(refuses("encrypt", NOT_FOUND), gone)).toMatchObject({ code: "look.absent-or-denied" });
  });

  test("where to ask", async () => {
    const ref = { ...facts().ref, id: "ocid1.key.oc1.eu-frankfurt-1.unique" };
    expect(await probe(new FakeOci(), { ...facts(), ref })).toMatchObject({
      outcome: "unknown",
      code: "look.misconfigured",
    });
  });

  test("a mistake of our own is none of it", async () => {
    const oci = withCrypto(() => ({ encrypt: () => Promise.reject(new RangeError("a bug")) }));
    await expect(probe(oci, { ...facts(), key: seen(HEALTHY) })).rejects.toBeInstanceOf(RangeError);
  });
});
