import {
  type Answer,
  atHome,
  authorize,
  type Call,
  freshEtag,
  freshUnique,
  identityRegion,
  matchEtag,
  page,
  pathPart,
  queried,
  record,
  requiredText,
  text,
} from "./call.ts";
import { invalidParameter, missingParameter, notAuthorizedOrNotFound, OciError } from "./errors.ts";
import { checkLimits, checkStatements, effectsOf } from "./policy-rules.ts";
import { forgetRetries, type Policy, policiesOf, putPolicy, type Tags, tenancyOf } from "./world.ts";

// https://docs.oracle.com/iaas/api/#/en/identity/20160918/Policy/

/** What is attached to one compartment, with the statements and without etags. */
export function listPolicies(call: Call): Answer {
  const compartmentId = queried(call, "compartmentId");
  authorize(call, { permissions: ["POLICY_READ"], compartmentId, region: identityRegion(call) });
  const policies = seen(call, tenancyOf(call.world, compartmentId)?.id ?? "")
    .filter((policy) => policy.compartmentId === compartmentId)
    .filter(({ name }) => (call.query.get("name") ?? name) === name)
    .filter(() => (call.query.get("lifecycleState") ?? "ACTIVE").toUpperCase() === "ACTIVE");
  return page(call, policies, shown);
}

export function getPolicy(call: Call): Answer {
  const policy = named(
    call,
    call.world.tenancies.flatMap(({ id }) => seen(call, id)),
    ["POLICY_READ"],
  );
  return { body: shown(policy), etag: policy.etag };
}

/** Within the propagation window old and new take turns, the old one first. */
function seen(call: Call, tenancy: string): readonly Policy[] {
  const { world, now, context } = call;
  const current = policiesOf(world, tenancy, now, 0);
  const late = policiesOf(world, tenancy, now, context.knobs.propagationMs);
  if (late.length === current.length && late.every((policy, index) => policy === current[index])) return current;
  world.reads += 1;
  return world.reads % 2 === 1 ? late : current;
}

export function createPolicy(call: Call): Answer {
  const { world, now } = call;
  const compartmentId = requiredText(call, "compartmentId");
  const name = requiredText(call, "name", 100);
  const description = requiredText(call, "description");
  const statements = statementsOf(call) ?? [];
  if (statements.length === 0) throw missingParameter("statements");
  atHome(call);
  const variables = { "target.policy.type": effectsOf(statements) };
  authorize(call, { permissions: ["POLICY_CREATE"], compartmentId, region: identityRegion(call), variables });
  const before = createdBefore(call);
  if (before !== undefined) return { body: shown(before), etag: before.etag };
  const tenancy = tenancyOf(world, compartmentId)?.id ?? "";
  if (policiesOf(world, tenancy, now, 0).some((one) => one.name.toLowerCase() === name.toLowerCase())) {
    throw new OciError(409, "PolicyAlreadyExists", `Policy '${name}' already exists.`);
  }
  checkStatements(world, compartmentId, statements, []);
  const policy: Policy = {
    id: `ocid1.policy.oc1..${freshUnique(call)}`,
    name,
    compartmentId,
    description,
    statements,
    versionDate: text(call, "versionDate"),
    createdAt: now.toISOString(),
    etag: freshEtag(call),
    tags: tagsOf(call, { freeform: {}, defined: {} }),
  };
  checkLimits(world, policy);
  putPolicy(world, policy.id, policy, now);
  remember(call, policy.id);
  return { body: shown(policy), etag: policy.etag };
}

export function updatePolicy(call: Call): Answer {
  const { world, now } = call;
  const statements = statementsOf(call);
  atHome(call);
  const old = named(call, world.policies, ["POLICY_UPDATE"], statements ?? []);
  matchEtag(call, old.etag);
  if (statements !== null) {
    if (statements.length === 0) throw invalidParameter("statements is not valid.");
    checkStatements(world, old.compartmentId, statements, old.statements);
  }
  const versionDate = call.body["versionDate"] === undefined ? old.versionDate : text(call, "versionDate");
  const policy: Policy = {
    ...old,
    description: text(call, "description") ?? old.description,
    statements: statements ?? old.statements,
    versionDate,
    etag: freshEtag(call),
    tags: tagsOf(call, old.tags),
  };
  checkLimits(world, policy);
  putPolicy(world, policy.id, policy, now);
  return { body: shown(policy), etag: policy.etag };
}

export function deletePolicy(call: Call): Answer {
  atHome(call);
  const policy = named(call, call.world.policies, ["POLICY_DELETE"]);
  matchEtag(call, policy.etag);
  putPolicy(call.world, policy.id, null, call.now);
  return { status: 204, body: null };
}

/** The policy of the path, if the caller may do that to it; `written` are the statements it is to have. */
function named(
  call: Call,
  among: readonly Policy[],
  permissions: readonly string[],
  written: readonly string[] = [],
): Policy {
  const policy = among.find(({ id }) => id === pathPart(call, 0));
  if (policy === undefined) throw notAuthorizedOrNotFound();
  const isWrite = !permissions.includes("POLICY_READ");
  const variables = {
    "target.policy.id": policy.id,
    "target.policy.name": policy.name,
    ...(isWrite ? { "target.policy.type": effectsOf([...policy.statements, ...written]) } : {}),
  };
  const { compartmentId } = policy;
  authorize(call, { permissions, compartmentId, region: identityRegion(call), variables });
  return policy;
}

function statementsOf(call: Call): readonly string[] | null {
  const statements = call.body["statements"];
  if (statements === undefined || statements === null) return null;
  const list = Array.isArray(statements) ? statements : [null];
  if (!list.every((one) => typeof one === "string")) throw invalidParameter("statements is not valid.");
  return list;
}

function tagsOf(call: Call, { freeform, defined }: Tags): Tags {
  return { freeform: record(call, "freeformTags") ?? freeform, defined: record(call, "definedTags") ?? defined };
}

/** A request that is sent again with its token makes nothing twice, for 24 hours. */
function createdBefore({ world, headers, caller, now }: Call): Policy | undefined {
  forgetRetries(world, now);
  const token = headers["opc-retry-token"];
  const retry = world.retries.find((one) => one.token === token && one.user === caller.user.id);
  return retry && world.policies.find(({ id }) => id === retry.id);
}

function remember({ world, headers, caller, now }: Call, id: string): void {
  const token = headers["opc-retry-token"];
  if (token !== undefined) world.retries.push({ token, user: caller.user.id, id, at: now.toISOString() });
}

function shown(policy: Policy): unknown {
  return {
    id: policy.id,
    compartmentId: policy.compartmentId,
    name: policy.name,
    description: policy.description,
    statements: policy.statements,
    timeCreated: policy.createdAt,
    lifecycleState: "ACTIVE",
    inactiveStatus: null,
    versionDate: policy.versionDate,
    freeformTags: policy.tags.freeform,
    definedTags: policy.tags.defined,
  };
}
