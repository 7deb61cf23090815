import type { ApplyOptions } from "../../core/cloud.ts";
import type { Applied, Change, DocumentBody, Edit, KeyFacts, PolicyDocument, Seen } from "../../core/model.ts";
import { deltaOf } from "./delta.ts";
import { KEY_POLICY } from "./documents.ts";
import { readFailure } from "./errors.ts";
import { type SettleDeps, settle } from "./settle.ts";
import { writePolicy } from "./write.ts";

/**
 * Writes the edit and reads until what comes back is settled. The facts hold the key's policy as it was read last; of
 * one that never settled, as it was read when it was still another.
 */
export async function applyChange(deps: SettleDeps, change: Change, options: ApplyOptions): Promise<Applied> {
  const asked = whoWrites(deps);
  // Asked while the policy is read again; a failure is thrown where the answer is wanted.
  asked.catch(() => {});
  let facts = change.after;
  for (const edit of change.edits) {
    refuseOtherDocuments(edit);
    const delta = deltaOf(edit.before, edit.after);
    await writePolicy(deps, change.key.id, edit, delta, async () => options.beforeWrite(await asked));
    facts = withRead(facts, await settle(deps, change.key.id, edit, delta, options.settleReads));
  }
  // Google Cloud gives its answers no ids that anybody could ask about.
  return { caller: await asked, requestIds: [], facts };
}

function refuseOtherDocuments(edit: Edit): void {
  if (edit.document !== KEY_POLICY) throw new TypeError(`${edit.document} cannot be written`);
}

/** Who the caller is, for the log of writes; null when nobody would say. */
async function whoWrites(deps: SettleDeps): Promise<string | null> {
  try {
    return await deps.port.caller(deps.signal);
  } catch (error) {
    readFailure(error);
    return null;
  }
}

function withRead(facts: KeyFacts, body: Seen<DocumentBody>): KeyFacts {
  const documents = facts.documents.map(
    (document): PolicyDocument => (document.id === KEY_POLICY ? { ...document, body } : document),
  );
  return { ...facts, documents };
}
