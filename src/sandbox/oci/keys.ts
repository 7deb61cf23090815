import { OCI_HOME_REGION, OCI_IDENTITIES, OCI_OWNER, OCI_OWNER_TENANCY, OCI_VENDOR_TENANCY } from "../cast.ts";
import type { SandboxContext } from "../module.ts";
import { newMaterial } from "./cipher.ts";
import {
  compartmentId,
  OWNER_REGIONS,
  ocidOf,
  PROD,
  RECIPES,
  type Recipe,
  TEAM,
  VAULTS,
  VENDOR_REGIONS,
} from "./recipes.ts";
import {
  type Compartment,
  CREATED,
  fixedEtag,
  type Group,
  type KeyVersion,
  NO_TAGS,
  newLife,
  type OciKey,
  type OciWorld,
  type Policy,
  type User,
} from "./world.ts";
import { fingerprint, privatePem, publicPem } from "./worthless-keys.ts";

/** A key of a fresh world, and what `keygrant validate` should say of it, asked as the owner for project `demo`. */
export interface OciSandboxKey {
  readonly cloud: "oci";
  readonly name: string;
  /** The key's OCID. */
  readonly id: string;
  /** A sentence; null where nothing is wrong with the key. */
  readonly wrong: string | null;
  /** The code that must be among the findings; null where the key is fine and granted. */
  readonly code: string | null;
  readonly exit: 0 | 10 | 11 | 12;
}

/** Every key that a fresh world has something to show with, in a fixed order; OCIDs never change. */
export function ociKeys(): readonly OciSandboxKey[] {
  return RECIPES.map(({ name, wrong, code, exit, region }) => ({
    cloud: "oci",
    name,
    id: ocidOf(name, region),
    wrong,
    code,
    exit,
  }));
}

export function freshOciWorld(context: SandboxContext): OciWorld {
  const now = context.clock.now();
  return {
    tenancies: [
      { id: OCI_OWNER_TENANCY, name: "keyowner", homeRegion: OCI_HOME_REGION, regions: OWNER_REGIONS },
      { id: OCI_VENDOR_TENANCY, name: "aiven", homeRegion: VENDOR_REGIONS[0] ?? "", regions: VENDOR_REGIONS },
    ],
    users: users(),
    groups: groups(),
    compartments: compartments(),
    policies: [...ordinaryPolicies(), ...RECIPES.flatMap(policiesOfRecipe), ...vendorPolicies()],
    history: [],
    reads: 0,
    vaults: OWNER_REGIONS.map((region) => ({
      id: vaultId(region),
      name: VAULTS[region] ?? "",
      compartmentId: TEAM,
      type: "VIRTUAL_PRIVATE",
    })),
    keys: RECIPES.filter(({ there }) => there !== false).map((recipe) => keyOf(recipe, now, context)),
    retries: [],
  };
}

function vaultId(region: string): string {
  return `ocid1.vault.oc1.${region}.${VAULTS[region] ?? ""}.sandboxvault`;
}

function users(): User[] {
  return OCI_IDENTITIES.map(({ user, name, tenancy, key }) => ({
    id: user,
    name,
    tenancy,
    apiKeys: [{ fingerprint: fingerprint(key), publicPem: publicPem(key) }],
  }));
}

const GROUP_NAMES: Readonly<Record<string, string>> = {
  "platform-engineer": "PlatformEngineers",
  auditor: "Auditors",
  "cmk-demo": "CmkDemo",
  "cmk-second": "CmkSecond",
};

/** Nobody of the cast is a default administrator: those are exempt from every deny. */
function groups(): Group[] {
  const administrators = {
    id: "ocid1.group.oc1..aaaaaaaasandboxadministrators",
    name: "Administrators",
    tenancy: OCI_OWNER_TENANCY,
    description: "Administrators",
    users: [],
  };
  const others = OCI_IDENTITIES.map(({ user, name, tenancy, group }) => ({
    id: group,
    name: GROUP_NAMES[name] ?? name,
    tenancy,
    description: `sandbox: ${name}`,
    users: [user],
  }));
  return [administrators, ...others];
}

function compartments(): Compartment[] {
  const inside = (name: string, parent = OCI_OWNER_TENANCY): Compartment => ({
    id: compartmentId(name.replaceAll("-", "")),
    name,
    parent,
    tenancy: OCI_OWNER_TENANCY,
    description: `sandbox: ${name}`,
  });
  return [
    inside("team"),
    inside("prod", TEAM),
    inside("network"),
    inside("sealed"),
    inside("unparsable"),
    inside("too-broad"),
    inside("everybody"),
  ];
}

function policy(name: string, attachedTo: string, statements: readonly string[]): Policy {
  const id = `ocid1.policy.oc1..aaaaaaaasandbox${name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")}`;
  return {
    id,
    name,
    compartmentId: attachedTo,
    description: `sandbox: ${name}`,
    statements,
    versionDate: null,
    createdAt: CREATED,
    etag: fixedEtag(id),
    tags: NO_TAGS,
  };
}

/** What has nothing to do with the vendor, as any tenancy has some of. */
function ordinaryPolicies(): readonly Policy[] {
  return [
    policy("Tenant Admin Policy", OCI_OWNER_TENANCY, ["ALLOW GROUP Administrators to manage all-resources IN TENANCY"]),
    // What switching deny policies on leaves behind: …/policysyntax/denypolicies.htm
    policy("Default Deny Policy", OCI_OWNER_TENANCY, [
      `deny any-user to manage policies in tenancy where all {target.policy.type='deny', request.principal.id!='${OCI_OWNER.user}'}`,
    ]),
    policy("people", OCI_OWNER_TENANCY, [
      "Allow group PlatformEngineers to manage all-resources in tenancy",
      "Allow group Auditors to inspect all-resources in tenancy",
      "Allow group Auditors to read key-family in tenancy",
    ]),
    policy("sealed-policies", OCI_OWNER_TENANCY, [
      "Deny group PlatformEngineers, Auditors to inspect policies in compartment sealed",
    ]),
    policy("services", OCI_OWNER_TENANCY, [
      "Allow service blockstorage, objectstorage-eu-frankfurt-1 to use keys in compartment team:prod",
      "Allow dynamic-group 'Default'/'build-hosts' to read secret-family in compartment team",
    ]),
    policy("network", compartmentId("network"), [
      "Allow group NetworkAdmins to manage virtual-network-family in compartment network",
    ]),
    policy("team-storage", TEAM, [
      "Allow group PlatformEngineers to manage object-family in compartment prod where target.bucket.name = /logs-*/",
    ]),
  ];
}

function policiesOfRecipe(recipe: Recipe): readonly Policy[] {
  const id = ocidOf(recipe.name, recipe.region);
  const own = recipe.policies?.(id) ?? [];
  return own.map(({ compartment, statements }, index) =>
    policy(
      `aiven-cmk-${recipe.name}${index === 0 ? "" : `-${index + 1}`}`,
      compartment ?? OCI_OWNER_TENANCY,
      statements,
    ),
  );
}

/** Aiven's half of the agreement, which the owner cannot see. */
function vendorPolicies(): readonly Policy[] {
  return [
    policy("cmk-endorse", OCI_VENDOR_TENANCY, [
      "Endorse group CmkDemo to use keys in any-tenancy",
      "Endorse group CmkSecond to use keys in any-tenancy",
    ]),
  ];
}

function keyOf(recipe: Recipe, now: Date, context: SandboxContext): OciKey {
  const { name, region = OCI_HOME_REGION } = recipe;
  const id = ocidOf(name, region);
  const change = recipe.key?.(now) ?? {};
  const { algorithm = "AES", length = 32 } = change;
  const older = recipe.older?.(now) ?? [];
  const versions = [...older, {}].map(
    (one, index): KeyVersion => ({
      id: `${id.replace("ocid1.key.", "ocid1.keyversion.")}v${index + 1}`,
      createdAt: CREATED,
      // An RSA key takes a while to make: the fresh world's has a worthless one that is there already.
      material: algorithm === "RSA" ? privatePem("kms-rsa") : newMaterial(algorithm, length, context.random),
      ...newLife(),
      ...one,
    }),
  );
  return {
    id,
    vaultId: vaultId(region),
    compartmentId: recipe.compartmentId ?? PROD,
    name,
    algorithm,
    length,
    curveId: null,
    protection: "HSM",
    autoRotation: true,
    createdAt: CREATED,
    versions,
    current: versions.at(-1)?.id ?? "",
    etag: fixedEtag(id),
    tags: NO_TAGS,
    fault: null,
    ...newLife(),
    ...change,
  };
}
