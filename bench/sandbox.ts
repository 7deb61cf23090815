import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KEYGRANT } from "./kit.ts";

/** A sandbox in a process of its own, as a user starts it, and a folder for whoever works with it. */
export interface SandboxProcess extends AsyncDisposable {
  /** What `--env-file` says, with a home, and a state folder that nobody else uses. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

export async function startSandbox(...args: readonly string[]): Promise<SandboxProcess> {
  const folder = await mkdtemp(join(tmpdir(), "keygrant-bench-"));
  const file = join(folder, "sandbox.env");
  const own = {
    HOME: folder,
    KEYGRANT_SANDBOX_DIR: join(folder, "sandbox"),
    KEYGRANT_STATE_DIR: join(folder, "state"),
  };
  const child = spawn(process.execPath, [...KEYGRANT, "sandbox", "start", "--env-file", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] ?? "", ...own },
  });
  const ended = once(child, "exit");
  const failed = ended.then(() => Promise.reject(new Error("the sandbox ended before it listened")));
  await Promise.race([once(child.stdout, "data"), failed]);
  failed.catch(() => {});
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return {
    env: { ...own, ...Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))) },
    folder,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
