import { plainText } from "../../core/text.ts";
import type { Applied } from "./bindings.ts";
import { domainOf, isSameMember, splitMember } from "./members.ts";

/** Of everything that does not let the principal in, what comes closest, as half a sentence. Null: nothing looks meant. */
export function nearest(bindings: readonly Applied[], principal: string): string | null {
  const mine = bindings.filter((one) => one.who.through === "itself");
  return (
    wrongCondition(mine) ??
    deletedPrincipal(bindings, principal) ??
    otherKind(bindings, principal) ??
    wrongRole(mine, principal) ??
    otherPrincipal(bindings, principal)
  );
}

function wrongCondition(mine: readonly Applied[]): string | null {
  const one = mine.find((it) => it.role === "yes" && it.condition.met === "no");
  const expression = one?.binding.condition?.expression;
  return one === undefined || expression === undefined
    ? null
    : `the ${one.label} grants it only where ${plainText(expression, 300)}`;
}

function wrongRole(mine: readonly Applied[], principal: string): string | null {
  const roles = [...new Set(mine.filter((it) => it.role === "no").map((it) => it.binding.role))];
  return roles.length === 0 ? null : `${principal} has only ${roles.join(" and ")}`;
}

function deletedPrincipal(bindings: readonly Applied[], principal: string): string | null {
  for (const one of bindings) {
    if (one.role === "no") continue;
    const gone = one.binding.members.find((member) => {
      const { deleted, kind, name } = splitMember(member);
      return deleted && isSameMember(`${kind}:${name}`, principal);
    });
    if (gone !== undefined) return `the ${one.label} names ${gone}, a group that was deleted`;
  }
  return null;
}

/** The vendor's address, as something else than a group. */
function otherKind(bindings: readonly Applied[], principal: string): string | null {
  const { name } = splitMember(principal);
  for (const one of bindings) {
    if (one.role === "no" || name === "") continue;
    const other = one.binding.members.find((member) => {
      const found = splitMember(member);
      return !found.deleted && found.name.toLowerCase() === name.toLowerCase() && !isSameMember(member, principal);
    });
    if (other !== undefined) return `the ${one.label} grants ${other}`;
  }
  return null;
}

/** Of the same domain, the one whose address begins most like the principal's. */
function otherPrincipal(bindings: readonly Applied[], principal: string): string | null {
  const domain = domainOf(principal);
  let best: { readonly words: string; readonly shared: number } | null = null;
  for (const one of bindings) {
    if (one.role === "no" || domain === null) continue;
    for (const member of one.binding.members) {
      if (domainOf(member) !== domain || splitMember(member).deleted) continue;
      const shared = sharedBeginning(member, principal);
      if (best === null || shared > best.shared) best = { words: `the ${one.label} grants ${member}`, shared };
    }
  }
  return best?.words ?? null;
}

function sharedBeginning(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length]?.toLowerCase() === other[length]?.toLowerCase()) length++;
  return length;
}
