import type { Got, Progress, RequestError } from "got";
import type { Clock, Jitter } from "../core/ports.ts";
import { without } from "../core/said-back.ts";
import type { Agents } from "./agents.ts";

/** What every JSON client over HTTP needs from outside. */
export interface HttpDeps {
  readonly agents: Agents;
  readonly clock: Clock;
  readonly jitter: Jitter;
  /** For one attempt, from the name lookup to the last byte, in milliseconds. */
  readonly timeoutMs: number;
  /** The deadline of the whole command, and its interruption. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpSettings extends HttpDeps {
  /** Origin and path prefix, without a slash at the end. */
  readonly baseUrl: string;
  /** Sent with every call. Credentials belong here: they go to `baseUrl` and nowhere else. */
  readonly headers: Readonly<Record<string, string>>;
  /** Taken out of every answer before it is read, should the other side echo them. */
  readonly secrets?: readonly string[];
  /** How many times a call that may be repeated is made at most. Default 4. */
  readonly attempts?: number;
  /** The longest answer that is read, in bytes. Default 4 MiB. */
  readonly maxBytes?: number;
}

export interface HttpCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Begins with a slash, percent-encoded by the caller. */
  readonly path: string;
  readonly body?: unknown;
  /** Whether doing it twice is as good as doing it once. Default: only for GET. */
  readonly repeatable?: boolean;
  /** The longest answer that is read, in bytes. Default: what the settings say. */
  readonly maxBytes?: number;
}

export type HttpAnswer = { readonly ok: true; readonly status: number; readonly json: unknown } | HttpFailure;

/** Never holds a header, neither ours nor theirs. */
export type HttpFailure =
  | StatusFailure
  /** A 2xx whose body is something else. */
  | { readonly ok: false; readonly kind: "not-json"; readonly status: number }
  | { readonly ok: false; readonly kind: "too-large" }
  /** `deadline`: it was the command's time that was up, not the call's. */
  | { readonly ok: false; readonly kind: "timeout"; readonly deadline: boolean }
  /** `code` is Node's: ECONNREFUSED, CERT_HAS_EXPIRED, …; `trust` when the other side could not prove who it is. */
  | { readonly ok: false; readonly kind: "network"; readonly code: string; readonly trust: boolean };

/** Any status but 2xx. Redirects too: they are not followed, so that credentials never reach another host. */
export interface StatusFailure {
  readonly ok: false;
  readonly kind: "status";
  readonly status: number;
  /** Undefined when the body is not JSON: then it may come from anybody between here and there. */
  readonly json: unknown;
  /** What `Retry-After` asks for, capped; null when it says nothing. */
  readonly retryAfterMs: number | null;
}

export interface Http {
  /** Throws only the reason of the signal, when a person interrupts; a deadline is an answer. */
  call(call: HttpCall): Promise<HttpAnswer>;
}

const ATTEMPTS = 4;
const MAX_BYTES = 4 * 1024 * 1024;
const RETRY_AFTER_CAP_MS = 30_000;
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);

/** A small JSON client. No I/O, and no HTTP library, before the first call. */
export function createHttp(settings: HttpSettings): Http {
  let opened: Promise<Got> | undefined;
  return {
    async call(call) {
      opened ??= open(settings);
      const client = await opened;
      const attempts = (call.repeatable ?? call.method === "GET") ? (settings.attempts ?? ATTEMPTS) : 1;
      for (let attempt = 1; ; attempt++) {
        const answer = await once(settings, client, call);
        if (answer.ok || attempt >= attempts || !passing(answer)) return answer;
        const asked = answer.kind === "status" ? answer.retryAfterMs : null;
        const slept = await pause(settings, pauseMs(attempt, asked, settings.jitter));
        if (!slept) return { ok: false, kind: "timeout", deadline: true };
      }
    },
  };
}

/**
 * How long to wait after the `attempt`-th attempt (1, 2, …): as long as the other side asked, else doubling from half
 * a second to 8 seconds. Jitter is added on top in the first case, so that nobody comes too early, and taken off by
 * up to a half in the second.
 */
export function pauseMs(attempt: number, askedMs: number | null, jitter: Jitter): number {
  if (askedMs !== null) return Math.round(askedMs + 500 * jitter());
  return Math.round(Math.min(500 * 2 ** (attempt - 1), 8_000) * (0.5 + jitter() / 2));
}

/** Sleeps; false when the deadline came first. */
export async function pause(deps: Pick<HttpDeps, "clock" | "signal">, ms: number): Promise<boolean> {
  try {
    await deps.clock.sleep(ms, deps.signal);
    return true;
  } catch (error) {
    if (deps.signal?.aborted && isDeadline(deps.signal)) return false;
    throw error;
  }
}

function passing(failure: HttpFailure): boolean {
  if (failure.kind === "status") return RETRIED.has(failure.status);
  if (failure.kind === "timeout") return !failure.deadline;
  return failure.kind === "network" && !failure.trust;
}

async function open({ headers, agents, timeoutMs }: HttpSettings): Promise<Got> {
  const { default: got } = await import("got");
  return got.extend({
    headers: { accept: "application/json", "user-agent": "keygrant", ...headers },
    agent: { http: agents.http, https: agents.https },
    timeout: { request: timeoutMs },
    responseType: "text",
    // Answers are small: asking for them as they are leaves no way to send a few bytes that unpack to gigabytes.
    decompress: false,
    // Retries are our own: got's cannot sleep on a clock that is passed in.
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
  });
}

async function once(settings: HttpSettings, client: Got, call: HttpCall): Promise<HttpAnswer> {
  const { signal } = settings;
  if (signal?.aborted) return stopped(signal);
  // One listener on the command's signal for each call, and taken off again: a signal that is made of others
  // (`AbortSignal.any`) costs more than the rest of a call's bookkeeping, and stays until it is garbage.
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  signal?.addEventListener("abort", end, { once: true });
  let isTooLarge = false;
  const request = client(new URL(settings.baseUrl + call.path), {
    method: call.method,
    ...(call.body === undefined ? {} : { json: call.body }),
    signal: ending.signal,
  });
  request.on("downloadProgress", (progress: Progress) => {
    if (progress.transferred <= (call.maxBytes ?? settings.maxBytes ?? MAX_BYTES)) return;
    isTooLarge = true;
    ending.abort();
  });
  try {
    const { statusCode, body, headers } = await request;
    if (isTooLarge) return { ok: false, kind: "too-large" };
    return answered(
      statusCode,
      // An answer that is packed although nobody asked for that comes as bytes: it is no JSON.
      typeof body === "string" ? without(settings.secrets ?? [], body) : "",
      retryAfter(headers["retry-after"], settings.clock.now()),
    );
  } catch (error) {
    if (signal?.aborted) return stopped(signal);
    return isTooLarge ? { ok: false, kind: "too-large" } : broken(error);
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

function answered(status: number, body: string, retryAfterMs: number | null): HttpAnswer {
  const json = parse(body);
  if (status < 200 || status > 299) return { ok: false, kind: "status", status, json, retryAfterMs };
  return json === undefined ? { ok: false, kind: "not-json", status } : { ok: true, status, json };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps a word of the error and drops the rest: got's errors carry the request's headers. */
function broken(error: unknown): HttpFailure {
  const { name, code } = error as Partial<RequestError>;
  if (name === "TimeoutError") return { ok: false, kind: "timeout", deadline: false };
  const word = typeof code === "string" ? code : (name ?? "unknown");
  return { ok: false, kind: "network", code: word, trust: /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO/.test(word) };
}

function stopped(signal: AbortSignal): HttpFailure {
  if (isDeadline(signal)) return { ok: false, kind: "timeout", deadline: true };
  throw signal.reason;
}

/** `AbortSignal.timeout` and its combinations give this reason. */
function isDeadline(signal: AbortSignal): boolean {
  return signal.reason instanceof Error && signal.reason.name === "TimeoutError";
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). In milliseconds from `now`. */
export function retryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_CAP_MS);
}
