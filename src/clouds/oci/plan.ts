import type { PlanOptions } from "../../core/cloud.ts";
import { LookError, refusal } from "../../core/errors.ts";
import {
  type Accessor,
  type Change,
  type Edit,
  type Grant,
  type KeyFacts,
  type KeyKind,
  type Seen,
  seen,
} from "../../core/model.ts";
import { isAdmitted, kindFor } from "./access.ts";
import { type AliasNames, addEntry, count, removeEntry, STATEMENTS_IN_A_POLICY } from "./document.ts";
import { editOf, parsePolicyText } from "./edits.ts";
import { type Entry, entriesIn, entryOf, openAdmit, withoutExport } from "./entry.ts";
import { bodyOf, type PolicyRecord, ROOT, type RootDocument, type View, viewOf } from "./policies.ts";
import { parseStatement } from "./statement.ts";
import { type Scope, type Wanted, wantedStatements } from "./template.ts";

/** How the grant is to be written. */
export interface GrantForm {
  readonly scope: Scope;
  /** Leaves KEY_EXPORT out, at the price of another form than the vendor's page shows. */
  readonly noExport: boolean;
}

/**
 * "The maximum number of policy statements allowed from the root compartment to any leaf compartment is 500", and it
 * cannot be raised (https://docs.oracle.com/en-us/iaas/Content/Identity/policymgmt/policy-limits-compartment-hierarchy.htm).
 */
export const STATEMENTS_ON_A_PATH = 500;
const NEARLY = 450;

/**
 * What has to be written so that the grant is present in, or absent from, the policies that keygrant writes: those in
 * the root compartment that are called `keygrant-<vendor>`. No other policy is ever touched. Null when it already is
 * so. Throws a refusal for what OCI would not take, a `LookError` when the policies were not seen.
 */
export function plan(
  facts: KeyFacts,
  grant: Grant,
  want: "present" | "absent",
  form: GrantForm,
  options: PlanOptions = {},
): Change | null {
  const view = viewOf(facts);
  if (!view.known) throw new LookError(view.why, "Make the policies readable, then run the same command again.");
  const draft = openDraft(grant.policy.vendor, view.value);
  const about: About = { facts, view: view.value, kind: kindFor(facts, grant.policy), form };
  if (want === "present") addMissing(draft, about, grant, options);
  else for (const accessor of grant.accessors) remove(draft, about, accessor);
  const edits = closeDraft(draft);
  if (edits.length === 0) return null;
  const after = withPolicies(facts, view.value.root, draft);
  const warning = want === "present" ? roomLeft(view.value, edits) : null;
  return { key: facts.ref, edits: warning === null ? edits : addLine(edits, warning), after };
}

interface About {
  readonly facts: KeyFacts;
  readonly view: View;
  readonly kind: KeyKind;
  readonly form: GrantForm;
}

/** The policies of ours while they are edited, by name. */
interface Draft {
  readonly vendor: string;
  /** As they were read; null for one that is still to be created. */
  readonly before: ReadonlyMap<string, PolicyRecord>;
  readonly now: Map<string, readonly string[]>;
  readonly summary: Map<string, string[]>;
}

/** The name of the policy that keygrant writes for a vendor; the second one is for when the first is full. */
export function policyName(vendor: string, number: number): string {
  return number === 1 ? `keygrant-${vendor}` : `keygrant-${vendor}-${number}`;
}

export function policyDescription(vendor: string): string {
  return `Lets ${vendor} use customer-managed keys. Written by keygrant, which adds and removes keys in it.`;
}

function openDraft(vendor: string, view: View): Draft {
  const ours = view.root.policies.filter(({ name }) => isOurs(name, vendor));
  return {
    vendor,
    before: new Map(ours.map((policy) => [policy.name, policy])),
    now: new Map(ours.map((policy) => [policy.name, policy.statements])),
    summary: new Map(),
  };
}

function isOurs(name: string, vendor: string): boolean {
  const first = policyName(vendor, 1);
  return (
    name === first || (name.startsWith(`${first}-`) && /^[2-9]$|^[1-9][0-9]{1,2}$/.test(name.slice(first.length + 1)))
  );
}

/** An accessor that is admitted already, by whichever policy, needs nothing: what keeps it out is not mended here. */
function addMissing(draft: Draft, about: About, grant: Grant, options: PlanOptions): void {
  for (const accessor of grant.accessors) {
    if (isAdmitted(about.facts, accessor, about.kind)) continue;
    add(draft, entryFor(accessor, about), namesOf(wantedFor(accessor, about)));
  }
  for (const old of options.replacePrincipals ?? []) replace(draft, about, grant, old);
}

function add(draft: Draft, entry: Entry, names: AliasNames): void {
  for (let number = 1; ; number++) {
    const name = policyName(draft.vendor, number);
    const change = addEntry(draft.now.get(name) ?? [], entry, names);
    if (change === null) return;
    if (change === "full") continue;
    const isNew = !draft.now.has(name);
    draft.now.set(name, change.statements);
    note(draft, name, [...(isNew ? [`creates the policy "${name}" in the root compartment`] : []), ...change.summary]);
    return;
  }
}

/** Takes the key out wherever it is named, and the statement about a whole place too when that is asked for. */
function remove(draft: Draft, about: About, accessor: Accessor): void {
  const { scope } = about.form;
  const narrow = entryFor(accessor, { ...about, form: { ...about.form, scope: "key" } });
  const entries = [narrow, ...(scope === "key" ? [] : [entryFor(accessor, about)])];
  for (const entry of entries.flatMap(withAndWithoutExport)) takeOut(draft, entry);
  refuseShared(draft, about, narrow.group);
}

function takeOut(draft: Draft, entry: Entry): void {
  for (const [name, statements] of draft.now) {
    const change = removeEntry(statements, entry);
    if (change === null) continue;
    draft.now.set(name, change.statements);
    note(draft, name, change.summary);
  }
}

/** However narrow a statement was made, it is the one that goes. */
function withAndWithoutExport(entry: Entry): readonly Entry[] {
  const plain = { ...entry, shape: { ...entry.shape, condition: null } };
  return [plain, withoutExport(plain)];
}

/** A statement of ours that lets the vendor use every key cannot be taken back for one of them. */
function refuseShared(draft: Draft, { view }: About, group: string): void {
  const { tenancy, compartments } = view.root;
  const places = new Set([tenancy.id, ...compartments.map(({ id }) => id)]);
  for (const [name, texts] of draft.now) {
    const statements = texts.map(parseStatement);
    const shared = statements.findIndex((_, index) => {
      const opened = openAdmit(statements, index);
      if (opened === null || opened.keys.length > 0 || opened.group !== group) return false;
      const { place } = opened.shape;
      return place?.in !== "compartment" || place.id === null || places.has(place.id);
    });
    if (shared < 0) continue;
    throw refusal(
      "change.shared-statement",
      `Nothing was changed: statement ${shared + 1} of the policy "${name}" lets the vendor use other keys as well.`,
      "Pass --scope tenancy (or compartment) to take that statement out for all of them.",
    );
  }
}

/** Takes the key out of what another group was given by us. */
function replace(draft: Draft, about: About, grant: Grant, old: string): void {
  const wanted = grant.accessors.map((accessor) => entryFor(accessor, about));
  if (wanted.some(({ group }) => group === old)) {
    throw refusal(
      "change.replaces-itself",
      `${old} is what the vendor names now: it cannot be replaced.`,
      "Give --replace-principal the OCID of the group that is to go.",
    );
  }
  for (const statements of [...draft.now.values()]) {
    const going = entriesIn(statements).filter(({ group, key }) => group === old && key === about.facts.ref.id);
    for (const entry of going) takeOut(draft, entry);
  }
}

function note(draft: Draft, name: string, lines: readonly string[]): void {
  draft.summary.set(name, [...(draft.summary.get(name) ?? []), ...lines]);
}

function wantedFor(accessor: Accessor, { facts, view, kind, form }: About): Wanted {
  const { root } = view;
  const compartment = root.compartments.at(-1)?.id ?? root.tenancy.id;
  return wantedStatements(accessor, kind, form.scope, { key: facts.ref.id, compartment });
}

function entryFor(accessor: Accessor, about: About): Entry {
  const entry = entryOf(wantedFor(accessor, about));
  return about.form.noExport ? withoutExport(entry) : entry;
}

export function namesOf({ tenancy, group }: Wanted): AliasNames {
  return { tenancy: tenancy.alias, group: group.alias };
}

function closeDraft(draft: Draft): readonly Edit[] {
  return [...draft.summary].flatMap(([name, summary]) => {
    const before = draft.before.get(name) ?? null;
    const statements = draft.now.get(name) ?? [];
    const gone = statements.length === 0;
    if (gone && before === null) return [];
    const description = before?.description ?? policyDescription(draft.vendor);
    const after = gone ? null : { id: before?.id ?? null, name, description, statements };
    const others = before?.statements.filter((text) => statements.includes(text)).length ?? 0;
    const last = gone
      ? [`deletes the policy "${name}": nothing is left in it`]
      : before === null
        ? []
        : [`keeps ${count(others, "other statement")} of the policy as ${others === 1 ? "it is" : "they are"}`];
    return [editOf(before, after, [...summary, ...last])];
  });
}

function withPolicies(facts: KeyFacts, root: RootDocument, draft: Draft): KeyFacts {
  const kept = root.policies.flatMap((policy): readonly PolicyRecord[] => {
    const statements = draft.before.has(policy.name) ? (draft.now.get(policy.name) ?? []) : policy.statements;
    return statements.length === 0 && policy.statements.length > 0 ? [] : [{ ...policy, statements }];
  });
  const created = [...draft.now].flatMap(([name, statements]): readonly PolicyRecord[] => {
    if (draft.before.has(name) || statements.length === 0) return [];
    const description = policyDescription(draft.vendor);
    return [{ id: "", name, description, state: "ACTIVE", etag: "", statements }];
  });
  return withRoot(facts, seen({ ...root, policies: [...kept, ...created] }));
}

/** The same facts with another first document. */
export function withRoot(facts: KeyFacts, root: Seen<RootDocument>): KeyFacts {
  const body = root.known ? seen(bodyOf(root.value)) : root;
  const documents = facts.documents.map((document) => (document.id === ROOT ? { ...document, body } : document));
  return { ...facts, documents };
}

/** Refuses what would not fit, and says when it is getting tight; null when it is not. */
function roomLeft(view: View, edits: readonly Edit[]): string | null {
  const before = view.attached.reduce((sum, { policy }) => sum + policy.statements.length, 0);
  const size = (text: string) => parsePolicyText(text)?.statements.length ?? 0;
  const after = edits.reduce((sum, edit) => sum + size(edit.after) - size(edit.before), before);
  if (after > STATEMENTS_ON_A_PATH && after > before) {
    throw refusal(
      "change.too-many-statements",
      `With the grant there would be ${after} policy statements between the root compartment and the key's; OCI takes ${STATEMENTS_ON_A_PATH}.`,
      "Make room: merge statements that differ only in one value, or move policies into compartments beside the key's.",
    );
  }
  const fullest = Math.max(0, ...edits.map((edit) => size(edit.after)));
  if (after >= NEARLY) {
    return `there will be ${after} of at most ${STATEMENTS_ON_A_PATH} statements between the root compartment and the key's`;
  }
  return fullest > STATEMENTS_IN_A_POLICY - 5
    ? `the policy will have ${fullest} of some ${STATEMENTS_IN_A_POLICY} statements; the next ones go into another policy`
    : null;
}

function addLine(edits: readonly Edit[], line: string): readonly Edit[] {
  return edits.map((edit, index) =>
    index === edits.length - 1 ? { ...edit, summary: [...edit.summary, line] } : edit,
  );
}
