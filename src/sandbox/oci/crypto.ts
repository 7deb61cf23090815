import { type Answer, type Call, isRecord, record, requiredText, text } from "./call.ts";
import { ALGORITHMS, type Algorithm, checksum, open, seal, unreadable, versionNamedIn } from "./cipher.ts";
import { invalidParameter, missingParameter } from "./errors.ts";
import { keyFor, needState, versionOf } from "./keyring.ts";
import { type KeyVersion, type OciKey, stateOf } from "./world.ts";

// https://docs.oracle.com/iaas/api/#/en/key/release/EncryptedData/Encrypt, …/DecryptedData/Decrypt,
// …/GeneratedKey/GenerateDataEncryptionKey

const LONGEST = 64 * 1024;
const LONGEST_ASSOCIATED_DATA = 4096;

export function encrypt(call: Call): Answer {
  const plaintext = base64(requiredText(call, "plaintext", LONGEST), "plaintext");
  const key = keyFor(call, requiredText(call, "keyId"), "KEY_ENCRYPT");
  const algorithm = algorithmOf(call, key);
  const version = usable(call, key, text(call, "keyVersionId") ?? key.current);
  const ciphertext = seal(version, algorithm, plaintext, associatedData(call), call.context.random);
  return { body: { ciphertext, keyId: key.id, keyVersionId: version.id, encryptionAlgorithm: algorithm } };
}

export function decrypt(call: Call): Answer {
  const ciphertext = requiredText(call, "ciphertext", LONGEST * 2);
  base64(ciphertext, "ciphertext");
  const key = keyFor(call, requiredText(call, "keyId"), "KEY_DECRYPT");
  const algorithm = algorithmOf(call, key);
  const named = versionNamedIn(ciphertext);
  const wanted = text(call, "keyVersionId") ?? named;
  if (named === null || wanted !== named || !key.versions.some(({ id }) => id === named)) throw unreadable();
  const version = usable(call, key, named);
  const plaintext = open(version, algorithm, ciphertext, associatedData(call));
  return {
    body: {
      plaintext: plaintext.toString("base64"),
      plaintextChecksum: checksum(plaintext),
      keyId: key.id,
      keyVersionId: version.id,
      encryptionAlgorithm: algorithm,
    },
  };
}

export function generateDataEncryptionKey(call: Call): Answer {
  const { includePlaintextKey } = call.body;
  if (typeof includePlaintextKey !== "boolean") throw missingParameter("includePlaintextKey");
  const length = record(call, "keyShape")?.["length"];
  if (length !== 16 && length !== 24 && length !== 32) throw invalidParameter("keyShape is not valid.");
  const more = { "request.includeplaintextkey": String(includePlaintextKey) };
  const key = keyFor(call, requiredText(call, "keyId"), "KEY_ENCRYPT", more);
  const version = usable(call, key, key.current);
  const plaintext = Buffer.from(call.context.random(length));
  const ciphertext = seal(version, algorithmOf(call, key), plaintext, associatedData(call), call.context.random);
  if (!includePlaintextKey) return { body: { ciphertext } };
  return {
    body: { ciphertext, plaintext: plaintext.toString("base64"), plaintextChecksum: checksum(plaintext) },
  };
}

/** Key and version must both be enabled: whoever has a version disabled cannot read what it wrote. */
function usable(call: Call, key: OciKey, versionId: string): KeyVersion {
  if (key.algorithm === "ECDSA") throw invalidParameter(`The key ${key.id} cannot encrypt or decrypt.`);
  const working = ["UPDATING", "BACKUP_IN_PROGRESS"] as const;
  if (!working.some((state) => state === stateOf(key, call.now))) needState(key, call.now, "ENABLED");
  const version = versionOf(key, versionId);
  needState(version, call.now, "ENABLED");
  return version;
}

function algorithmOf(call: Call, key: OciKey): Algorithm {
  const asked = text(call, "encryptionAlgorithm");
  const algorithm = ALGORITHMS.find((one) => one === (asked ?? defaultOf(key)));
  if (algorithm === undefined || algorithm.startsWith("RSA") !== (key.algorithm === "RSA")) {
    throw invalidParameter(`The encryption algorithm ${asked ?? ""} does not fit the key.`);
  }
  return algorithm;
}

function defaultOf({ algorithm }: OciKey): Algorithm {
  return algorithm === "RSA" ? "RSA_OAEP_SHA_256" : "AES_256_GCM";
}

/** Bound to the ciphertext whatever the order in which it is given. */
function associatedData(call: Call): string {
  const given = call.body["associatedData"] ?? {};
  const valid = isRecord(given) && Object.values(given).every((value) => typeof value === "string");
  if (!valid) throw invalidParameter("associatedData is not valid.");
  const canonical = JSON.stringify(Object.entries(given).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  if (canonical.length >= LONGEST_ASSOCIATED_DATA) throw invalidParameter("associatedData is too long.");
  return canonical;
}

function base64(value: string, name: string): Buffer {
  const bytes = Buffer.from(value, "base64");
  if (bytes.toString("base64") !== value) throw invalidParameter(`${name} must be a base64-encoded value.`);
  return bytes;
}
