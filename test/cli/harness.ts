import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import type { Host, Output } from "../../src/cli/host.ts";
import { main } from "../../src/cli/main.ts";
import type { Clock } from "../../src/core/ports.ts";
import type { Knobs, OnRequest, RunningSandbox } from "../../src/sandbox/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";

/** A clock that a test owns: sleeping takes no time and moves it on. */
export function testClock(start = new Date()): Clock & { advance(ms: number): void; readonly slept: number[] } {
  let now = start.getTime();
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(now),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
    advance(ms) {
      now += ms;
    },
  };
}

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout read as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads documents of every shape and says which field it wants.
  readonly json: any;
}

export interface World {
  readonly sandbox: RunningSandbox;
  readonly clock: ReturnType<typeof testClock>;
  readonly stateDir: string;
  /** Runs the whole command in this process, over real HTTP against the sandbox, as the owner. */
  run(args: readonly string[], extra?: RunOptions): Promise<CliResult>;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  readonly interrupted?: AbortSignal;
}

export interface WorldOptions {
  readonly knobs?: Partial<Knobs>;
  readonly onRequest?: OnRequest;
}

/** A fresh sandbox in memory, and a state folder of its own. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const clock = testClock();
  const stateDir = await mkdtemp(join(tmpdir(), "keygrant-test-"));
  const sandbox = await startSandbox({
    dir: null,
    clock,
    random: (size) => randomBytes(size),
    jitter: () => 0.5,
    mode: "embedded",
    knobs: options.knobs,
    onRequest: options.onRequest,
  });
  return {
    sandbox,
    clock,
    stateDir,
    run: (args, extra) => runCli(args, { ...sandbox.env, KEYGRANT_STATE_DIR: stateDir, ...extra?.env }, clock, extra),
    async close() {
      await sandbox.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock = testClock(),
  extra: RunOptions = {},
): Promise<CliResult> {
  const stdout = collector();
  const stderr = collector();
  const stdin = new PassThrough();
  stdin.end(extra.stdin ?? "");
  const host: Host = {
    env,
    home: "/nonexistent",
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    clock,
    random: (size) => randomBytes(size),
    jitter: () => 0.5,
    interrupted: extra.interrupted ?? new AbortController().signal,
  };
  const exitCode = await main(args, host);
  return {
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    get json() {
      return JSON.parse(stdout.text());
    },
  };
}

function collector(): { readonly stream: Output; text(): string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString("utf8"));
      done();
    },
  });
  return { stream, text: () => chunks.join("") };
}
