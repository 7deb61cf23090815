import type { IncomingMessage } from "node:http";
import type { SandboxRequest } from "./module.ts";

/** One line of the log of requests. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  /** The provider's own name for it (`CMKCreate`, `Decrypt`), or method and path where there is none. */
  readonly operation: string;
  /** Whether the vendor's side asked, and not somebody outside. */
  readonly inside: boolean;
}

export interface ObservedRequest extends SandboxRequest, RequestRecord {}

const LARGEST_BODY = 1024 * 1024;

/** Null when it is larger than 1 MiB: then the rest is not read. */
export async function bodyOf(message: IncomingMessage): Promise<Buffer | null> {
  if (Number(message.headers["content-length"] ?? 0) > LARGEST_BODY) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  return await new Promise((resolve, reject) => {
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LARGEST_BODY) chunks.push(chunk);
      else {
        message.pause();
        resolve(null);
      }
    });
    message.on("end", () => resolve(Buffer.concat(chunks)));
    message.on("error", reject);
    message.on("close", () => reject(new Error("the client went away")));
  });
}

/**
 * Why a request is not let in, or null. A web page that somebody has open must not reach the sandbox: neither under a
 * name of its own that it lets point to 127.0.0.1 (DNS rebinding), nor by sending a form there.
 */
export function foreignTo(origin: string, headers: Readonly<Record<string, string>>): string | null {
  const host = headers["host"] ?? "";
  if (!isLoopback(`http://${host}`))
    return `The sandbox is on loopback: ask for ${origin}, not for ${host || "no host"}.`;
  const from = headers["origin"];
  if (from !== undefined && !isLoopback(from)) return "The sandbox takes no requests from web pages.";
  return null;
}

function isLoopback(url: string): boolean {
  return URL.canParse(url) && ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
}

/** For providers that do not name their operations themselves: AWS's two protocols, then method and path. */
export function operationOf(request: SandboxRequest): string {
  const target = request.headers["x-amz-target"]?.split(".").at(-1);
  if (target) return target;
  if (request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    const action = new URLSearchParams(request.body.toString("utf8")).get("Action");
    if (action !== null) return action;
  }
  return `${request.method} ${request.path}`;
}
