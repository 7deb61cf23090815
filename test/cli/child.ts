import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** The built command as a process of its own, where a process matters: signals, and what a kill leaves behind. */
export interface Child {
  readonly process: ChildProcess;
  readonly done: Promise<ChildResult>;
}

export interface ChildResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the test's own environment reaches the child. `through`: a program that starts it, with its words. */
export function startChild(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  through: readonly string[] = [],
): Child {
  // Without the dashes Node would take an --env-file for its own (https://github.com/nodejs/node/issues/54232).
  const [program = "", ...command] = [...through, process.execPath, "--", "bin/keygrant.js", ...args];
  const child = spawn(program, command, { stdio: ["ignore", "pipe", "pipe"], env });
  return { process: child, done: finish(child) };
}

async function finish(child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }) {
  const ended = once(child, "exit");
  const [[exitCode, signal], stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { exitCode, signal, stdout, stderr };
}
