import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import type { CloudId } from "../../src/core/model.ts";
import { openWorld } from "./harness.ts";
import { named } from "./peek.ts";
import { inWaves } from "./waves.ts";

/**
 * How often a command waits for an answer before it can ask the next question, on docs/performance.md. A round trip
 * that is added shows here; `npm run bench roundTrips` writes the page anew.
 */
const PAGE = "docs/performance.md";
const HEALTHY: Partial<Record<CloudId, string>> = { aws: "healthy", gcp: "symmetric", oci: "healthy" };
const ONCE = ["--settle-reads", "1"];

type Told = readonly (readonly string[])[];

interface Counted {
  readonly cloud: string;
  readonly command: string;
  readonly waves: Told;
}

async function count(cloud: CloudId, name: string): Promise<readonly Counted[]> {
  const key = named(name, cloud);
  const { onRequest, take } = inWaves();
  await using world = await openWorld({ onRequest });
  const counted: Counted[] = [];
  const run = async (command: string, ...args: readonly string[]) => {
    const { exitCode, stdout } = await world.json(args);
    expect(exitCode, stdout).toBe(0);
    counted.push({ cloud, command, waves: take() });
  };
  await run("onboard", "onboard", key, "--yes", ...ONCE);
  await run("onboard again", "onboard", key, "--yes", ...ONCE);
  await run("validate", "validate");
  return counted;
}

function section(all: readonly Counted[]): string {
  const rows = all.map(({ cloud, command, waves }) => {
    const steps = waves.map((wave) => told(wave)).join(" → ");
    return `| ${cloud} | ${command} | ${waves.length} | ${steps} |`;
  });
  return ["| cloud | command | round trips | in this order |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** What is asked at once, with how often where it is more than once. */
function told(wave: readonly string[]): string {
  return [...new Set(wave)]
    .map((one) => {
      const times = wave.filter((other) => other === one).length;
      return times === 1 ? one : `${times} ${one}`;
    })
    .join(" + ");
}

it("no command waits more often, one answer after the other, than docs/performance.md says", async () => {
  const all: Counted[] = [];
  for (const [cloud, name] of Object.entries(HEALTHY)) {
    // Once for nothing: what is loaded on first use is there for the second.
    await count(cloud as CloudId, name);
    all.push(...(await count(cloud as CloudId, name)));
  }
  const page = await readFile(PAGE, "utf8");
  const [begin, end] = ["<!-- bench roundTrips -->", "<!-- end roundTrips -->"];
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)];
  expect(to).toBeGreaterThan(from);
  const made = `\n${section(all)}\n`;
  if (process.env["KEYGRANT_ROUND_TRIPS"] === "write")
    await writeFile(PAGE, page.slice(0, from) + made + page.slice(to));
  else expect(page.slice(from, to)).toBe(made);
});
