import { KeygrantError } from "../../core/errors.ts";
import {
  addMember,
  closePolicy,
  hasMember,
  identity,
  membersOf,
  openPolicy,
  type RawBinding,
  removeMembers,
} from "./edit.ts";
import { normal } from "./members.ts";

/** What an edit does, apart from the document that it was planned on: who comes into and who goes out of a binding. */
export interface Delta {
  readonly adds: readonly Step[];
  readonly removes: readonly Step[];
}

export interface Step {
  /** For its role and condition. */
  readonly binding: RawBinding;
  readonly member: string;
}

/** The difference between a policy before and after an edit. */
export function deltaOf(before: string, after: string): Delta {
  const [was, is] = [stepsOf(before), stepsOf(after)];
  return {
    adds: [...is].flatMap(([key, step]) => (was.has(key) ? [] : [step])),
    removes: [...was].flatMap(([key, step]) => (is.has(key) ? [] : [step])),
  };
}

function stepsOf(text: string): ReadonlyMap<string, Step> {
  const steps = new Map<string, Step>();
  for (const binding of openPolicy(text).bindings) {
    for (const member of membersOf(binding)) {
      steps.set(`${identity(binding)}\n${normal(member)}`, { binding, member });
    }
  }
  return steps;
}

/**
 * Does the same to a policy that others have changed in the meantime; null when it is already so. Throws when the
 * policy is one that cannot be edited.
 */
export function applyDelta(text: string, delta: Delta): string | null {
  const edit = openPolicy(text);
  let changed = false;
  for (const { binding, member } of delta.adds) {
    const wanted = identity(binding);
    if (edit.bindings.some((one) => identity(one) === wanted && hasMember(one, member))) continue;
    addMember(edit, binding, member);
    changed = true;
  }
  for (const { binding, member } of delta.removes) {
    const wanted = identity(binding);
    const from = (one: RawBinding) => identity(one) === wanted;
    const removals = removeMembers(edit, from, (one) => normal(one) === normal(member));
    if (removals.length > 0) changed = true;
  }
  return changed ? closePolicy(edit) : null;
}

/** Whether all that the edit does is in the policy, whatever else is. */
export function isDone(text: string, delta: Delta): boolean {
  try {
    return applyDelta(text, delta) === null;
  } catch (error) {
    if (error instanceof KeygrantError) return false;
    throw error;
  }
}
