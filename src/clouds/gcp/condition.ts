import { type ASTNode, Environment, serialize } from "@marcbachmann/cel-js";
import { plainText } from "../../core/text.ts";
import { agreed, all, any, not, type Tri, tri } from "../../core/tri.ts";
import { isNumber } from "./key.ts";

/**
 * Conditions of bindings are written in CEL (https://cloud.google.com/iam/docs/conditions-overview). The library
 * parses them and evaluates what can be known; `&&`, `||`, `!` and `?:` are ours, because an attribute that is not
 * known here makes its part unknown, not the whole.
 */

/** What is known about the request that the vendor would make, in one of the forms that it can have. */
interface Resource {
  readonly name: string;
  readonly type: string;
}

export interface ConditionScope {
  /** The name of the key that the vendor uses. */
  readonly key: string;
  /** Whether it is used by the name of a version, as asymmetric keys are. */
  readonly byVersion: boolean;
  /** The project of the key, as the reference names it. */
  readonly project: string;
  /** Dates are held against it. What comes and goes (hours, weekdays) is not: the vendor needs the key all the time. */
  readonly now: Date;
}

export interface ConditionResult {
  readonly met: Tri;
  /** What that depends on: parts of the expression, as text. */
  readonly on: readonly string[];
  /** Of one that holds: when it ceases to, as the dates in it say, in milliseconds since 1970. Null: it does not. */
  readonly until: number | null;
}

const SERVICE = "cloudkms.googleapis.com";
/** IAM takes at most 12 logical operators (https://cloud.google.com/iam/quotas); this leaves room to spare. */
const LONGEST = 8_192;
const LIMITS = { maxAstNodes: 500, maxDepth: 40, maxListElements: 200, maxMapEntries: 20, maxCallArguments: 8 };

const LANGUAGE = new Environment({ unlistedVariablesAreDyn: true, limits: LIMITS }).registerFunction(
  "string.extract(string): string",
  extract,
);

/** Whether a condition holds for the requests that the vendor will make. Takes bounded time for any text. */
export function evaluateCondition(expression: string, scope: ConditionScope): ConditionResult {
  const ast = parse(expression);
  if (ast === null) {
    return { met: "unknown", on: [`a condition that cannot be read: ${shown(expression)}`], until: null };
  }
  const resources = resourcesOf(expression, scope);
  const { met, on, dates } = evaluateAt(ast, scope, resources);
  if (met === "yes") return { met, on: [], until: endOf(ast, scope, resources, dates) };
  if (met === "no") return { met, on: [], until: null };
  return { met, on: on.size > 0 ? [...on] : [shown(expression)], until: null };
}

/** Numbers of versions that differ in every part, for those that the expression does not name. */
const SOME_VERSIONS = ["1", "2", "999999999"];
/** More than anybody writes: then nothing is said. */
const MOST_VERSIONS = 40;

/**
 * What the condition may see as the resource; the result counts only when it is the same for all of them. A symmetric
 * key is used by its own name. An asymmetric one is used by that of a version, whichever is the newest by then: those
 * that the expression can tell apart stand for all. Which of the two names stands in the attributes no page says.
 */
function resourcesOf(expression: string, { key, byVersion }: ConditionScope): readonly Resource[] {
  const own: Resource = { name: key, type: "cloudkms.googleapis.com/CryptoKey" };
  if (!byVersion) return [own];
  const versions = new Set([...SOME_VERSIONS, ...(expression.match(/\d+/g) ?? [])]);
  if (versions.size > MOST_VERSIONS) return [];
  return [
    own,
    ...[...versions].map((version) => ({
      name: `${key}/cryptoKeyVersions/${version}`,
      type: "cloudkms.googleapis.com/CryptoKeyVersion",
    })),
  ];
}

function evaluateAt(ast: ASTNode, scope: ConditionScope, resources: readonly Resource[]) {
  const on = new Set<string>();
  const dates = new Set<number>();
  const met = agreed(resources.map((resource) => evaluate(ast, { ...scope, resource, on, dates })));
  return { met, on, dates };
}

/** More dates than anybody writes: what holds for longer is said to hold up to the last one that was looked at. */
const MOST_DATES = 12;

/** What holds changes on the dates that are compared with, and at no other time. */
function endOf(
  ast: ASTNode,
  scope: ConditionScope,
  resources: readonly Resource[],
  known: ReadonlySet<number>,
): number | null {
  let dates = known;
  let time = scope.now.getTime();
  for (let looked = 0; ; looked++) {
    const next = Math.min(...[...dates].filter((date) => date >= time));
    if (next === Number.POSITIVE_INFINITY) return null;
    if (looked === MOST_DATES) return next;
    time = next + 1;
    const then = evaluateAt(ast, { ...scope, now: new Date(time) }, resources);
    if (then.met !== "yes") return next;
    dates = new Set([...dates, ...then.dates]);
  }
}

function parse(expression: string): ASTNode | null {
  if (expression.length > LONGEST) return null;
  try {
    return LANGUAGE.parse(expression).ast;
  } catch {
    return null;
  }
}

interface World extends ConditionScope {
  readonly resource: Resource;
  /** Collects what cannot be known. */
  readonly on: Set<string>;
  /** Collects the dates that the time of a request is held against, in milliseconds since 1970. */
  readonly dates: Set<number>;
}

function evaluate(node: ASTNode, world: World): Tri {
  switch (node.op) {
    case "&&":
      return all(node.args.map((one) => evaluate(one, world)));
    case "||":
      return any(node.args.map((one) => evaluate(one, world)));
    case "!_":
      return not(evaluate(node.args, world));
    case "?:": {
      const [test, yes, no] = node.args;
      const chosen = evaluate(test, world);
      if (chosen === "unknown") return agreed([evaluate(yes, world), evaluate(no, world)]);
      return evaluate(chosen === "yes" ? yes : no, world);
    }
    default: {
      const result = timeTest(node, world) ?? known(node, world);
      if (result === "unknown") world.on.add(shown(serialize(node)));
      return result;
    }
  }
}

type Comparison = "<" | "<=" | ">" | ">=";
const MIRRORED: Readonly<Record<Comparison, Comparison>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/** A comparison of `request.time` with a fixed date; null for anything else. */
function timeTest(node: ASTNode, world: World): Tri | null {
  if (node.op !== "<" && node.op !== "<=" && node.op !== ">" && node.op !== ">=") return null;
  const [left, right] = node.args;
  if (isRequestTime(left)) return compareTime(node.op, fixedTime(right), world);
  return isRequestTime(right) ? compareTime(MIRRORED[node.op], fixedTime(left), world) : null;
}

function compareTime(op: Comparison, date: number | null, { now, dates }: World): Tri {
  if (date === null) return "unknown";
  dates.add(date);
  const left = date - now.getTime();
  switch (op) {
    case "<":
      return tri(left > 0);
    case "<=":
      return tri(left >= 0);
    case ">":
      return tri(left < 0);
    case ">=":
      return tri(left <= 0);
  }
}

function isRequestTime(node: ASTNode): boolean {
  return pathOf(node) === "request.time";
}

/** RFC 3339, as CEL wants it. */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

function fixedTime(node: ASTNode): number | null {
  if (node.op !== "call" || node.args[0] !== "timestamp") return null;
  const [argument, ...others] = node.args[1];
  if (argument?.op !== "value" || typeof argument.args !== "string" || others.length > 0) return null;
  const time = TIMESTAMP.test(argument.args) ? Date.parse(argument.args) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

/** A part that is made of known attributes and of functions whose cost is known, evaluated; else unknown. */
function known(node: ASTNode, world: World): Tri {
  if (!isKnowable(node, world)) return "unknown";
  const { name, type } = world.resource;
  try {
    const value: unknown = LANGUAGE.evaluate(serialize(node), { resource: { name, type, service: SERVICE } });
    return typeof value === "boolean" ? tri(value) : "unknown";
  } catch {
    // What Google makes of an expression that fails is not documented.
    return "unknown";
  }
}

const ATTRIBUTES: ReadonlySet<string> = new Set(["resource.name", "resource.type", "resource.service"]);
const METHODS: ReadonlySet<string> = new Set(["startsWith", "endsWith", "contains", "extract"]);
const OPERATORS: ReadonlySet<string> = new Set(["==", "!=", "in", "<", "<=", ">", ">="]);

/** Nothing else is evaluated: `matches` can take for ever, and a macro can multiply its work. */
function isKnowable(node: ASTNode, world: World): boolean {
  const each = (nodes: readonly ASTNode[]) => nodes.every((one) => isKnowable(one, world));
  switch (node.op) {
    case "value":
      return typeof node.args !== "string" || !namesOtherwise(node.args, world.project);
    case ".":
      return ATTRIBUTES.has(pathOf(node) ?? "");
    case "list":
      return each(node.args);
    case "rcall":
      return METHODS.has(node.args[0]) && each([node.args[1], ...node.args[2]]);
    default:
      return OPERATORS.has(node.op) && Array.isArray(node.args) && each(node.args as readonly ASTNode[]);
  }
}

/**
 * Whether a text names a project by its number where the key's reference has its id, or the other way round: only
 * Google knows whether they are the same (https://cloud.google.com/iam/docs/conditions-resource-attributes).
 */
function namesOtherwise(text: string, project: string): boolean {
  const [, named] = /(?:^|\/)projects\/([^/]+)/.exec(text) ?? [];
  return named !== undefined && isNumber(named) !== isNumber(project);
}

/** `resource.name`, from the nodes of a selection; null for anything else. */
function pathOf(node: ASTNode): string | null {
  if (node.op !== ".") return null;
  const [from, field] = node.args;
  return from.op === "id" ? `${from.args}.${field}` : null;
}

/**
 * The part of a name that a template leaves open: `"…/keyRings/{ring}/"`. The empty string where the template does not
 * fit (https://cloud.google.com/iam/docs/conditions-attribute-reference#extract).
 */
function extract(text: string, template: string): string {
  const open = template.indexOf("{");
  const close = template.indexOf("}", open);
  if (open === -1 || close === -1) return "";
  const before = template.slice(0, open);
  const after = template.slice(close + 1);
  const at = text.indexOf(before);
  if (at === -1) return "";
  const start = at + before.length;
  const end = after === "" ? text.length : text.indexOf(after, start);
  return end === -1 ? "" : text.slice(start, end);
}

function shown(expression: string): string {
  return plainText(expression, 200);
}
