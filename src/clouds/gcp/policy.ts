import { nestsTooDeeply } from "../../core/depth.ts";
import { type LookFailure, type Seen, seen, unseen } from "../../core/model.ts";

/** Google's own form: https://cloud.google.com/iam/docs/reference/rest/v1/Policy. Fields that are not named here stay. */
export interface IamPolicy {
  readonly version?: number;
  readonly etag?: string;
  readonly bindings: readonly Binding[];
}

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Condition;
}

export interface Condition {
  readonly expression: string;
  readonly title?: string;
  readonly description?: string;
}

/** An IAM policy as it was read. A policy without bindings lets nobody in; Google then leaves the field out. */
export function parsePolicy(text: string, title: string): Seen<IamPolicy> {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return broken("look.unreachable", `${title} that came back is not JSON`);
  }
  const strange = (what: string) =>
    broken("look.unsupported", `${title} has a form that keygrant cannot read: ${what}`);
  if (!isRecord(policy)) return strange("it is not an object");
  if (nestsTooDeeply(text)) return strange("it nests too deeply");
  const bindings = policy["bindings"] ?? [];
  if (!Array.isArray(bindings)) return strange("bindings is not a list");
  const read: Binding[] = [];
  for (const binding of bindings as readonly unknown[]) {
    const fault = bindingFault(binding);
    if (fault !== null) return strange(fault);
    read.push(readBinding(binding as Readonly<Record<string, unknown>>));
  }
  const { version, etag } = policy;
  return seen({
    bindings: read,
    ...(typeof version === "number" ? { version } : {}),
    ...(typeof etag === "string" ? { etag } : {}),
  });
}

function bindingFault(binding: unknown): string | null {
  if (!isRecord(binding)) return "a binding is not an object";
  const { role, members, condition } = binding;
  if (typeof role !== "string") return "a binding has no role";
  const isList = Array.isArray(members) && members.every((member) => typeof member === "string");
  if (!isList && members !== undefined) return `the members of ${role} are not a list of names`;
  if (condition === undefined || condition === null) return null;
  return isRecord(condition) ? null : `the condition of ${role} is not an object`;
}

function readBinding(binding: Readonly<Record<string, unknown>>): Binding {
  const { role, members = [], condition } = binding;
  const plain = { role: role as string, members: members as readonly string[] };
  if (!isRecord(condition)) return plain;
  const { expression, title, description } = condition;
  return {
    ...plain,
    condition: {
      // A condition whose expression is not there cannot be known to hold.
      expression: typeof expression === "string" ? expression : "",
      ...(typeof title === "string" ? { title } : {}),
      ...(typeof description === "string" ? { description } : {}),
    },
  };
}

function broken(code: LookFailure["code"], detail: string): Seen<never> {
  return unseen({ code, detail: `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.` });
}

/**
 * How Google shows a conditional binding to whoever reads the policy at version 1: the role's name with a hash at its
 * end, the condition left out (https://cloud.google.com/iam/docs/troubleshooting-withcond).
 */
export function isHiddenCondition(role: string): boolean {
  return /_withcond_[0-9a-f]+$/.test(role);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON that is the same for values that mean the same: the order of fields does not matter, that of lists does. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
