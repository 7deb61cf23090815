import type { KeyDescription, KeyState, KeyVersion } from "../../core/model.ts";
import type { OciKey, OciKeyVersion } from "./api.ts";

/** What OCI says about a key, in keygrant's words; null for a key that is gone. */
export function describe(key: OciKey, versions: readonly OciKeyVersion[], exportable: boolean): KeyDescription | null {
  if (key.lifecycleState === "DELETED") return null;
  return {
    state: stateOf(key.lifecycleState),
    stateName: key.lifecycleState,
    usage: usageOf(key),
    algorithms: [algorithmOf(key)],
    // OCI keeps no keys of its own where a tenancy could see them.
    customerManaged: true,
    deletionAt: isoDate(key.timeOfDeletion),
    materialExpiresAt: null,
    exportable,
    olderVersions: olderVersions(key, versions),
  };
}

/** https://docs.oracle.com/en-us/iaas/api/#/en/key/release/Key/ ("lifecycleState"). */
function stateOf(name: string): KeyState {
  switch (name) {
    case "ENABLED":
      return "usable";
    case "DISABLED":
      return "disabled";
    case "PENDING_DELETION":
    case "SCHEDULING_DELETION":
    case "DELETING":
      return "pending-deletion";
    default:
      // CREATING, ENABLING, DISABLING, UPDATING, RESTORING, BACKUP_IN_PROGRESS, CANCELLING_DELETION, and whatever OCI
      // adds: no verdict can be made of a passing state, or of a word that is not known.
      return "not-ready";
  }
}

/** "AES and RSA keys encrypt and decrypt; ECDSA keys sign" (Oracle, "Managing Keys"). */
function usageOf({ algorithm }: OciKey): string {
  return algorithm === "ECDSA" ? "SIGN_VERIFY" : "ENCRYPT_DECRYPT";
}

/** `AES_256`, `RSA_2048`, `ECDSA_NIST_P256`: OCI counts in bytes. */
function algorithmOf({ algorithm, length, curveId }: OciKey): string {
  return `${algorithm}_${curveId ?? length * 8}`;
}

/** Data that was encrypted under an older version needs it to be decrypted, and it can be disabled by itself. */
function olderVersions(key: OciKey, versions: readonly OciKeyVersion[]): readonly KeyVersion[] {
  return versions
    .filter(({ id, lifecycleState }) => id !== key.currentKeyVersion && lifecycleState !== "CREATING")
    .map(({ id, lifecycleState }) => ({ id, usable: lifecycleState === "ENABLED", stateName: lifecycleState }));
}

/** ISO 8601 in UTC, whole seconds as such; null for no date, or none that can be one. */
function isoDate(text: string | null): string | null {
  if (text === null || Number.isNaN(Date.parse(text))) return null;
  return new Date(text).toISOString().replace(".000Z", "Z");
}

/** Whether OCI renews the key by itself; null when it does not say, as for vaults in which it cannot. */
export function rotationOf({ autoRotation }: OciKey): boolean | null {
  return autoRotation;
}
