import { agreed, all, any, not, type Tri, tri } from "../../core/tri.ts";
import { type Condition, printCondition, type Value, type VariableTest } from "./statement.ts";
import { operationsOf } from "./verbs.ts";

/** What is known of the request that the vendor would make. */
export interface RequestContext {
  /** The permission that the request needs. */
  readonly permission: string;
  readonly keyId: string;
  readonly compartment: { readonly id: string; readonly name: string };
  /** The region's name, and its three-letter code when it is known. */
  readonly region: { readonly name: string; readonly code: string | null };
}

/** Whether a request of the vendor's meets a condition, and why that cannot be said or why it does not. */
export interface ConditionResult {
  readonly met: Tri;
  /** The tests that nobody can answer from here: `request.networkSource.name = 'corpnet'`. */
  readonly on: readonly string[];
  /** The tests that fail for certain. */
  readonly failed: readonly string[];
}

/**
 * Tests a condition. A request may be made by any of the operations that need the permission: what does not hold for
 * all of them depends on the operation.
 */
export function evaluateCondition(condition: Condition | null, context: RequestContext): ConditionResult {
  if (condition === null) return { met: "yes", on: [], failed: [] };
  const operations = operationsOf(context.permission) ?? [null];
  const worlds = operations.map((operation) => evaluate(condition, { ...context, operation }));
  const met = agreed(worlds);
  return {
    met,
    on: met === "unknown" ? leaves(condition, { ...context, operation: null }, "unknown") : [],
    failed: met === "no" ? failedTests(condition, { ...context, operation: operations[0] ?? null }) : [],
  };
}

interface World extends RequestContext {
  readonly operation: string | null;
}

function evaluate(condition: Condition, world: World): Tri {
  if ("mode" in condition) {
    const results = condition.of.map((one) => evaluate(one, world));
    return condition.mode === "all" ? all(results) : any(results);
  }
  return "call" in condition ? "unknown" : test(condition, world);
}

/** The tests in a condition that have this answer, in the words of the statement. */
function leaves(condition: Condition, world: World, wanted: Tri): readonly string[] {
  if ("mode" in condition) return condition.of.flatMap((one) => leaves(one, world, wanted));
  return evaluate(condition, world) === wanted ? [printCondition(condition)] : [];
}

/** What is wrong with a condition that is not met; `any` as a whole when there is more than one way. */
function failedTests(condition: Condition, world: World): readonly string[] {
  if (!("mode" in condition) || condition.mode === "any") return [printCondition(condition)];
  return condition.of.filter((one) => evaluate(one, world) === "no").flatMap((one) => failedTests(one, world));
}

/**
 * Matching is without case (conditions.htm). A variable that a request does not carry makes its test false, whatever
 * the test is (policyadvancedfeatures.htm): where it is not known whether it does, only what is false in both worlds
 * is said.
 */
function test(one: VariableTest, world: World): Tri {
  const value = knownValue(one.variable, world);
  if (value === null) return "unknown";
  switch (one.test) {
    case "present":
      return "yes";
    case "absent":
      return "no";
    case "=":
    case "in":
      return any(one.values.map((wanted) => matches(value, wanted)));
    case "!=":
    case "not in":
      return not(any(one.values.map((wanted) => matches(value, wanted))));
    case "before":
    case "after":
    case "between":
      // Times are of the request; none of the variables that are known here has an order.
      return "unknown";
  }
}

interface KnownValue {
  readonly text: string;
  /** Another way to write the same thing, of which no page says whether it counts. */
  readonly alias?: string;
}

/** The value of a variable in every request of the vendor's for this key; null when that is not known. */
function knownValue(variable: string, world: World): KnownValue | null {
  switch (variable.toLowerCase()) {
    case "target.key.id":
      return { text: world.keyId };
    case "target.compartment.id":
      return { text: world.compartment.id };
    case "target.compartment.name":
      return { text: world.compartment.name };
    case "request.permission":
      return { text: world.permission };
    case "request.operation":
      return world.operation === null ? null : { text: world.operation };
    case "request.region":
      // "The 3-letter key for the region the request is made in"; quota policies take the name.
      return world.region.code === null ? null : { text: world.region.code, alias: world.region.name };
    default:
      return null;
  }
}

function matches(value: KnownValue, wanted: Value): Tri {
  // Without quotation marks it is another variable.
  if ("word" in wanted) return "unknown";
  const hit = (text: string) => ("text" in wanted ? tri(same(text, wanted.text)) : fits(wanted.pattern, text));
  const own = hit(value.text);
  if (value.alias === undefined || own !== "no") return own;
  return hit(value.alias) === "no" ? "no" : "unknown";
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/**
 * Between slashes a star stands for anything, at the beginning, at the end or at both (conditions.htm). Other special
 * characters are on no page; and whoever writes `.*` may think of regular expressions.
 */
function fits(pattern: string, text: string): Tri {
  if (/[\\^$+?()[\]{}|]/.test(pattern)) return "unknown";
  const wildcard = tri(fitsStars(pattern.toLowerCase(), text.toLowerCase()));
  if (!pattern.includes(".*")) return wildcard;
  return agreed([wildcard, tri(fitsStars(pattern.toLowerCase().replaceAll(".*", "*"), text.toLowerCase()))]);
}

/** In time proportional to the pattern times the text at worst: each piece is looked for once, from left to right. */
function fitsStars(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
