import { type Answer, type Call, freshEtag, freshUnique, page, pathPart } from "./call.ts";
import { newMaterial, publicKeyOf } from "./cipher.ts";
import { incorrectState } from "./errors.ts";
import { keyOfPath, needState, versionOf } from "./keyring.ts";
import { cancelDeletion, scheduleDeletion } from "./lifecycle.ts";
import { type KeyVersion, newLife, type OciKey, stateOf } from "./world.ts";

// https://docs.oracle.com/iaas/api/#/en/key/release/KeyVersion/

export function listKeyVersions(call: Call): Answer {
  const key = keyOfPath(call, "KEY_INSPECT");
  const newestFirst = key.versions.toReversed();
  return page(call, newestFirst, (version) => shown(call, key, version), 100);
}

export function getKeyVersion(call: Call): Answer {
  const key = keyOfPath(call, "KEY_READ");
  const version = versionOf(key, pathPart(call, 1));
  return { body: { ...shown(call, key, version), ...publicKeyOf(key, version) }, etag: version.id };
}

/** Rotation: the new version encrypts from now on, the old ones go on decrypting. */
export function createKeyVersion(call: Call): Answer {
  const { now, context } = call;
  const key = keyOfPath(call, "KEY_ROTATE");
  needState(key, now, "ENABLED");
  const version: KeyVersion = {
    id: key.id.replace("ocid1.key.", "ocid1.keyversion.").replace(/[^.]+$/, freshUnique(call)),
    createdAt: now.toISOString(),
    material: newMaterial(key.algorithm, key.length, context.random),
    ...newLife(),
  };
  key.versions.push(version);
  key.current = version.id;
  key.etag = freshEtag(call);
  return { body: { ...shown(call, key, version), lifecycleState: "CREATING" }, etag: version.id };
}

export function scheduleVersionDeletion(call: Call): Answer {
  const key = keyOfPath(call, "KEY_DELETE");
  const version = versionOf(key, pathPart(call, 1));
  if (version.id === key.current) throw incorrectState("The current key version cannot be deleted.");
  scheduleDeletion(call, version, needState(version, call.now, "ENABLED", "DISABLED"));
  return { body: { ...shown(call, key, version), lifecycleState: "SCHEDULING_DELETION" }, etag: version.id };
}

export function cancelVersionDeletion(call: Call): Answer {
  const key = keyOfPath(call, "KEY_DELETE");
  const version = versionOf(key, pathPart(call, 1));
  needState(version, call.now, "PENDING_DELETION");
  cancelDeletion(call, version);
  return { body: { ...shown(call, key, version), lifecycleState: "CANCELLING_DELETION" }, etag: version.id };
}

function shown({ now }: Call, key: OciKey, version: KeyVersion): object {
  return {
    id: version.id,
    keyId: key.id,
    vaultId: key.vaultId,
    compartmentId: key.compartmentId,
    lifecycleState: stateOf(version, now),
    origin: "INTERNAL",
    timeCreated: version.createdAt,
    timeOfDeletion: version.deletionAt,
    isPrimary: true,
    isAutoRotated: false,
  };
}
