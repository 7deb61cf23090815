import type { SandboxReply } from "../module.ts";

/** google/rpc/code.proto, as far as it is spoken here, with the HTTP status that each has in REST. */
const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const;

export type GoogleStatus = keyof typeof HTTP_STATUS;

/** An answer of Google's that is not the one asked for. */
export class GoogleError extends Error {
  override readonly name = "GoogleError";
  readonly status: GoogleStatus;
  readonly details: readonly object[];

  constructor(status: GoogleStatus, message: string, details: readonly object[] = []) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** The connection is cut without an answer. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

/** Not served by Google at all: a page for people, not JSON. */
export class NoSuchMethod extends Error {
  override readonly name = "NoSuchMethod";
}

export function invalid(message: string, details: readonly object[] = []): GoogleError {
  return new GoogleError("INVALID_ARGUMENT", message, details);
}

/** A field of the body that cannot be what it says: the words of Google's JSON transcoder. */
export function badField(field: string, description: string): GoogleError {
  const violation = { field, description };
  return invalid(description, [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [violation] }]);
}

/** `violation` as google/rpc/error_details.proto has it: a type, and what it is about. */
export function failedPrecondition(message: string, ...violations: readonly object[]): GoogleError {
  const details =
    violations.length === 0 ? [] : [{ "@type": "type.googleapis.com/google.rpc.PreconditionFailure", violations }];
  return new GoogleError("FAILED_PRECONDITION", message, details);
}

export function errorInfo(reason: string, domain: string, metadata: Readonly<Record<string, string>>): object {
  return { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain, metadata };
}

/** Google does not tell "not there" from "not allowed" to those who may not look. */
export function denied(permission: string, resource: string): GoogleError {
  return new GoogleError(
    "PERMISSION_DENIED",
    `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
    [errorInfo("IAM_PERMISSION_DENIED", "cloudkms.googleapis.com", { permission, resource })],
  );
}

const TOKEN_PAGE = "See https://developers.google.com/identity/sign-in/web/devconsole-project.";
const TOKEN_WANTED = "Expected OAuth 2 access token, login cookie or other valid authentication credential.";

/** The words and reasons of the 401s that public issues quote. */
export function unauthenticated(
  reason: "CREDENTIALS_MISSING" | "ACCESS_TOKEN_EXPIRED" | "ACCESS_TOKEN_TYPE_UNSUPPORTED",
  method: string,
): GoogleError {
  const start =
    reason === "CREDENTIALS_MISSING"
      ? "Request is missing required authentication credential."
      : "Request had invalid authentication credentials.";
  return new GoogleError("UNAUTHENTICATED", `${start} ${TOKEN_WANTED} ${TOKEN_PAGE}`, [
    errorInfo(reason, "googleapis.com", { method, service: "cloudkms.googleapis.com" }),
  ]);
}

/** Words and details as public issues quote a real one. */
export function quotaExceeded(consumer: string): GoogleError {
  return new GoogleError(
    "RESOURCE_EXHAUSTED",
    `Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service 'cloudkms.googleapis.com' for consumer '${consumer}'.`,
    [
      errorInfo("RATE_LIMIT_EXCEEDED", "googleapis.com", {
        consumer: consumer.replace("project_number:", "projects/"),
        quota_limit: "ReadRequestsPerMinutePerProject",
        quota_limit_value: "300",
        quota_location: "global",
        quota_metric: "cloudkms.googleapis.com/read_requests",
        service: "cloudkms.googleapis.com",
      }),
      {
        "@type": "type.googleapis.com/google.rpc.Help",
        links: [
          {
            description: "Request a higher quota limit.",
            url: "https://cloud.google.com/docs/quotas/help/request_increase",
          },
        ],
      },
    ],
  );
}

export function unavailable(): GoogleError {
  return new GoogleError("UNAVAILABLE", "The service is currently unavailable.");
}

export function internal(): GoogleError {
  return new GoogleError("INTERNAL", "Internal error encountered.");
}

export function json(status: number, body: object): SandboxReply {
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: `${JSON.stringify(body, null, 2)}\n`,
  };
}

export function errorReply(error: GoogleError): SandboxReply {
  const code = HTTP_STATUS[error.status];
  const { message, status, details } = error;
  const reply = json(code, { error: { code, message, status, ...(details.length === 0 ? {} : { details }) } });
  if (status !== "UNAUTHENTICATED") return reply;
  const challenge = 'Bearer realm="https://accounts.google.com/", error="invalid_token"';
  return { ...reply, headers: { ...reply.headers, "www-authenticate": challenge } };
}

/** What Google's front end says to a method and path that no API has. */
export function notFoundPage(path: string): SandboxReply {
  const shown = path.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return {
    status: 404,
    headers: { "content-type": "text/html; charset=UTF-8" },
    body: `<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error 404 (Not Found)!!1</title>
  <p><b>404.</b> <ins>That’s an error.</ins>
  <p>The requested URL <code>${shown}</code> was not found on this server.  <ins>That’s all we know.</ins>
`,
  };
}
