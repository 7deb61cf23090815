import { authorize, type Call, pathPart } from "./call.ts";
import type { Variables } from "./conditions.ts";
import {
  ConnectionCut,
  incorrectState,
  internalServerError,
  notAuthenticated,
  notAuthorizedOrNotFound,
  tooManyRequests,
} from "./errors.ts";
import { regionOf } from "./regions.ts";
import { findKey, type KeyVersion, type LifecycleState, type OciKey, stateOf } from "./world.ts";

/** The key with that OCID, if the caller may do that with it. A key with a fault has its way with whoever is known. */
export function keyFor(call: Call, id: string, permission: string, more: Variables = {}): OciKey {
  const region = regionOf(id);
  if (call.region !== null && call.region !== region) throw notAuthorizedOrNotFound();
  if (!call.caller.tenancy.regions.includes(region)) throw notAuthenticated();
  const key = findKey(call.world, id);
  if (key === undefined) throw notAuthorizedOrNotFound();
  if (key.fault === "throttled") throw tooManyRequests();
  if (key.fault === "internal") throw internalServerError();
  if (key.fault === "reset") throw new ConnectionCut();
  const variables = { ...keyVariables(key), ...more };
  authorize(call, { permissions: [permission], compartmentId: key.compartmentId, region, variables });
  return key;
}

/** https://docs.oracle.com/iaas/Content/Identity/policyreference/keypolicyreference.htm, "Supported Variables" */
export function keyVariables(key: OciKey): Variables {
  return { "target.key.id": key.id, "target.vault.id": key.vaultId };
}

export function keyOfPath(call: Call, permission: string): OciKey {
  return keyFor(call, pathPart(call, 0), permission);
}

export function versionOf(key: OciKey, id: string): KeyVersion {
  const version = key.versions.find((one) => one.id === id);
  if (version === undefined) throw notAuthorizedOrNotFound();
  return version;
}

/** Throws IncorrectState unless the key, or the version, is in one of the states. */
export function needState(thing: OciKey | KeyVersion, now: Date, ...states: readonly LifecycleState[]): LifecycleState {
  const state = stateOf(thing, now);
  if (states.includes(state)) return state;
  const what = "versions" in thing ? "key" : "key version";
  throw incorrectState(`The ${what} ${thing.id} is in state ${state}, and needs to be in ${states.join(" or ")}.`);
}
