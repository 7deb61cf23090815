import { type KeygrantError, usageError } from "../../core/errors.ts";
import type { Accessor, KeyKind } from "../../core/model.ts";
import { isRecord } from "./json.ts";
import { type Define, type Grant, parseStatement, type Statement } from "./statement.ts";

/** How far the vendor gets: this key alone, every key in its compartment, every key of the tenancy. */
export type Scope = "key" | "compartment" | "tenancy";
export const SCOPES: readonly Scope[] = ["key", "compartment", "tenancy"];

/** What stands for the things that only a key could tell. */
export interface Target {
  /** The key's OCID. */
  readonly key: string;
  /** The OCID of the compartment that it is in. */
  readonly compartment: string;
}

/** A vendor's template, filled in for one accessor. */
export interface Wanted {
  readonly tenancy: Define;
  readonly group: Define;
  readonly admit: Grant;
}

/**
 * The statements that one accessor needs. The template (`kind.grant` in `policies/<vendor>/oci.json`) is data: its
 * statements are read first, and `{field}` is replaced in the leaves of what was read, never in the text.
 */
export function wantedStatements(accessor: Accessor, kind: KeyKind, scope: Scope, target: Target): Wanted {
  const values = new Map([
    ...Object.entries(accessor.fields),
    ["key", target.key] as const,
    ["compartment", target.compartment] as const,
  ]);
  const define = templateDefines(kind).map((text) => fill(read(text, kind), values, kind));
  const admit = fill(read(templateAdmit(kind, scope), kind), values, kind);
  const tenancy = define.find((one): one is Define => one.kind === "define" && one.what === "tenancy");
  const group = define.find((one): one is Define => one.kind === "define" && one.what === "group");
  if (tenancy === undefined || group === undefined || admit.kind !== "admit" || admit.deny) {
    throw broken(kind, "it has no define tenancy, define group or admit");
  }
  return { tenancy, group, admit };
}

/** The OCID of the group and of the tenancy that an accessor stands for, as they stand in the policies. */
export function principalOf(accessor: Accessor, kind: KeyKind): { readonly group: string; readonly tenancy: string } {
  const { group, tenancy } = wantedStatements(accessor, kind, "tenancy", { key: "", compartment: "" });
  return { group: group.id, tenancy: tenancy.id };
}

function templateDefines(kind: KeyKind): readonly string[] {
  const define: unknown = kind.grant["define"];
  if (Array.isArray(define) && define.every((one) => typeof one === "string")) return define;
  throw broken(kind, "grant.define is not a list of statements");
}

function templateAdmit(kind: KeyKind, scope: Scope): string {
  const admit: unknown = kind.grant["admit"];
  const text = isRecord(admit) && Object.hasOwn(admit, scope) ? admit[scope] : undefined;
  if (typeof text === "string") return text;
  throw broken(kind, `grant.admit has no statement for the scope ${scope}`);
}

/** A hole stands where an OCID or a value does: in quotes it is read like any other. */
function read(text: string, kind: KeyKind): Statement {
  const { statement } = parseStatement(text.replace(/(?<!')\{(\w+)\}(?!')/g, "'{$1}'"));
  if (statement === null) throw broken(kind, `"${text}" is not in the policy language`);
  return statement;
}

/** Replaces holes in every string of a tree; a hole fills its string. */
function fill<T>(node: T, values: ReadonlyMap<string, string>, kind: KeyKind): T {
  return fillAny(node, values, kind) as T;
}

function fillAny(node: unknown, values: ReadonlyMap<string, string>, kind: KeyKind): unknown {
  if (typeof node === "string") {
    const [, hole] = /^\{(\w+)\}$/.exec(node) ?? [];
    if (hole === undefined) return node;
    const value = values.get(hole);
    if (value !== undefined) return value;
    throw broken(kind, `it asks for {${hole}}, which the accessor does not have`);
  }
  if (Array.isArray(node)) return node.map((one) => fillAny(one, values, kind));
  if (!isRecord(node)) return node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, fillAny(value, values, kind)]));
}

function broken(kind: KeyKind, fault: string): KeygrantError {
  return usageError(
    "usage.policy-template",
    `The vendor's template for ${kind.name} OCI keys cannot be used: ${fault}.`,
    "Give every field of the accessor, or correct the vendor's oci.json under policies/.",
  );
}
