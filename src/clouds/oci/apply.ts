import type { ApplyOptions } from "../../core/cloud.ts";
import { LookError, refusal } from "../../core/errors.ts";
import { type Applied, type Change, type Edit, type KeyFacts, seen } from "../../core/model.ts";
import type { Clock, Jitter } from "../../core/ports.ts";
import type { OciClients } from "./api.ts";
import { parsePolicyText } from "./edits.ts";
import { readFailure } from "./errors.ts";
import { withRoot } from "./plan.ts";
import { type PolicyRecord, viewOf } from "./policies.ts";
import { findPolicy, type PolicyChange, type WriteDeps } from "./policy-change.ts";
import type { PolicyReader } from "./reads.ts";
import { type Found, type SettleDeps, settle } from "./settle.ts";
import { writePolicy } from "./write.ts";

export interface ApplyDeps {
  readonly clients: OciClients;
  readonly reader: PolicyReader;
  readonly clock: Clock;
  readonly jitter: Jitter;
  readonly signal: AbortSignal | undefined;
  /** How long reads may stay old after a write before they are believed, in milliseconds. */
  readonly settleTimeoutMs: number;
}

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
      const requestId = await writePolicy(writes, one);
      if (requestId !== null) requestIds.push(requestId);
    }
    for (const one of changes) settled.push({ name: one.name, found: await settle(writes, one, options.settleReads) });
  } finally {
    deps.reader.forget();
  }
  return { caller, requestIds, facts: withSettled(change.after, settled) };
}

async function openWrites(deps: ApplyDeps, change: Change): Promise<SettleDeps> {
  const view = viewOf(change.after);
  if (!view.known) throw new LookError(view.why, "Make the policies readable, then run the same command again.");
  const tenancyId = view.value.root.tenancy.id;
  const identity = await deps.reader.home(change.key, tenancyId);
  if (!identity.known) {
    throw new LookError(identity.why, "Nothing was written: policies are written in the tenancy's home region.");
  }
  const { clock, jitter, signal, settleTimeoutMs } = deps;
  return { identity: identity.value, tenancyId, clock, jitter, signal, settleTimeoutMs };
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
  readonly found: Found;
}

/** The facts with every written policy as it was read; a policy that could not be read takes its document with it. */
function withSettled(facts: KeyFacts, settled: readonly Settled[]): KeyFacts {
  const view = viewOf(facts);
  if (!view.known) return facts;
  const { root } = view.value;
  const names = new Set(settled.map(({ name }) => name));
  const others = root.policies.filter(({ name }) => !names.has(name));
  const read: PolicyRecord[] = [];
  for (const { found } of settled) {
    if (!found.known) return withRoot(facts, found);
    if (found.value !== null) read.push(found.value);
  }
  return withRoot(facts, seen({ ...root, policies: [...others, ...read] }));
}
