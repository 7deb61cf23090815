import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Clock } from "../../src/core/ports.ts";
import { createAgents } from "../../src/io/agents.ts";
import type { HttpDeps } from "../../src/io/http.ts";

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** `hang`: no answer at all. `reset`: half an answer, then the connection is cut. */
export type StubReply =
  | "hang"
  | "reset"
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly text?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

export interface Stub extends AsyncDisposable {
  readonly origin: string;
  readonly requests: readonly StubRequest[];
}

/** An HTTP server on loopback that answers as the test says. */
export async function startStub(
  answer: (request: StubRequest, count: number) => StubReply | Promise<StubReply>,
): Promise<Stub> {
  const requests: StubRequest[] = [];
  const server = createServer(async (message, response) => {
    const request = { ...(await received(message)), headers: message.headers };
    requests.push(request);
    reply(response, await answer(request, requests.length));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** The stub's answers, one after the other; the last one stays. */
export function script(...replies: readonly [StubReply, ...StubReply[]]): (_: StubRequest, count: number) => StubReply {
  return (_, count) => replies[Math.min(count, replies.length) - 1] ?? replies[0];
}

async function received(message: IncomingMessage): Promise<Omit<StubRequest, "headers">> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return { method: message.method ?? "", path: message.url ?? "", body: Buffer.concat(chunks).toString() };
}

function reply(response: ServerResponse, what: StubReply): void {
  if (what === "hang") return;
  if (what === "reset") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"cmks": [');
    setImmediate(() => response.destroy());
    return;
  }
  const text = what.text ?? JSON.stringify(what.body ?? {});
  response.writeHead(what.status, { "content-type": "application/json", ...what.headers });
  response.end(text);
}

export interface FakeClock extends Clock {
  /** Every sleep that was asked for, in milliseconds. Each moves `now` and none takes any time. */
  readonly slept: readonly number[];
}

export function fakeClock(start = "2026-11-21T10:00:00Z"): FakeClock {
  const slept: number[] = [];
  let now = Date.parse(start);
  return {
    slept,
    now: () => new Date(now),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export function httpDeps(overrides: Partial<HttpDeps> = {}): HttpDeps {
  return {
    agents: createAgents({ proxyEnv: {} }),
    clock: fakeClock(),
    jitter: () => 0.5,
    timeoutMs: 5_000,
    ...overrides,
  };
}
