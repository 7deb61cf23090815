import type { SandboxReply } from "../module.ts";

/**
 * An answer of OCI that is not the one asked for.
 * https://docs.oracle.com/iaas/Content/API/References/apierrors.htm
 */
export class OciError extends Error {
  override readonly name = "OciError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The connection is cut without an answer: the module turns this into a reply with status 0. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

export function notAuthenticated(
  message = "The required information to complete authentication was not provided or was incorrect.",
): OciError {
  return new OciError(401, "NotAuthenticated", message);
}

/** Absent or denied: OCI does not tell, by design. */
export function notAuthorizedOrNotFound(): OciError {
  return new OciError(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.");
}

export function invalidParameter(message: string): OciError {
  return new OciError(400, "InvalidParameter", message);
}

export function missingParameter(name: string): OciError {
  return new OciError(400, "MissingParameter", `${name} is a required parameter.`);
}

export function incorrectState(message: string): OciError {
  return new OciError(409, "IncorrectState", message);
}

export function tooManyRequests(): OciError {
  return new OciError(429, "TooManyRequests", "User-rate limit exceeded.");
}

export function internalServerError(): OciError {
  return new OciError(500, "InternalServerError", "Internal server error.");
}

export function errorReply(error: OciError): SandboxReply {
  return {
    status: error.status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code: error.code, message: error.message }),
  };
}
