import type { SandboxReply } from "../module.ts";

/** An answer of AWS that is not the one asked for. `code` is AWS's own name for it, without a namespace. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, message = "", status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** The connection is cut without an answer: the module turns this into a reply with status 0. */
export class ConnectionCut extends Error {
  override readonly name = "ConnectionCut";
}

export function notFound(message: string): AwsError {
  return new AwsError("NotFoundException", message);
}

export function invalidState(keyArn: string, is: string): AwsError {
  return new AwsError("KMSInvalidStateException", `${keyArn} is ${is}.`);
}

export function unsupported(message: string): AwsError {
  return new AwsError("UnsupportedOperationException", message);
}

/** AWS's validation layer names parameters in lower camel case. */
export function invalidValue(parameter: string, value: unknown, constraint: string): AwsError {
  const shown = value === null || value === undefined ? "Value null" : `Value '${String(value)}'`;
  return invalid(
    `1 validation error detected: ${shown} at '${camel(parameter)}' failed to satisfy constraint: ${constraint}`,
  );
}

export function invalidSecretValue(parameter: string, constraint: string): AwsError {
  return invalid(
    `1 validation error detected: Value at '${camel(parameter)}' failed to satisfy constraint: ${constraint}`,
  );
}

export function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

function camel(parameter: string): string {
  return parameter.charAt(0).toLowerCase() + parameter.slice(1);
}

/** JSON 1.1. The authorisation layer spells its field `Message`, the service itself `message`: clients must take both. */
export function jsonErrorReply(error: AwsError, headers: Readonly<Record<string, string>>): SandboxReply {
  const field = error.code === "AccessDeniedException" ? "Message" : "message";
  const body = error.message === "" ? { __type: error.code } : { __type: error.code, [field]: error.message };
  return {
    status: error.status,
    headers: { ...headers, "content-type": "application/x-amz-json-1.1" },
    body: JSON.stringify(body),
  };
}
