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
  "rotated",
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
    case "throttle":
    case "expired":
    case "rotated":
      return dialectOf(request)(kind);
    case "ok-error":
      return { ...dialectOf(request)("500"), status: 200 };
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

/** What each provider has its own words for: busy (`throttle` is its own way, and `429` a gateway's), broken, who-are-you. */
type Said = "429" | "500" | "503" | "throttle" | "expired" | "rotated";
type Dialect = (said: Said) => SandboxReply;

function dialectOf(request: SandboxRequest): Dialect {
  if (request.headers["x-amz-target"] !== undefined) return awsJson;
  if ((request.headers["authorization"] ?? "").startsWith("AWS4-HMAC-SHA256")) return awsQuery;
  if (/^\/v[13]\/(projects|roles)\//.test(request.path)) return google;
  if (isOciPath(request.path)) return oci;
  return aiven;
}

const RETRY_AFTER_SECONDS = 1;

const AWS_EXPIRED = "The security token included in the request is expired";
const AWS_UNKNOWN = "The security token included in the request is invalid.";
const AWS_BROKEN = "The request was rejected because an internal exception occurred.";

/** Throttling is a 400 (docs.aws.amazon.com/kms/latest/developerguide/throttling.html). */
const AWS_JSON: Readonly<Record<Said, readonly [status: number, name: string, message: string]>> = {
  "429": [429, "TooManyRequestsException", "Too Many Requests"],
  "500": [500, "KMSInternalException", AWS_BROKEN],
  "503": [503, "ServiceUnavailable", "The service is unavailable. Please try again shortly."],
  throttle: [400, "ThrottlingException", "Rate exceeded"],
  expired: [400, "ExpiredTokenException", AWS_EXPIRED],
  rotated: [400, "UnrecognizedClientException", AWS_UNKNOWN],
};

/** AWS JSON 1.1, KMS. */
function awsJson(said: Said): SandboxReply {
  const [status, name, message] = AWS_JSON[said];
  return {
    status,
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amzn-errortype": name,
      ...(said === "429" ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {}),
    },
    body: JSON.stringify({ __type: name, message }),
  };
}

const AWS_QUERY: typeof AWS_JSON = {
  ...AWS_JSON,
  throttle: [400, "Throttling", "Rate exceeded"],
  expired: [403, "ExpiredToken", AWS_EXPIRED],
  rotated: [403, "InvalidClientTokenId", AWS_UNKNOWN],
};

/** AWS query, STS. */
function awsQuery(said: Said): SandboxReply {
  const [status, name, message] = AWS_QUERY[said];
  const fault = status < 500 ? "Sender" : "Receiver";
  return {
    status,
    headers: { "content-type": "text/xml" },
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>${fault}</Type><Code>${name}</Code><Message>${message}</Message></Error><RequestId>sandbox</RequestId></ErrorResponse>`,
  };
}

type Worded = Readonly<Record<"429" | "500" | "503" | "401", readonly [name: string, message: string]>>;

/** Of those who have one way to say "too many requests", and one to say "who are you". */
function statusOf(said: Said): keyof Worded {
  if (said === "throttle") return "429";
  return said === "expired" || said === "rotated" ? "401" : said;
}

const GOOGLE: Worded = {
  "401": ["UNAUTHENTICATED", "Request had invalid authentication credentials."],
  "429": [
    "RESOURCE_EXHAUSTED",
    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'cloudkms.googleapis.com' for consumer 'project_number:100000000001'.",
  ],
  "500": ["INTERNAL", "Internal error encountered."],
  "503": ["UNAVAILABLE", "The service is currently unavailable."],
};

/** https://cloud.google.com/apis/design/errors; throttling is a 429 without `Retry-After`. */
function google(said: Said): SandboxReply {
  const code = statusOf(said);
  const [status, message] = GOOGLE[code];
  return {
    status: Number(code),
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: JSON.stringify({ error: { code: Number(code), message, status } }),
  };
}

const OCI: Worded = {
  "401": ["NotAuthenticated", "The required information to complete authentication was not provided or was incorrect."],
  "429": ["TooManyRequests", "User-rate limit exceeded."],
  "500": ["InternalServerError", "Internal server error."],
  "503": ["ServiceUnavailable", "The service is currently unavailable."],
};

/** https://docs.oracle.com/iaas/Content/API/References/apierrors.htm; throttling is a 429 without `Retry-After`. */
function oci(said: Said): SandboxReply {
  const status = statusOf(said);
  const [code, message] = OCI[status];
  return {
    status: Number(status),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code, message }),
  };
}

const AIVEN_BUSY = `The user has sent too many requests in a given amount of time: Rate limit 120 exceeded - try again in ${RETRY_AFTER_SECONDS}s`;

/** Words for 429 as terraform-provider-aiven #575 quotes them; `Invalid token` is a 403; the others are assumed. */
const AIVEN: Readonly<Record<Said, readonly [status: number, message: string]>> = {
  "429": [429, AIVEN_BUSY],
  "500": [500, "Internal Server Error"],
  "503": [503, "Service Unavailable"],
  throttle: [429, AIVEN_BUSY],
  expired: [401, "Token expired"],
  rotated: [403, "Invalid token"],
};

function aiven(said: Said): SandboxReply {
  const [status, message] = AIVEN[said];
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(status === 429 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {}),
    },
    body: JSON.stringify({ message, errors: [{ message, status }] }),
  };
}
