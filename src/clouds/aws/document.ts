import { LookError, refusal } from "../../core/errors.ts";
import type { Grant, KeyKind, KeyRef } from "../../core/model.ts";
import {
  grants,
  hasActionsBetween,
  isForGrant,
  isOurs,
  isPlainOurs,
  withActions,
  withoutPrincipals,
  withPrincipal,
} from "./grantee.ts";
import { isKeyArn, partitionOf, splitArn } from "./key.ts";
import { withoutRoot } from "./meaning.ts";
import { isDeletedPrincipal } from "./principal.ts";
import { list, parseKeyPolicy, type Statement, statementLabel } from "./statement.ts";
import { oneOrMany, type WantedStatement, wantedStatements } from "./template.ts";

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html, "Key policy format". */
export const LARGEST_POLICY_BYTES = 32_768;

export interface DocumentOptions {
  /** The key, for its ARN and partition; null when only a document is at hand. */
  readonly key: KeyRef | null;
}

export interface AddOptions extends DocumentOptions {
  /** Principals to take out of our own statements, as they stand there. */
  readonly replacePrincipals?: readonly string[];
  /** Take deleted users and roles out of Allow statements, so that the write is not refused. */
  readonly pruneOrphans?: boolean;
  /** What a principal is known to be allowed already, under statements whose conditions somebody else has judged. */
  readonly isAllowed?: (principal: string, action: string) => boolean;
}

export interface DocumentChange {
  /** The whole document as it is to be written. */
  readonly text: string;
  /** What changes, a line each. */
  readonly summary: readonly string[];
}

/**
 * Puts the grant into a key policy; null when nothing is missing. Only adds: a principal to our statement where
 * that gives it what it lacks and nobody anything else, else a statement of its own. Everything else, the order
 * too, comes back as it was. Throws a refusal for what AWS would not take, a `LookError` for an unreadable policy.
 */
export function addGrant(text: string, grant: Grant, kind: KeyKind, options: AddOptions): DocumentChange | null {
  const wanted = grant.accessors.flatMap((accessor) => wantedStatements(accessor, kind));
  refuseOtherPartitions(wanted, options.key);
  const edit = openDocument(text);
  for (const one of wanted) {
    for (const principal of one.principals) addPrincipal(edit, one, principal, options);
  }
  replaceInOurs(edit, wanted, options.replacePrincipals ?? []);
  if (options.pruneOrphans === true) pruneOrphans(edit);
  return closeDocument(text, edit);
}

/**
 * Takes the grant out of a key policy: the grant's own principals, from every Allow statement that names one of them
 * and allows it an action of the grant. A statement in which nobody is left goes as a whole. Null when no statement
 * names them. What lets them in without naming them (their account, everybody) stays: `access` reports it.
 */
export function removeGrant(text: string, grant: Grant, kind: KeyKind): DocumentChange | null {
  const edit = openDocument(text);
  for (const accessor of grant.accessors) {
    for (const wanted of wantedStatements(accessor, kind)) {
      for (const principal of wanted.principals) {
        takeOut(
          edit,
          (statement) => isForGrant(statement, wanted, principal),
          (name) => name === principal,
        );
      }
    }
  }
  return closeDocument(text, edit);
}

/** A document while it is edited: its statements are replaced one by one, the rest is put back as it was. */
interface DocumentEdit {
  readonly document: Readonly<Record<string, unknown>>;
  statements: readonly Statement[];
  readonly summary: string[];
}

function openDocument(text: string): DocumentEdit {
  const policy = parseKeyPolicy(text);
  if (!policy.known) throw new LookError(policy.why, "Read the key policy with `aws kms get-key-policy` and mend it.");
  const document = parseExactly(text) as Readonly<Record<string, unknown>>;
  const statements = document["Statement"];
  return {
    document,
    statements: (Array.isArray(statements) ? statements : [statements]) as readonly Statement[],
    summary: [],
  };
}

/** What ES2025 added to JSON and TypeScript's library does not know yet; Node has it since 21. */
interface JsonWithSource {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

/** Numbers that JavaScript would round stay as they were written: nothing that is not ours may change. */
function parseExactly(text: string): unknown {
  const json = JSON as unknown as JsonWithSource;
  return json.parse(text, (_, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
  );
}

function addPrincipal(edit: DocumentEdit, wanted: WantedStatement, principal: string, options: AddOptions): void {
  const keyArn = options.key !== null && isKeyArn(options.key) ? options.key.id : null;
  const missing = wanted.actions.filter(
    (action) =>
      options.isAllowed?.(principal, action) !== true &&
      !edit.statements.some((statement) => grants(statement, principal, action, wanted.statement, keyArn)),
  );
  if (missing.length === 0) return;
  const index = edit.statements.findIndex(
    (statement) => isPlainOurs(statement, wanted.statement) && fitsFor(statement, principal, missing, wanted),
  );
  const found = edit.statements[index];
  if (found === undefined) {
    appendStatement(edit, wanted, principal, missing);
    return;
  }
  const isAlone = isOnly(statementPrincipals(found), principal);
  const changed = isAlone ? withActions(found, missing) : withPrincipal(found, principal);
  edit.statements = edit.statements.with(index, changed);
  edit.summary.push(
    isAlone
      ? `adds ${missing.join(" and ")} to ${statementLabel(found, index)}, which is for ${principal} alone`
      : `adds ${principal} to ${statementLabel(found, index)}: ${list(found.Action).join(", ")}`,
  );
}

/** Nobody but the principal may gain by the edit, and the principal no more than the vendor asks for. */
function fitsFor(
  statement: Statement,
  principal: string,
  missing: readonly string[],
  wanted: WantedStatement,
): boolean {
  const inside = statementPrincipals(statement);
  if (isOnly(inside, principal)) return hasActionsBetween(statement, [], wanted);
  return !inside.includes(principal) && inside.length > 0 && hasActionsBetween(statement, missing, wanted);
}

function statementPrincipals({ Principal }: Statement): readonly string[] {
  return typeof Principal === "object" ? list(Principal["AWS"]) : [];
}

function isOnly(principals: readonly string[], principal: string): boolean {
  return principals.length > 0 && principals.every((name) => name === principal);
}

function appendStatement(
  edit: DocumentEdit,
  { statement, actions }: WantedStatement,
  principal: string,
  missing: readonly string[],
): void {
  const Sid = freeSid(statement.Sid, edit.statements);
  const added: Statement = {
    ...statement,
    ...(Sid === undefined ? {} : { Sid }),
    Principal: { AWS: principal },
    ...(missing.length === actions.length ? {} : { Action: oneOrMany(missing) }),
  };
  edit.statements = [...edit.statements, added];
  edit.summary.push(
    `adds ${statementLabel(added, edit.statements.length - 1)}: allows ${principal} ${missing.join(", ")}`,
  );
}

/** Sids are unique within a policy. Letters, digits and spaces are all that is known to be taken in one. */
function freeSid(wanted: string | undefined, statements: readonly Statement[]): string | undefined {
  if (wanted === undefined) return undefined;
  const taken = new Set(statements.map((statement) => statement.Sid));
  let sid = wanted;
  for (let count = 2; taken.has(sid); count++) sid = `${wanted} ${count}`;
  return sid;
}

function replaceInOurs(edit: DocumentEdit, wanted: readonly WantedStatement[], old: readonly string[]): void {
  const going = new Set(old.map(withoutRoot));
  const staying = wanted.flatMap((one) => one.principals).find((principal) => going.has(withoutRoot(principal)));
  if (staying !== undefined) {
    throw refusal(
      "change.replaces-itself",
      `${staying} is what the vendor names now: it cannot be replaced.`,
      "Give --replace-principal the principal that is to go, as it stands in the key policy.",
    );
  }
  takeOut(
    edit,
    (statement) => wanted.some((one) => isOurs(statement, one.statement)),
    (name) => going.has(withoutRoot(name)),
  );
}

/** Never from a Deny, nor from a NotPrincipal: what is taken out there is let in. */
function pruneOrphans(edit: DocumentEdit): void {
  takeOut(edit, (statement) => statement.Effect === "Allow", isDeletedPrincipal);
}

function takeOut(
  edit: DocumentEdit,
  from: (statement: Statement) => boolean,
  goes: (principal: string) => boolean,
): void {
  edit.statements = edit.statements.flatMap((statement, index) => {
    const left = from(statement) ? withoutPrincipals(statement, goes) : statement;
    if (left === statement) return [statement];
    const { Principal } = statement;
    const gone = typeof Principal === "string" ? [Principal] : statementPrincipals(statement).filter(goes);
    edit.summary.push(
      left === null
        ? `removes ${statementLabel(statement, index)}: nobody but ${gone.join(", ")} was in it`
        : `takes ${gone.join(", ")} out of ${statementLabel(statement, index)}`,
    );
    return left === null ? [] : [left];
  });
}

function closeDocument(before: string, edit: DocumentEdit): DocumentChange | null {
  if (edit.summary.length === 0) return null;
  const after = { ...edit.document, Statement: edit.statements };
  const spread = encode(before, JSON.stringify(after, null, 2));
  const text = byteLength(spread) <= LARGEST_POLICY_BYTES ? spread : encode(before, JSON.stringify(after));
  if (byteLength(text) > LARGEST_POLICY_BYTES) {
    throw refusal(
      "change.too-large",
      `With the grant the key policy would have ${byteLength(text)} bytes; AWS takes ${LARGEST_POLICY_BYTES}.`,
      "Make room in the key policy: merge statements that differ only in their principal, or remove what is not needed.",
    );
  }
  const now: ReadonlySet<unknown> = new Set(edit.statements);
  const untouched = originalStatements(edit).filter((statement) => now.has(statement)).length;
  const keeps =
    untouched === 1 ? "keeps the other statement as it is" : `keeps ${untouched} other statements as they are`;
  return { text, summary: [...edit.summary, keeps] };
}

function originalStatements({ document }: DocumentEdit): readonly unknown[] {
  const statements = document["Statement"];
  return Array.isArray(statements) ? statements : [statements];
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

/** All that AWS takes in a key policy (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html). */
const UNENCODABLE = /[^\t\n\r\u0020-\u00ff]/g;

/** A character beyond Latin-1 can only have come as an escape: it goes back as one. In the open it is refused. */
function encode(before: string, text: string): string {
  const [foreign] = before.match(UNENCODABLE) ?? [];
  if (foreign !== undefined) throw unencodable(foreign);
  const escaped = new Set(JSON.stringify(JSON.parse(before)).match(UNENCODABLE));
  const added = text.match(UNENCODABLE)?.find((unit) => !escaped.has(unit));
  if (added !== undefined) throw unencodable(added);
  return text.replace(UNENCODABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function unencodable(unit: string) {
  const code = unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return refusal(
    "change.unencodable",
    `The key policy has a character that AWS does not take in one (U+${code}): only Latin-1 is allowed.`,
    "Write it without that character; a JSON escape (\\u…) is taken.",
  );
}

function refuseOtherPartitions(wanted: readonly WantedStatement[], key: KeyRef | null): void {
  if (key === null) return;
  const own = partitionOf(key);
  for (const principal of wanted.flatMap((one) => one.principals)) {
    const partition = splitArn(principal)?.partition;
    if (partition === undefined || partition === own) continue;
    throw refusal(
      "change.partition",
      `${principal} is in the partition ${partition}, the key in ${own}: AWS does not let one into the other.`,
      `Ask the vendor for a principal in ${own}, or use a key in ${partition}.`,
    );
  }
}
