import type { Cloud } from "./cloud.ts";
import { KeygrantError } from "./errors.ts";
import type { Memory, WriteEnd } from "./memory.ts";
import type { Accessor, Applied, Change, KeyFacts } from "./model.ts";
import type { Clock } from "./ports.ts";
import type { ChangeReport } from "./report.ts";

export interface WriteDeps {
  readonly cloud: Cloud;
  readonly memory: Memory;
  readonly clock: Clock;
}

export interface Written {
  /** As they were read again, after the reads had settled. */
  readonly facts: KeyFacts;
  /** Null when somebody else had written the same in the meantime. */
  readonly report: (ChangeReport & { readonly backup: string }) | null;
}

/**
 * Writes a change. The backup, and the note that a write begins, come first: a run that is killed knows what it did.
 * Throws what `Cloud.apply` throws, once the end of the write is noted too.
 */
export async function writeChange(
  deps: WriteDeps,
  change: Change,
  want: "present" | "absent",
  settleReads: number,
  accessors: readonly Accessor[] = [],
): Promise<Written> {
  const { cloud, memory, clock } = deps;
  let backup: string | null = null;
  const beforeWrite = async (caller: string | null) => {
    const documents = change.edits.map(({ document, before, after, revision }) => ({
      id: document,
      before,
      after,
      revisionBefore: revision,
    }));
    backup = await memory.beginWrite({ at: clock.now(), key: change.key, want, caller, accessors, documents });
  };
  const [applied] = await Promise.allSettled([cloud.apply(change, { settleReads, beforeWrite })]);
  if (backup !== null) await memory.endWrite(writeEnd(clock.now(), change, applied));
  if (applied.status === "rejected") throw applied.reason;
  const { facts } = applied.value;
  return { facts, report: backup === null ? null : changeReport(change, applied.value, backup) };
}

function writeEnd(at: Date, change: Change, applied: PromiseSettledResult<Applied>): WriteEnd {
  const { key } = change;
  if (applied.status === "fulfilled") {
    return { at, key, outcome: "done", requestIds: applied.value.requestIds, detail: null };
  }
  const error: unknown = applied.reason;
  const wroteNothing = error instanceof KeygrantError && error.kind === "refused";
  const detail = error instanceof Error ? error.message : String(error);
  return { at, key, outcome: wroteNothing ? "failed" : "unknown", requestIds: [], detail };
}

function changeReport(change: Change, { caller, requestIds }: Applied, backup: string) {
  const text = (side: "before" | "after") => change.edits.map((edit) => edit[side]).join("\n\n");
  return { before: text("before"), after: text("after"), backup, caller, requestIds };
}
