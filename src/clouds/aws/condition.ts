import { agreed, all, any, not, type Tri, tri } from "../../core/tri.ts";
import { type ContextValue, contextValue } from "./context.ts";
import { OPERATORS, type Operator, type Scope } from "./operators.ts";
import type { ConditionBlock, ConditionValue } from "./statement.ts";

/** Whether a request of the vendor's meets a Condition, and why that cannot be said or why it does not. */
export interface ConditionResult {
  readonly met: Tri;
  /** The tests that nobody can answer from here: `aws:PrincipalOrgID StringEquals o-abc123`. */
  readonly on: readonly string[];
  /** The tests that fail for certain. */
  readonly failed: readonly string[];
}

/**
 * Tests a Condition element. Operators, and the keys under one operator, all have to hold; of several values under a
 * key one is enough, and for a negated operator none may match
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html).
 */
export function evaluateCondition(block: ConditionBlock | undefined, scope: Scope): ConditionResult {
  const on: string[] = [];
  const failed: string[] = [];
  for (const [name, keys] of Object.entries(block ?? {})) {
    for (const [key, values] of Object.entries(keys)) {
      const result = test(name, contextValue(scope.context, key), valuesOf(values), scope);
      if (result === "unknown") on.push(describeTest(name, key, values));
      if (result === "no") failed.push(describeTest(name, key, values));
    }
  }
  const met = failed.length > 0 ? "no" : on.length > 0 ? "unknown" : "yes";
  return { met, on, failed };
}

/** How many values of a long list are worth reading in a message. */
const SHOWN = 5;

/** Key, operator and values, in the words of the document. */
export function describeTest(operator: string, key: string, values: ConditionValue): string {
  const words = valuesOf(values);
  const shown = words.length > SHOWN ? `${words.slice(0, SHOWN).join(" or ")} or others` : words.join(" or ");
  return `${key} ${operator} ${shown}`;
}

/** Numbers and booleans are read as their text: quotation marks are optional for them. */
export function valuesOf(values: ConditionValue): readonly string[] {
  const items = typeof values === "object" ? values : [values];
  return items.map(String);
}

/** The parts of an operator's name; `operator` is undefined for a name that AWS does not list. */
export interface OperatorName {
  readonly set: "ForAllValues" | "ForAnyValue" | null;
  readonly base: string;
  readonly operator: Operator | undefined;
  readonly ifExists: boolean;
}

export function parseOperator(name: string): OperatorName {
  const colon = name.indexOf(":");
  const word = colon < 0 ? null : name.slice(0, colon);
  const rest = name.slice(colon + 1);
  const ifExists = rest.endsWith("IfExists");
  const base = ifExists ? rest.slice(0, -"IfExists".length) : rest;
  if (word === null || word === "ForAllValues" || word === "ForAnyValue") {
    return { set: word, base, operator: OPERATORS.get(base), ifExists };
  }
  return { set: null, base: name, operator: undefined, ifExists: false };
}

function test(name: string, value: ContextValue, wanted: readonly string[], scope: Scope): Tri {
  if (name === "Null") return isNull(value, wanted);
  const parsed = parseOperator(name);
  // What an empty list means is written nowhere: IAM's own checker only asks to fill it.
  if (parsed.operator === undefined || wanted.length === 0) return "unknown";
  const question: Question = { ...parsed, operator: parsed.operator, wanted, scope };
  switch (value.state) {
    case "known":
      return ofKnown(question, value);
    case "absent":
      return ofAbsent(question);
    case "present":
      return ofPresent(question);
    case "unknown":
      return agreed([ofAbsent(question), ofPresent(question)]);
  }
}

interface Question extends OperatorName {
  readonly operator: Operator;
  readonly wanted: readonly string[];
  readonly scope: Scope;
}

/** `true`: the key must not be there. `false`: it must. */
function isNull(value: ContextValue, wanted: readonly string[]): Tri {
  const absent: Tri = value.state === "unknown" ? "unknown" : tri(value.state === "absent");
  if (wanted.length === 0) return "unknown";
  return any(
    wanted.map((word) => {
      if (word.toLowerCase() === "true") return absent;
      return word.toLowerCase() === "false" ? not(absent) : "unknown";
    }),
  );
}

function ofKnown(question: Question, value: ContextValue & { state: "known" }): Tri {
  const { operator, wanted, scope, set } = question;
  // A number compared with a string operator, and the like, works in ways that no page promises.
  if (!operator.types.includes(value.type)) return "unknown";
  const one = (item: string): Tri => {
    const matched = any(wanted.map((word) => operator.matches(item, word, scope)));
    return operator.negated ? not(matched) : matched;
  };
  const each = value.values.map(one);
  if (set === "ForAllValues") return all(each);
  if (set === "ForAnyValue") return any(each);
  // Without a set word, a key of several values "requires" one: nothing is promised.
  return each.length === 1 ? all(each) : "unknown";
}

/**
 * A key that is not in the request does not match, so that a negated operator is true; `IfExists` and `ForAllValues`
 * are true, `ForAnyValue` is false
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
 */
function ofAbsent({ set, ifExists, operator }: Question): Tri {
  if (set === "ForAllValues") return "yes";
  // Here the pages give two rules that contradict each other.
  if (set === "ForAnyValue") return ifExists || operator.negated ? "unknown" : "no";
  return tri(ifExists || operator.negated);
}

/** For a key that is there: the same answer for every value it may have, or none. */
function ofPresent({ operator, wanted, scope, set }: Question): Tri {
  const everything = wanted.some((word) => operator.matchesAnything?.(word, scope) === true);
  // A set may be there and empty, and then counts as not there.
  if (!everything || (set !== null && operator.negated)) return "unknown";
  if (set === "ForAnyValue") return "unknown";
  return tri(!operator.negated);
}
