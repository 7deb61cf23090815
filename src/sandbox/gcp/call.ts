import type { RequestContext } from "./context.ts";
import { type Caller, isAllowed } from "./enforce.ts";
import { enumName } from "./enums.ts";
import {
  badField,
  ConnectionCut,
  denied,
  GoogleError,
  invalid,
  quotaExceeded,
  unauthenticated,
  unavailable,
} from "./errors.ts";
import { parseName } from "./names.ts";
import { type CryptoKey, findKey, findProject, findRing, type KeyRing, type KeyVersion } from "./world.ts";

/** One call that got past the door. */
export interface Call extends RequestContext {
  readonly caller: Caller;
  /** The resource in the path: the one that is asked about, or the parent of what is listed or created. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws PERMISSION_DENIED unless the caller has the permission on the resource. */
export function authorize(call: Call, permission: string, resource = call.name): void {
  if (!can(call, permission, resource)) throw denied(permission, resource);
}

export function can(call: Call, permission: string, resource = call.name): boolean {
  const { world, caller, now, context } = call;
  return isAllowed(world, { caller, permission, resource, now, propagationMs: context.knobs.propagationMs });
}

/** What a key with a fault does with every call on it, whoever asks. */
export function letFaultsStrike({ world, name, operation }: Pick<Call, "world" | "name" | "operation">): void {
  const { cryptoKey, project } = parseName(name);
  const fault = cryptoKey === null ? null : (findKey(world, cryptoKey)?.fault ?? null);
  if (fault === "quota") throw quotaExceeded(`project_number:${findProject(world, project)?.number ?? project}`);
  if (fault === "unavailable") throw unavailable();
  if (fault === "reset") throw new ConnectionCut();
  if (fault === "token-expired") throw unauthenticated("ACCESS_TOKEN_EXPIRED", operation);
}

function notFound(kind: string, name: string): GoogleError {
  return new GoogleError("NOT_FOUND", `${kind} ${name} not found.`);
}

/** To be asked only after `authorize`: who may not look does not hear that there is nothing. */
export function ringOf(call: Call): KeyRing {
  const name = parseName(call.name).keyRing ?? "";
  const ring = findRing(call.world, name);
  if (ring === undefined) throw notFound("KeyRing", name);
  return ring;
}

export function keyOf(call: Call): CryptoKey {
  const name = parseName(call.name).cryptoKey ?? "";
  const key = findKey(call.world, name);
  if (key === undefined) throw notFound("CryptoKey", name);
  return key;
}

export function versionOf(call: Call): { readonly key: CryptoKey; readonly version: KeyVersion } {
  const key = keyOf(call);
  const version = key.versions.find(({ number }) => String(number) === parseName(call.name).version);
  if (version === undefined) throw notFound("CryptoKeyVersion", call.name);
  return { key, version };
}

export function versionName(key: CryptoKey, version: KeyVersion): string {
  return `${key.name}/cryptoKeyVersions/${version.number}`;
}

/** Google takes a field in either spelling and refuses any that it does not know. */
export function onlyFields(body: Readonly<Record<string, unknown>>, known: readonly string[], at = ""): void {
  const unknown = Object.keys(body).find((field) => !known.includes(camel(field)));
  if (unknown === undefined) return;
  const where = at === "" ? "" : ` at '${at}'`;
  throw badField(at, `Invalid JSON payload received. Unknown name "${unknown}"${where}: Cannot find field.`);
}

export function camel(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}

export function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function field(body: Readonly<Record<string, unknown>>, name: string): unknown {
  return body[name] ?? body[snake(name)] ?? undefined;
}

/** Bytes in base64, ordinary or for URLs; empty when the field is not there. */
export function bytes(body: Readonly<Record<string, unknown>>, name: string, at = snake(name)): Buffer {
  const value = field(body, name);
  if (value === undefined) return Buffer.alloc(0);
  if (typeof value === "string" && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return Buffer.from(value, "base64");
  const shown = typeof value === "string" ? `Base64 decoding failed for "${value}"` : JSON.stringify(value);
  throw badField(at, `Invalid value at '${at}' (TYPE_BYTES), ${shown}`);
}

export function optionalText(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = field(body, name);
  if (value === undefined || typeof value === "string") return value;
  throw badField(snake(name), `Invalid value at '${snake(name)}' (TYPE_STRING), ${JSON.stringify(value)}`);
}

export function optionalEnum(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = field(body, name);
  if (value === undefined || value === 0) return undefined;
  const known = enumName(name, value);
  if (known !== undefined) return known;
  throw badField(snake(name), `Invalid value at '${snake(name)}' (TYPE_ENUM), ${JSON.stringify(value)}`);
}

/** `3600s`, as Google writes durations, in seconds. */
export function optionalSeconds(body: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = optionalText(body, name);
  if (value === undefined) return undefined;
  const seconds = /^(\d+)(\.\d+)?s$/.exec(value)?.[1];
  if (seconds !== undefined) return Number(seconds);
  throw badField(
    snake(name),
    `Invalid value at '${snake(name)}' (type.googleapis.com/google.protobuf.Duration), "${value}"`,
  );
}

export function optionalTime(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = optionalText(body, name);
  if (value === undefined) return undefined;
  const time = Date.parse(value);
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw badField(
    snake(name),
    `Invalid value at '${snake(name)}' (type.googleapis.com/google.protobuf.Timestamp), "${value}"`,
  );
}

/** The fields that an update is about. */
export function updateMask(call: Call, known: readonly string[]): readonly string[] {
  const given = (call.query.get("updateMask") ?? call.query.get("update_mask") ?? "").split(",").filter(Boolean);
  const fields = given.map((path) => camel(path.trim()));
  if (fields.length === 0) throw invalid("The update_mask is required and must not be empty.");
  const unknown = fields.find((path) => !known.includes(path));
  if (unknown !== undefined) throw invalid(`The field '${snake(unknown)}' cannot be updated.`);
  return fields;
}
