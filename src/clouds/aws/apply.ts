import type { ApplyOptions } from "../../core/cloud.ts";
import { KeygrantError, LookError, refusal } from "../../core/errors.ts";
import type { Applied, Change, DocumentBody, Edit, KeyRef, PolicyDocument, Seen } from "../../core/model.ts";
import { GRANTS, isGrantList, KEY_POLICY, REPLICA, REPLICA_GRANTS } from "./access.ts";
import { readFailure } from "./errors.ts";
import { arnInRegion, regionOf } from "./key.ts";
import { readKeyPolicy, type Target } from "./reads.ts";
import { refuseMovedGrants, retire, settleGrants } from "./retire.ts";
import { settle } from "./settle.ts";
import { putPolicy, type WriteDeps } from "./write.ts";

/**
 * Writes the edits: reads every document again and refuses when one has changed since the plan, lets the caller make
 * its backup, writes, and reads until what comes back is settled. The facts hold the documents as they were read
 * last; of one that never settled, as it was read when it was still another.
 */
export async function applyChange(deps: WriteDeps, change: Change, options: ApplyOptions): Promise<Applied> {
  const writes = change.edits.map((edit) => ({ edit, target: targetOf(deps, change.key, edit) }));
  const caller = await whoWrites(deps, change.key);
  const check = ({ edit, target }: Write) => (isList(edit) ? refuseMovedGrants : refuseStale)(deps, target, edit);
  await Promise.all(writes.map(check));
  await options.beforeWrite(caller);
  const requestIds: string[] = [];
  let done: string | null = null;
  for (const write of writes) {
    requestIds.push(...(await writeOne(deps, write, options.settleReads).catch((error) => refuseHalf(error, done))));
    done = write.edit.title;
  }
  const bodies = await Promise.all(
    writes.map(({ edit, target }) => (isList(edit) ? settleGrants : settle)(deps, target, edit, options.settleReads)),
  );
  return { caller, requestIds, facts: { ...change.after, documents: withBodies(change, bodies) } };
}

interface Write {
  readonly edit: Edit;
  readonly target: Target;
}

function isList({ document }: Edit): boolean {
  return isGrantList({ id: document });
}

async function writeOne(deps: WriteDeps, { edit, target }: Write, settleReads: number): Promise<readonly string[]> {
  if (isList(edit)) return retire(deps, target, edit, settleReads);
  const requestId = await putPolicy(deps, target, edit, settleReads);
  return requestId === null ? [] : [requestId];
}

/** Several documents cannot be written at once: a refusal of the second is none of the whole. */
function refuseHalf(error: unknown, done: string | null): never {
  if (done === null || !(error instanceof KeygrantError) || error.kind !== "refused") throw error;
  const message = `${error.message} What was planned up to ${done} is written.`;
  throw new KeygrantError("look", "change.half-written", message, error.fix, error);
}

/** A replica's edit goes to the key of the same id in its region. */
function targetOf(deps: WriteDeps, key: KeyRef, { document }: Edit): Target {
  if (document === KEY_POLICY || document === GRANTS) {
    return { kms: deps.clients.kms(regionOf(key)), keyId: key.id, about: "" };
  }
  const beginning = [REPLICA, REPLICA_GRANTS].find((one) => document.startsWith(one));
  if (beginning === undefined) throw new TypeError(`${document} cannot be written`);
  const region = document.slice(beginning.length);
  return { kms: deps.clients.kms(region), keyId: arnInRegion(key.id, region), about: ` in ${region}` };
}

async function refuseStale(deps: WriteDeps, target: Target, edit: Edit): Promise<void> {
  const now = await readKeyPolicy(target, deps.signal);
  if (!now.known) throw new LookError(now.why, "Nothing was written. Run the same command again.");
  if (now.value.revision === edit.revision) return;
  throw refusal(
    "change.stale",
    `Nothing was written: ${edit.title} has changed since the plan was made.`,
    "Run the same command again: it plans on what is there now.",
  );
}

/** Who the caller is, for the log of writes; null when AWS would not say. */
async function whoWrites(deps: WriteDeps, key: KeyRef): Promise<string | null> {
  try {
    return (await deps.clients.sts(regionOf(key)).getCallerIdentity(deps.signal)).Arn ?? null;
  } catch (error) {
    readFailure(error, { call: "GetCallerIdentity", service: "sts" });
    return null;
  }
}

function withBodies(change: Change, bodies: readonly Seen<DocumentBody>[]): readonly PolicyDocument[] {
  const read = new Map(change.edits.map((edit, index) => [edit.document, bodies[index]]));
  return change.after.documents.map((document) => ({ ...document, body: read.get(document.id) ?? document.body }));
}
