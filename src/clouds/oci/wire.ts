import type { OciCompartment, OciKey, OciKeyVersion, OciPolicy, OciRegion } from "./api.ts";
import { OciCallError } from "./errors.ts";
import { field, textField, textsField } from "./json.ts";

/** Reads what the SDK gives back, field by field: its types promise more than it checks. */

export function keyOf(value: unknown): OciKey {
  const shape = field(value, "keyShape");
  const length = field(shape, "length");
  const rotates = field(value, "isAutoRotationEnabled");
  return {
    id: required(value, "id"),
    compartmentId: required(value, "compartmentId"),
    lifecycleState: required(value, "lifecycleState"),
    algorithm: textField(shape, "algorithm") ?? "unknown",
    length: typeof length === "number" ? length : 0,
    curveId: textField(shape, "curveId"),
    protectionMode: textField(value, "protectionMode") ?? "HSM",
    currentKeyVersion: textField(value, "currentKeyVersion"),
    timeOfDeletion: dateText(field(value, "timeOfDeletion")),
    autoRotation: typeof rotates === "boolean" ? rotationOf(rotates, value) : null,
  };
}

/** Only private vaults rotate by themselves: "no" without any details may be a vault that cannot. */
function rotationOf(rotates: boolean, value: unknown): boolean | null {
  if (rotates) return true;
  return field(value, "autoKeyRotationDetails") == null ? null : false;
}

export function keyVersionsOf(value: unknown): readonly OciKeyVersion[] {
  return listOf(value).map((one) => ({
    id: required(one, "id"),
    lifecycleState: textField(one, "lifecycleState") ?? "UNKNOWN",
  }));
}

export function vaultOf(value: unknown): { readonly managementEndpoint: string; readonly cryptoEndpoint: string } {
  return {
    managementEndpoint: httpsOnly(required(value, "managementEndpoint")),
    cryptoEndpoint: httpsOnly(required(value, "cryptoEndpoint")),
  };
}

/** Where OCI sends us our signatures go: never in the open. */
function httpsOnly(text: string): string {
  if (URL.parse(text)?.protocol === "https:") return text;
  throw new OciCallError({ kind: "foreign", words: "a vault with an address that is not https" });
}

export function compartmentOf(value: unknown): OciCompartment {
  return {
    id: required(value, "id"),
    name: textField(value, "name") ?? "",
    parentId: textField(value, "compartmentId"),
  };
}

export function regionsOf(value: unknown): readonly OciRegion[] {
  return listOf(value).map((one) => ({
    name: required(one, "regionName"),
    isHome: field(one, "isHomeRegion") === true,
    isReady: (textField(one, "status") ?? "READY") === "READY",
  }));
}

export function policiesOf(value: unknown): readonly OciPolicy[] {
  return listOf(value).map(policyOf);
}

export function policyOf(value: unknown): OciPolicy {
  const statements = textsField(value, "statements");
  if (statements === null) throw missing("statements");
  return {
    id: required(value, "id"),
    name: textField(value, "name") ?? "",
    description: textField(value, "description") ?? "",
    compartmentId: textField(value, "compartmentId") ?? "",
    lifecycleState: textField(value, "lifecycleState") ?? "ACTIVE",
    statements,
  };
}

export function cryptoOf<F extends "ciphertext" | "plaintext">(
  value: unknown,
  name: F,
): Readonly<Record<F, string>> & { readonly keyId: string | null } {
  const found = { [name]: required(value, name) } as Record<F, string>;
  return { ...found, keyId: textField(value, "keyId") };
}

export function requestIdOf(value: unknown): string | null {
  return textField(value, "opcRequestId");
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw missing("a list");
}

function required(value: unknown, name: string): string {
  const found = textField(value, name);
  if (found !== null) return found;
  throw missing(name);
}

function missing(what: string): OciCallError {
  return new OciCallError({ kind: "foreign", words: `an answer without ${what}` });
}

function dateText(value: unknown): string | null {
  if (typeof value === "string") return value;
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : null;
}
