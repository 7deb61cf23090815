import { fits, wildcards } from "./glob.ts";
import { splitArn } from "./key.ts";
import { withoutRoot } from "./meaning.ts";
import { isRecord, list, type PrincipalElement, type Statement } from "./statement.ts";
import { oneOrMany, type WantedStatement } from "./template.ts";

/** Statements with a field of another name are not understood, so they neither count as a grant nor are changed. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

/** Whether the statement alone, under no other condition than the wanted one, allows the principal the action. */
export function grants(
  statement: Statement,
  principal: string,
  action: string,
  wanted: Statement,
  keyArn: string | null,
) {
  return (
    statement.Effect === "Allow" &&
    Object.keys(statement).every((field) => KNOWN_FIELDS.has(field)) &&
    statement.NotPrincipal === undefined &&
    letsIn(statement.Principal, principal) &&
    (hasNoCondition(statement) || sameCondition(statement, wanted)) &&
    namesAction(statement, action) &&
    namesKey(statement, keyArn)
  );
}

/** The principal itself, its whole account, or everybody. */
function letsIn(element: PrincipalElement | undefined, principal: string): boolean {
  if (element === "*") return true;
  const account = splitArn(principal)?.account;
  return awsPrincipals(element).some(
    (name) => name === "*" || name === principal || (account !== undefined && withoutRoot(name) === account),
  );
}

/** Actions are read without case (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html). */
function namesAction(statement: Statement, action: string): boolean {
  const matches = (pattern: string) => fits(wildcards(pattern.toLowerCase()), action.toLowerCase());
  if (statement.NotAction !== undefined) {
    return statement.Action === undefined && !list(statement.NotAction).some(matches);
  }
  return list(statement.Action).some(matches);
}

/** In a key policy "*" means "this key". Another key's ARN has no effect. */
function namesKey(statement: Statement, keyArn: string | null): boolean {
  const matches = (pattern: string) => pattern === "*" || (keyArn !== null && fits(wildcards(pattern), keyArn));
  return statement.NotResource === undefined && list(statement.Resource).some(matches);
}

function sameCondition(a: Statement, b: Statement): boolean {
  const text = (statement: Statement) => JSON.stringify(hasNoCondition(statement) ? null : statement.Condition);
  return text(a) === text(b);
}

function hasNoCondition({ Condition }: Statement): boolean {
  return Condition === undefined || Object.keys(Condition).length === 0;
}

/** Whether keygrant, or a person with the vendor's page, wrote the statement: by its Sid. */
export function isOurs(statement: Statement, wanted: Statement): boolean {
  const base = wanted.Sid;
  const sid = statement.Sid;
  if (base === undefined || sid === undefined || statement.Effect !== "Allow") return false;
  return sid === base || (sid.startsWith(`${base} `) && /^[0-9]+$/.test(sid.slice(base.length + 1)));
}

/** Whether somebody may be added to the statement, or an action for its only principal, with no other effect. */
export function isPlainOurs(statement: Statement, wanted: Statement): boolean {
  return (
    isOurs(statement, wanted) &&
    Object.keys(statement).every((field) => KNOWN_FIELDS.has(field)) &&
    statement.NotPrincipal === undefined &&
    statement.NotAction === undefined &&
    statement.NotResource === undefined &&
    isRecord(statement.Principal) &&
    Object.keys(statement.Principal).every((kind) => kind === "AWS") &&
    sameCondition(statement, wanted) &&
    sameSet(list(statement.Resource), list(wanted.Resource))
  );
}

/** Whether the statement has actions, all within what the vendor asks for, and among them those given. */
export function hasActionsBetween(statement: Statement, least: readonly string[], wanted: WantedStatement): boolean {
  const has = lowerCase(list(statement.Action));
  const most = lowerCase(wanted.actions);
  if (has.size === 0) return false;
  return [...has].every((action) => most.has(action)) && [...lowerCase(least)].every((action) => has.has(action));
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const left = new Set(a);
  const right = new Set(b);
  return left.size === right.size && [...left].every((one) => right.has(one));
}

function lowerCase(actions: readonly string[]): ReadonlySet<string> {
  return new Set(actions.map((action) => action.toLowerCase()));
}

export function awsPrincipals(element: PrincipalElement | undefined): readonly string[] {
  return isRecord(element) && Object.hasOwn(element, "AWS") ? list(element["AWS"]) : [];
}

export function withPrincipal(statement: Statement, principal: string): Statement {
  return { ...statement, Principal: { AWS: oneOrMany([...awsPrincipals(statement.Principal), principal]) } };
}

export function withActions(statement: Statement, actions: readonly string[]): Statement {
  return { ...statement, Action: oneOrMany([...list(statement.Action), ...actions]) };
}

/**
 * The statement without the AWS principals that `goes` picks: itself when it picks none, null when nobody is left,
 * because a statement without a principal would be refused.
 */
export function withoutPrincipals(statement: Statement, goes: (principal: string) => boolean): Statement | null {
  const element = statement.Principal;
  if (typeof element === "string") return goes(element) ? null : statement;
  const before = awsPrincipals(element);
  const left = before.filter((principal) => !goes(principal));
  if (element === undefined || left.length === before.length) return statement;
  if (left.length > 0) return { ...statement, Principal: { ...element, AWS: oneOrMany(left) } };
  const others = Object.entries(element).filter(([kind]) => kind !== "AWS");
  return others.length === 0 ? null : { ...statement, Principal: Object.fromEntries(others) };
}

/** Whether the statement names the principal itself and is about the grant: ours, or one that allows an action of it. */
export function isForGrant(statement: Statement, wanted: WantedStatement, principal: string): boolean {
  if (statement.Effect !== "Allow" || !awsPrincipals(statement.Principal).includes(principal)) return false;
  return isOurs(statement, wanted.statement) || wanted.actions.some((action) => namesAction(statement, action));
}
