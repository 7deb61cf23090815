import { type Tri, tri } from "../../core/tri.ts";
import type { Action } from "./statement.ts";

/**
 * What each verb adds for the resource-type `keys`
 * (https://docs.oracle.com/en-us/iaas/Content/Identity/Reference/keypolicyreference.htm, "keys").
 */
const KEYS: readonly (readonly [string, readonly string[]])[] = [
  ["inspect", ["KEY_INSPECT"]],
  ["read", ["KEY_READ"]],
  ["use", ["KEY_ENCRYPT", "KEY_DECRYPT", "KEY_EXPORT", "KEY_SIGN", "KEY_VERIFY"]],
  [
    "manage",
    [
      ...["KEY_CREATE", "KEY_UPDATE", "KEY_ROTATE", "KEY_DELETE", "KEY_MOVE", "KEY_IMPORT"],
      ...["KEY_BACKUP", "KEY_RESTORE"],
    ],
  ],
];

/** Resource-types and families that hold `keys`; `any-resource` is what the page on deny calls all of them. */
const WITH_KEYS: ReadonlySet<string> = new Set(["keys", "key-family", "all-resources", "any-resource"]);

/** Names that could be taken for one with keys in it, and are none. */
const WITHOUT_KEYS: ReadonlySet<string> = new Set([
  ...["vaults", "secrets", "secret-versions", "secret-bundles", "secret-family", "secret-replication", "hsm-cluster"],
  ...["api-keys", "auth-tokens", "customer-secret-keys", "public-keys", "ssh-keys", "vault-secrets"],
]);

/** The calls that need a permission (same page, "Permissions Required for Each API Operation"). */
const OPERATIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ["KEY_ENCRYPT", ["Encrypt", "GenerateDataEncryptionKey"]],
  ["KEY_DECRYPT", ["Decrypt"]],
  ["KEY_EXPORT", ["ExportKey"]],
]);

/** The operations that the vendor may use a permission for; null where that is not known. */
export function operationsOf(permission: string): readonly string[] | null {
  return OPERATIONS.get(permission) ?? null;
}

function levelOf(permission: string): number | null {
  const level = KEYS.findIndex(([, permissions]) => permissions.includes(permission));
  return level < 0 ? null : level;
}

/**
 * Whether a statement's action covers a permission on keys. An allow holds the verbs below its own too, a deny the
 * verbs above: `deny inspect` leaves nothing, `deny manage` leaves `use`
 * (https://docs.oracle.com/en-us/iaas/Content/Identity/policysyntax/denypolicies.htm, "Metaverb Inversion").
 */
export function covers(action: Action, permission: string, deny: boolean): Tri {
  if ("permissions" in action) {
    return tri(action.permissions.some((one) => one.toUpperCase() === permission));
  }
  const verb = KEYS.findIndex(([name]) => name === action.verb.toLowerCase());
  const level = levelOf(permission);
  const held = holdsKeys(action.resource);
  if (held === "no") return "no";
  if (verb < 0) return action.verb.toLowerCase() === "associate" ? "no" : "unknown";
  if (level === null) return "unknown";
  const reaches = deny ? verb <= level : verb >= level;
  return reaches ? held : "no";
}

/**
 * Whether a resource-type holds `keys`. Oracle's table says of `key-delegate` both that it covers Encrypt and Decrypt
 * and that those need KEY_ENCRYPT and KEY_DECRYPT, which it does not hold: nothing is said. Nor of families that may
 * have come since.
 */
export function holdsKeys(resource: string): Tri {
  const name = resource.toLowerCase();
  if (WITH_KEYS.has(name)) return "yes";
  if (WITHOUT_KEYS.has(name)) return "no";
  return /key|vault/.test(name) ? "unknown" : "no";
}
