import type { Applied } from "./applies.ts";
import type { AppliedGrant } from "./grants.ts";
import { splitArn } from "./key.ts";
import { isDeletedPrincipal, namedPrincipals, type Principal } from "./principal.ts";
import { list } from "./statement.ts";

/**
 * Of everything that does not let the principal in, what comes closest, as half a sentence: `statement "X" grants
 * arn:…-anchor-old`. The fewer parts are wrong, the closer. Null when nothing looks meant for it.
 */
export function nearest(
  statements: readonly Applied[],
  grants: readonly AppliedGrant[],
  principal: Principal,
  keyPartition: string,
): string | null {
  if (principal.partition !== null && principal.partition !== keyPartition) {
    return `${principal.arn} is in the partition ${principal.partition}, the key in ${keyPartition}`;
  }
  const allows = statements.filter((one) => one.statement.Effect === "Allow" && !one.ineffective);
  const mine = allows.filter((one) => one.who.met === "yes");
  return (
    wrongCondition(mine) ??
    wrongResource(mine) ??
    wrongAction(
      mine.filter((one) => one.who.through !== "everyone"),
      principal,
    ) ??
    wrongOperation(grants, principal) ??
    wrongPrincipal(allows, principal) ??
    deletedPrincipal(allows)
  );
}

function wrongCondition(mine: readonly Applied[]): string | null {
  const one = mine.find((it) => it.action === "yes" && it.resource === "yes" && it.condition.met === "no");
  return one ? `${one.label} grants it only where ${one.condition.failed.join(" and ")}` : null;
}

function wrongResource(mine: readonly Applied[]): string | null {
  const one = mine.find((it) => it.action === "yes" && it.resource === "no");
  if (!one) return null;
  const { Resource, NotResource } = one.statement;
  return NotResource === undefined
    ? `${one.label} grants it on ${list(Resource).join(" and ")}, which is not this key`
    : `${one.label} leaves this key out with NotResource`;
}

function wrongAction(mine: readonly Applied[], principal: Principal): string | null {
  const one = mine.find((it) => it.action === "no");
  if (!one) return null;
  const { Action, NotAction } = one.statement;
  return NotAction === undefined
    ? `${one.label} grants ${principal.arn} only ${list(Action).join(", ")}`
    : `${one.label} grants ${principal.arn} everything but ${list(NotAction).join(", ")}`;
}

function wrongOperation(grants: readonly AppliedGrant[], principal: Principal): string | null {
  const one = grants.find((it) => it.who === "yes");
  return one ? `${one.grant.label} grants ${principal.arn} only ${one.grant.operations.join(", ")}` : null;
}

/** The principal with the most similar name, of a statement that has the action rather than of another. */
function wrongPrincipal(allows: readonly Applied[], principal: Principal): string | null {
  let best: { readonly words: string; readonly distance: number } | null = null;
  for (const one of allows) {
    for (const named of namedPrincipals(one.statement)) {
      const distance = likeness(named, principal);
      if (distance === null) continue;
      const total = distance + (one.action === "no" ? 1000 : 0);
      if (best === null || total < best.distance) best = { words: `${one.label} grants ${named}`, distance: total };
    }
  }
  return best?.words ?? null;
}

function deletedPrincipal(allows: readonly Applied[]): string | null {
  for (const one of allows) {
    if (one.action !== "yes") continue;
    const gone = namedPrincipals(one.statement).find(isDeletedPrincipal);
    if (gone !== undefined) return `${one.label} grants ${gone}, a principal that no longer exists`;
  }
  return null;
}

/** ARNs are at most 2048 characters, names at most 64: longer text is nobody's name. */
const LONGEST = 512;

/** How far apart two principals are; null when they have neither account nor name in common. */
function likeness(named: string, principal: Principal): number | null {
  if (named === "*" || named.length > LONGEST || principal.arn.length > LONGEST || principal.account === null)
    return null;
  const arn = splitArn(named);
  if (arn === null || (arn.service !== "iam" && arn.service !== "sts")) return null;
  const name = arn.resource.split("/").at(-1) ?? "";
  const sameName = principal.name !== null && name.toLowerCase() === principal.name.toLowerCase();
  if (arn.account !== principal.account && !sameName) return null;
  return distance(named, principal.arn);
}

/** Levenshtein's: how many letters have to change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
