import { refusal } from "../../core/errors.ts";
import type { Grant, KeyKind } from "../../core/model.ts";
import {
  addMember,
  closePolicy,
  hasMember,
  isUnconditional,
  openPolicy,
  type PolicyEdit,
  type RawBinding,
  type Removal,
  removeMembers,
} from "./edit.ts";
import { isSameMember, splitMember } from "./members.ts";
import { includes, type LookedUpRoles } from "./roles.ts";
import { type WantedBinding, wantedBinding } from "./template.ts";

export interface AddOptions {
  /** Members to take out of the role's unconditional binding: as they stand there, or the address alone. */
  readonly replacePrincipals?: readonly string[];
  /** Take principals that were deleted out of every binding. */
  readonly pruneOrphans?: boolean;
  /** What a member is known to be allowed already, on the key or above it, under conditions that hold. */
  readonly isAllowed?: (member: string, permission: string) => boolean;
}

export interface DocumentChange {
  /** The whole policy as it is to be written; etag and version stay as they were read. */
  readonly text: string;
  /** What changes, a line each. */
  readonly summary: readonly string[];
}

/**
 * Puts the grant into an IAM policy; null when nothing is missing. Only adds: the vendor's member to the unconditional
 * binding of the role, else a binding of its own. Conditional bindings, audit configurations, fields that are not
 * known here and the order of everything come back as they were.
 */
export function addGrant(text: string, grant: Grant, kind: KeyKind, options: AddOptions = {}): DocumentChange | null {
  const wanted = grant.accessors.map((accessor) => wantedBinding(accessor, kind));
  const edit = openPolicy(text);
  const before = edit.bindings;
  const summary: string[] = [];
  for (const one of wanted) {
    if (isThere(edit, one) || isAllowedAll(one, kind, options)) continue;
    const { joined } = addMember(edit, { role: one.role }, one.member);
    summary.push(
      joined ? `adds ${one.member} to the binding of ${one.role}` : `adds a binding of ${one.role} for ${one.member}`,
    );
  }
  summary.push(...replaceMembers(edit, wanted, options.replacePrincipals ?? []));
  if (options.pruneOrphans === true) summary.push(...pruneOrphans(edit));
  return closed(edit, before, summary);
}

function isThere(edit: PolicyEdit, { role, member }: WantedBinding): boolean {
  return edit.bindings.some((one) => one.role === role && isUnconditional(one) && hasMember(one, member));
}

function isAllowedAll({ member }: WantedBinding, kind: KeyKind, { isAllowed }: AddOptions): boolean {
  return isAllowed !== undefined && kind.actions.every((permission) => isAllowed(member, permission));
}

/**
 * Takes the grant out of an IAM policy: the grant's own members, from every binding of a role that lets them do
 * something that the grant is for, or that nobody could look up. Null when there is none. What lets them in without
 * naming them (everybody, a role on the ring or the project) stays: `access` reports it.
 */
export function removeGrant(
  text: string,
  grant: Grant,
  kinds: readonly KeyKind[],
  roles: LookedUpRoles = new Map(),
): DocumentChange | null {
  const members = grant.accessors.flatMap((accessor) => kinds.map((kind) => wantedBinding(accessor, kind).member));
  const permissions = new Set(kinds.flatMap((kind) => kind.actions));
  const isForGrant = (binding: RawBinding) =>
    [...permissions].some((permission) => includes(binding.role, permission, roles) !== "no");
  const edit = openPolicy(text);
  const before = edit.bindings;
  const removals = removeMembers(edit, isForGrant, (member) => members.some((one) => isSameMember(one, member)));
  return closed(edit, before, removals.map(removalLine));
}

function replaceMembers(edit: PolicyEdit, wanted: readonly WantedBinding[], old: readonly string[]): readonly string[] {
  const goes = (member: string) => old.some((one) => isSameMember(one, member) || isSameMember(`group:${one}`, member));
  const staying = wanted.find((one) => goes(one.member));
  if (staying !== undefined) {
    throw refusal(
      "change.replaces-itself",
      `${staying.member} is what the vendor names now: it cannot be replaced.`,
      "Give --replace-principal the member that is to go, as it stands in the IAM policy.",
    );
  }
  const roles = new Set(wanted.map((one) => one.role));
  return removeMembers(edit, (binding) => roles.has(binding.role) && isUnconditional(binding), goes).map(removalLine);
}

function pruneOrphans(edit: PolicyEdit): readonly string[] {
  return removeMembers(
    edit,
    () => true,
    (member) => splitMember(member).deleted,
  ).map(removalLine);
}

function removalLine({ binding, gone, whole }: Removal): string {
  const named = `the binding of ${binding.role}${isUnconditional(binding) ? "" : " with a condition"}`;
  return whole
    ? `removes ${named}: nobody but ${gone.join(", ")} was in it`
    : `takes ${gone.join(", ")} out of ${named}`;
}

function closed(edit: PolicyEdit, before: readonly RawBinding[], summary: readonly string[]): DocumentChange | null {
  if (summary.length === 0) return null;
  const now: ReadonlySet<unknown> = new Set(edit.bindings);
  const untouched = before.filter((binding) => now.has(binding));
  const keeps = untouched.length === 0 ? [] : [keepsLine(untouched)];
  return { text: closePolicy(edit), summary: [...summary, ...keeps] };
}

function keepsLine(untouched: readonly RawBinding[]): string {
  const count = untouched.length;
  const conditional = untouched.filter((binding) => !isUnconditional(binding)).length;
  if (count === 1) return `keeps the other binding${conditional === 1 ? ", which has a condition," : ""} as it is`;
  return `keeps ${count} other bindings${conditional > 0 ? `, ${conditional} with a condition,` : ""} as they are`;
}
