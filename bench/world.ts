import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AivenWorld, newProject } from "../src/sandbox/aiven/world.ts";
import type { AwsWorld } from "../src/sandbox/aws/world.ts";
import { OWNER } from "../src/sandbox/cast.ts";
import { sandboxKeys, startSandbox } from "../src/sandbox/index.ts";
import { fleet } from "../test/cli/fleet.ts";

/**
 * A sandbox with a fleet, in a process of its own: `node bench/world.ts CLOUD KEYS LATENCY_MS ENV_FILE COUNTS_FILE`. The
 * keys are copies of one that the vendor can use, over ten of its projects; those of AWS in twenty accounts with a role
 * each to look at them, those of the others in one key ring or vault. When it is told to end it leaves how often each
 * operation was asked for.
 */
const ACCOUNTS = Array.from({ length: 20 }, (_, index) => String(100_000_000_001 + index));
const PROJECTS = Array.from({ length: 10 }, (_, index) => `fleet-${index}`);
const ROLE = "keygrant-audit";

type Worlds = ReturnType<Awaited<ReturnType<typeof startSandbox>>["world"]>;

const [cloud = "", keys = "", latency = "", envFile = "", countsFile = ""] = process.argv.slice(2);
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
if (cloud === "aws") sandbox.alter((worlds) => overAccounts(worlds, Number(keys)));
else fleet({ sandbox }, Number(keys), [cloud === "gcp" ? "gcp" : "oci"]);
const about = { KEYGRANT_BENCH_PROJECTS: PROJECTS.join(" "), KEYGRANT_BENCH_ROLE: ROLE };
await writeFile(envFile, JSON.stringify({ ...sandbox.env, ...about }));
process.stdout.write("listening\n");
await once(process, "SIGTERM");
await writeFile(countsFile, JSON.stringify(counts));
await sandbox.close();

function overAccounts(worlds: Worlds, count: number): void {
  const aws = worlds["aws"] as AwsWorld;
  const aiven = worlds["aiven"] as AivenWorld;
  const demo = aiven.projects.find((one) => one.name === "demo");
  const granted = sandboxKeys().find((one) => one.cloud === "aws" && one.name === "granted")?.id;
  const model = aws.keys.find((one) => one.arn === granted);
  if (demo === undefined || model === undefined) throw new Error("the sandbox lacks what is to be copied");
  const projects = PROJECTS.map((name) => ({ ...newProject(name), accessors: structuredClone(demo.accessors) }));
  aiven.projects.push(...projects);
  for (const account of ACCOUNTS) {
    aws.accounts.push(account);
    aws.roles.push({ arn: `arn:aws:iam::${account}:role/${ROLE}`, trusts: [OWNER.arn], iam: "everything" });
  }
  for (let number = 0; number < count; number++) {
    const account = ACCOUNTS[number % ACCOUNTS.length] ?? "";
    const id = `33333333-0000-4000-8000-${String(number).padStart(12, "0")}`;
    const arn = `arn:aws:kms:${model.region}:${account}:key/${id}`;
    const policy = model.policy.replaceAll(model.account, account);
    aws.keys.push({ ...structuredClone(model), account, id, arn, policy });
    projects[number % projects.length]?.cmks.push({
      ...{ id: id.replace(/^3+/, "00000000"), provider: "aws", default_cmk: false, resource: arn, status: "current" },
      ...{ created_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-01-01T00:00:00.000Z" },
    });
  }
}
