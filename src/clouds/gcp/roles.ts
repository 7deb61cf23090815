import { type Tri, tri } from "../../core/tri.ts";
import { isHiddenCondition } from "./policy.ts";

/**
 * What Google's predefined roles may do with a key. Read in November 2026 from
 * https://cloud.google.com/iam/docs/roles-permissions/cloudkms (roles of Cloud KMS, and which basic roles hold each
 * permission). Only what decides here is kept: using a key, seeing its public half, and power over it.
 */
const KEYS = "cloudkms.cryptoKeys";
const VERSIONS = "cloudkms.cryptoKeyVersions";

const USE = {
  encrypt: `${VERSIONS}.useToEncrypt`,
  decrypt: `${VERSIONS}.useToDecrypt`,
  sign: `${VERSIONS}.useToSign`,
  verify: `${VERSIONS}.useToVerify`,
  decapsulate: `${VERSIONS}.useToDecapsulate`,
  publicKey: `${VERSIONS}.viewPublicKey`,
} as const;

const DELEGATE = {
  encrypt: `${VERSIONS}.useToEncryptViaDelegation`,
  decrypt: `${VERSIONS}.useToDecryptViaDelegation`,
} as const;

const LOOK = [`${KEYS}.get`, `${KEYS}.list`, `${VERSIONS}.get`, `${VERSIONS}.list`] as const;
const EDIT = [
  ...[`${KEYS}.create`, `${KEYS}.update`],
  ...[`${VERSIONS}.create`, `${VERSIONS}.destroy`, `${VERSIONS}.restore`, `${VERSIONS}.update`],
] as const;
const ADMINISTER = [...LOOK, ...EDIT, `${KEYS}.getIamPolicy`, `${KEYS}.setIamPolicy`] as const;
const USE_ALL = Object.values(USE);

const ROLES: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    "roles/cloudkms.cryptoKeyEncrypterDecrypter": [USE.encrypt, USE.decrypt],
    "roles/cloudkms.cryptoKeyEncrypter": [USE.encrypt],
    "roles/cloudkms.cryptoKeyDecrypter": [USE.decrypt],
    "roles/cloudkms.cryptoOperator": USE_ALL,
    "roles/cloudkms.publicKeyViewer": [USE.publicKey],
    "roles/cloudkms.signer": [USE.sign],
    "roles/cloudkms.verifier": [USE.verify, USE.publicKey],
    "roles/cloudkms.signerVerifier": [USE.sign, USE.verify, USE.publicKey],
    "roles/cloudkms.cryptoKeyEncrypterDecrypterViaDelegation": [DELEGATE.encrypt, DELEGATE.decrypt],
    "roles/cloudkms.cryptoKeyEncrypterViaDelegation": [DELEGATE.encrypt],
    "roles/cloudkms.cryptoKeyDecrypterViaDelegation": [DELEGATE.decrypt],
    "roles/cloudkms.admin": [...ADMINISTER, DELEGATE.encrypt, DELEGATE.decrypt],
    "roles/cloudkms.viewer": LOOK,
    "roles/cloudkms.importer": [],
    "roles/cloudkms.autokeyAdmin": [],
    "roles/cloudkms.autokeyUser": [],
    "roles/cloudkms.ekmConnectionsAdmin": [],
    "roles/cloudkms.protectedResourcesViewer": [],
    "roles/iam.securityAdmin": [`${KEYS}.list`, `${KEYS}.getIamPolicy`, `${KEYS}.setIamPolicy`],
    "roles/iam.securityReviewer": [`${KEYS}.list`, `${KEYS}.getIamPolicy`],
    // An owner of the project can use its keys; an editor and a viewer cannot.
    "roles/owner": [...ADMINISTER, ...USE_ALL, DELEGATE.encrypt, DELEGATE.decrypt],
    "roles/editor": [...LOOK, ...EDIT, `${KEYS}.getIamPolicy`],
    "roles/viewer": [...LOOK, `${KEYS}.getIamPolicy`],
    "roles/browser": [],
  } satisfies Record<string, readonly string[]>).map(([role, permissions]) => [role, new Set<string>(permissions)]),
);

/** The permissions of roles that were looked up, by the role's name. */
export type LookedUpRoles = ReadonlyMap<string, ReadonlySet<string>>;

/** Whether a role contains a permission; unknown for a role that nobody here has seen. */
export function includes(role: string, permission: string, lookedUp: LookedUpRoles): Tri {
  const permissions = lookedUp.get(role) ?? ROLES.get(role);
  return permissions === undefined ? "unknown" : tri(permissions.has(permission));
}

/** Whether what the role may do has to be asked for. */
export function isUnknownRole(role: string): boolean {
  return !ROLES.has(role) && !isHiddenCondition(role);
}

/** What nobody should get who only uses a key: it lets others in, or ends the key. */
export const POWERS: readonly string[] = [
  `${KEYS}.setIamPolicy`,
  `${KEYS}.update`,
  `${VERSIONS}.destroy`,
  `${VERSIONS}.update`,
];
