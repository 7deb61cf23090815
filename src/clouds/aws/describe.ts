import type { KeyDescription, KeyRef, KeyState } from "../../core/model.ts";
import { partitionOf, splitArn } from "./key.ts";
import type { KeyMetadata } from "./kms.ts";

/** What KMS says about a key, in keygrant's words (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html). */
export function describe(metadata: KeyMetadata, now: Date): KeyDescription {
  const spec = metadata.KeySpec ?? metadata.CustomerMasterKeySpec;
  const usage = metadata.KeyUsage ?? (spec === "SYMMETRIC_DEFAULT" ? "ENCRYPT_DECRYPT" : "unknown");
  const stateName = metadata.KeyState ?? (metadata.Enabled === false ? "Disabled" : "Enabled");
  return {
    state: stateOf(stateName, metadata, now),
    stateName,
    usage,
    algorithms: [spec ?? "unknown"],
    customerManaged: metadata.KeyManager !== "AWS",
    deletionAt: isoDate(metadata.DeletionDate),
    materialExpiresAt: isoDate(metadata.ValidTo),
    exportable: false,
    olderVersions: [],
  };
}

function stateOf(name: string, metadata: KeyMetadata, now: Date): KeyState {
  switch (name) {
    case "Enabled":
    // The primary region of a Multi-Region key is changing: it "still encrypts", says the page.
    case "Updating":
      return "usable";
    case "Disabled":
      return "disabled";
    case "PendingDeletion":
    // A primary that waits for the deletion of its replicas can be used no more either.
    case "PendingReplicaDeletion":
      return "pending-deletion";
    case "PendingImport":
      return metadata.ValidTo !== undefined && metadata.ValidTo <= now ? "material-expired" : "no-material";
    case "Unavailable":
      return "unavailable";
    default:
      // Creating, and whatever AWS adds: no verdict can be made of a word that is not known.
      return "not-ready";
  }
}

/**
 * Whether AWS can renew the key's material by itself: only symmetric keys with material of KMS's own
 * (https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html).
 */
export function canRotate(metadata: KeyMetadata): boolean {
  const spec = metadata.KeySpec ?? metadata.CustomerMasterKeySpec ?? "SYMMETRIC_DEFAULT";
  const isOwnMaterial = metadata.Origin === undefined || metadata.Origin === "AWS_KMS";
  return spec === "SYMMETRIC_DEFAULT" && isOwnMaterial && metadata.CustomKeyStoreId === undefined;
}

/** The key's own name, whatever it was asked by; null when the answer does not say it. */
export function canonicalRef(asked: KeyRef, metadata: KeyMetadata): KeyRef | null {
  const { AWSAccountId: account, KeyId: keyId } = metadata;
  const built =
    account === undefined || keyId === undefined || asked.region === null
      ? undefined
      : `arn:${partitionOf(asked)}:kms:${asked.region}:${account}:key/${keyId}`;
  const id = metadata.Arn ?? built;
  const arn = id === undefined ? null : splitArn(id);
  if (id === undefined || arn === null || !arn.resource.startsWith("key/")) return null;
  return { cloud: "aws", id, region: arn.region, owner: arn.account };
}

/** ISO 8601 in UTC, whole seconds as such; null for no date, or none that can be one. */
function isoDate(date: Date | undefined): string | null {
  if (date === undefined || Number.isNaN(date.getTime())) return null;
  return date.toISOString().replace(".000Z", "Z");
}
