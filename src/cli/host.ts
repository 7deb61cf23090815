import { homedir } from "node:os";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Jitter, RandomBytes } from "../core/ports.ts";
import type { Environment } from "../io/credentials.ts";

export type Input = Readable & { readonly isTTY?: boolean };
export type Output = Writable & { readonly isTTY?: boolean };

/** Everything that a command gets from the machine it runs on. Tests bring their own. */
export interface Host extends Environment {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly jitter: Jitter;
  /** Aborted when a person or a scheduler wants the command to stop; its reason is the exit code. */
  readonly interrupted: AbortSignal;
  /** The current folder, where a configuration is looked for; without one, none is. */
  readonly cwd?: string;
  /** The caller's user id; undefined where there are none (Windows). */
  readonly uid?: number | undefined;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};

export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;

  constructor(signal: keyof typeof SIGNALS) {
    super(`stopped by ${signal}`);
    this.exitCode = SIGNALS[signal];
  }
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

export interface ProcessHost extends Host {
  /** The streams that were written to, or may have been. */
  readonly opened: ReadonlySet<Output>;
}

/** The real machine. The first signal asks the command to stop, the second one stops it. */
export function processHost(): ProcessHost {
  const opened = new Set<Output>();
  const open = (stream: Output) => {
    // Whoever reads our messages may have had enough, and their disk may be full: no reason to stop half done.
    if (!opened.has(stream)) stream.on("error", () => {});
    opened.add(stream);
    return stream;
  };
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(SIGNALS[signal]);
      interruption.abort(new Interrupted(signal));
    });
  }
  // What a library cleans up at its end would end us where a file may not grow: the write fails, and that is said.
  process.on("SIGXFSZ", () => {});
  return {
    env: process.env,
    home: homedir(),
    // Node opens each of its streams when it is asked for, and that takes time.
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return open(process.stdout);
    },
    get stderr() {
      return open(process.stderr);
    },
    opened,
    clock: systemClock,
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    jitter: Math.random,
    interrupted: interruption.signal,
    cwd: process.cwd(),
    uid: process.getuid?.(),
  };
}
