/// <reference path="./peggy.d.ts" />
import { parse } from "./policy.peggy";

/** One statement of a policy, as `policy.peggy` reads it. Names and values stand as they were written. */
export type Statement = Define | Grant;

/** Gives an OCID a name that holds within the same policy. */
export interface Define {
  readonly kind: "define";
  readonly what: "tenancy" | "group" | "dynamic-group" | "compartment";
  readonly alias: string;
  readonly id: string;
}

/** `allow` is about principals of this tenancy, `admit` about those of others here, `endorse` about ours elsewhere. */
export interface Grant {
  readonly kind: "allow" | "admit" | "endorse";
  readonly deny: boolean;
  readonly subject: Subject;
  /** `of tenancy AT`; null where the statement does not say it. */
  readonly of: TenancyRef | null;
  readonly action: Action;
  /** Null where the statement names no place: Oracle's pages have examples of that. */
  readonly place: Place | null;
  /** `associate … with <resource> in <place>`, for peering. */
  readonly companion: { readonly resource: string; readonly place: Place } | null;
  readonly condition: Condition | null;
}

export type Subject =
  | { readonly type: "any-user" | "any-group" }
  | { readonly type: "group" | "dynamic-group" | "service" | "resource"; readonly names: readonly Principal[] };

export type Principal =
  | { readonly by: "id"; readonly id: string }
  | { readonly by: "name"; readonly domain: string | null; readonly name: string };

export type TenancyRef =
  | { readonly by: "any" }
  | { readonly by: "id"; readonly id: string }
  | { readonly by: "alias"; readonly alias: string };

export type Action = { readonly verb: string; readonly resource: string } | { readonly permissions: readonly string[] };

export type Place =
  | { readonly in: "any-tenancy" }
  | { readonly in: "tenancy"; readonly alias: string | null }
  | {
      readonly in: "compartment";
      readonly id: string | null;
      readonly path: readonly string[] | null;
      readonly alias: string | null;
    };

export type Condition =
  | { readonly mode: "any" | "all"; readonly of: readonly Condition[] }
  | VariableTest
  /** A function such as `sets-intersect`, of values and lists of values. */
  | { readonly call: string; readonly args: readonly (Value | readonly Value[])[] };

export interface VariableTest {
  readonly variable: string;
  readonly test: "=" | "!=" | "in" | "not in" | "before" | "after" | "between" | "present" | "absent";
  readonly values: readonly Value[];
}

export type Value =
  | { readonly text: string }
  /** Between slashes, `*` for anything. */
  | { readonly pattern: string }
  /** Without quotation marks: another variable, as OCI reads it. */
  | { readonly word: string };

/** A statement that was read, or why it could not be. */
export type Parsed =
  | { readonly text: string; readonly statement: Statement }
  | { readonly text: string; readonly statement: null; readonly why: string };

/** Nothing that OCI takes is longer; 50 keys in one statement are some 7,000 characters. */
const LONGEST = 64 * 1024;
/** Conditions in conditions: what nobody can read is not worth a stack. */
const DEEPEST = 20;

/**
 * Reads one statement. What the grammar does not take comes back as it is, with the reason: it is never taken to let
 * anybody in. Takes time in proportion to the length of the text.
 */
export function parseStatement(text: string): Parsed {
  if (text.length > LONGEST) return { text, statement: null, why: `it is longer than ${LONGEST} characters` };
  if (depth(text) > DEEPEST) return { text, statement: null, why: `its conditions are more than ${DEEPEST} deep` };
  try {
    return { text, statement: parse(text) as Statement };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "SyntaxError") throw error;
    return { text, statement: null, why: placeOf(error) };
  }
}

/** Peggy's own message lists everything that could have stood there: too much for a person. */
function placeOf(error: Error): string {
  const { location, found } = error as Error & {
    readonly location?: { readonly start?: { readonly offset?: number } };
    readonly found?: string | null;
  };
  const offset = location?.start?.offset;
  if (found === null) return "it ends too early";
  return offset === undefined ? "it is not in the policy language" : `it goes wrong at character ${offset + 1}`;
}

/** The most braces that are open at once, wherever they stand. */
function depth(text: string): number {
  let open = 0;
  let most = 0;
  for (const character of text) {
    if (character === "{") most = Math.max(most, ++open);
    if (character === "}") open = Math.max(0, open - 1);
  }
  return most;
}

/** The statement in its one canonical form: keywords small, values in single quotes. Reading it gives the same tree. */
export function print(statement: Statement): string {
  if (statement.kind === "define") {
    return `define ${statement.what} ${name(statement.alias)} as ${ocid(statement.id)}`;
  }
  const { kind, deny, subject, of, action, place, companion, condition } = statement;
  const effect = deny ? (kind === "allow" ? "deny" : `deny ${kind}`) : kind;
  return [
    effect,
    printSubject(subject),
    ...(of === null ? [] : [`of ${printTenancy(of)}`]),
    "permissions" in action ? `to {${action.permissions.join(", ")}}` : `to ${action.verb} ${action.resource}`,
    ...(place === null ? [] : [`in ${printPlace(place)}`]),
    ...(companion === null ? [] : [`with ${companion.resource} in ${printPlace(companion.place)}`]),
    ...(condition === null ? [] : [`where ${printCondition(condition)}`]),
  ].join(" ");
}

/** A condition as `print` writes it: for messages that name one. */
export function printCondition(condition: Condition): string {
  if ("mode" in condition) return `${condition.mode} {${condition.of.map(printCondition).join(", ")}}`;
  if ("call" in condition) return `${condition.call}(${condition.args.map(printArgument).join(", ")})`;
  const { variable, test, values } = condition;
  const printed = values.map(printValue);
  switch (test) {
    case "=":
    case "!=":
    case "before":
    case "after":
      return `${variable} ${test} ${printed.join("")}`;
    case "in":
    case "not in":
      return `${variable} ${test} (${printed.join(", ")})`;
    case "between":
      return `${variable} between ${printed.join(" and ")}`;
    case "present":
      return variable;
    case "absent":
      return `!${variable}`;
  }
}

function printSubject(subject: Subject): string {
  if (!("names" in subject)) return subject.type;
  return `${subject.type} ${subject.names.map(printPrincipal).join(", ")}`;
}

function printPrincipal(principal: Principal): string {
  if (principal.by === "id") return `id ${ocid(principal.id)}`;
  return principal.domain === null ? name(principal.name) : `${quote(principal.domain)}/${quote(principal.name)}`;
}

function printTenancy(tenancy: TenancyRef): string {
  switch (tenancy.by) {
    case "any":
      return "any-tenancy";
    case "id":
      return `tenancy id ${ocid(tenancy.id)}`;
    case "alias":
      return `tenancy ${name(tenancy.alias)}`;
  }
}

function printPlace(place: Place): string {
  if (place.in === "any-tenancy") return "any-tenancy";
  if (place.in === "tenancy") return place.alias === null ? "tenancy" : `tenancy ${name(place.alias)}`;
  const which = place.id === null ? (place.path ?? []).map(name).join(":") : `id ${ocid(place.id)}`;
  return `compartment ${which}${place.alias === null ? "" : ` of tenancy ${name(place.alias)}`}`;
}

function printArgument(argument: Value | readonly Value[]): string {
  return isList(argument) ? `(${argument.map(printValue).join(", ")})` : printValue(argument);
}

function isList(argument: Value | readonly Value[]): argument is readonly Value[] {
  return Array.isArray(argument);
}

function printValue(value: Value): string {
  if ("text" in value) return quote(value.text);
  return "pattern" in value ? `/${value.pattern}/` : value.word;
}

const RESERVED: ReadonlySet<string> = new Set(["to", "of", "in", "as", "where", "with", "id"]);

function name(text: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text) && !RESERVED.has(text.toLowerCase()) ? text : quote(text);
}

function ocid(text: string): string {
  return /^oci?d[0-9]+\.[A-Za-z0-9_.-]+$/.test(text) ? text : quote(text);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
