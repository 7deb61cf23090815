import { randomHex } from "../ids.ts";
import type { SandboxContext, SandboxReply } from "../module.ts";
import type { Variables } from "./conditions.ts";
import { decide, type Named } from "./enforce.ts";
import { invalidParameter, missingParameter, notAuthenticated, notAuthorizedOrNotFound, OciError } from "./errors.ts";
import type { OciKnobs } from "./knobs.ts";
import { regionKey } from "./regions.ts";
import type { Caller } from "./signature.ts";
import { findTenancy, type OciWorld, pathTo, policiesOf, type Tenancy } from "./world.ts";

/** One call that was signed by somebody. */
export interface Call {
  readonly world: OciWorld;
  readonly context: SandboxContext;
  readonly knobs: OciKnobs;
  readonly now: Date;
  readonly caller: Caller;
  /** `ListPolicies`, as conditions on `request.operation` have it. */
  readonly operation: string;
  /** The variable parts of the path, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** The region in front of the path; null: none was named. */
  readonly region: string | null;
}

/** What an operation answers; `null` for the body: none. */
export interface Answer {
  readonly status?: number;
  readonly body: unknown;
  readonly etag?: string;
  /** `opc-next-page`. */
  readonly next?: string | null;
}

export type Handler = (call: Call) => Answer;

/** What somebody wants to do to something. */
export interface Target {
  readonly permissions: readonly string[];
  /** The innermost compartment around it. */
  readonly compartmentId: string;
  /** The region where the request is handled. */
  readonly region: string;
  readonly variables?: Variables;
}

/** Throws NotAuthorizedOrNotFound unless the policies of everybody concerned let the call through. */
export function authorize(call: Call, target: Target): void {
  const path = pathTo(call.world, target.compartmentId);
  const owner = findTenancy(call.world, path?.[0]?.id ?? "");
  if (path === null || owner === undefined) throw notAuthorizedOrNotFound();
  const { tenancy } = call.caller;
  // A region that a tenancy has not subscribed to has never heard of its people.
  if (!tenancy.regions.includes(target.region)) throw notAuthenticated();
  if (!owner.regions.includes(target.region)) throw notAuthorizedOrNotFound();
  const foreign = tenancy.id !== owner.id;
  const documents = {
    target: policiesOf(call.world, owner.id, call.now, foreign ? call.context.knobs.propagationMs : 0),
    caller: foreign ? policiesOf(call.world, tenancy.id, call.now, 0) : [],
  };
  const caller = { tenancy: tenancy.id, groups: call.caller.groups };
  const variables = { ...general(call, path, target.region), ...target.variables };
  for (const permission of target.permissions) {
    if (!decide({ caller, permission, path, variables }, documents, call.knobs).allowed) {
      throw notAuthorizedOrNotFound();
    }
  }
}

/** https://docs.oracle.com/iaas/Content/Identity/policyreference/policyreference_topic-General_Variables_for_All_Requests.htm */
function general({ caller, operation, now }: Call, path: readonly Named[], region: string): Variables {
  const compartment = path.at(-1);
  return {
    "request.user.id": caller.user.id,
    "request.user.name": caller.user.name,
    "request.principal.id": caller.user.id,
    "request.principal.type": "user",
    "request.groups.id": caller.groups.map(({ id }) => id),
    "request.operation": operation,
    "request.region": regionKey(region),
    "request.utc-timestamp": now.toISOString(),
    "request.utc-timestamp.month-of-year": String(now.getUTCMonth() + 1),
    "request.utc-timestamp.day-of-month": String(now.getUTCDate()),
    "request.utc-timestamp.day-of-week": now.toLocaleDateString("en", { weekday: "long", timeZone: "UTC" }),
    "request.utc-timestamp.time-of-day": now.toISOString().slice(11, 19),
    "target.compartment.id": compartment?.id ?? "",
    "target.compartment.name": compartment?.name ?? "",
  };
}

/** Identity is answered in every region alike, and written in the home region alone. */
export function identityRegion(call: Call): string {
  return call.region ?? call.knobs.ociIdentityRegion ?? call.caller.tenancy.homeRegion;
}

/** https://docs.oracle.com/iaas/Content/Identity/Tasks/managingregions.htm; the words are OCI's, as people published them. */
export function atHome(call: Call): void {
  const { homeRegion } = call.caller.tenancy;
  if (identityRegion(call) === homeRegion) return;
  throw new OciError(
    403,
    "NotAllowed",
    `Please go to your home region ${regionKey(homeRegion)} to execute CREATE, UPDATE and DELETE operations.`,
  );
}

/** The tenancy of the path, if it is one that the caller may look at. */
export function ownTenancy(call: Call): Tenancy {
  const tenancy = findTenancy(call.world, pathPart(call, 0));
  if (tenancy === undefined) throw notAuthorizedOrNotFound();
  authorize(call, {
    permissions: ["TENANCY_INSPECT"],
    compartmentId: tenancy.id,
    region: identityRegion(call),
  });
  return tenancy;
}

export function pathPart(call: Call, index: number): string {
  return call.path[index] ?? "";
}

export function queried(call: Call, name: string): string {
  const value = call.query.get(name);
  if (!value) throw missingParameter(name);
  return value;
}

/** A text of the body: null where there is none. */
export function text(call: Call, name: string, longest = 400): string | null {
  const value = call.body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== "string" || value.length > longest) throw invalidParameter(`${name} is not valid.`);
  return value;
}

export function requiredText(call: Call, name: string, longest?: number): string {
  const value = text(call, name, longest);
  if (value === null || value === "") throw missingParameter(name);
  return value;
}

export function optionalFlag(call: Call, name: string): boolean | null {
  const value = call.body[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== "boolean") throw invalidParameter(`${name} is not valid.`);
  return value;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function record(call: Call, name: string): Readonly<Record<string, unknown>> | null {
  const value = call.body[name];
  if (value === undefined || value === null) return null;
  if (!isRecord(value)) throw invalidParameter(`${name} is not valid.`);
  return value;
}

/** One page of a list; without `limit` the whole of it, up to what OCI gives at once. */
export function page<T>(call: Call, all: readonly T[], show: (item: T) => unknown, most = 1000): Answer {
  const limit = Number(call.query.get("limit") ?? most);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw invalidParameter("limit is not valid.");
  const token = call.query.get("page");
  const start = token === null ? 0 : Number(/^sandbox-(\d+)$/.exec(token)?.[1] ?? Number.NaN);
  if (!(start <= all.length)) throw invalidParameter("page is not valid.");
  const end = start + limit;
  return { body: all.slice(start, end).map(show), next: end < all.length ? `sandbox-${end}` : null };
}

/** Throws NoEtagMatch when the caller has seen another state of the thing than the one it has. */
export function matchEtag(call: Call, etag: string): void {
  const wanted = call.headers["if-match"];
  if (wanted === undefined || wanted === "*" || wanted === etag) return;
  throw new OciError(412, "NoEtagMatch", "The ETag specified in the request does not match the ETag for the resource.");
}

export function freshEtag(call: Call): string {
  return randomHex(call.context.random, 20);
}

/** The unique part of an OCID. */
export function freshUnique(call: Call): string {
  return `sandbox${randomHex(call.context.random, 16)}`;
}

export function replyTo(answer: Answer): SandboxReply {
  const { status = 200, body, etag, next } = answer;
  return {
    status,
    headers: {
      ...(body === null ? {} : { "content-type": "application/json" }),
      ...(etag === undefined ? {} : { etag }),
      ...(next ? { "opc-next-page": next } : {}),
    },
    body: body === null ? "" : JSON.stringify(body),
  };
}
