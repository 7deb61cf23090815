import { createHash } from "node:crypto";
import type { AwsIdentity } from "../cast.ts";

/** Everything that the sandbox's AWS remembers. Plain JSON: times are ISO 8601, bytes are base64. */
export interface AwsWorld {
  keys: KmsKey[];
  aliases: KmsAlias[];
  /** The accounts that exist: their root may be named in a policy. */
  accounts: string[];
  /** The users and roles that exist, beside those of the cast. */
  principals: string[];
  roles: AssumableRole[];
  sessions: RoleSession[];
  imports: ImportToken[];
  /** IAM policies, by the ARN of the user or role that they are attached to, in place of what its part may do. */
  iam?: Record<string, string>;
}

export type KeyStateName =
  | "Creating"
  | "Enabled"
  | "Disabled"
  | "PendingDeletion"
  | "PendingImport"
  | "PendingReplicaDeletion"
  | "Unavailable"
  | "Updating";

export type KeyUsageName = "ENCRYPT_DECRYPT" | "SIGN_VERIFY" | "GENERATE_VERIFY_MAC" | "KEY_AGREEMENT";

/** What every call on a key answers instead of what it should; `reset` cuts the connection. */
export type KeyFault = "throttled" | "internal" | "reset";

export interface KmsKey {
  arn: string;
  id: string;
  account: string;
  region: string;
  description: string;
  createdAt: string;
  manager: "CUSTOMER" | "AWS";
  usage: KeyUsageName;
  spec: string;
  origin: "AWS_KMS" | "EXTERNAL" | "AWS_CLOUDHSM";
  state: KeyStateName;
  /** Null for a single-Region key. */
  multiRegion: "PRIMARY" | "REPLICA" | null;
  /** When `Creating` turns into `Enabled`; null: it does not by itself. */
  readyAt: string | null;
  deletionAt: string | null;
  deletionWindowDays: number | null;
  /** AES-256 for a symmetric key, a PKCS #8 PEM for an RSA one; null: none yet, or none any more. */
  material: string | null;
  /** What was imported first: nothing else may be imported afterwards. */
  importedHash: string | null;
  validTo: string | null;
  keyStore: { readonly id: string; readonly cluster: string } | null;
  rotation: { enabled: boolean; periodInDays: number; since: string };
  policy: string;
  grants: KmsGrant[];
  /** What was before each change, newest last, so that late views survive a restart. */
  history: PastView[];
  /** Counts the reads that may flap. */
  reads: number;
  fault: KeyFault | null;
}

/** In AWS's own words, as ListGrants gives it. */
export interface KmsGrant {
  readonly GrantId: string;
  readonly GrantToken: string;
  readonly Name: string | null;
  readonly CreationDate: string;
  readonly GranteePrincipal: string;
  readonly RetiringPrincipal: string | null;
  readonly IssuingAccount: string;
  readonly Operations: readonly string[];
  readonly Constraints: GrantConstraints | null;
}

export interface GrantConstraints {
  readonly EncryptionContextEquals?: Readonly<Record<string, string>>;
  readonly EncryptionContextSubset?: Readonly<Record<string, string>>;
}

/** The part of a key that other accounts see late. */
export interface KeyView {
  readonly policy: string;
  readonly grants: readonly KmsGrant[];
  readonly state: KeyStateName;
}

export interface PastView extends KeyView {
  readonly until: string;
}

export interface KmsAlias {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly createdAt: string;
}

export interface AssumableRole {
  readonly arn: string;
  /** The trust policy, as the ARNs that it names. */
  readonly trusts: readonly string[];
  readonly iam: AwsIdentity["iam"];
}

export interface RoleSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly roleArn: string;
  readonly arn: string;
  readonly account: string;
  readonly iam: AwsIdentity["iam"];
  readonly issuedAt: string;
  readonly expiresAt: string;
}

export interface ImportToken {
  readonly token: string;
  readonly keyArn: string;
  readonly privateKey: string;
  readonly algorithm: string;
  readonly validTo: string;
}

const DAY = 86_400_000;
/** How often AWS rotates unless told otherwise. */
export const ROTATION_DAYS = 365;
/** More changes than that within one propagation window are not told apart. */
const HISTORY = 16;

export function keyArn(region: string, account: string, id: string): string {
  return `arn:aws:kms:${region}:${account}:key/${id}`;
}

/** A key with everything that is not said at its most ordinary. */
export function newKey(
  given: Pick<KmsKey, "id" | "account" | "region" | "createdAt" | "policy" | "material"> & Partial<KmsKey>,
): KmsKey {
  return {
    arn: keyArn(given.region, given.account, given.id),
    description: "",
    manager: "CUSTOMER",
    usage: "ENCRYPT_DECRYPT",
    spec: "SYMMETRIC_DEFAULT",
    origin: "AWS_KMS",
    state: "Enabled",
    multiRegion: null,
    readyAt: null,
    deletionAt: null,
    deletionWindowDays: null,
    importedHash: null,
    validTo: null,
    keyStore: null,
    rotation: { enabled: false, periodInDays: ROTATION_DAYS, since: given.createdAt },
    grants: [],
    history: [],
    reads: 0,
    fault: null,
    ...given,
  };
}

export function findKey(world: AwsWorld, arn: string): KmsKey | undefined {
  return world.keys.find((key) => key.arn === arn);
}

/** Every Region's key of the same Multi-Region family, the given one among them. */
export function relatives(world: AwsWorld, key: KmsKey): readonly KmsKey[] {
  if (key.multiRegion === null) return [key];
  return world.keys.filter((other) => other.id === key.id && other.account === key.account);
}

/** Remembers what was, to be called before each change of policy, grants or state. */
export function remember(key: KmsKey, now: Date): void {
  key.history.push({ until: now.toISOString(), policy: key.policy, grants: [...key.grants], state: key.state });
  key.history.splice(0, Math.max(0, key.history.length - HISTORY));
}

/** The key as it was `lateMs` ago, which is how far behind another account's view may be. */
export function lateView(key: KmsKey, now: Date, lateMs: number): KeyView {
  return key.history.find((past) => Date.parse(past.until) > now.getTime() - lateMs) ?? key;
}

/** What a read by the owner sees: within the window old and new take turns, the old one first. */
export function flappingView(key: KmsKey, now: Date, lateMs: number): KeyView {
  const late = lateView(key, now, lateMs);
  if (late === key) return key;
  key.reads += 1;
  return key.reads % 2 === 1 ? late : key;
}

/** What time alone has changed since the last call. */
export function settle(world: AwsWorld, now: Date): void {
  const past = (time: string | null) => time !== null && Date.parse(time) <= now.getTime();
  const gone: KmsKey[] = [];
  // At each request, over a fleet: what no time changes is passed over at once.
  for (const key of world.keys) {
    if (key.readyAt === null && key.validTo === null && key.deletionAt === null) continue;
    if (key.state === "Creating" && past(key.readyAt)) {
      key.state = key.material === null && key.origin === "EXTERNAL" ? "PendingImport" : "Enabled";
      key.readyAt = null;
    }
    if (key.origin === "EXTERNAL" && key.material !== null && past(key.validTo)) {
      key.material = null;
      if (key.state !== "PendingDeletion") key.state = "PendingImport";
    }
    if (key.state === "PendingDeletion" && past(key.deletionAt)) gone.push(key);
  }
  if (gone.length > 0) bury(world, gone, now);
  world.sessions = world.sessions.filter((one) => Date.parse(one.expiresAt) > now.getTime() - DAY);
  world.imports = world.imports.filter((one) => Date.parse(one.validTo) > now.getTime() - DAY);
}

function bury(world: AwsWorld, gone: readonly KmsKey[], now: Date): void {
  world.keys = world.keys.filter((key) => !gone.includes(key));
  world.aliases = world.aliases.filter(
    (alias) =>
      !gone.some((key) => key.id === alias.keyId && key.region === alias.region && key.account === alias.account),
  );
  for (const key of world.keys) {
    if (key.state !== "PendingReplicaDeletion" || relatives(world, key).length > 1) continue;
    key.state = "PendingDeletion";
    key.deletionAt = daysAfter(now, key.deletionWindowDays ?? 30);
  }
}

export function daysAfter(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY).toISOString();
}

/** The unique id that IAM gives a principal: `AIDA…`, `AROA…`. */
export function uniqueId(prefix: "AIDA" | "AROA", arn: string): string {
  return prefix + createHash("sha256").update(arn).digest("hex").slice(0, 17).toUpperCase();
}
