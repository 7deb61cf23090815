import { AWS_IDENTITIES, PROJECTS } from "../cast.ts";
import { entries, knownOperator, toList } from "./conditions.ts";
import { AwsError, invalidValue } from "./errors.ts";
import type { AwsWorld } from "./world.ts";

/** https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html: "Key policy document size". */
const MOST_BYTES = 32_768;
const MOST_CHARACTERS = 131_072;
/** The model's own pattern for the text of a policy. */
const CHARACTERS = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+";
const ELEMENTS: readonly string[] = [
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
];

export function defaultPolicy(account: string): string {
  return printPolicy({ Version: "2012-10-17", Id: "key-default-1", Statement: [rootStatement(account)] });
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html */
export function rootStatement(account: string): object {
  return {
    Sid: "Enable IAM User Permissions",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: "kms:*",
    Resource: "*",
  };
}

/**
 * Takes a policy as PutKeyPolicy does, or throws AWS's error: the text that GetKeyPolicy will give back.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
 */
export function acceptPolicy(world: AwsWorld, text: string): string {
  if (text.length > MOST_CHARACTERS) {
    throw invalidValue("Policy", text, `Member must have length less than or equal to ${MOST_CHARACTERS}`);
  }
  if (!new RegExp(`^${CHARACTERS}$`).test(text)) {
    throw invalidValue("Policy", text, `Member must satisfy regular expression pattern: ${CHARACTERS}`);
  }
  if (Buffer.byteLength(text) > MOST_BYTES) {
    throw new AwsError("LimitExceededException", `The key policy is larger than the limit of ${MOST_BYTES} bytes.`);
  }
  const document = parse(text);
  const statements = checkShape(document);
  for (const statement of statements) checkStatement(world, statement);
  return printPolicy({ ...document, Statement: rewritten(document["Statement"]) });
}

export function malformed(message: string): AwsError {
  return new AwsError("MalformedPolicyDocumentException", message);
}

function parse(text: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text);
    if (isObject(document)) return document;
  } catch {
    // Not JSON: the same answer as for JSON that is no policy.
  }
  throw malformed("Policy contains invalid JSON.");
}

function checkShape(document: Record<string, unknown>): readonly Record<string, unknown>[] {
  const strange = Object.keys(document).some((key) => !["Version", "Id", "Statement"].includes(key));
  const version = document["Version"];
  if (strange) throw malformed("Syntax errors in policy.");
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17") {
    throw malformed("Syntax errors in policy.");
  }
  const statements = toList(document["Statement"]);
  if (statements.length === 0 || !statements.every(isObject)) throw malformed("Syntax errors in policy.");
  const sids = statements.map((one) => one["Sid"]).filter((sid) => sid !== undefined && sid !== "");
  if (new Set(sids).size < sids.length) {
    throw malformed("Statement IDs (SID) in a single policy must be unique.");
  }
  return statements;
}

function checkStatement(world: AwsWorld, statement: Record<string, unknown>): void {
  const both = (a: string, b: string) => statement[a] !== undefined && statement[b] !== undefined;
  const operators = entries(statement["Condition"]).map(([operator]) => operator);
  const broken =
    Object.keys(statement).some((key) => !ELEMENTS.includes(key)) ||
    (statement["Effect"] !== "Allow" && statement["Effect"] !== "Deny") ||
    (statement["Principal"] === undefined && statement["NotPrincipal"] === undefined) ||
    both("Principal", "NotPrincipal") ||
    both("Action", "NotAction") ||
    both("Resource", "NotResource") ||
    !operators.every(knownOperator);
  if (broken) throw malformed("Syntax errors in policy.");
  if (!principalsExist(world, statement["Principal"] ?? statement["NotPrincipal"])) {
    throw malformed("Policy contains a statement with one or more invalid principals.");
  }
}

function principalsExist(world: AwsWorld, principals: unknown): boolean {
  if (principals === "*") return true;
  const named = entries(principals).flatMap(([type, values]) => toList(values).map((value) => [type, value] as const));
  return (
    isObject(principals) &&
    named.length > 0 &&
    named.every(([type, value]) => typeof value === "string" && principalOfTypeExists(world, type, value))
  );
}

function principalOfTypeExists(world: AwsWorld, type: string, value: string): boolean {
  if (type === "AWS") return value === "*" || principalExists(world, value);
  if (type === "Service") return /^[a-z0-9.-]+\.amazonaws\.com$/.test(value);
  return (
    type === "Federated" && /^(arn:aws:iam::\d{12}:(saml|oidc)-provider\/.+|[a-z0-9-]+(\.[a-z0-9-]+)+)$/.test(value)
  );
}

/** Whether IAM knows the principal today. A unique id (`AIDA…`, `AROA…`) is what is left of one that was deleted. */
export function principalExists(world: AwsWorld, principal: string): boolean {
  if (/^\d{12}$/.test(principal)) return world.accounts.includes(principal);
  const root = /^arn:aws:iam::(\d{12}):root$/.exec(principal);
  if (root !== null) return world.accounts.includes(root[1] ?? "");
  const session = /^arn:aws:sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/[\w+=,.@-]{2,64}$/.exec(principal);
  if (session === null) return everyPrincipal(world).includes(principal);
  const [, account = "", role = ""] = session;
  return everyPrincipal(world).some((one) => {
    return one.startsWith(`arn:aws:iam::${account}:role/`) && one.endsWith(`/${role}`);
  });
}

function everyPrincipal(world: AwsWorld): readonly string[] {
  const accessors = PROJECTS.map((project) => project.accessors["aws"]?.["role_arn"]).filter(
    (arn) => arn !== undefined,
  );
  const cast = AWS_IDENTITIES.map((identity) => identity.arn);
  return [...cast, ...accessors, ...world.roles.map((role) => role.arn), ...world.principals];
}

/** AWS gives the id of an account back as its root's ARN. */
function rewritten(statements: unknown): unknown {
  const one = (statement: unknown) => {
    if (!isObject(statement)) return statement;
    return Object.fromEntries(
      Object.entries(statement).map(([element, value]) => {
        const principals = element === "Principal" || element === "NotPrincipal";
        return [element, principals && isObject(value) ? { ...value, ...rewrittenAccounts(value) } : value];
      }),
    );
  };
  return Array.isArray(statements) ? statements.map(one) : one(statements);
}

function rewrittenAccounts(principals: Record<string, unknown>): Record<string, unknown> {
  const arn = (value: unknown) => (/^\d{12}$/.test(String(value)) ? `arn:aws:iam::${String(value)}:root` : value);
  const values = principals["AWS"];
  if (values === undefined) return {};
  return { AWS: Array.isArray(values) ? values.map(arn) : arn(values) };
}

/** The way in which KMS prints a policy, whatever it was given: nobody may rely on spaces. */
export function printPolicy(value: unknown, indent = ""): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? "[ ]" : `[ ${value.map((one) => printPolicy(one, indent)).join(", ")} ]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const inner = `${indent}  `;
  const fields = Object.entries(value).map(
    ([key, one]) => `${inner}${JSON.stringify(key)} : ${printPolicy(one, inner)}`,
  );
  return fields.length === 0 ? "{ }" : `{\n${fields.join(",\n")}\n${indent}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
