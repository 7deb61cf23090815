import { timingSafeEqual } from "node:crypto";
import type { KeyFacts, Probe } from "../../core/model.ts";
import type { RandomBytes } from "../../core/ports.ts";
import type { CryptoInput, CryptoPort, OciClients } from "./api.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Asked, type OciFailure, readFailure } from "./errors.ts";
import { lookFailure } from "./look.ts";

/** Shows in the audit log beside each of the two calls. */
export const PROBE_DATA: Readonly<Record<string, string>> = {
  keygrant: "probe",
  about: "random bytes, thrown away at once",
};
const PROBE_BYTES = 32;

export interface ProbeDeps {
  readonly clients: OciClients;
  readonly endpoints: Endpoints;
  readonly random: RandomBytes;
}

/** Encrypts and decrypts random bytes with the key, as the caller or as another profile of the configuration file. */
export async function probe(deps: ProbeDeps, facts: KeyFacts, as: string | null): Promise<Probe> {
  const kms = await deps.endpoints.kms(facts.ref);
  if (!kms.known) return { outcome: "unknown", ...kms.why };
  const clients = as === null ? deps.clients : deps.clients.as(as);
  return roundTrip(clients.crypto(kms.value.crypto), deps.random, facts);
}

/** RSA keys take no associated data. */
function inputFor(facts: KeyFacts): CryptoInput {
  const algorithms = facts.key.known ? facts.key.value?.algorithms : undefined;
  return algorithms?.some((one) => one.startsWith("RSA")) === true
    ? { keyId: facts.ref.id, algorithm: "RSA_OAEP_SHA_256", associatedData: null }
    : { keyId: facts.ref.id, algorithm: "AES_256_GCM", associatedData: PROBE_DATA };
}

async function roundTrip(crypto: CryptoPort, random: RandomBytes, facts: KeyFacts): Promise<Probe> {
  const input = inputFor(facts);
  const secrets: Uint8Array[] = [];
  const keep = (bytes: Uint8Array): Uint8Array => {
    secrets.push(bytes);
    return bytes;
  };
  let asked: Asked = { call: "Encrypt", needs: "use keys" };
  try {
    const plaintext = keep(random(PROBE_BYTES));
    const encrypted = await crypto.encrypt({ ...input, plaintext: Buffer.from(plaintext).toString("base64") });
    if (isAnother(facts, encrypted.keyId)) return mismatch(`Encrypt was done with another key, ${encrypted.keyId}.`);
    if (isSame(keep(Buffer.from(encrypted.ciphertext, "base64")), plaintext)) {
      return mismatch("Encrypt gave back what was to be encrypted.");
    }
    asked = { call: "Decrypt", needs: "use keys" };
    const decrypted = await crypto.decrypt({ ...input, ciphertext: encrypted.ciphertext });
    if (isAnother(facts, decrypted.keyId)) return mismatch(`Decrypt was done with another key, ${decrypted.keyId}.`);
    const back = keep(Buffer.from(decrypted.plaintext, "base64"));
    return isSame(back, plaintext) ? { outcome: "pass" } : mismatch("What came back is not what was encrypted.");
  } catch (error) {
    return outcomeOf(readFailure(error), asked, facts);
  } finally {
    for (const bytes of secrets) bytes.fill(0);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** OCI says with which key it was done; where it does not, nothing is held against it. */
function isAnother(facts: KeyFacts, keyId: string | null): boolean {
  return keyId !== null && keyId !== facts.ref.id;
}

function mismatch(detail: string): Probe {
  return { outcome: "fail", code: "roundtrip.mismatch", detail };
}

/**
 * What a refused call says about the key. OCI answers a caller without the permission as if there were no such key:
 * that is said of a key that was looked at a moment ago. Only OCI's word about the key's own state fails it.
 */
function outcomeOf(failure: OciFailure, asked: Asked, facts: KeyFacts): Probe {
  const why = lookFailure(failure, asked);
  const wasSeen = facts.key.known && facts.key.value !== null;
  switch (failure.kind) {
    case "denied":
      return { ...why, outcome: "unknown", code: "roundtrip.not-permitted" };
    case "absent-or-denied":
      return wasSeen ? { ...why, outcome: "unknown", code: "roundtrip.not-permitted" } : { outcome: "unknown", ...why };
    case "conflict":
      return refusedByKey(why.detail, facts);
    case "invalid":
      // What Encrypt has just given, Decrypt has to take.
      return asked.call === "Decrypt" ? mismatch(why.detail) : { outcome: "unknown", ...why };
    default:
      return { outcome: "unknown", ...why };
  }
}

function refusedByKey(detail: string, facts: KeyFacts): Probe {
  // A passing state passes: it is no verdict.
  const isPassing = facts.key.known && facts.key.value?.state === "not-ready";
  return isPassing
    ? { outcome: "unknown", code: "roundtrip.skipped", detail }
    : { outcome: "fail", code: "roundtrip.failed", detail };
}
