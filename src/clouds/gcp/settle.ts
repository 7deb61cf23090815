import { KeygrantError } from "../../core/errors.ts";
import { type DocumentBody, type Edit, type LookCode, type Seen, unseen } from "../../core/model.ts";
import { pause } from "./calls.ts";
import { type Delta, isDone } from "./delta.ts";
import { type ReadDeps, readKeyPolicy } from "./reads.ts";

const BETWEEN_READS_MS = 1_000;

export interface SettleDeps extends ReadDeps {
  /** How long reads may stay old after a write before they are believed, in milliseconds. */
  readonly settleTimeoutMs: number;
}

/**
 * Reads until `reads` answers in a row say what was written. When the time is over, or the policy cannot be read any
 * more, the last answer that says something else is returned: whoever judges it sees a grant that is not there yet.
 * Throws `change.clobbered` when the reads settle on what neither was there before nor was written.
 */
export async function settle(
  deps: SettleDeps,
  key: string,
  edit: Edit,
  delta: Delta,
  reads: number,
): Promise<Seen<DocumentBody>> {
  const end = deps.clock.now().getTime() + deps.settleTimeoutMs;
  const row = inARow();
  let unsettled: Seen<DocumentBody> | null = null;
  for (;;) {
    const read = await readKeyPolicy(deps, key);
    const standing = read.known ? standingOf(read.value, edit, delta) : null;
    const agreeing = row(standing === null || !read.known ? null : `${standing} ${read.value.revision}`);
    if (standing === "after" && agreeing >= reads) return read;
    if (standing === "other" && agreeing >= reads) throw clobbered(edit);
    if (standing !== "after") unsettled = read;
    const isHopeless = !read.known && !PASSING.has(read.why.code);
    const isOver = deps.clock.now().getTime() + BETWEEN_READS_MS > end;
    if (isHopeless || isOver || !(await pause(deps, BETWEEN_READS_MS))) return unsettled ?? tooFew(edit);
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

type Standing = "before" | "after" | "other";

/** A policy that others have changed since still counts as written while all that the edit did is in it. */
function standingOf(body: DocumentBody, edit: Edit, delta: Delta): Standing {
  if (isDone(body.text, delta)) return "after";
  return body.revision === edit.revision ? "before" : "other";
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

/** What was written is gone again. Not a verdict on the key: whoever judges it next sees what is there. */
function clobbered(edit: Edit): KeygrantError {
  return new KeygrantError(
    "look",
    "change.clobbered",
    `What keygrant wrote to ${edit.title} was overwritten by somebody else: it is not in it any more.`,
    "Find out who else writes this policy (Terraform's google_kms_crypto_key_iam_policy or _binding, a colleague), bring the grant in there, then run the same command again.",
  );
}
