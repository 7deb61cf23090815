import { createHash } from "node:crypto";
import type { Named } from "./enforce.ts";
import { regionOf } from "./regions.ts";

/** Everything that the sandbox's OCI remembers. Plain JSON: times are ISO 8601, bytes are base64. */
export interface OciWorld {
  tenancies: Tenancy[];
  users: User[];
  groups: Group[];
  compartments: Compartment[];
  policies: Policy[];
  /** What policies were before each change, newest last, so that late views survive a restart. */
  history: PastPolicy[];
  /** Counts the reads of policies that may flap. */
  reads: number;
  vaults: Vault[];
  keys: OciKey[];
  /** What was created under which `opc-retry-token`. */
  retries: Retry[];
}

export interface Tenancy {
  /** Also the OCID of its root compartment. */
  readonly id: string;
  readonly name: string;
  readonly homeRegion: string;
  /** Those it has subscribed to, its home among them. */
  readonly regions: readonly string[];
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly tenancy: string;
  readonly apiKeys: readonly { readonly fingerprint: string; readonly publicPem: string }[];
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly tenancy: string;
  readonly description: string;
  readonly users: readonly string[];
}

export interface Compartment {
  readonly id: string;
  readonly name: string;
  readonly parent: string;
  readonly tenancy: string;
  readonly description: string;
}

export interface Tags {
  readonly freeform: Readonly<Record<string, unknown>>;
  readonly defined: Readonly<Record<string, unknown>>;
}

export interface Policy {
  readonly id: string;
  readonly name: string;
  readonly compartmentId: string;
  readonly description: string;
  readonly statements: readonly string[];
  readonly versionDate: string | null;
  readonly createdAt: string;
  readonly etag: string;
  readonly tags: Tags;
}

export interface PastPolicy {
  readonly id: string;
  /** Null: it was not there. */
  readonly was: Policy | null;
  readonly until: string;
}

export interface Vault {
  readonly id: string;
  readonly name: string;
  readonly compartmentId: string;
  readonly type: "DEFAULT" | "VIRTUAL_PRIVATE";
}

/** The passing states, and where they lead. */
const LEADS_TO = {
  CREATING: "ENABLED",
  ENABLING: "ENABLED",
  UPDATING: "ENABLED",
  BACKUP_IN_PROGRESS: "ENABLED",
  RESTORING: "ENABLED",
  DISABLING: "DISABLED",
  SCHEDULING_DELETION: "PENDING_DELETION",
  DELETING: "DELETED",
} as const;

type Passing = keyof typeof LEADS_TO;
export type LifecycleState = Passing | "CANCELLING_DELETION" | "ENABLED" | "DISABLED" | "PENDING_DELETION" | "DELETED";

/** What a key and each of its versions go through. */
export interface Life {
  state: LifecycleState;
  /** When a passing state ends; null: it does not by itself. */
  settlesAt: string | null;
  deletionAt: string | null;
  /** What it was before its deletion was scheduled: that is what cancelling gives back. */
  beforeDeletion: "ENABLED" | "DISABLED";
}

export interface OciKey extends Life {
  readonly id: string;
  readonly vaultId: string;
  compartmentId: string;
  name: string;
  readonly algorithm: "AES" | "RSA" | "ECDSA";
  /** In bytes. */
  readonly length: number;
  readonly curveId: string | null;
  readonly protection: "HSM" | "SOFTWARE" | "EXTERNAL";
  autoRotation: boolean;
  readonly createdAt: string;
  versions: KeyVersion[];
  /** The version that encrypts. */
  current: string;
  etag: string;
  tags: Tags;
  /** What every call on the key answers instead of what it should; `reset` cuts the connection. */
  readonly fault: "throttled" | "internal" | "reset" | null;
}

export interface KeyVersion extends Life {
  readonly id: string;
  readonly createdAt: string;
  /** Raw bytes of an AES key, a PKCS #8 PEM of an RSA one; null: there is none to use here. */
  readonly material: string | null;
}

export interface Retry {
  readonly token: string;
  readonly user: string;
  readonly id: string;
  readonly at: string;
}

/** When everything in a fresh world was made. */
export const CREATED = "2025-06-01T09:00:00.000Z";
export const NO_TAGS: Tags = { freeform: {}, defined: {} };
const DAY = 86_400_000;
/** More changes than that within one propagation window are not told apart. */
const HISTORY = 32;

export function newLife(change: Partial<Life> = {}): Life {
  return { state: "ENABLED", settlesAt: null, deletionAt: null, beforeDeletion: "ENABLED", ...change };
}

/** The state at a moment: passing states end and dates come without anything being written. */
export function stateOf(life: Life, now: Date): LifecycleState {
  const past = (time: string | null) => time !== null && Date.parse(time) <= now.getTime();
  let { state } = life;
  if (past(life.settlesAt)) {
    if (state === "CANCELLING_DELETION") state = life.beforeDeletion;
    else if (Object.hasOwn(LEADS_TO, state)) state = LEADS_TO[state as Passing];
  }
  return state === "PENDING_DELETION" && past(life.deletionAt) ? "DELETED" : state;
}

/** Enters a passing state, which lasts for `ms`. */
export function pass(life: Life, state: LifecycleState, now: Date, ms: number): void {
  life.state = state;
  life.settlesAt = new Date(now.getTime() + ms).toISOString();
}

export function daysAfter(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY).toISOString();
}

export function findKey(world: OciWorld, id: string): OciKey | undefined {
  return world.keys.find((key) => key.id === id);
}

export function findTenancy(world: OciWorld, id: string): Tenancy | undefined {
  return world.tenancies.find((tenancy) => tenancy.id === id);
}

/** The compartments around one, from the root on and with itself; null where there is none such. */
export function pathTo(world: OciWorld, id: string): readonly Named[] | null {
  const root = findTenancy(world, id);
  if (root !== undefined) return [{ id, name: root.name }];
  const compartment = world.compartments.find((one) => one.id === id);
  if (compartment === undefined) return null;
  const above = pathTo(world, compartment.parent);
  return above === null ? null : [...above, { id, name: compartment.name }];
}

export function tenancyOf(world: OciWorld, compartmentId: string): Tenancy | undefined {
  return findTenancy(world, pathTo(world, compartmentId)?.[0]?.id ?? "");
}

/** The policies of a tenancy, as they were `lateMs` ago. */
export function policiesOf(world: OciWorld, tenancy: string, now: Date, lateMs: number): readonly Policy[] {
  const policies = new Map(world.policies.map((policy) => [policy.id, policy]));
  for (const { id, was, until } of world.history.toReversed()) {
    if (Date.parse(until) <= now.getTime() - lateMs) break;
    if (was === null) policies.delete(id);
    else policies.set(id, was);
  }
  return [...policies.values()].filter(({ compartmentId }) => tenancyOf(world, compartmentId)?.id === tenancy);
}

/** Puts a policy in the place of what was there; null takes it away. The next read that may flap sees the old one. */
export function putPolicy(world: OciWorld, id: string, policy: Policy | null, now: Date): void {
  const index = world.policies.findIndex((one) => one.id === id);
  world.history.push({ id, was: world.policies[index] ?? null, until: now.toISOString() });
  world.history.splice(0, Math.max(0, world.history.length - HISTORY));
  world.reads = 0;
  if (policy === null) world.policies = world.policies.filter((one) => one.id !== id);
  else if (index < 0) world.policies.push(policy);
  else world.policies[index] = policy;
}

export function forgetRetries(world: OciWorld, now: Date): void {
  world.retries = world.retries.filter(({ at }) => Date.parse(at) > now.getTime() - DAY);
}

/** `<vault part>` of `ocid1.key.<realm>.<region>.<vault part>.<unique>`: a key names the vault it is in. */
export function vaultPart(ocid: string): string {
  return ocid.split(".")[4] ?? "";
}

export function vaultIn(world: OciWorld, tenancy: string, region: string): Vault | undefined {
  return world.vaults.find(
    (vault) => regionOf(vault.id) === region && tenancyOf(world, vault.compartmentId)?.id === tenancy,
  );
}

/** An etag that a fresh world always has. */
export function fixedEtag(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 40);
}
