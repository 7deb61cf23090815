import { createServer, type Server, type ServerResponse } from "node:http";
import { InvalidArgumentError } from "commander";
import { KeygrantError, usageError } from "../core/errors.ts";
import { plainText } from "../core/text.ts";
import { isLoopback } from "../io/loopback.ts";
import { EXIT } from "./exit.ts";
import { type Round, runRound } from "./round.ts";

/** How often something that is wrong is looked at (FACTS, "How others validate"). */
const UNHEALTHY_MS = 60_000;
/** How much of the interval the start of a round is spread over, so that many watchers do not ask at once. */
const SPREAD = 0.1;
const LONGEST_SPREAD_MS = 30_000;
/** How many intervals may pass without a round that ended before nobody looks any more. */
const MISSED = 3;

/**
 * Round after round, on a grid that does not drift: however long a round takes, the next one starts at the next place
 * of the grid, and never beside it. A request to stop lets the round that runs finish.
 */
export async function watch(round: Round, everyMs: number): Promise<number> {
  const { host, printer, options } = round;
  const { clock, interrupted } = host;
  const state: WatchState = { metrics: null, endedAt: null, exitCode: null, startedAt: clock.now().getTime() };
  const server = options.listen === undefined ? null : await listen(options.listen, state, round, everyMs);
  if (server !== null) printer.note(`Listening: http://${server.address}`);
  try {
    let due = clock.now().getTime();
    for (let isFirst = true; !interrupted.aborted; isFirst = false) {
      state.exitCode = await oneRound(round, state, isFirst);
      const interval = state.exitCode === EXIT.ok ? everyMs : Math.min(everyMs, UNHEALTHY_MS);
      due = nextDue(due, interval, clock.now().getTime());
      const spread = host.jitter() * Math.min(interval * SPREAD, LONGEST_SPREAD_MS);
      await Promise.allSettled([clock.sleep(due + spread - clock.now().getTime(), interrupted)]);
    }
  } finally {
    await server?.close();
  }
  throw interrupted.reason;
}

/** The next place of the grid: the first one after now, a whole number of intervals from the last one. */
export function nextDue(last: number, intervalMs: number, now: number): number {
  return last + intervalMs * Math.max(1, Math.floor((now - last) / intervalMs) + 1);
}

interface WatchState {
  readonly startedAt: number;
  metrics: string | null;
  /** When a round ended last, in milliseconds; null: none has. */
  endedAt: number | null;
  exitCode: number | null;
}

/** What breaks the first round would break every one. Later, it is said, and the next round tries again. */
async function oneRound(round: Round, state: WatchState, isFirst: boolean): Promise<number> {
  const { host } = round;
  // A stop is heeded between rounds: what a round has begun, it tells.
  const undisturbed = { ...host, interrupted: new AbortController().signal };
  const onMetrics = (text: string) => {
    state.metrics = text;
  };
  try {
    const exitCode = await runRound({ ...round, host: undisturbed, onMetrics });
    state.endedAt = host.clock.now().getTime();
    return exitCode;
  } catch (error) {
    if (isFirst && !(error instanceof KeygrantError && error.kind === "look")) throw error;
    const code = error instanceof KeygrantError ? error.code : "bug";
    const words = error instanceof Error ? error.message : String(error);
    host.stderr.write(`keygrant: ${plainText(words, 4_000)} (${code}); the next round tries again\n`);
    return EXIT.undetermined;
  }
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `9464`, `host:9464` or `[::1]:9464`; without a host, loopback. */
export function listenAddress(text: string): ListenAddress {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]:|([^:[\]]*):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError("Write it like 9464 or 0.0.0.0:9464.");
  return { host: bracketed || plain || "127.0.0.1", port: Number(port) };
}

interface Listening {
  readonly address: string;
  close(): Promise<void>;
}

async function listen(
  { host: name, port }: ListenAddress,
  state: WatchState,
  { host, printer }: Round,
  everyMs: number,
): Promise<Listening> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") return answer(response, 405, "GET alone\n");
    if (path === "/metrics") return answerMetrics(response, state);
    if (path === "/healthz") return answerHealth(response, state, { now: host.clock.now().getTime(), everyMs });
    return answer(response, 404, "/metrics and /healthz\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const message = `Nothing can listen at ${name}:${port}: ${error.message}.`;
      reject(usageError("usage.listen", message, "Give --listen another address.", error));
    });
    server.listen(port, name, () => resolve());
  });
  if (!isLoopback(name)) printer.note("Whoever reaches the address reads the names of keys, projects and services.");
  return { address: addressOf(server, name), close: () => closed(server) };
}

function addressOf(server: Server, name: string): string {
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return `${name.includes(":") ? `[${name}]` : name}:${port}`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function answerMetrics(response: ServerResponse, { metrics }: WatchState): void {
  if (metrics === null) answer(response, 503, "No round has ended yet.\n");
  else answer(response, 200, metrics, "text/plain; version=0.0.4; charset=utf-8");
}

/** Whether somebody looks, not what is seen: a key that fails is no reason to start the watcher anew. */
function answerHealth(
  response: ServerResponse,
  { startedAt, endedAt, exitCode }: WatchState,
  { now, everyMs }: { readonly now: number; readonly everyMs: number },
): void {
  const isAlive = now - (endedAt ?? startedAt) <= MISSED * Math.max(everyMs, UNHEALTHY_MS);
  const lastRunAt = endedAt === null ? null : new Date(endedAt).toISOString();
  const body = `${JSON.stringify({ ok: isAlive, lastRunAt, lastExitCode: exitCode })}\n`;
  answer(response, isAlive ? 200 : 503, body, "application/json");
}

function answer(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
}
