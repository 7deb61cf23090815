import type { Accessor, KeyKind } from "../../core/model.ts";
import { all, any, type Tri } from "../../core/tri.ts";
import { type Arn, splitArn } from "./key.ts";
import { isRecord, list, type PrincipalElement, type Statement } from "./statement.ts";

/** Whoever asks for access: in practice a role of the vendor's. */
export interface Principal {
  readonly arn: string;
  /** `other`: no form that IAM documents; nothing can be said for it. */
  readonly kind: "role" | "user" | "account" | "other";
  readonly partition: string | null;
  readonly account: string | null;
  /** The last part of a role's or user's path. */
  readonly name: string | null;
}

export function parsePrincipal(text: string): Principal {
  const arn = splitArn(text);
  const about = (kind: Principal["kind"], name: string | null): Principal => ({
    arn: text,
    kind,
    partition: arn?.partition ?? null,
    account: arn !== null && isAccountId(arn.account) ? arn.account : null,
    name,
  });
  if (arn === null || arn.service !== "iam" || !isAccountId(arn.account)) return about("other", null);
  if (arn.resource === "root") return about("account", null);
  if (arn.resource.startsWith("role/")) return about("role", lastPart(arn.resource));
  if (arn.resource.startsWith("user/")) return about("user", lastPart(arn.resource));
  return about("other", null);
}

/**
 * The accessor as it stands in key policies: the kind's first Principal.AWS with the accessor's fields filled in.
 * A template of another form falls back on the accessor's first field.
 */
export function principalOf(accessor: Accessor, kind: KeyKind): string {
  const statements = kind.grant["statements"];
  for (const statement of Array.isArray(statements) ? statements : []) {
    const template =
      isRecord(statement) && isRecord(statement["Principal"]) ? statement["Principal"]["AWS"] : undefined;
    const first: unknown = Array.isArray(template) ? template[0] : template;
    if (typeof first === "string") return fill(first, accessor);
  }
  return Object.values(accessor.fields)[0] ?? "";
}

function fill(template: string, accessor: Accessor): string {
  let text = template;
  for (const [name, value] of Object.entries(accessor.fields)) text = text.split(`{${name}}`).join(value);
  return text;
}

/** Whether a statement is about a principal, and which of its words says so. */
export interface PrincipalMatch {
  readonly met: Tri;
  /** `everyone`: `*`. `account`: the whole account. `itself`: its own ARN. `exception`: NotPrincipal does not spare it. */
  readonly through: "everyone" | "account" | "itself" | "exception" | null;
  readonly on: readonly string[];
}

const NO_MATCH: PrincipalMatch = { met: "no", through: null, on: [] };

export function matchPrincipal(statement: Statement, principal: Principal, keyPartition: string): PrincipalMatch {
  const { Principal: named, NotPrincipal: spared } = statement;
  // Accounts, roles and keys of one partition know nothing of another's.
  if (principal.partition !== null && principal.partition !== keyPartition) return NO_MATCH;
  if (named !== undefined && spared !== undefined) return unknown("having both Principal and NotPrincipal");
  if (named !== undefined) return matchNamed(named, principal);
  if (spared !== undefined) return matchSpared(statement.Effect, spared, principal);
  return unknown("having no Principal");
}

function matchNamed(element: PrincipalElement, principal: Principal): PrincipalMatch {
  if (element === "*") return everyone(principal);
  if (typeof element === "string") return unknown(`Principal ${element}, which is no form that IAM documents`);
  let best = NO_MATCH;
  for (const [kind, values] of Object.entries(element)) {
    for (const value of list(values)) {
      const match = matchOne(kind, value, principal);
      best = closer(best, match);
    }
  }
  return best;
}

/** The match that says most: yes before unknown before no, and the principal's own name before wider ones. */
function closer(a: PrincipalMatch, b: PrincipalMatch): PrincipalMatch {
  if (a.met === "unknown" && b.met === "unknown") return { ...a, on: [...new Set([...a.on, ...b.on])] };
  return rank(b) < rank(a) ? b : a;
}

function rank(match: PrincipalMatch): number {
  if (match.met !== "yes") return match.met === "unknown" ? 10 : 20;
  return match.through === "itself" ? 0 : match.through === "account" ? 1 : 2;
}

/** Principals that are no IAM identities; a role's session is never one of them. */
const OTHER_KINDS: ReadonlySet<string> = new Set(["Service", "Federated", "CanonicalUser"]);

/**
 * One value of a Principal element. Wildcards stand for nobody but everybody: "You cannot use a wildcard to match
 * part of a principal name or ARN."
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
function matchOne(kind: string, value: string, principal: Principal): PrincipalMatch {
  if (OTHER_KINDS.has(kind)) return NO_MATCH;
  if (kind !== "AWS") return unknown(`a principal of kind ${kind}`);
  if (value === "*") return everyone(principal);
  if (value === principal.arn) return yes(principal.kind === "account" ? "account" : "itself");
  if (principal.kind === "other") return unknown(`who ${principal.arn} is`);
  if (namesAccount(value, principal)) return yes("account");
  // Names in one account differ by more than letter case, so this is the same principal; how AWS compares is not said.
  if (value.toLowerCase() === principal.arn.toLowerCase()) {
    return unknown(`${value}, which differs from ${principal.arn} in letter case`);
  }
  if (namesSession(value, principal)) return unknown(`the session being ${value}`);
  if (principal.kind === "account" && splitArn(value)?.account === principal.account) {
    return unknown(`the principal being ${value}`);
  }
  return NO_MATCH;
}

/**
 * A Deny with NotPrincipal spares a role only when the role and its account are both named; where one of them is,
 * the page says "might". https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 * (A permissions boundary on the vendor's role would be denied all the same: that is the vendor's IAM, unseen here.)
 */
function matchSpared(effect: Statement["Effect"], element: PrincipalElement, principal: Principal): PrincipalMatch {
  const [itself, account] = spared(element, principal);
  if (all([itself, account]) === "yes") return NO_MATCH;
  // "Using it with Effect Allow is not supported": it once let everybody else in.
  if (effect === "Allow") return unknown("NotPrincipal in an Allow, which AWS does not support");
  if (any([itself, account]) === "no") return yes("exception");
  return unknown(`NotPrincipal naming both ${principal.arn} and its account`);
}

/** Whether a NotPrincipal names the principal itself, and whether it names its account. */
function spared(element: PrincipalElement, principal: Principal): readonly [Tri, Tri] {
  if (element === "*") return ["yes", "yes"];
  if (typeof element === "string") return ["unknown", "unknown"];
  let itself: Tri = "no";
  let account: Tri = "no";
  for (const [kind, values] of Object.entries(element)) {
    for (const value of list(values)) {
      const match = matchOne(kind, value, principal);
      if (match.through === "everyone") return ["yes", "yes"];
      if (match.through === "account") account = "yes";
      else itself = any([itself, match.met]);
    }
  }
  return principal.kind === "account" ? [account, account] : [itself, account];
}

function namesAccount(value: string, principal: Principal): boolean {
  if (principal.account === null) return false;
  return value === principal.account || value === `arn:${principal.partition}:iam::${principal.account}:root`;
}

/** `arn:aws:sts::<account>:assumed-role/<role name>/<session name>`; the path of the role is not part of it. */
function namesSession(value: string, principal: Principal): boolean {
  const arn = splitArn(value);
  if (arn === null || arn.service !== "sts" || arn.account !== principal.account) return false;
  if (principal.kind === "account") return true;
  return principal.kind === "role" && sessionRole(arn)?.toLowerCase() === principal.name?.toLowerCase();
}

function sessionRole(arn: Arn): string | null {
  const [type, role] = arn.resource.split("/");
  return type === "assumed-role" ? (role ?? null) : null;
}

/** AWS shows the unique id of a principal that has been deleted: `AIDA…` a user, `AROA…` a role. */
export function isDeletedPrincipal(value: string): boolean {
  return /^(AIDA|AROA)[A-Z0-9]{12,124}$/.test(value);
}

/** All that a statement names under `AWS`, in Principal and NotPrincipal. */
export function namedPrincipals(statement: Statement): readonly string[] {
  return [statement.Principal, statement.NotPrincipal].flatMap((element) =>
    isRecord(element) && Object.hasOwn(element, "AWS") ? list(element["AWS"] as string | readonly string[]) : [],
  );
}

function everyone(principal: Principal): PrincipalMatch {
  return principal.kind === "other" ? unknown(`who ${principal.arn} is`) : yes("everyone");
}

function yes(through: PrincipalMatch["through"]): PrincipalMatch {
  return { met: "yes", through, on: [] };
}

function unknown(on: string): PrincipalMatch {
  return { met: "unknown", through: null, on: [on] };
}

function isAccountId(text: string): boolean {
  return /^[0-9]{12}$/.test(text);
}

function lastPart(resource: string): string {
  return resource.slice(resource.lastIndexOf("/") + 1);
}
