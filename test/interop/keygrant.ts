import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Child, type ChildResult, startChild } from "../cli/child.ts";
import { clean, type Variables } from "./programs.ts";

const started: Child[] = [];

// Registered while the file is read: a hook that is registered inside another one is never called.
afterAll(async () => {
  for (const child of started.splice(0)) {
    child.process.kill("SIGTERM");
    await child.done;
  }
});

/** `keygrant sandbox start` as a process of its own; gives the variables of its env file once it listens. */
export async function startSandboxCommand(home: string, ...args: readonly string[]): Promise<Variables> {
  const file = join(home, "sandbox.env");
  const dir = join(home, "sandbox");
  const child = startChild(
    ["sandbox", "start", "--env-file", file, ...args],
    clean(home, { KEYGRANT_SANDBOX_DIR: dir }),
  );
  started.push(child);
  const { stdout } = child.process;
  if (stdout === null) throw new Error("a child without stdout");
  await Promise.race([once(stdout, "data"), child.done.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads documents of every shape and says which field it wants.
export type Ran = ChildResult & { readonly json: any };

/** The built command, with `--output json`. */
export async function keygrant(home: string, env: Variables, ...args: readonly string[]): Promise<Ran> {
  const result = await startChild([...args, "--output", "json"], clean(home, env)).done;
  return { ...result, json: JSON.parse(result.stdout) };
}
