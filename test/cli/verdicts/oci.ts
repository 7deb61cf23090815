import {
  OCI_AUDITOR,
  OCI_GROUP_DEMO,
  OCI_GROUP_OLD,
  OCI_HOME_REGION,
  OCI_OWNER_TENANCY,
  OCI_VENDOR_TENANCY,
} from "../../../src/sandbox/cast.ts";
import { daysAfter, newLife, type OciKey, type OciWorld, type Policy } from "../../../src/sandbox/oci/world.ts";
import { named } from "../peek.ts";
import type { Break, CloudMatrix, Stage } from "./matrix.ts";
import { PROJECT_BREAKS, principalBreaks, refer } from "./vendor.ts";

const KEY = named("granted", "oci");
const TENANCY = `define tenancy AT as ${OCI_VENDOR_TENANCY}`;
const GROUP = `define group AG as ${OCI_GROUP_DEMO}`;
const ADMIT = `admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${KEY}'`;
const NAME = "aiven-cmk-granted";

function keyIn({ worlds }: Stage): OciKey {
  const key = (worlds["oci"] as OciWorld).keys.find(({ id }) => id === KEY);
  if (key === undefined) throw new Error(`there is no key ${KEY}`);
  return key;
}

function key(change: (now: Date) => Partial<OciKey>): Break["apply"] {
  return (stage) => {
    Object.assign(keyIn(stage), change(stage.now));
  };
}

function policies(stage: Stage, change: (all: readonly Policy[]) => readonly Policy[]): void {
  const oci = stage.worlds["oci"] as OciWorld;
  oci.policies = [...change(oci.policies)];
}

/** The statements of the policy that lets the vendor in. */
function grant(
  change: (statements: readonly string[]) => readonly string[],
  more: Partial<Policy> = {},
): Break["apply"] {
  return (stage) =>
    policies(stage, (all) =>
      all.map((one) => (one.name === NAME ? { ...one, ...more, statements: change(one.statements) } : one)),
    );
}

function reword(from: string, to: string): Break["apply"] {
  return grant((all) => {
    if (!all.some((one) => one.includes(from))) throw new Error(`no statement has ${from}`);
    return all.map((one) => one.replace(from, to));
  });
}

/** One more policy. */
function also(name: string, statements: readonly string[], compartmentId = OCI_OWNER_TENANCY): Break["apply"] {
  return (stage) =>
    policies(stage, (all) => {
      const model = all.find((one) => one.name === NAME);
      return model === undefined
        ? all
        : [...all, { ...model, id: `${model.id}${name}`, name, statements, compartmentId }];
    });
}

const STATE = ["state"];
const KIND = ["kind"];
const ACTION = ["grant.action"];
const WHO = ["grant.group"];
const PLACE = ["grant.place"];
const WHERE = ["grant.where"];
const STATEMENT = [...ACTION, ...WHO, ...PLACE, ...WHERE];
const DOCUMENTS = [...STATEMENT, "deny"];
const ITSELF = [...STATE, ...KIND, "protection", "rotation", "older"];
const EVERYTHING = [...ITSELF, ...DOCUMENTS, "policies", "caller", "describe"];

const KEY_BREAKS: readonly Break[] = [
  {
    what: "no such key",
    parts: ["key"],
    code: "look.absent-or-denied",
    level: "key",
    exit: 12,
    names: KEY,
    hides: [...EVERYTHING],
    apply: ({ worlds }) => {
      const oci = worlds["oci"] as OciWorld;
      oci.keys = oci.keys.filter(({ id }) => id !== KEY);
    },
  },
  {
    what: "deleted",
    parts: STATE,
    code: "key.not-found",
    exit: 10,
    names: KEY,
    hides: [...ITSELF, ...DOCUMENTS, "policies", "caller"],
    apply: key(() => newLife({ state: "DELETED", deletionAt: "2025-09-01T09:00:00.000Z" })),
  },
  {
    what: "disabled",
    parts: STATE,
    code: "key.disabled",
    exit: 10,
    names: "DISABLED",
    apply: key(() => newLife({ state: "DISABLED" })),
  },
  {
    what: "scheduled for deletion",
    parts: STATE,
    code: "key.pending-deletion",
    exit: 10,
    names: /on \d{4}-/,
    apply: key((now) => newLife({ state: "PENDING_DELETION", deletionAt: daysAfter(now, 30) })),
  },
  {
    what: "being created",
    parts: STATE,
    code: "key.not-ready",
    exit: 11,
    names: "CREATING",
    apply: key(() => newLife({ state: "CREATING" })),
  },
  {
    what: "being enabled",
    parts: STATE,
    code: "key.not-ready",
    exit: 11,
    names: "ENABLING",
    apply: key(() => newLife({ state: "ENABLING" })),
  },
  {
    what: "AES of 16 bytes",
    parts: KIND,
    code: "key.wrong-algorithm",
    exit: 10,
    names: "AES_128",
    apply: key(() => ({ length: 16 })),
  },
  {
    what: "RSA",
    parts: KIND,
    code: "key.wrong-algorithm",
    exit: 10,
    names: "RSA",
    apply: key(() => ({ algorithm: "RSA", length: 256 })),
  },
  {
    what: "for signatures",
    parts: KIND,
    code: "key.wrong-usage",
    exit: 10,
    names: KEY,
    apply: key(() => ({ algorithm: "ECDSA", length: 32, curveId: "NIST_P256" })),
  },
  {
    what: "protected by software",
    parts: ["protection"],
    code: "key.exportable",
    exit: 0,
    names: KEY,
    apply: key(() => ({ protection: "SOFTWARE" })),
  },
  {
    what: "not rotated",
    parts: ["rotation"],
    code: "key.rotation-off",
    exit: 0,
    names: KEY,
    apply: key(() => ({ autoRotation: false })),
  },
  {
    what: "an older version is disabled",
    parts: ["older"],
    code: "key.old-version-unavailable",
    exit: 0,
    names: "DISABLED",
    apply: (stage) => {
      const one = keyIn(stage);
      one.versions = one.versions.flatMap((last) => [
        { ...last, id: `${last.id}old`, ...newLife({ state: "DISABLED" }) },
        last,
      ]);
    },
  },
];

const GRANT_BREAKS: readonly Break[] = [
  {
    what: "encrypting is not admitted",
    parts: ACTION,
    code: "grant.partial",
    exit: 10,
    names: "KEY_ENCRYPT",
    apply: reword("use keys", "{KEY_DECRYPT}"),
  },
  {
    what: "decrypting is not admitted",
    parts: ACTION,
    code: "grant.partial",
    exit: 10,
    names: "KEY_DECRYPT",
    apply: reword("use keys", "{KEY_ENCRYPT}"),
  },
  {
    what: "only inspecting is admitted",
    parts: ACTION,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: reword("use keys", "inspect keys"),
  },
  {
    what: "vaults, not keys",
    parts: ACTION,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: reword("use keys", "use vaults"),
  },
  {
    what: "another group of the vendor's",
    parts: WHO,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_OLD,
    apply: reword(OCI_GROUP_DEMO, OCI_GROUP_OLD),
  },
  {
    what: "the group in another tenancy",
    parts: WHO,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: reword(OCI_VENDOR_TENANCY, "ocid1.tenancy.oc1..aaaaaaaasomebodyelse"),
  },
  {
    what: "the group is not defined",
    parts: WHO,
    code: "grant.ineffective",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: grant((all) => all.filter((one) => one !== GROUP)),
  },
  {
    what: "the group is defined too late",
    parts: WHO,
    code: "grant.ineffective",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: grant((all) => [...all.filter((one) => one !== GROUP), GROUP]),
  },
  {
    what: "allow instead of admit",
    parts: WHO,
    code: "grant.ineffective",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: reword("admit group AG of tenancy AT", "allow group AG"),
  },
  {
    what: "in another compartment",
    parts: PLACE,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: reword("in tenancy", "in compartment network"),
  },
  {
    what: "attached to a child compartment",
    parts: PLACE,
    code: "grant.ineffective",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: grant((all) => all, { compartmentId: "ocid1.compartment.oc1..aaaaaaaasandboxteam" }),
  },
  {
    what: "only for another key",
    parts: WHERE,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: reword(`= '${KEY}'`, `= '${KEY}other'`),
  },
  {
    what: "only in another region",
    parts: WHERE,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: where("request.region = 'iad'"),
  },
  {
    what: "only from one network",
    parts: WHERE,
    code: "grant.conditional",
    exit: 12,
    names: /request.networkSource.name/i,
    apply: where("request.networkSource.name = 'corpnet'"),
  },
  {
    what: "only until a date",
    parts: WHERE,
    code: "grant.conditional",
    exit: 12,
    names: "request.utc-timestamp",
    apply: where("request.utc-timestamp before '2100-01-01T00:00Z'"),
  },
  {
    what: "only for one user",
    parts: WHERE,
    code: "grant.conditional",
    exit: 12,
    names: "request.user",
    apply: where("request.user.name = 'cmk-demo'"),
  },
  {
    what: "only for one operation",
    parts: WHERE,
    code: "grant.partial",
    exit: 10,
    names: "KEY_DECRYPT",
    apply: where("request.operation = 'Encrypt'"),
  },
  {
    what: "an admit turned into a deny",
    parts: STATEMENT,
    code: "grant.denied",
    exit: 10,
    names: NAME,
    apply: reword("admit group", "deny admit group"),
  },
  {
    what: "the policy is gone",
    parts: STATEMENT,
    code: "grant.missing",
    exit: 10,
    names: OCI_GROUP_DEMO,
    apply: (stage) => policies(stage, (all) => all.filter((one) => one.name !== NAME)),
  },
  {
    what: "a deny of decrypting",
    parts: ["deny"],
    code: "grant.denied",
    exit: 10,
    names: "keep-out",
    apply: also("keep-out", [TENANCY, GROUP, `deny ${ADMIT.replace("use keys", "{KEY_DECRYPT}")}`]),
  },
  {
    what: "a deny for everybody outside",
    parts: ["deny"],
    code: "grant.denied",
    exit: 10,
    names: "outside",
    apply: also("outside", [
      `deny admit any-user of any-tenancy to use keys in tenancy where target.key.id = '${KEY}'`,
    ]),
  },
  {
    what: "a deny but from one network",
    parts: ["deny"],
    code: "grant.conditional",
    exit: 12,
    names: /request.networkSource.name/i,
    apply: also("network-only", [
      TENANCY,
      GROUP,
      `deny admit group AG of tenancy AT to use keys in tenancy where all {target.key.id = '${KEY}', request.networkSource.name != 'corpnet'}`,
    ]),
  },
  {
    what: "a deny that nobody here can read",
    parts: ["deny"],
    code: "grant.conditional",
    exit: 12,
    names: "strange",
    apply: also("strange", ["deny every-principal to use keys in tenancy unless request.region = 'fra'"]),
  },
  {
    what: "everything in the tenancy",
    parts: [...ACTION, ...PLACE, ...WHERE],
    code: "grant.too-broad",
    exit: 0,
    names: NAME,
    apply: reword(`use keys in tenancy where target.key.id = '${KEY}'`, "manage all-resources in tenancy"),
  },
];

/** The condition that the statement has, and another one. */
function where(clause: string): Break["apply"] {
  return reword(`target.key.id = '${KEY}'`, `all {target.key.id = '${KEY}', ${clause}}`);
}

const LOOK_BREAKS: readonly Break[] = [
  {
    what: "the policies may not be read",
    parts: ["policies"],
    code: "look.absent-or-denied",
    level: "grant",
    exit: 12,
    names: /ListPolicies/,
    hides: DOCUMENTS,
    apply: also("sealed", ["Deny group PlatformEngineers to inspect policies in tenancy"]),
  },
  {
    what: "the caller may not use the key",
    parts: ["caller"],
    code: "roundtrip.not-permitted",
    exit: 0,
    names: KEY,
    apply: also("not-for-people", [
      `Deny group PlatformEngineers to {KEY_ENCRYPT, KEY_DECRYPT} in tenancy where target.key.id = '${KEY}'`,
    ]),
  },
  {
    what: "the key may not be looked at",
    parts: ["describe"],
    code: "look.absent-or-denied",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    apply: also("unseen", [`Deny group PlatformEngineers to {KEY_READ} in tenancy where target.key.id = '${KEY}'`]),
  },
  {
    what: "the cloud throttles",
    parts: ["fault"],
    code: "look.throttled",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    slow: true,
    apply: key(() => ({ fault: "throttled" })),
  },
  {
    what: "the cloud has an internal error",
    parts: ["fault"],
    code: "look.unreachable",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    slow: true,
    apply: key(() => ({ fault: "internal" })),
  },
  {
    what: "the cloud hangs up",
    parts: ["fault"],
    code: "look.unreachable",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    slow: true,
    apply: key(() => ({ fault: "reset" })),
  },
  {
    what: "the reference has another region",
    elsewhere: true,
    parts: ["reference"],
    code: "look.absent-or-denied",
    level: "key",
    exit: 12,
    names: "us-ashburn-1",
    hides: [...EVERYTHING, "key", "registration"],
    apply: refer(KEY.replace(OCI_HOME_REGION, "us-ashburn-1")),
  },
  {
    what: "the reference has a region without a subscription",
    elsewhere: true,
    parts: ["reference"],
    code: "look.credentials",
    level: "key",
    exit: 12,
    names: "ap-tokyo-1",
    hides: [...EVERYTHING, "key", "registration"],
    apply: refer(KEY.replace(OCI_HOME_REGION, "ap-tokyo-1")),
  },
];

export const OCI: CloudMatrix = {
  cloud: "oci",
  title: "OCI Vault",
  key: KEY,
  prepare: (worlds) => {
    const oci = worlds["oci"] as OciWorld;
    oci.policies = oci.policies.filter(({ name }) => name === NAME || !name.startsWith("aiven-cmk-"));
  },
  breaks: [
    ...KEY_BREAKS,
    ...GRANT_BREAKS,
    ...LOOK_BREAKS,
    ...principalBreaks("oci", [...DOCUMENTS, "policies"], {
      changed: { access_group: OCI_GROUP_OLD, access_tenant: OCI_VENDOR_TENANCY },
      unsafe: { access_group: OCI_AUDITOR.group, access_tenant: OCI_OWNER_TENANCY },
    }),
    ...PROJECT_BREAKS,
  ],
  together: [
    ...["the group is not defined", "attached to a child compartment"].flatMap((nothing) =>
      ["encrypting is not admitted", "only for one operation"].map((some) => ({
        of: [nothing, some] as const,
        code: "grant.ineffective" as const,
        why: "A statement without effect does not let anybody in for a part either.",
      })),
    ),
    {
      of: ["the group is not defined", "attached to a child compartment"],
      code: "grant.missing",
      why: "Without effect for one reason alone is one thing to mend; with two the message names both.",
    },
    {
      of: ["decrypting is not admitted", "only for one operation"],
      code: "grant.partial",
      why: "Both leave encrypting.",
    },
    {
      of: ["encrypting is not admitted", "only for one operation"],
      code: "grant.missing",
      why: "What is admitted, decrypting, is admitted for encrypting alone: nothing is left.",
    },
  ],
};
