import {
  GCP_AUDITOR,
  GCP_GROUP_DEMO,
  GCP_GROUP_OLD,
  GCP_GROUP_SECOND,
  GCP_LOCATION,
  GCP_OWNER,
  GCP_PROBE_ACCOUNT,
  GCP_PROJECT,
  GCP_VENDOR_DEMO,
  GCP_VENDOR_SECOND,
} from "../cast.ts";
import type { SandboxContext } from "../module.ts";
import { type Change, CREATED, rotating, type VersionChange } from "./recipe.ts";
import { CUSTOM_ROLE, GRANT, NARROW_ROLE, RECIPES, type Recipe } from "./recipes.ts";
import {
  type Binding,
  type CryptoKey,
  DESTROY_AFTER_SECONDS,
  type GcpWorld,
  isSymmetric,
  type KeyRing,
  type KeyVersion,
  type Project,
  policyOf,
} from "./world.ts";

/** In the same shape as the AWS ones; `id` is the key's resource name. */
export interface GcpSandboxKey extends Pick<Recipe, "name" | "wrong" | "code" | "exit"> {
  readonly cloud: "gcp";
  readonly id: string;
}

/** Every key that a fresh world has something to show with, in a fixed order; names never change. */
export function gcpKeys(): readonly GcpSandboxKey[] {
  return RECIPES.map((recipe) => {
    const { name, wrong, code, exit } = recipe;
    return { cloud: "gcp", name, id: nameOf(recipe), wrong, code, exit };
  });
}

function ringOf({ project, ring }: Pick<Recipe, "project" | "ring">): string {
  return `projects/${project ?? GCP_PROJECT}/locations/${GCP_LOCATION}/keyRings/${ring ?? project ?? "demo"}`;
}

function nameOf(recipe: Recipe): string {
  return `${ringOf(recipe)}/cryptoKeys/${recipe.name}`;
}

export function freshGcpWorld(context: SandboxContext): GcpWorld {
  const now = context.clock.now();
  return {
    projects: PROJECT_BINDINGS.map(
      ([id, bindings], index): Project => ({
        id,
        number: String(100_000_000_001 + index),
        policy: policyOf(bindings, new Date(CREATED)),
      }),
    ),
    keyRings: [...new Set([ringOf({}), ...RECIPES.map(ringOf)])].map(
      (name): KeyRing => ({
        name,
        createTime: CREATED,
        policy: policyOf(name.endsWith("/keyRings/granted") ? [GRANT] : [], new Date(CREATED)),
      }),
    ),
    keys: RECIPES.flatMap((recipe) => keyOf(recipe, now, context)),
    groups: [
      { email: GCP_GROUP_DEMO, members: [GCP_VENDOR_DEMO.member] },
      { email: GCP_GROUP_SECOND, members: [GCP_VENDOR_SECOND.member] },
      { email: GCP_GROUP_OLD, members: [] },
    ],
    serviceAccounts: [
      { email: GCP_PROBE_ACCOUNT, project: GCP_PROJECT, policy: policyOf([IMPERSONATION], new Date(CREATED)) },
    ],
    roles: [
      {
        name: CUSTOM_ROLE,
        title: "Key user",
        includedPermissions: ["cloudkms.cryptoKeyVersions.useToDecrypt", "cloudkms.cryptoKeyVersions.useToEncrypt"],
        etag: "BwYxYxYxYxY=",
      },
      {
        name: NARROW_ROLE,
        title: "Key encrypter",
        includedPermissions: ["cloudkms.cryptoKeyVersions.useToEncrypt"],
        etag: "BwYxYxYxYxY=",
      },
    ],
    tokens: [],
  };
}

const PEOPLE = [GCP_OWNER.member, GCP_AUDITOR.member];
const PROBE = `serviceAccount:${GCP_PROBE_ACCOUNT}`;
const IMPERSONATION: Binding = { role: "roles/iam.serviceAccountTokenCreator", members: PEOPLE };

/** Who may do what in a project as a whole. */
const OWNED: readonly Binding[] = [
  { role: "roles/owner", members: [GCP_OWNER.member] },
  { role: "roles/cloudkms.viewer", members: [GCP_AUDITOR.member] },
  { role: "roles/iam.securityReviewer", members: [GCP_AUDITOR.member] },
  { role: "roles/cloudkms.cryptoOperator", members: [PROBE] },
];

const PROJECT_BINDINGS: readonly (readonly [id: string, bindings: readonly Binding[]])[] = [
  [GCP_PROJECT, OWNED],
  // One grant for all of its keys.
  ["shared", [...OWNED, GRANT]],
  // Another team's: its keys may be looked at and used, its policies may not be read.
  [
    "walled",
    [
      { role: "roles/cloudkms.viewer", members: PEOPLE },
      { role: "roles/cloudkms.cryptoOperator", members: [GCP_OWNER.member, PROBE] },
    ],
  ],
  // Another company's.
  ["hidden", []],
];

function keyOf(recipe: Recipe, now: Date, context: SandboxContext): readonly CryptoKey[] {
  if (recipe.make === null) return [];
  const { bindings, versions, ...change } = recipe.make(now);
  const symmetric = (change.purpose ?? "ENCRYPT_DECRYPT") === "ENCRYPT_DECRYPT";
  const key: CryptoKey = {
    name: nameOf(recipe),
    createTime: CREATED,
    purpose: "ENCRYPT_DECRYPT",
    protectionLevel: "SOFTWARE",
    algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION",
    primary: symmetric ? 1 : null,
    versions: [],
    rotation: symmetric && change.importOnly !== true ? rotating(now) : null,
    destroyScheduledSeconds: DESTROY_AFTER_SECONDS,
    importOnly: false,
    allowedAccessReasons: null,
    labels: {},
    policy: policyOf(bindings ?? [], new Date(CREATED)),
    deniedTo: [],
    fault: null,
    ...change,
  };
  key.versions = (versions ?? ONE_VERSION).map((one) => versionOf(key, one, context));
  return [key];
}

const ONE_VERSION: NonNullable<Change["versions"]> = [{ number: 1, state: "ENABLED" }];

function versionOf(key: CryptoKey, change: VersionChange, context: SandboxContext): KeyVersion {
  return {
    algorithm: key.algorithm,
    protectionLevel: key.protectionLevel,
    createTime: CREATED,
    generateTime: CREATED,
    destroyTime: null,
    destroyEventTime: null,
    importFailureReason: null,
    material: isSymmetric(key.algorithm) ? Buffer.from(context.random(32)).toString("base64") : null,
    ...change,
  };
}
