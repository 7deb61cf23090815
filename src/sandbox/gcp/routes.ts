import type { SandboxRequest } from "../module.ts";
import type { Call } from "./call.ts";
import { asymmetricDecrypt, decrypt, encrypt, getPublicKey } from "./cipher.ts";
import { NoSuchMethod } from "./errors.ts";
import { getLocation, getProjectRole, getRole, listLocations } from "./iam.ts";
import { parseName, type ResourceKind, readName } from "./names.ts";
import { getIamPolicy, setIamPolicy, testIamPermissions } from "./policy.ts";
import {
  createCryptoKey,
  createKeyRing,
  getCryptoKey,
  getKeyRing,
  listCryptoKeys,
  listKeyRings,
  updateCryptoKey,
  updatePrimaryVersion,
} from "./resources.ts";
import { generateAccessToken } from "./tokens.ts";
import { createVersion, destroyVersion, getVersion, listVersions, restoreVersion, updateVersion } from "./versions.ts";

export type Handler = (call: Call) => object | Promise<object>;

export interface Route {
  /** Google's name for the method, without its service: `Encrypt`. */
  readonly method: string;
  readonly service: string;
  readonly run: Handler;
}

export interface Match {
  readonly route: Route;
  /** The resource in the path. */
  readonly name: string;
}

const KMS = "google.cloud.kms.v1.KeyManagementService";
const POLICY = "google.iam.v1.IAMPolicy";
const PROJECTS = "google.cloud.resourcemanager.v3.Projects";
const IAM = "google.iam.admin.v1.IAM";
const CREDENTIALS = "google.iam.credentials.v1.IAMCredentials";
const LOCATIONS = "google.cloud.location.Locations";

function route(service: string, method: string, run: Handler): Route {
  return { service, method, run };
}

/** By what is in the path: the HTTP method, the kind of the resource, and the custom verb or the collection below it. */
const ROUTES: Readonly<Record<string, Route>> = {
  "GET location": route(LOCATIONS, "GetLocation", getLocation),
  "GET project/location": route(LOCATIONS, "ListLocations", listLocations),
  "GET keyRing": route(KMS, "GetKeyRing", getKeyRing),
  "GET location/keyRing": route(KMS, "ListKeyRings", listKeyRings),
  "POST location/keyRing": route(KMS, "CreateKeyRing", createKeyRing),
  "GET cryptoKey": route(KMS, "GetCryptoKey", getCryptoKey),
  "GET keyRing/cryptoKey": route(KMS, "ListCryptoKeys", listCryptoKeys),
  "POST keyRing/cryptoKey": route(KMS, "CreateCryptoKey", createCryptoKey),
  "PATCH cryptoKey": route(KMS, "UpdateCryptoKey", updateCryptoKey),
  "POST cryptoKey:updatePrimaryVersion": route(KMS, "UpdateCryptoKeyPrimaryVersion", updatePrimaryVersion),
  "GET cryptoKeyVersion": route(KMS, "GetCryptoKeyVersion", getVersion),
  "GET cryptoKey/cryptoKeyVersion": route(KMS, "ListCryptoKeyVersions", listVersions),
  "POST cryptoKey/cryptoKeyVersion": route(KMS, "CreateCryptoKeyVersion", createVersion),
  "PATCH cryptoKeyVersion": route(KMS, "UpdateCryptoKeyVersion", updateVersion),
  "POST cryptoKeyVersion:destroy": route(KMS, "DestroyCryptoKeyVersion", destroyVersion),
  "POST cryptoKeyVersion:restore": route(KMS, "RestoreCryptoKeyVersion", restoreVersion),
  "POST cryptoKey:encrypt": route(KMS, "Encrypt", encrypt),
  "POST cryptoKeyVersion:encrypt": route(KMS, "Encrypt", encrypt),
  "POST cryptoKey:decrypt": route(KMS, "Decrypt", decrypt),
  "GET cryptoKeyVersion/publicKey": route(KMS, "GetPublicKey", getPublicKey),
  "POST cryptoKeyVersion:asymmetricDecrypt": route(KMS, "AsymmetricDecrypt", asymmetricDecrypt),
  "GET keyRing:getIamPolicy": route(POLICY, "GetIamPolicy", getIamPolicy),
  "GET cryptoKey:getIamPolicy": route(POLICY, "GetIamPolicy", getIamPolicy),
  // gRPC has this as a POST; Google's HTTP front end does not know it.
  "POST keyRing:getIamPolicy": route(POLICY, "GetIamPolicy", noSuchMethod),
  "POST cryptoKey:getIamPolicy": route(POLICY, "GetIamPolicy", noSuchMethod),
  "POST keyRing:setIamPolicy": route(POLICY, "SetIamPolicy", setIamPolicy),
  "POST cryptoKey:setIamPolicy": route(POLICY, "SetIamPolicy", setIamPolicy),
  "POST keyRing:testIamPermissions": route(POLICY, "TestIamPermissions", testIamPermissions),
  "POST cryptoKey:testIamPermissions": route(POLICY, "TestIamPermissions", testIamPermissions),
  "POST project:getIamPolicy": route(PROJECTS, "GetIamPolicy", getIamPolicy),
  "POST project:setIamPolicy": route(PROJECTS, "SetIamPolicy", setIamPolicy),
  "POST project:testIamPermissions": route(PROJECTS, "TestIamPermissions", testIamPermissions),
  "GET role": route(IAM, "GetRole", getRole),
  "GET project/role": route(IAM, "GetRole", getProjectRole),
  "POST serviceAccount:generateAccessToken": route(CREDENTIALS, "GenerateAccessToken", generateAccessToken),
};

function noSuchMethod(): never {
  throw new NoSuchMethod();
}

/** Cloud Resource Manager alone has a version 3; all else is version 1. Null when the request is for nobody here. */
export function match(request: SandboxRequest): Match | null {
  const parts = /^\/(?<version>v1|v3)\/(?<path>[^:]+)(?::(?<verb>[A-Za-z]+))?$/.exec(decoded(request.path))?.groups;
  if (parts === undefined) return null;
  const { version = "", path = "", verb } = parts;
  const asked = askedFor(request.method, path, verb);
  const found = asked !== null && Object.hasOwn(ROUTES, asked.key) ? ROUTES[asked.key] : undefined;
  if (asked === null || found === undefined) return null;
  return version === "v3" && found.service !== PROJECTS ? null : { route: found, name: asked.name };
}

interface Asked {
  readonly key: string;
  readonly name: string;
}

function askedFor(method: string, path: string, verb: string | undefined): Asked | null {
  const asked = (what: string, name: string) => ({
    key: `${method} ${what}${verb === undefined ? "" : `:${verb}`}`,
    name,
  });
  if (/^roles\/[^/]+$/.test(path)) return asked("role", path);
  if (/^projects\/[^/]+\/roles\/[^/]+$/.test(path)) return asked("project/role", path);
  if (/^projects\/[^/]+\/serviceAccounts\/[^/]+$/.test(path)) return asked("serviceAccount", path);
  if (path.endsWith("/publicKey")) {
    const name = path.slice(0, -"/publicKey".length);
    return asked(`${kindOf(name)}/publicKey`, name);
  }
  const read = readName(path);
  if (read === null) return null;
  return asked(`${parseName(read.name).kind}${read.collection === null ? "" : `/${read.collection}`}`, read.name);
}

function kindOf(path: string): ResourceKind | null {
  const read = readName(path);
  return read === null || read.collection !== null ? null : parseName(read.name).kind;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
