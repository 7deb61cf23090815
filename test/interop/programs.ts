import { execFile, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, it } from "vitest";

/** Programs that nobody here wrote, as far as the machine has them. */
export interface Program {
  readonly name: string;
  /** What it says of itself; null: the machine does not have it. */
  readonly version: string | null;
}

/** `ask` makes it say something and end well; not every program says its version. */
export function find(name: string, ask = "--version"): Program {
  const { status, stdout, stderr } = spawnSync(name, [ask], { encoding: "utf8", timeout: 60_000 });
  const [said = ""] = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n");
  return { name, version: status !== 0 ? null : ask === "--version" ? said : "it says no version" };
}

/** Says plainly what the tests of a file were run against, and what was skipped. */
export function sayWhatRan(...programs: readonly Program[]): void {
  it.each(programs)("says whether this machine has $name", ({ name, version }) => {
    const what = version === null ? "not on this machine, its tests were SKIPPED" : `ran (${version})`;
    process.stdout.write(`interop: ${name}: ${what}\n`);
  });
}

/** A folder of one's own, which no program shares with the user: a home, and a place for files. */
export function throwAwayHome(): string {
  const home = join(tmpdir(), `keygrant-interop-${randomUUID()}`);
  // Where every test is skipped, nothing is made that would stay behind.
  beforeAll(() => mkdirSync(home, { mode: 0o700 }));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

export type Variables = Readonly<Record<string, string>>;

/** Nothing of the user's reaches a program but where programs are. */
export function clean(home: string, env: Variables = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: home, AWS_PAGER: "", AWS_EC2_METADATA_DISABLED: "true", ...env };
}

const run = promisify(execFile);

/** Runs the AWS CLI and returns what it prints, as JSON where it is. */
export async function aws(home: string, env: Variables, ...args: readonly string[]): Promise<unknown> {
  const { stdout } = await run("aws", ["--output", "json", ...args], { env: clean(home, env), timeout: 60_000 });
  return stdout.trim() === "" ? null : JSON.parse(stdout);
}

export interface Server {
  readonly origin: string;
  stop(): Promise<void>;
}

/** moto's server on a free port of 127.0.0.1: an AWS KMS that stores key policies and does not enforce them. */
export async function startMoto(home: string): Promise<Server> {
  const port = await freePort();
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], {
    env: clean(home),
    stdio: ["ignore", "ignore", "pipe"],
    // A group of its own: whatever it starts ends with it.
    detached: true,
  });
  const ended = once(child, "exit");
  let said = "";
  await Promise.race([
    new Promise<void>((resolve) => {
      child.stderr.on("data", (chunk: Buffer) => {
        said += chunk;
        if (said.includes("Running on")) resolve();
      });
    }),
    ended.then(() => Promise.reject(new Error(`moto_server ended: ${said}`))),
  ]);
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address === "object" && address !== null) return address.port;
  throw new Error("no free port");
}
