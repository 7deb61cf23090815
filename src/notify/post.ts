import * as http from "node:http";
import * as https from "node:https";
import type { Agents } from "../io/agents.ts";
import { retryAfter } from "../io/http.ts";

export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** From the name lookup to the answer's status, in milliseconds. */
  readonly timeoutMs: number;
}

export interface PostDeps {
  readonly agents: Agents;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** `detail` never holds the address or what was sent. */
export type Posted =
  | { readonly ok: true }
  | { readonly ok: false; readonly detail: string; readonly retryAfterMs: number | null };

/** How much of an answer is let run out, so that the connection serves the next message. Nobody reads it. */
const DRAINED_BYTES = 16 * 1024;

/** One attempt. Follows no redirect, reads no body, and never throws. */
export async function post(what: Post, deps: PostDeps): Promise<Posted> {
  const first = await attempt(what, deps);
  // A kept connection that the other side closed meanwhile: nothing was wrong with the message.
  const last = first.kind === "closed" ? await attempt(what, deps) : first;
  if (last.kind === "answer") return judged(last, deps.now);
  return { ok: false, detail: last.detail, retryAfterMs: null };
}

type Attempt =
  | { readonly kind: "answer"; readonly status: number; readonly retryAfter: string | undefined }
  | { readonly kind: "broken" | "closed"; readonly detail: string };

function attempt({ url, body, headers, timeoutMs }: Post, { agents, signal }: PostDeps): Promise<Attempt> {
  const timeout = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    const secure = url.startsWith("https:");
    const request = (secure ? https : http).request(url, {
      method: "POST",
      agent: secure ? agents.https : agents.http,
      headers: {
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(body),
        "user-agent": "keygrant",
        ...headers,
      },
      // Also cuts off an answer that never ends.
      signal: AbortSignal.any([timeout, signal]),
    });
    request.on("response", (response) => {
      drain(response);
      resolve({ kind: "answer", status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] });
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      const isClosed = request.reusedSocket && error.code === "ECONNRESET";
      resolve({ kind: isClosed ? "closed" : "broken", detail: wordsOf(error, { timeout, timeoutMs, signal }) });
    });
    request.end(body);
  });
}

function drain(response: http.IncomingMessage): void {
  let size = 0;
  response.on("error", () => {});
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > DRAINED_BYTES) response.destroy();
  });
}

function judged(answer: Extract<Attempt, { kind: "answer" }>, now: Date): Posted {
  const { status } = answer;
  if (status >= 200 && status <= 299) return { ok: true };
  const isRedirect = status >= 300 && status <= 399;
  const detail = isRedirect ? `answered ${status}, a redirect, which is not followed` : `answered ${status}`;
  return { ok: false, detail, retryAfterMs: retryAfter(answer.retryAfter, now) };
}

interface Stops {
  readonly timeout: AbortSignal;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A word of the error: its message may hold the address. */
function wordsOf(error: NodeJS.ErrnoException, { timeout, timeoutMs, signal }: Stops): string {
  if (signal.aborted) return "was not told: the run was stopped";
  if (timeout.aborted) return `did not answer within ${timeoutMs / 1_000} s`;
  return `could not be reached (${error.code ?? error.name})`;
}
