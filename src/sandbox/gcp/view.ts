import { versionName } from "./call.ts";
import type { CryptoKey, KeyRing, KeyVersion } from "./world.ts";

/** https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings */
export function shownRing({ name, createTime }: KeyRing): object {
  return { name, createTime };
}

/** https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys */
export function shownKey(key: CryptoKey): Readonly<Record<string, unknown>> {
  const primary = key.versions.find(({ number }) => number === key.primary);
  const { rotation, labels, allowedAccessReasons } = key;
  return {
    name: key.name,
    ...(primary === undefined ? {} : { primary: shownVersion(key, primary) }),
    purpose: key.purpose,
    createTime: key.createTime,
    ...(rotation === null ? {} : { nextRotationTime: rotation.next }),
    ...(rotation?.periodSeconds == null ? {} : { rotationPeriod: `${rotation.periodSeconds}s` }),
    versionTemplate: { protectionLevel: key.protectionLevel, algorithm: key.algorithm },
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(key.importOnly ? { importOnly: true } : {}),
    destroyScheduledDuration: `${key.destroyScheduledSeconds}s`,
    ...(allowedAccessReasons === null ? {} : { keyAccessJustificationsPolicy: justifications(allowedAccessReasons) }),
  };
}

function justifications(allowedAccessReasons: readonly string[]): object {
  return allowedAccessReasons.length === 0 ? {} : { allowedAccessReasons };
}

/** https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys.cryptoKeyVersions */
export function shownVersion(key: CryptoKey, version: KeyVersion): Readonly<Record<string, unknown>> {
  const { state, algorithm, protectionLevel, createTime } = version;
  const times = {
    generateTime: version.generateTime,
    destroyTime: version.destroyTime,
    destroyEventTime: version.destroyEventTime,
    importFailureReason: version.importFailureReason,
  };
  return {
    name: versionName(key, version),
    state,
    createTime,
    protectionLevel,
    algorithm,
    ...Object.fromEntries(Object.entries(times).filter(([, value]) => value !== null)),
  };
}
