import type { KeyDescription, KeyState, KeyVersion } from "../../core/model.ts";
import { versionNumber } from "./key.ts";
import type { CryptoKey, CryptoKeyVersion, Enum, Timestamp } from "./kms.ts";

/** What Cloud KMS says about a key and its versions, in keygrant's words. */
export function describe(key: CryptoKey, versions: readonly CryptoKeyVersion[]): KeyDescription {
  const sorted = [...versions].sort((a, b) => numberOf(b) - numberOf(a));
  const inUse = versionInUse(key, sorted);
  const state = inUse === null ? "no-material" : stateOf(inUse);
  // What is wrong with the version itself comes first: nothing else helps until that is mended.
  const refused = (state === "usable" || state === "not-ready") && refusesEverything(key);
  const algorithm = inUse?.algorithm ?? key.versionTemplate?.algorithm;
  return {
    state: refused ? "unavailable" : state,
    stateName: refused ? REFUSED : inUse === null ? noVersionName(key) : word(inUse.state),
    usage: word(key.purpose),
    algorithms: [word(algorithm)],
    customerManaged: true,
    deletionAt: destruction(inUse) ?? firstDestruction(sorted),
    materialExpiresAt: null,
    // No key material leaves Cloud KMS, whatever its protection level.
    exportable: false,
    olderVersions: sorted.flatMap((version) => (isSame(version, inUse) ? [] : olderVersion(version))),
  };
}

/**
 * The version that decides: the primary of a symmetric key; the newest enabled one of an asymmetric key, which has no
 * primary, else the newest (https://cloud.google.com/kms/docs/key-states, https://cloud.google.com/kms/docs/resource-hierarchy#key_versions).
 */
function versionInUse(key: CryptoKey, newestFirst: readonly CryptoKeyVersion[]): CryptoKeyVersion | null {
  if (word(key.purpose) === "ENCRYPT_DECRYPT") {
    const primary = key.primary ?? null;
    // The list is the fresher of the two.
    if (primary !== null) return newestFirst.find((version) => isSame(version, primary)) ?? primary;
    // One that is on its way may become the primary.
    return newestFirst.find((version) => PENDING.has(word(version.state))) ?? null;
  }
  return newestFirst.find((version) => word(version.state) === "ENABLED") ?? newestFirst[0] ?? null;
}

function noVersionName(key: CryptoKey): string {
  return word(key.purpose) === "ENCRYPT_DECRYPT" ? "no primary version" : "no version";
}

/** https://cloud.google.com/kms/docs/reference/rest/v1/CryptoKeyVersionState */
function stateOf(version: CryptoKeyVersion): KeyState {
  switch (word(version.state)) {
    case "ENABLED":
      return "usable";
    case "DISABLED":
      return "disabled";
    case "DESTROY_SCHEDULED":
    case "PENDING_EXTERNAL_DESTRUCTION":
      return "pending-deletion";
    case "DESTROYED":
    case "IMPORT_FAILED":
    case "GENERATION_FAILED":
      return "no-material";
    case "EXTERNAL_DESTRUCTION_FAILED":
      return "unavailable";
    default:
      // PENDING_GENERATION, PENDING_IMPORT, and whatever Google adds: no verdict can be made of an unknown word.
      return "not-ready";
  }
}

const PENDING: ReadonlySet<string> = new Set(["PENDING_GENERATION", "PENDING_IMPORT"]);

/** Versions that never had key material: nothing can be encrypted under them. */
const NEVER_USED: ReadonlySet<string> = new Set([...PENDING, ...["GENERATION_FAILED", "IMPORT_FAILED"]]);

function olderVersion(version: CryptoKeyVersion): readonly KeyVersion[] {
  const stateName = word(version.state);
  const id = versionNumber(version.name ?? "");
  if (id === null || NEVER_USED.has(stateName)) return [];
  return [{ id, usable: stateName === "ENABLED", stateName }];
}

/** The first date on which a version will be destroyed, whichever it is: data may be encrypted under any of them. */
function firstDestruction(versions: readonly CryptoKeyVersion[]): string | null {
  return versions.flatMap((version) => destruction(version) ?? []).sort()[0] ?? null;
}

function destruction(version: CryptoKeyVersion | null): string | null {
  return version !== null && word(version.state) === "DESTROY_SCHEDULED" ? isoDate(version.destroyTime) : null;
}

const REFUSED = "its Key Access Justifications policy takes no reason";

/**
 * "If allowed_access_reasons is empty, all encrypt, decrypt, and sign operations will fail."
 * https://cloud.google.com/kms/docs/reference/rest/v1/KeyAccessJustificationsPolicy
 */
function refusesEverything(key: CryptoKey): boolean {
  const policy = key.keyAccessJustificationsPolicy;
  return policy !== null && policy !== undefined && (policy.allowedAccessReasons ?? []).length === 0;
}

/** The reasons that the key's Key Access Justifications policy takes; null when there is no such policy. */
export function justifications(key: CryptoKey): readonly string[] | null {
  const policy = key.keyAccessJustificationsPolicy;
  return policy === null || policy === undefined ? null : (policy.allowedAccessReasons ?? []).map(word);
}

/**
 * Whether Google renews the key by itself; null where it cannot: asymmetric keys, and those whose material is made
 * elsewhere (https://cloud.google.com/kms/docs/key-rotation#automatic).
 */
export function rotates(key: CryptoKey): boolean | null {
  const isOn = isSet(key.rotationPeriod) || isSet(key.nextRotationTime);
  if (isOn) return true;
  const level = word(key.versionTemplate?.protectionLevel ?? key.primary?.protectionLevel);
  const isMadeElsewhere = key.importOnly === true || level === "EXTERNAL" || level === "EXTERNAL_VPC";
  return word(key.purpose) === "ENCRYPT_DECRYPT" && !isMadeElsewhere ? false : null;
}

function isSet(time: Timestamp | null | undefined): boolean {
  return time !== null && time !== undefined && Number(time.seconds ?? 0) > 0;
}

function isSame(one: CryptoKeyVersion, other: CryptoKeyVersion | null): boolean {
  const [a, b] = [versionNumber(one.name ?? ""), versionNumber(other?.name ?? "")];
  return a !== null && a === b;
}

function numberOf(version: CryptoKeyVersion): number {
  return Number(versionNumber(version.name ?? "") ?? 0);
}

/** The name of an enumeration's value, as text. */
export function word(value: Enum): string {
  return value === null || value === undefined || value === "" ? "unknown" : String(value);
}

/** ISO 8601 in UTC, whole seconds; null for no date, or none that can be one. */
function isoDate(time: Timestamp | null | undefined): string | null {
  if (!isSet(time)) return null;
  const date = new Date(Number(time?.seconds) * 1_000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace(".000Z", "Z");
}
