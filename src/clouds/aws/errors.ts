import { plainText } from "../../core/text.ts";

/** The one place that reads what the AWS SDK rejects with. */

/** What was asked, for the words of a failure. */
export interface Asked {
  /** AWS's name of the call. */
  readonly call: string;
  readonly service: "kms" | "sts";
  /** " in eu-central-1", " for the role …": follows the call's name; empty where the key itself is meant. */
  readonly about?: string;
}

export type FailureKind =
  /** AWS itself says: no such key, no such alias. */
  | "absent"
  /** A NotFoundException in words that are not known to mean that. */
  | "not-found"
  | "denied"
  | "credentials"
  | "clock"
  /** The reference does not belong where it was asked. */
  | "misconfigured"
  | "throttled"
  /** Never left: no connection could be made. */
  | "not-sent"
  /** Cut off on the way: whether AWS acted on it is not known. */
  | "cut-off"
  | "timeout"
  /** The command's own deadline. */
  | "deadline"
  /** Something else than AWS answered: a proxy's page, a redirect. */
  | "foreign"
  /** AWS failed inside: 5xx. */
  | "server"
  /** KMS's own "not available now, retry". */
  | "busy"
  | "unsupported"
  /** The state of the key does not allow the call. */
  | "key-state"
  | "key-usage"
  /** The ciphertext does not belong to the key, or was altered. */
  | "ciphertext"
  | "bad-policy"
  | "limit"
  | "unknown";

export interface AwsFailure {
  readonly kind: FailureKind;
  /** AWS's name of the error, or the network's code. */
  readonly name: string;
  /** AWS's own words in one safe line, without request ids and secrets. */
  readonly words: string;
}

/** Our own: the role that is to look at the keys does not let the caller in. */
export const ROLE_NOT_ASSUMED = "RoleNotAssumed";

const KIND_OF_NAME: ReadonlyMap<string, FailureKind> = new Map([
  ...kind("denied", "AccessDeniedException", "AccessDenied", "UnauthorizedOperation"),
  // https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html and those of STS and IAM Identity Center.
  ...kind("credentials", "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"),
  ...kind("credentials", "InvalidClientTokenId", "InvalidAccessKeyId", "InvalidSignatureException"),
  ...kind("credentials", "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException", "AuthFailure"),
  ...kind("credentials", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "OptInRequired"),
  ...kind("credentials", "TokenRefreshRequired", "NotAuthorized", "InvalidIdentityToken", "IDPRejectedClaim"),
  ...kind("credentials", "UnauthorizedException", "ForbiddenException", "CredentialsProviderError"),
  ...kind("credentials", "TokenProviderError", "ProviderError", ROLE_NOT_ASSUMED),
  ...kind("clock", "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"),
  // With HTTP 400, https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
  ...kind("throttled", "ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException"),
  ...kind("throttled", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown"),
  ...kind("limit", "LimitExceededException"),
  ...kind("misconfigured", "InvalidArnException", "InvalidEndpointException", "AuthorizationHeaderMalformed"),
  ...kind("server", "KMSInternalException", "InternalFailure", "InternalServiceError", "ServiceUnavailable"),
  ...kind("server", "ServiceUnavailableException", "InternalServerError", "InternalErrorException"),
  ...kind("timeout", "DependencyTimeoutException", "RequestTimeout", "RequestTimeoutException"),
  ...kind("busy", "KeyUnavailableException"),
  ...kind("unsupported", "UnsupportedOperationException", "UnknownOperationException", "UnknownOperation"),
  ...kind("unsupported", "NotImplemented", "InvalidAction", "DryRunOperationException"),
  ...kind("key-state", "DisabledException", "KMSInvalidStateException", "CustomKeyStoreInvalidStateException"),
  ...kind("key-usage", "InvalidKeyUsageException"),
  ...kind("ciphertext", "InvalidCiphertextException", "IncorrectKeyException"),
  ...kind("bad-policy", "MalformedPolicyDocumentException", "MalformedPolicyDocument"),
]);

const NOT_SENT: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN"],
  ...["EADDRNOTAVAIL", "EPROTO"],
]);
const CUT_OFF: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ERR_STREAM_PREMATURE_CLOSE"]);

/**
 * Says what a rejected call means. Throws what cannot have come from AWS or from the way there: a bug of ours is
 * never reported as a cloud that could not be looked at.
 */
export function readFailure(error: unknown, asked: Asked): AwsFailure {
  if (!(error instanceof Error)) throw error;
  const status = statusOf(error);
  const code = codeOf(error);
  // The SDK takes both from the answer, as they are.
  const words = cleaned(String(error.message));
  const as = (kind: FailureKind, name = error.name): AwsFailure => ({
    kind,
    name: plainText(String(name), 100),
    words,
  });
  if (error.name === "AbortError") return as("deadline");
  if (code !== null) {
    const kind = kindOfCode(code);
    if (kind !== null) return as(kind, code);
  }
  // The connection time-out of the SDK's handler has no code; nothing has been sent when it fires.
  if (error.name === "TimeoutError") return as(/establish a connection/.test(error.message) ? "not-sent" : "timeout");
  // What is no JSON, or JSON of another shape: not AWS, however it was reached.
  if (error instanceof SyntaxError || (error instanceof TypeError && status !== null)) {
    return as(status !== null && status >= 500 ? "server" : "foreign", httpName(status));
  }
  const named = kindOfName(error, words, asked);
  if (named !== null) return as(named);
  if (status !== null) return statusFailure(error.name, status, words);
  if (isOurs(error)) throw error;
  return as("unknown");
}

function kindOfCode(code: string): FailureKind | null {
  if (NOT_SENT.has(code) || isCertificateCode(code)) return "not-sent";
  if (CUT_OFF.has(code)) return "cut-off";
  if (code === "ETIMEDOUT" || code === "ESOCKETTIMEDOUT") return "timeout";
  if (code.startsWith("HPE_")) return "foreign";
  return code === "ERR_INVALID_URL" ? "misconfigured" : null;
}

/** Node's codes for what is wrong with a certificate (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
export function isCertificateCode(code: string): boolean {
  return /CERT|^ERR_SSL|^ERR_TLS|UNABLE_TO_(GET_ISSUER|VERIFY)|^HOSTNAME_MISMATCH$|^INVALID_CA$/.test(code);
}

function kindOfName(error: Error, words: string, asked: Asked): FailureKind | null {
  const { name } = error;
  if (name === "NotFoundException") return kindOfNotFound(words);
  if (name === "InvalidSignatureException" && /expired|not yet current/i.test(words)) return "clock";
  // STS's spelling on a call to KMS: the SDK was refused while it fetched credentials.
  if (name === "AccessDenied" && asked.service === "kms") return "credentials";
  if (name === "MalformedPolicyDocument" && asked.service === "sts") return null;
  // In a custom key store the same exception reports a proxy that did not answer in time
  // (https://docs.aws.amazon.com/kms/latest/developerguide/xks-troubleshooting.html): the network's, not the key's.
  if (name === "KMSInvalidStateException" && /retry the request|in time|timed out/i.test(words)) return "busy";
  return KIND_OF_NAME.get(name) ?? null;
}

/** `Invalid arn eu-west-1` means an endpoint of another region, not a key that is gone. */
function kindOfNotFound(words: string): FailureKind {
  if (/^invalid arn/i.test(words)) return "misconfigured";
  return /does not exist|is not found/i.test(words) ? "absent" : "not-found";
}

function statusFailure(name: string, status: number, words: string): AwsFailure {
  const isNamed = name !== "Unknown" && name !== "Error" && name !== "KMSServiceException";
  const as = (kind: FailureKind): AwsFailure => ({ kind, name: isNamed ? name : httpName(status), words });
  if (status === 429) return as("throttled");
  if (status >= 500) return as(status === 501 ? "unsupported" : "server");
  // Every refusal of AWS itself has a name.
  return as(isNamed ? "unknown" : "foreign");
}

/** Errors that only a mistake in this program raises. */
function isOurs(error: Error): boolean {
  return (
    (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) && !codeOf(error)
  );
}

/** Whether a call that was to change something may have changed it all the same. */
export function mayHaveArrived(failure: AwsFailure): boolean {
  return AMBIGUOUS.has(failure.kind);
}

const AMBIGUOUS: ReadonlySet<FailureKind> = new Set(["cut-off", "timeout", "deadline", "foreign", "server", "busy"]);

/** One line of AWS's words without what differs from call to call, and without anything that may be a secret. */
function cleaned(text: string): string {
  return plainText(text, 600)
    .replace(/Deserialization error: to see the raw response.*$/, "")
    .replace(/\s*\((?:Service|Status Code|Request ?ID)[^)]*\)/gi, "")
    .replace(/\s*(?:Amazon\s)?(?:Extended\s)?Request[- ]?ID:?\s*[\w-]+/gi, "")
    .replace(/\s*Encoded authorization failure message:\s*\S+/i, "")
    .replace(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, "…")
    .replace(/[A-Za-z0-9+/=_-]{80,}/g, "…")
    .trim()
    .slice(0, 300);
}

function statusOf(error: Error): number | null {
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return null;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}

function codeOf(error: Error): string | null {
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

function httpName(status: number | null): string {
  return status === null ? "not JSON" : `HTTP ${status}`;
}

function kind(of: FailureKind, ...names: readonly string[]): readonly (readonly [string, FailureKind])[] {
  return names.map((name) => [name, of] as const);
}
