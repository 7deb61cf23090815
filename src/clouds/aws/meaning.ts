import { isRecord } from "./statement.ts";

/**
 * Whether two key policies say the same. AWS gives lists back in another order, one-element lists as strings and
 * account ids as root ARNs (terraform-provider-aws #27422, #30232, #720), and reads actions without case.
 */
export function sameMeaning(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

/** Names the meaning of a key policy: the same for every spelling that AWS may give back for it. */
export function revisionOf(text: string): string {
  // Loaded here: a command that only prints a statement starts without it.
  const { createHash } = process.getBuiltinModule("node:crypto");
  return `sha256:${createHash("sha256").update(canonical(text)).digest("hex")}`;
}

/** The meaning of a key policy as text that can be compared. What is no JSON only means itself. */
function canonical(text: string): string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return `text:${text}`;
  }
  return isRecord(document) ? JSON.stringify(policyMeaning(document)) : stable(document);
}

/** The meaning of each statement, by itself: what an edit put in or took out can be looked for in another text. */
export function statementMeanings(text: string): ReadonlySet<string> {
  try {
    const document: unknown = JSON.parse(text);
    return new Set(isRecord(document) ? statementsOf(document).map(statementMeaning) : []);
  } catch {
    return new Set();
  }
}

// Entries instead of objects: a key named `__proto__` stays an ordinary key.
type Entries = readonly (readonly [string, unknown])[];

function policyMeaning(document: Record<string, unknown>): Entries {
  return sortedEntries(document, (name, value) =>
    name === "Statement" ? unique(statementsOf(document).map(statementMeaning)) : stable(value),
  );
}

function statementsOf(document: Record<string, unknown>): readonly unknown[] {
  const statements = document["Statement"];
  return Array.isArray(statements) ? statements : [statements];
}

function statementMeaning(statement: unknown): string {
  if (!isRecord(statement)) return stable(statement);
  const meaning = sortedEntries(statement, (name, value) => {
    switch (name) {
      case "Principal":
      case "NotPrincipal":
        return principalMeaning(value);
      case "Action":
      case "NotAction":
        return unique(texts(value).map((action) => action.toLowerCase()));
      case "Resource":
      case "NotResource":
        return unique(texts(value));
      case "Condition":
        return conditionMeaning(value);
      default:
        return stable(value);
    }
  });
  return JSON.stringify(meaning.filter(([name, value]) => !(name === "Condition" && isEmptyList(value))));
}

/** `"*"` alone and `{"AWS": "*"}` are the same in a key policy (IAM guide, "AWS JSON policy elements: Principal"). */
function principalMeaning(value: unknown): unknown {
  if (value === "*") return principalMeaning({ AWS: "*" });
  if (!isRecord(value)) return stable(value);
  return sortedEntries(value, (kind, names) =>
    unique(texts(names).map((name) => (kind === "AWS" ? withoutRoot(name) : name))),
  );
}

/** The account id of an account's root ARN: the two are one principal. Any other principal as it stands. */
export function withoutRoot(principal: string): string {
  return /^arn:aws[a-z-]*:iam::([0-9]{12}):root$/.exec(principal)?.[1] ?? principal;
}

/** Condition keys are read without case, values of one key in any order, numbers and booleans as their text. */
function conditionMeaning(value: unknown): unknown {
  if (!isRecord(value)) return stable(value);
  return sortedEntries(value, (_, keys) => {
    if (!isRecord(keys)) return stable(keys);
    const meaning = Object.entries(keys).map(([key, values]) => [key.toLowerCase(), unique(texts(values))]);
    return meaning.map((one) => JSON.stringify(one)).sort();
  });
}

function texts(value: unknown): readonly string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((one) => (isScalar(one) ? String(one) : stable(one)));
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** JSON with the fields of every object in order. Lists keep theirs: what is not known may depend on it. */
function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? "null";
  return `{${sortedEntries(value, (_, field) => stable(field))
    .map(([name, field]) => `${JSON.stringify(name)}:${String(field)}`)
    .join(",")}}`;
}

function sortedEntries(object: Record<string, unknown>, meaning: (name: string, value: unknown) => unknown): Entries {
  return Object.entries(object)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, meaning(name, value)] as const);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
