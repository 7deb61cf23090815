import type { RandomBytes } from "../../core/ports.ts";

/** Everything that the sandbox's Google Cloud remembers. Plain JSON: times are ISO 8601, bytes are base64. */
export interface GcpWorld {
  projects: Project[];
  keyRings: KeyRing[];
  keys: CryptoKey[];
  groups: Group[];
  serviceAccounts: ServiceAccount[];
  roles: CustomRole[];
  /** Access tokens that IAM Credentials gave out. */
  tokens: IssuedToken[];
}

export interface Project {
  readonly id: string;
  readonly number: string;
  readonly policy: StoredPolicy;
}

export interface KeyRing {
  /** `projects/P/locations/L/keyRings/R` */
  readonly name: string;
  readonly createTime: string;
  readonly policy: StoredPolicy;
}

export type Purpose = "ENCRYPT_DECRYPT" | "ASYMMETRIC_SIGN" | "ASYMMETRIC_DECRYPT" | "RAW_ENCRYPT_DECRYPT" | "MAC";

export type VersionState =
  | "PENDING_GENERATION"
  | "ENABLED"
  | "DISABLED"
  | "DESTROYED"
  | "DESTROY_SCHEDULED"
  | "PENDING_IMPORT"
  | "IMPORT_FAILED";

/** What every call on a key answers instead of what it should; `reset` cuts the connection. */
export type KeyFault = "quota" | "unavailable" | "reset" | "token-expired";

export interface CryptoKey {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K` */
  readonly name: string;
  readonly createTime: string;
  readonly purpose: Purpose;
  readonly protectionLevel: string;
  /** Of the versions to come. */
  algorithm: string;
  /** The number of the primary version; null: none. */
  primary: number | null;
  versions: KeyVersion[];
  rotation: { readonly periodSeconds: number | null; readonly next: string } | null;
  readonly destroyScheduledSeconds: number;
  readonly importOnly: boolean;
  /** Null: every reason is as good as any. */
  allowedAccessReasons: readonly string[] | null;
  labels: Readonly<Record<string, string>>;
  readonly policy: StoredPolicy;
  /** Members that an IAM deny policy keeps from using the key. No call that is served here shows it. */
  readonly deniedTo: readonly string[];
  readonly fault: KeyFault | null;
}

export interface KeyVersion {
  readonly number: number;
  state: VersionState;
  readonly algorithm: string;
  readonly protectionLevel: string;
  readonly createTime: string;
  generateTime: string | null;
  destroyTime: string | null;
  destroyEventTime: string | null;
  /** Only of a version whose import failed. */
  readonly importFailureReason: string | null;
  /** AES-256 of a symmetric key, a PKCS #8 PEM of an RSA one; null: none, or not made before it is needed. */
  material: string | null;
}

export interface Condition {
  readonly title?: string;
  readonly description?: string;
  readonly expression: string;
  readonly location?: string;
}

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Condition;
}

export interface PolicyView {
  readonly bindings: readonly Binding[];
  readonly auditConfigs: readonly object[];
  readonly etag: string;
}

export interface StoredPolicy extends PolicyView {
  bindings: readonly Binding[];
  auditConfigs: readonly object[];
  etag: string;
  /** Null: nobody has ever set one. */
  version: 1 | 3 | null;
  /** What was before each write, newest last, so that late views survive a restart. */
  history: PastPolicy[];
  /** Counts the reads that may flap. */
  reads: number;
}

export interface PastPolicy extends PolicyView {
  readonly version: 1 | 3 | null;
  readonly until: string;
}

export interface Group {
  readonly email: string;
  readonly members: readonly string[];
}

export interface ServiceAccount {
  readonly email: string;
  readonly project: string;
  readonly policy: StoredPolicy;
}

export interface CustomRole {
  /** `projects/P/roles/R` */
  readonly name: string;
  readonly title: string;
  readonly includedPermissions: readonly string[];
  readonly etag: string;
}

export interface IssuedToken {
  readonly token: string;
  readonly member: string;
  readonly expiresAt: string;
}

/** What Google gives for a policy that nobody has ever set. */
const UNSET_ETAG = "ACAB";
/** More writes than that within one propagation window are not told apart. */
const HISTORY = 16;
const DAY_SECONDS = 86_400;
/** https://cloud.google.com/kms/docs/destroy-restore: 30 days unless the key says otherwise. */
export const DESTROY_AFTER_SECONDS = 30 * DAY_SECONDS;

export function unsetPolicy(): StoredPolicy {
  return { bindings: [], auditConfigs: [], etag: UNSET_ETAG, version: null, history: [], reads: 0 };
}

/** A policy as somebody set it at that time; no bindings: never set. */
export function policyOf(bindings: readonly Binding[], setAt: Date): StoredPolicy {
  if (bindings.length === 0) return unsetPolicy();
  return { ...unsetPolicy(), bindings, etag: nextEtag(UNSET_ETAG, setAt), version: versionOf(bindings) };
}

export function versionOf(bindings: readonly Binding[]): 1 | 3 {
  return bindings.some(({ condition }) => condition !== undefined) ? 3 : 1;
}

/** As Google's look: a byte 7, then the microseconds since 1970. Never the same one twice for one policy. */
export function nextEtag(previous: string, now: Date): string {
  const before = Buffer.from(previous, "base64");
  const last = before.length === 8 ? before.readBigUInt64BE() : 0n;
  const next = (7n << 56n) | (BigInt(now.getTime()) * 1000n);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(next > last ? next : last + 1n);
  return bytes.toString("base64");
}

export function replacePolicy(
  policy: StoredPolicy,
  next: { readonly bindings: readonly Binding[]; readonly auditConfigs: readonly object[] },
  now: Date,
): void {
  const { bindings, auditConfigs, etag, version } = policy;
  policy.history.push({ bindings, auditConfigs, etag, version, until: now.toISOString() });
  policy.history.splice(0, Math.max(0, policy.history.length - HISTORY));
  Object.assign(policy, next, { etag: nextEtag(etag, now), version: versionOf(next.bindings) });
}

/** The policy as it was `lateMs` ago: what those see whom a write has not reached yet. */
export function latePolicy(policy: StoredPolicy, now: Date, lateMs: number): StoredPolicy | PastPolicy {
  return policy.history.find((past) => Date.parse(past.until) > now.getTime() - lateMs) ?? policy;
}

/** What a read sees: within the window old and new take turns, the old one first. */
export function flappingPolicy(policy: StoredPolicy, now: Date, lateMs: number): StoredPolicy | PastPolicy {
  const late = latePolicy(policy, now, lateMs);
  if (late === policy) return policy;
  policy.reads += 1;
  return policy.reads % 2 === 1 ? late : policy;
}

export function findKey(world: GcpWorld, name: string): CryptoKey | undefined {
  return world.keys.find((key) => key.name === name);
}

export function findRing(world: GcpWorld, name: string): KeyRing | undefined {
  return world.keyRings.find((ring) => ring.name === name);
}

/** By id or by number: Google takes either. */
export function findProject(world: GcpWorld, name: string): Project | undefined {
  return world.projects.find(({ id, number }) => id === name || number === name);
}

/** A version that is ready at once. Google takes seconds to make some kinds; nothing here waits for them. */
export function newVersion(key: CryptoKey, now: Date, random: RandomBytes): KeyVersion {
  const time = now.toISOString();
  return {
    number: Math.max(0, ...key.versions.map(({ number }) => number)) + 1,
    state: key.importOnly ? "PENDING_IMPORT" : "ENABLED",
    algorithm: key.algorithm,
    protectionLevel: key.protectionLevel,
    createTime: time,
    generateTime: key.importOnly ? null : time,
    destroyTime: null,
    destroyEventTime: null,
    importFailureReason: null,
    material: isSymmetric(key.algorithm) ? Buffer.from(random(32)).toString("base64") : null,
  };
}

export function isSymmetric(algorithm: string): boolean {
  return algorithm === "GOOGLE_SYMMETRIC_ENCRYPTION";
}

/** What time alone has changed since the last call: rotations, destructions, tokens. */
export function settle(world: GcpWorld, now: Date, random: RandomBytes): void {
  const past = (time: string | null) => time !== null && Date.parse(time) <= now.getTime();
  for (const key of world.keys) {
    for (const version of key.versions) {
      if (version.state !== "DESTROY_SCHEDULED" || !past(version.destroyTime)) continue;
      Object.assign(version, {
        state: "DESTROYED",
        destroyEventTime: version.destroyTime,
        destroyTime: null,
        material: null,
      });
    }
    if (key.rotation !== null && past(key.rotation.next)) rotate(key, key.rotation, now, random);
  }
  world.tokens = world.tokens.filter(({ expiresAt }) => Date.parse(expiresAt) > now.getTime() - DAY_SECONDS * 1000);
}

/** However many rotations were missed while nobody asked: one version, as if the last of them had been the only one. */
function rotate(key: CryptoKey, rotation: NonNullable<CryptoKey["rotation"]>, now: Date, random: RandomBytes): void {
  const version = newVersion(key, new Date(rotation.next), random);
  key.versions.push(version);
  key.primary = version.number;
  const { periodSeconds } = rotation;
  if (periodSeconds === null) {
    key.rotation = null;
    return;
  }
  const missed = Math.floor((now.getTime() - Date.parse(rotation.next)) / (periodSeconds * 1000));
  const next = Date.parse(rotation.next) + (missed + 1) * periodSeconds * 1000;
  key.rotation = { periodSeconds, next: new Date(next).toISOString() };
}
