import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { usageError } from "../core/errors.ts";
import type { Clock } from "../core/ports.ts";
import { AWS_IDENTITIES, GCP_IDENTITIES, OCI_VENDOR_TENANCY, VENDOR_ACCOUNT } from "./cast.ts";
import { type FaultKind, type Faults, refusalOf, spoilt } from "./faults.ts";
import type { Knobs } from "./knobs.ts";
import type { SandboxReply, SandboxRequest } from "./module.ts";
import { bodyOf, foreignTo, type ObservedRequest, operationOf, type RequestRecord } from "./request.ts";

/** What stands behind the server. Null from either: nobody here answers that. */
export interface Backend {
  readonly clock: Clock;
  readonly knobs: Knobs;
  /** The faults of the knobs as they stand. */
  faults(): Faults;
  /** The provider's own name for what is asked; null where no provider has one. */
  operation(request: SandboxRequest): string | null;
  /** Carries the request out; when this resolves, the change is on disk. */
  handle(request: SandboxRequest): Promise<SandboxReply | null>;
  /** Requests under `/_sandbox/`: never faulty, never late, in no log. */
  admin(request: SandboxRequest): Promise<SandboxReply | null>;
  /** Told to whoever asks for something else. */
  readonly serves: readonly string[];
  readonly onRequest: OnRequest | null;
}

/**
 * For tests: sees every request but those under `/_sandbox/`, before it is carried out and after, when the change is
 * on disk and the answer is not yet on its way. What it gives back is answered instead; when it throws, the connection
 * is reset.
 */
export type OnRequest = (
  request: ObservedRequest,
  phase: "before" | "after",
) => SandboxReply | undefined | Promise<SandboxReply | undefined>;

export interface Listener {
  readonly port: number;
  readonly origin: string;
  /** The last requests, oldest first. */
  readonly requests: readonly RequestRecord[];
  /** Until then every connection is reset. */
  open(backend: Backend): void;
  /** Takes no more requests, cuts off those that wait, and resolves when the ones being carried out are done. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

const LOGGED = 10_000;
const RESET: SandboxReply = { status: 0, headers: {}, body: "" };
const DRIP_BYTES = 16;
const DRIP_PAUSE_MS = 1000;

/** Listens on 127.0.0.1 alone. Port 0: any free one. */
export async function listen(port: number): Promise<Listener> {
  const requests: RequestRecord[] = [];
  const underWay = new Set<Promise<void>>();
  const closing = new AbortController();
  let backend: Backend | null = null;

  const server = createServer((message, response) => {
    const done = respond(message, response).catch(() => {
      message.socket.destroy();
    });
    underWay.add(done);
    void done.finally(() => underWay.delete(done));
  });
  // Longer than clients keep an idle connection: they should never find it closed under their hands.
  server.keepAliveTimeout = 75_000;

  async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (backend === null) return cut(message);
    const request = await receive(message, origin);
    if ("status" in request) return await send(message, response, request, null, backend.clock, closing.signal);
    const isAdmin = request.path.startsWith("/_sandbox/");
    // That it is still there is the one thing to say: the world may be on disk for the last time.
    if (closing.signal.aborted && request.path !== "/_sandbox/health") return cut(message);
    const outcome = isAdmin
      ? { reply: (await settle(() => backend?.admin(request) ?? null)) ?? notServed(backend, request), fault: null }
      : await carryOut(backend, request, requests, closing.signal);
    if (outcome.fault === "hang") return;
    await send(message, response, outcome.reply, outcome.fault, backend.clock, closing.signal);
  }

  const bound = await bind(server, port);
  const origin = `http://127.0.0.1:${bound}`;
  return {
    port: bound,
    origin,
    requests,
    open(opened) {
      backend = opened;
    },
    async drain() {
      closing.abort(new Error("the sandbox is closing"));
      server.closeAllConnections();
      await Promise.allSettled(underWay);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        usageError(
          "sandbox.port",
          `The sandbox cannot listen on 127.0.0.1:${port}: ${cause.message}`,
          "Choose another port, or none: then any free one is taken.",
          cause,
        ),
      );
    });
    server.listen({ host: "127.0.0.1", port }, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** The request, or the answer to one that is not let in. */
async function receive(message: IncomingMessage, origin: string): Promise<SandboxRequest | SandboxReply> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const foreign = foreignTo(origin, headers);
  if (foreign !== null) return said(403, foreign);
  const body = await bodyOf(message);
  if (body === null) return said(413, "The sandbox takes bodies of up to 1 MiB.");
  const [path = "/", query = ""] = (message.url ?? "/").split(/\?(.*)/s);
  return { method: message.method ?? "GET", path, query: new URLSearchParams(query), search: query, headers, body };
}

interface Outcome {
  readonly reply: SandboxReply;
  readonly fault: FaultKind | null;
}

/** Faults, delays and the hook are for those outside: the vendor's own calls into the clouds are told apart. */
async function carryOut(
  backend: Backend,
  request: SandboxRequest,
  requests: RequestRecord[],
  closing: AbortSignal,
): Promise<Outcome> {
  const operation = backend.operation(request) ?? operationOf(request);
  const inside = isVendor(request);
  const observed: ObservedRequest = { ...request, operation, inside };
  requests.push({ method: request.method, path: request.path, operation, inside });
  if (requests.length > LOGGED) requests.shift();
  if (!inside && backend.knobs.latencyMs > 0) await backend.clock.sleep(backend.knobs.latencyMs, closing);

  const fault = inside ? null : backend.faults().strike(operation, request.path);
  if (fault === "hang") return { reply: RESET, fault };
  const refused = fault === null ? null : refusalOf(fault, request);
  if (refused !== null) return { reply: refused, fault };

  const instead = await watched(backend, observed, "before", closing);
  if (instead !== undefined) return { reply: instead, fault: null };
  const reply = (await settle(() => backend.handle(request))) ?? notServed(backend, request);
  const rather = await watched(backend, observed, "after", closing);
  if (rather !== undefined) return { reply: rather, fault: null };
  return { reply: fault === null ? reply : spoilt(fault, reply), fault };
}

const VENDOR_KEY_IDS = AWS_IDENTITIES.filter(({ account }) => account === VENDOR_ACCOUNT).map(
  ({ accessKeyId }) => accessKeyId,
);

const VENDOR_TOKENS = GCP_IDENTITIES.filter(({ vendor }) => vendor).map(({ token }) => `Bearer ${token}`);

function isVendor(request: SandboxRequest): boolean {
  const authorization = request.headers["authorization"] ?? "";
  return (
    VENDOR_TOKENS.includes(authorization) ||
    VENDOR_KEY_IDS.some((id) => authorization.includes(`Credential=${id}/`)) ||
    authorization.includes(`keyId="${OCI_VENDOR_TENANCY}/`)
  );
}

async function watched(
  backend: Backend,
  request: ObservedRequest,
  phase: "before" | "after",
  closing: AbortSignal,
): Promise<SandboxReply | undefined> {
  if (backend.onRequest === null) return undefined;
  try {
    const answer = backend.onRequest(request, phase);
    return answer instanceof Promise ? await unlessAborted(answer, closing) : answer;
  } catch {
    return RESET;
  }
}

/** A hook that waits for ever must not keep the sandbox from closing. Leaves nothing behind on the signal. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const done = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}

/** A sandbox that fails says that it was the sandbox, and goes on. */
async function settle(run: () => Promise<SandboxReply | null> | null): Promise<SandboxReply | null> {
  try {
    return await run();
  } catch (cause) {
    return said(500, `The sandbox itself failed: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function notServed(backend: Backend, request: SandboxRequest): SandboxReply {
  const message = `The sandbox does not serve ${request.method} ${request.path}.`;
  return said(404, message, { serves: backend.serves });
}

/** In Aiven's shape, so that its clients can show it. */
function said(status: number, message: string, more: Readonly<Record<string, unknown>> = {}): SandboxReply {
  const body = JSON.stringify({ message, errors: [{ message, status }], ...more });
  return { status, headers: { "content-type": "application/json" }, body };
}

function cut(message: IncomingMessage): void {
  message.socket.resetAndDestroy();
}

async function send(
  message: IncomingMessage,
  response: ServerResponse,
  reply: SandboxReply,
  fault: FaultKind | null,
  clock: Clock,
  closing: AbortSignal,
): Promise<void> {
  if (reply.status === 0) return cut(message);
  if (response.destroyed) return;
  const body = Buffer.from(reply.body);
  // A body that was not read to its end would be taken for the next request on the same connection.
  // One clock for all of it: what no module serves has the same date as what one does.
  const dated = { date: clock.now().toUTCString(), ...reply.headers };
  const headers = message.complete ? dated : { ...dated, connection: "close" };
  response.writeHead(reply.status, { ...headers, "content-length": body.length });
  if (fault !== "drip") {
    response.end(body);
    return;
  }
  for (let at = 0; at < body.length && !response.destroyed; at += DRIP_BYTES) {
    response.write(body.subarray(at, at + DRIP_BYTES));
    await clock.sleep(DRIP_PAUSE_MS, closing);
  }
  response.end();
}
