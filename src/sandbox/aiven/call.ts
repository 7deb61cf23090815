import type { SandboxContext, SandboxReply } from "../module.ts";
import type { AivenKnobs } from "./knobs.ts";
import { Refused } from "./replies.ts";
import type { AivenWorld, StoredProject } from "./world.ts";

/** `generic`: the vendor says that something failed, and not what it otherwise says when it cannot use a key. */
export type Usable =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly generic?: boolean };

/** Uses a key as one of the vendor's principals, over HTTP, at the cloud that holds it. */
export type UseKey = (
  accessor: Readonly<Record<string, string>>,
  resource: string,
  context: SandboxContext,
) => Promise<Usable>;

/** What the module is made of: how each cloud's keys are used, and the knobs as they stand at any moment. */
export interface AivenParts {
  readonly use: Readonly<Record<string, UseKey>>;
  readonly knobs: AivenKnobs;
}

/** One call that got past the door: the project exists and its owner may use CMKs. */
export interface Call {
  readonly world: AivenWorld;
  readonly project: StoredProject;
  /** The variable part of the path: a CMK id or a service name; empty where there is none. */
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly context: SandboxContext;
  readonly parts: AivenParts;
}

/** Null: the route is switched off by a knob. */
export type Handler = (call: Call) => SandboxReply | null | Promise<SandboxReply | null>;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Aiven checks bodies against a schema without room for more; its wording here is assumed. */
export function onlyFields(body: Readonly<Record<string, unknown>>, allowed: readonly string[]): void {
  const extra = Object.keys(body).find((name) => !allowed.includes(name));
  if (extra !== undefined) {
    throw new Refused(400, `Invalid input: Additional properties are not allowed ('${extra}' was unexpected)`);
  }
}

export function optionalFlag(body: Readonly<Record<string, unknown>>, name: string): boolean | null {
  const value = body[name];
  if (value === undefined) return null;
  if (typeof value !== "boolean") throw new Refused(400, `Invalid input for ${name}: not a boolean`);
  return value;
}

export function text(body: Readonly<Record<string, unknown>>, name: string, longest: number): string {
  const value = body[name];
  if (value === undefined) throw new Refused(400, `Invalid input: '${name}' is a required property`);
  if (typeof value !== "string") throw new Refused(400, `Invalid input for ${name}: not a string`);
  if (value.length < 1 || value.length > longest) {
    throw new Refused(400, `Invalid input for ${name}: must be 1 to ${longest} characters long`);
  }
  return value;
}
