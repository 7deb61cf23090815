import { resolveAlias } from "./aliases.ts";
import { describeEntry, type Entry, isLike, KEYS_IN_A_STATEMENT, openAdmit, printEntry, withKeys } from "./entry.ts";
import { type Define, type Parsed, parseStatement, print } from "./statement.ts";

/**
 * "Fifty statements per object", as OCI's service limits have it; FACTS §5 has it with a question mark
 * (https://docs.oracle.com/en-us/iaas/Content/General/Concepts/servicelimits.htm).
 */
export const STATEMENTS_IN_A_POLICY = 50;

/** The names that the vendor's page gives to its tenancy and its group. */
export interface AliasNames {
  readonly tenancy: string;
  readonly group: string;
}

export interface StatementsChange {
  readonly statements: readonly string[];
  /** What changes, a line each. */
  readonly summary: readonly string[];
}

/**
 * Puts an entry into the statements of a policy that keygrant writes: into a statement for the same group that has room,
 * else as a statement of its own, with what it needs to be defined before it. Everything else comes back as it was.
 * Null when the entry stands there already; `"full"` when the policy has no room for it.
 */
export function addEntry(texts: readonly string[], entry: Entry, names: AliasNames): StatementsChange | "full" | null {
  const statements = texts.map(parseStatement);
  const alike = statements.flatMap((_, index) => {
    const opened = openAdmit(statements, index);
    return opened !== null && isLike(opened, entry) ? [{ index, opened }] : [];
  });
  const { key } = entry;
  if (key === null) return alike.length > 0 ? null : append(texts, statements, entry, names);
  if (alike.some(({ opened }) => opened.keys.includes(key))) return null;
  const roomy = alike.find(({ opened }) => opened.keys.length < KEYS_IN_A_STATEMENT);
  const grant = roomy === undefined ? null : statements[roomy.index]?.statement;
  if (roomy === undefined || grant?.kind !== "admit") return append(texts, statements, entry, names);
  const text = print(withKeys(grant, roomy.opened.shape, [...roomy.opened.keys, key]));
  return {
    statements: texts.with(roomy.index, text),
    summary: [`adds ${key} to statement ${roomy.index + 1}, which lets the group ${entry.group} in`],
  };
}

function append(
  texts: readonly string[],
  statements: readonly Parsed[],
  entry: Entry,
  names: AliasNames,
): StatementsChange | "full" {
  const tenancy = aliasFor(statements, "tenancy", entry.tenancy, names.tenancy);
  const group = aliasFor(statements, "group", entry.group, names.group);
  const added = [
    ...(tenancy.define === null ? [] : [print(tenancy.define)]),
    ...(group.define === null ? [] : [print(group.define)]),
    printEntry(entry, { tenancy: tenancy.alias, group: group.alias }),
  ];
  if (texts.length + added.length > STATEMENTS_IN_A_POLICY) return "full";
  return {
    statements: [...texts, ...added],
    summary: [`lets the group ${entry.group} of the tenancy ${entry.tenancy} ${describeEntry(entry)}`],
  };
}

/** An alias that stands for the OCID already, or a new one that nobody has taken. */
function aliasFor(
  statements: readonly Parsed[],
  what: "tenancy" | "group",
  id: string,
  wanted: string,
): { readonly alias: string; readonly define: Define | null } {
  const end = statements.length;
  for (const { statement } of statements) {
    if (statement?.kind !== "define" || statement.what !== what || statement.id !== id) continue;
    const resolved = resolveAlias(statements, end, what, statement.alias);
    if ("is" in resolved && resolved.is === id) return { alias: statement.alias, define: null };
  }
  const taken = statements.map(({ text }) => text.toLowerCase());
  let alias = wanted;
  for (let count = 2; taken.some((text) => mentions(text, alias)); count++) alias = `${wanted}${count}`;
  return { alias, define: { kind: "define", what, alias, id } };
}

/** Whether an alias stands in a text in small letters, which may be one that cannot be read. */
function mentions(text: string, alias: string): boolean {
  const word = alias.toLowerCase();
  return /^[a-z0-9_.-]+$/.test(word) ? text.split(/[^a-z0-9_.-]+/).includes(word) : text.includes(word);
}

/**
 * Takes an entry out of the statements of a policy: the key out of its statement, a statement in which no key is left
 * as a whole, and what nothing needs to be defined any more. Null when it does not stand there. No statements are left
 * when nothing but defines would be.
 */
export function removeEntry(texts: readonly string[], entry: Entry): StatementsChange | null {
  const statements = texts.map(parseStatement);
  const summary: string[] = [];
  const left = texts.flatMap((text, index) => {
    const opened = openAdmit(statements, index);
    const grant = statements[index]?.statement;
    if (opened === null || grant?.kind !== "admit" || !isLike(opened, entry)) return [text];
    if (entry.key !== null && !opened.keys.includes(entry.key)) return [text];
    const keys = opened.keys.filter((key) => key !== entry.key);
    if (entry.key === null || keys.length === 0) {
      summary.push(`removes statement ${index + 1}: nothing else was in it`);
      return [];
    }
    summary.push(`takes ${entry.key} out of statement ${index + 1}, which keeps ${count(keys.length, "other key")}`);
    return [print(withKeys(grant, opened.shape, keys))];
  });
  if (summary.length === 0) return null;
  const statementsLeft = withoutIdleDefines(left, entry);
  return { statements: isIdle(statementsLeft) ? [] : statementsLeft, summary };
}

/** Drops the defines of the entry's own group and tenancy that no statement uses any more. */
function withoutIdleDefines(texts: readonly string[], entry: Entry): readonly string[] {
  const statements = texts.map(parseStatement);
  const uses = statements.filter(({ statement }) => statement?.kind !== "define").map(({ text }) => text.toLowerCase());
  return texts.filter((_, index) => {
    const statement = statements[index]?.statement;
    if (statement?.kind !== "define" || (statement.id !== entry.group && statement.id !== entry.tenancy)) return true;
    return uses.some((text) => mentions(text, statement.alias));
  });
}

function isIdle(texts: readonly string[]): boolean {
  return texts.every((text) => parseStatement(text).statement?.kind === "define");
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
