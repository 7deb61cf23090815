import { authorize, type Call, keyOf, onlyFields, optionalEnum, updateMask, versionName, versionOf } from "./call.ts";
import { failedPrecondition, invalid } from "./errors.ts";
import { page } from "./lists.ts";
import { shownVersion } from "./view.ts";
import { type CryptoKey, type KeyVersion, newVersion, type VersionState } from "./world.ts";

const VERSIONS = "cloudkms.cryptoKeyVersions";

export function getVersion(call: Call): object {
  authorize(call, `${VERSIONS}.get`);
  const { key, version } = versionOf(call);
  return shownVersion(key, version);
}

export function listVersions(call: Call): object {
  authorize(call, `${VERSIONS}.list`);
  const key = keyOf(call);
  return page(
    call,
    "cryptoKeyVersions",
    key.versions.map((version) => shownVersion(key, version)),
  );
}

export function createVersion(call: Call): object {
  authorize(call, `${VERSIONS}.create`);
  const key = keyOf(call);
  const version = newVersion(key, call.now, call.context.random);
  key.versions.push(version);
  return shownVersion(key, version);
}

/** https://cloud.google.com/kms/docs/key-states: from enabled to disabled and back, and nothing else. */
export function updateVersion(call: Call): object {
  authorize(call, `${VERSIONS}.update`);
  const { key, version } = versionOf(call);
  updateMask(call, ["state"]);
  const state = optionalEnum(call.body, "state");
  if (state !== "ENABLED" && state !== "DISABLED") {
    throw invalid("The state of a CryptoKeyVersion can only be set to ENABLED or DISABLED.");
  }
  from(key, version, ["ENABLED", "DISABLED"]);
  version.state = state;
  return shownVersion(key, version);
}

export function destroyVersion(call: Call): object {
  authorize(call, `${VERSIONS}.destroy`);
  const { key, version } = versionOf(call);
  onlyFields(call.body, []);
  from(key, version, ["ENABLED", "DISABLED"]);
  version.state = "DESTROY_SCHEDULED";
  version.destroyTime = new Date(call.now.getTime() + key.destroyScheduledSeconds * 1000).toISOString();
  return shownVersion(key, version);
}

export function restoreVersion(call: Call): object {
  authorize(call, `${VERSIONS}.restore`);
  const { key, version } = versionOf(call);
  onlyFields(call.body, []);
  from(key, version, ["DESTROY_SCHEDULED"]);
  version.state = "DISABLED";
  version.destroyTime = null;
  return shownVersion(key, version);
}

function from(key: CryptoKey, version: KeyVersion, states: readonly VersionState[]): void {
  if (states.includes(version.state)) return;
  const name = versionName(key, version);
  throw failedPrecondition(`${name} is not in a state that allows this, current state is: ${version.state}.`, {
    type: `KEY_${version.state}`,
    subject: name,
  });
}
