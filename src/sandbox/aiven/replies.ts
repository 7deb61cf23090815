import type { SandboxReply } from "../module.ts";

/** A refusal on its way out of a handler, in Aiven's words; `module.ts` turns it into an answer. */
export class Refused extends Error {
  readonly status: number;
  readonly errorCode: string | null;

  constructor(status: number, message: string, errorCode: string | null = null) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

export function json(status: number, body: unknown): SandboxReply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** `{"message", "errors": [{"message", "status", "error_code"?}]}`, as the generated client and public issues show it. */
export function refusal(status: number, message: string, errorCode: string | null = null): SandboxReply {
  const code = errorCode === null ? {} : { error_code: errorCode };
  return json(status, { message, errors: [{ message, status, ...code }] });
}
