import { holds, type Variables } from "./conditions.ts";
import { covers } from "./permissions.ts";
import { type Definition, type Place, type Ref, type Rule, readStatement, type TenancyRef } from "./statements.ts";
import { StatementFault } from "./words.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
}

/** One permission that somebody really needs now. Nothing is left open in it, so the answer is yes or no. */
export interface ConcreteRequest {
  readonly caller: {
    /** The OCID of the tenancy where the caller is at home. */
    readonly tenancy: string;
    /** Groups of the default identity domain. */
    readonly groups: readonly Named[];
  };
  /** `KEY_ENCRYPT`. */
  readonly permission: string;
  /** The compartments around the target, from the tenancy, which is the root compartment, down to the innermost. */
  readonly path: readonly Named[];
  /** `request.permission` is added to them. */
  readonly variables: Variables;
}

/** A policy, and the compartment it is attached to. */
export interface AttachedPolicy {
  readonly compartmentId: string;
  readonly statements: readonly string[];
}

/** The policies of both sides; within one tenancy the second is not looked at. */
export interface Documents {
  /** Of the tenancy of the target. */
  readonly target: readonly AttachedPolicy[];
  /** Of the tenancy of the caller. */
  readonly caller: readonly AttachedPolicy[];
}

export type Decision =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly why: "denied" | "not-allowed" | "not-admitted" | "endorsement-denied" | "not-endorsed";
    };

/** What cannot be known from Oracle's pages, see OciKnobs. */
export interface Reading {
  readonly ociDenyVerb: "same" | "wider-too";
}

const DEFAULT_READING: Reading = { ociDenyVerb: "same" };

/** Whether OCI would let this request through. */
export function enforce(request: ConcreteRequest, documents: Documents, reading: Reading = DEFAULT_READING): boolean {
  return decide(request, documents, reading).allowed;
}

/**
 * `enforce` with the reason. Deny goes over allow, admit and endorse; between two tenancies both must agree.
 * https://docs.oracle.com/iaas/Content/Identity/policieshow/iam-cross-domain.htm
 */
export function decide(request: ConcreteRequest, documents: Documents, reading: Reading = DEFAULT_READING): Decision {
  const tenancy = request.path[0]?.id ?? "";
  const variables = { ...request.variables, "request.permission": request.permission };
  const about: About = { ...request, variables, reading, tenancy };
  const inside = request.caller.tenancy === tenancy;
  const here = applying(documents.target, about, inside ? "allow" : "admit");
  if (here.includes("deny") && !(inside && isAdministrator(request))) return { allowed: false, why: "denied" };
  if (!here.includes("allow")) return { allowed: false, why: inside ? "not-allowed" : "not-admitted" };
  if (inside) return { allowed: true };
  const there = applying(documents.caller, about, "endorse");
  if (there.includes("deny")) return { allowed: false, why: "endorsement-denied" };
  return there.includes("allow") ? { allowed: true } : { allowed: false, why: "not-endorsed" };
}

interface About extends ConcreteRequest {
  readonly reading: Reading;
  /** Of the target. */
  readonly tenancy: string;
}

/** Members of the default administrators' group are always exempt from deny: …/policysyntax/denypolicies.htm */
function isAdministrator({ caller }: ConcreteRequest): boolean {
  return caller.groups.some(({ name }) => name.toLowerCase() === "administrators");
}

/** The effects of the statements of one form that apply to the request. */
function applying(policies: readonly AttachedPolicy[], about: About, form: Rule["form"]): readonly Rule["effect"][] {
  return policies.flatMap((policy) => {
    const definitions: Definition[] = [];
    return policy.statements.flatMap((text) => {
      const statement = tryToRead(text);
      if (statement?.kind === "define") definitions.push(statement);
      if (statement?.kind !== "rule" || statement.form !== form) return [];
      return applies(statement, { about, attachedTo: policy.compartmentId, definitions }) ? [statement.effect] : [];
    });
  });
}

function tryToRead(text: string) {
  try {
    return readStatement(text);
  } catch (cause) {
    if (cause instanceof StatementFault) return null;
    throw cause;
  }
}

/** A policy's own aliases count from the statement that defines them on: in other policies, and before it, they do not. */
interface Scope {
  readonly about: About;
  readonly attachedTo: string;
  readonly definitions: readonly Definition[];
}

function applies(rule: Rule, scope: Scope): boolean {
  const { about } = scope;
  return (
    reaches(rule, scope) &&
    isSubject(rule, scope) &&
    holdsPermission(rule, about) &&
    (rule.condition === null || holds(rule.condition, about.variables))
  );
}

function holdsPermission({ what, effect }: Rule, { permission, reading }: About): boolean {
  if ("permissions" in what) return what.permissions.some((one) => same(one, permission));
  return covers(what.verb, what.resource, permission, effect === "deny" && reading.ociDenyVerb === "wider-too");
}

/** Whether the target lies where the statement holds. Statements between tenancies stand in the root compartment. */
function reaches(rule: Rule, scope: Scope): boolean {
  const { about, attachedTo } = scope;
  if (rule.where.kind === "any-tenancy" || rule.where.kind === "that-tenancy") {
    return attachedTo === about.caller.tenancy && isTenancy(rule.where, about.tenancy, scope);
  }
  if (rule.form === "admit" && attachedTo !== about.tenancy) return false;
  const from = about.path.findIndex(({ id }) => id === attachedTo);
  return from >= 0 && isAround(rule.where, about.path, from);
}

/** A compartment passes what holds for it on to those inside it. */
function isAround(place: Place, path: readonly Named[], from: number): boolean {
  if (place.kind === "tenancy") return from === 0;
  if (place.kind === "compartment-id") return path.slice(from).some(({ id }) => id === place.ocid);
  // By name: from the children of the compartment that the policy is attached to, or that compartment itself.
  const starts = from === 0 ? [1] : [from, from + 1];
  return starts.some((start) => place.path.every((name, index) => same(path[start + index]?.name ?? "", name)));
}

function isSubject(rule: Rule, scope: Scope): boolean {
  const { caller } = scope.about;
  if (rule.of !== null && !isTenancy(rule.of, caller.tenancy, scope)) return false;
  if (rule.subject.kind !== "groups") return rule.subject.kind === "any";
  return rule.subject.groups.some((ref) => isGroup(ref, rule, scope));
}

function isGroup(ref: Ref, rule: Rule, scope: Scope): boolean {
  const { groups } = scope.about.caller;
  if (ref.isId) return groups.some(({ id }) => id === ref.name);
  const defined = ref.domain === null ? ocidOf("group", ref.name, scope) : null;
  if (defined !== null) return groups.some(({ id }) => id === defined);
  // Names are those of one's own tenancy: of another one's groups only the OCID is known.
  if (rule.form === "admit") return false;
  return (ref.domain === null || same(ref.domain, "default")) && groups.some(({ name }) => same(name, ref.name));
}

function isTenancy(ref: TenancyRef, ocid: string, scope: Scope): boolean {
  if (ref.kind === "any-tenancy") return true;
  const { name, isId } = ref.tenancy;
  return (isId ? name : ocidOf("tenancy", name, scope)) === ocid;
}

/** Of two definitions of one alias the later counts. */
function ocidOf(what: string, alias: string, { definitions }: Scope): string | null {
  return definitions.findLast((one) => one.what === what && same(one.alias, alias))?.ocid ?? null;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
