import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "vitest";
import type { Host, Input, Output } from "../../src/cli/host.ts";
import { main } from "../../src/cli/main.ts";
import type { Clock, Jitter } from "../../src/core/ports.ts";
import type { Knobs, OnRequest, RunningSandbox } from "../../src/sandbox/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { type Canary, canary } from "./canaries.ts";
import { expectNone, expectSound, expectSoundState, secretsOf } from "./sound.ts";
import { type Watch, watchWire } from "./wire.ts";

/** A clock that a test owns: sleeping takes no time and moves it on. */
export interface TestClock extends Clock {
  advance(ms: number): void;
  readonly slept: readonly number[];
}

/** `meanwhile` is what happens while somebody sleeps. */
export function testClock(start = new Date(), meanwhile: Clock["sleep"] = () => nextTurn()): TestClock {
  let now = start.getTime();
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(now),
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      await meanwhile(ms, signal);
      slept.push(ms);
      now += ms;
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

export interface World extends AsyncDisposable {
  readonly sandbox: RunningSandbox;
  readonly clock: TestClock;
  readonly stateDir: string;
  /** Runs the whole command in this process, over real HTTP against the sandbox, as the owner. */
  run(args: readonly string[], extra?: RunOptions): Promise<CliResult>;
  /** What must not get out: every secret that there is, and the plaintext of every round trip so far. */
  canaries(): readonly Canary[];
  /** The same as `run` with `--output json`. */
  json(args: readonly string[], extra?: RunOptions): Promise<CliResult>;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
  readonly stdin?: string;
  /** Somebody sits at a terminal, and types this when a question is on it. */
  readonly types?: string;
  /** Somebody sits at a terminal, and this happens when a question is on it. */
  readonly asked?: () => void;
  readonly interrupted?: AbortSignal;
  /** The current folder, in which a configuration may lie. */
  readonly cwd?: string;
  /** Hears of all random bytes that the command takes. */
  readonly drawn?: (bytes: Uint8Array) => void;
}

export interface WorldOptions {
  readonly knobs?: Partial<Knobs>;
  readonly onRequest?: OnRequest;
  readonly jitter?: Jitter;
  /** What happens while the command sleeps. */
  readonly sleep?: Clock["sleep"];
  /** Secrets of the test's own, beside those of the sandbox. */
  readonly planted?: readonly Canary[];
  /** The sandbox's own pauses never end: what it hands out in pieces stops after the first. */
  readonly stalls?: boolean;
}

/**
 * A fresh sandbox in memory, and a state folder of its own. Whatever a test is about, no run of the command may say a
 * secret or what a round trip encrypted, send one where it does not belong, print a stack trace or a document that does
 * not fit its schema: that is looked at after each one.
 */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const clock = testClock(new Date(), options.sleep);
  const stateDir = await mkdtemp(join(tmpdir(), "keygrant-test-"));
  const probes: Canary[] = [];
  const watch: Watch = watchWire(() => probes, options.onRequest);
  const drawn = (bytes: Uint8Array) => {
    if (bytes.length === PROBE_BYTES) probes.push(canary("the plaintext of a round trip", Uint8Array.from(bytes)));
  };
  const canaries = () => [...secretsOf(sandbox), ...(options.planted ?? []), ...probes];
  const sandbox = await startSandbox({
    dir: null,
    clock: options.stalls === true ? { ...clock, sleep: (_ms, signal) => untilAborted(signal) } : clock,
    random: (size) => randomBytes(size),
    jitter: options.jitter ?? (() => 0.5),
    mode: "embedded",
    knobs: options.knobs,
    onRequest: watch.onRequest,
  });
  async function run(args: readonly string[], extra: RunOptions = {}): Promise<CliResult> {
    const env = { ...sandbox.env, KEYGRANT_STATE_DIR: stateDir, ...extra.env };
    const result = await runCli(args, { drawn, ...extra, env }, clock);
    expectNone(canaries(), result.stdout + result.stderr);
    expect(watch.strays).toEqual([]);
    return result;
  }
  let isOpen = true;
  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    try {
      await expectSoundState(stateDir, canaries());
    } finally {
      await sandbox.close();
      await rm(stateDir, { recursive: true, force: true });
    }
  }
  return {
    sandbox,
    clock,
    stateDir,
    run,
    canaries,
    json: (args, extra) => run([...args, "--output", "json"], extra),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}

/** Runs the whole command in this process, with nothing but what is given: no world, no environment. */
export async function runCli(
  args: readonly string[],
  extra: RunOptions = {},
  clock: Clock = testClock(),
): Promise<CliResult> {
  const { types, asked = types === undefined ? undefined : () => stdin.write(types) } = extra;
  const hasTerminal = asked !== undefined;
  const stdin = input(extra.stdin ?? "", hasTerminal);
  const stdout = output(hasTerminal);
  const stderr = output(hasTerminal, (text) => {
    if (hasTerminal && QUESTION.test(text)) setImmediate(asked);
  });
  const host: Host = {
    env: extra.env ?? {},
    home: extra.home ?? "/nonexistent",
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    clock,
    random(size) {
      const bytes = randomBytes(size);
      extra.drawn?.(bytes);
      return bytes;
    },
    jitter: () => 0.5,
    interrupted: extra.interrupted ?? new AbortController().signal,
    ...(extra.cwd === undefined ? {} : { cwd: extra.cwd, uid: process.getuid?.() }),
  };
  const exitCode = await main(args, host);
  const result = {
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    get json() {
      return JSON.parse(stdout.text());
    },
  };
  expectSound(args, result, { onTerminal: hasTerminal });
  return result;
}

/** Nothing else takes so many. */
const PROBE_BYTES = 32;

const QUESTION = /Write this\?|Type the key again|Have all backups|Deregister CMK|off your key\?/;

function input(text: string, isTTY: boolean): Input & PassThrough {
  const stream = Object.assign(new PassThrough(), { isTTY, setRawMode: () => {} });
  if (!isTTY) stream.end(text);
  return stream;
}

/** Collects what is written; as a terminal it takes what programs do to one, and shows none of it. */
function output(isTTY: boolean, seen: (text: string) => void = () => {}): { stream: Output; text(): string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString("utf8"));
      seen(chunk.toString("utf8"));
      done();
    },
  });
  const nothing = () => true;
  const terminal = { isTTY, columns: 100, rows: 40, clearLine: nothing, cursorTo: nothing, moveCursor: nothing };
  return { stream: Object.assign(stream, terminal), text: () => chunks.join("") };
}
