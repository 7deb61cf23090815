import type { Edit } from "../../core/model.ts";
import { isDeletedPrincipal, namedPrincipals } from "./principal.ts";
import { parseKeyPolicy, statementLabel } from "./statement.ts";

const MOST_NAMED = 10;

/** Which principals AWS may mean when it refuses a policy for one that does not exist: the likeliest alone. */
export function suspects(edit: Edit): { readonly found: string; readonly fix: string } {
  const before = new Set(principalsOf(edit.before).keys());
  const after = principalsOf(edit.after);
  const named = [...after].filter(([principal]) => !isAlwaysThere(principal));
  const added = named.filter(([principal]) => !before.has(principal));
  const deleted = named.filter(([principal]) => isDeletedPrincipal(principal));
  if (deleted.length > 0) {
    return {
      found: `${inWords([...added, ...deleted])}.`,
      fix: "Principals that were deleted show as AIDA… or AROA…: take them out (--prune-orphans does so for Allow statements), then run the same command again.",
    };
  }
  if (added.length > 0) {
    return { found: `${inWords(added)}.`, fix: "Confirm the new principal with the vendor, then run it again." };
  }
  return {
    found: `${inWords(named)}.`,
    fix: "Check that each of these still exists, then run the same command again.",
  };
}

/** Each AWS principal with the statements that name it. */
function principalsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const policy = parseKeyPolicy(text);
  const found = new Map<string, string[]>();
  for (const [index, statement] of (policy.known ? policy.value.Statement : []).entries()) {
    for (const principal of namedPrincipals(statement)) {
      found.set(principal, [...(found.get(principal) ?? []), statementLabel(statement, index)]);
    }
  }
  return found;
}

/** Everybody; and accounts, which are hardly ever gone. */
function isAlwaysThere(principal: string): boolean {
  return principal === "*" || /^[0-9]{12}$/.test(principal) || principal.endsWith(":root");
}

function inWords(named: readonly (readonly [string, readonly string[]])[]): string {
  const all = new Map(named);
  if (all.size === 0) return "It names no user or role, so one of its accounts must be meant";
  const shown = [...all]
    .slice(0, MOST_NAMED)
    .map(([principal, statements]) => `${principal} (${statements.join(", ")})`);
  const more = all.size > MOST_NAMED ? `, and ${all.size - MOST_NAMED} more` : "";
  return `Suspected: ${shown.join("; ")}${more}`;
}
