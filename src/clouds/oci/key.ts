import { type KeygrantError, usageError } from "../../core/errors.ts";
import type { KeyRef } from "../../core/model.ts";
import { plainText } from "../../core/text.ts";
import { domainOf, regionName } from "./regions.ts";

export const OCI_KEY_EXAMPLE = "ocid1.key.oc1.eu-frankfurt-1.exampleaaadws.abtheljrexampleuniqueid";

/**
 * An OCID, `ocid1.<type>.<realm>.<region>[.future use].<unique>`
 * (https://docs.oracle.com/en-us/iaas/Content/General/Concepts/identifiers.htm). For keys the part "for future use"
 * is the vault's, with which its endpoints begin.
 */
export interface Ocid {
  readonly type: string;
  readonly realm: string;
  /** A code (`iad`) or a name (`eu-frankfurt-1`); empty for what is of no region (tenancies, groups). */
  readonly region: string;
  readonly rest: readonly string[];
}

const LONGEST = 512;

/** The parts of an OCID, or null when the text is none. */
export function splitOcid(text: string): Ocid | null {
  if (text.length > LONGEST || !/^ocid1\.[A-Za-z0-9._-]+$/.test(text)) return null;
  const [, type, realm, region, ...rest] = text.split(".");
  if (type === undefined || realm === undefined || region === undefined) return null;
  if (rest.length === 0 || type === "" || !/^[a-z][a-z0-9-]*$/.test(realm)) return null;
  return rest.at(-1) === "" ? null : { type, realm, region, rest };
}

/** Whether a reference can only be meant for OCI. */
export function looksLikeOci(text: string): boolean {
  return /^oci?d[0-9]*\./i.test(text.trim());
}

/**
 * Reads the OCID of a key, in any realm. Null when the text is no OCID at all, unless somebody said that it is one.
 * Throws a usage error that says what is wrong, with an example of a right one. The tenancy that owns the key does not
 * stand in it: only OCI can tell.
 */
export function parseOciKey(text: string, options: { readonly forced: boolean } = { forced: false }): KeyRef | null {
  const reference = text.trim();
  if (!looksLikeOci(reference) && !options.forced) return null;
  const fault = keyFault(reference);
  if (fault !== null) throw wrong(reference, fault);
  return { cloud: "oci", id: reference, region: regionName(splitOcid(reference)?.region ?? ""), owner: null };
}

function keyFault(text: string): string | null {
  if (!text.startsWith("ocid1.")) return 'it does not begin with "ocid1."';
  const ocid = splitOcid(text);
  if (ocid === null) return "it is no OCID (ocid1.key.<realm>.<region>.<vault part>.<unique id>)";
  if (ocid.type === "keyversion") return "it is the OCID of a version of a key, not of the key";
  if (ocid.type !== "key") return `it is the OCID of a ${ocid.type}, not of a key`;
  if (ocid.region === "") return "it has no region";
  if (!/^[a-z][a-z0-9-]*$/.test(ocid.region)) return `"${ocid.region}" is not the name of a region`;
  if (ocid.rest.length > 2) return "it has more parts than the OCID of a key";
  return null;
}

function wrong(text: string, fault: string): KeygrantError {
  return usageError(
    "usage.key-reference",
    `"${plainText(text, 200)}" is not a reference to an OCI key: ${fault}.`,
    `Write it like this: ${OCI_KEY_EXAMPLE}`,
  );
}

/** The realm of an OCID: what lives in one cannot be used from another. */
export function realmOf(ocid: string): string | null {
  return splitOcid(ocid)?.realm ?? null;
}

/** Throws for a reference without a region: none that was parsed here is without one. */
export function regionOf(ref: KeyRef): string {
  if (ref.region === null) throw new TypeError(`no region in ${ref.id}`);
  return ref.region;
}

/** The part of a key's OCID with which the endpoints of its vault begin; null where the OCID leaves it out. */
export function vaultPartOf(ref: KeyRef): string | null {
  const rest = splitOcid(ref.id)?.rest ?? [];
  const [part] = rest;
  return rest.length === 2 && part !== undefined && /^[a-z0-9][a-z0-9-]{0,60}$/i.test(part) ? part : null;
}

export interface KeyEndpoints {
  readonly management: string;
  readonly crypto: string;
}

/**
 * Where the vault of a key most likely answers, or null when the OCID does not tell. Only a default: what
 * `KmsVaultClient.getVault` says, or a person, comes first (FACTS §5; hashicorp/vault's tests show such a pair).
 */
export function defaultEndpoints(ref: KeyRef): KeyEndpoints | null {
  const part = vaultPartOf(ref);
  const domain = domainOf(realmOf(ref.id) ?? "");
  if (part === null || domain === null) return null;
  const host = (kind: string) => `https://${part}-${kind}.kms.${regionOf(ref)}.${domain}`;
  return { management: host("management"), crypto: host("crypto") };
}

/** Identity of a region (the template of `oci-identity`); null in a realm that is not known. */
export function identityEndpoint(realm: string, region: string): string | null {
  const domain = domainOf(realm);
  return domain === null ? null : `https://identity.${region}.oci.${domain}`;
}

/** The service that knows where a vault answers (the template of `oci-keymanagement`). */
export function vaultsEndpoint(realm: string, region: string): string | null {
  const domain = domainOf(realm);
  return domain === null ? null : `https://kms.${region}.${domain}`;
}
