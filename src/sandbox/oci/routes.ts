import type { SandboxRequest } from "../module.ts";
import type { Handler } from "./call.ts";
import { decrypt, encrypt, generateDataEncryptionKey } from "./crypto.ts";
import {
  getCompartment,
  getGroup,
  getTenancy,
  listCompartments,
  listGroups,
  listRegionSubscriptions,
} from "./identity.ts";
import { changeKeyCompartment, createKey, getKey, listKeys, updateKey } from "./keys-api.ts";
import { cancelKeyDeletion, disableKey, enableKey, scheduleKeyDeletion } from "./lifecycle.ts";
import { IDENTITY, KMS, placeOf } from "./path.ts";
import { createPolicy, deletePolicy, getPolicy, listPolicies, updatePolicy } from "./policies.ts";
import { getVault, listVaults } from "./vaults.ts";
import {
  cancelVersionDeletion,
  createKeyVersion,
  getKeyVersion,
  listKeyVersions,
  scheduleVersionDeletion,
} from "./versions.ts";

export interface Route {
  readonly operation: string;
  readonly method: string;
  /** `*` is a variable part. */
  readonly path: readonly string[];
  readonly run: Handler;
}

function route(operation: string, method: string, path: string, run: Handler): Route {
  return { operation, method, path: path.split("/"), run };
}

const ROUTES: readonly Route[] = [
  route("GetTenancy", "GET", `${IDENTITY}/tenancies/*`, getTenancy),
  route("ListRegionSubscriptions", "GET", `${IDENTITY}/tenancies/*/regionSubscriptions`, listRegionSubscriptions),
  route("ListCompartments", "GET", `${IDENTITY}/compartments`, listCompartments),
  route("GetCompartment", "GET", `${IDENTITY}/compartments/*`, getCompartment),
  route("ListGroups", "GET", `${IDENTITY}/groups`, listGroups),
  route("GetGroup", "GET", `${IDENTITY}/groups/*`, getGroup),
  route("ListPolicies", "GET", `${IDENTITY}/policies`, listPolicies),
  route("GetPolicy", "GET", `${IDENTITY}/policies/*`, getPolicy),
  route("CreatePolicy", "POST", `${IDENTITY}/policies`, createPolicy),
  route("UpdatePolicy", "PUT", `${IDENTITY}/policies/*`, updatePolicy),
  route("DeletePolicy", "DELETE", `${IDENTITY}/policies/*`, deletePolicy),
  route("ListVaults", "GET", `${KMS}/vaults`, listVaults),
  route("GetVault", "GET", `${KMS}/vaults/*`, getVault),
  route("ListKeys", "GET", `${KMS}/keys`, listKeys),
  route("GetKey", "GET", `${KMS}/keys/*`, getKey),
  route("CreateKey", "POST", `${KMS}/keys`, createKey),
  route("UpdateKey", "PUT", `${KMS}/keys/*`, updateKey),
  route("EnableKey", "POST", `${KMS}/keys/*/actions/enable`, enableKey),
  route("DisableKey", "POST", `${KMS}/keys/*/actions/disable`, disableKey),
  route("ScheduleKeyDeletion", "POST", `${KMS}/keys/*/actions/scheduleDeletion`, scheduleKeyDeletion),
  route("CancelKeyDeletion", "POST", `${KMS}/keys/*/actions/cancelDeletion`, cancelKeyDeletion),
  route("ChangeKeyCompartment", "POST", `${KMS}/keys/*/actions/changeCompartment`, changeKeyCompartment),
  route("ListKeyVersions", "GET", `${KMS}/keys/*/keyVersions`, listKeyVersions),
  route("CreateKeyVersion", "POST", `${KMS}/keys/*/keyVersions`, createKeyVersion),
  route("GetKeyVersion", "GET", `${KMS}/keys/*/keyVersions/*`, getKeyVersion),
  route(
    "ScheduleKeyVersionDeletion",
    "POST",
    `${KMS}/keys/*/keyVersions/*/actions/scheduleDeletion`,
    scheduleVersionDeletion,
  ),
  route(
    "CancelKeyVersionDeletion",
    "POST",
    `${KMS}/keys/*/keyVersions/*/actions/cancelDeletion`,
    cancelVersionDeletion,
  ),
  route("Encrypt", "POST", `${KMS}/encrypt`, encrypt),
  route("Decrypt", "POST", `${KMS}/decrypt`, decrypt),
  route("GenerateDataEncryptionKey", "POST", `${KMS}/generateDataEncryptionKey`, generateDataEncryptionKey),
];

export interface Match {
  /** Null: the path is OCI's, and there is nothing there. */
  readonly route: Route | null;
  readonly variables: readonly string[];
  readonly region: string | null;
}

/** Null: not for OCI. */
export function match(request: SandboxRequest): Match | null {
  const place = placeOf(request.path);
  if (place === null) return null;
  const { region, rest } = place;
  const route = ROUTES.find(
    ({ method, path }) =>
      method === request.method &&
      path.length === rest.length &&
      path.every((part, index) => (part === "*" ? rest[index] !== "" : part === rest[index])),
  );
  if (route === undefined) return { route: null, variables: [], region };
  try {
    const variables = rest.filter((_part, index) => route.path[index] === "*").map(decodeURIComponent);
    return { route, variables, region };
  } catch {
    return { route: null, variables: [], region };
  }
}
