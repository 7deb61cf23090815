import type { GcpIdentity } from "../cast.ts";
import { type Attributes, holds } from "./conditions.ts";
import { parseName, type ResourceKind } from "./names.ts";
import { permissionsOf } from "./roles.ts";
import { type Binding, findKey, findProject, findRing, type GcpWorld, latePolicy, type StoredPolicy } from "./world.ts";

/** Who asks. */
export interface Caller {
  readonly member: string;
  /** Sees a written policy only when it has spread. */
  readonly late: boolean;
}

export function callerOf({ member, vendor }: GcpIdentity): Caller {
  return { member, late: vendor };
}

export interface AccessRequest {
  readonly caller: Caller;
  readonly permission: string;
  /** As the request names it; it need not exist. */
  readonly resource: string;
  readonly now: Date;
  readonly propagationMs: number;
}

const TYPES: Readonly<Record<ResourceKind, string>> = {
  project: "cloudresourcemanager.googleapis.com/Project",
  location: "cloudkms.googleapis.com/Location",
  keyRing: "cloudkms.googleapis.com/KeyRing",
  cryptoKey: "cloudkms.googleapis.com/CryptoKey",
  cryptoKeyVersion: "cloudkms.googleapis.com/CryptoKeyVersion",
};

/**
 * One caller, one permission, one resource, one moment: yes or no. Allowed when any policy on the way from the
 * resource up to its project has a binding whose role contains the permission, whose members contain the caller and
 * whose condition holds. https://cloud.google.com/iam/docs/allow-policies
 */
export function isAllowed(world: GcpWorld, request: AccessRequest): boolean {
  const { caller, resource, now, propagationMs } = request;
  if (isDenied(world, request)) return false;
  const { kind } = parseName(resource);
  const attributes: Attributes = {
    time: now,
    name: resource,
    type: TYPES[kind],
    service: kind === "project" ? "cloudresourcemanager.googleapis.com" : "cloudkms.googleapis.com",
  };
  return policiesAbove(world, resource).some((policy) =>
    grants(world, caller.late ? latePolicy(policy, now, propagationMs).bindings : policy.bindings, request, attributes),
  );
}

function grants(
  world: GcpWorld,
  bindings: readonly Binding[],
  { caller, permission }: AccessRequest,
  attributes: Attributes,
): boolean {
  return bindings.some(
    ({ role, members, condition }) =>
      permissionsOf(world, role).includes(permission) &&
      members.some((member) => contains(world, member, caller.member)) &&
      (condition === undefined || holds(condition.expression, attributes)),
  );
}

/** For a service account, whose own policy stands where a key's would. */
export function mayImpersonate(world: GcpWorld, caller: Caller, email: string, now: Date): boolean {
  const account = world.serviceAccounts.find((one) => one.email === email);
  if (account === undefined) return false;
  const policies = [account.policy, findProject(world, account.project)?.policy ?? null];
  const permission = "iam.serviceAccounts.getAccessToken";
  const name = `projects/${account.project}/serviceAccounts/${email}`;
  const attributes = { time: now, name, type: "iam.googleapis.com/ServiceAccount", service: "iam.googleapis.com" };
  const request = { caller, permission, resource: name, now, propagationMs: 0 };
  return policies.some((policy) => policy !== null && grants(world, policy.bindings, request, attributes));
}

/** Those policies that exist: of the key, its ring and its project. Versions have none of their own. */
function policiesAbove(world: GcpWorld, resource: string): readonly StoredPolicy[] {
  const { project, keyRing, cryptoKey } = parseName(resource);
  return [
    cryptoKey === null ? undefined : findKey(world, cryptoKey),
    keyRing === null ? undefined : findRing(world, keyRing),
    findProject(world, project),
  ].flatMap((holder) => (holder === undefined ? [] : [holder.policy]));
}

/** IAM deny policies: https://cloud.google.com/iam/docs/deny-overview. Stood in for by a list on the key. */
function isDenied(world: GcpWorld, { caller, permission, resource }: AccessRequest): boolean {
  const { cryptoKey } = parseName(resource);
  if (cryptoKey === null || !/\.(useTo|viewPublicKey)/.test(permission)) return false;
  return findKey(world, cryptoKey)?.deniedTo.some((member) => contains(world, member, caller.member)) ?? false;
}

/** https://cloud.google.com/iam/docs/principal-identifiers; emails compare without case. */
function contains(world: GcpWorld, member: string, caller: string): boolean {
  if (member === "allUsers" || member === "allAuthenticatedUsers") return true;
  const [type = "", ...rest] = member.split(":");
  const value = rest.join(":").toLowerCase();
  switch (type) {
    case "user":
    case "serviceAccount":
      return `${type}:${value}` === caller;
    case "group":
      return world.groups.some(({ email, members }) => email === value && members.includes(caller));
    case "domain":
      return caller.startsWith("user:") && caller.endsWith(`@${value}`);
    default:
      // `deleted:`, `principalSet:` and the rest: nobody of the cast is any of these.
      return false;
  }
}
