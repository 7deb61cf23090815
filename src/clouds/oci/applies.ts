import { all, type Tri, tri } from "../../core/tri.ts";
import { resolveAlias } from "./aliases.ts";
import { type ConditionResult, evaluateCondition, type RequestContext } from "./condition.ts";
import { type AttachedPolicy, type Place, pathName, type View } from "./policies.ts";
import { regionCode } from "./regions.ts";
import { type Grant, type Parsed, type Principal, parseStatement, type Place as WrittenPlace } from "./statement.ts";
import { covers } from "./verbs.ts";
import { matchAdmit, type Vendor, type WhoMatch } from "./who.ts";

/** One request that the vendor would make. */
export interface Request {
  readonly vendor: Vendor;
  readonly permission: string;
  readonly keyId: string;
  readonly region: string;
}

/** What one statement means for one request. */
export interface Applied {
  readonly label: string;
  readonly effect: "allow" | "deny";
  /** Null for a statement that could not be read. */
  readonly grant: Grant | null;
  /** Whether the statement's effect takes place. */
  readonly applies: Tri;
  /** What that depends on. */
  readonly on: readonly string[];
  readonly who: WhoMatch;
  readonly action: Tri;
  readonly place: Tri;
  readonly condition: ConditionResult;
  /** Attached where cross-tenancy statements have an effect. */
  readonly inRoot: boolean;
}

export type StatementReader = (text: string) => Parsed;

/**
 * Reads each text once, however many keys share it. Bounded, so that a watcher that runs for years does not keep every
 * statement that ever was.
 */
export function statementReader(): StatementReader {
  const read = new Map<string, Parsed>();
  return (text) => {
    const known = read.get(text);
    if (known !== undefined) return known;
    if (read.size >= 5_000) read.clear();
    const parsed = parseStatement(text);
    read.set(text, parsed);
    return parsed;
  };
}

/** Holds every statement that may decide about a request against it. What is about our own principals is left out. */
export function applyStatements(view: View, request: Request, read: StatementReader): readonly Applied[] {
  return view.attached.flatMap((attached) => {
    const statements = attached.policy.statements.map(read);
    const about: About = { view, request, attached, statements };
    return statements.flatMap((parsed, index) => {
      const label = labelOf(attached, index, view);
      const applied = parsed.statement === null ? unreadable(parsed, label, attached) : applyOne(about, index, label);
      return applied === null ? [] : [applied];
    });
  });
}

interface About {
  readonly view: View;
  readonly request: Request;
  readonly attached: AttachedPolicy;
  readonly statements: readonly Parsed[];
}

/** How people find a statement again: its place in its policy, counted from 1. */
export function labelOf(attached: AttachedPolicy, index: number, view: View): string {
  const where = attached.depth === 0 ? "" : ` in the compartment ${pathName(pathTo(attached, view))}`;
  return `statement ${index + 1} of the policy "${attached.policy.name}"${where}`;
}

function pathTo({ depth }: AttachedPolicy, { root }: View): readonly Place[] {
  return root.compartments.slice(0, depth);
}

function applyOne(about: About, index: number, label: string): Applied | null {
  const { view, request, attached, statements } = about;
  const grant = statements[index]?.statement;
  if (grant === null || grant === undefined || grant.kind === "define" || grant.kind === "endorse") return null;
  const who =
    grant.kind === "admit" ? matchAdmit(grant, statements, index, request.vendor) : matchPlain(grant, about, index);
  if (who === null) return null;
  const action = covers(grant.action, request.permission, grant.deny);
  const place = matchPlace(grant.place, attached, view);
  const condition = evaluateCondition(grant.condition, contextOf(view, request));
  const state = stateOf(attached, grant);
  const parts = [who.met, action, place, condition.met, state.counts];
  const applies = all(parts);
  const on = [
    ...who.on,
    ...(action === "unknown" ? [`what "${actionWords(grant)}" holds`] : []),
    ...(place === "unknown" ? ["which compartments it is about"] : []),
    ...(condition.met === "unknown" ? condition.on : []),
    ...state.on,
  ];
  return {
    label,
    effect: grant.deny ? "deny" : "allow",
    grant,
    applies,
    on: applies === "unknown" ? [...new Set(on)] : [],
    who,
    action,
    place,
    condition,
    inRoot: attached.depth === 0,
  };
}

function actionWords({ action }: Grant): string {
  return "permissions" in action ? action.permissions.join(", ") : `${action.verb} ${action.resource}`;
}

/**
 * Statements about this tenancy's own principals. No allow of that kind lets anybody of another tenancy in ("Any-user
 * will grant access to all users … in your tenancy", policysyntax.htm). Whether a deny of that kind keeps those out
 * who were admitted is on no page.
 */
function matchPlain(grant: Grant, { request, statements }: About, index: number): WhoMatch | null {
  const { subject } = grant;
  const { group } = request.vendor;
  const isVendor = (one: Principal) => {
    if (one.by === "id") return one.id === group;
    const defined = resolveAlias(statements, index, "group", one.name);
    return "is" in defined && defined.is === group;
  };
  const named = "names" in subject && subject.names.some(isVendor);
  const nobody: WhoMatch = { met: "no", on: [], width: "itself", miss: null, isInert: false };
  if (!grant.deny) {
    if (!named) return null;
    const miss = "it is an allow, which lets nobody of another tenancy in; that takes an admit";
    return { ...nobody, miss, isInert: true };
  }
  const maybe = named || subject.type === "any-user" || subject.type === "any-group";
  if (!maybe) return null;
  const on = ["whether a deny that is not a deny admit keeps principals of other tenancies out"];
  return { ...nobody, met: "unknown", on };
}

/** A path begins at a child of the compartment to which the policy is attached, or at that compartment itself. */
function matchPlace(place: WrittenPlace | null, attached: AttachedPolicy, view: View): Tri {
  const { tenancy, compartments } = view.root;
  if (place === null || place.in === "any-tenancy") return "unknown";
  // `in tenancy <alias>` is how an endorse speaks of another tenancy.
  if (place.alias !== null) return "unknown";
  if (place.in === "tenancy") return attached.depth === 0 ? "yes" : "unknown";
  if (place.id !== null) return tri(place.id === tenancy.id || compartments.some(({ id }) => id === place.id));
  const path = (place.path ?? []).map((name) => name.toLowerCase());
  const below = compartments.slice(attached.depth).map(({ name }) => name.toLowerCase());
  if (path.every((name, index) => below[index] === name)) return "yes";
  const own = attached.depth === 0 ? tenancy : compartments[attached.depth - 1];
  if (path[0] === own?.name.toLowerCase()) {
    if (!path.slice(1).every((name, index) => below[index] === name)) return "no";
    // The root compartment has the tenancy's name; no page has a statement that calls it so.
    return attached.depth === 0 ? "unknown" : "yes";
  }
  // A compartment further down by its bare name: Oracle asks for the path.
  return path.length === 1 && compartments.some(({ name }) => name.toLowerCase() === path[0]) ? "unknown" : "no";
}

interface State {
  readonly counts: Tri;
  readonly on: readonly string[];
}

/** Cross-tenancy statements belong in the root compartment, and only an active policy is known to count. */
function stateOf({ policy, depth }: AttachedPolicy, grant: Grant): State {
  if (grant.kind === "admit" && depth > 0) {
    if (!grant.deny) return { counts: "no", on: [] };
    return { counts: "unknown", on: ["whether a deny admit counts outside the root compartment"] };
  }
  if (policy.state === "ACTIVE") return { counts: "yes", on: [] };
  return { counts: "unknown", on: [`the policy's state, which is ${policy.state}`] };
}

function contextOf(view: View, { permission, keyId, region }: Request): RequestContext {
  const { tenancy, compartments } = view.root;
  const compartment = compartments.at(-1) ?? tenancy;
  return { permission, keyId, compartment, region: { name: region, code: regionCode(region) } };
}

/** What cannot be read lets nobody in, and may be what lets somebody in, or keeps somebody out. */
function unreadable(parsed: Parsed, label: string, attached: AttachedPolicy): Applied | null {
  const effect = effectIn(parsed.text);
  if (effect === null || !/key|vault|all-resources|any-resource/i.test(parsed.text)) return null;
  if (effect === "allow" && attached.depth > 0) return null;
  return {
    label,
    effect,
    grant: null,
    applies: "unknown",
    on: ["what it says, which keygrant cannot read"],
    who: { met: "unknown", on: [], width: "itself", miss: null, isInert: false },
    action: "unknown",
    place: "unknown",
    condition: { met: "unknown", on: [], failed: [] },
    inRoot: attached.depth === 0,
  };
}

/** The effect that a statement's own words can have on principals of other tenancies; null for none. */
function effectIn(text: string): "allow" | "deny" | null {
  const [first = ""] = /[a-z-]+/i.exec(text) ?? [];
  // Whatever follows these words is about our own principals, or only gives a name.
  if (/^(allow|endorse|define)$/i.test(first)) return null;
  if (/\bdeny\b/i.test(text)) return "deny";
  return /\badmit\b/i.test(text) ? "allow" : null;
}
