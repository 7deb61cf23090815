import { KeygrantError } from "../../core/errors.ts";
import { type LookCode, type LookFailure, type Seen, unseen } from "../../core/model.ts";
import { type Entry, entriesIn, sameEntry } from "./entry.ts";
import type { PolicyRecord } from "./policies.ts";
import { differenceOf, lookPolicy, type PolicyChange, type WriteDeps } from "./policy-change.ts";

export interface SettleDeps extends WriteDeps {
  /** How long reads may stay old after a write before they are believed, in milliseconds. */
  readonly settleTimeoutMs: number;
}

/** A policy as it was read; null for one that is not there. */
export type Found = Seen<PolicyRecord | null>;

const BETWEEN_READS_MS = 1_000;

/**
 * Reads until `reads` answers in a row, a second apart, hold what was written; others may have added to the policy
 * since. When the time is over, or it cannot be read any more, the last answer that says something else is returned:
 * whoever judges it sees a grant that is not there yet. Throws `change.clobbered` when the reads settle on something
 * that neither was there before nor holds what was written.
 */
export async function settle(deps: SettleDeps, change: PolicyChange, reads: number): Promise<Found> {
  const end = deps.clock.now().getTime() + deps.settleTimeoutMs;
  let last = "";
  let row = 0;
  let unsettled: Found | null = null;
  for (;;) {
    // Reads take turns: what has just been created is listed by one and not known to the next.
    const found = await lookPolicy(deps, change, "absent");
    const said = found.known ? JSON.stringify(found.value) : "";
    row = said !== "" && said === last ? row + 1 : said === "" ? 0 : 1;
    last = said;
    const standing = found.known ? standingOf(change, found.value) : null;
    if (standing === "after" && row >= reads) return found;
    if (standing === "other" && row >= reads) throw clobbered(change);
    if (standing !== "after") unsettled = found;
    const isHopeless = !found.known && !PASSING.has(found.why.code);
    const isOver = deps.clock.now().getTime() + BETWEEN_READS_MS > end;
    if (isHopeless || isOver || !(await pause(deps))) return unsettled ?? unseen(tooFew(change));
  }
}

/** Failures to look that may be over a second later. */
const PASSING: ReadonlySet<LookCode> = new Set(["look.throttled", "look.unreachable", "look.timeout"]);

/** All reads said what was written, but not as many as it takes to believe them. */
function tooFew({ name }: PolicyChange): LookFailure {
  return {
    code: "look.timeout",
    detail: `The time was over before enough reads agreed on what was written to the policy "${name}".`,
    fix: "Run the same command again: nothing is written twice.",
  };
}

/** `other`: neither; somebody else has written. */
function standingOf(change: PolicyChange, now: PolicyRecord | null): "before" | "after" | "other" {
  if (holds(change, now)) return "after";
  // The list of policies is old: what is created is not in it yet, what is deleted still is.
  return (now?.etag ?? "") === change.etag ? "before" : "other";
}

/** Whether a policy has every entry that the change adds and none that it removes. */
function holds(change: PolicyChange, now: PolicyRecord | null): boolean {
  const { added, removed } = differenceOf(change);
  const stand = now === null || now.state !== "ACTIVE" ? [] : entriesIn(now.statements);
  const isIn = (entry: Entry) => stand.some((one) => sameEntry(one, entry));
  return added.every(isIn) && !removed.some(isIn);
}

/** False when the command's own time is over. */
async function pause({ clock, signal }: SettleDeps): Promise<boolean> {
  try {
    await clock.sleep(BETWEEN_READS_MS, signal);
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}

/** What was written is gone again. Not a verdict on the key: whoever judges it next sees what is there. */
function clobbered({ name }: PolicyChange): KeygrantError {
  return new KeygrantError(
    "look",
    "change.clobbered",
    `What keygrant wrote to the policy "${name}" was overwritten by somebody else: it is not in it any more.`,
    "Find out who else writes this policy (Terraform, a colleague), bring the grant in there, then run the same command again.",
  );
}
