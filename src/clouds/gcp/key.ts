import { type KeygrantError, usageError } from "../../core/errors.ts";
import type { KeyRef } from "../../core/model.ts";

// The form of a name: https://cloud.google.com/kms/docs/resource-hierarchy#retrieve_resource_id
const EXAMPLE = "projects/my-project/locations/europe-west1/keyRings/my-ring/cryptoKeys/my-key";
/** A full resource name: https://cloud.google.com/apis/design/resource_names#full_resource_name */
const SERVICE = "//cloudkms.googleapis.com/";

/** A project's id or number; `example.com:my-project` is the form of old Workspace domains. */
const PROJECT = /^(?:[a-z0-9.-]{1,63}:)?[a-z0-9][a-z0-9-]{0,62}$/;
const LOCATION = /^[a-z][a-z0-9-]{0,62}$/;
/** https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/create */
const ID = /^[A-Za-z0-9_-]{1,63}$/;
const VERSION = /^[1-9][0-9]{0,9}$/;

/** A key's name, taken apart. */
export interface KeyName {
  readonly project: string;
  readonly location: string;
  readonly keyRing: string;
  readonly cryptoKey: string;
}

/** Whether a reference can only be meant for Google Cloud. */
export function looksLikeGcp(text: string): boolean {
  const reference = text.trim();
  return /^\/?projects\//i.test(reference) || /cloudkms\.googleapis\.com/i.test(reference);
}

/**
 * Reads a reference to a Cloud KMS key: its name, or its full resource name (`//cloudkms.googleapis.com/…`). A version
 * at its end is no part of the id, because a vendor registers the key. Null when the text is no reference to Google
 * Cloud and nobody said that it was (`forced`). Throws a usage error that says what is wrong, with an example of a
 * right one.
 */
export function parseGcpKey(text: string, options: { readonly forced?: boolean } = {}): KeyRef | null {
  const reference = text.trim();
  if (!looksLikeGcp(reference) && options.forced !== true) return null;
  const parts = withoutService(reference).split("/");
  const fault = faultOf(reference, parts);
  if (fault !== null) throw wrong(reference, fault);
  const id = parts.slice(0, 8).join("/");
  const [version] = parts.slice(9);
  const ref: KeyRef = { cloud: "gcp", id, region: parts[3] ?? null, owner: parts[1] ?? null };
  return version === undefined ? ref : { ...ref, version };
}

function withoutService(reference: string): string {
  return reference.startsWith(SERVICE) ? reference.slice(SERVICE.length) : reference;
}

const WORDS = ["projects", "locations", "keyRings", "cryptoKeys", "cryptoKeyVersions"] as const;
const VALUES: readonly { readonly pattern: RegExp; readonly fault: (value: string) => string }[] = [
  { pattern: PROJECT, fault: (value) => `"${value}" is not a project id` },
  { pattern: LOCATION, fault: (value) => `"${value}" is not the name of a location` },
  { pattern: ID, fault: (value) => `"${value}" is not the name of a key ring (letters, digits, "_" and "-")` },
  { pattern: ID, fault: (value) => `"${value}" is not the name of a key (letters, digits, "_" and "-")` },
  { pattern: VERSION, fault: (value) => `"${value}" is not the number of a key version` },
];

/** What keeps the parts from naming a key, the first thing that a reader would notice first; null when nothing does. */
function faultOf(reference: string, parts: readonly string[]): string | null {
  if (/^https?:/i.test(reference)) return "it is a URL; Google Cloud names a key without one";
  if (reference.startsWith("/") && !reference.startsWith(SERVICE)) return `it begins with "/"`;
  for (const [index, word] of WORDS.entries()) {
    const [found, value] = parts.slice(index * 2);
    if (found === undefined) return index < 4 ? `it has no ${word}/… part` : null;
    if (found !== word) return `"${found}" stands where "${word}" belongs`;
    if (value === undefined || value === "") return `nothing follows "${word}/"`;
    const { pattern, fault } = VALUES[index] ?? {};
    if (pattern?.test(value) === false) return fault?.(value) ?? word;
  }
  return parts.length > 10 ? "something follows the key version" : null;
}

function wrong(text: string, fault: string): KeygrantError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return usageError(
    "usage.key-reference",
    `"${shown}" is not a reference to a Google Cloud KMS key: ${fault}.`,
    `Write it like this: ${EXAMPLE}`,
  );
}

/** The parts of a key's name; null for anything else. */
export function splitKeyName(name: string): KeyName | null {
  const [projects, project, locations, location, rings, keyRing, keys, cryptoKey, ...rest] = name.split("/");
  if (projects !== "projects" || locations !== "locations" || rings !== "keyRings" || keys !== "cryptoKeys")
    return null;
  if (project === undefined || location === undefined || keyRing === undefined) return null;
  return cryptoKey === undefined || rest.length > 0 ? null : { project, location, keyRing, cryptoKey };
}

/** The parts of a reference that was parsed here. */
export function nameOf(ref: KeyRef): KeyName {
  const name = splitKeyName(ref.id);
  if (name === null) throw new TypeError(`not the name of a Cloud KMS key: ${ref.id}`);
  return name;
}

/** The key's ring, which has an IAM policy of its own. */
export function ringOf(ref: KeyRef): string {
  return ref.id.slice(0, ref.id.indexOf("/cryptoKeys/"));
}

/** `3`, from `…/cryptoKeyVersions/3`; null when it names something else. */
export function versionNumber(versionName: string): string | null {
  return /\/cryptoKeyVersions\/([0-9]+)$/.exec(versionName)?.[1] ?? null;
}

/**
 * Whether an answer about `found` is about what was asked for. A project can be named by its id or by its number, and
 * only Google knows which belong together.
 */
export function isSameKey(asked: string, found: string): boolean {
  if (asked === found) return true;
  const [one, other] = [splitKeyName(asked), splitKeyName(found)];
  if (one === null || other === null) return false;
  const sameRest =
    one.location === other.location && one.keyRing === other.keyRing && one.cryptoKey === other.cryptoKey;
  return sameRest && isNumber(one.project) !== isNumber(other.project);
}

/** A project's number and its id are two names of one project: without asking, they may be this one's. */
export function maybeSame(a: KeyRef, b: KeyRef): boolean {
  return isSameKey(a.id, b.id);
}

export function isNumber(project: string): boolean {
  return /^[0-9]+$/.test(project);
}
