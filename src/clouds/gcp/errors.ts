import { plainText } from "../../core/text.ts";
import { parseJson } from "./json.ts";
import { isRecord } from "./policy.ts";
import { isMemberRefusal } from "./sharing.ts";

/** The one place that reads what Google's client, and the requests beside it, reject with. */

/** What was asked, for the words of a failure. */
export interface Asked {
  /** Google's name of the call. */
  readonly call: string;
  /** The permission that it needs. */
  readonly permission: string;
  /** " of the key ring", " for role …": follows the call's name; empty where the key itself is meant. */
  readonly about?: string;
}

export type FailureKind =
  /** Google itself says: no such thing. */
  | "absent"
  | "denied"
  | "credentials"
  /** The reference does not belong where it was asked. */
  | "misconfigured"
  /** The API is not enabled in a project, or has no billing. */
  | "not-enabled"
  | "throttled"
  /** Never left: no connection could be made. */
  | "not-sent"
  /** Cut off on the way: whether Google acted on it is not known. */
  | "cut-off"
  | "timeout"
  /** The command's own deadline, or an interruption. */
  | "deadline"
  /** Something else than Google answered: a proxy's page, another service. */
  | "foreign"
  /** Google failed inside. */
  | "server"
  /** The policy is no longer the one that was read. */
  | "conflict"
  /** The state of the key, or of the version, does not allow the call. */
  | "key-state"
  /** An organisation policy does not allow a member of the policy. */
  | "member-not-allowed"
  | "invalid"
  | "unknown";

export interface GcpFailure {
  readonly kind: FailureKind;
  /** Google's name of the status, or the network's code. */
  readonly name: string;
  /** Google's own words in one safe line, without what differs from call to call. */
  readonly words: string;
  /** How long Google asks to wait, in milliseconds; null when it does not say. */
  readonly retryAfterMs: number | null;
  /** The reasons and violations that come with the error: machine-readable, and not for the eye. */
  readonly details: readonly unknown[];
}

/** No credentials, or none that could be turned into a token. The `cause` is whatever the auth library said. */
export class GcpCredentialsError extends Error {
  override readonly name = "GcpCredentialsError";
}

/** An answer that is not a success, of a request that is not made by the client itself. */
export class GcpAnswerError extends Error {
  override readonly name = "GcpAnswerError";
  readonly httpStatus: number;
  readonly body: string;

  constructor(httpStatus: number, body: string) {
    super(`HTTP ${httpStatus}`);
    this.httpStatus = httpStatus;
    this.body = body;
  }
}

/**
 * Says what a rejected call means. Throws what cannot have come from Google or from the way there: a bug of ours is
 * never reported as a cloud that could not be looked at.
 */
export function readFailure(error: unknown): GcpFailure {
  if (!(error instanceof Error)) throw error;
  const chain = causesOf(error);
  const credentials = chain.find((one) => one instanceof GcpCredentialsError);
  if (credentials !== undefined) return credentialFailure(credentials);
  const answer = answerIn(chain);
  if (answer !== null) return readAnswer(answer);
  const code = grpcCode(error);
  const network = networkFailure(chain);
  // CANCELLED and DEADLINE_EXCEEDED without an answer: nobody but us gave up.
  if (code === "CANCELLED") return failure("deadline", code, "");
  if (code === "DEADLINE_EXCEEDED") return failure("timeout", code, "");
  if (network !== null) return network;
  // The client took what came back for an answer, and could not make sense of it.
  if (code !== null && chain.slice(1).some(isOurs)) return failure("foreign", "not understood", "");
  // Over gRPC the code is all there is.
  if (code !== null) return fromStatus({ status: code, http: null, message: error.message, details: [] });
  if (chain.some(isOurs)) throw error;
  return failure("unknown", error.name, error.message);
}

function failure(kind: FailureKind, name: string, words: string, details: readonly unknown[] = []): GcpFailure {
  return { kind, name, words: cleaned(words), retryAfterMs: retryAfter(details), details };
}

/** Google's error: https://cloud.google.com/apis/design/errors#http_mapping */
interface GoogleStatus {
  readonly status: string;
  readonly http: number | null;
  readonly message: string;
  readonly details: readonly unknown[];
}

interface Answer {
  readonly http: number;
  /** The body as it came: text, or JSON that somebody parsed already. */
  readonly body: unknown;
}

/** The body of a failed answer that the client keeps beside its own reading of it (google-gax, `googleError.ts`). */
const RAW_BODY = Symbol.for("google-gax.rawHttpResponsePayload");

function answerIn(chain: readonly Error[]): Answer | null {
  for (const one of chain) {
    if (one instanceof GcpAnswerError) return { http: one.httpStatus, body: one.body };
    const { httpStatusCode, response } = one as { httpStatusCode?: unknown; response?: unknown };
    const raw = (one as { readonly [RAW_BODY]?: unknown })[RAW_BODY];
    if (typeof httpStatusCode === "number") return { http: httpStatusCode, body: raw };
    // A GaxiosError carries the answer itself.
    if (isRecord(response) && typeof response["status"] === "number") {
      return { http: response["status"], body: response["data"] };
    }
  }
  return null;
}

function readAnswer({ http, body }: Answer): GcpFailure {
  const google = googleStatus(http, body);
  if (google !== null) return fromStatus(google);
  // An error of Google is JSON. A page is somebody else's, or Google's for an address that it does not serve.
  if (http === 401 || http === 407) return failure("credentials", `HTTP ${http}`, "");
  if (http === 429) return failure("throttled", "HTTP 429", "");
  if (http === 404 || http === 405) return failure("misconfigured", `HTTP ${http}`, "the address is not served");
  return failure(http >= 500 ? "server" : "foreign", `HTTP ${http}`, "");
}

function googleStatus(http: number, body: unknown): GoogleStatus | null {
  const parsed = typeof body === "string" ? parseJson(body) : body;
  const root: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  const error = isRecord(root) ? root["error"] : undefined;
  if (!isRecord(error) || typeof error["status"] !== "string") return null;
  const { status, message, details } = error;
  return {
    status,
    http,
    message: typeof message === "string" ? message : "",
    details: Array.isArray(details) ? details : [],
  };
}

const KIND_OF_STATUS: ReadonlyMap<string, FailureKind> = new Map<string, FailureKind>([
  ["NOT_FOUND", "absent"],
  ["PERMISSION_DENIED", "denied"],
  ["UNAUTHENTICATED", "credentials"],
  ["RESOURCE_EXHAUSTED", "throttled"],
  ["ABORTED", "conflict"],
  ["FAILED_PRECONDITION", "unknown"],
  ["INVALID_ARGUMENT", "invalid"],
  ["OUT_OF_RANGE", "invalid"],
  ["UNAVAILABLE", "server"],
  ["INTERNAL", "server"],
  ["DATA_LOSS", "server"],
  ["UNKNOWN", "server"],
  ["CANCELLED", "server"],
  ["DEADLINE_EXCEEDED", "timeout"],
  ["UNIMPLEMENTED", "misconfigured"],
]);

function fromStatus({ status, http, message, details }: GoogleStatus): GcpFailure {
  const kind = kindOf(status, message, details);
  return failure(kind ?? (http !== null && http >= 500 ? "server" : "unknown"), status, message, details);
}

function kindOf(status: string, message: string, details: readonly unknown[]): FailureKind | null {
  const reasons = reasonsIn(details);
  if (isMemberRefusal(message, details)) return "member-not-allowed";
  if (
    reasons.some((reason) => NOT_ENABLED.has(reason)) ||
    /has not been used in project|API .* disabled/i.test(message)
  ) {
    return "not-enabled";
  }
  if (reasons.some((reason) => /rateLimitExceeded|RATE_LIMIT_EXCEEDED|RESOURCE_PROJECT_QUOTA/i.test(reason))) {
    return "throttled";
  }
  // "The request concerns location 'x' but was sent to location 'y'": an endpoint of another region.
  if (/was sent to location/i.test(message)) return "misconfigured";
  if (status === "NOT_FOUND" && /method not found|requested url/i.test(message)) return "misconfigured";
  if (status === "FAILED_PRECONDITION" && isKeyState(message)) return "key-state";
  return KIND_OF_STATUS.get(status) ?? null;
}

/** https://cloud.google.com/apis/docs/error-info-reasons (`google.api.ErrorReason`) */
const NOT_ENABLED: ReadonlySet<string> = new Set(["SERVICE_DISABLED", "BILLING_DISABLED", "CONSUMER_SUSPENDED"]);

function isKeyState(message: string): boolean {
  return /not enabled|current state|is (?:disabled|destroyed)|DESTROY|DISABLED|no primary|key access justification/i.test(
    message,
  );
}

function reasonsIn(details: readonly unknown[]): readonly string[] {
  return details.flatMap((one) => (isRecord(one) && typeof one["reason"] === "string" ? [one["reason"]] : []));
}

function credentialFailure(error: Error): GcpFailure {
  const network = networkFailure(causesOf(error));
  // The token could not be fetched because nobody could be reached: that says nothing about the credentials.
  if (network !== null) return network;
  return failure("credentials", error.name, error.message);
}

const NOT_SENT: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"],
  ...["EADDRNOTAVAIL", "EPROTO"],
]);
const CUT_OFF: ReadonlySet<string> = new Set([
  ...["ECONNRESET", "EPIPE", "ECONNABORTED", "ERR_STREAM_PREMATURE_CLOSE", "UND_ERR_SOCKET"],
]);

/** What the transport says of an answer that is larger than we take: in its words alone, which its wrappers repeat. */
const ENDLESS = /^content size at .{1,2000} over limit/;

/** What we say of a success with an error in it. */
export const ERROR_INSIDE = "an error inside a success";

function networkFailure(chain: readonly Error[]): GcpFailure | null {
  for (const one of chain) {
    const code = codeOf(one) ?? one.name;
    if (code === "AbortError" || code === "ABORT_ERR") return failure("deadline", code, "");
    if (code === "TimeoutError" || code === "ETIMEDOUT") return failure("timeout", code, "");
    if (NOT_SENT.has(code) || isCertificateCode(code)) return failure("not-sent", code, "");
    if (CUT_OFF.has(code) || /socket hang up|premature close/i.test(one.message)) return failure("cut-off", code, "");
    if (code === "ERR_INVALID_URL") return failure("misconfigured", code, one.message);
    if (one.message === ERROR_INSIDE) return failure("foreign", ERROR_INSIDE, "");
    if (ENDLESS.test(one.message)) return failure("foreign", "an answer without an end", "");
    if (code.startsWith("HPE_") || one instanceof SyntaxError) {
      return failure("foreign", one instanceof SyntaxError ? "not JSON" : code, "");
    }
  }
  return null;
}

/** Node's codes for what is wrong with a certificate (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
export function isCertificateCode(code: string): boolean {
  return /CERT|^ERR_SSL|^ERR_TLS|UNABLE_TO_(GET_ISSUER|VERIFY)|^HOSTNAME_MISMATCH$|^INVALID_CA$/.test(code);
}

/** Worth asking again: it may be over a moment later. */
export function isPassing({ kind }: GcpFailure): boolean {
  return PASSING.has(kind);
}

const PASSING: ReadonlySet<FailureKind> = new Set(["throttled", "not-sent", "cut-off", "timeout", "server"]);

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const GRPC_CODES: readonly string[] = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"],
  ...["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"],
  ...["INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"],
];

function grpcCode(error: Error): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? (GRPC_CODES[code] ?? null) : null;
}

function codeOf(error: Error): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : null;
}

function causesOf(error: Error): readonly Error[] {
  const chain: Error[] = [];
  let next: unknown = error;
  while (next instanceof Error && chain.length < 8 && !chain.includes(next)) {
    chain.push(next);
    next = next.cause;
  }
  return chain;
}

/** Errors that only a mistake in this program raises. */
function isOurs(error: Error): boolean {
  const isKind = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return isKind && codeOf(error) === null;
}

/** `google.rpc.RetryInfo`: "30s", "0.5s". */
function retryAfter(details: readonly unknown[]): number | null {
  for (const one of details) {
    if (!isRecord(one) || typeof one["retryDelay"] !== "string") continue;
    const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(one["retryDelay"]) ?? [];
    if (seconds !== undefined) return Math.round(Number(seconds) * 1_000);
  }
  return null;
}

/** One line of Google's words without what differs from call to call, and without anything that may be a secret. */
function cleaned(text: string): string {
  return plainText(text, 600)
    .replace(/\s*(?:vpcServiceControlsUniqueIdentifier|request ?id|help token)\s*[:=]?\s*[\w.-]+\.?/gi, "")
    .replace(/\bya29\.[\w-]+/g, "…")
    .replace(/[A-Za-z0-9+/=_-]{120,}/g, "…")
    .trim()
    .slice(0, 300);
}
