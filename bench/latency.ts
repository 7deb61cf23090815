import { readFile } from "node:fs/promises";
import { sandboxKeys } from "../src/sandbox/index.ts";
import { type Bench, interleaved, KEYGRANT, median, type Size, type Target, table, well } from "./kit.ts";
import { startSandbox } from "./sandbox.ts";

const LATENCY_MS = 100;
const HEALTHY = [
  ["aws", "healthy"],
  ["gcp", "symmetric"],
  ["oci", "healthy"],
] as const;

interface Times {
  readonly onboard: number;
  readonly validate: number;
}

/** Whether a command waits for nothing but the round trips that it needs. */
export const bench: Bench = {
  title: "Every answer held back",
  method: [
    `A fresh sandbox in a process of its own that holds every answer back for ${LATENCY_MS} ms; one that does not; in turn. On each,`,
    "`onboard KEY --yes --settle-reads 1`, then `validate`, wall time. Ideal is the round trips listed above, times the latency, and",
    "start: what the same command takes without latency, in which nothing is waited for.",
  ].join("\n"),
  async run({ runs, smoke }: Size) {
    const targets: Target[] = [];
    const rows: (readonly (string | number)[])[] = [];
    for (const [cloud, name] of smoke ? HEALTHY.slice(0, 1) : HEALTHY) {
      const key = sandboxKeys().find((one) => one.cloud === cloud && one.name === name)?.id ?? "";
      const held = smoke ? 1 : LATENCY_MS;
      const [slow = [], fast = []] = await interleaved(runs, [() => timed(key, held), () => timed(key, 0)]);
      for (const command of ["onboard", "validate"] as const) {
        const trips = await roundTrips(cloud, command);
        const [wall, start] = [slow, fast].map((all) => median(all.map((one) => one[command])));
        const ideal = trips * held + (start ?? Number.NaN);
        const measured = (wall ?? Number.NaN) / ideal;
        targets.push({ what: `${cloud}: ${command}, wall ÷ ideal`, measured, limit: 1.15, must: "at most", unit: "×" });
        rows.push([cloud, command, trips, ...[start, ideal, wall].map((ms) => Math.round(ms ?? Number.NaN))]);
      }
    }
    return { targets, more: [table(["cloud", "command", "round trips", "start, ms", "ideal, ms", "wall, ms"], rows)] };
  },
};

async function timed(key: string, latencyMs: number): Promise<Times> {
  await using sandbox = await startSandbox("--latency", `${latencyMs}ms`);
  const run = async (...args: readonly string[]) => {
    const { wallMs } = await well(process.execPath, [...KEYGRANT, ...args], sandbox.env);
    return wallMs;
  };
  const onboard = await run("onboard", key, "--yes", "--settle-reads", "1");
  return { onboard, validate: await run("validate") };
}

/** As the page lists them. */
async function roundTrips(cloud: string, command: string): Promise<number> {
  const page = await readFile("docs/performance.md", "utf8");
  const [, count] = new RegExp(`^\\| ${cloud} \\| ${command} \\| (\\d+) \\|`, "m").exec(page) ?? [];
  if (count === undefined) throw new Error(`docs/performance.md does not say how many round trips ${command} takes`);
  return Number(count);
}
