import { invalid } from "./errors.ts";

export type ResourceKind = "project" | "location" | "keyRing" | "cryptoKey" | "cryptoKeyVersion";

/** A resource name of Cloud KMS, taken apart; each part is the whole name up to there. */
export interface ResourceName {
  readonly kind: ResourceKind;
  /** The project's id or number alone. */
  readonly project: string;
  readonly keyRing: string | null;
  readonly cryptoKey: string | null;
  /** The number of the version. */
  readonly version: string | null;
}

const COLLECTIONS = ["projects", "locations", "keyRings", "cryptoKeys", "cryptoKeyVersions"] as const;
const KINDS: readonly ResourceKind[] = ["project", "location", "keyRing", "cryptoKey", "cryptoKeyVersion"];
const COLLECTION_OF: Readonly<Record<string, ResourceKind>> = Object.fromEntries(
  COLLECTIONS.map((collection, index) => [collection, KINDS[index] ?? "project"]),
);

/** Takes a name that `readName` let through. */
export function parseName(name: string): ResourceName {
  const parts = name.split("/");
  const upTo = (depth: number) => (parts.length >= depth * 2 ? parts.slice(0, depth * 2).join("/") : null);
  return {
    kind: KINDS[parts.length / 2 - 1] ?? "project",
    project: parts[1] ?? "",
    keyRing: upTo(3),
    cryptoKey: upTo(4),
    version: parts[9] ?? null,
  };
}

/** The resource and the collection in a path behind `/v1/`; null when it is neither. */
export function readName(path: string): { readonly name: string; readonly collection: ResourceKind | null } | null {
  const parts = path.split("/");
  if (parts.includes("")) return null;
  const fits = parts.every((part, index) => index % 2 === 1 || part === COLLECTIONS[index / 2]);
  if (!fits || parts.length > 10 || parts.length < 2) return null;
  if (parts.length % 2 === 0) return { name: path, collection: null };
  const collection = COLLECTION_OF[parts.at(-1) ?? ""];
  return collection === undefined ? null : { name: parts.slice(0, -1).join("/"), collection };
}

export function checkId(id: string, what: string): string {
  if (/^[a-zA-Z0-9_-]{1,63}$/.test(id)) return id;
  throw invalid(`The ${what} '${id}' does not match the pattern '[a-zA-Z0-9_-]{1,63}'.`);
}
