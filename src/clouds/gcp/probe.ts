import { usageError } from "../../core/errors.ts";
import type { KeyFacts, Probe } from "../../core/model.ts";
import type { RandomBytes } from "../../core/ports.ts";
import { ask, type CallDeps } from "./calls.ts";
import { word } from "./describe.ts";
import type { Asked, GcpFailure } from "./errors.ts";
import { bytesOf, isSame, isWhole, sent } from "./integrity.ts";
import { isSameKey } from "./key.ts";
import type { CryptoPort, GcpPort, PublicKey } from "./kms.ts";
import { lookFailure } from "./look.ts";
import { encryptLocally, oaepOf, publicKeyOf } from "./oaep.ts";
import { readVersions } from "./reads.ts";

const PROBE_BYTES = 32;
/** Binds the ciphertext to the probe; it does not appear in Cloud Audit Logs. */
const CONTEXT = Buffer.from("keygrant probe: random bytes, thrown away at once");

export interface ProbeDeps extends CallDeps {
  readonly port: GcpPort;
  readonly random: RandomBytes;
}

const USE = "cloudkms.cryptoKeyVersions";
const ENCRYPT: Asked = { call: "Encrypt", permission: `${USE}.useToEncrypt` };
const DECRYPT: Asked = { call: "Decrypt", permission: `${USE}.useToDecrypt` };
const PUBLIC_KEY: Asked = { call: "GetPublicKey", permission: `${USE}.viewPublicKey` };
const RSA_DECRYPT: Asked = { call: "AsymmetricDecrypt", permission: `${USE}.useToDecrypt` };

/** Encrypts and decrypts random bytes, as the caller or as a service account that the caller may impersonate. */
export async function probe(deps: ProbeDeps, facts: KeyFacts, as: string | null): Promise<Probe> {
  const found = facts.key.known ? facts.key.value : null;
  if (found === null) return skipped("The key was not seen.");
  const port = as === null ? deps.port : await become(deps, as);
  if ("outcome" in port) return port;
  const secrets: Uint8Array[] = [];
  const trip: Trip = { deps, port, facts, keep: (bytes) => secrets[secrets.push(bytes) - 1] ?? bytes };
  try {
    if (found.usage === "ENCRYPT_DECRYPT") return await symmetric(trip);
    if (found.usage === "ASYMMETRIC_DECRYPT") return await everyVersion(trip);
    return skipped(`The round trip was not made: the key is for ${found.usage}.`);
  } finally {
    for (const bytes of secrets) bytes.fill(0);
  }
}

interface Trip {
  readonly deps: ProbeDeps;
  readonly port: CryptoPort;
  readonly facts: KeyFacts;
  /** Remembers bytes that are wiped at the end. */
  readonly keep: (bytes: Uint8Array) => Uint8Array;
}

async function become(deps: ProbeDeps, account: string): Promise<CryptoPort | Probe> {
  if (!/^[^@\s]{1,64}@[^@\s]{1,190}$/.test(account)) {
    throw usageError(
      "usage.probe-role",
      `"${account.slice(0, 200)}" is not the email address of a service account.`,
      "Write it like this: keygrant-probe@my-project.iam.gserviceaccount.com",
    );
  }
  const asked: Asked = {
    call: "GenerateAccessToken",
    permission: "iam.serviceAccounts.getAccessToken",
    about: ` for ${account}`,
  };
  const answer = await ask(deps, (signal) => deps.port.impersonate(account, signal));
  return answer.ok ? answer.value : outcomeOf(answer.failure, asked, null);
}

/** https://cloud.google.com/kms/docs/encrypt-decrypt, with every check of the data integrity guidelines. */
async function symmetric({ deps, port, facts, keep }: Trip): Promise<Probe> {
  const name = facts.ref.id;
  const plaintext = keep(deps.random(PROBE_BYTES));
  const context = { additionalAuthenticatedData: CONTEXT, additionalAuthenticatedDataCrc32c: sent(CONTEXT) };
  const encrypted = await ask(deps, (signal) =>
    port.encrypt({ name, plaintext, plaintextCrc32c: sent(plaintext), ...context }, signal),
  );
  if (!encrypted.ok) return outcomeOf(encrypted.failure, ENCRYPT, facts);
  const ciphertext = bytesOf(encrypted.value.ciphertext);
  if (ciphertext === null) return notGoogle(ENCRYPT);
  const version = encrypted.value.name ?? "";
  if (!isOfKey(version, name)) return mismatch(`Encrypt was done with another key, ${version}.`);
  if (encrypted.value.verifiedPlaintextCrc32c !== true)
    return mismatch("Encrypt did not get the plaintext as it was sent.");
  if (encrypted.value.verifiedAdditionalAuthenticatedDataCrc32c !== true) {
    return mismatch("Encrypt did not get the additional authenticated data as it was sent.");
  }
  if (!isWhole(ciphertext, encrypted.value.ciphertextCrc32c))
    return mismatch("The ciphertext was altered on its way back.");
  if (isSame(ciphertext, plaintext)) return mismatch("Encrypt gave back what was to be encrypted.");

  const decrypted = await ask(deps, (signal) =>
    port.decrypt({ name, ciphertext, ciphertextCrc32c: sent(ciphertext), ...context }, signal),
  );
  if (!decrypted.ok) return outcomeOf(decrypted.failure, DECRYPT, facts);
  const back = bytesOf(decrypted.value.plaintext);
  if (back === null) return notGoogle(DECRYPT);
  keep(back);
  if (!isWhole(back, decrypted.value.plaintextCrc32c)) return mismatch("The plaintext was altered on its way back.");
  return isSame(back, plaintext) ? { outcome: "pass" } : mismatch("What came back is not what was encrypted.");
}

/** Every enabled version: data may be wrapped under any of them, and each has a public key of its own. */
async function everyVersion(trip: Trip): Promise<Probe> {
  const { deps, port, facts } = trip;
  const versions = await readVersions(deps, deps.port, facts.ref.id);
  if (!versions.known) return { outcome: "unknown", ...versions.why };
  const enabled = versions.value.filter((version) => word(version.state) === "ENABLED");
  if (enabled.length === 0) return skipped("The round trip was not made: no version of the key is enabled.");
  for (const { name } of enabled) {
    if (typeof name !== "string" || !isOfKey(name, facts.ref.id)) return notGoogle(LIST);
    const outcome = await oneVersion({ ...trip, port }, name);
    if (outcome.outcome !== "pass") return outcome;
  }
  return { outcome: "pass" };
}

const LIST: Asked = { call: "ListCryptoKeyVersions", permission: "cloudkms.cryptoKeyVersions.list" };

/** https://cloud.google.com/kms/docs/encrypt-decrypt-rsa */
async function oneVersion({ deps, port, facts, keep }: Trip, name: string): Promise<Probe> {
  const shown = await ask(deps, (signal) => port.getPublicKey(name, signal));
  if (!shown.ok) return outcomeOf(shown.failure, PUBLIC_KEY, facts);
  const fault = publicKeyFault(shown.value, name);
  if (fault !== null) return mismatch(fault);
  const oaep = oaepOf(word(shown.value.algorithm));
  if (oaep === null) return skipped(`The round trip was not made: ${word(shown.value.algorithm)} is no RSA-OAEP.`);
  const key = publicKeyOf(shown.value.pem ?? "", oaep);
  if (key === null) return mismatch(`The public key of ${name} is not of ${word(shown.value.algorithm)}.`);

  const plaintext = keep(deps.random(PROBE_BYTES));
  const ciphertext = encryptLocally(key, oaep, plaintext);
  const decrypted = await ask(deps, (signal) =>
    port.asymmetricDecrypt({ name, ciphertext, ciphertextCrc32c: sent(ciphertext) }, signal),
  );
  if (!decrypted.ok) return outcomeOf(decrypted.failure, RSA_DECRYPT, facts);
  const back = bytesOf(decrypted.value.plaintext);
  if (back === null) return notGoogle(RSA_DECRYPT);
  keep(back);
  if (decrypted.value.verifiedCiphertextCrc32c !== true) {
    return mismatch("AsymmetricDecrypt did not get the ciphertext as it was sent.");
  }
  if (!isWhole(back, decrypted.value.plaintextCrc32c)) return mismatch("The plaintext was altered on its way back.");
  return isSame(back, plaintext)
    ? { outcome: "pass" }
    : mismatch(`What came back from ${name} is not what was encrypted.`);
}

function publicKeyFault(shown: PublicKey, name: string): string | null {
  if (!isOfSame(shown.name ?? "", name)) return `GetPublicKey gave the key of another version, ${shown.name ?? ""}.`;
  const pem = Buffer.from(shown.pem ?? "", "utf8");
  return isWhole(pem, shown.pemCrc32c) ? null : `The public key of ${name} was altered on its way.`;
}

/** A version's name, without the version. */
function keyPart(versionName: string): string {
  return versionName.replace(/\/cryptoKeyVersions\/[0-9]+$/, "");
}

function isOfKey(versionName: string, key: string): boolean {
  return versionName !== keyPart(versionName) && isSameKey(key, keyPart(versionName));
}

function isOfSame(one: string, other: string): boolean {
  const version = (name: string) => name.slice(keyPart(name).length);
  return version(one) === version(other) && isSameKey(keyPart(other), keyPart(one));
}

function mismatch(detail: string): Probe {
  return { outcome: "fail", code: "roundtrip.mismatch", detail };
}

function skipped(detail: string): Probe {
  return { outcome: "unknown", code: "roundtrip.skipped", detail };
}

function notGoogle(asked: Asked): Probe {
  return {
    outcome: "unknown",
    code: "look.unreachable",
    detail: `The answer to ${asked.call} does not look like Google Cloud's: something is missing in it.`,
  };
}

/** What a refused call says about the key. Only Google's own word about the key itself fails it. */
function outcomeOf(failure: GcpFailure, asked: Asked, facts: KeyFacts | null): Probe {
  const why = lookFailure(failure, asked);
  switch (failure.kind) {
    case "denied":
      return { ...why, outcome: "unknown", code: "roundtrip.not-permitted" };
    case "absent":
    case "key-state":
      return facts === null ? { outcome: "unknown", ...why } : refusedByKey(why.detail, facts);
    case "invalid":
      return facts === null ? { outcome: "unknown", ...why } : invalid(failure, asked, facts);
    default:
      return { outcome: "unknown", ...why };
  }
}

function invalid(failure: GcpFailure, asked: Asked, facts: KeyFacts): Probe {
  const { words, name } = failure;
  const isIntegrity = /checksum|crc32c|decryption failed|ciphertext/i.test(words);
  if (isIntegrity) return mismatch(`${asked.call} does not take what was sent: ${words} (${name})`);
  const why = lookFailure(failure, asked);
  return /purpose|algorithm|is not (?:supported|valid) for/i.test(words)
    ? refusedByKey(why.detail, facts)
    : { outcome: "unknown", ...why };
}

function refusedByKey(detail: string, facts: KeyFacts): Probe {
  // A passing state passes: it is no verdict.
  const isPassing = facts.key.known && facts.key.value?.state === "not-ready";
  return isPassing ? skipped(detail) : { outcome: "fail", code: "roundtrip.failed", detail };
}
