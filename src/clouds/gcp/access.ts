import { kindOf } from "../../core/key-kind.ts";
import type { Access, Accessor, ActionAccess, Grant, KeyFacts, KeyKind, VendorCloudPolicy } from "../../core/model.ts";
import { type Applied, applyBindings, type Request } from "./bindings.ts";
import { justificationDoubt, NOT_LOOKED_AT, type ReadPolicy, readPolicies, readRoles } from "./documents.ts";
import { nameOf } from "./key.ts";
import { nearest } from "./nearest.ts";
import { broadRemarks, orphanRemarks } from "./remarks.ts";
import { wantedBinding } from "./template.ts";

/**
 * Who may do what with the key, without asking Google: one answer an accessor and permission, in the grant's order.
 * Allow policies add up from the organisation down to the key, so one allow is enough, wherever it stands; the key's,
 * the ring's and the project's are looked at. `allowed` and `missing` are only said when Google would decide so for
 * every request that the vendor can make from `now` on, up to the date that an allow comes with; everything else depends.
 * https://cloud.google.com/iam/docs/policy-types#evaluation
 */
export function access(facts: KeyFacts, grant: Grant, now: Date): readonly Access[] {
  const policies = readPolicies(facts.documents);
  const roles = readRoles(facts.documents);
  const kinds = kindsOf(facts, grant.policy);
  const actions = commonActions(kinds);
  const byVersion = kinds.some((kind) => kind.usage !== "ENCRYPT_DECRYPT");
  const scope = { key: facts.ref.id, byVersion, project: nameOf(facts.ref).project, now };
  const principals = grant.accessors.map((accessor) => principalFor(accessor, kinds));
  const doubt = justificationDoubt(facts.documents);
  return grant.accessors.map((accessor, index) => {
    const principal = principals[index] ?? "";
    const request = { principal, scope, roles };
    return {
      accessor,
      principal,
      actions: actions.map((permission) => withDoubt(decide(policies, { ...request, permission }), doubt)),
      remarks: [
        ...broadRemarks(policies, request, actions),
        // What is wrong with a document is said once, not once for each accessor.
        ...(index === 0 ? orphanRemarks(policies, principals) : []),
      ],
      notLookedAt: NOT_LOOKED_AT,
    };
  });
}

/** The kind that the key is; every kind of its purpose, or every kind there is, when that cannot be told. */
export function kindsOf(facts: KeyFacts, policy: VendorCloudPolicy): readonly KeyKind[] {
  const key = facts.key.known ? facts.key.value : null;
  if (key === null) return policy.key.kinds;
  const kind = kindOf(key, policy);
  if (kind !== null) return [kind];
  const sameUsage = policy.key.kinds.filter((one) => one.usage === key.usage);
  return sameUsage.length > 0 ? sameUsage : policy.key.kinds;
}

/** What every kind needs: of a key that was not seen, a permission of one kind alone may not be missed. */
function commonActions(kinds: readonly KeyKind[]): readonly string[] {
  const [first, ...others] = kinds;
  const actions = first?.actions ?? [];
  const common = actions.filter((action) => others.every((kind) => kind.actions.includes(action)));
  return common.length > 0 ? common : actions;
}

function principalFor(accessor: Accessor, kinds: readonly KeyKind[]): string {
  const [kind] = kinds;
  return kind === undefined ? (Object.values(accessor.fields)[0] ?? "") : wantedBinding(accessor, kind).member;
}

function decide(policies: readonly ReadPolicy[], request: Request): ActionAccess {
  const { permission: action, principal } = request;
  const bindings = policies.flatMap((policy) => applyBindings(policy, request));
  const allow = lastingAllow(bindings);
  if (allow !== null) return { action, answer: "allowed", by: allow.label, ...endOf(allow) };
  const maybe = bindings.filter((one) => one.applies === "unknown");
  if (maybe.length > 0) return depends(action, maybe);
  const hidden = policies.find((one) => !one.policy.known);
  if (hidden !== undefined && !hidden.policy.known) {
    return { action, answer: "unseen", document: hidden.id, why: hidden.policy.why };
  }
  return { action, answer: "missing", nearest: nearest(bindings, principal), ineffective: null };
}

/**
 * The allow that lets the principal in for longest, of several the one by its own name; null when none does for
 * certain.
 */
function lastingAllow(bindings: readonly Applied[]): Applied | null {
  const sure = bindings.filter((one) => one.applies === "yes");
  const end = Math.max(...sure.map((one) => one.until));
  const lasting = sure.filter((one) => one.until === end);
  return lasting.find((one) => one.who.through === "itself") ?? lasting[0] ?? null;
}

function endOf({ until }: Applied): { until?: string } {
  if (until === Number.POSITIVE_INFINITY) return {};
  return { until: new Date(until).toISOString().replace(".000Z", "Z") };
}

function depends(action: string, bindings: readonly Applied[]): ActionAccess {
  const on = [...new Set(bindings.flatMap((one) => one.on))];
  return { action, answer: "depends", on, by: bindings.map((one) => one.label).join(" and ") };
}

/** An allow under a Key Access Justifications policy that may not take the vendor's requests is none for certain. */
function withDoubt(answer: ActionAccess, doubt: string | null): ActionAccess {
  if (doubt === null || answer.answer !== "allowed") return answer;
  return {
    action: answer.action,
    answer: "depends",
    on: [doubt],
    by: "the Key Access Justifications policy of the key",
  };
}
