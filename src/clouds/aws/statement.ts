import { nestsTooDeeply } from "../../core/depth.ts";
import type { LookCode, Seen } from "../../core/model.ts";
import { seen, unseen } from "../../core/model.ts";

/** Policies write one value bare and several as a list; both mean the same. */
export type StringOrList = string | readonly string[];

/** `"*"`, or lists by kind: `AWS`, `Service`, `Federated`, `CanonicalUser`. */
export type PrincipalElement = string | Readonly<Record<string, StringOrList>>;

/** Numbers and booleans may stand bare: AWS reads them as their text. */
export type ConditionValue = string | number | boolean | readonly (string | number | boolean)[];

/** Operator -> condition key -> values. */
export type ConditionBlock = Readonly<Record<string, Readonly<Record<string, ConditionValue>>>>;

/**
 * One statement as AWS gave it. Action and Resource may both be absent: KMS takes such a statement and it has no
 * effect (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html). Fields of other names are kept.
 */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: PrincipalElement;
  readonly NotPrincipal?: PrincipalElement;
  readonly Action?: StringOrList;
  readonly NotAction?: StringOrList;
  readonly Resource?: StringOrList;
  readonly NotResource?: StringOrList;
  readonly Condition?: ConditionBlock;
  readonly [other: string]: unknown;
}

/** A key policy. `Statement` is always a list here, even where AWS gave one bare statement. */
export interface KeyPolicy {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly Statement[];
  readonly [other: string]: unknown;
}

/** Four times what AWS takes. To judge a much longer one would take minutes. */
const LONGEST = 131_072;

/**
 * Reads the text of a key policy. Text that is no policy becomes a look failure: whoever cannot read the document
 * cannot say who is let in. Field order is kept, so that `JSON.stringify` gives back what the owner wrote.
 */
export function parseKeyPolicy(text: string): Seen<KeyPolicy> {
  if (text.length > LONGEST) return unreadable(`it is longer than ${LONGEST} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return broken("look.unreachable", "the key policy that came back is not JSON");
  }
  if (!isRecord(value)) return unreadable("it is not an object");
  if (nestsTooDeeply(text)) return unreadable("it nests too deeply");
  const statements = Array.isArray(value["Statement"]) ? value["Statement"] : [value["Statement"]];
  for (const [index, statement] of statements.entries()) {
    const fault = statementFault(statement);
    if (fault !== null) return unreadable(`statement ${index + 1} ${fault}`);
  }
  for (const field of ["Version", "Id"]) {
    const it = value[field];
    if (it !== undefined && typeof it !== "string") return unreadable(`its ${field} is not a string`);
  }
  return seen({ ...value, Statement: statements as readonly Statement[] });
}

/** The values of an element that may stand bare, as a list. */
export function list(values: StringOrList | undefined): readonly string[] {
  if (values === undefined) return [];
  return typeof values === "string" ? [values] : values;
}

/** How people find a statement again: by its Sid, else by its place, counted from 1. */
export function statementLabel(statement: Statement, index: number): string {
  return statement.Sid === undefined || statement.Sid === ""
    ? `statement ${index + 1} (no Sid)`
    : `statement "${statement.Sid}"`;
}

/** A plain JSON object. `JSON.parse` makes `__proto__` an own property, so reading fields by name is safe. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const LISTS = ["Action", "NotAction", "Resource", "NotResource"] as const;
const PRINCIPALS = ["Principal", "NotPrincipal"] as const;

/** What is wrong with the shape of a statement, in words that follow "statement 3"; null when nothing is. */
function statementFault(value: unknown): string | null {
  if (!isRecord(value)) return "is not an object";
  if (value["Effect"] !== "Allow" && value["Effect"] !== "Deny") return "has no Effect of Allow or Deny";
  if (value["Sid"] !== undefined && typeof value["Sid"] !== "string") return "has a Sid that is not a string";
  for (const field of LISTS) {
    if (value[field] !== undefined && !isStringOrList(value[field])) return `has an unreadable ${field}`;
  }
  for (const field of PRINCIPALS) {
    if (value[field] !== undefined && !isPrincipal(value[field])) return `has an unreadable ${field}`;
  }
  if (value["Condition"] !== undefined && !isConditionBlock(value["Condition"])) return "has an unreadable Condition";
  return null;
}

function isStringOrList(value: unknown): value is StringOrList {
  return typeof value === "string" || (Array.isArray(value) && value.every((item) => typeof item === "string"));
}

function isPrincipal(value: unknown): value is PrincipalElement {
  return typeof value === "string" || (isRecord(value) && Object.values(value).every(isStringOrList));
}

function isConditionBlock(value: unknown): value is ConditionBlock {
  if (!isRecord(value)) return false;
  return Object.values(value).every((keys) => isRecord(keys) && Object.values(keys).every(isConditionValue));
}

function isConditionValue(value: unknown): value is ConditionValue {
  return isScalar(value) || (Array.isArray(value) && value.every(isScalar));
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function unreadable(detail: string): Seen<never> {
  return broken("look.unsupported", `the key policy has a form that keygrant cannot read: ${detail}`);
}

function broken(code: LookCode, detail: string): Seen<never> {
  return unseen({ code, detail });
}
