import { randomHex } from "../ids.ts";
import {
  authorize,
  authorizeInIam,
  type Call,
  findAlias,
  identityAllows,
  KEY_ONLY,
  OWN_KEY,
  optionalText,
  page,
  requestContext,
  resolveKey,
  stopIfDry,
  stringList,
  stringMap,
  text,
} from "./call.ts";
import { enforce } from "./enforce.ts";
import { AwsError, invalid, invalidValue, notFound } from "./errors.ts";
import { seconds } from "./metadata.ts";
import { acceptPolicy, malformed, principalExists } from "./policy.ts";
import { checkState } from "./states.ts";
import { flappingView, type GrantConstraints, type KmsGrant, type KmsKey, remember } from "./world.ts";

const GRANT_OPERATIONS: readonly string[] = [
  "Decrypt",
  "Encrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
  "Sign",
  "Verify",
  "GetPublicKey",
  "CreateGrant",
  "RetireGrant",
  "DescribeKey",
  "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext",
  "GenerateMac",
  "VerifyMac",
  "DeriveSharedSecret",
];
const MOST_PAGED = 50;

export function getKeyPolicy(call: Call): object {
  const key = resolveKey(call, OWN_KEY);
  checkPolicyName(call);
  authorize(call, key, "kms:GetKeyPolicy");
  const { policy } = flappingView(key, call.now, call.context.knobs.propagationMs);
  return { Policy: policy, PolicyName: "default" };
}

export function putKeyPolicy(call: Call): void {
  const key = resolveKey(call, OWN_KEY);
  checkPolicyName(call);
  const given = text(call, "Policy");
  const bypass = call.input["BypassPolicyLockoutSafetyCheck"] === true;
  authorize(call, key, "kms:PutKeyPolicy", bypass ? { "kms:BypassPolicyLockoutSafetyCheck": "true" } : {});
  const policy = acceptPolicy(call.world, given);
  if (!bypass) checkLockout(call, key, policy);
  remember(key, call.now);
  key.policy = policy;
}

/** The caller, and nobody else, must be able to write the policy again. */
export function checkLockout(call: Call, key: KmsKey, policy: string): void {
  if (call.input["BypassPolicyLockoutSafetyCheck"] === true) return;
  const action = "kms:PutKeyPolicy";
  const request = {
    principalArn: call.caller.arn,
    account: call.caller.account,
    action,
    resource: key.arn,
    context: requestContext(call, key, {}),
  };
  if (enforce(request, policy, [], identityAllows(call, request))) return;
  throw malformed("The new key policy will not allow you to update the key policy in the future.");
}

export function listKeyPolicies(call: Call): object {
  const key = resolveKey(call, OWN_KEY);
  authorize(call, key, "kms:ListKeyPolicies");
  return { PolicyNames: ["default"], Truncated: false };
}

function checkPolicyName(call: Call): void {
  if ((optionalText(call, "PolicyName") ?? "default") !== "default") throw notFound("No such policy exists");
}

export function createGrant(call: Call): object {
  const key = resolveKey(call, KEY_ONLY);
  const grantee = text(call, "GranteePrincipal");
  const retiring = optionalText(call, "RetiringPrincipal");
  const operations = stringList(call, "Operations");
  if (operations.length === 0) throw invalidValue("Operations", null, "Member must not be null");
  const unknown = operations.find((one) => !GRANT_OPERATIONS.includes(one));
  if (unknown !== undefined) {
    throw invalidValue(
      "Operations",
      `[${unknown}]`,
      `Member must satisfy enum value set: [${GRANT_OPERATIONS.join(", ")}]`,
    );
  }
  authorize(call, key, "kms:CreateGrant", {
    "kms:GranteePrincipal": grantee,
    "kms:GrantOperations": operations,
    "kms:GrantIsForAWSResource": "false",
    ...(retiring === undefined ? {} : { "kms:RetiringPrincipal": retiring }),
  });
  checkState(key, key.state, "grant");
  for (const principal of [grantee, retiring]) {
    if (principal === undefined || principalExists(call.world, principal)) continue;
    throw new AwsError("InvalidArnException", `ARN does not refer to a valid principal: ${principal}`);
  }
  stopIfDry(call);
  const grant = grantOf(call, grantee, retiring, operations);
  const twin = key.grants.find((one) => grant.Name !== null && sameGrant(one, grant));
  if (twin !== undefined) return { GrantId: twin.GrantId, GrantToken: twin.GrantToken };
  remember(key, call.now);
  key.grants = [...key.grants, grant];
  return { GrantId: grant.GrantId, GrantToken: grant.GrantToken };
}

function grantOf(call: Call, grantee: string, retiring: string | undefined, operations: readonly string[]): KmsGrant {
  const hex = (size: number) => randomHex(call.context.random, size);
  return {
    GrantId: hex(32),
    GrantToken: `sandbox-grant-token-${hex(24)}`,
    Name: optionalText(call, "Name") ?? null,
    CreationDate: call.now.toISOString(),
    GranteePrincipal: grantee,
    RetiringPrincipal: retiring ?? null,
    IssuingAccount: `arn:aws:iam::${call.caller.account}:root`,
    Operations: operations,
    Constraints: constraintsOf(call),
  };
}

function constraintsOf(call: Call): GrantConstraints | null {
  const given = call.input["Constraints"];
  if (typeof given !== "object" || given === null) return null;
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = given as Record<string, unknown>;
  return {
    ...(equals === undefined ? {} : { EncryptionContextEquals: stringMap(call, equals) }),
    ...(subset === undefined ? {} : { EncryptionContextSubset: stringMap(call, subset) }),
  };
}

/** Asked for again under the same name, CreateGrant gives the same grant. */
function sameGrant(a: KmsGrant, b: KmsGrant): boolean {
  const essence = (grant: KmsGrant) =>
    JSON.stringify([grant.Name, grant.GranteePrincipal, grant.RetiringPrincipal, grant.Operations, grant.Constraints]);
  return essence(a) === essence(b);
}

export function listGrants(call: Call): object {
  const key = resolveKey(call, KEY_ONLY);
  authorize(call, key, "kms:ListGrants");
  const id = optionalText(call, "GrantId");
  const grantee = optionalText(call, "GranteePrincipal");
  const { grants } = flappingView(key, call.now, call.context.knobs.propagationMs);
  const wanted = grants.filter(
    (grant) =>
      (id === undefined || grant.GrantId === id) && (grantee === undefined || grant.GranteePrincipal === grantee),
  );
  const { items, rest } = page(call, wanted, MOST_PAGED);
  return { Grants: items.map((grant) => grantEntry(key, grant)), ...rest };
}

function grantEntry(key: KmsKey, grant: KmsGrant): object {
  return {
    KeyId: key.arn,
    GrantId: grant.GrantId,
    Name: grant.Name ?? "",
    CreationDate: seconds(grant.CreationDate),
    GranteePrincipal: grant.GranteePrincipal,
    ...(grant.RetiringPrincipal === null ? {} : { RetiringPrincipal: grant.RetiringPrincipal }),
    IssuingAccount: grant.IssuingAccount,
    Operations: grant.Operations,
    ...(grant.Constraints === null ? {} : { Constraints: grant.Constraints }),
  };
}

export function revokeGrant(call: Call): void {
  const key = resolveKey(call, KEY_ONLY);
  const id = text(call, "GrantId");
  authorize(call, key, "kms:RevokeGrant");
  if (!key.grants.some((grant) => grant.GrantId === id)) throw notFound(`Grant ID ${id} not found`);
  stopIfDry(call);
  remember(key, call.now);
  key.grants = key.grants.filter((grant) => grant.GrantId !== id);
}

export function listAliases(call: Call): object {
  authorizeInIam(call, "kms:ListAliases");
  const key = optionalText(call, "KeyId") === undefined ? undefined : resolveKey(call, OWN_KEY);
  const own = call.world.aliases.filter(
    (alias) =>
      alias.account === call.caller.account &&
      alias.region === call.region &&
      (key === undefined || alias.keyId === key.id),
  );
  const { items, rest } = page(call, own, MOST_PAGED);
  const entries = items.map((alias) => ({
    AliasName: alias.name,
    AliasArn: `arn:aws:kms:${alias.region}:${alias.account}:${alias.name}`,
    TargetKeyId: alias.keyId,
    CreationDate: seconds(alias.createdAt),
    LastUpdatedDate: seconds(alias.createdAt),
  }));
  return { Aliases: entries, ...rest };
}

export function createAlias(call: Call): void {
  const name = aliasName(call);
  authorizeInIam(call, "kms:CreateAlias", aliasArn(call, name));
  const key = resolveKey(call, OWN_KEY, text(call, "TargetKeyId"));
  authorize(call, key, "kms:CreateAlias");
  checkState(key, key.state, "manage");
  if (findAlias(call.world, call.caller.account, call.region, name) !== undefined) {
    throw new AwsError("AlreadyExistsException", `An alias with the name ${aliasArn(call, name)} already exists`);
  }
  const { account } = call.caller;
  call.world.aliases.push({ name, account, region: call.region, keyId: key.id, createdAt: call.now.toISOString() });
}

export function deleteAlias(call: Call): void {
  const name = aliasName(call);
  const alias = findAlias(call.world, call.caller.account, call.region, name);
  authorizeInIam(call, "kms:DeleteAlias", aliasArn(call, name));
  if (alias === undefined) throw notFound(`Alias ${aliasArn(call, name)} is not found.`);
  authorize(call, resolveKey(call, OWN_KEY, alias.keyId), "kms:DeleteAlias");
  call.world.aliases = call.world.aliases.filter((one) => one !== alias);
}

function aliasName(call: Call): string {
  const name = text(call, "AliasName");
  if (!name.startsWith("alias/")) {
    throw invalid(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name) || name.startsWith("alias/aws/")) {
    throw new AwsError("InvalidAliasNameException", `${name} is not a valid alias name.`);
  }
  return name;
}

function aliasArn(call: Call, name: string): string {
  return `arn:aws:kms:${call.region}:${call.caller.account}:${name}`;
}
