export const VERBS = ["inspect", "read", "use", "manage"] as const;
export type Verb = (typeof VERBS)[number];

/**
 * What each verb adds to the one before, by resource-type.
 * https://docs.oracle.com/iaas/Content/Identity/policyreference/keypolicyreference.htm and
 * https://docs.oracle.com/iaas/Content/Identity/policyreference/iampolicyreference.htm
 */
const ADDED: Readonly<Record<string, Readonly<Partial<Record<Verb, readonly string[]>>>>> = {
  vaults: {
    inspect: ["VAULT_INSPECT"],
    read: ["VAULT_READ"],
    use: ["VAULT_CREATE_KEY", "VAULT_IMPORT_KEY", "VAULT_CREATE_SECRET"],
    manage: [
      "VAULT_CREATE",
      "VAULT_UPDATE",
      "VAULT_DELETE",
      "VAULT_MOVE",
      "VAULT_BACKUP",
      "VAULT_RESTORE",
      "VAULT_REPLICATE",
    ],
  },
  keys: {
    inspect: ["KEY_INSPECT"],
    read: ["KEY_READ"],
    use: ["KEY_ENCRYPT", "KEY_DECRYPT", "KEY_EXPORT", "KEY_SIGN", "KEY_VERIFY"],
    manage: [
      "KEY_CREATE",
      "KEY_UPDATE",
      "KEY_ROTATE",
      "KEY_DELETE",
      "KEY_MOVE",
      "KEY_IMPORT",
      "KEY_BACKUP",
      "KEY_RESTORE",
    ],
  },
  // A service that somebody lets use a key for them; no right to encrypt by oneself.
  "key-delegate": { use: ["KEY_ASSOCIATE", "KEY_DISASSOCIATE"] },
  compartments: {
    inspect: ["COMPARTMENT_INSPECT"],
    use: ["COMPARTMENT_UPDATE"],
    manage: ["COMPARTMENT_CREATE", "COMPARTMENT_DELETE", "COMPARTMENT_RECOVER"],
  },
  groups: { inspect: ["GROUP_INSPECT"], use: ["GROUP_UPDATE"], manage: ["GROUP_CREATE", "GROUP_DELETE"] },
  policies: { inspect: ["POLICY_READ"], manage: ["POLICY_UPDATE", "POLICY_CREATE", "POLICY_DELETE"] },
  tenancies: { inspect: ["TENANCY_INSPECT"], use: ["TENANCY_UPDATE"] },
};

/** `secret-family` and every other type there is hold nothing that the sandbox asks for. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  "key-family": ["vaults", "keys", "key-delegate"],
  "all-resources": Object.keys(ADDED),
};

/** Whether `<verb> <resource>` holds the permission; with `andWider`, whether that verb or a wider one adds it. */
export function covers(verb: Verb, resource: string, permission: string, andWider = false): boolean {
  const reach = VERBS.indexOf(verb);
  const verbs = andWider ? VERBS.slice(reach) : VERBS.slice(0, reach + 1);
  const name = resource.toLowerCase();
  const types = Object.hasOwn(FAMILIES, name) ? (FAMILIES[name] ?? []) : [name];
  return types.some((type) => verbs.some((one) => addedBy(type, one).includes(permission.toUpperCase())));
}

function addedBy(type: string, verb: Verb): readonly string[] {
  return (Object.hasOwn(ADDED, type) ? ADDED[type]?.[verb] : undefined) ?? [];
}
