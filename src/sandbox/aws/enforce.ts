import { conditionHolds, entries, expand, glob, type RequestContext, toList, Unresolvable } from "./conditions.ts";

/** One call that is really made. Nothing is left open in it, so the answer is yes or no. */
export interface ConcreteRequest {
  /** Who calls: a user, a role, a role session (`arn:aws:sts::…:assumed-role/Role/session`), an account's root, a service. */
  readonly principalArn: string;
  /** The caller's account. */
  readonly account: string;
  /** `kms:Decrypt`. */
  readonly action: string;
  /** The key's ARN. */
  readonly resource: string;
  readonly context: RequestContext;
}

/** The part of a grant that decides, in the words of ListGrants. */
export interface ConcreteGrant {
  readonly GranteePrincipal: string;
  readonly Operations: readonly string[];
  readonly Constraints?: {
    readonly EncryptionContextEquals?: Readonly<Record<string, string>>;
    readonly EncryptionContextSubset?: Readonly<Record<string, string>>;
  } | null;
}

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly why: "explicit-deny" | "no-resource-policy" | "no-identity-policy" };

/**
 * Whether AWS would let this request through, given the key policy, the key's grants, and whether the caller's own IAM
 * policies allow the action (`iam`; taken for granted unless said).
 *
 * https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
 */
export function enforce(
  request: ConcreteRequest,
  policy: string | object,
  grants: readonly ConcreteGrant[] = [],
  iam = true,
): boolean {
  return decide(request, policy, grants, iam).allowed;
}

/** `enforce` with the reason, which AWS words differently. */
export function decide(
  request: ConcreteRequest,
  policy: string | object,
  grants: readonly ConcreteGrant[],
  iam: boolean,
): Decision {
  const document = readDocument(policy);
  const applying = document.statements.filter((statement) => applies(statement, request, document.variables));
  if (applying.some((statement) => statement["Effect"] === "Deny")) return { allowed: false, why: "explicit-deny" };

  const allowing = applying.filter((statement) => statement["Effect"] === "Allow");
  const sameAccount = request.resource.split(":")[4] === request.account;
  // Within one account the key policy alone can let a principal in; a statement for the account only lets IAM decide.
  if (sameAccount && allowing.some((statement) => namesCallerItself(statement, request))) return { allowed: true };
  if (allowing.length > 0 && iam) return { allowed: true };
  if (grants.some((grant) => grantCovers(grant, request, iam))) return { allowed: true };
  return { allowed: false, why: allowing.length > 0 ? "no-identity-policy" : "no-resource-policy" };
}

type Statement = Readonly<Record<string, unknown>>;

function readDocument(policy: string | object): { statements: readonly Statement[]; variables: boolean } {
  const document = (typeof policy === "string" ? JSON.parse(policy) : policy) as Statement;
  const statements = toList(document["Statement"]).filter((one): one is Statement => typeof one === "object");
  return { statements, variables: document["Version"] === "2012-10-17" };
}

/** An element that is missing makes the statement one without effect: KMS takes it and ignores it. */
function applies(statement: Statement, request: ConcreteRequest, variables: boolean): boolean {
  try {
    return (
      principalApplies(statement, request) &&
      actionApplies(statement, request.action) &&
      resourceApplies(statement, request, variables) &&
      conditionHolds(statement["Condition"], request.context, variables)
    );
  } catch (error) {
    if (error instanceof Unresolvable) return false;
    throw error;
  }
}

function actionApplies(statement: Statement, action: string): boolean {
  const among = (list: unknown) => toList(list).some((one) => glob(String(one).toLowerCase(), action.toLowerCase()));
  if (toList(statement["Action"]).length > 0) return among(statement["Action"]);
  return toList(statement["NotAction"]).length > 0 && !among(statement["NotAction"]);
}

function resourceApplies(statement: Statement, request: ConcreteRequest, variables: boolean): boolean {
  const among = (list: unknown) =>
    toList(list)
      .map((one) => (variables ? expand(String(one), request.context) : String(one)))
      .some((one) => glob(completeArn(one), request.resource));
  if (toList(statement["Resource"]).length > 0) return among(statement["Resource"]);
  return toList(statement["NotResource"]).length > 0 && !among(statement["NotResource"]);
}

/** AWS completes an ARN that lacks parts with wildcards. */
function completeArn(pattern: string): string {
  const missing = pattern.startsWith("arn:") ? 6 - pattern.split(":").length : 0;
  return pattern + ":*".repeat(Math.max(0, missing));
}

function principalApplies(statement: Statement, request: ConcreteRequest): boolean {
  if (statement["Principal"] !== undefined) return named(statement["Principal"], request) !== "nobody";
  if (statement["NotPrincipal"] === undefined) return false;
  const exception = named(statement["NotPrincipal"], request);
  // AWS may check the account first, then the role: who is to be spared a Deny must be named together with the account,
  // and who is named either way is not let in by an Allow.
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
  return statement["Effect"] === "Deny" ? exception !== "everything" : exception === "nobody";
}

/** Whether an Allow names the caller, and not just the caller's account. */
function namesCallerItself(statement: Statement, request: ConcreteRequest): boolean {
  if (statement["Principal"] === undefined) return true;
  const how = named(statement["Principal"], request);
  return how === "itself" || how === "everything";
}

/** How a list of principals names the caller; `everything`: itself and its account, or everybody. */
function named(principals: unknown, request: ConcreteRequest): "everything" | "itself" | "account" | "nobody" {
  const list = principalList(principals);
  if (list.some(({ type, value }) => type === "AWS" && value === "*")) return "everything";
  const itself = list.some(({ value }) => identitiesOf(request).includes(value));
  const root = rootOf(request);
  const account = list.some(({ type, value }) => type === "AWS" && (value === root || value === request.account));
  if (itself && account) return "everything";
  if (itself) return "itself";
  return account ? "account" : "nobody";
}

function principalList(principals: unknown): readonly { readonly type: string; readonly value: string }[] {
  if (principals === "*") return [{ type: "AWS", value: "*" }];
  return entries(principals).flatMap(([type, values]) =>
    toList(values).map((value) => ({ type, value: String(value) })),
  );
}

/** The names under which a caller may stand in a policy, its account aside. A session also answers to its role. */
function identitiesOf(request: ConcreteRequest): readonly string[] {
  const arn = request.principalArn;
  const session = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\/.+$/.exec(arn);
  if (session === null) return [arn];
  const [, partition, account, name] = session;
  const prefix = `arn:${partition}:iam::${account}:role/`;
  // A session's ARN leaves out the path of its role, which only the request's context knows.
  const told = request.context["aws:PrincipalArn"];
  const known = typeof told === "string" && told.startsWith(prefix) && told.endsWith(`/${name}`);
  return [arn, known ? told : prefix + name];
}

function rootOf(request: ConcreteRequest): string {
  const partition = request.principalArn.split(":")[1] ?? "aws";
  return `arn:${partition}:iam::${request.account}:root`;
}

/** Operations to which the constraints of a grant do not apply, because they take no encryption context. */
const WITHOUT_CONTEXT: readonly string[] = [
  "CreateGrant",
  "DescribeKey",
  "RetireGrant",
  "GetPublicKey",
  "Sign",
  "Verify",
];

function grantCovers(grant: ConcreteGrant, request: ConcreteRequest, iam: boolean): boolean {
  const operation = request.action.slice(request.action.indexOf(":") + 1);
  if (!request.action.startsWith("kms:") || !grant.Operations.includes(operation)) return false;
  const direct = identitiesOf(request).includes(grant.GranteePrincipal);
  const account = grant.GranteePrincipal === rootOf(request) || grant.GranteePrincipal === request.account;
  if (!direct && !(account && iam)) return false;
  return WITHOUT_CONTEXT.includes(operation) || constraintsHold(grant, encryptionContextOf(request.context));
}

function constraintsHold(grant: ConcreteGrant, actual: Readonly<Record<string, string>>): boolean {
  const { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = grant.Constraints ?? {};
  const contains = (wanted: Readonly<Record<string, string>>) =>
    Object.entries(wanted).every(([key, value]) => Object.hasOwn(actual, key) && actual[key] === value);
  if (equals !== undefined && !(contains(equals) && Object.keys(actual).length === Object.keys(equals).length)) {
    return false;
  }
  return subset === undefined || contains(subset);
}

const CONTEXT_PREFIX = "kms:EncryptionContext:";

function encryptionContextOf(context: RequestContext): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(context)
      .filter(([key]) => key.startsWith(CONTEXT_PREFIX))
      .map(([key, value]) => [key.slice(CONTEXT_PREFIX.length), String(value)]),
  );
}
