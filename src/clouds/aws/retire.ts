import { type KeygrantError, LookError, refusal } from "../../core/errors.ts";
import type { DocumentBody, Edit, Grant, KeyKind, PolicyDocument, Seen } from "../../core/model.ts";
import { type Asked, type AwsFailure, mayHaveArrived, readFailure } from "./errors.ts";
import { lookFailure } from "./look.ts";
import { revisionOf } from "./meaning.ts";
import { readGrants, type Target } from "./reads.ts";
import { isRecord } from "./statement.ts";
import { wantedStatements } from "./template.ts";
import type { WriteDeps } from "./write.ts";

/** How often a call that may or may not have arrived is sent. */
const TRIES = 3;
const BETWEEN_READS_MS = 1_000;

/**
 * The KMS grants of the grant's principals as an edit that retires them; null when they have none, or the list was
 * not seen: `access` says so then. A grant is theirs whatever it allows, because one may be used to make others
 * (https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html). The edit holds these grants alone.
 */
export function retireEdit(document: PolicyDocument, grant: Grant, kind: KeyKind): Edit | null {
  if (!document.body.known) return null;
  const principals = grant.accessors.flatMap((accessor) =>
    wantedStatements(accessor, kind).flatMap((one) => one.principals),
  );
  const going = grantsIn(document.body.value.text).filter((one) => principals.includes(one.grantee));
  if (going.length === 0) return null;
  const before = listText(going);
  return {
    document: document.id,
    title: document.title,
    revision: revisionOf(before),
    before,
    after: listText([]),
    summary: going.map((one) => `revokes KMS grant ${one.id} of ${one.grantee}: ${one.operations.join(", ")}`),
  };
}

/** The list without the grants that the edit retires. */
export function withoutRetired(text: string, edit: Edit): string {
  const going = idsIn(edit.before);
  return listText(grantsIn(text).filter((one) => !going.has(one.id)));
}

/** Throws `change.stale` when the principals have other grants by now than the edit is about. */
export async function refuseMovedGrants(deps: WriteDeps, target: Target, edit: Edit): Promise<void> {
  const now = await readGrants(target, deps.signal);
  if (!now.known) throw new LookError(now.why, "Nothing was written. Run the same command again.");
  const grantees = new Set(grantsIn(edit.before).map((one) => one.grantee));
  const theirs = listText(grantsIn(now.value.text).filter((one) => grantees.has(one.grantee)));
  if (revisionOf(theirs) === edit.revision) return;
  throw refusal(
    "change.stale",
    `Nothing was written: ${edit.title} have changed since the plan was made.`,
    "Run the same command again: it plans on what is there now.",
  );
}

/** Revokes every grant of the edit and returns the request ids. One that is gone already needs no doing. */
export async function retire(
  deps: WriteDeps,
  target: Target,
  edit: Edit,
  settleReads: number,
): Promise<readonly string[]> {
  const requestIds: string[] = [];
  for (const id of idsIn(edit.before)) {
    const requestId = await retireOne(deps, target, { id, title: edit.title, settleReads });
    if (requestId !== null) requestIds.push(requestId);
  }
  return requestIds;
}

interface Going {
  readonly id: string;
  readonly title: string;
  readonly settleReads: number;
}

async function retireOne(deps: WriteDeps, target: Target, going: Going): Promise<string | null> {
  const asked: Asked = { call: "RevokeGrant", service: "kms", about: target.about };
  for (let attempt = 1; ; attempt++) {
    const sent = await send(deps, target, going.id, asked);
    if ("requestId" in sent) return sent.requestId;
    const { failure } = sent;
    if (failure.kind === "deadline") throw unknownWhether(failure, going, asked);
    if (!isPassing(failure) && !isAlreadyGone(failure)) throw refusalFor(failure, going, asked);
    // What may have been done is looked for before it is done again; what AWS says is gone is only believed when it is.
    const isGone = isAlreadyGone(failure) || mayHaveArrived(failure) ? await isRevoked(deps, target, going) : false;
    if (isGone === true) return null;
    if (isGone === null || attempt >= TRIES) throw unknownWhether(failure, going, asked);
    await deps.clock.sleep(Math.round(BETWEEN_READS_MS * 2 ** attempt * (0.5 + deps.jitter() / 2)), deps.signal);
  }
}

type Sent = { readonly requestId: string | null } | { readonly failure: AwsFailure };

async function send(deps: WriteDeps, target: Target, id: string, asked: Asked): Promise<Sent> {
  try {
    const { $metadata } = await target.kms.revokeGrant({ KeyId: target.keyId, GrantId: id }, deps.signal);
    return { requestId: $metadata.requestId ?? null };
  } catch (error) {
    return { failure: readFailure(error, asked) };
  }
}

function isPassing(failure: AwsFailure): boolean {
  return mayHaveArrived(failure) || failure.kind === "throttled" || failure.kind === "not-sent";
}

function isAlreadyGone({ name }: AwsFailure): boolean {
  return name === "NotFoundException" || name === "InvalidGrantIdException";
}

/** Null: it could not be found out. One read may be old, so that as many as after a write must say that it is there. */
async function isRevoked(deps: WriteDeps, target: Target, { id, settleReads }: Going): Promise<boolean | null> {
  for (let reads = 1; ; reads++) {
    const now = await readGrants(target, deps.signal);
    if (!now.known) return null;
    if (!idsIn(now.value.text).has(id)) return true;
    if (reads >= settleReads) return false;
    await deps.clock.sleep(BETWEEN_READS_MS, deps.signal);
  }
}

/** Reads until `reads` lists in a row hold none of the grants; when the time is over, what was read last. */
export async function settleGrants(
  deps: WriteDeps,
  target: Target,
  edit: Edit,
  reads: number,
): Promise<Seen<DocumentBody>> {
  const end = deps.clock.now().getTime() + deps.settleTimeoutMs;
  const going = [...idsIn(edit.before)];
  let inARow = 0;
  for (;;) {
    const now = await readGrants(target, deps.signal);
    const there = now.known ? idsIn(now.value.text) : null;
    inARow = there !== null && !going.some((id) => there.has(id)) ? inARow + 1 : 0;
    if (inARow >= reads || deps.clock.now().getTime() + BETWEEN_READS_MS > end) return now;
    await deps.clock.sleep(BETWEEN_READS_MS, deps.signal);
  }
}

function refusalFor(failure: AwsFailure, { id, title }: Going, asked: Asked): KeygrantError {
  const why = lookFailure(failure, asked);
  const code = failure.kind === "denied" ? "write.denied" : "write.refused";
  return refusal(
    code,
    `Grant ${id} of ${title} was not revoked. ${why.detail}`,
    why.fix ?? "See what AWS says, then run the same command again: what is done already stays done.",
  );
}

function unknownWhether(failure: AwsFailure, { id, title }: Going, asked: Asked): LookError {
  const why = lookFailure(failure, asked);
  const detail = `${why.detail} Whether grant ${id} of ${title} was revoked could not be found out.`;
  return new LookError({ ...why, detail }, "Run the same command again: it looks before it writes.");
}

interface ListedGrant {
  readonly id: string;
  readonly grantee: string;
  readonly operations: readonly string[];
  readonly entry: unknown;
}

function grantsIn(text: string): readonly ListedGrant[] {
  const { Grants } = JSON.parse(text) as { readonly Grants: readonly unknown[] };
  return Grants.flatMap((entry) => {
    if (!isRecord(entry)) return [];
    const { GrantId: id, GranteePrincipal: grantee, Operations: operations } = entry;
    if (typeof id !== "string" || typeof grantee !== "string") return [];
    return [{ id, grantee, operations: Array.isArray(operations) ? operations.map(String) : [], entry }];
  });
}

function idsIn(text: string): ReadonlySet<string> {
  return new Set(grantsIn(text).map((one) => one.id));
}

function listText(grants: readonly ListedGrant[]): string {
  return JSON.stringify({ Grants: grants.map((one) => one.entry) }, null, 2);
}
