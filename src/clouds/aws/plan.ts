import type { PlanOptions } from "../../core/cloud.ts";
import { LookError } from "../../core/errors.ts";
import { kindOf } from "../../core/key-kind.ts";
import {
  type Change,
  type DocumentBody,
  type Edit,
  type Grant,
  type KeyFacts,
  type KeyKind,
  type PolicyDocument,
  seen,
  type VendorCloudPolicy,
} from "../../core/model.ts";
import { access, GRANTS, isGrantList, KEY_POLICY, REPLICA } from "./access.ts";
import { addGrant, type DocumentChange, removeGrant } from "./document.ts";
import { revisionOf } from "./meaning.ts";
import { retireEdit, withoutRetired } from "./retire.ts";

/**
 * What has to be written so that the grant is in the key policy, or in none of the key's policies any more: each
 * replica of a Multi-Region key has its own, and taking access back means all of them. Null when it already is so.
 * The KMS grants of the principals go as well, where they were read. Throws a `LookError` for a policy that was not seen.
 */
export function plan(facts: KeyFacts, grant: Grant, want: "present" | "absent", options: PlanOptions): Change | null {
  const kind = kindFor(facts, grant.policy);
  const documents = facts.documents.filter(
    ({ id }) => id === KEY_POLICY || (want === "absent" && id.startsWith(REPLICA)),
  );
  const edits = documents.flatMap((document): readonly Edit[] => {
    const body = bodyOf(document);
    const change =
      want === "present"
        ? addGrant(body.text, grant, kind, { key: facts.ref, ...options, isAllowed: allowedByPolicy(facts, grant) })
        : removeGrant(body.text, grant, kind);
    return change === null ? [] : [edit(document, body, change)];
  });
  const all = want === "present" ? edits : [...edits, ...retiring(facts, grant, kind)];
  return all.length === 0 ? null : { key: facts.ref, edits: all, after: withEdits(facts, all) };
}

/** The kind that the key is, else the likeliest: a key of no kind that the vendor takes is refused elsewhere. */
export function kindFor(facts: KeyFacts, policy: VendorCloudPolicy): KeyKind {
  const key = facts.key.known ? facts.key.value : null;
  const kinds = policy.key.kinds;
  const kind = (key && kindOf(key, policy)) ?? kinds.find((one) => one.usage === key?.usage) ?? kinds[0];
  if (kind === undefined) throw new TypeError(`${policy.vendor} takes no kind of AWS key`);
  return kind;
}

/**
 * What the key policy allows for certain, conditions judged: a statement whose conditions hold for the vendor is
 * enough, and a second one without them would undo what its author wanted. KMS grants do not count: they can be
 * retired at any time without a trace in the policy.
 */
function allowedByPolicy(facts: KeyFacts, grant: Grant): (principal: string, action: string) => boolean {
  const noGrants = { id: GRANTS, title: "no KMS grants", body: seen({ text: '{"Grants":[]}', revision: "" }) };
  const own = facts.documents.filter((document) => document.id === KEY_POLICY);
  const allowed = new Set<string>();
  for (const one of access({ ...facts, documents: [...own, noGrants] }, grant)) {
    for (const { answer, action } of one.actions) if (answer === "allowed") allowed.add(`${one.principal} ${action}`);
  }
  return (principal, action) => allowed.has(`${principal} ${action}`);
}

/** After the policies: who may make grants until then could make another one. */
function retiring(facts: KeyFacts, grant: Grant, kind: KeyKind): readonly Edit[] {
  return facts.documents.filter(isGrantList).flatMap((document) => retireEdit(document, grant, kind) ?? []);
}

function bodyOf(document: PolicyDocument): DocumentBody {
  if (document.body.known) return document.body.value;
  throw new LookError(document.body.why, `Make ${document.title} readable, then run the same command again.`);
}

function edit(document: PolicyDocument, body: DocumentBody, change: DocumentChange): Edit {
  return {
    document: document.id,
    title: document.title,
    revision: body.revision,
    before: body.text,
    after: change.text,
    summary: change.summary,
  };
}

function withEdits(facts: KeyFacts, edits: readonly Edit[]): KeyFacts {
  const documents = facts.documents.map((document) => {
    const edit = edits.find((one) => one.document === document.id);
    if (edit === undefined || !document.body.known) return document;
    const text = isGrantList(document) ? withoutRetired(document.body.value.text, edit) : edit.after;
    return { ...document, body: seen({ text, revision: revisionOf(text) }) };
  });
  return { ...facts, documents };
}
