import type { PlanOptions } from "../../core/cloud.ts";
import { LookError } from "../../core/errors.ts";
import { kindOf } from "../../core/key-kind.ts";
import {
  type ActionAccess,
  type Change,
  type DocumentBody,
  type Edit,
  type Grant,
  type KeyFacts,
  type KeyKind,
  type PolicyDocument,
  seen,
  unseen,
  type VendorCloudPolicy,
} from "../../core/model.ts";
import { access, kindsOf } from "./access.ts";
import { addGrant, removeGrant } from "./document.ts";
import { KEY_POLICY, POLICY_TITLES, readRoles } from "./documents.ts";
import { isEveryone } from "./members.ts";

/**
 * What has to be written so that the grant is in the key's own IAM policy, or in it no more; null when it already is
 * so. A grant on the ring or the project counts as present, and is left alone when the grant is to go: it is not about
 * this key only, and `access` reports it. Throws a `LookError` for a policy that was not seen.
 */
export function plan(
  facts: KeyFacts,
  grant: Grant,
  want: "present" | "absent",
  options: PlanOptions,
  now: Date,
): Change | null {
  const document = facts.documents.find((one) => one.id === KEY_POLICY);
  const body = bodyOf(document);
  const change =
    want === "present"
      ? addGrant(body.text, grant, kindFor(facts, grant.policy), { ...options, isAllowed: allowed(facts, grant, now) })
      : removeGrant(body.text, grant, kindsOf(facts, grant.policy), readRoles(facts.documents));
  if (change === null) return null;
  const edit: Edit = {
    document: KEY_POLICY,
    title: POLICY_TITLES[KEY_POLICY],
    revision: body.revision,
    before: body.text,
    after: change.text,
    summary: change.summary,
  };
  return { key: facts.ref, edits: [edit], after: withBody(facts, { text: change.text, revision: body.revision }) };
}

/** The kind that the key is, else the likeliest: a key of no kind that the vendor takes is refused elsewhere. */
function kindFor(facts: KeyFacts, policy: VendorCloudPolicy): KeyKind {
  const key = facts.key.known ? facts.key.value : null;
  const [first] = kindsOf(facts, policy);
  const kind = (key && kindOf(key, policy)) ?? first;
  if (kind === undefined) throw new TypeError(`${policy.vendor} takes no kind of Google Cloud key`);
  return kind;
}

/** A grant that ends sooner is none to build on. */
const SOON_MS = 30 * 86_400_000;

/** What is allowed for certain, on the key or above it. That everybody may use the key is no grant to the vendor. */
function allowed(facts: KeyFacts, grant: Grant, now: Date): (member: string, permission: string) => boolean {
  const documents = facts.documents.map((document) => withoutEveryone(document));
  const known = new Set<string>();
  for (const one of access({ ...facts, documents }, grant, now)) {
    for (const action of one.actions) if (isLasting(action, now)) known.add(`${one.principal} ${action.action}`);
  }
  return (member, permission) => known.has(`${member} ${permission}`);
}

function isLasting(one: ActionAccess, now: Date): boolean {
  if (one.answer !== "allowed") return false;
  return one.until === undefined || Date.parse(one.until) - now.getTime() > SOON_MS;
}

function withoutEveryone(document: PolicyDocument): PolicyDocument {
  if (!document.body.known || !(document.id in POLICY_TITLES)) return document;
  const { text, revision } = document.body.value;
  const stripped = stripEveryone(text);
  return stripped === null ? document : { ...document, body: seen({ text: stripped, revision }) };
}

function stripEveryone(text: string): string | null {
  try {
    return JSON.stringify(JSON.parse(text), (name, value: unknown) =>
      name === "members" && Array.isArray(value) ? value.filter((one) => !isEveryone(String(one))) : value,
    );
  } catch {
    return null;
  }
}

function bodyOf(document: PolicyDocument | undefined): DocumentBody {
  const body = document?.body ?? unseen({ code: "look.denied", detail: "The IAM policy of the key was not read." });
  if (body.known) return body.value;
  throw new LookError(body.why, "Make the IAM policy of the key readable, then run the same command again.");
}

/** The facts with the key's own policy as it is given. */
export function withBody(facts: KeyFacts, body: DocumentBody): KeyFacts {
  const documents = facts.documents.map((one) => (one.id === KEY_POLICY ? { ...one, body: seen(body) } : one));
  return { ...facts, documents };
}
