import { type KeygrantError, usageError } from "../core/errors.ts";
import type { Jitter } from "../core/ports.ts";
import type { SandboxReply, SandboxRequest } from "./module.ts";
import { isOciPath } from "./oci/path.ts";

/**
 * What can go wrong on the way. `lost`, `504`, `truncated`, `retyped` and `drip` strike after the request was carried
 * out: the change is made, and the caller cannot know. All others strike before it is looked at.
 */
export const FAULT_KINDS = [
  "429",
  "500",
  "503",
  "throttle",
  "html",
  "garbage",
  "malformed",
  "ok-error",
  "redirect",
  "expired",
  "reset",
  "hang",
  "lost",
  "504",
  "truncated",
  "retyped",
  "drip",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** 0 to 1. */
  readonly rate: number;
  /** How often it strikes before it is spent; null: for ever. */
  readonly times: number | null;
  /** Only where the operation or the path contains this; null: everywhere. */
  readonly at: string | null;
}

/** Reads `<kind>=<rate>[x<times>][@<part of the operation or path>]`: `429=0.3`, `lost=1x1@CMKCreate`. */
export function parseFault(text: string): Fault {
  const parts = /^(?<kind>[^=]+)=(?<rate>[0-9.]+)(?:x(?<times>[0-9]+))?(?:@(?<at>.+))?$/.exec(text)?.groups;
  if (parts === undefined) throw notAFault(text);
  const kind = FAULT_KINDS.find((known) => known === parts["kind"]);
  const rate = Number(parts["rate"]);
  if (kind === undefined || !(rate >= 0 && rate <= 1)) throw notAFault(text);
  const times = parts["times"];
  return { kind, rate, times: times === undefined ? null : Number(times), at: parts["at"] ?? null };
}

function notAFault(text: string): KeygrantError {
  return usageError(
    "sandbox.fault",
    `${JSON.stringify(text)} is not a fault that the sandbox knows.`,
    `Write <kind>=<rate>, with a rate from 0 to 1 and a kind of ${FAULT_KINDS.join(", ")}: 429=0.3, or hang=1x2@Decrypt for the first two calls of Decrypt.`,
  );
}

export interface Faults {
  /** What strikes this request, if anything. Draws from the jitter once for each fault that could. */
  strike(operation: string, path: string): FaultKind | null;
}

export function createFaults(specs: readonly string[], jitter: Jitter): Faults {
  const faults = specs.map((spec) => ({ fault: parseFault(spec), struck: 0 }));
  return {
    strike(operation, path) {
      for (const entry of faults) {
        const { kind, rate, times, at } = entry.fault;
        if (times !== null && entry.struck >= times) continue;
        if (at !== null && !operation.includes(at) && !path.includes(at)) continue;
        if (jitter() >= rate) continue;
        entry.struck += 1;
        return kind;
      }
      return null;
    },
  };
}

/** What is said instead of handling the request; null for a fault that strikes later, or says nothing. */
export function refusalOf(kind: FaultKind, request: SandboxRequest): SandboxReply | null {
  switch (kind) {
    case "429":
    case "500":
    case "503":
      return dialectOf(request)(Number(kind), false);
    case "throttle":
      return dialectOf(request)(429, true);
    case "ok-error":
      return { ...dialectOf(request)(500, false), status: 200 };
    case "expired":
      return dialectOf(request)(401, false);
    case "malformed":
      return { status: 200, headers: { "content-type": "application/json" }, body: '{"keys": [{"name": }' };
    case "redirect":
      return { status: 307, headers: { location: request.path }, body: "" };
    case "html":
      return html(502, "502 Bad Gateway");
    case "garbage":
      return { status: 200, headers: { "content-type": "text/plain" }, body: "Welcome to the hotel's network." };
    case "reset":
      return { status: 0, headers: {}, body: "" };
    default:
      return null;
  }
}

/** The answer that arrives instead of the right one, after the request was carried out. */
export function spoilt(kind: FaultKind, reply: SandboxReply): SandboxReply {
  switch (kind) {
    case "lost":
      return { status: 0, headers: {}, body: "" };
    case "504":
      return html(504, "504 Gateway Time-out");
    case "retyped":
      return { ...reply, headers: { ...reply.headers, "content-type": "text/html" } };
    case "truncated":
      return { ...reply, body: Buffer.from(reply.body).subarray(0, Math.floor(Buffer.byteLength(reply.body) / 2)) };
    default:
      return reply;
  }
}

function html(status: number, title: string): SandboxReply {
  return {
    status,
    headers: { "content-type": "text/html" },
    body: `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`,
  };
}

/** How one provider says that it is busy or broken; `native` asks for its own way to say "too many requests". */
type Dialect = (status: number, native: boolean) => SandboxReply;

function dialectOf(request: SandboxRequest): Dialect {
  if (request.headers["x-amz-target"] !== undefined) return awsJson;
  if ((request.headers["authorization"] ?? "").startsWith("AWS4-HMAC-SHA256")) return awsQuery;
  if (/^\/v[13]\/(projects|roles)\//.test(request.path)) return google;
  if (isOciPath(request.path)) return oci;
  return aiven;
}

const RETRY_AFTER_SECONDS = 1;

function awsName(status: number, native: boolean): readonly [string, string] {
  if (native) return ["ThrottlingException", "Rate exceeded"];
  if (status === 429) return ["TooManyRequestsException", "Too Many Requests"];
  if (status === 401) return ["ExpiredTokenException", "The security token included in the request is expired"];
  if (status === 503) return ["ServiceUnavailable", "The service is unavailable. Please try again shortly."];
  return ["KMSInternalException", "The request was rejected because an internal exception occurred."];
}

/** AWS JSON 1.1, KMS: throttling is a 400 (docs.aws.amazon.com/kms/latest/developerguide/throttling.html). */
function awsJson(status: number, native: boolean): SandboxReply {
  const [name, message] = awsName(status, native);
  return {
    status: native || status === 401 ? 400 : status,
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amzn-errortype": name,
      ...(status === 429 && !native ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {}),
    },
    body: JSON.stringify({ __type: name, message }),
  };
}

function queryName(status: number): readonly [string, string] {
  return status === 401
    ? ["ExpiredToken", "The security token included in the request is expired"]
    : awsName(status, false);
}

/** AWS query, STS. */
function awsQuery(status: number, native: boolean): SandboxReply {
  const [name, message] = native ? ["Throttling", "Rate exceeded"] : queryName(status);
  return {
    status: native ? 400 : status === 401 ? 403 : status,
    headers: { "content-type": "text/xml" },
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>${native ? "Sender" : "Receiver"}</Type><Code>${name}</Code><Message>${message}</Message></Error><RequestId>sandbox</RequestId></ErrorResponse>`,
  };
}

/** https://cloud.google.com/apis/design/errors; throttling is a 429 without `Retry-After`. */
function google(status: number): SandboxReply {
  const [name, message] =
    status === 429
      ? [
          "RESOURCE_EXHAUSTED",
          "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'cloudkms.googleapis.com' for consumer 'project_number:100000000001'.",
        ]
      : status === 401
        ? ["UNAUTHENTICATED", "Request had invalid authentication credentials."]
        : status === 503
          ? ["UNAVAILABLE", "The service is currently unavailable."]
          : ["INTERNAL", "Internal error encountered."];
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: JSON.stringify({ error: { code: status, message, status: name } }),
  };
}

/** https://docs.oracle.com/iaas/Content/API/References/apierrors.htm; throttling is a 429 without `Retry-After`. */
function oci(status: number): SandboxReply {
  const [code, message] =
    status === 429
      ? ["TooManyRequests", "User-rate limit exceeded."]
      : status === 401
        ? ["NotAuthenticated", "The required information to complete authentication was not provided or was incorrect."]
        : status === 503
          ? ["ServiceUnavailable", "The service is currently unavailable."]
          : ["InternalServerError", "Internal server error."];
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ code, message }) };
}

/** Aiven's words for 429 as terraform-provider-aiven #575 quotes them; the others are assumed. */
function aiven(status: number): SandboxReply {
  const message =
    status === 429
      ? `The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in ${RETRY_AFTER_SECONDS}s`
      : status === 401
        ? "Token expired"
        : status === 503
          ? "Service Unavailable"
          : "Internal Server Error";
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(status === 429 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {}),
    },
    body: JSON.stringify({ message, errors: [{ message, status }] }),
  };
}
