import { BlockList, isIP } from "node:net";

/** What is known about one request, by condition key. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

/**
 * A policy variable that has no value makes its whole statement void, Deny included.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export class Unresolvable extends Error {
  override readonly name = "Unresolvable";
}

interface Operator {
  readonly negated: boolean;
  readonly variables: boolean;
  readonly matches: (actual: string, expected: string) => boolean;
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  ...pair("StringEquals", "StringNotEquals", true, (actual, expected) => actual === unprotect(expected)),
  ...pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", true, (actual, expected) => {
    return actual.toLowerCase() === unprotect(expected).toLowerCase();
  }),
  ...pair("StringLike", "StringNotLike", true, (actual, expected) => glob(expected, actual)),
  ...pair("ArnEquals", "ArnNotEquals", true, (actual, expected) => arnLike(expected, actual)),
  ...pair("ArnLike", "ArnNotLike", true, (actual, expected) => arnLike(expected, actual)),
  ...pair(
    "NumericEquals",
    "NumericNotEquals",
    false,
    compared(toNumber, (a, b) => a === b),
  ),
  ...pair(
    "NumericLessThan",
    null,
    false,
    compared(toNumber, (a, b) => a < b),
  ),
  ...pair(
    "NumericLessThanEquals",
    null,
    false,
    compared(toNumber, (a, b) => a <= b),
  ),
  ...pair(
    "NumericGreaterThan",
    null,
    false,
    compared(toNumber, (a, b) => a > b),
  ),
  ...pair(
    "NumericGreaterThanEquals",
    null,
    false,
    compared(toNumber, (a, b) => a >= b),
  ),
  ...pair(
    "DateEquals",
    "DateNotEquals",
    false,
    compared(toTime, (a, b) => a === b),
  ),
  ...pair(
    "DateLessThan",
    null,
    false,
    compared(toTime, (a, b) => a < b),
  ),
  ...pair(
    "DateLessThanEquals",
    null,
    false,
    compared(toTime, (a, b) => a <= b),
  ),
  ...pair(
    "DateGreaterThan",
    null,
    false,
    compared(toTime, (a, b) => a > b),
  ),
  ...pair(
    "DateGreaterThanEquals",
    null,
    false,
    compared(toTime, (a, b) => a >= b),
  ),
  ...pair("Bool", null, false, (actual, expected) => actual.toLowerCase() === expected.toLowerCase()),
  ...pair("BinaryEquals", null, false, (actual, expected) => actual === expected),
  ...pair("IpAddress", "NotIpAddress", false, inRange),
};

function pair(
  name: string,
  opposite: string | null,
  variables: boolean,
  matches: Operator["matches"],
): Record<string, Operator> {
  const operators: Record<string, Operator> = { [name]: { negated: false, variables, matches } };
  if (opposite !== null) operators[opposite] = { negated: true, variables, matches };
  return operators;
}

/** Whether IAM knows the operator, set qualifier and `IfExists` included. */
export function knownOperator(name: string): boolean {
  const { base, ifExists } = parseOperator(name);
  return base === "Null" ? !ifExists : Object.hasOwn(OPERATORS, base);
}

/**
 * Whether a Condition element holds: operators and keys are joined by AND, values by OR (by NOR under a negated operator).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 */
export function conditionHolds(condition: unknown, context: RequestContext, variables: boolean): boolean {
  return entries(condition).every(([operator, keys]) =>
    entries(keys).every(([key, expected]) =>
      testHolds(operator, key, toList(expected).map(String), context, variables),
    ),
  );
}

function testHolds(
  name: string,
  key: string,
  expected: readonly string[],
  context: RequestContext,
  variables: boolean,
): boolean {
  const { set, base, ifExists } = parseOperator(name);
  const actual = valuesOf(context, key);
  if (base === "Null") return expected.some((value) => value.toLowerCase() === String(actual.length === 0));
  const operator = OPERATORS[base];
  if (operator === undefined) return false;

  const wanted = expected.map((value) => (variables && operator.variables ? expand(value, context) : value));
  const test = (value: string) => wanted.some((want) => operator.matches(value, want)) !== operator.negated;
  if (actual.length === 0) {
    if (ifExists || set === "ForAllValues") return true;
    return set === null && operator.negated;
  }
  if (set === "ForAllValues") return actual.every(test);
  if (set === "ForAnyValue") return actual.some(test);
  // No page says what a plain operator does with several values in the request: any may match, none may be excluded.
  return operator.negated ? actual.every(test) : actual.some(test);
}

function parseOperator(name: string): { set: "ForAnyValue" | "ForAllValues" | null; base: string; ifExists: boolean } {
  const [, set, base = "", ifExists] = /^(?:(ForAnyValue|ForAllValues):)?(.*?)(IfExists)?$/.exec(name) ?? [];
  return {
    set: set === "ForAnyValue" || set === "ForAllValues" ? set : null,
    base,
    ifExists: ifExists !== undefined,
  };
}

/** The names of condition keys are not case-sensitive. */
function valuesOf(context: RequestContext, key: string): readonly string[] {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found === undefined ? [] : toList(found[1]).map(String);
}

// Characters that are no wildcards although they look like them stand as private-use characters until the comparison.
const STAR = "\uE000";
const QUESTION = "\uE001";

function protect(text: string): string {
  return text.replaceAll("*", STAR).replaceAll("?", QUESTION);
}

function unprotect(text: string): string {
  return text.replaceAll(STAR, "*").replaceAll(QUESTION, "?");
}

/** Puts values in the place of policy variables, `${aws:username}` or `${aws:username, 'nobody'}`. */
export function expand(text: string, context: RequestContext): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
    if (inner === "*" || inner === "?") return protect(inner);
    if (inner === "$") return "$";
    const [, name = "", fallback] = /^\s*([^,]*?)\s*(?:,\s*'(.*)'\s*)?$/.exec(inner) ?? [];
    const values = valuesOf(context, name);
    const value = values.length === 1 ? values[0] : fallback;
    if (value === undefined) throw new Unresolvable(`\${${inner}}`);
    return protect(value);
  });
}

/** `*` stands for any run of characters, `?` for one. */
export function glob(pattern: string, value: string): boolean {
  let p = 0;
  let v = 0;
  let star = -1;
  let resume = 0;
  while (v < value.length) {
    const want = pattern[p];
    if (want === "*") {
      star = p;
      p += 1;
      resume = v;
    } else if (want !== undefined && (want === "?" || unprotect(want) === value[v])) {
      p += 1;
      v += 1;
    } else if (star >= 0) {
      resume += 1;
      p = star + 1;
      v = resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}

/** Each of the six parts of an ARN is compared for itself; parts that the pattern leaves out may be anything. */
function arnLike(pattern: string, value: string): boolean {
  const wanted = arnParts(pattern);
  const actual = arnParts(value);
  if (actual.length < 6) return false;
  return actual.every((part, index) => glob(wanted[index] ?? "*", part));
}

function arnParts(arn: string): readonly string[] {
  const parts = arn.split(":");
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

function compared(read: (text: string) => number, holds: (a: number, b: number) => boolean): Operator["matches"] {
  return (actual, expected) => holds(read(actual), read(expected));
}

function toNumber(text: string): number {
  return /^[-+]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
}

/** A W3C date, or seconds since 1970; four digits are a year. */
function toTime(text: string): number {
  if (/^\d{5,}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const w3c = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/;
  return w3c.test(text) ? Date.parse(text) : Number.NaN;
}

function inRange(actual: string, range: string): boolean {
  const [address = "", bits] = range.split("/");
  const family = isIP(address);
  if (family === 0 || isIP(actual) !== family) return false;
  const most = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(address, prefix, type);
  return list.check(actual, type);
}

export function toList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
