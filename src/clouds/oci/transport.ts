import * as http from "node:http";
import * as https from "node:https";
import type { Clock, Jitter } from "../../core/ports.ts";
import { confidentialIn, without } from "../../core/said-back.ts";
import { OciCallError } from "./errors.ts";
import { parseJson, textField } from "./json.ts";

export interface TransportSettings {
  readonly agents: { readonly http: http.Agent; readonly https: https.Agent };
  readonly clock: Clock;
  readonly jitter: Jitter;
  /** For one attempt, from the name lookup to the last byte, in milliseconds. */
  readonly timeoutMs: number;
  /** Aborted when the command's deadline has passed, or a person has had enough. */
  readonly signal?: AbortSignal | undefined;
}

/** A request without its signature and its date. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  /** Whether doing it twice is as good as doing it once. */
  readonly repeatable: boolean;
}

/** Adds date and signature: each attempt has its own. */
export type Sign = (headers: Headers) => Promise<void>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** How often a call is sent at most, when what came back says that it may go through the next time. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** The largest answers are lists of policies, of the 500 statements that a path of compartments can have at most. */
const MAX_BYTES = 1024 * 1024;

/**
 * Sends a call and returns its 2xx answer; everything else is an `OciCallError`. Calls that may be repeated are, after
 * 429, 5xx and a connection that failed: the SDK would not repeat any of the KMS calls by itself. So is any call that
 * OCI has certainly not acted on.
 */
export async function send(settings: TransportSettings, call: Call, sign: Sign): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const headers = new Headers(call.headers);
    await sign(headers);
    const outcome = await once(settings, call, headers);
    if (!(outcome instanceof OciCallError)) return outcome;
    if (attempt >= ATTEMPTS || !isPassing(outcome, call)) throw outcome;
    await pause(settings, attempt);
  }
}

function isPassing({ fault }: OciCallError, { repeatable }: Call): boolean {
  switch (fault.kind) {
    case "status":
      return fault.status === 429 || (repeatable && [500, 502, 503, 504].includes(fault.status));
    case "network":
      return (repeatable || !fault.sent) && !/CERT|^ERR_/.test(fault.code);
    case "timeout":
      return repeatable && !fault.deadline;
    case "foreign":
    case "credentials":
      return false;
  }
}

/** Growing, and never the same for two who wait for the same thing. */
async function pause({ clock, jitter, signal }: TransportSettings, attempt: number): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  try {
    await clock.sleep(Math.round(longest * (0.5 + jitter() / 2)), signal);
  } catch (error) {
    throw stopped(signal) ?? error;
  }
}

/** A person's interruption goes on as it is; a deadline is an answer. Null when nothing was stopped. */
function stopped(signal: AbortSignal | undefined): OciCallError | null {
  if (signal?.aborted !== true) return null;
  const reason: unknown = signal.reason;
  if (reason instanceof Error && reason.name === "TimeoutError")
    return new OciCallError({ kind: "timeout", deadline: true });
  throw reason;
}

async function once(settings: TransportSettings, call: Call, headers: Headers): Promise<Answer | OciCallError> {
  const early = stopped(settings.signal);
  if (early !== null) return early;
  const url = URL.parse(call.url);
  if (url === null) return new OciCallError({ kind: "network", code: "ERR_INVALID_URL", sent: false });
  const tooLate = AbortSignal.timeout(settings.timeoutMs);
  const signal = settings.signal === undefined ? tooLate : AbortSignal.any([settings.signal, tooLate]);
  const progress: Progress = { sent: false };
  try {
    const secrets = confidentialIn((name) => headers.get(name) ?? undefined, call.body ?? "");
    return judged(call, await exchange(settings, call, { url, headers, signal, progress }), secrets);
  } catch (error) {
    if (error instanceof OciCallError) return error;
    const interrupted = stopped(settings.signal);
    if (interrupted !== null) return interrupted;
    if (tooLate.aborted) return new OciCallError({ kind: "timeout", deadline: false });
    return new OciCallError({ kind: "network", code: codeOf(error), sent: progress.sent });
  }
}

/** Node's word for what happened; throws what is no error of the network. */
function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}

interface Progress {
  /** A connection stood: the request may have arrived. */
  sent: boolean;
}

interface Exchange {
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

function exchange(
  settings: TransportSettings,
  call: Call,
  { url, headers, signal, progress }: Exchange,
): Promise<Answer> {
  const isSecure = url.protocol === "https:";
  const { request } = isSecure ? https : http;
  const agent = isSecure ? settings.agents.https : settings.agents.http;
  const body = call.body === undefined ? null : Buffer.from(call.body, "utf8");
  return new Promise<Answer>((resolve, reject) => {
    const outgoing = request(
      url,
      { method: call.method, agent, signal, headers: plainHeaders(headers, body) },
      (incoming) => {
        collect(incoming).then(
          (text) => resolve({ status: incoming.statusCode ?? 0, headers: received(incoming), body: text }),
          reject,
        );
      },
    );
    outgoing.on("socket", (socket) => {
      const stands = () => {
        progress.sent = true;
      };
      if (socket.connecting) socket.once(isSecure ? "secureConnect" : "connect", stands);
      else stands();
    });
    outgoing.on("error", reject);
    outgoing.end(body ?? undefined);
  });
}

function plainHeaders(headers: Headers, body: Buffer | null): Record<string, string> {
  const plain = Object.fromEntries(headers);
  // A signed length is sent as it was signed; without a body there is none.
  if (body !== null) plain["content-length"] = String(body.byteLength);
  return plain;
}

async function collect(incoming: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = chunk as Buffer;
    size += bytes.byteLength;
    if (size > MAX_BYTES) {
      incoming.destroy();
      throw new OciCallError({ kind: "foreign", words: "an answer without an end" });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function received(incoming: http.IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headersDistinct)) {
    for (const one of value ?? []) headers.append(name, one);
  }
  return headers;
}

/**
 * A 2xx with JSON, or with nothing; what is deleted is answered with nothing, and anything else is not OCI's. Redirects
 * are not followed: a signature is for one host.
 */
function judged({ method }: Call, answer: Answer, secrets: readonly string[]): Answer | OciCallError {
  const { status, body } = answer;
  const isSuccess = status >= 200 && status <= 299;
  const value = parseJson(isSuccess ? body : without(secrets, body));
  if (isSuccess) {
    if (method === "DELETE" && body !== "") {
      return new OciCallError({ kind: "foreign", words: `HTTP ${status} with something to say` });
    }
    if (body === "" || (typeof value === "object" && value !== null)) return answer;
    return new OciCallError({ kind: "foreign", words: `HTTP ${status} without JSON` });
  }
  const code = textField(value, "code");
  const words = textField(value, "message") ?? "";
  return new OciCallError({ kind: "status", status, code, words });
}
