import { isIP, SocketAddress } from "node:net";
import { type Tri, tri } from "../../core/tri.ts";
import type { RequestContext, ValueType } from "./context.ts";
import { fits, fitsEverything, type Pattern, splitAtColons } from "./glob.ts";
import { expand, type Variables } from "./variables.ts";

/** What an operator may need besides the two values. */
export interface Scope {
  readonly context: RequestContext;
  readonly variables: Variables;
}

/** One condition operator, without `IfExists` and set words. */
export interface Operator {
  /** `…Not…`: true when no value of the policy matches, and true for a key that is not there. */
  readonly negated: boolean;
  /** The types of condition keys that it is made for. */
  readonly types: readonly ValueType[];
  /** Whether a value of the request matches one of the policy; the negation is left to the caller. */
  readonly matches: (value: string, wanted: string, scope: Scope) => Tri;
  /** Whether every value there can be matches, as each does for `StringLike *`. */
  readonly matchesAnything?: (wanted: string, scope: Scope) => boolean;
}

/**
 * Every operator of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * by its exact name. `Null` is not among them: it asks for the key, not for its value. Names in other letter case
 * are left unknown, as no page says that they work.
 */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...pair("StringEquals", "StringNotEquals", { types: ["string", "arn"], matches: stringEquals }),
  ...pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", {
    types: ["string", "arn"],
    matches: (value, wanted, scope) => ignoringCase(value, wanted, scope),
  }),
  ...pair("StringLike", "StringNotLike", {
    types: ["string", "arn"],
    matches: stringLike,
    matchesAnything: (wanted, scope) => {
      const pattern = expand(wanted, { ...scope, wildcards: true });
      return pattern !== null && fitsEverything(pattern);
    },
  }),
  // "The ArnEquals and ArnLike condition operators behave identically."
  ...pair("ArnEquals", "ArnNotEquals", { types: ["arn"], matches: arnLike }),
  ...pair("ArnLike", "ArnNotLike", { types: ["arn"], matches: arnLike }),
  ...pair("NumericEquals", "NumericNotEquals", { types: ["number"], matches: ordered(numberOf, (a, b) => a === b) }),
  ...ordering("Numeric", { types: ["number"], read: numberOf }),
  ...pair("DateEquals", "DateNotEquals", { types: ["date"], matches: ordered(dateOf, (a, b) => a === b) }),
  ...ordering("Date", { types: ["date"], read: dateOf }),
  ["Bool", { negated: false, types: ["bool"], matches: boolEquals }],
  ["BinaryEquals", { negated: false, types: ["binary"], matches: binaryEquals }],
  ...pair("IpAddress", "NotIpAddress", { types: ["ip"], matches: inRange }),
]);

type Entry = readonly [string, Operator];

function pair(name: string, opposite: string, operator: Omit<Operator, "negated">): readonly Entry[] {
  return [
    [name, { ...operator, negated: false }],
    [opposite, { ...operator, negated: true }],
  ];
}

type Reader = (text: string) => number | null;

function ordering(family: string, how: { types: readonly ValueType[]; read: Reader }): readonly Entry[] {
  const one = (name: string, holds: (a: number, b: number) => boolean): Entry => [
    `${family}${name}`,
    { negated: false, types: how.types, matches: ordered(how.read, holds) },
  ];
  return [
    one("LessThan", (a, b) => a < b),
    one("LessThanEquals", (a, b) => a <= b),
    one("GreaterThan", (a, b) => a > b),
    one("GreaterThanEquals", (a, b) => a >= b),
  ];
}

function stringEquals(value: string, wanted: string, scope: Scope): Tri {
  const pattern = expand(wanted, { ...scope, wildcards: false });
  return pattern === null ? "unknown" : tri(fits(pattern, value));
}

function ignoringCase(value: string, wanted: string, scope: Scope): Tri {
  const pattern = expand(wanted, { ...scope, wildcards: false });
  if (pattern === null) return "unknown";
  return tri(value.toLowerCase() === text(pattern).toLowerCase());
}

/** An expanded literal as text again, in pieces that no argument list is too short for. */
function text(pattern: Pattern): string {
  return pattern.map((code) => String.fromCharCode(code)).join("");
}

function stringLike(value: string, wanted: string, scope: Scope): Tri {
  const pattern = expand(wanted, { ...scope, wildcards: true });
  return pattern === null ? "unknown" : tri(fits(pattern, value));
}

/** "Each of the six colon-delimited components of the ARN is checked separately", wildcards in each. */
function arnLike(value: string, wanted: string, scope: Scope): Tri {
  const pattern = expand(wanted, { ...scope, wildcards: true });
  if (pattern === null) return "unknown";
  const components = splitAtColons(pattern, 6);
  const [first, second, third, fourth, fifth, ...rest] = value.split(":");
  // What an ARN operator makes of something that is no ARN (`*`, say) is written nowhere.
  if (components.length < 6 || rest.length === 0) return "unknown";
  const parts = [first, second, third, fourth, fifth, rest.join(":")];
  return tri(components.every((component, index) => fits(component, parts[index] ?? "")));
}

/** These operators take no policy variables. */
function ordered(read: Reader, holds: (a: number, b: number) => boolean): Operator["matches"] {
  return (value, wanted) => {
    const a = read(value);
    const b = read(wanted);
    return a === null || b === null ? "unknown" : tri(holds(a, b));
  };
}

function numberOf(text: string): number | null {
  if (!/^[+-]?[0-9]{1,15}(\.[0-9]{1,15})?$/.test(text)) return null;
  return Number(text);
}

const ISO_DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;
/** Shorter ones could also be a year. */
const EPOCH_SECONDS = /^\d{5,12}(\.\d{1,9})?$/;

/** ISO 8601 as the W3C writes it, or seconds since 1970; milliseconds. */
function dateOf(text: string): number | null {
  if (EPOCH_SECONDS.test(text)) return Number(text) * 1000;
  if (!ISO_DATE.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

function boolEquals(value: string, wanted: string): Tri {
  const word = wanted.toLowerCase();
  if (word !== "true" && word !== "false") return "unknown";
  return tri(value.toLowerCase() === word);
}

function binaryEquals(value: string, wanted: string): Tri {
  const a = bytesOf(value);
  const b = bytesOf(wanted);
  return a === null || b === null ? "unknown" : tri(a.equals(b));
}

function bytesOf(base64: string): Buffer | null {
  const bytes = Buffer.from(base64, "base64");
  const strip = (text: string) => text.replaceAll("=", "");
  return strip(bytes.toString("base64")) === strip(base64) ? bytes : null;
}

/** "If you specify an IP address without the associated routing prefix, IAM uses the default prefix value of /32." */
function inRange(value: string, wanted: string): Tri {
  const slash = wanted.indexOf("/");
  const base = bitsOf(slash < 0 ? wanted : wanted.slice(0, slash));
  const address = bitsOf(value);
  if (base === null || address === null) return "unknown";
  const prefix = slash < 0 ? base.length : prefixOf(wanted.slice(slash + 1));
  if (prefix === null || prefix > base.length) return "unknown";
  return tri(base.length === address.length && base.slice(0, prefix) === address.slice(0, prefix));
}

function prefixOf(text: string): number | null {
  return /^[0-9]{1,3}$/.test(text) ? Number(text) : null;
}

/** An address as 32 or 128 binary digits; null for anything else. */
function bitsOf(text: string): string | null {
  if (isIP(text) === 4)
    return text
      .split(".")
      .map((part) => binary(Number(part), 8))
      .join("");
  if (isIP(text) !== 6 || text.includes("%") || text.includes(".")) return null;
  // Writes the address in its shortest form, with one "::" at most.
  const short = new SocketAddress({ address: text, family: "ipv6" }).address;
  const [head = "", tail] = short.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const whole = [...before, ...zeros, ...after];
  if (whole.some((group) => group.includes("."))) return null;
  return whole.map((group) => binary(Number.parseInt(group, 16), 16)).join("");
}

function binary(value: number, digits: number): string {
  return value.toString(2).padStart(digits, "0");
}
