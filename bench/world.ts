import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { AivenWorld } from "../src/sandbox/aiven/world.ts";
import type { AwsWorld } from "../src/sandbox/aws/world.ts";
import { sandboxKeys, startSandbox } from "../src/sandbox/index.ts";

/**
 * A sandbox with a fleet, in a process of its own: `node bench/world.ts KEYS LATENCY_MS ENV_FILE COUNTS_FILE`. The keys
 * are copies of one that the vendor can use, over twenty regions of an account, each of which has quotas of its own.
 * When it is told to end it leaves how often each operation was asked for.
 */
export const REGIONS = Array.from({ length: 20 }, (_, index) => `eu-bench-${index + 1}`);

const [keys = "", latency = "", envFile = "", countsFile = ""] = process.argv.slice(2);
const counts: Record<string, number> = {};
const sandbox = await startSandbox({
  dir: null,
  clock: {
    now: () => new Date(),
    sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  },
  random: (size) => new Uint8Array(randomBytes(size)),
  jitter: () => 0.5,
  mode: "embedded",
  knobs: { latencyMs: Number(latency) },
  onRequest({ operation, inside }, phase) {
    if (phase === "after" && !inside) counts[operation] = (counts[operation] ?? 0) + 1;
    return undefined;
  },
});
sandbox.alter((worlds) => {
  const aws = worlds["aws"] as AwsWorld;
  const demo = (worlds["aiven"] as AivenWorld).projects.find((one) => one.name === "demo");
  const granted = sandboxKeys().find((one) => one.cloud === "aws" && one.name === "granted")?.id;
  const model = aws.keys.find((one) => one.arn === granted);
  if (demo === undefined || model === undefined) throw new Error("the sandbox lacks what is to be copied");
  for (let number = 0; number < Number(keys); number++) {
    const region = REGIONS[number % REGIONS.length] ?? "";
    const id = `33333333-0000-4000-8000-${String(number).padStart(12, "0")}`;
    const arn = `arn:aws:kms:${region}:${model.account}:key/${id}`;
    aws.keys.push({ ...structuredClone(model), region, id, arn });
    demo.cmks.push({
      ...{ id: id.replace(/^3+/, "00000000"), provider: "aws", default_cmk: false, resource: arn, status: "current" },
      ...{ created_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-01-01T00:00:00.000Z" },
    });
  }
});
await writeFile(envFile, JSON.stringify(sandbox.env));
process.stdout.write("listening\n");
await once(process, "SIGTERM");
await writeFile(countsFile, JSON.stringify(counts));
await sandbox.close();
