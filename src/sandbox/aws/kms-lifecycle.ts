import { randomHex, randomUuid } from "../ids.ts";
import {
  ANY_KEY,
  authorize,
  authorizeInIam,
  type Call,
  KEY_ONLY,
  OWN_KEY,
  oneOf,
  optionalNumber,
  optionalText,
  page,
  resolveKey,
  text,
} from "./call.ts";
import { AwsError, invalid, unsupported } from "./errors.ts";
import { checkLockout } from "./kms-policy.ts";
import { algorithmsOf, KEY_SPECS, keyMetadata, seconds } from "./metadata.ts";
import { acceptPolicy, defaultPolicy } from "./policy.ts";
import { checkState } from "./states.ts";
import {
  daysAfter,
  findKey,
  type KeyUsageName,
  type KmsKey,
  keyArn,
  newKey,
  ROTATION_DAYS,
  relatives,
  remember,
} from "./world.ts";

/** How long a replica is `Creating`: "a few seconds", says the page of ReplicateKey. */
const REPLICATION_MS = 2000;

export function createKey(call: Call): object {
  authorizeInIam(call, "kms:CreateKey");
  const spec =
    oneOf(call, "KeySpec", KEY_SPECS) ?? oneOf(call, "CustomerMasterKeySpec", KEY_SPECS) ?? "SYMMETRIC_DEFAULT";
  const origin = oneOf(call, "Origin", ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]) ?? "AWS_KMS";
  if (origin !== "AWS_KMS" && origin !== "EXTERNAL")
    throw unsupported("The sandbox has no custom key stores to create keys in.");
  const usage = usageOf(call, spec);
  const multiRegion = call.input["MultiRegion"] === true;
  const id = multiRegion ? `mrk-${randomHex(call.context.random, 16)}` : randomUuid(call.context.random);
  const key = newKey({
    id,
    account: call.caller.account,
    region: call.region,
    usage,
    spec,
    origin,
    multiRegion: multiRegion ? "PRIMARY" : null,
    description: optionalDescription(call),
    createdAt: call.now.toISOString(),
    policy: policyOf(call),
    state: origin === "EXTERNAL" ? "PendingImport" : "Enabled",
    material: origin === "EXTERNAL" ? null : symmetricMaterial(call, spec),
  });
  if (optionalText(call, "Policy") !== undefined) checkLockout(call, key, key.policy);
  call.world.keys.push(key);
  return { KeyMetadata: keyMetadata(call.world, key) };
}

function usageOf(call: Call, spec: string): KeyUsageName {
  const usages = ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"] as const;
  const said = oneOf(call, "KeyUsage", usages);
  if (said === undefined && spec !== "SYMMETRIC_DEFAULT") {
    throw invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
  }
  const usage = usages.find((one) => one === said) ?? "ENCRYPT_DECRYPT";
  if (algorithmsOf(spec, usage).length === 0) throw invalid(`KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  return usage;
}

function optionalDescription(call: Call): string {
  const said = call.input["Description"];
  return typeof said === "string" ? said : "";
}

function policyOf(call: Call): string {
  const said = optionalText(call, "Policy");
  return said === undefined ? defaultPolicy(call.caller.account) : acceptPolicy(call.world, said);
}

function symmetricMaterial(call: Call, spec: string): string | null {
  return spec === "SYMMETRIC_DEFAULT" ? Buffer.from(call.context.random(32)).toString("base64") : null;
}

export function describeKey(call: Call): object {
  const key = resolveKey(call, ANY_KEY);
  authorize(call, key, "kms:DescribeKey");
  return { KeyMetadata: keyMetadata(call.world, key) };
}

export function listKeys(call: Call): object {
  authorizeInIam(call, "kms:ListKeys");
  const own = call.world.keys.filter((key) => key.account === call.caller.account && key.region === call.region);
  const { items, rest } = page(call, own, 100);
  return { Keys: items.map((key) => ({ KeyId: key.id, KeyArn: key.arn })), ...rest };
}

export function setEnabled(call: Call, enabled: boolean): void {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, `kms:${call.operation}`);
  checkState(key, key.state, "toggle");
  // In a custom key store that is not connected the state stays what it is until the store is back.
  if (key.state === "Unavailable") return;
  remember(key, call.now);
  key.state = enabled ? "Enabled" : "Disabled";
}

export function scheduleKeyDeletion(call: Call): object {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, "kms:ScheduleKeyDeletion");
  const days = optionalNumber(call, "PendingWindowInDays", 7, 30) ?? 30;
  checkState(key, key.state, "delete");
  remember(key, call.now);
  key.deletionWindowDays = days;
  if (key.multiRegion === "PRIMARY" && relatives(call.world, key).length > 1) {
    key.state = "PendingReplicaDeletion";
    return { KeyId: key.arn, KeyState: key.state, PendingWindowInDays: days };
  }
  key.state = "PendingDeletion";
  key.deletionAt = daysAfter(call.now, days);
  return { KeyId: key.arn, DeletionDate: seconds(key.deletionAt), KeyState: key.state, PendingWindowInDays: days };
}

export function cancelKeyDeletion(call: Call): object {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, "kms:CancelKeyDeletion");
  if (key.state !== "PendingDeletion" && key.state !== "PendingReplicaDeletion") {
    throw new AwsError("KMSInvalidStateException", `${key.arn} is not pending deletion.`);
  }
  remember(key, call.now);
  key.state = key.origin === "EXTERNAL" && key.material === null ? "PendingImport" : "Disabled";
  key.deletionAt = null;
  key.deletionWindowDays = null;
  return { KeyId: key.arn };
}

export function getKeyRotationStatus(call: Call): object {
  const key = resolveKey(call, KEY_ONLY);
  authorize(call, key, "kms:GetKeyRotationStatus");
  checkRotates(key);
  const { enabled, periodInDays, since } = rotationOf(call, key);
  const on = enabled && key.state !== "PendingDeletion";
  const next = {
    RotationPeriodInDays: periodInDays,
    NextRotationDate: seconds(daysAfter(new Date(since), periodInDays)),
  };
  return { KeyId: key.arn, KeyRotationEnabled: on, ...(on ? next : {}) };
}

export function setRotation(call: Call, enabled: boolean): void {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, `kms:${call.operation}`);
  const period = optionalNumber(call, "RotationPeriodInDays", 90, 2560) ?? ROTATION_DAYS;
  checkRotates(key);
  if (key.multiRegion === "REPLICA") {
    throw unsupported(`${key.arn} is a multi-Region replica key, which is not valid for this operation.`);
  }
  checkState(key, key.state, "rotate");
  key.rotation = { enabled, periodInDays: period, since: call.now.toISOString() };
}

/** Rotation is a shared property of a Multi-Region family, kept at its primary. */
function rotationOf(call: Call, key: KmsKey): KmsKey["rotation"] {
  return (relatives(call.world, key).find((one) => one.multiRegion === "PRIMARY") ?? key).rotation;
}

function checkRotates(key: KmsKey): void {
  if (key.spec !== "SYMMETRIC_DEFAULT") {
    throw unsupported(`${key.arn} key spec is ${key.spec} which is not valid for this operation.`);
  }
  if (key.origin !== "AWS_KMS")
    throw unsupported(`${key.arn} origin is ${key.origin} which is not valid for this operation.`);
}

export function replicateKey(call: Call): object {
  const primary = resolveKey(call, OWN_KEY);
  authorize(call, primary, "kms:ReplicateKey", { "kms:ReplicaRegion": text(call, "ReplicaRegion") });
  authorizeInIam(call, "kms:CreateKey");
  const region = text(call, "ReplicaRegion");
  if (!/^([a-z]+-){2,3}\d+$/.test(region)) throw unsupported(`${region} is not a Region.`);
  if (primary.multiRegion !== "PRIMARY" || region === primary.region) {
    throw unsupported(`${primary.arn} is not a multi-Region primary key that can be replicated to ${region}.`);
  }
  checkState(primary, primary.state, "rotate");
  const arn = keyArn(region, primary.account, primary.id);
  if (findKey(call.world, arn) !== undefined) throw new AwsError("AlreadyExistsException", `${arn} already exists`);
  const replica = newKey({
    ...primary,
    arn,
    region,
    multiRegion: "REPLICA",
    description: optionalDescription(call),
    createdAt: call.now.toISOString(),
    policy: policyOf(call),
    state: "Creating",
    readyAt: new Date(call.now.getTime() + REPLICATION_MS).toISOString(),
    // Imported material has to be imported into each replica again.
    material: primary.origin === "EXTERNAL" ? null : primary.material,
    validTo: null,
    grants: [],
    history: [],
  });
  call.world.keys.push(replica);
  return { ReplicaKeyMetadata: keyMetadata(call.world, replica), ReplicaPolicy: replica.policy, ReplicaTags: [] };
}
