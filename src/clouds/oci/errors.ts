import { plainText } from "../../core/text.ts";

/** The one place that knows what a call to OCI can be answered with. */

/** What was asked, for the words of a failure. */
export interface Asked {
  /** OCI's name of the call. */
  readonly call: string;
  /** " of the root compartment", …: follows the call's name; empty where the key itself is meant. */
  readonly about?: string;
  /** The permission that the call needs, in the words of a policy: `read keys`. */
  readonly needs?: string;
}

/** A call that did not succeed, as the transport saw it. */
export type CallFault =
  /** OCI's own answer. `code` is OCI's word for it; null when the answer is not in OCI's form. */
  | { readonly kind: "status"; readonly status: number; readonly code: string | null; readonly words: string }
  /** No answer, or half of one. `code` is Node's. `sent`: it may have arrived all the same. */
  | { readonly kind: "network"; readonly code: string; readonly sent: boolean }
  /** No answer in time; `deadline` when it was the command's time that was up. */
  | { readonly kind: "timeout"; readonly deadline: boolean }
  /** An answer that OCI would not give. */
  | { readonly kind: "foreign"; readonly words: string }
  /** The credentials are not there or cannot be used. */
  | { readonly kind: "credentials"; readonly words: string; readonly fix?: string };

export class OciCallError extends Error {
  override readonly name = "OciCallError";
  readonly fault: CallFault;

  constructor(fault: CallFault, cause?: unknown) {
    super(fault.kind === "status" ? `HTTP ${fault.status} ${fault.code ?? ""}` : fault.kind, { cause });
    this.fault = fault;
  }
}

export type FailureKind =
  /** NotAuthorizedOrNotFound: OCI does not tell which. */
  | "absent-or-denied"
  | "denied"
  | "credentials"
  | "clock"
  /** The call does not belong where it was asked. */
  | "misconfigured"
  | "throttled"
  /** Never left: no connection could be made. */
  | "not-sent"
  /** Cut off on the way: whether OCI acted on it is not known. */
  | "cut-off"
  | "timeout"
  | "deadline"
  /** Something else than OCI answered: a proxy's page, a redirect. */
  | "foreign"
  /** OCI failed inside: 5xx. */
  | "server"
  /** The state of the key or of the policy does not allow the call. */
  | "conflict"
  /** The etag is no longer the one that was given. */
  | "stale"
  | "limit"
  /** OCI does not take the request as it is. */
  | "invalid"
  | "unsupported"
  | "unknown";

export interface OciFailure {
  readonly kind: FailureKind;
  /** OCI's word for the error, or the network's code. */
  readonly name: string;
  /** OCI's own words in one safe line, without request ids. */
  readonly words: string;
  /** More exact advice than the kind's own. */
  readonly fix?: string;
}

/** Words of the error table, https://docs.oracle.com/en-us/iaas/Content/API/References/apierrors.htm. */
const KIND_OF_CODE: ReadonlyMap<string, FailureKind> = new Map([
  ...kind("absent-or-denied", "NotAuthorizedOrNotFound", "RelatedResourceNotAuthorizedOrNotFound"),
  ...kind("credentials", "NotAuthenticated"),
  ...kind("denied", "NotAuthorized", "Forbidden", "SignUpRequired"),
  // "This operation must be directed at the home region"; a path that the host does not know.
  ...kind("misconfigured", "NotAllowed", "NotFound", "MethodNotAllowed"),
  ...kind("throttled", "TooManyRequests"),
  ...kind("limit", "LimitExceeded", "QuotaExceeded"),
  ...kind("stale", "NoEtagMatch", "IfMatchFailed"),
  ...kind("conflict", "IncorrectState", "Conflict", "InvalidatedRetryToken", "ResourceAlreadyExists"),
  ...kind("invalid", "InvalidParameter", "MissingParameter", "CannotParseRequest", "InvalidParameters"),
  ...kind("server", "InternalServerError", "ServiceUnavailable", "OutOfCapacity", "ExternalServerUnreachable"),
  ...kind("server", "ExternalServerTimeout", "ExternalServerInvalidResponse"),
  ...kind("unsupported", "MethodNotImplemented"),
]);

/**
 * Says what a rejected call means. Throws everything that is no `OciCallError`: a bug of ours is never reported as a
 * cloud that could not be looked at.
 */
export function readFailure(error: unknown): OciFailure {
  if (!(error instanceof OciCallError)) throw error;
  const { fault } = error;
  switch (fault.kind) {
    case "status":
      return statusFailure(fault.status, fault.code, cleaned(fault.words));
    case "network":
      return networkFailure(fault.code, fault.sent);
    case "timeout":
      return { kind: fault.deadline ? "deadline" : "timeout", name: "time-out", words: "" };
    case "foreign":
      return { kind: "foreign", name: "not OCI", words: cleaned(fault.words) };
    case "credentials": {
      const failure = { kind: "credentials", name: "no credentials", words: cleaned(fault.words) } as const;
      return fault.fix === undefined ? failure : { ...failure, fix: fault.fix };
    }
  }
}

function statusFailure(status: number, code: string | null, words: string): OciFailure {
  const as = (of: FailureKind): OciFailure => ({ kind: of, name: code ?? `HTTP ${status}`, words });
  if (status === 429) return as("throttled");
  // OCI's own refusals are JSON with a code: without one, somebody on the way has answered.
  if (code === null) return as(status >= 500 ? "server" : "foreign");
  // A date that is off gives 401 too.
  if (status === 401 && /\bclock\b|\bdate\b|skew/i.test(words)) return as("clock");
  const known = KIND_OF_CODE.get(code);
  if (known !== undefined && !(status >= 500 && known !== "unsupported")) return as(known);
  return as(KIND_OF_STATUS.get(status) ?? (status >= 500 ? "server" : "unknown"));
}

const KIND_OF_STATUS: ReadonlyMap<number, FailureKind> = new Map([
  [400, "invalid"],
  [401, "credentials"],
  [403, "denied"],
  [404, "absent-or-denied"],
  [409, "conflict"],
  [412, "stale"],
  [413, "limit"],
  [501, "unsupported"],
]);

/** The SDK's breaker, should one be in between: it refuses here, and says nothing about OCI. */
const OPEN_BREAKER = "EOPENBREAKER";

function networkFailure(code: string, sent: boolean): OciFailure {
  const as = (of: FailureKind): OciFailure => ({ kind: of, name: code, words: "" });
  if (code === OPEN_BREAKER) return as("throttled");
  if (code === "ERR_INVALID_URL") return as("misconfigured");
  if (code.startsWith("HPE_")) return as("foreign");
  return as(sent ? "cut-off" : "not-sent");
}

/** Node's codes for what is wrong with a certificate (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
export function isCertificateCode(code: string): boolean {
  return /CERT|^ERR_SSL|^ERR_TLS|UNABLE_TO_(GET_ISSUER|VERIFY)|^HOSTNAME_MISMATCH$|^INVALID_CA$/.test(code);
}

/** Whether a call that was to change something may have changed it all the same. */
export function mayHaveArrived({ kind: of }: OciFailure): boolean {
  return AMBIGUOUS.has(of);
}

const AMBIGUOUS: ReadonlySet<FailureKind> = new Set(["cut-off", "timeout", "deadline", "foreign", "server"]);

/** One line of OCI's words without what differs from call to call, and without anything that may be a secret. */
function cleaned(text: string): string {
  return plainText(text, 600)
    .replace(/\s*\(?(?:opc-?)?request[- ]?id:?\s*[\w/-]+\)?/gi, "")
    .replace(/ST\$[\w.-]+/g, "…")
    .replace(/[A-Za-z0-9+/=_-]{120,}/g, "…")
    .trim()
    .slice(0, 300);
}

function kind(of: FailureKind, ...names: readonly string[]): readonly (readonly [string, FailureKind])[] {
  return names.map((name) => [name, of] as const);
}
