import {
  type Answer,
  authorize,
  type Call,
  freshEtag,
  freshUnique,
  identityRegion,
  matchEtag,
  optionalFlag,
  page,
  queried,
  record,
  requiredText,
  text,
} from "./call.ts";
import { newMaterial } from "./cipher.ts";
import { invalidParameter, missingParameter, notAuthorizedOrNotFound } from "./errors.ts";
import { keyOfPath, needState } from "./keyring.ts";
import { regionOf } from "./regions.ts";
import { newLife, type OciKey, pass, stateOf, type Vault, vaultIn, vaultPart } from "./world.ts";

// https://docs.oracle.com/iaas/api/#/en/key/release/Key/

/** What Oracle proposes when a key is created in its console. */
const ROTATION_DAYS = 90;

/** Those of all vaults: which one is asked is in reality a matter of the host. */
export function listKeys(call: Call): Answer {
  const compartmentId = queried(call, "compartmentId");
  authorize(call, { permissions: ["KEY_INSPECT"], compartmentId, region: identityRegion(call) });
  const wanted = (name: string, value: string) => (call.query.get(name) ?? value) === value;
  const keys = call.world.keys
    .filter((key) => key.compartmentId === compartmentId)
    .filter(({ id }) => call.region === null || regionOf(id) === call.region)
    .filter((key) => wanted("protectionMode", key.protection) && wanted("algorithm", key.algorithm));
  return page(call, keys, (key) => summary(call, key), 100);
}

export function getKey(call: Call): Answer {
  return answer(call, keyOfPath(call, "KEY_READ"));
}

const LENGTHS: Readonly<Record<OciKey["algorithm"], readonly number[]>> = {
  AES: [16, 24, 32],
  RSA: [256, 384, 512],
  ECDSA: [32, 48, 66],
};
const CURVES: Readonly<Record<number, string>> = { 32: "NIST_P256", 48: "NIST_P384", 66: "NIST_P521" };

export function createKey(call: Call): Answer {
  const { world, now, context, knobs, caller } = call;
  const compartmentId = requiredText(call, "compartmentId");
  const name = requiredText(call, "displayName", 100);
  const shape = shapeOf(call);
  const protection = text(call, "protectionMode") ?? "HSM";
  if (protection !== "HSM" && protection !== "SOFTWARE") throw invalidParameter("protectionMode is not valid.");
  const region = call.region ?? caller.tenancy.homeRegion;
  const vault = vaultIn(world, caller.tenancy.id, region);
  if (vault === undefined) throw notAuthorizedOrNotFound();
  authorize(call, { permissions: ["KEY_CREATE"], compartmentId, region });
  authorizeVault(call, vault, region);
  const id = `ocid1.key.oc1.${region}.${vaultPart(vault.id)}.${freshUnique(call)}`;
  const version = {
    id: id.replace("ocid1.key.", "ocid1.keyversion."),
    createdAt: now.toISOString(),
    material: newMaterial(shape.algorithm, shape.length, context.random),
    ...newLife(),
  };
  const key: OciKey = {
    id,
    vaultId: vault.id,
    compartmentId,
    name,
    ...shape,
    protection,
    autoRotation: optionalFlag(call, "isAutoRotationEnabled") ?? false,
    createdAt: now.toISOString(),
    versions: [version],
    current: version.id,
    etag: freshEtag(call),
    tags: { freeform: record(call, "freeformTags") ?? {}, defined: record(call, "definedTags") ?? {} },
    fault: null,
    ...newLife(),
  };
  pass(key, "CREATING", now, knobs.ociTransitionMs);
  world.keys.push(key);
  return answer(call, key, "CREATING");
}

function authorizeVault(call: Call, vault: Vault, region: string): void {
  const variables = { "target.vault.id": vault.id };
  const { compartmentId } = vault;
  authorize(call, { permissions: ["VAULT_CREATE_KEY"], compartmentId, region, variables });
}

function shapeOf(call: Call): Pick<OciKey, "algorithm" | "length" | "curveId"> {
  const shape = record(call, "keyShape");
  if (shape === null) throw missingParameter("keyShape");
  const { algorithm, length } = shape;
  const known = algorithm === "AES" || algorithm === "RSA" || algorithm === "ECDSA";
  if (!known || typeof length !== "number" || !LENGTHS[algorithm].includes(length)) {
    throw invalidParameter("keyShape is not valid.");
  }
  return { algorithm, length, curveId: algorithm === "ECDSA" ? (CURVES[length] ?? null) : null };
}

export function updateKey(call: Call): Answer {
  const key = keyOfPath(call, "KEY_UPDATE");
  matchEtag(call, key.etag);
  needState(key, call.now, "ENABLED", "DISABLED");
  key.name = text(call, "displayName", 100) ?? key.name;
  key.autoRotation = optionalFlag(call, "isAutoRotationEnabled") ?? key.autoRotation;
  key.tags = {
    freeform: record(call, "freeformTags") ?? key.tags.freeform,
    defined: record(call, "definedTags") ?? key.tags.defined,
  };
  key.etag = freshEtag(call);
  return answer(call, key);
}

/** Assumed: one must be allowed to move keys in both compartments. */
export function changeKeyCompartment(call: Call): Answer {
  const key = keyOfPath(call, "KEY_MOVE");
  const compartmentId = requiredText(call, "compartmentId");
  authorize(call, { permissions: ["KEY_MOVE"], compartmentId, region: regionOf(key.id) });
  matchEtag(call, key.etag);
  needState(key, call.now, "ENABLED", "DISABLED");
  key.compartmentId = compartmentId;
  key.etag = freshEtag(call);
  return { status: 204, body: null };
}

/** As an action on a key answers: the state is the passing one that was entered, however short it is. */
export function answer(call: Call, key: OciKey, state = stateOf(key, call.now)): Answer {
  const { id, vaultId, compartmentId, name, algorithm, length, curveId, tags } = key;
  const body = {
    id,
    vaultId,
    compartmentId,
    displayName: name,
    currentKeyVersion: key.current,
    keyShape: { algorithm, length, ...(curveId === null ? {} : { curveId }) },
    protectionMode: key.protection,
    lifecycleState: state,
    timeCreated: key.createdAt,
    timeOfDeletion: key.deletionAt,
    isPrimary: true,
    isAutoRotationEnabled: key.autoRotation,
    // Kept when rotation is switched off again: it says that the vault can rotate.
    autoKeyRotationDetails: { rotationIntervalInDays: ROTATION_DAYS, timeOfScheduleStart: key.createdAt },
    freeformTags: tags.freeform,
    definedTags: tags.defined,
  };
  return { body, etag: key.etag };
}

function summary(call: Call, key: OciKey): unknown {
  return {
    id: key.id,
    vaultId: key.vaultId,
    compartmentId: key.compartmentId,
    displayName: key.name,
    protectionMode: key.protection,
    algorithm: key.algorithm,
    lifecycleState: stateOf(key, call.now),
    timeCreated: key.createdAt,
    isAutoRotationEnabled: key.autoRotation,
    freeformTags: key.tags.freeform,
    definedTags: key.tags.defined,
  };
}
