import type { KeyFacts } from "../../core/model.ts";
import { agreed, all, any, not, type Tri, tri } from "../../core/tri.ts";
import { type ConditionResult, evaluateCondition } from "./condition.ts";
import { requestContext } from "./context.ts";
import { fits, splitAtColons, wildcards } from "./glob.ts";
import { splitArn } from "./key.ts";
import type { Scope } from "./operators.ts";
import { matchPrincipal, type Principal, type PrincipalMatch } from "./principal.ts";
import { type KeyPolicy, list, type Statement, type StringOrList, statementLabel } from "./statement.ts";
import { expand, variablesOf } from "./variables.ts";

/** One request that the vendor would make, and the policy it is held against. */
export interface Request {
  readonly principal: Principal;
  readonly action: string;
  /** The ARN of the key that the policy is of. */
  readonly keyArn: string;
  readonly facts: KeyFacts;
}

/** What one statement means for one request. */
export interface Applied {
  readonly statement: Statement;
  readonly label: string;
  /** Whether the statement's effect takes place. */
  readonly applies: Tri;
  /** What that depends on. */
  readonly on: readonly string[];
  /** The parts of the answer, for whoever has to explain it. */
  readonly who: PrincipalMatch;
  readonly action: Tri;
  readonly resource: Tri;
  readonly condition: ConditionResult;
  /** KMS took it without an Action or without a Resource: it has no effect. */
  readonly ineffective: boolean;
}

/** Holds every statement of a policy against one request. */
export function applyStatements(policy: KeyPolicy, request: Request): readonly Applied[] {
  const keyPartition = splitArn(request.keyArn)?.partition ?? request.principal.partition ?? "aws";
  const scope = scopeOf(policy, request);
  return policy.Statement.map((statement, index) =>
    applyStatement(statement, {
      label: statementLabel(statement, index),
      who: matchPrincipal(statement, request.principal, keyPartition),
      request,
      scope,
    }),
  );
}

/** What the request brings along is put together when a condition or a variable asks for it: most policies have none. */
function scopeOf(policy: KeyPolicy, { principal, keyArn, facts, action }: Request): Scope {
  let context: Scope["context"] | undefined;
  return {
    get context() {
      context ??= requestContext(principal, keyArn, facts, action);
      return context;
    },
    variables: variablesOf(policy),
  };
}

interface Holding {
  readonly label: string;
  readonly who: PrincipalMatch;
  readonly request: Request;
  readonly scope: Scope;
}

function applyStatement(statement: Statement, { label, who, request, scope }: Holding): Applied {
  const action = matchAction(statement, request.action);
  const resource = matchResource(statement, request.keyArn, scope);
  const condition = evaluateCondition(statement.Condition, scope);
  const strange = strangeFields(statement);
  const applies = all([who.met, action, resource, condition.met, strange.length > 0 ? "unknown" : "yes"]);
  const on = [
    ...who.on,
    ...(action === "unknown" ? ["what its Action means"] : []),
    ...(resource === "unknown" ? ["what its Resource means"] : []),
    ...condition.on,
    ...strange.map((field) => `the element ${field}, which IAM does not document`),
  ];
  return {
    statement,
    label,
    applies,
    on: applies === "unknown" ? on : [],
    who,
    action,
    resource,
    condition,
    ineffective: isIneffective(statement),
  };
}

/**
 * "If the required Resource element is missing from a key policy statement, the policy statement has no effect"
 * (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html); the same holds for Action
 * (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html).
 */
export function isIneffective(statement: Statement): boolean {
  const lacks = (one: StringOrList | undefined, other: StringOrList | undefined) =>
    other === undefined && list(one).length === 0;
  return lacks(statement.Action, statement.NotAction) || lacks(statement.Resource, statement.NotResource);
}

/** Names of actions are not case-sensitive, and take wildcards anywhere. */
export function matchAction(statement: Statement, action: string): Tri {
  const { Action, NotAction } = statement;
  const name = action.toLowerCase();
  const named = (patterns: StringOrList) =>
    tri(list(patterns).some((pattern) => fits(wildcards(pattern.toLowerCase()), name)));
  return matchEither(Action, NotAction, named);
}

/** In a key policy `*` means the key that the policy is of. */
function matchResource(statement: Statement, keyArn: string, scope: Scope): Tri {
  const { Resource, NotResource } = statement;
  return matchEither(Resource, NotResource, (patterns) =>
    any(list(patterns).map((pattern) => matchOneResource(pattern, keyArn, scope))),
  );
}

/** An element or its opposite; both together are no policy that AWS documents. */
function matchEither(
  element: StringOrList | undefined,
  opposite: StringOrList | undefined,
  named: (patterns: StringOrList) => Tri,
): Tri {
  if (element !== undefined && opposite !== undefined) return "unknown";
  if (element !== undefined) return named(element);
  if (opposite === undefined) return "no";
  return list(opposite).length === 0 ? "unknown" : not(named(opposite));
}

/**
 * A star stays within its part of the ARN; as the last character of a part it "can expand to match beyond colon
 * boundaries", and parts that are missing count as stars. Where the two readings differ nothing is said.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
function matchOneResource(text: string, keyArn: string, scope: Scope): Tri {
  if (text === "*") return "yes";
  const pattern = expand(text, { ...scope, wildcards: true });
  if (pattern === null) return "unknown";
  const arn = splitArn(keyArn);
  // The policy belongs to a key whose ARN is not known (an alias was not resolved).
  if (arn === null || !arn.resource.startsWith("key/")) return "unknown";
  const parts = ["arn", arn.partition, arn.service, arn.region, arn.account, arn.resource];
  const pieces = splitAtColons(pattern, parts.length);
  const byPart = parts.every((part, index) => {
    const piece = pieces[index];
    return piece === undefined || fits(piece, part);
  });
  return agreed([tri(byPart), tri(fits(pattern, keyArn))]);
}

const FIELDS: ReadonlySet<string> = new Set([
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

/** Elements that are not in the grammar: one of them may narrow the statement, or be a misspelled other. */
function strangeFields(statement: Statement): readonly string[] {
  return Object.keys(statement).filter((field) => !FIELDS.has(field));
}
