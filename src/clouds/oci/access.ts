import { kindOf } from "../../core/key-kind.ts";
import type {
  Access,
  Accessor,
  ActionAccess,
  Grant,
  KeyFacts,
  KeyKind,
  LookFailure,
  Seen,
  VendorCloudPolicy,
} from "../../core/model.ts";
import { type Applied, applyStatements, type Request, type StatementReader, statementReader } from "./applies.ts";
import { realmOf, regionOf } from "./key.ts";
import { ineffective, nearest } from "./nearest.ts";
import { ROOT, type Unread, type View, viewOf } from "./policies.ts";
import { broadRemarks } from "./remarks.ts";
import { principalOf } from "./template.ts";
import type { Vendor } from "./who.ts";

/**
 * Who may do what with the key under the policies from the root compartment down to its own, without asking OCI: one
 * answer an accessor and permission, in the grant's order. The vendor's own `endorse` is taken to be there: it stands
 * in the vendor's tenancy and nobody here can see it. Within that, `allowed`, `denied` and `missing` are only said when
 * OCI would decide so for every request that the vendor can make; everything else `depends`.
 * https://docs.oracle.com/en-us/iaas/Content/Identity/policieshow/iam-cross-domain.htm
 */
export function access(facts: KeyFacts, grant: Grant, read: StatementReader = statementReader()): readonly Access[] {
  const view = viewOf(facts);
  const kind = kindFor(facts, grant.policy);
  return grant.accessors.map((accessor) => {
    const vendor = principalOf(accessor, kind);
    const about: About = { facts, vendor, view, read };
    const actions = kind.actions.map((permission) => answer(permission, about));
    return { accessor, principal: vendor.group, actions, remarks: remarksFor(about, kind) };
  });
}

/** The kind that the key is, else the likeliest: a key of no kind that the vendor takes is refused elsewhere. */
export function kindFor(facts: KeyFacts, policy: VendorCloudPolicy): KeyKind {
  const key = facts.key.known ? facts.key.value : null;
  const { kinds } = policy.key;
  const kind = (key && kindOf(key, policy)) ?? kinds.find((one) => one.usage === key?.usage) ?? kinds[0];
  if (kind === undefined) throw new TypeError(`${policy.vendor} takes no kind of OCI key`);
  return kind;
}

/** Whether the vendor may do one thing, for a caller who has a question of his own: may it export the key? */
export function mayDo(facts: KeyFacts, accessor: Accessor, kind: KeyKind, permission: string): ActionAccess {
  const vendor = principalOf(accessor, kind);
  return answer(permission, { facts, vendor, view: viewOf(facts), read: statementReader() });
}

/** Whether somebody of another tenancy may, as the policies stand, take the key away: asked before it is known who. */
export function isExportableByOthers(facts: KeyFacts): boolean {
  const view = viewOf(facts);
  if (!view.known) return true;
  const read = statementReader();
  const defines = view.value.attached
    .flatMap(({ policy }) => policy.statements.map((text) => read(text).statement))
    .filter((one) => one?.kind === "define");
  const ids = (what: "group" | "tenancy") => [
    ...new Set(defines.flatMap((one) => (one.what === what ? [one.id] : []))),
  ];
  return ids("tenancy").some((tenancy) =>
    [...ids("group"), NOBODY].some((group) => {
      const { answer: may } = answer("KEY_EXPORT", { facts, vendor: { group, tenancy }, view, read });
      return may === "allowed" || may === "depends";
    }),
  );
}

/** Who gets in where no group is named. */
const NOBODY = "";

/** Whether some admit certainly lets the vendor do all that it needs, whatever else may keep it out. */
export function isAdmitted(facts: KeyFacts, accessor: Accessor, kind: KeyKind): boolean {
  const view = viewOf(facts);
  if (!view.known) return false;
  const about: About = { facts, vendor: principalOf(accessor, kind), view, read: statementReader() };
  return kind.actions.every((permission) =>
    applyStatements(view.value, requestOf(about, permission), about.read).some(
      (one) => one.effect === "allow" && one.applies === "yes",
    ),
  );
}

interface About {
  readonly facts: KeyFacts;
  readonly vendor: Vendor;
  readonly view: Seen<View>;
  readonly read: StatementReader;
}

function answer(permission: string, about: About): ActionAccess {
  const { facts, view } = about;
  if (!view.known) return { action: permission, answer: "unseen", document: ROOT, why: withFix(view.why) };
  const statements = applyStatements(view.value, requestOf(about, permission), about.read);
  const decision = decide(permission, statements, view.value, about);
  return decision.answer === "allowed" ? (unsubscribed(facts, view.value, permission) ?? decision) : decision;
}

function requestOf({ facts, vendor }: About, permission: string): Request {
  return { vendor, permission, keyId: facts.ref.id, region: regionOf(facts.ref) };
}

/** OCI's order: "Deny policies take precedence over allow policies" (denypolicies.htm); then one admit is enough. */
function decide(action: string, statements: readonly Applied[], view: View, about: About): ActionAccess {
  const denies = statements.filter((one) => one.effect === "deny");
  const denied = denies.filter((one) => one.applies === "yes");
  if (denied.length > 0) return { action, answer: "denied", by: labels(denied) };

  const allows = statements.filter((one) => one.effect === "allow");
  const doubts = denies.filter((one) => one.applies === "unknown");
  const hidden = view.unread.map(hiddenDeny);
  const sure = allows.find((one) => one.applies === "yes");
  if (sure !== undefined) {
    const [hiding] = view.unread;
    if (doubts.length > 0) return depends(action, doubts, hidden, sure.label);
    if (hiding === undefined) return { action, answer: "allowed", by: sure.label };
    return { action, answer: "unseen", document: hiding.document, why: withFix(hiding.why) };
  }
  const maybe = allows.filter((one) => one.applies === "unknown");
  if (maybe.length > 0) return depends(action, [...maybe, ...doubts], hidden, "");
  const [unread] = view.unread;
  if (unread !== undefined) return { action, answer: "unseen", document: unread.document, why: withFix(unread.why) };
  const about_ = { vendor: about.vendor, keyId: about.facts.ref.id, realm: realmOf(about.facts.ref.id) };
  return { action, answer: "missing", nearest: nearest(allows, about_), ineffective: ineffective(allows) };
}

/** In a document that nobody could read there may be a deny. */
function hiddenDeny({ title, why }: Unread): string {
  return `whether there is a deny in ${title}: ${why.detail}`;
}

function depends(
  action: string,
  statements: readonly Applied[],
  hidden: readonly string[],
  otherwise: string,
): ActionAccess {
  const on = [...new Set([...statements.flatMap((one) => one.on), ...hidden])];
  const by = statements.length === 0 ? otherwise : labels(statements);
  return { action, answer: "depends", on, by };
}

function labels(statements: readonly Applied[]): string {
  return statements.map((one) => one.label).join(" and ");
}

/**
 * "Target and source tenancies must subscribe to the same regions": a tenancy that has lost the key's region lets
 * nobody in. The vendor's own subscriptions cannot be seen.
 */
function unsubscribed(facts: KeyFacts, view: View, action: string): ActionAccess | null {
  const region = regionOf(facts.ref);
  const { regions } = view.root;
  if (regions === null || regions.includes(region)) return null;
  const on = [`the tenancy's subscription to the region ${region}, which is not there or not ready`];
  return { action, answer: "depends", on, by: "the tenancy's subscribed regions" };
}

function withFix(why: LookFailure): LookFailure {
  return why.fix === undefined
    ? { ...why, fix: "Let the caller `inspect policies in tenancy` and `inspect compartments in tenancy`." }
    : why;
}

function remarksFor(about: About, kind: KeyKind): Access["remarks"] {
  if (!about.view.known) return [];
  const [permission = "KEY_DECRYPT"] = kind.actions;
  return broadRemarks(applyStatements(about.view.value, requestOf(about, permission), about.read), about.vendor);
}
