import { all, type Tri } from "../../core/tri.ts";
import { type ConditionResult, type ConditionScope, evaluateCondition } from "./condition.ts";
import type { PolicyId, ReadPolicy } from "./documents.ts";
import { domainOf, type MemberMatch, matchMember } from "./members.ts";
import { type Binding, isHiddenCondition } from "./policy.ts";
import { includes, type LookedUpRoles } from "./roles.ts";

/** One request that the vendor would make. */
export interface Request {
  readonly principal: string;
  readonly permission: string;
  readonly scope: ConditionScope;
  readonly roles: LookedUpRoles;
}

/** What one binding means for one request. */
export interface Applied {
  readonly binding: Binding;
  readonly policy: PolicyId;
  readonly label: string;
  readonly applies: Tri;
  /** Of one that applies: until when, in milliseconds since 1970; infinity where it has no end. */
  readonly until: number;
  /** What that depends on. */
  readonly on: readonly string[];
  /** The parts of the answer, for whoever has to explain it. */
  readonly who: MemberMatch;
  readonly role: Tri;
  readonly condition: ConditionResult;
}

/** Holds every binding of a policy against one request. Conditions are only evaluated where they decide. */
export function applyBindings({ id, title, policy }: ReadPolicy, request: Request): readonly Applied[] {
  if (!policy.known) return [];
  return policy.value.bindings.map((binding) => {
    const who = bestMatch(binding, request.principal);
    const role = includes(binding.role, request.permission, request.roles);
    const decides = who.met !== "no" && role !== "no";
    const condition = decides ? conditionOf(binding, request.scope) : NOT_ASKED;
    const applies = all([who.met, role, condition.met]);
    const on = applies === "unknown" ? doubts(binding, request, { who, role, condition }) : [];
    const until = condition.until ?? Number.POSITIVE_INFINITY;
    return { binding, policy: id, label: labelOf(binding, title), applies, until, on, who, role, condition };
  });
}

const NOT_ASKED: ConditionResult = { met: "unknown", on: [], until: null };
const UNCONDITIONAL: ConditionResult = { met: "yes", on: [], until: null };

function conditionOf(binding: Binding, scope: ConditionScope): ConditionResult {
  return binding.condition === undefined ? UNCONDITIONAL : evaluateCondition(binding.condition.expression, scope);
}

const STRENGTH: Readonly<Record<Tri, number>> = { yes: 2, unknown: 1, no: 0 };

/** Through its own name rather than as one of everybody. */
function bestMatch(binding: Binding, principal: string): MemberMatch {
  let best: MemberMatch = { met: "no", through: "nothing" };
  for (const member of binding.members) {
    const match = matchMember(member, principal);
    if (match.through === "itself") return match;
    if (STRENGTH[match.met] > STRENGTH[best.met]) best = match;
  }
  return best;
}

function doubts(
  binding: Binding,
  { principal, permission }: Request,
  { who, role, condition }: Pick<Applied, "who" | "role" | "condition">,
): readonly string[] {
  return [
    ...(who.met === "unknown"
      ? [`whether whoever is in ${principal} belongs to the domain ${domainOf(principal)}`]
      : []),
    ...(role === "unknown" && isHiddenCondition(binding.role) ? ["a condition that was not shown"] : []),
    ...(role === "unknown" && !isHiddenCondition(binding.role)
      ? [`whether the role ${binding.role} has the permission ${permission}`]
      : []),
    ...condition.on,
  ];
}

/** `binding of roles/viewer (condition "weekdays") in the IAM policy of the key`. */
export function labelOf(binding: Binding, title: string): string {
  const { condition } = binding;
  const named =
    condition === undefined ? "" : ` (condition ${condition.title ? `"${condition.title}"` : "without a title"})`;
  return `binding of ${binding.role}${named} in ${title}`;
}
