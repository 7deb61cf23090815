import type { ApplyOptions } from "../../core/cloud.ts";
import { LookError, refusal } from "../../core/errors.ts";
import type { Applied, Change, Edit, KeyFacts } from "../../core/model.ts";
import type { Clock, Jitter } from "../../core/ports.ts";
import type { OciClients } from "./api.ts";
import { parsePolicyText } from "./edits.ts";
import { readFailure } from "./errors.ts";
import { withRoot } from "./plan.ts";
import { type PolicyRecord, viewOf } from "./policies.ts";
import type { PolicyReader } from "./reads.ts";
import { findPolicy, type PolicyChange, type WriteDeps, type WriteResult, writePolicy } from "./write.ts";

export interface ApplyDeps {
  readonly clients: OciClients;
  readonly reader: PolicyReader;
  readonly clock: Clock;
  readonly jitter: Jitter;
  readonly signal: AbortSignal | undefined;
  /** How long reads may stay old after a write before they are believed, in milliseconds. */
  readonly settleTimeoutMs: number;
}

const BETWEEN_READS_MS = 1_000;

/**
 * Writes the edits in the home region: reads every policy again and refuses when one has changed since the plan, lets
 * the caller make its backup, writes, and reads until what comes back is settled.
 */
export async function applyChange(deps: ApplyDeps, change: Change, options: ApplyOptions): Promise<Applied> {
  const writes = await openWrites(deps, change);
  const changes = change.edits.map(changeOf);
  const caller = await whoWrites(deps.clients);
  for (const one of changes) await refuseStale(writes, one);
  await options.beforeWrite(caller);
  const requestIds: string[] = [];
  const settled: Settled[] = [];
  try {
    for (const one of changes) {
      const written = await writePolicy(writes, one);
      if (written.requestId !== null) requestIds.push(written.requestId);
      settled.push({ name: one.name, record: await settle(deps, writes, one, written, options.settleReads) });
    }
  } finally {
    deps.reader.forget();
  }
  return { caller, requestIds, facts: withSettled(change.after, settled) };
}

async function openWrites(deps: ApplyDeps, change: Change): Promise<WriteDeps> {
  const view = viewOf(change.after);
  if (!view.known) throw new LookError(view.why, "Make the policies readable, then run the same command again.");
  const tenancyId = view.value.root.tenancy.id;
  const identity = await deps.reader.home(change.key, tenancyId);
  if (!identity.known) {
    throw new LookError(identity.why, "Nothing was written: policies are written in the tenancy's home region.");
  }
  const { clock, jitter, signal } = deps;
  return { identity: identity.value, tenancyId, clock, jitter, signal };
}

function changeOf(edit: Edit): PolicyChange {
  const before = parsePolicyText(edit.before);
  const after = parsePolicyText(edit.after);
  const name = (before ?? after)?.name;
  if (name === undefined) throw new TypeError("an edit is about no policy");
  return { name, before, after, etag: edit.revision };
}

/** Who the caller is, for the log of writes; null when the credentials do not tell. */
async function whoWrites(clients: OciClients): Promise<string | null> {
  try {
    return await clients.caller();
  } catch (error) {
    readFailure(error);
    return null;
  }
}

async function refuseStale(writes: WriteDeps, change: PolicyChange): Promise<void> {
  const now = await findPolicy(writes, change);
  if ((now?.etag ?? "") === change.etag) return;
  throw refusal(
    "change.stale",
    `Nothing was written: the policy "${change.name}" has changed since the plan was made.`,
    "Run the same command again: it plans on what is there now.",
  );
}

interface Settled {
  readonly name: string;
  /** As it was read last; null for a policy that is not there. */
  readonly record: PolicyRecord | null;
}

/**
 * Reads until so many answers in a row hold what was written, a second apart. When the time is over, the last answer
 * that says something else counts: whoever judges it sees a grant that is not there yet.
 */
async function settle(
  deps: ApplyDeps,
  writes: WriteDeps,
  change: PolicyChange,
  written: WriteResult,
  reads: number,
): Promise<PolicyRecord | null> {
  const end = deps.clock.now().getTime() + deps.settleTimeoutMs;
  let row = 0;
  for (;;) {
    const now = await findPolicy(writes, change);
    row = holds(now, written.statements) ? row + 1 : 0;
    if (row >= reads) return now;
    if (deps.clock.now().getTime() + BETWEEN_READS_MS > end || !(await wait(deps))) return now;
  }
}

/** Others may have added to it since; what was written has to be in it. */
function holds(now: PolicyRecord | null, written: readonly string[] | null): boolean {
  if (written === null) return now === null;
  return now !== null && now.state === "ACTIVE" && written.every((text) => now.statements.includes(text));
}

/** False when the command's own time is over. */
async function wait({ clock, signal }: ApplyDeps): Promise<boolean> {
  try {
    await clock.sleep(BETWEEN_READS_MS, signal);
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}

/** The facts with every written policy as it was read. */
function withSettled(facts: KeyFacts, settled: readonly Settled[]): KeyFacts {
  const view = viewOf(facts);
  if (!view.known) return facts;
  const { root } = view.value;
  const names = new Set(settled.map(({ name }) => name));
  const others = root.policies.filter(({ name }) => !names.has(name));
  const read = settled.flatMap(({ record }) => (record === null ? [] : [record]));
  return withRoot(facts, { ...root, policies: [...others, ...read] });
}
