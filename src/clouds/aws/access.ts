import { kindOf } from "../../core/key-kind.ts";
import {
  type Access,
  type Accessor,
  type ActionAccess,
  type Grant,
  type KeyFacts,
  type KeyKind,
  type LookFailure,
  type PolicyDocument,
  type Remark,
  type Seen,
  unseen,
  type VendorCloudPolicy,
} from "../../core/model.ts";
import { type Applied, applyStatements } from "./applies.ts";
import { type AppliedGrant, applyGrants, type KmsGrant, readGrants } from "./grants.ts";
import { arnInRegion, splitArn } from "./key.ts";
import { nearest } from "./nearest.ts";
import { type Principal, parsePrincipal, principalOf } from "./principal.ts";
import { broadRemarks, orphanRemarks } from "./remarks.ts";
import { type KeyPolicy, parseKeyPolicy } from "./statement.ts";

/** The ids of the documents that decide; a replica's is this and its region. */
export const KEY_POLICY = "key-policy";
export const GRANTS = "grants";
export const REPLICA = "replica:";
/** The KMS grants of a replica: this and its region. */
export const REPLICA_GRANTS = "grants:";

export function isGrantList({ id }: Pick<PolicyDocument, "id">): boolean {
  return id === GRANTS || id.startsWith(REPLICA_GRANTS);
}

/**
 * Who may do what with the key under its documents, without asking AWS: one answer an accessor and action, in the
 * grant's order. The vendor's own IAM is taken to allow, and guardrails of organisations (SCP, RCP) not to be there:
 * neither can be seen from the key's account. Within that, `allowed`, `denied` and `missing` are only said when AWS
 * would decide so for every request that the vendor can make; everything else `depends`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function access(facts: KeyFacts, grant: Grant): readonly Access[] {
  const policy = readPolicy(facts.documents.find((one) => one.id === KEY_POLICY));
  const grants = readGrants(facts.documents.find((one) => one.id === GRANTS));
  const kinds = kindsOf(facts, grant.policy);
  const actions = commonActions(kinds);
  return grant.accessors.map((accessor, index) => {
    const principal = parsePrincipal(principalFor(accessor, kinds));
    const about: About = { facts, principal, keyArn: facts.ref.id };
    return {
      accessor,
      principal: principal.arn,
      actions: actions.map((action) => answer(action, about, policy, grants)),
      remarks: [
        ...(policy.known ? broadRemarks(appliedToAny(policy.value, about, actions), principal, actions) : []),
        ...replicaRemarks(about, actions),
        // What is wrong with a document is said once, not once for each accessor.
        ...(index === 0 ? orphans(facts, policy) : []),
      ],
    };
  });
}

/**
 * Whether the KMS grants could change an answer, so that they are worth reading: the key policy alone neither lets
 * everything through nor denies it.
 */
export function needsGrants(answers: readonly Access[]): boolean {
  return answers.some((one) =>
    one.actions.some((it) => it.answer === "depends" || (it.answer === "unseen" && it.document === GRANTS)),
  );
}

interface About {
  readonly facts: KeyFacts;
  readonly principal: Principal;
  readonly keyArn: string;
}

/** The kind that the key is; every kind of its usage, or every kind there is, when that cannot be told. */
function kindsOf(facts: KeyFacts, policy: VendorCloudPolicy): readonly KeyKind[] {
  const key = facts.key.known ? facts.key.value : null;
  if (key === null) return policy.key.kinds;
  const kind = kindOf(key, policy);
  if (kind !== null) return [kind];
  const sameUsage = policy.key.kinds.filter((one) => one.usage === key.usage);
  return sameUsage.length > 0 ? sameUsage : policy.key.kinds;
}

/** What every kind needs: of a key that was not seen, an action of one kind alone may not be missed. */
function commonActions(kinds: readonly KeyKind[]): readonly string[] {
  const [first, ...others] = kinds;
  const actions = first?.actions ?? [];
  const common = actions.filter((action) => others.every((kind) => kind.actions.includes(action)));
  return common.length > 0 ? common : actions;
}

function principalFor(accessor: Accessor, kinds: readonly KeyKind[]): string {
  const [kind] = kinds;
  return kind === undefined ? (Object.values(accessor.fields)[0] ?? "") : principalOf(accessor, kind);
}

function readPolicy(document: PolicyDocument | undefined): Seen<KeyPolicy> {
  if (document === undefined) {
    return unseen({
      code: "look.denied",
      detail: "the key policy was not read",
      fix: "Give the caller kms:GetKeyPolicy on the key.",
    });
  }
  return document.body.known ? parseKeyPolicy(document.body.value.text) : document.body;
}

/** KMS operations that a vendor's policy may ask for with a wildcard, as in `kms:GenerateDataKey*`. */
const OPERATIONS: readonly string[] = [
  ...["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify", "GenerateMac", "VerifyMac"],
  ...["GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair"],
  ...["GenerateDataKeyPairWithoutPlaintext", "DeriveSharedSecret", "GetPublicKey", "DescribeKey"],
  ...["CreateGrant", "ListGrants", "RevokeGrant", "RetireGrant"],
];

/** The operations that a wanted action stands for; itself when it has no wildcard at its end. */
function operationsOf(action: string): readonly string[] {
  if (!action.endsWith("*")) return [action];
  const beginning = action.slice(0, -1).toLowerCase();
  const operations = OPERATIONS.map((name) => `kms:${name}`).filter((name) => name.toLowerCase().startsWith(beginning));
  return operations.length > 0 ? operations : [action];
}

/** The worst answer of an action's operations speaks for the action. */
const WORST: readonly ActionAccess["answer"][] = ["denied", "missing", "unseen", "depends", "allowed"];

function answer(
  action: string,
  about: About,
  policy: Seen<KeyPolicy>,
  grants: Seen<readonly KmsGrant[]>,
): ActionAccess {
  if (!policy.known) return { action, answer: "unseen", document: KEY_POLICY, why: policy.why };
  const answers = operationsOf(action).map((operation) => decide(operation, about, policy.value, grants));
  answers.sort((a, b) => WORST.indexOf(a.answer) - WORST.indexOf(b.answer));
  const [worst] = answers;
  if (worst === undefined) throw new TypeError(`no operation for ${action}`);
  return { ...worst, action };
}

/**
 * AWS's order: an explicit deny ends it, in the key policy over every grant too; then one allow is enough
 * (https://docs.aws.amazon.com/kms/latest/developerguide/determining-access.html).
 */
function decide(action: string, about: About, policy: KeyPolicy, grants: Seen<readonly KmsGrant[]>): ActionAccess {
  const { principal, keyArn } = about;
  const keyPartition = splitArn(keyArn)?.partition ?? principal.partition ?? "aws";
  const statements = applyStatements(policy, { ...about, action });
  const given = grants.known ? applyGrants(grants.value, principal, action, keyPartition) : [];

  const denies = statements.filter((one) => one.statement.Effect === "Deny");
  const denied = denies.filter((one) => one.applies === "yes");
  if (denied.length > 0) return { action, answer: "denied", by: labels(denied) };

  const allows = statements.filter((one) => one.statement.Effect === "Allow");
  const doubts = denies.filter((one) => one.applies === "unknown");
  const by = firstAllow(allows, given, principal);
  if (by !== null) return doubts.length === 0 ? { action, answer: "allowed", by } : depends(action, doubts, []);

  const maybe = allows.filter((one) => one.applies === "unknown");
  const maybeGiven = given.filter((one) => one.applies === "unknown");
  if (maybe.length + maybeGiven.length > 0) return depends(action, [...maybe, ...doubts], maybeGiven);

  if (!grants.known) return { action, answer: "unseen", document: GRANTS, why: withFix(grants.why) };
  return {
    action,
    answer: "missing",
    nearest: nearest(statements, given, principal, keyPartition),
    ineffective: onlyIneffective(allows),
  };
}

/** The allow that lets the principal in, its own name before wider ones; null when none does for certain. */
function firstAllow(allows: readonly Applied[], grants: readonly AppliedGrant[], principal: Principal): string | null {
  const sure = allows.filter((one) => one.applies === "yes");
  const own = sure.find((one) => one.who.through === "itself");
  if (own !== undefined) return own.label;
  const grant = grants.find((one) => one.applies === "yes");
  const [wide] = sure;
  if (wide === undefined) return grant?.grant.label ?? null;
  return wide.who.through === "account"
    ? `${wide.label}, by way of the account ${principal.account}, whose own IAM policies are taken to allow it`
    : wide.label;
}

function depends(action: string, statements: readonly Applied[], grants: readonly AppliedGrant[]): ActionAccess {
  const on = [...statements, ...grants].flatMap((one) => one.on);
  const by = [...statements.map((one) => one.label), ...grants.map((one) => one.grant.label)];
  return { action, answer: "depends", on: [...new Set(on)], by: by.join(" and ") };
}

function labels(statements: readonly Applied[]): string {
  return statements.map((one) => one.label).join(" and ");
}

function withFix(why: LookFailure): LookFailure {
  return why.fix === undefined ? { ...why, fix: "Give the caller kms:ListGrants on the key." } : why;
}

/** The statement without effect, when no other one names the principal (`*` names nobody). */
function onlyIneffective(allows: readonly Applied[]): string | null {
  const naming = allows.filter((one) => one.who.met === "yes" && one.who.through !== "everyone");
  if (naming.some((one) => !one.ineffective)) return null;
  const one = allows.find((it) => it.ineffective && it.who.met === "yes");
  return one === undefined ? null : `${one.label}, which lacks an Action or a Resource`;
}

function appliedToAny(policy: KeyPolicy, about: About, actions: readonly string[]): readonly Applied[] {
  return applyStatements(policy, { ...about, action: actions[0] ?? "kms:Decrypt" });
}

/** Replicas of a Multi-Region key that do not let the principal in; of one that was not seen nothing is said. */
function replicaRemarks(about: About, actions: readonly string[]): readonly Remark[] {
  const { facts, principal } = about;
  return facts.documents.flatMap((document) => {
    if (!document.id.startsWith(REPLICA)) return [];
    const policy = readPolicy(document);
    if (!policy.known) return [];
    const region = document.id.slice(REPLICA.length);
    const keyArn = arnInRegion(about.keyArn, region);
    const answers = actions.map((action) => answer(action, { ...about, keyArn }, policy, { known: true, value: [] }));
    const refused = answers.filter((one) => one.answer === "missing" || one.answer === "denied");
    if (refused.length === 0) return [];
    const what = refused.map((one) => one.action).join(" and ");
    const detail = `The key policy of the replica in ${region} does not let ${principal.arn} do ${what}.`;
    return [{ code: "key.replica-not-granted" as const, subject: keyArn, detail }];
  });
}

function orphans(facts: KeyFacts, policy: Seen<KeyPolicy>): readonly Remark[] {
  const own = policy.known ? orphanRemarks(policy.value, "the key policy") : [];
  const others = facts.documents.flatMap((document) => {
    if (!document.id.startsWith(REPLICA)) return [];
    const replica = readPolicy(document);
    return replica.known ? orphanRemarks(replica.value, document.title) : [];
  });
  return [...own, ...others];
}
