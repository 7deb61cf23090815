import {
  authorize,
  type Call,
  camel,
  field,
  isRecord,
  keyOf,
  onlyFields,
  optionalEnum,
  optionalSeconds,
  optionalText,
  optionalTime,
  ringOf,
  updateMask,
} from "./call.ts";
import { enumName } from "./enums.ts";
import { badField, failedPrecondition, GoogleError, invalid } from "./errors.ts";
import { page } from "./lists.ts";
import { checkId } from "./names.ts";
import { shownKey, shownRing } from "./view.ts";
import {
  type CryptoKey,
  DESTROY_AFTER_SECONDS,
  findKey,
  findRing,
  newVersion,
  type Purpose,
  unsetPolicy,
} from "./world.ts";

const RINGS = "cloudkms.keyRings";
const KEYS = "cloudkms.cryptoKeys";

export function getKeyRing(call: Call): object {
  authorize(call, `${RINGS}.get`);
  return shownRing(ringOf(call));
}

export function listKeyRings(call: Call): object {
  authorize(call, `${RINGS}.list`);
  const rings = call.world.keyRings.filter(({ name }) => name.startsWith(`${call.name}/keyRings/`));
  return page(call, "keyRings", rings.map(shownRing));
}

export function createKeyRing(call: Call): object {
  authorize(call, `${RINGS}.create`);
  const name = `${call.name}/keyRings/${checkId(idIn(call, "keyRingId"), "key_ring_id")}`;
  if (findRing(call.world, name) !== undefined)
    throw new GoogleError("ALREADY_EXISTS", `KeyRing ${name} already exists.`);
  const ring = { name, createTime: call.now.toISOString(), policy: unsetPolicy() };
  call.world.keyRings.push(ring);
  return shownRing(ring);
}

export function getCryptoKey(call: Call): object {
  authorize(call, `${KEYS}.get`);
  return shownKey(keyOf(call));
}

export function listCryptoKeys(call: Call): object {
  authorize(call, `${KEYS}.list`);
  const { name: ring } = ringOf(call);
  const keys = call.world.keys.filter(({ name }) => name.startsWith(`${ring}/cryptoKeys/`));
  return page(call, "cryptoKeys", keys.map(shownKey));
}

/** https://cloud.google.com/kms/docs/algorithms#key_purposes */
const ALGORITHMS: Readonly<Record<Purpose, RegExp>> = {
  ENCRYPT_DECRYPT: /^GOOGLE_SYMMETRIC_ENCRYPTION$/,
  ASYMMETRIC_DECRYPT: /^RSA_DECRYPT_/,
  ASYMMETRIC_SIGN: /^(RSA|EC)_SIGN_/,
  RAW_ENCRYPT_DECRYPT: /^AES_/,
  MAC: /^HMAC_/,
};

function isPurpose(text: string | undefined): text is Purpose {
  return text !== undefined && Object.hasOwn(ALGORITHMS, text);
}

const KEY_FIELDS = [
  "name",
  "primary",
  "purpose",
  "createTime",
  "nextRotationTime",
  "rotationPeriod",
  "versionTemplate",
  "labels",
  "importOnly",
  "destroyScheduledDuration",
  "cryptoKeyBackend",
  "keyAccessJustificationsPolicy",
];

export function createCryptoKey(call: Call): object {
  authorize(call, `${KEYS}.create`);
  const ring = ringOf(call);
  onlyFields(call.body, KEY_FIELDS);
  const name = `${ring.name}/cryptoKeys/${checkId(idIn(call, "cryptoKeyId"), "crypto_key_id")}`;
  const purpose = optionalEnum(call.body, "purpose");
  if (!isPurpose(purpose)) throw invalid("The purpose of a CryptoKey is required.");
  const template = templateOf(call);
  const algorithm = template.algorithm ?? (purpose === "ENCRYPT_DECRYPT" ? "GOOGLE_SYMMETRIC_ENCRYPTION" : "");
  if (!ALGORITHMS[purpose].test(algorithm)) {
    throw invalid(`The algorithm '${algorithm}' is not supported for keys with purpose ${purpose}.`);
  }
  if (findKey(call.world, name) !== undefined)
    throw new GoogleError("ALREADY_EXISTS", `CryptoKey ${name} already exists.`);
  const key: CryptoKey = {
    name,
    createTime: call.now.toISOString(),
    purpose,
    protectionLevel: template.protectionLevel ?? "SOFTWARE",
    algorithm,
    primary: null,
    versions: [],
    rotation: rotationOf(call, purpose),
    destroyScheduledSeconds: optionalSeconds(call.body, "destroyScheduledDuration") ?? DESTROY_AFTER_SECONDS,
    importOnly: field(call.body, "importOnly") === true,
    allowedAccessReasons: reasonsOf(call),
    labels: labelsOf(call),
    policy: unsetPolicy(),
    deniedTo: [],
    fault: null,
  };
  const skipped = call.query.get("skipInitialVersionCreation") ?? call.query.get("skip_initial_version_creation");
  if (skipped !== "true") {
    key.versions.push(newVersion(key, call.now, call.context.random));
    if (purpose === "ENCRYPT_DECRYPT" && !key.importOnly) key.primary = 1;
  }
  call.world.keys.push(key);
  return shownKey(key);
}

const UPDATABLE = [
  "rotationPeriod",
  "nextRotationTime",
  "labels",
  "versionTemplate",
  "versionTemplate.algorithm",
  "keyAccessJustificationsPolicy",
];

export function updateCryptoKey(call: Call): object {
  authorize(call, `${KEYS}.update`);
  const key = keyOf(call);
  onlyFields(call.body, KEY_FIELDS);
  const mask = updateMask(call, UPDATABLE);
  const rotates = mask.some((path) => path === "rotationPeriod" || path === "nextRotationTime");
  const changes = {
    ...(rotates ? { rotation: rotationOf(call, key.purpose, mask, key.rotation) } : {}),
    ...(mask.includes("labels") ? { labels: labelsOf(call) } : {}),
    ...(mask.some((path) => path.startsWith("versionTemplate"))
      ? { algorithm: templateOf(call).algorithm ?? key.algorithm }
      : {}),
    ...(mask.includes("keyAccessJustificationsPolicy") ? { allowedAccessReasons: reasonsOf(call) } : {}),
  };
  Object.assign(key, changes);
  return shownKey(key);
}

export function updatePrimaryVersion(call: Call): object {
  authorize(call, `${KEYS}.update`);
  const key = keyOf(call);
  onlyFields(call.body, ["cryptoKeyVersionId"]);
  if (key.purpose !== "ENCRYPT_DECRYPT") {
    throw failedPrecondition(
      `UpdateCryptoKeyPrimaryVersion is not supported for ${key.name}: its purpose is ${key.purpose}.`,
    );
  }
  const id = optionalText(call.body, "cryptoKeyVersionId") ?? "";
  const version = key.versions.find(({ number }) => String(number) === id);
  if (version === undefined)
    throw new GoogleError("NOT_FOUND", `CryptoKeyVersion ${key.name}/cryptoKeyVersions/${id} not found.`);
  if (version.state !== "ENABLED") {
    throw failedPrecondition(`${key.name}/cryptoKeyVersions/${id} is not enabled, current state is: ${version.state}.`);
  }
  key.primary = version.number;
  return shownKey(key);
}

/** https://cloud.google.com/kms/docs/key-rotation: symmetric keys alone, a period of at least a day, and both or none. */
function rotationOf(
  call: Call,
  purpose: Purpose,
  mask: readonly string[] = ["rotationPeriod", "nextRotationTime"],
  before: CryptoKey["rotation"] = null,
): CryptoKey["rotation"] {
  const periodSeconds = mask.includes("rotationPeriod")
    ? (optionalSeconds(call.body, "rotationPeriod") ?? null)
    : (before?.periodSeconds ?? null);
  const next = mask.includes("nextRotationTime")
    ? (optionalTime(call.body, "nextRotationTime") ?? null)
    : (before?.next ?? null);
  if (periodSeconds === null && next === null) return null;
  if (purpose !== "ENCRYPT_DECRYPT") throw invalid(`Keys with purpose ${purpose} do not support automatic rotation.`);
  if (periodSeconds !== null && periodSeconds < 86_400) throw invalid("The rotation_period must be at least 24 hours.");
  if (next === null) throw invalid("If rotation_period is set, next_rotation_time must also be set.");
  if (Date.parse(next) <= call.now.getTime()) throw invalid("The next_rotation_time must be in the future.");
  return { periodSeconds, next };
}

function templateOf(call: Call): {
  readonly algorithm: string | undefined;
  readonly protectionLevel: string | undefined;
} {
  const template = field(call.body, "versionTemplate") ?? {};
  if (!isRecord(template))
    throw badField("crypto_key.version_template", "Invalid value at 'crypto_key.version_template'");
  onlyFields(template, ["algorithm", "protectionLevel"], "crypto_key.version_template");
  return { algorithm: optionalEnum(template, "algorithm"), protectionLevel: optionalEnum(template, "protectionLevel") };
}

function reasonsOf(call: Call): readonly string[] | null {
  const policy = field(call.body, "keyAccessJustificationsPolicy");
  if (!isRecord(policy)) return null;
  const reasons = field(policy, "allowedAccessReasons") ?? [];
  if (!Array.isArray(reasons)) throw badField("allowed_access_reasons", "Invalid value at 'allowed_access_reasons'");
  return reasons.map((reason: unknown) => {
    const name = enumName("allowedAccessReasons", reason);
    if (name !== undefined) return name;
    throw badField(
      "allowed_access_reasons",
      `Invalid value at 'allowed_access_reasons' (TYPE_ENUM), ${JSON.stringify(reason)}`,
    );
  });
}

function labelsOf(call: Call): Readonly<Record<string, string>> {
  const labels = field(call.body, "labels") ?? {};
  if (!isRecord(labels)) throw badField("crypto_key.labels", "Invalid value at 'crypto_key.labels'");
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

/** A query parameter, in either spelling. */
function idIn(call: Call, name: string): string {
  for (const [given, value] of call.query) if (camel(given) === name) return value;
  return "";
}
