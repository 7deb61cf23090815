import type { Remark } from "../../core/model.ts";
import { type Applied, isIneffective, matchAction } from "./applies.ts";
import { parseOperator, valuesOf } from "./condition.ts";
import { isDeletedPrincipal, namedPrincipals, type Principal } from "./principal.ts";
import { type KeyPolicy, type Statement, statementLabel } from "./statement.ts";

/** Statements that let in everybody, or more than the vendor's principal, or more than the vendor asks for. */
export function broadRemarks(
  statements: readonly Applied[],
  principal: Principal,
  wanted: readonly string[],
): readonly Remark[] {
  return statements.flatMap((one) => {
    const detail = excess(one, principal, wanted);
    return detail === null ? [] : [{ code: "grant.too-broad" as const, subject: one.label, detail }];
  });
}

function excess(one: Applied, principal: Principal, wanted: readonly string[]): string | null {
  const { statement, who, label, condition } = one;
  if (statement.Effect !== "Allow" || isIneffective(statement)) return null;
  const its = `The key policy's ${label}`;
  if (statement.NotPrincipal !== undefined) {
    return `${its} allows everybody whom its NotPrincipal does not name, and AWS does not support that.`;
  }
  if (who.met !== "yes" || one.resource !== "yes" || condition.met !== "yes") return null;
  const pinned = pinnedTo(statement);
  if (pinned !== "principal") {
    if (who.through === "everyone" && pinned === null) return `${its} lets in everybody, in every AWS account.`;
    if (who.through !== "itself") {
      return `${its} lets in everybody in the account ${principal.account} whom that account's own policies let.`;
    }
  }
  const more = POWERS.filter((power) => !wanted.some((action) => action.toLowerCase() === power.toLowerCase()));
  const given = more.filter((power) => matchAction(statement, power) === "yes");
  return given.length === 0
    ? null
    : `${its} lets ${principal.arn} do more than the vendor asks for: ${given.join(", ")}.`;
}

/** Actions that nobody should get by way of a wildcard: they let others in, or end the key. */
const POWERS: readonly string[] = ["kms:CreateGrant", "kms:PutKeyPolicy", "kms:DisableKey", "kms:ScheduleKeyDeletion"];

/** How far the conditions of a statement, all of which hold, narrow it down. */
function pinnedTo(statement: Statement): "principal" | "account" | null {
  let pinned: "account" | null = null;
  for (const [name, keys] of Object.entries(statement.Condition ?? {})) {
    const { operator, ifExists, set } = parseOperator(name);
    if (operator === undefined || operator.negated || ifExists || set === "ForAllValues") continue;
    for (const [key, value] of Object.entries(keys)) {
      const word = key.toLowerCase();
      const values = valuesOf(value);
      if (word === "aws:principalarn" && values.every((one) => !/[*?$]/.test(one))) return "principal";
      if (word === "aws:principalarn" && values.every((one) => /^[0-9]{12}$/.test(one.split(":")[4] ?? ""))) {
        pinned = "account";
      }
      if (word === "aws:principalaccount" || word === "kms:calleraccount") pinned = "account";
    }
  }
  return pinned;
}

/** Principals that were deleted: every later write of the policy fails until they are taken out. */
export function orphanRemarks(policy: KeyPolicy, title: string): readonly Remark[] {
  return policy.Statement.flatMap((statement, index) => {
    const gone = [...new Set(namedPrincipals(statement).filter(isDeletedPrincipal))];
    if (gone.length === 0) return [];
    const label = statementLabel(statement, index);
    const detail = `In ${title}, ${label} names ${gone.join(" and ")}, which AWS shows for a principal that was deleted.`;
    return [{ code: "grant.orphaned-principal" as const, subject: label, detail }];
  });
}
