import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";
import { KEYGRANT, well } from "./kit.ts";

/** What one process used, from its start to its end. */
export interface Used {
  readonly wallMs: number;
  /** User and system. */
  readonly cpuMs: number;
  readonly peakKib: number;
}

/** How often each operation of the sandbox was asked for. */
export type Counts = Readonly<Record<string, number>>;

/** A sandbox with a fleet, in a process of its own, and the two that ask it. */
export interface Fleet extends AsyncDisposable {
  /** `keygrant validate` over all keys, with a memory that nothing is in yet. */
  readonly keygrant: () => Promise<Used>;
  readonly bare: () => Promise<Used>;
  /** Ends the sandbox, which says what it was asked. */
  readonly end: () => Promise<Counts>;
}

const CONFIGURATION = "aws:\n  role: arn:aws:iam::{account}:role/";

export type FleetCloud = "aws" | "gcp" | "oci";

export async function startFleet(cloud: FleetCloud, keys: number, latencyMs: number): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), "keygrant-fleet-"));
  const [env, counts, usage, config] = ["env.json", "counts.json", "usage.json", "keygrant.yaml"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  const bare = await bundled(folder);
  const sandbox = spawn(process.execPath, ["bench/world.ts", cloud, String(keys), String(latencyMs), env, counts], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] ?? "", HOME: folder },
  });
  const ended = once(sandbox, "exit");
  const failed = ended.then(() => Promise.reject(new Error("the sandbox ended before it listened")));
  await Promise.race([once(sandbox.stdout, "data"), failed]);
  failed.catch(() => {});
  const given = JSON.parse(await readFile(env, "utf8")) as Readonly<Record<string, string>>;
  await writeFile(config, `${CONFIGURATION}${given["KEYGRANT_BENCH_ROLE"]}\n`, { mode: 0o600 });
  const projects = (given["KEYGRANT_BENCH_PROJECTS"] ?? "").split(" ").flatMap((name) => ["-p", name]);
  const output = join(folder, "keys.jsonl");

  async function used(args: readonly string[]): Promise<Used> {
    const state = await mkdtemp(join(folder, "state-"));
    const own = {
      HOME: folder,
      KEYGRANT_STATE_DIR: state,
      KEYGRANT_BENCH_USAGE: usage,
      KEYGRANT_BENCH_CLOUD: cloud,
    };
    const { wallMs } = await well(process.execPath, ["--require", "./bench/usage.cjs", ...args], { ...given, ...own });
    await rm(state, { recursive: true });
    return { ...(JSON.parse(await readFile(usage, "utf8")) as Omit<Used, "wallMs">), wallMs };
  }

  async function end(): Promise<Counts> {
    sandbox.kill("SIGTERM");
    await ended;
    return JSON.parse(await readFile(counts, "utf8")) as Counts;
  }

  return {
    async keygrant() {
      const result = await used([
        ...KEYGRANT,
        ...["validate", "--config", config, ...projects, "-o", `jsonl=${output}`],
      ]);
      const told = (await readFile(output, "utf8")).trimEnd().split("\n");
      const valid = told.filter((line) => (JSON.parse(line) as { readonly phase: string }).phase === "VALID");
      if (valid.length !== keys) throw new Error(`${valid.length} of ${keys} keys are VALID`);
      return result;
    },
    bare: () => used(["--", bare]),
    end,
    async [Symbol.asyncDispose]() {
      if (sandbox.exitCode === null) await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The bare loop in the form in which keygrant is shipped, so that neither loads more files than the other. */
async function bundled(folder: string): Promise<string> {
  const bundle = await rolldown({
    input: { bare: resolve("bench/bare/loop.ts") },
    platform: "node",
    resolve: { mainFields: ["module", "main"] },
    transform: { define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" } },
    checks: { eval: false },
  });
  await bundle.write({ dir: folder, format: "esm", minify: { compress: true, mangle: false, codegen: true } });
  return join(folder, "bare.js");
}
