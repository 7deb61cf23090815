import type { Remark } from "../../core/model.ts";
import { applyBindings, labelOf, type Request } from "./bindings.ts";
import { KEY_POLICY, PROJECT_POLICY, type ReadPolicy } from "./documents.ts";
import { isEveryone, isSameMember, splitMember } from "./members.ts";
import { includes, POWERS } from "./roles.ts";

/** Bindings through which everybody, or the vendor far beyond what it asks for, may use the key. */
export function broadRemarks(
  policies: readonly ReadPolicy[],
  request: Omit<Request, "permission">,
  actions: readonly string[],
): readonly Remark[] {
  const found = new Map<string, Remark>();
  for (const policy of policies) {
    for (const permission of [...actions, ...POWERS]) {
      for (const one of applyBindings(policy, { ...request, permission })) {
        if (one.applies !== "yes") continue;
        const detail = breadth(one.binding.role, one.who.through === "everyone", policy, request, actions, permission);
        const subject = one.label;
        if (detail !== null && !found.has(subject)) {
          found.set(subject, { code: "grant.too-broad", subject, detail: `The ${subject} ${detail}.` });
        }
      }
    }
  }
  return [...found.values()];
}

function breadth(
  role: string,
  toEveryone: boolean,
  policy: ReadPolicy,
  { principal, roles }: Omit<Request, "permission">,
  actions: readonly string[],
  permission: string,
): string | null {
  if (toEveryone) return `lets in everybody: ${permission}`;
  const powers = POWERS.filter((power) => !actions.includes(power) && includes(role, power, roles) === "yes");
  if (powers.length > 0) return `lets ${principal} do more than the vendor asks for: ${powers.join(", ")}`;
  return policy.id === PROJECT_POLICY ? `lets ${principal} use every key in the project` : null;
}

/**
 * Principals that were deleted: everyone's in the key's own policy, which is written; elsewhere only the vendor's.
 * https://cloud.google.com/iam/docs/principals-overview#deleted-principals
 */
export function orphanRemarks(policies: readonly ReadPolicy[], principals: readonly string[]): readonly Remark[] {
  return policies.flatMap(({ id, title, policy }) => {
    if (!policy.known) return [];
    return policy.value.bindings.flatMap((binding): readonly Remark[] => {
      const gone = binding.members.filter((member) => {
        const { deleted, kind, name } = splitMember(member);
        if (!deleted || isEveryone(member)) return false;
        return id === KEY_POLICY || principals.some((one) => isSameMember(one, `${kind}:${name}`));
      });
      if (gone.length === 0) return [];
      const subject = labelOf(binding, title);
      const detail = `The ${subject} names ${gone.join(" and ")}: it was deleted, and lets nobody in, not even whoever gets the same name again.`;
      const fix = "Take it out (`--prune-orphans` does so in the key's own policy).";
      return [{ code: "grant.orphaned-principal", subject, detail, fix }];
    });
  });
}
