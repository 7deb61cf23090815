import { deepStrictEqual } from "node:assert/strict";
import { type Counts, type Fleet, type FleetCloud, startFleet, type Used } from "./fleet-client.ts";
import { type Bench, interleaved, median, type Size, type Target, table } from "./kit.ts";

/** As many as `validate` looks at at once. */
const AT_ONCE = 64;
/** One key after another: its own reads, then Encrypt beside the vendor's answer, then Decrypt. */
const ROUND_TRIPS = 3;
/** Before the first key, for the whole fleet: the lists, the accessors, and a role for each account. */
const ROUND_TRIPS_BEFORE = 3;

interface Sizes {
  readonly small: number;
  readonly large: number;
  readonly held: number;
  readonly counted: number;
}

const SIZES: Sizes = { small: 1_000, large: 10_000, held: 2_000, counted: 200 };
const SMOKE: Sizes = { small: 60, large: 80, held: 60, counted: 40 };

export const bench: Bench = {
  title: "A fleet",
  method: [
    "Keys that the vendor can use, in 10 projects, in a sandbox that is a process of its own: those of AWS in 20 accounts with a role",
    "each, those of Google in one key ring, those of OCI in one vault.",
    "`validate` over all of them with a new memory and one file as JSON lines, and `bench/bare/loop.ts`, a loop that makes the same calls",
    "with the same SDK and HTTP client, 64 keys at once, and does nothing with the answers, in turn; both bundled, both on the same",
    "Node, each from the start of its process to its end. That the calls are the same is counted at the sandbox, and checked. CPU is",
    "user and system; memory is VmHWM. Neither quotas nor a pace apply on loopback. Of 10,000 keys, which take minutes, a third as",
    "many runs are made as of the others.",
  ].join("\n"),
  async run({ runs, smoke }: Size) {
    const sizes = smoke ? SMOKE : SIZES;
    const calls = await countCalls(sizes.counted);
    const [small, large] = [
      await both("aws", sizes.small, 0, runs),
      await both("aws", sizes.large, 0, Math.ceil(runs / 3)),
    ];
    const others = [await both("gcp", sizes.small, 0, runs), await both("oci", sizes.small, 0, runs)];
    const [short, long] = [await both("aws", sizes.held, 20, runs), await both("aws", sizes.held, 200, runs)];
    const targets = [
      ...[small, large, ...others].map((one) => ({
        ...{ what: `${one.cloud}, ${named(one.keys)} keys: CPU ÷ the bare loop's` },
        ...{ measured: one.ours.cpuMs / one.bare.cpuMs },
        ...AT_MOST(1.5),
      })),
      {
        ...{ what: `aws: peak memory, ${named(large.keys)} ÷ ${named(small.keys)} keys` },
        ...{ measured: large.ours.peakKib / small.ours.peakKib, ...AT_MOST(1.2) },
      },
      {
        ...{
          what: `aws, ${short.latencyMs} ms: wall ÷ ideal`,
          measured: short.ours.wallMs / ideal(short),
          ...AT_MOST(1.2),
        },
      },
    ];
    return { targets, more: [figures([small, large, ...others, short, long]), WHAT_IS_IDEAL, calls] };
  },
};

const AT_MOST = (limit: number): Pick<Target, "limit" | "must" | "unit"> => ({ limit, must: "at most", unit: "×" });

const WHAT_IS_IDEAL = [
  "Ideal is whichever is longer of two. On paper: a key needs 3 round trips one after the other (its reads; Encrypt, beside the",
  "vendor's answer; Decrypt) and the fleet 3 before the first key (lists, accessors, roles), so that 64 at once need (3 + 3 × keys ÷",
  "64) × latency. And the bare loop's CPU: what the SDK itself takes for six calls a key is more than 20 ms of latency leave time",
  "for, and no client that uses it on one thread is faster than that. At 200 ms, for comparison, 64 keys are asked about together and",
  "answered together, so that their CPU comes on top of the waiting: for the bare loop as for `validate`.",
].join("\n");

interface Measured {
  readonly cloud: FleetCloud;
  readonly keys: number;
  readonly latencyMs: number;
  readonly ours: Used;
  readonly bare: Used;
}

async function both(cloud: FleetCloud, keys: number, latencyMs: number, runs: number): Promise<Measured> {
  await using fleet = await startFleet(cloud, keys, latencyMs);
  const [ours = [], bare = []] = await interleaved(runs, [fleet.keygrant, fleet.bare]);
  return { cloud, keys, latencyMs, ours: medians(ours), bare: medians(bare) };
}

function medians(all: readonly Used[]): Used {
  const of = (what: keyof Used) => median(all.map((one) => one[what]));
  return { wallMs: of("wallMs"), cpuMs: of("cpuMs"), peakKib: of("peakKib") };
}

function ideal(one: Measured): number {
  return Math.max(onPaper(one), one.bare.cpuMs);
}

function onPaper({ keys, latencyMs }: Measured): number {
  return (ROUND_TRIPS_BEFORE + (ROUND_TRIPS * keys) / AT_ONCE) * latencyMs;
}

/** What each of the two asks for, from the sandbox's own count: a comparison with other calls would say nothing. */
async function countCalls(keys: number): Promise<string> {
  const rows: (readonly [string, string, string])[] = [];
  for (const cloud of ["aws", "gcp", "oci"] as const) {
    const ours = await countsOf(cloud, keys, (fleet) => fleet.keygrant());
    const bare = await countsOf(cloud, keys, (fleet) => fleet.bare());
    deepStrictEqual(bare, ours);
    const calls = Object.entries(ours).toSorted(([a], [b]) => a.localeCompare(b));
    rows.push(...calls.map(([call, times]) => [cloud, call, String(times)] as const));
  }
  return table(["cloud", "call", `times, for ${keys} keys`], rows);
}

async function countsOf(cloud: FleetCloud, keys: number, ask: (fleet: Fleet) => Promise<Used>): Promise<Counts> {
  await using fleet = await startFleet(cloud, keys, 0);
  await ask(fleet);
  return fleet.end();
}

function figures(all: readonly Measured[]): string {
  const heads = [
    "cloud",
    "keys",
    "latency, ms",
    "who",
    "CPU, s",
    "CPU, ms a key",
    "wall, s",
    "on paper, s",
    "peak, MiB",
  ];
  const rows = all.flatMap((one) =>
    (["ours", "bare"] as const).map((who) => {
      const { cpuMs, wallMs, peakKib } = one[who];
      const [cpu, each, wall, paper] = [cpuMs / 1_000, cpuMs / one.keys, wallMs / 1_000, onPaper(one) / 1_000];
      const name = who === "ours" ? "validate" : "the bare loop";
      const numbers = [cpu, each, wall, paper].map((number) => number.toFixed(1));
      return [one.cloud, named(one.keys), one.latencyMs, name, ...numbers, Math.round(peakKib / 1_024)];
    }),
  );
  return table(heads, rows);
}

function named(count: number): string {
  return count.toLocaleString("en-US");
}
