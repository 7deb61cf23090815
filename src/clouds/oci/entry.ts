import { resolveAlias } from "./aliases.ts";
import { type Condition, type Grant, type Parsed, parseStatement, print, printCondition } from "./statement.ts";
import type { Wanted } from "./template.ts";

/** "50 keys a statement, then the next one": no page says how long a condition may be (FACTS §5). */
export const KEYS_IN_A_STATEMENT = 50;

/** That one group may do something with one key, or with everything in a place: what a statement of ours says once. */
export interface Entry {
  readonly tenancy: string;
  readonly group: string;
  /** The key; null for a statement that is about a whole place. */
  readonly key: string | null;
  /** The admit without its aliases and keys: what two entries must have alike to stand in one statement. */
  readonly shape: Grant;
}

/** An admit taken apart: whom it is for, which keys it names, and everything else. */
export interface Opened {
  readonly tenancy: string;
  readonly group: string;
  readonly keys: readonly string[];
  readonly shape: Grant;
}

/** What the vendor's template asks for, as an entry. */
export function entryOf(wanted: Wanted): Entry {
  const { keys, rest } = takeKeys(wanted.admit.condition);
  const shape = { ...wanted.admit, subject: NOBODY, of: null, condition: rest };
  return { tenancy: wanted.tenancy.id, group: wanted.group.id, key: keys[0] ?? null, shape };
}

/** The same grant without KEY_EXPORT, which `use keys` holds (FACTS §5). */
export function withoutExport(entry: Entry): Entry {
  const { condition } = entry.shape;
  const both = condition === null ? NO_EXPORT : { mode: "all" as const, of: [condition, NO_EXPORT] };
  return { ...entry, shape: { ...entry.shape, condition: both } };
}

const NO_EXPORT: Condition = { variable: "request.permission", test: "!=", values: [{ text: "KEY_EXPORT" }] };
const NOBODY = { type: "group", names: [] } as const;

/** Takes one statement of a policy apart; null when it is no admit of one group of one tenancy, both by alias. */
export function openAdmit(statements: readonly Parsed[], index: number): Opened | null {
  const grant = statements[index]?.statement;
  if (grant === null || grant === undefined || grant.kind !== "admit" || grant.deny) return null;
  const { subject, of } = grant;
  const only = subject.type === "group" && subject.names.length === 1 ? subject.names[0] : undefined;
  if (only === undefined || only.by !== "name" || only.domain !== null || of?.by !== "alias") return null;
  const group = resolveAlias(statements, index, "group", only.name);
  const tenancy = resolveAlias(statements, index, "tenancy", of.alias);
  if (!("is" in group) || !("is" in tenancy)) return null;
  const { keys, rest } = takeKeys(grant.condition);
  const shape = { ...grant, subject: NOBODY, of: null, condition: rest };
  return { tenancy: tenancy.is, group: group.is, keys, shape };
}

/** Whether an opened statement is for the same group, with the same words, as an entry. */
export function isLike(opened: Opened, entry: Entry): boolean {
  const isAboutKeys = opened.keys.length > 0;
  return (
    opened.tenancy === entry.tenancy &&
    opened.group === entry.group &&
    isAboutKeys === (entry.key !== null) &&
    words(opened.shape) === words(entry.shape)
  );
}

/** The meaning of what is not whom and which key: keywords and values are read without case. */
function words(shape: Grant): string {
  return print(shape).toLowerCase();
}

/** The same statement for these keys. */
export function withKeys(grant: Grant, shape: Grant, keys: readonly string[]): Grant {
  return { ...grant, condition: joinKeys(keys, shape.condition) };
}

interface Taken {
  readonly keys: readonly string[];
  readonly rest: Condition | null;
}

/**
 * Which keys a condition names, and what else it asks for: one test of `target.key.id`, several in an `any`, or either
 * of the two with one more test in an `all`. Everything else is all rest.
 */
function takeKeys(condition: Condition | null): Taken {
  if (condition === null) return { keys: [], rest: null };
  const bare = bareKeys(condition);
  if (bare !== null) return { keys: bare, rest: null };
  if (!("mode" in condition) || condition.mode !== "all") return { keys: [], rest: condition };
  const named = condition.of.map(bareKeys);
  const [at, ...more] = named.flatMap((keys, index) => (keys === null ? [] : [index]));
  if (at === undefined || more.length > 0) return { keys: [], rest: condition };
  const others = condition.of.filter((_, index) => index !== at);
  const [only] = others;
  const rest = others.length === 1 && only !== undefined ? only : { ...condition, of: others };
  return { keys: named[at] ?? [], rest: others.length === 0 ? null : rest };
}

function bareKeys(condition: Condition): readonly string[] | null {
  if ("call" in condition) return null;
  if ("mode" in condition) {
    if (condition.mode !== "any" && condition.of.length > 1) return null;
    const parts = condition.of.map(bareKeys);
    return parts.some((part) => part === null) ? null : parts.flatMap((part) => part ?? []);
  }
  const isKey =
    condition.variable.toLowerCase() === "target.key.id" && (condition.test === "=" || condition.test === "in");
  const texts = condition.values.flatMap((value) => ("text" in value ? [value.text] : []));
  return isKey && texts.length === condition.values.length ? texts : null;
}

function joinKeys(keys: readonly string[], rest: Condition | null): Condition | null {
  const tests = keys.map((key): Condition => ({ variable: "target.key.id", test: "=", values: [{ text: key }] }));
  const [only] = tests;
  const named: Condition | null = tests.length > 1 ? { mode: "any", of: tests } : (only ?? null);
  if (named === null || rest === null) return named ?? rest;
  if ("mode" in rest && rest.mode === "all") return { mode: "all", of: [named, ...rest.of] };
  return { mode: "all", of: [named, rest] };
}

/** The text of an entry's own statement, under these aliases. */
export function printEntry(entry: Entry, aliases: { readonly tenancy: string; readonly group: string }): string {
  const keys = entry.key === null ? [] : [entry.key];
  return print({
    ...entry.shape,
    subject: { type: "group", names: [{ by: "name", domain: null, name: aliases.group }] },
    of: { by: "alias", alias: aliases.tenancy },
    condition: joinKeys(keys, entry.shape.condition),
  });
}

/** What an entry is about, in the words of a plan. */
export function describeEntry({ key, shape }: Entry): string {
  const what =
    "permissions" in shape.action
      ? shape.action.permissions.join(", ")
      : `${shape.action.verb} ${shape.action.resource}`;
  const place =
    shape.place?.in === "compartment" ? `compartment ${shape.place.id ?? shape.place.path?.join(":")}` : "tenancy";
  const which = key === null ? `every key in the ${place}` : key;
  const rest = shape.condition === null ? "" : `, where ${printCondition(shape.condition)}`;
  return `${what}: ${which}${rest}`;
}

/** Every entry of a policy that stands in a statement of ours. */
export function entriesIn(texts: readonly string[]): readonly Entry[] {
  const statements = texts.map(parseStatement);
  return statements.flatMap((_, index) => {
    const opened = openAdmit(statements, index);
    if (opened === null) return [];
    const { tenancy, group, shape } = opened;
    const keys: readonly (string | null)[] = opened.keys.length === 0 ? [null] : opened.keys;
    return keys.map((key) => ({ tenancy, group, key, shape }));
  });
}

/** Two entries that say the same. */
export function sameEntry(a: Entry, b: Entry): boolean {
  return a.tenancy === b.tenancy && a.group === b.group && a.key === b.key && words(a.shape) === words(b.shape);
}
