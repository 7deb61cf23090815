import { describe } from "./describe.ts";
import { type KeygrantError, refusal } from "./errors.ts";
import type { Accessor, Change, KeyRef, VendorId } from "./model.ts";

/** The commands that plan before they write. */
export const PLANNING_COMMANDS = ["onboard", "rotate", "revoke", "undo"] as const;
export type PlanningCommand = (typeof PLANNING_COMMANDS)[number];

/** What is done at the vendor, in the vendor's terms. */
export type VendorAct =
  | { readonly act: "register"; readonly resource: string; readonly default: boolean }
  | { readonly act: "set-default"; readonly resource: string }
  | { readonly act: "move-service"; readonly service: string; readonly from: string; readonly to: string }
  | { readonly act: "deregister"; readonly cmkId: string };

/**
 * All that a command is about to change. It is shown, agreed to, written into a plan file, and compared with what was
 * reviewed; so a command makes one even when nothing is left to be done.
 */
export interface Proposal {
  readonly command: PlanningCommand;
  readonly vendor: VendorId;
  readonly project: string | null;
  readonly key: KeyRef;
  /** Whether the accessors are let in or shut out. */
  readonly way: "in" | "out";
  readonly accessors: readonly Accessor[];
  /** Null when the documents are as they should be. */
  readonly change: Change | null;
  /** In order. */
  readonly acts: readonly VendorAct[];
  /** What has to be known before one agrees, a sentence each. */
  readonly remarks: readonly string[];
}

/** A proposal as it is written down for a reviewer: everything but what was read on the way to it. */
export interface ReviewedPlan extends Omit<Proposal, "key" | "change"> {
  readonly key: string;
  readonly edits: Change["edits"];
}

export function reviewable({ key, change, ...rest }: Proposal): ReviewedPlan {
  return { ...rest, key: key.id, edits: change?.edits ?? [] };
}

export function isEmpty({ change, acts }: Proposal): boolean {
  return change === null && acts.length === 0;
}

/**
 * Refuses (`plan.moved`) whatever was not reviewed. What was reviewed and needs no doing any more is no fault: a run
 * that was killed is finished by applying the same plan again.
 */
export function refuseUnreviewed(reviewed: ReviewedPlan, now: Proposal): void {
  const plan = reviewable(now);
  const same: readonly (readonly [string, unknown, unknown])[] = [
    ["the command", reviewed.command, plan.command],
    ["the vendor", reviewed.vendor, plan.vendor],
    ["the project", reviewed.project, plan.project],
    ["the key", reviewed.key, plan.key],
    ["who it is about", namesOf(reviewed), namesOf(plan)],
  ];
  for (const [what, was, is] of same) {
    if (was !== is) throw moved(`${what} was ${was ?? "none"} and is ${is ?? "none"} now`);
  }
  for (const edit of plan.edits) {
    const known = reviewed.edits.find((one) => one.document === edit.document);
    if (known === undefined) throw moved(`${edit.title} would be written, which the plan does not say`);
    if (known.revision !== edit.revision || meaning(known.before) !== meaning(edit.before)) {
      throw moved(`${edit.title} has changed since`);
    }
    if (meaning(known.after) !== meaning(edit.after)) throw moved(`${edit.title} would be written in another way`);
  }
  const acts = new Set(reviewed.acts.map((act) => meaning(JSON.stringify(act))));
  const stranger = plan.acts.find((act) => !acts.has(meaning(JSON.stringify(act))));
  if (stranger !== undefined)
    throw moved(`${now.vendor} would be asked to ${JSON.stringify(stranger)}, which it does not say`);
}

/** A person, or whoever reviewed the plan, said no. */
export function notAgreed(): KeygrantError {
  return refusal("answered-no", "Nothing was written: the plan was not agreed to.", "Run it again when you do agree.");
}

function namesOf({ accessors, way }: Pick<ReviewedPlan, "accessors" | "way">): string {
  return `${way}: ${accessors.map(describe).sort().join("; ")}`;
}

function moved(what: string) {
  return refusal(
    "plan.moved",
    `Nothing was written: the plan is not true any more: ${what}.`,
    "Make a new plan with --plan-out, and have it reviewed again.",
  );
}

/** JSON with everything in order, because clouds give lists back in another order; other texts as they are. */
function meaning(text: string): string {
  try {
    return ordered(JSON.parse(text));
  } catch {
    return text;
  }
}

function ordered(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(ordered).sort().join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}:${ordered(field)}`);
  return `{${fields.sort().join(",")}}`;
}
