import { GCP_AUDITOR, GCP_GROUP_DEMO, GCP_GROUP_OLD, GCP_OWNER } from "../../../src/sandbox/cast.ts";
import {
  type Binding,
  type CryptoKey,
  type GcpWorld,
  type KeyVersion,
  type StoredPolicy,
  versionOf,
} from "../../../src/sandbox/gcp/world.ts";
import { named } from "../peek.ts";
import type { Break, CloudMatrix, Stage } from "./matrix.ts";
import { PROJECT_BREAKS, principalBreaks, refer } from "./vendor.ts";

const KEY = named("granted", "gcp");
const MEMBER = `group:${GCP_GROUP_DEMO}`;
const OLD = `group:${GCP_GROUP_OLD}`;
const ORPHAN = `deleted:${MEMBER}?uid=123456789012345678901`;
const DAY_MS = 86_400_000;

function keyIn({ worlds }: Stage): CryptoKey {
  const key = (worlds["gcp"] as GcpWorld).keys.find(({ name }) => name === KEY);
  if (key === undefined) throw new Error(`there is no key ${KEY}`);
  return key;
}

function key(change: (now: Date) => Partial<CryptoKey>): Break["apply"] {
  return (stage) => {
    Object.assign(keyIn(stage), change(stage.now));
  };
}

/** Of the primary version. */
function version(change: (now: Date) => Partial<KeyVersion>): Break["apply"] {
  return (stage) => {
    const { versions } = keyIn(stage);
    Object.assign(versions.at(-1) ?? {}, change(stage.now));
  };
}

/** An older version, of the state that is given. */
function older(change: (now: Date) => Partial<KeyVersion>): Break["apply"] {
  return (stage) => {
    const one = keyIn(stage);
    one.versions = one.versions.flatMap((last) => [
      { ...last, ...change(stage.now) },
      { ...last, number: last.number + 1 },
    ]);
    if (one.primary !== null) one.primary += 1;
  };
}

function policy(stored: StoredPolicy, change: (bindings: readonly Binding[]) => readonly Binding[]): void {
  stored.bindings = change(stored.bindings);
  stored.version = versionOf(stored.bindings);
}

/** Of the binding that lets the vendor in: it is the first. */
function grant(change: Partial<Binding>): Break["apply"] {
  return (stage) =>
    policy(keyIn(stage).policy, (all) => all.map((one, index) => (index === 0 ? { ...one, ...change } : one)));
}

function when(title: string, expression: string): Break["apply"] {
  return grant({ condition: { title, expression } });
}

const VERSION = ["version"];
const KIND = ["purpose"];
const ROLE = ["grant.role"];
const WHO = ["grant.member"];
const CONDITION = ["grant.condition"];
const BINDING = [...ROLE, ...WHO, ...CONDITION];
/** What only keys for encrypting and decrypting need: of a key that was not seen nobody knows whether it is missed. */
const ONE_KIND = ["encrypting"];
const DOCUMENTS = [...BINDING, ...ONE_KIND, "orphan"];
const ITSELF = [...VERSION, ...KIND, "older", "rotation", "justification"];
const EVERYTHING = [...ITSELF, ...DOCUMENTS, "policies", "caller"];

const KEY_BREAKS: readonly Break[] = [
  {
    what: "no such key",
    parts: ["key"],
    code: "key.not-found",
    exit: 10,
    names: KEY,
    hides: EVERYTHING,
    apply: ({ worlds }) => {
      const gcp = worlds["gcp"] as GcpWorld;
      gcp.keys = gcp.keys.filter(({ name }) => name !== KEY);
    },
  },
  {
    what: "the primary version is disabled",
    parts: VERSION,
    code: "key.disabled",
    exit: 10,
    names: "DISABLED",
    apply: version(() => ({ state: "DISABLED" })),
  },
  {
    what: "the primary version is scheduled for destruction",
    parts: VERSION,
    code: "key.pending-deletion",
    exit: 10,
    names: /on \d{4}-/,
    apply: version((now) => ({
      state: "DESTROY_SCHEDULED",
      destroyTime: new Date(now.getTime() + 20 * DAY_MS).toISOString(),
    })),
  },
  {
    what: "the primary version is destroyed",
    parts: VERSION,
    code: "key.no-material",
    exit: 10,
    names: "DESTROYED",
    apply: version(() => ({ state: "DESTROYED", destroyEventTime: "2025-01-01T00:00:00.000Z", material: null })),
  },
  {
    what: "no version",
    parts: [...VERSION, "older"],
    code: "key.no-material",
    exit: 10,
    names: KEY,
    apply: key(() => ({ versions: [], primary: null })),
  },
  {
    what: "the version is being generated",
    parts: VERSION,
    code: "key.not-ready",
    exit: 11,
    names: "PENDING_GENERATION",
    apply: version(() => ({ state: "PENDING_GENERATION", generateTime: null, material: null })),
  },
  {
    what: "no justification is allowed",
    parts: ["justification"],
    code: "key.unavailable",
    exit: 10,
    names: KEY,
    apply: key(() => ({ allowedAccessReasons: [] })),
  },
  {
    what: "for signatures",
    parts: [...KIND, ...VERSION, "older", "rotation"],
    code: "key.wrong-usage",
    exit: 10,
    names: "ASYMMETRIC_SIGN",
    apply: kind("ASYMMETRIC_SIGN", "EC_SIGN_P256_SHA256"),
  },
  {
    what: "for authentication codes",
    parts: [...KIND, ...VERSION, "older", "rotation"],
    code: "key.wrong-usage",
    exit: 10,
    names: "MAC",
    apply: kind("MAC", "HMAC_SHA256"),
  },
  {
    what: "for raw encryption",
    parts: [...KIND, ...VERSION, "older", "rotation"],
    code: "key.wrong-usage",
    exit: 10,
    names: "RAW_ENCRYPT_DECRYPT",
    apply: kind("RAW_ENCRYPT_DECRYPT", "AES_256_GCM"),
  },
  {
    what: "RSA of 3072 bits",
    parts: [...KIND, ...VERSION, ...ROLE, "older", "rotation"],
    shows: KIND,
    code: "key.wrong-algorithm",
    exit: 10,
    names: "RSA_DECRYPT_OAEP_3072_SHA256",
    apply: kind("ASYMMETRIC_DECRYPT", "RSA_DECRYPT_OAEP_3072_SHA256"),
  },
  {
    what: "an older version is disabled",
    parts: ["older"],
    code: "key.old-version-unavailable",
    exit: 0,
    names: "DISABLED",
    apply: older(() => ({ state: "DISABLED" })),
  },
  {
    what: "an older version is scheduled for destruction",
    parts: ["older"],
    code: "key.old-version-unavailable",
    exit: 0,
    names: "DESTROY_SCHEDULED",
    apply: older((now) => ({
      state: "DESTROY_SCHEDULED",
      destroyTime: new Date(now.getTime() + 7 * DAY_MS).toISOString(),
    })),
  },
  {
    what: "not rotated",
    parts: ["rotation"],
    code: "key.rotation-off",
    exit: 0,
    names: KEY,
    apply: key(() => ({ rotation: null })),
  },
];

function kind(purpose: CryptoKey["purpose"], algorithm: string): Break["apply"] {
  return (stage) => {
    const one = keyIn(stage);
    const versions = one.versions.map((last) => ({ ...last, algorithm, material: null }));
    Object.assign(one, { purpose, algorithm, versions, primary: null, rotation: null });
  };
}

const GRANT_BREAKS: readonly Break[] = [
  {
    what: "encrypting is not granted",
    parts: ROLE,
    shows: ONE_KIND,
    code: "grant.partial",
    exit: 10,
    names: "useToEncrypt",
    apply: grant({ role: "roles/cloudkms.cryptoKeyDecrypter" }),
  },
  {
    what: "decrypting is not granted",
    parts: ROLE,
    code: "grant.partial",
    exit: 10,
    names: "useToDecrypt",
    apply: grant({ role: "roles/cloudkms.cryptoKeyEncrypter" }),
  },
  {
    what: "a custom role without decrypting",
    parts: ROLE,
    code: "grant.partial",
    exit: 10,
    names: "useToDecrypt",
    apply: grant({ role: "projects/demo/roles/keyEncrypter" }),
  },
  {
    what: "an administrator's role",
    parts: ROLE,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: grant({ role: "roles/cloudkms.admin" }),
  },
  {
    what: "a viewer's role",
    parts: ROLE,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: grant({ role: "roles/cloudkms.viewer" }),
  },
  {
    what: "another group of the vendor's",
    parts: WHO,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_OLD,
    apply: grant({ members: [OLD] }),
  },
  {
    what: "the group's address as a user",
    parts: WHO,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: grant({ members: [`user:${GCP_GROUP_DEMO}`] }),
  },
  {
    what: "the group was deleted and made again",
    parts: [...WHO, "orphan"],
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: grant({ members: [ORPHAN] }),
  },
  {
    what: "everybody",
    parts: WHO,
    code: "grant.too-broad",
    exit: 0,
    names: /lets in everybody: /,
    apply: grant({ members: ["allUsers"] }),
  },
  {
    what: "everybody with an account",
    parts: WHO,
    code: "grant.too-broad",
    exit: 0,
    names: /lets in everybody: /,
    apply: grant({ members: ["allAuthenticatedUsers"] }),
  },
  {
    what: "a condition on an access level",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "request.auth.access_levels",
    apply: when("office", '"accessPolicies/1/accessLevels/office" in request.auth.access_levels'),
  },
  {
    what: "a condition on a tag",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "production",
    apply: when("production", 'resource.matchTag("100000000001/environment", "production")'),
  },
  {
    what: "a condition that cannot be read",
    parts: CONDITION,
    code: "grant.conditional",
    exit: 12,
    names: "puzzle",
    apply: when("puzzle", "resource.name.strange(1)"),
  },
  {
    what: "only until a date that is over",
    parts: CONDITION,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: when("until 2025", 'request.time < timestamp("2025-01-01T00:00:00Z")'),
  },
  {
    what: "only from a date to come",
    parts: CONDITION,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: when("from 2100 on", 'request.time >= timestamp("2100-01-01T00:00:00Z")'),
  },
  {
    what: "only for another key",
    parts: CONDITION,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: when("another", 'resource.name.endsWith("/cryptoKeys/other")'),
  },
  {
    what: "only until a date that is near",
    parts: CONDITION,
    code: "grant.expiring",
    exit: 0,
    names: /ends on \d{4}-/,
    apply: (stage) => {
      const date = new Date(stage.now.getTime() + 10 * DAY_MS).toISOString();
      when("ten days", `request.time < timestamp("${date}")`)(stage);
    },
  },
  {
    what: "the binding is gone",
    parts: BINDING,
    code: "grant.missing",
    exit: 10,
    names: GCP_GROUP_DEMO,
    apply: (stage) => policy(keyIn(stage).policy, () => []),
  },
  {
    what: "the group was deleted, and is also there",
    parts: ["orphan"],
    code: "grant.orphaned-principal",
    exit: 0,
    names: ORPHAN,
    apply: (stage) =>
      policy(keyIn(stage).policy, (all) => [...all, { role: "roles/cloudkms.viewer", members: [ORPHAN] }]),
  },
];

const CALLER = new Set([GCP_OWNER.member, GCP_AUDITOR.member]);

/** What the caller may do in the whole project. */
function owner(...roles: readonly string[]): Break["apply"] {
  return ({ worlds }) => {
    const { projects } = worlds["gcp"] as GcpWorld;
    const project = projects.find(({ id }) => id === "demo");
    if (project === undefined) throw new Error("there is no project demo");
    policy(project.policy, (all) => [
      ...all
        .map((one) => ({ ...one, members: one.members.filter((member) => !CALLER.has(member)) }))
        .filter(({ members }) => members.length > 0),
      ...roles.map((role) => ({ role, members: [GCP_OWNER.member] })),
    ]);
  };
}

const LOOK_BREAKS: readonly Break[] = [
  {
    what: "no policy may be read",
    parts: ["rights"],
    shows: ["policies"],
    code: "look.denied",
    level: "grant",
    exit: 12,
    names: "cloudkms.cryptoKeys.getIamPolicy",
    hides: DOCUMENTS,
    apply: owner("roles/cloudkms.viewer", "roles/cloudkms.cryptoOperator"),
  },
  {
    what: "the caller may not use the key",
    parts: ["rights"],
    shows: ["caller"],
    code: "roundtrip.not-permitted",
    exit: 0,
    names: "cloudkms.cryptoKeyVersions.useToEncrypt",
    apply: owner("roles/cloudkms.viewer", "roles/iam.securityReviewer"),
  },
  {
    what: "the key may not be looked at",
    parts: ["rights"],
    shows: ["describe"],
    code: "look.denied",
    level: "key",
    exit: 12,
    names: "cloudkms.cryptoKeys.get",
    hides: [...ITSELF, ...ONE_KIND, "key", "reference", "registration"],
    apply: owner("roles/iam.securityReviewer", "roles/cloudkms.cryptoOperator"),
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
    apply: key(() => ({ fault: "quota" })),
  },
  {
    what: "the cloud is not available",
    parts: ["fault"],
    code: "look.unreachable",
    level: "key",
    exit: 12,
    names: KEY,
    hides: EVERYTHING,
    slow: true,
    apply: key(() => ({ fault: "unavailable" })),
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
    what: "the caller's token has expired",
    parts: ["fault"],
    code: "look.credentials",
    level: "key",
    exit: 12,
    names: KEY,
    hides: [...EVERYTHING, "describe"],
    apply: key(() => ({ fault: "token-expired" })),
  },
  {
    what: "the reference has another location",
    parts: ["reference"],
    code: "key.not-found",
    exit: 10,
    names: "europe-west4",
    hides: [...EVERYTHING, "registration"],
    apply: refer(KEY.replace("europe-west1", "europe-west4")),
  },
  {
    what: "the reference names a version",
    parts: ["reference"],
    code: "key.version-ignored",
    exit: 0,
    names: "version 1",
    apply: refer(`${KEY}/cryptoKeyVersions/1`),
  },
];

export const GCP: CloudMatrix = {
  cloud: "gcp",
  title: "Google Cloud KMS",
  key: KEY,
  breaks: [
    ...KEY_BREAKS,
    ...GRANT_BREAKS,
    ...LOOK_BREAKS,
    ...principalBreaks("gcp", [...DOCUMENTS, "policies"], {
      changed: { access_group: GCP_GROUP_OLD },
      unsafe: { access_group: "allUsers" },
    }),
    ...PROJECT_BREAKS,
  ],
  together: [
    ...["decrypting is not granted", "a custom role without decrypting"].map((partly) => ({
      of: [partly, "the key may not be looked at"] as const,
      code: "grant.missing" as const,
      why: "Of a key that was not seen only what every kind needs is looked for, which is decrypting.",
    })),
    {
      of: ["everybody", "the caller may not use the key"],
      code: "grant.too-broad",
      why: "The caller is one of everybody, and so may use the key.",
    },
  ],
};
