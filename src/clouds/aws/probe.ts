import { timingSafeEqual } from "node:crypto";
import { usageError } from "../../core/errors.ts";
import type { KeyFacts, Probe } from "../../core/model.ts";
import type { RandomBytes } from "../../core/ports.ts";
import { type Asked, type AwsFailure, readFailure } from "./errors.ts";
import { keyIdOf, regionOf, splitArn } from "./key.ts";
import type { AwsClients, AwsCredentials, EncryptionContext, KmsPort } from "./kms.ts";
import { lookFailure } from "./look.ts";

/**
 * Shows in CloudTrail beside each of the two calls. A role may be limited to it (`kms:EncryptionContext:keygrant`, see
 * docs/permissions.md), so that whoever holds it can decrypt nothing but these probes.
 */
export const PROBE_CONTEXT: EncryptionContext = { keygrant: "probe", about: "random bytes, thrown away at once" };
const PROBE_BYTES = 32;
/** Fixed, so that CloudTrail and trust policies can tell it (`sts:RoleSessionName`). */
export const PROBE_SESSION = "keygrant-probe";
/** The least that STS gives. */
const SESSION_SECONDS = 900;

export interface ProbeDeps {
  readonly clients: AwsClients;
  readonly random: RandomBytes;
  readonly signal: AbortSignal | undefined;
}

/** Encrypts and decrypts random bytes with the key, as the caller or as a role that the caller may assume. */
export async function probe(deps: ProbeDeps, facts: KeyFacts, as: string | null): Promise<Probe> {
  const region = regionOf(facts.ref);
  if (as === null) return roundTrip(deps, deps.clients.kms(region), facts);
  const credentials = await become(deps, as, region);
  return "outcome" in credentials ? credentials : roundTrip(deps, deps.clients.kmsAs(credentials, region), facts);
}

async function become(deps: ProbeDeps, role: string, region: string): Promise<AwsCredentials | Probe> {
  if (!/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/.+$/.test(role)) {
    throw usageError(
      "usage.probe-role",
      `"${role}" is not the ARN of an IAM role.`,
      "Write it like this: arn:aws:iam::111122223333:role/keygrant-probe",
    );
  }
  const asked: Asked = { call: "AssumeRole", service: "sts", about: ` for ${role}` };
  try {
    const input = { RoleArn: role, RoleSessionName: PROBE_SESSION, DurationSeconds: SESSION_SECONDS };
    const { Credentials: given } = await deps.clients.sts(region).assumeRole(input, deps.signal);
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = given ?? {};
    if (accessKeyId !== undefined && secretAccessKey !== undefined && sessionToken !== undefined) {
      return { accessKeyId, secretAccessKey, sessionToken };
    }
    return { outcome: "unknown", code: "look.unreachable", detail: "The answer to AssumeRole holds no credentials." };
  } catch (error) {
    return outcomeOf(readFailure(error, asked), asked, null);
  }
}

async function roundTrip(deps: ProbeDeps, kms: KmsPort, facts: KeyFacts): Promise<Probe> {
  const secrets: Uint8Array[] = [];
  const keep = (bytes: Uint8Array): Uint8Array => {
    secrets.push(bytes);
    return bytes;
  };
  let asked: Asked = { call: "Encrypt", service: "kms" };
  try {
    const plaintext = keep(deps.random(PROBE_BYTES));
    const about = { KeyId: facts.ref.id, EncryptionContext: PROBE_CONTEXT };
    const encrypted = await kms.encrypt({ ...about, Plaintext: plaintext }, deps.signal);
    const ciphertext = encrypted.CiphertextBlob;
    if (ciphertext === undefined || encrypted.KeyId === undefined) return notKms(asked);
    if (!isTheKey(facts, encrypted.KeyId)) return mismatch(`Encrypt was done with another key, ${encrypted.KeyId}.`);
    if (isSame(keep(ciphertext), plaintext)) return mismatch("Encrypt gave back what was to be encrypted.");
    asked = { call: "Decrypt", service: "kms" };
    const decrypted = await kms.decrypt({ ...about, CiphertextBlob: ciphertext }, deps.signal);
    if (decrypted.Plaintext === undefined || decrypted.KeyId === undefined) return notKms(asked);
    const back = keep(decrypted.Plaintext);
    if (!isTheKey(facts, decrypted.KeyId)) return mismatch(`Decrypt was done with another key, ${decrypted.KeyId}.`);
    return isSame(back, plaintext) ? { outcome: "pass" } : mismatch("What came back is not what was encrypted.");
  } catch (error) {
    return outcomeOf(readFailure(error, asked), asked, facts);
  } finally {
    for (const bytes of secrets) bytes.fill(0);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** KMS answers with the key ARN; an imitation may answer with the bare id. */
function isTheKey(facts: KeyFacts, keyId: string): boolean {
  return keyId === facts.ref.id || (splitArn(keyId) === null && keyId === keyIdOf(facts.ref));
}

function mismatch(detail: string): Probe {
  return { outcome: "fail", code: "roundtrip.mismatch", detail };
}

function notKms(asked: Asked): Probe {
  return {
    outcome: "unknown",
    code: "look.unreachable",
    detail: `The answer to ${asked.call} does not look like AWS's: something is missing in it.`,
  };
}

/** What a refused call says about the key. Only KMS's own word about the key itself fails it. */
function outcomeOf(failure: AwsFailure, asked: Asked, facts: KeyFacts | null): Probe {
  const why = lookFailure(failure, asked);
  switch (failure.kind) {
    case "denied":
      return { ...why, outcome: "unknown", code: "roundtrip.not-permitted" };
    case "ciphertext":
      return mismatch(`${asked.call} does not take what Encrypt gave: ${failure.words} (${failure.name})`);
    case "absent":
    case "key-state":
    case "key-usage":
      return facts === null ? { outcome: "unknown", ...why } : refusedByKey(why.detail, facts);
    case "unsupported": {
      const isOfKey = failure.name === "UnsupportedOperationException" && facts !== null;
      return isOfKey ? refusedByKey(why.detail, facts) : { outcome: "unknown", ...why };
    }
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
