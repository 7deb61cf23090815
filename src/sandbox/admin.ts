import { KeygrantError } from "../core/errors.ts";
import { type Knobs, readKnobs } from "./knobs.ts";
import type { SandboxMode } from "./lock.ts";
import type { SandboxReply, SandboxRequest } from "./module.ts";

/** What the server itself lets be asked and done under `/_sandbox/`. */
export interface AdminParts {
  readonly nonce: string;
  readonly mode: SandboxMode;
  readonly knobs: Knobs;
  turn(knobs: Partial<Knobs>): void;
  reset(): void;
}

function json(status: number, body: unknown): SandboxReply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** Null: ask the modules. */
export function administerServer(request: SandboxRequest, parts: AdminParts): SandboxReply | null {
  switch (`${request.method} ${request.path}`) {
    case "GET /_sandbox/health":
      return json(200, { nonce: parts.nonce, version: 1, mode: parts.mode });
    case "GET /_sandbox/knobs":
      return json(200, parts.knobs);
    case "POST /_sandbox/knobs":
      return turnKnobs(request, parts);
    case "POST /_sandbox/reset":
      parts.reset();
      return json(200, {});
    default:
      return null;
  }
}

function turnKnobs(request: SandboxRequest, parts: AdminParts): SandboxReply {
  try {
    const given: unknown = JSON.parse(request.body.toString("utf8"));
    if (typeof given !== "object" || given === null) return json(400, { message: "Give an object of knobs." });
    parts.turn(readKnobs({ ...given }));
  } catch (cause) {
    if (cause instanceof KeygrantError) return json(400, { message: `${cause.message} ${cause.fix}` });
    if (cause instanceof SyntaxError) return json(400, { message: cause.message });
    throw cause;
  }
  return json(200, parts.knobs);
}
