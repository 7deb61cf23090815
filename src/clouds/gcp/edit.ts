import { LookError, refusal } from "../../core/errors.ts";
import { parseExactly } from "./json.ts";
import { isSameMember } from "./members.ts";
import { canonical, isHiddenCondition, isRecord, parsePolicy } from "./policy.ts";

/** What a policy is called where only its text is at hand. */
const TITLE = "the IAM policy";

/** A binding as it stands in the document, with every field that it has. */
export type RawBinding = Readonly<Record<string, unknown>> & { readonly role: string };

/** A policy while it is edited: its bindings are replaced one by one, the rest is put back as it was. */
export interface PolicyEdit {
  readonly policy: Readonly<Record<string, unknown>>;
  bindings: readonly RawBinding[];
}

/**
 * Throws a `LookError` for a text that is no policy, and a refusal for one that was read at version 1: to write that
 * back would take the conditions off (https://cloud.google.com/iam/docs/policies#versions).
 */
export function openPolicy(text: string): PolicyEdit {
  const read = parsePolicy(text, TITLE);
  if (!read.known) throw new LookError(read.why, "Read the policy again and mend it.");
  const hidden = read.value.bindings.find((binding) => isHiddenCondition(binding.role));
  if (hidden !== undefined) {
    throw refusal(
      "change.conditions-hidden",
      `The IAM policy was read at version 1: the condition of ${hidden.role} does not show in it, and would be lost.`,
      "Read it at version 3 (`gcloud kms keys get-iam-policy` does so).",
    );
  }
  const policy = parseExactly(text) as Readonly<Record<string, unknown>>;
  return { policy, bindings: (policy["bindings"] ?? []) as readonly RawBinding[] };
}

/** The policy as text. Google leaves `bindings` out of a policy that has none. */
export function closePolicy({ policy, bindings }: PolicyEdit): string {
  const { bindings: before, ...rest } = policy;
  if (bindings.length === 0) return JSON.stringify(before === undefined ? policy : rest, null, 2);
  return JSON.stringify({ ...policy, bindings }, null, 2);
}

export function membersOf(binding: RawBinding): readonly string[] {
  const { members } = binding;
  return Array.isArray(members) ? (members as readonly string[]) : [];
}

export function hasMember(binding: RawBinding, member: string): boolean {
  return membersOf(binding).some((one) => isSameMember(one, member));
}

/** No condition: Google then leaves the field out; an empty one is none either. */
export function isUnconditional(binding: RawBinding): boolean {
  const { condition } = binding;
  return condition === undefined || condition === null || (isRecord(condition) && Object.keys(condition).length === 0);
}

/** The same for bindings that Google takes for one: same role, same condition. */
export function identity(binding: RawBinding): string {
  return `${binding.role}\n${isUnconditional(binding) ? "" : canonical(binding["condition"])}`;
}

/** Puts a member into the first binding that fits and has somebody in it, else into a new one at the end. */
export function addMember(edit: PolicyEdit, like: RawBinding, member: string): { readonly joined: boolean } {
  const wanted = identity(like);
  const index = edit.bindings.findIndex((one) => identity(one) === wanted && membersOf(one).length > 0);
  const found = edit.bindings[index];
  if (found === undefined) {
    const { role, condition } = like;
    const added = isUnconditional(like) ? { role, members: [member] } : { role, members: [member], condition };
    edit.bindings = [...edit.bindings, added];
    return { joined: false };
  }
  edit.bindings = edit.bindings.with(index, { ...found, members: [...membersOf(found), member] });
  return { joined: true };
}

export interface Removal {
  readonly binding: RawBinding;
  readonly gone: readonly string[];
  /** Nobody is left, and so the binding went with them. */
  readonly whole: boolean;
}

/** Takes members out of bindings. A binding in which nobody is left goes: Google takes none without members. */
export function removeMembers(
  edit: PolicyEdit,
  from: (binding: RawBinding) => boolean,
  goes: (member: string) => boolean,
): readonly Removal[] {
  const removals: Removal[] = [];
  edit.bindings = edit.bindings.flatMap((binding) => {
    const gone = from(binding) ? membersOf(binding).filter(goes) : [];
    if (gone.length === 0) return [binding];
    const left = membersOf(binding).filter((member) => !gone.includes(member));
    removals.push({ binding, gone, whole: left.length === 0 });
    return left.length === 0 ? [] : [{ ...binding, members: left }];
  });
  return removals;
}
