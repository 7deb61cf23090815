import type { GcpWorld } from "./world.ts";

/**
 * What roles contain, as far as it is asked for here.
 * https://cloud.google.com/iam/docs/roles-permissions/cloudkms, and for the basic roles and iam.securityReviewer
 * https://cloud.google.com/iam/docs/roles-overview#basic with their lists in IAM.
 */
const VERSIONS = "cloudkms.cryptoKeyVersions";
const KEYS = "cloudkms.cryptoKeys";
const RINGS = "cloudkms.keyRings";

const LOCATIONS = ["cloudkms.locations.get", "cloudkms.locations.list", "resourcemanager.projects.get"];
const READ = [
  ...["get", "list"].flatMap((verb) => [`${VERSIONS}.${verb}`, `${KEYS}.${verb}`, `${RINGS}.${verb}`]),
  ...LOCATIONS,
];
const READ_POLICIES = [`${KEYS}.getIamPolicy`, `${RINGS}.getIamPolicy`];
const ENCRYPT = `${VERSIONS}.useToEncrypt`;
const DECRYPT = `${VERSIONS}.useToDecrypt`;
const SIGN = `${VERSIONS}.useToSign`;
const VERIFY = `${VERSIONS}.useToVerify`;
const PUBLIC_KEY = `${VERSIONS}.viewPublicKey`;
const RANDOM = "cloudkms.locations.generateRandomBytes";

const ADMIN = [
  ...READ,
  ...READ_POLICIES,
  ...["create", "destroy", "restore", "update", "useToDecryptViaDelegation", "useToEncryptViaDelegation"].map(
    (verb) => `${VERSIONS}.${verb}`,
  ),
  ...["create", "setIamPolicy", "update"].map((verb) => `${KEYS}.${verb}`),
  ...["create", "setIamPolicy"].map((verb) => `${RINGS}.${verb}`),
];
const OPERATOR = [ENCRYPT, DECRYPT, SIGN, VERIFY, PUBLIC_KEY, `${VERSIONS}.useToDecapsulate`, RANDOM, ...LOCATIONS];
const VIEWER = [...READ, ...READ_POLICIES, "iam.roles.get", "iam.roles.list", "resourcemanager.projects.getIamPolicy"];
const EDITOR = [
  ...VIEWER,
  RANDOM,
  `${VERSIONS}.create`,
  `${VERSIONS}.update`,
  `${KEYS}.create`,
  `${KEYS}.update`,
  `${RINGS}.create`,
];

const PREDEFINED: Readonly<Record<string, readonly string[]>> = {
  "roles/cloudkms.admin": ADMIN,
  "roles/cloudkms.viewer": READ,
  "roles/cloudkms.cryptoKeyEncrypter": [ENCRYPT, ...LOCATIONS],
  "roles/cloudkms.cryptoKeyDecrypter": [DECRYPT, ...LOCATIONS],
  "roles/cloudkms.cryptoKeyEncrypterDecrypter": [ENCRYPT, DECRYPT, ...LOCATIONS],
  "roles/cloudkms.cryptoKeyEncrypterViaDelegation": [`${VERSIONS}.useToEncryptViaDelegation`, ...LOCATIONS],
  "roles/cloudkms.cryptoKeyDecrypterViaDelegation": [`${VERSIONS}.useToDecryptViaDelegation`, ...LOCATIONS],
  "roles/cloudkms.cryptoKeyEncrypterDecrypterViaDelegation": [
    `${VERSIONS}.useToEncryptViaDelegation`,
    `${VERSIONS}.useToDecryptViaDelegation`,
    ...LOCATIONS,
  ],
  "roles/cloudkms.cryptoOperator": OPERATOR,
  "roles/cloudkms.publicKeyViewer": [PUBLIC_KEY, ...LOCATIONS],
  "roles/cloudkms.signer": [SIGN, ...LOCATIONS],
  "roles/cloudkms.signerVerifier": [SIGN, VERIFY, PUBLIC_KEY, ...LOCATIONS],
  "roles/cloudkms.verifier": [VERIFY, PUBLIC_KEY, ...LOCATIONS],
  "roles/viewer": VIEWER,
  "roles/editor": EDITOR,
  "roles/owner": [
    ...EDITOR,
    ...ADMIN,
    ...OPERATOR,
    "iam.roles.create",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.setIamPolicy",
    "resourcemanager.projects.setIamPolicy",
  ],
  "roles/iam.securityReviewer": [
    ...READ_POLICIES,
    ...[VERSIONS, KEYS, RINGS].map((kind) => `${kind}.list`),
    "cloudkms.locations.list",
    "iam.roles.get",
    "iam.roles.list",
    "resourcemanager.projects.getIamPolicy",
  ],
  "roles/iam.serviceAccountTokenCreator": ["iam.serviceAccounts.getAccessToken"],
  "roles/resourcemanager.projectIamAdmin": [
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "resourcemanager.projects.setIamPolicy",
  ],
};

/** Nothing for a role of another service: it is taken in a policy, and counts for nothing with keys. */
export function permissionsOf(world: GcpWorld, role: string): readonly string[] {
  if (Object.hasOwn(PREDEFINED, role)) return PREDEFINED[role] ?? [];
  return world.roles.find(({ name }) => name === role)?.includedPermissions ?? [];
}

/** Whether a policy may name the role. */
export function roleExists(world: GcpWorld, role: string): boolean {
  if (Object.hasOwn(PREDEFINED, role) || world.roles.some(({ name }) => name === role)) return true;
  // Other services have roles by the thousand; of those that look like one, each is taken to exist.
  return /^roles\/(?!cloudkms\.)[a-z][A-Za-z0-9]*\.[A-Za-z][A-Za-z0-9.]*$/.test(role);
}

export function predefinedRole(role: string): readonly string[] | undefined {
  return Object.hasOwn(PREDEFINED, role) ? PREDEFINED[role] : undefined;
}
