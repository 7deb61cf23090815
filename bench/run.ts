import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { type Bench, type Findings, isReached, type Target, table, well } from "./kit.ts";

/**
 * Measures what docs/performance.md promises, and writes there what came out: `npm run bench`, or some of it by name.
 * `--smoke` does as little as possible and writes nothing. Ends with 1 when a promise is not kept.
 */
const PAGE = "docs/performance.md";
const NAMES = ["policy", "roundTrips", "latency", "oneShot", "start", "fleet"];
const RUNS = 9;

const words = process.argv.slice(2);
const smoke = words.includes("--smoke");
const named = words.filter((word) => word !== "--smoke");
const unknown = named.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(", ")}; there are ${NAMES.join(", ")}.`);

for (const name of named.length > 0 ? named : NAMES) {
  if (name === "roundTrips") {
    await countRoundTrips();
    continue;
  }
  const { bench } = (await import(`./${name}.ts`)) as { readonly bench: Bench };
  const findings = await bench.run({ runs: smoke ? 1 : RUNS, smoke });
  const section = sectionOf(name, bench, findings);
  process.stdout.write(`${section}\n`);
  if (smoke) continue;
  await writeFile(PAGE, withSection(await readFile(PAGE, "utf8"), name, section));
  if (!findings.targets.every(isReached)) process.exitCode = 1;
}

/** Counted by its test, which holds the page to it at each `npm test`. */
async function countRoundTrips(): Promise<void> {
  const env = smoke ? {} : { KEYGRANT_ROUND_TRIPS: "write" };
  await well("npx", ["vitest", "run", "test/cli/round-trips.test.ts"], env);
}

function sectionOf(name: string, { title, method }: Bench, { targets, more = [] }: Findings): string {
  const rows = targets.map((target) => [
    target.what,
    `${target.must} ${figure(target.limit)}${target.unit}`,
    `${figure(target.measured)}${target.unit}`,
    isReached(target) ? "yes" : "**no**",
  ]);
  const results = table(["what", "promised", "measured", "kept"], rows);
  return [`## ${title} (\`${name}\`)`, method, results, ...more, machine()].join("\n\n");
}

/** As much of the machine as explains a figure. */
function machine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `Measured on ${day} with Node ${process.versions.node}, ${process.platform}, ${availableParallelism()} cores, ${gib} GiB.`;
}

function figure(value: Target["measured"]): string {
  if (value >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toFixed(2)));
}

/** The page with one bench's section new; a bench without one yet comes to the end. */
function withSection(page: string, name: string, section: string): string {
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- end ${name} -->`];
  const made = `${begin}\n${section}\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < 0) return `${page.trimEnd()}\n\n${made}\n`;
  return `${page.slice(0, from)}${made}${page.slice(to + end.length)}`;
}
