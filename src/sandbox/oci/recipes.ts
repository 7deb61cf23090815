import { OCI_GROUP_DEMO, OCI_GROUP_OLD, OCI_HOME_REGION, OCI_VENDOR_TENANCY } from "../cast.ts";
import { daysAfter, type KeyVersion, newLife, type OciKey } from "./world.ts";

export function compartmentId(name: string): string {
  return `ocid1.compartment.oc1..aaaaaaaasandbox${name}`;
}

/** Where the keys are, unless a recipe says otherwise: `team:prod`. */
export const PROD = compartmentId("prod");
export const TEAM = compartmentId("team");
/** The owner has subscribed to these, the vendor's tenancy to the first two of them, and no more. */
export const OWNER_REGIONS: readonly string[] = [OCI_HOME_REGION, "us-ashburn-1", "eu-amsterdam-1"];
export const VENDOR_REGIONS: readonly string[] = ["us-phoenix-1", OCI_HOME_REGION, "us-ashburn-1"];
/** The unique part of a vault, by region. */
export const VAULTS: Readonly<Record<string, string>> = {
  [OCI_HOME_REGION]: "demovault",
  "us-ashburn-1": "ashburnvault",
  "eu-amsterdam-1": "amsterdamvault",
  "ap-tokyo-1": "tokyovault",
};

export interface RecipePolicy {
  /** Unless said: the root. */
  readonly compartment?: string;
  readonly statements: readonly string[];
}

/** How one key of the fresh world differs from an ordinary one. */
export interface Recipe {
  readonly name: string;
  readonly wrong: string | null;
  readonly code: string | null;
  readonly exit: 0 | 10 | 11 | 12;
  /** False: there is no such key. */
  readonly there?: false;
  readonly region?: string;
  readonly compartmentId?: string;
  readonly key?: (now: Date) => Partial<OciKey>;
  /** Versions before the one in use. */
  readonly older?: (now: Date) => readonly Partial<KeyVersion>[];
  /** The policies that are there because of this key alone. */
  readonly policies?: Policies;
}

const TENANCY = `define tenancy AT as ${OCI_VENDOR_TENANCY}`;
const GROUP = `define group AG as ${OCI_GROUP_DEMO}`;

export function ocidOf(name: string, region = OCI_HOME_REGION): string {
  return `ocid1.key.oc1.${region}.${VAULTS[region] ?? ""}.${name.replaceAll("-", "")}`;
}

type Policies = (id: string) => readonly RecipePolicy[];

/** One policy in the root compartment that admits the vendor's group as `admit` says. */
function admits(admit: (id: string) => string, definitions: readonly string[] = [TENANCY, GROUP]): Policies {
  return (id) => [{ statements: [...definitions, admit(id)] }];
}

function useIt(id: string): string {
  return `admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${id}'`;
}

const granted = admits(useIt);

function fails(code: string, wrong: string): Pick<Recipe, "wrong" | "code" | "exit"> {
  return { wrong, code, exit: 10 };
}

function waits(code: string, wrong: string): Pick<Recipe, "wrong" | "code" | "exit"> {
  return { wrong, code, exit: 11 };
}

function unsure(code: string, wrong: string): Pick<Recipe, "wrong" | "code" | "exit"> {
  return { wrong, code, exit: 12 };
}

function warns(code: string, wrong: string): Pick<Recipe, "wrong" | "code" | "exit"> {
  return { wrong, code, exit: 0 };
}

const FINE = { wrong: null, code: null, exit: 0 } as const;

export const RECIPES: readonly Recipe[] = [
  // Nothing wrong.
  { name: "healthy", wrong: null, code: "grant.missing", exit: 10 },
  { name: "granted", ...FINE, policies: granted },
  {
    name: "granted-together",
    ...FINE,
    // In Aiven's own spelling, and the case that Oracle's console writes.
    policies: admits(
      (id) =>
        `ADMIT group AG of tenancy AT to use keys in tenancy where ANY {target.key.id = "${id}", target.key.id = "${ocidOf("granted-with-it")}"}`,
    ),
  },
  { name: "granted-with-it", ...FINE },
  { name: "other-region", ...FINE, region: "us-ashburn-1", policies: granted },
  // The state of the key.
  {
    name: "absent",
    ...unsure("look.absent-or-denied", "There is no such key, which OCI does not tell from one that nobody may see."),
    there: false,
    policies: granted,
  },
  {
    name: "deleted",
    ...fails("key.not-found", "The key was deleted."),
    key: () => newLife({ state: "DELETED", deletionAt: "2025-09-01T09:00:00.000Z" }),
    policies: granted,
  },
  {
    name: "disabled",
    ...fails("key.disabled", "The key is disabled."),
    key: () => newLife({ state: "DISABLED" }),
    policies: granted,
  },
  {
    name: "pending-deletion",
    ...fails("key.pending-deletion", "The key is scheduled for deletion."),
    key: (now) => newLife({ state: "PENDING_DELETION", deletionAt: daysAfter(now, 30) }),
    policies: granted,
  },
  {
    name: "creating",
    ...waits("key.not-ready", "The key is still being created."),
    key: () => newLife({ state: "CREATING" }),
    policies: granted,
  },
  {
    name: "enabling",
    ...waits("key.not-ready", "The key is being enabled."),
    key: () => newLife({ state: "ENABLING" }),
    policies: granted,
  },
  // The kind of the key.
  {
    name: "aes-16",
    ...fails("key.wrong-algorithm", "The key is an AES key of 16 bytes, the vendor wants 32."),
    key: () => ({ length: 16 }),
    policies: granted,
  },
  {
    name: "rsa",
    ...fails("key.wrong-algorithm", "The key encrypts, but with RSA."),
    key: () => ({ algorithm: "RSA", length: 256 }),
    policies: granted,
  },
  {
    name: "ecdsa",
    ...fails("key.wrong-usage", "The key is for signatures."),
    key: () => ({ algorithm: "ECDSA", length: 32, curveId: "NIST_P256" }),
    policies: granted,
  },
  // What the policies say.
  {
    name: "wrong-group",
    ...fails("grant.missing", "The policy admits another group of the vendor, under the right alias."),
    policies: admits(useIt, [TENANCY, `define group AG as ${OCI_GROUP_OLD}`]),
  },
  {
    name: "other-key",
    ...fails("grant.missing", "The policy is for another key."),
    policies: admits(() => useIt(ocidOf("nobodys"))),
  },
  {
    name: "inspect-only",
    ...fails("grant.missing", "The policy lets the vendor list the key, and no more."),
    policies: admits((id) => `admit group AG of tenancy AT to inspect keys in tenancy where target.key.id = '${id}'`),
  },
  {
    name: "encrypt-only",
    ...fails("grant.partial", "The policy allows the vendor to encrypt, not to decrypt."),
    policies: admits((id) => `admit group AG of tenancy AT to {KEY_ENCRYPT} in tenancy where target.key.id = '${id}'`),
  },
  {
    name: "no-define-group",
    ...fails("grant.ineffective", "The policy does not define the group that it admits."),
    policies: admits(useIt, [TENANCY]),
  },
  {
    name: "defined-too-late",
    ...fails("grant.ineffective", "The policy defines the group behind the statement that admits it."),
    policies: (id) => [{ statements: [TENANCY, useIt(id), GROUP] }],
  },
  {
    name: "child-policy",
    ...fails("grant.ineffective", "The policy is attached to a child compartment, not to the root."),
    policies: (id) => [{ compartment: TEAM, statements: [TENANCY, GROUP, useIt(id)] }],
  },
  {
    name: "denied",
    ...fails("grant.denied", "Another policy denies the vendor's group what this one admits."),
    policies: (id) => [
      { statements: [TENANCY, GROUP, useIt(id)] },
      { statements: [TENANCY, GROUP, `deny ${useIt(id)}`] },
    ],
  },
  {
    name: "denied-to-all",
    ...fails("grant.denied", "Another policy denies everybody from outside to decrypt."),
    policies: (id) => [
      { statements: [TENANCY, GROUP, useIt(id)] },
      { statements: [`deny admit any-user of any-tenancy to {KEY_DECRYPT} in tenancy where target.key.id = '${id}'`] },
    ],
  },
  {
    name: "conditional",
    ...unsure("grant.conditional", "The policy holds only for requests from one network."),
    policies: admits(
      (id) =>
        `admit group AG of tenancy AT to use keys in tenancy where all {target.key.id = '${id}', request.networkSource.name = 'corpnet'}`,
    ),
  },
  {
    name: "unparsable",
    ...unsure("grant.conditional", "Next to the key stands a deny that nobody here can read."),
    compartmentId: compartmentId("unparsable"),
    policies: (id) => [
      { statements: [TENANCY, GROUP, useIt(id)] },
      {
        compartment: compartmentId("unparsable"),
        statements: ["deny every-principal to use keys in compartment unparsable unless request.region = 'fra'"],
      },
    ],
  },
  {
    name: "too-broad",
    ...warns("grant.too-broad", "The policy lets the vendor manage everything in the key's compartment."),
    compartmentId: compartmentId("toobroad"),
    policies: admits(() => "admit group AG of tenancy AT to manage all-resources in compartment too-broad"),
  },
  {
    name: "any-user",
    ...warns("grant.too-broad", "The policy lets everybody of the vendor's use the keys in the key's compartment."),
    compartmentId: compartmentId("everybody"),
    policies: admits(() => "admit any-user of tenancy AT to use keys in compartment everybody", [TENANCY]),
  },
  // What cannot be looked at.
  {
    name: "unreadable",
    ...unsure("grant.not-visible", "The owner's people may not read the policies of the key's compartment."),
    compartmentId: compartmentId("sealed"),
    policies: (id) => [
      { statements: [TENANCY, GROUP, useIt(id)] },
      {
        compartment: compartmentId("sealed"),
        statements: ["Allow group Administrators to manage all-resources in compartment sealed"],
      },
    ],
  },
  {
    name: "throttled",
    ...unsure("look.throttled", "Every call on the key is throttled."),
    key: () => ({ fault: "throttled" }),
    policies: granted,
  },
  {
    name: "internal-error",
    ...unsure("look.unreachable", "Every call on the key ends in an internal error of OCI."),
    key: () => ({ fault: "internal" }),
    policies: granted,
  },
  {
    name: "hangs-up",
    ...unsure("look.unreachable", "Every call on the key ends in a connection that is reset."),
    key: () => ({ fault: "reset" }),
    policies: granted,
  },
  {
    name: "region-not-subscribed",
    ...unsure("look.credentials", "The owner's tenancy has not subscribed to the region in the OCID."),
    region: "ap-tokyo-1",
    there: false,
  },
  // What works, and deserves a look.
  {
    name: "region-not-offered",
    wrong: "Aiven does not offer the region, and says no more than that something failed.",
    code: null,
    exit: 0,
    region: "eu-amsterdam-1",
    policies: granted,
  },
  {
    name: "software",
    ...warns("key.exportable", "The key is protected by software: what lets the vendor use it lets it take it away."),
    key: () => ({ protection: "SOFTWARE" }),
    policies: granted,
  },
  {
    name: "rotation-off",
    ...warns("key.rotation-off", "OCI does not rotate the key."),
    key: () => ({ autoRotation: false }),
    policies: granted,
  },
  {
    name: "old-version-disabled",
    ...warns("key.old-version-unavailable", "An older version of the key is disabled."),
    older: () => [newLife({ state: "DISABLED" })],
    policies: granted,
  },
  {
    name: "old-version-going",
    ...warns("key.old-version-unavailable", "An older version of the key is scheduled for deletion."),
    older: (now) => [newLife(), newLife({ state: "PENDING_DELETION", deletionAt: daysAfter(now, 20) })],
    policies: granted,
  },
];
