import type { SandboxContext } from "../module.ts";
import { type Caller, callerContext, iamAllows } from "./callers.ts";
import type { RequestContext } from "./conditions.ts";
import { type ConcreteRequest, decide, enforce } from "./enforce.ts";
import { AwsError, ConnectionCut, invalidValue, notFound } from "./errors.ts";
import { keySpecContext } from "./metadata.ts";
import { type AwsWorld, findKey, type KeyView, type KmsAlias, type KmsKey, keyArn, lateView } from "./world.ts";

/** One KMS call on its way. */
export interface Call {
  readonly world: AwsWorld;
  readonly context: SandboxContext;
  readonly caller: Caller;
  /** The Region whose endpoint is asked. */
  readonly region: string;
  /** `DescribeKey`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly now: Date;
}

/** What an operation takes as a KeyId. */
export interface KeyIdRules {
  readonly alias: boolean;
  readonly crossAccount: boolean;
}

/** Key id, key ARN, alias name, alias ARN; keys of other accounts too. */
export const ANY_KEY: KeyIdRules = { alias: true, crossAccount: true };
/** Key id or key ARN; keys of other accounts too. */
export const KEY_ONLY: KeyIdRules = { alias: false, crossAccount: true };
/** Key id or key ARN, of the caller's own account. */
export const OWN_KEY: KeyIdRules = { alias: false, crossAccount: false };

const KEY_ID = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/i;

export function text(call: Call, name: string): string {
  const value = optionalText(call, name);
  if (value === undefined) throw invalidValue(name, null, "Member must not be null");
  return value;
}

export function optionalText(call: Call, name: string): string | undefined {
  const value = call.input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new AwsError("SerializationException");
  if (value === "") throw invalidValue(name, value, "Member must have length greater than or equal to 1");
  return value;
}

export function optionalNumber(call: Call, name: string, least: number, most: number): number | undefined {
  const value = call.input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw new AwsError("SerializationException");
  if (value < least) throw invalidValue(name, value, `Member must have value greater than or equal to ${least}`);
  if (value > most) throw invalidValue(name, value, `Member must have value less than or equal to ${most}`);
  return value;
}

export function oneOf(call: Call, name: string, values: readonly string[]): string | undefined {
  const value = optionalText(call, name);
  if (value === undefined || values.includes(value)) return value;
  throw invalidValue(name, value, `Member must satisfy enum value set: [${values.join(", ")}]`);
}

export function stringMap(call: Call, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  const entries = typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : null;
  if (entries === null || !entries.every(([, one]) => typeof one === "string")) {
    throw new AwsError("SerializationException", `${call.operation}: not a map of strings`);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

export function stringList(call: Call, name: string): readonly string[] {
  const value = call.input[name] ?? [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new AwsError("SerializationException");
}

/** One page of a list, as the List operations cut it. */
export function page<T>(call: Call, all: readonly T[], most: number): { items: readonly T[]; rest: object } {
  const limit = optionalNumber(call, "Limit", 1, 1000) ?? most;
  const marker = optionalText(call, "Marker");
  const start = marker === undefined ? 0 : Number(/^sandbox-(\d+)$/.exec(marker)?.[1] ?? Number.NaN);
  if (!(start <= all.length)) throw new AwsError("InvalidMarkerException", "Could not deserialize marker");
  const end = start + limit;
  const rest = end < all.length ? { Truncated: true, NextMarker: `sandbox-${end}` } : { Truncated: false };
  return { items: all.slice(start, end), rest };
}

/** Finds the key of a KeyId parameter, and lets a key with a fault have its way. */
export function resolveKey(call: Call, rules: KeyIdRules, id = text(call, "KeyId")): KmsKey {
  const arn = id.startsWith("arn:") ? arnOf(call, rules, id) : arnOfShortId(call, rules, id);
  const account = arn.split(":")[4] ?? "";
  if (account !== call.caller.account && !rules.crossAccount) throw deniedElsewhere(call, `kms:${call.operation}`);
  const key = findKey(call.world, arn);
  if (key === undefined) {
    if (account !== call.caller.account) throw deniedElsewhere(call, `kms:${call.operation}`);
    throw notFound(`Key '${arn}' does not exist`);
  }
  if (key.fault === "throttled") throw new AwsError("ThrottlingException", "Rate exceeded");
  if (key.fault === "internal") throw new AwsError("KMSInternalException", "Internal error", 500);
  if (key.fault === "reset") throw new ConnectionCut();
  return key;
}

function arnOf(call: Call, rules: KeyIdRules, id: string): string {
  const [, partition, service, region = "", account = "", resource = "", ...rest] = id.split(":");
  const [kind, ...path] = resource.split("/");
  const known = partition === "aws" && service === "kms" && /^\d{12}$/.test(account) && rest.length === 0;
  if (!known || (kind !== "key" && kind !== "alias")) throw invalidArn(id);
  if (region !== call.region) throw notFound(`Invalid arn ${region}`);
  if (kind === "key") return id;
  if (!rules.alias) throw invalidArn(id);
  return keyArnOfAlias(call, account, `alias/${path.join("/")}`);
}

function invalidArn(arn: string): AwsError {
  return new AwsError("InvalidArnException", `Invalid arn ${arn}`);
}

function arnOfShortId(call: Call, rules: KeyIdRules, id: string): string {
  if (rules.alias && id.startsWith("alias/")) return keyArnOfAlias(call, call.caller.account, id);
  if (!KEY_ID.test(id)) throw notFound(`Invalid keyId '${id}'`);
  return keyArn(call.region, call.caller.account, id);
}

function keyArnOfAlias(call: Call, account: string, name: string): string {
  const alias = findAlias(call.world, account, call.region, name);
  if (alias !== undefined) return keyArn(call.region, account, alias.keyId);
  if (account !== call.caller.account) throw deniedElsewhere(call, `kms:${call.operation}`);
  throw notFound(`Alias arn:aws:kms:${call.region}:${account}:${name} is not found.`);
}

export function findAlias(world: AwsWorld, account: string, region: string, name: string): KmsAlias | undefined {
  return world.aliases.find((one) => one.account === account && one.region === region && one.name === name);
}

/** The key as this caller gets to see it: another account lags behind by the propagation time. */
export function viewFor(call: Call, key: KmsKey): KeyView {
  const late = call.caller.account !== key.account;
  return late ? lateView(key, call.now, call.context.knobs.propagationMs) : key;
}

/** Throws AccessDeniedException unless key policy, grants and the caller's IAM let the call through. */
export function authorize(call: Call, key: KmsKey, action: string, extra: RequestContext = {}): void {
  const view = viewFor(call, key);
  const tokens = Array.isArray(call.input["GrantTokens"]) ? call.input["GrantTokens"] : [];
  // A grant token makes a grant that has not spread yet count at once.
  const fresh = key.grants.filter((grant) => tokens.includes(grant.GrantToken));
  const request = {
    principalArn: call.caller.arn,
    account: call.caller.account,
    action,
    resource: key.arn,
    context: requestContext(call, key, extra),
  };
  const decision = decide(request, view.policy, [...view.grants, ...fresh], identityAllows(call, request));
  if (decision.allowed) return;
  if (call.caller.account !== key.account) throw deniedElsewhere(call, action);
  const user = `User: ${call.caller.arn} is not authorized to perform: ${action} on resource: ${key.arn}`;
  const because = {
    "explicit-deny": "with an explicit deny in a resource-based policy",
    "no-resource-policy": `because no resource-based policy allows the ${action} action`,
    "no-identity-policy": `because no identity-based policy allows the ${action} action`,
  }[decision.why];
  throw new AwsError("AccessDeniedException", `${user} ${because}`);
}

/** With DryRun a request is only checked. https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html */
export function stopIfDry(call: Call): void {
  if (call.input["DryRun"] !== true) return;
  throw new AwsError("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.");
}

/** The caller's own IAM policy where there is one, which names no principal: it speaks of whoever has it. */
export function identityAllows(call: Call, request: ConcreteRequest): boolean {
  const own = call.world.iam?.[call.caller.principalArn];
  if (own === undefined) return iamAllows(call.caller.iam, request.action);
  const { Statement, ...rest } = JSON.parse(own) as { readonly Statement: readonly object[] };
  return enforce(request, { ...rest, Statement: Statement.map((one) => ({ ...one, Principal: "*" })) });
}

/** For operations that belong to no key: only the caller's IAM policies decide. */
export function authorizeInIam(call: Call, action: string, resource = "*"): void {
  if (iamAllows(call.caller.iam, action)) return;
  const user = `User: ${call.caller.arn} is not authorized to perform: ${action} on resource: ${resource}`;
  throw new AwsError("AccessDeniedException", `${user} because no identity-based policy allows the ${action} action`);
}

/** To another account AWS does not tell "not there" from "not allowed". */
function deniedElsewhere(call: Call, action: string): AwsError {
  return new AwsError(
    "AccessDeniedException",
    `User: ${call.caller.arn} is not authorized to perform: ${action} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
  );
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
export function requestContext(call: Call, key: KmsKey, extra: RequestContext): RequestContext {
  const id = optionalText(call, "KeyId");
  const aliases = call.world.aliases.filter(
    (alias) => alias.keyId === key.id && alias.account === key.account && alias.region === key.region,
  );
  return {
    ...callerContext(call.caller, call.region, call.now),
    "kms:CallerAccount": call.caller.account,
    ...keySpecContext(call.world, key),
    ...(aliases.length > 0 ? { "kms:ResourceAliases": aliases.map((alias) => alias.name) } : {}),
    ...(id?.includes("alias/") ? { "kms:RequestAlias": id.slice(id.indexOf("alias/")) } : {}),
    ...extra,
  };
}
