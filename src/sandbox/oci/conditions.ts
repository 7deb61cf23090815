import type { Reader } from "./reader.ts";
import { StatementFault, syntaxError } from "./words.ts";

export type Condition = Several | Clause;

export interface Several {
  readonly kind: "any" | "all";
  readonly of: readonly Condition[];
}

export interface Clause {
  readonly kind: "clause";
  readonly variable: string;
  readonly operator: "=" | "!=" | "in" | "before" | "after" | "between";
  readonly values: readonly Value[];
}

/** On the right: a text, a pattern with `*`, or another variable. */
export interface Value {
  readonly kind: "text" | "pattern" | "variable";
  readonly text: string;
}

/**
 * The variables that apply to one request, names in lower case. `request.groups.id` and `target.policy.type` have
 * several values.
 */
export type Variables = Readonly<Record<string, string | readonly string[]>>;

export function readCondition(reader: Reader): Condition {
  for (const kind of ["any", "all"] as const) {
    if (!reader.takes(kind)) continue;
    reader.expectMark("{");
    const of = reader.listOf(() => readCondition(reader));
    reader.expectMark("}");
    return { kind, of };
  }
  return readClause(reader);
}

function readClause(reader: Reader): Clause {
  const word = reader.next();
  if (word.kind !== "word") throw syntaxError(word);
  const variable = word.text;
  if (reader.takesMark("=")) return { kind: "clause", variable, operator: "=", values: [readValue(reader)] };
  if (reader.takesMark("!=")) return { kind: "clause", variable, operator: "!=", values: [readValue(reader)] };
  const operator = reader.oneOf("in", "before", "after", "between");
  if (operator === "in") {
    reader.expectMark("(");
    const values = reader.listOf(() => readValue(reader));
    reader.expectMark(")");
    return { kind: "clause", variable, operator, values };
  }
  const first = readValue(reader);
  if (operator !== "between") return { kind: "clause", variable, operator, values: [first] };
  reader.expect("and");
  return { kind: "clause", variable, operator, values: [first, readValue(reader)] };
}

function readValue(reader: Reader): Value {
  const word = reader.next();
  if (word.kind === "quoted") return { kind: "text", text: word.text };
  if (word.kind === "pattern") return { kind: "pattern", text: word.text };
  if (word.kind !== "word") throw syntaxError(word);
  if (/^(request|target)\./i.test(word.text)) return { kind: "variable", text: word.text };
  // What OCI answers to a value without quotes, an OCID for instance (terraform-provider-oci #1335).
  throw new StatementFault("'Invalid right-hand side in condition: empty list of varnames'@'VariableType.of'");
}

/**
 * Whether a condition holds for one request. Matching does not tell upper case from lower; a clause on a variable that
 * does not apply to the request is false, whatever its operator.
 * https://docs.oracle.com/iaas/Content/Identity/policysyntax/conditions.htm
 */
export function holds(condition: Condition, variables: Variables): boolean {
  switch (condition.kind) {
    case "any":
      return condition.of.some((one) => holds(one, variables));
    case "all":
      return condition.of.every((one) => holds(one, variables));
    default:
      return clauseHolds(condition, variables);
  }
}

const TIMESTAMP = "request.utc-timestamp";
const TIME_OF_DAY = "request.utc-timestamp.time-of-day";

function clauseHolds({ variable, operator, values }: Clause, variables: Variables): boolean {
  const name = variable.toLowerCase();
  const actual = valuesOf(name, variables);
  if (actual === null) return false;
  // The page has before and after for the one variable, between for the other, and nothing else for either.
  if (operator === "before" || operator === "after" || operator === "between") {
    return inTime(name, operator, actual[0] ?? "", values);
  }
  if (name === TIMESTAMP || name === TIME_OF_DAY) return false;
  const matchers = values.map((value) => matcher(value, variables));
  if (matchers.every((one) => one === null)) return false;
  const matches = (value: string) => matchers.some((one) => one?.(value.toLowerCase()));
  return operator === "!=" ? !actual.some(matches) : actual.some(matches);
}

function valuesOf(name: string, variables: Variables): readonly string[] | null {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value === undefined) return null;
  return typeof value === "string" ? [value] : value;
}

type Matcher = (lowerCase: string) => boolean;

/** Null: another variable, which does not apply to the request. */
function matcher({ kind, text }: Value, variables: Variables): Matcher | null {
  const lowerCase = text.toLowerCase();
  if (kind === "text") return (value) => value === lowerCase;
  if (kind === "pattern") return (value) => fits(value, lowerCase.split("*"));
  const others = valuesOf(lowerCase, variables)?.map((other) => other.toLowerCase());
  return others === undefined ? null : (value) => others.includes(value);
}

/** Whether the pieces stand in the value one behind the other, the first at its start and the last at its end. */
function fits(value: string, [first = "", ...rest]: readonly string[]): boolean {
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
  let middle = value.slice(first.length, value.length - last.length);
  for (const piece of rest) {
    const at = middle.indexOf(piece);
    if (at < 0) return false;
    middle = middle.slice(at + piece.length);
  }
  return true;
}

/** https://docs.oracle.com/iaas/Content/Identity/policies/scoping-policy-by-time.htm */
function inTime(
  name: string,
  operator: "before" | "after" | "between",
  actual: string,
  [from, to]: readonly Value[],
): boolean {
  if (operator === "between") return name === TIME_OF_DAY && isWithin(seconds(actual), from, to);
  if (name !== TIMESTAMP) return false;
  const limit = timestamp(from?.text ?? "");
  return operator === "before" ? Date.parse(actual) < limit : Date.parse(actual) > limit;
}

/** `2020-04-01T15:00:00Z`, `2020-04-01T05:00Z` or `2020-04-01Z`; anything else is no time, and neither before nor after. */
function timestamp(text: string): number {
  const parts = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?)?Z$/i.exec(text);
  return parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[2] ?? "T00:00"}Z`);
}

/** Both ends included; from a later to an earlier time of day goes past midnight. */
function isWithin(now: number, from: Value | undefined, to: Value | undefined): boolean {
  const [start, end] = [seconds(from?.text ?? ""), seconds(to?.text ?? "")];
  if (start <= end) return now >= start && now <= end;
  return start > end && (now >= start || now <= end);
}

/** Since midnight, of `17:00:00Z`; NaN for anything else. */
function seconds(text: string): number {
  const parts = /^(\d{1,2}):(\d\d)(?::(\d\d))?Z?$/i.exec(text);
  return parts === null ? Number.NaN : Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3] ?? 0);
}
