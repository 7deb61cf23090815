import { KeygrantError } from "../../core/errors.ts";
import { type DocumentBody, type Edit, type LookCode, type Seen, unseen } from "../../core/model.ts";
import type { Clock } from "../../core/ports.ts";
import { revisionOf, statementMeanings } from "./meaning.ts";
import { readKeyPolicy, type Target } from "./reads.ts";

/** Reads after a write can be old, and can flap between old and new (hashicorp/terraform #4447). */
const BETWEEN_READS_MS = 1_000;
/** How long it is tried to find out whether a write without an answer has arrived. */
const FIND_OUT_MS = 60_000;

export interface SettleDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly settleTimeoutMs: number;
}

/** `other`: neither; somebody else has written. */
export type Standing = "before" | "after" | "other";

/**
 * Reads until `reads` answers in a row say what was written. When the time is over, or the document cannot be read
 * any more, the last answer that says something else is returned: whoever judges it sees a grant that is not there
 * yet. Throws `change.clobbered` when the reads settle on what neither was there before nor was written.
 */
export async function settle(deps: SettleDeps, target: Target, edit: Edit, reads: number): Promise<Seen<DocumentBody>> {
  const end = deps.clock.now().getTime() + deps.settleTimeoutMs;
  const row = inARow();
  let unsettled: Seen<DocumentBody> | null = null;
  for (;;) {
    const read = await readKeyPolicy(target, deps.signal);
    const standing = read.known ? standingOf(edit, read.value) : null;
    const agreeing = row(read.known ? read.value.revision : null);
    if (standing === "after" && agreeing >= reads) return read;
    if (standing === "other" && agreeing >= reads) throw clobbered(edit);
    if (standing !== "after") unsettled = read;
    const isHopeless = !read.known && !PASSING.has(read.why.code);
    const isOver = deps.clock.now().getTime() + BETWEEN_READS_MS > end;
    if (isHopeless || isOver || !(await pause(deps))) return unsettled ?? tooFew(edit);
  }
}

/** All reads said what was written, but not as many as it takes to believe them. */
function tooFew(edit: Edit): Seen<never> {
  return unseen({
    code: "look.timeout",
    detail: `The time was over before enough reads agreed on what was written to ${edit.title}.`,
    fix: "Run the same command again: nothing is written twice.",
  });
}

/** Failures to look that may be over a second later. */
const PASSING: ReadonlySet<LookCode> = new Set(["look.throttled", "look.unreachable", "look.timeout"]);

/**
 * What is in place after a write without an answer: `after` as soon as one read says so, `before` when `reads` in a
 * row do, since the first ones may be old, and so for `other`; null when it cannot be found out.
 */
export async function whatStands(
  deps: SettleDeps,
  target: Target,
  edit: Edit,
  reads: number,
): Promise<Standing | null> {
  const end = deps.clock.now().getTime() + FIND_OUT_MS;
  const row = inARow();
  for (;;) {
    const read = await readKeyPolicy(target, deps.signal);
    const standing = read.known ? standingOf(edit, read.value) : null;
    const agreeing = row(read.known ? read.value.revision : null);
    if (standing === "after" || (standing !== null && agreeing >= reads)) return standing;
    const isHopeless = !read.known && !PASSING.has(read.why.code);
    if (isHopeless || deps.clock.now().getTime() + BETWEEN_READS_MS > end || !(await pause(deps))) return null;
  }
}

/** False when the command's own time is over. */
async function pause(deps: SettleDeps): Promise<boolean> {
  try {
    await deps.clock.sleep(BETWEEN_READS_MS, deps.signal);
    return true;
  } catch (error) {
    if (deps.signal?.aborted === true) return false;
    throw error;
  }
}

/** Counts how often the same was said without a break; null breaks it. */
function inARow(): (said: string | null) => number {
  let last: string | null = null;
  let count = 0;
  return (said) => {
    count = said !== null && said === last ? count + 1 : said === null ? 0 : 1;
    last = said;
    return count;
  };
}

/** A document that others have changed since still counts as written while all that the edit did is in it. */
function standingOf(edit: Edit, body: DocumentBody): Standing {
  if (body.revision === revisionOf(edit.after)) return "after";
  if (body.revision === edit.revision) return "before";
  const before = statementMeanings(edit.before);
  const after = statementMeanings(edit.after);
  const now = statementMeanings(body.text);
  const isIn = [...after].every((statement) => before.has(statement) || now.has(statement));
  const isOut = [...before].every((statement) => after.has(statement) || !now.has(statement));
  return isIn && isOut ? "after" : "other";
}

/** What was written is gone again. Not a verdict on the key: whoever judges it next sees what is there. */
export function clobbered(edit: Edit): KeygrantError {
  return new KeygrantError(
    "look",
    "change.clobbered",
    `What keygrant wrote to ${edit.title} was overwritten by somebody else: it is not in it any more.`,
    "Find out who else writes this policy (Terraform, CloudFormation, a colleague), bring the grant in there, then run the same command again.",
  );
}
