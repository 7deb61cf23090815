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
  const defines = statements.slice(0, before).flatMap((one) => defineOf(one, what, alias));
  const exact = new Set(defines.filter((one) => one.alias === alias).map((one) => one.id));
  const [id] = exact;
  if (exact.size > 1) return { unknown: `which of the defines of ${alias} counts` };
  // Whether aliases are read without case is on no page: it does not matter where both stand for the same.
  const other = defines.find((one) => one.id !== id);
  if (other !== undefined) return { unknown: `whether ${alias} is the same as ${other.alias}` };
  if (id !== undefined) return { is: id };
  if (statements.slice(0, before).some((one) => one.statement === null && mayDefine(one.text, alias))) {
    return { unknown: `a statement that keygrant cannot read, which may define ${alias}` };
  }
  const late = statements.slice(before).flatMap((one) => defineOf(one, what, alias));
  return { undefined: true, late: late[0]?.id ?? null };
}

function defineOf(parsed: Parsed, what: Define["what"], alias: string): readonly Define[] {
  const { statement } = parsed;
  if (statement?.kind !== "define" || statement.what !== what) return [];
  return statement.alias.toLowerCase() === alias.toLowerCase() ? [statement] : [];
}

function mayDefine(text: string, alias: string): boolean {
  return /\bdefine\b/i.test(text) && text.toLowerCase().includes(alias.toLowerCase());
}
