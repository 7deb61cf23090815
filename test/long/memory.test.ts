import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { startChild } from "../cli/child.ts";
import { fleet } from "../cli/fleet.ts";
import { openWorld } from "../cli/harness.ts";

/** Peak memory of the built command as it is shipped over a fleet, in KiB. Nothing is held for a key once it has been told. */
async function peakOver(keys: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "keygrant-peak-"));
  const usage = join(folder, "usage");
  await using world = await openWorld();
  const { projects } = fleet(world, keys);
  const args = ["validate", ...projects.flatMap((one) => ["-p", one]), "--probe", "off"];
  const outputs = [`jsonl=${join(folder, "keys.jsonl")}`, `prometheus=${join(folder, "keys.prom")}`];
  const child = startChild([...args, ...outputs.flatMap((one) => ["-o", one])], {
    ...world.sandbox.env,
    KEYGRANT_STATE_DIR: world.stateDir,
    KEYGRANT_BENCH_USAGE: usage,
    NODE_OPTIONS: `--require=${resolve("bench/usage.cjs")}`,
  });
  expect(await child.done).toMatchObject({ exitCode: 0 });
  const told = (await readFile(join(folder, "keys.jsonl"), "utf8")).trim().split("\n");
  expect(told).toHaveLength(keys);
  expect(new Set(told.map((line) => JSON.parse(line).key)).size).toBe(keys);
  const { peakKib } = JSON.parse(await readFile(usage, "utf8")) as { readonly peakKib: number };
  await rm(folder, { recursive: true });
  return peakKib;
}

it("a thousand keys take at most 1.2 times the memory of a hundred", async () => {
  const hundred = await peakOver(100);
  const thousand = await peakOver(1_000);
  expect(thousand / hundred, `${hundred} KiB and ${thousand} KiB`).toBeLessThanOrEqual(1.2);
});
