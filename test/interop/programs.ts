import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";

/** Where the machine has a program; null where it has none. */
export function find(program: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

/** The programs of a list that the machine lacks, for the name of a suite that is skipped because of it. */
export function lacks(...programs: readonly string[]): string | null {
  const missing = programs.filter((program) => find(program) === null);
  return missing.length === 0 ? null : `not on this machine: ${missing.join(", ")}`;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export interface Running extends AsyncDisposable {
  readonly process: ChildProcess;
}

/** Starts a program and stops it, by its id, when the scope ends. */
export function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Running {
  const child = spawn(program, args, { stdio: "ignore", env: { ...env } });
  return {
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** Asks until it is so: programs that nobody here wrote do not say when they are ready. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited in vain for ${what}`);
}

/** Runs a program to its end and returns what it printed. Throws what it said when it fails. */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string {
  return execFileSync(program, args, { encoding: "utf8", env: { ...env }, stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** `keygrant sandbox start` as another program would use it; returns what its env file says, and nothing of ours. */
export async function startSandbox(
  folder: string,
  options: readonly string[] = [],
): Promise<{ readonly running: Running; readonly env: Readonly<Record<string, string>> }> {
  const plain = { PATH: process.env["PATH"] ?? "", HOME: folder, KEYGRANT_SANDBOX_DIR: join(folder, "sandbox") };
  const file = join(folder, "env");
  const running = start(
    process.execPath,
    ["--", "bin/keygrant.js", "sandbox", "start", "--env-file", file, ...options],
    plain,
  );
  await until(() => existsSync(file), "the sandbox");
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const entries = lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  return { running, env: { ...plain, ...Object.fromEntries(entries) } };
}

/** Runs the built keygrant and reads the document that it prints. */
export function keygrant(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  // biome-ignore lint/suspicious/noExplicitAny: a test reads documents of every shape and says which field it wants.
): { readonly exitCode: number | null; readonly json: any } {
  const { status, stdout } = spawnSync(process.execPath, ["--", "bin/keygrant.js", ...args, "--output", "json"], {
    encoding: "utf8",
    env: { ...env },
  });
  return { exitCode: status, json: JSON.parse(stdout) };
}
