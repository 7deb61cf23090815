import type { Define, Parsed } from "./statement.ts";

/** What an alias stands for at one place of a policy. */
export type Resolved =
  | { readonly is: string }
  /** No define before it gives the alias a meaning; `late` when one after it does. */
  | { readonly undefined: true; readonly late: string | null }
  | { readonly unknown: string };

/**
 * "Include a define statement in the same policy as the endorse or admit": aliases hold within their own policy, from
 * their define on (https://docs.oracle.com/en-us/iaas/Content/Identity/policieshow/iam-cross-domain.htm; FACTS §5).
 */
export function resolveAlias(
  statements: readonly Parsed[],
  before: number,
  what: Define["what"],
  alias: string,
): Resolved {
  const { defines, unread } = indexOf(statements);
  const all = defines.get(nameOf(what, alias)) ?? [];
  const early = all.filter((one) => one.at < before).map((one) => one.define);
  const exact = new Set(early.filter((one) => one.alias === alias).map((one) => one.id));
  const [id] = exact;
  if (exact.size > 1) return { unknown: `which of the defines of ${alias} counts` };
  // Whether aliases are read without case is on no page: it does not matter where both stand for the same.
  const other = early.find((one) => one.id !== id);
  if (other !== undefined) return { unknown: `whether ${alias} is the same as ${other.alias}` };
  if (id !== undefined) return { is: id };
  if (unread.length > MOST_UNREAD || unread.some((one) => one.at < before && mayDefine(one.text, alias))) {
    return { unknown: `a statement that keygrant cannot read, which may define ${alias}` };
  }
  return { undefined: true, late: all.find((one) => one.at >= before)?.define.id ?? null };
}

/** More than anybody has; to look for a name in all of them, for each statement again, would take too long. */
const MOST_UNREAD = 100;

interface Index {
  /** By what is defined and its alias, in the order of the statements. */
  readonly defines: ReadonlyMap<string, readonly { readonly at: number; readonly define: Define }[]>;
  /** Those that could not be read and may be defines. */
  readonly unread: readonly { readonly at: number; readonly text: string }[];
}

/** Made once for the statements of a policy: each of them is looked up among all the others. */
const INDEXES = new WeakMap<readonly Parsed[], Index>();

function indexOf(statements: readonly Parsed[]): Index {
  const made = INDEXES.get(statements) ?? makeIndex(statements);
  INDEXES.set(statements, made);
  return made;
}

function makeIndex(statements: readonly Parsed[]): Index {
  const defines = new Map<string, { readonly at: number; readonly define: Define }[]>();
  const unread: { readonly at: number; readonly text: string }[] = [];
  for (const [at, { statement, text }] of statements.entries()) {
    if (statement === null && /\bdefine\b/i.test(text)) unread.push({ at, text: text.toLowerCase() });
    if (statement?.kind !== "define") continue;
    const name = nameOf(statement.what, statement.alias);
    const those = defines.get(name) ?? [];
    those.push({ at, define: statement });
    defines.set(name, those);
  }
  return { defines, unread };
}

function nameOf(what: Define["what"], alias: string): string {
  return `${what} ${alias.toLowerCase()}`;
}

function mayDefine(text: string, alias: string): boolean {
  return text.includes(alias.toLowerCase());
}
