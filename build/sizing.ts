import type { CloudId } from "../src/core/model.ts";
import { DEFAULT_SHARE, keysPerSecond } from "../src/core/pace.ts";

const BEGIN = "<!-- what the quotas allow -->";
const END = "<!-- end of what the quotas allow -->";
const FLEETS = [1_000, 10_000, 100_000];
const CLOUDS: Readonly<Partial<Record<CloudId, string>>> = {
  aws: "AWS account and region",
  gcp: "Google project",
  oci: "OCI region",
};
/** Keys a second that one process looks at when no quota holds it back: docs/performance.md, `fleet`, rounded down. */
const A_PROCESS = 100;
/** The run that the shards are counted for, in seconds. */
const RUN_S = 15 * 60;

/** `docs/sizing.md`, with its table made from the quotas in `core/pace.ts`. */
export function sizingPage(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/sizing.md has no "${BEGIN}" … "${END}"`);
  const heads = [
    "| keys | domain | keys a second | minutes, all in one domain | domains for 15 minutes | shards for 15 minutes |",
    "|---|---|---|---|---|---|",
  ];
  const rows = Object.entries(CLOUDS).flatMap(([cloud, domain]) => FLEETS.map((keys) => row(cloud, domain, keys)));
  return [before, BEGIN, "\n", [...heads, ...rows].join("\n"), "\n", END, after].join("");
}

function row(cloud: string, domain: string, keys: number): string {
  const rate = keysPerSecond(`${cloud} `, DEFAULT_SHARE);
  const minutes = keys / rate / 60;
  const domains = Math.ceil(keys / (rate * RUN_S));
  // No more than there are domains: a shard looks after whole ones.
  const shards = Math.min(domains, Math.ceil(keys / (A_PROCESS * RUN_S)));
  const cells = [keys.toLocaleString("en-US"), domain, rate.toFixed(2), minutes.toFixed(1), domains, shards];
  return `| ${cells.join(" | ")} |`;
}
