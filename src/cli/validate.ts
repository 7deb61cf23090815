import { type Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { CLOUD_IDS } from "../clouds/index.ts";
import { createPace, keysPerSecond } from "../core/pace.ts";
import { type GivenKey, type ValidateOptions, validateEach } from "../core/validate.ts";
import { policyOf } from "../io/policies.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { exitOfTally } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type AssessingOptions,
  asking,
  assessing,
  assessOptions,
  type CommonOptions,
  duration,
  positiveInteger,
  type ShardChoice,
  several,
  shard,
  share,
  talking,
} from "./options.ts";
import { type OutputChoice, openOutputs, outputChoice } from "./outputs.ts";
import { projectsOf, type Session } from "./session.ts";

interface Options extends Omit<CommonOptions, "output">, AssessingOptions {
  readonly project: readonly string[];
  readonly output?: readonly OutputChoice[];
  readonly askVendor: boolean;
  readonly confirm: number;
  /** Milliseconds, like every duration here. */
  readonly maxStale: number;
  readonly warnBefore: number;
  /** Undefined: with every look. */
  readonly probeEvery?: number;
  /** A fraction above 0, up to 1. */
  readonly maxShare: number;
  readonly shard?: ShardChoice;
  /** An address; false with `--no-state`. */
  readonly state?: string | false;
}

/** How many keys are looked at at once: in one quota domain, and over all. */
const AT_ONCE = { perDomain: 8, overall: 64 };
const DAY_MS = 86_400_000;
const CMK_ID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const TO_STDOUT: readonly OutputChoice[] = [{ format: "text", to: null }];

export function validateCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("validate")
    .summary("say of each key whether the vendor can use it, and why not")
    .description(
      "Looks at the given keys or CMK ids, or at every key registered in the projects. Never says INVALID because\n" +
        "somebody could not be asked: that is undetermined, exit code 12. Remembers what it saw, so that it can say\n" +
        "since when, and what changed.",
    )
    .argument("[key...]", "key references or CMK ids")
    .option("-p, --project <name>", "the vendor's project; repeatable (default: AIVEN_PROJECT)", several, [])
    .option(
      "-o, --output <format[=file]>",
      "text, json, jsonl, junit, sarif, prometheus or html; repeatable with a file (default: text)",
      outputChoice,
    )
    .option("--ask-vendor", "have the vendor use each key now (it shows in the keys' audit log)", false)
    .option("--confirm <n>", "conclusive failures in a row that make an alarm", positiveInteger, 2)
    .addOption(
      new Option("--max-stale <duration>", "how long the last conclusion counts")
        .argParser(duration)
        .default(DAY_MS, "24h"),
    )
    .addOption(
      new Option("--warn-before <duration>", "how long before a date to warn")
        .argParser(duration)
        .default(30 * DAY_MS, "30d"),
    )
    .option("--probe-every <duration>", "make a round trip only this often (default: with every look)", duration)
    .addOption(
      new Option("--max-share <percent>", "the share of each cloud's published quotas to use")
        .argParser(share)
        .default(0.2, "20%"),
    )
    .option(
      "--shard <i/n>",
      "look after this part of all keys only, i from 0 (default: from JOB_COMPLETION_INDEX)",
      shard,
    )
    .option(
      "--state <address>",
      "where to remember: a file, or postgres://… (default: KEYGRANT_STATE, or the state folder)",
    )
    .option("--no-state", "remember nothing, and know nothing of before");
  assessing(asking(talking(command)), "auto");
  sessionAction<Options>(command, host, finish, run);
}

async function run(invocation: Invocation<Options>, session: Session): Promise<number> {
  const { args, options, printer, host } = invocation;
  const given = args.map((text): GivenKey => {
    const isCmkId = CMK_ID.test(text) && options.cloud === undefined;
    return isCmkId ? { kind: "cmk", id: text } : { kind: "ref", ref: session.parseKey(text, options) };
  });
  const projects = projectsOf(options.project, session);
  const vendor = await session.openVendor();
  const store = await session.openStore(options.state);
  const startedAt = host.clock.now().toISOString();
  const outputs = await openOutputs(options.output ?? TO_STDOUT, {
    host,
    paint: printer.paint,
    store,
    run: { startedAt, version: packageJson.version },
  });
  try {
    const end = await validateEach(
      given,
      validateOptions(options, projects, session),
      {
        vendor,
        memory: session.memory,
        clock: host.clock,
        openCloud: (key) => session.openCloud(key),
        policyFor: (key) => policyOf(options.vendor, key.cloud),
        parseResource: (registration) => session.parseResource(registration),
        pace: createPace({
          clock: host.clock,
          ...AT_ONCE,
          keysPerSecond: (domain) => budgetOf(domain, options.maxShare, session),
        }),
        jitter: host.jitter,
        store,
        messagesFor: () => [],
        signal: session.signal,
      },
      (report) => outputs.key(report),
    );
    const { counts, onlyWaiting } = await outputs.end(end);
    const isEmpty = Object.values(counts).every((count) => count === 0) && end.unlisted.length === 0;
    if (isEmpty) printer.note(`No key is registered in ${projects.join(", ")}: there is nothing to validate.`);
    return exitOfTally(counts, onlyWaiting, end.unlisted.length);
  } catch (error) {
    await outputs.abandon();
    throw error;
  }
}

function validateOptions(options: Options, projects: readonly string[], session: Session): ValidateOptions {
  return {
    ...assessOptions(options),
    warnBeforeMs: options.warnBefore,
    projects,
    askVendor: options.askVendor,
    expectAccessor: options.expectAccessor,
    confirm: options.confirm,
    maxStaleMs: options.maxStale,
    probeEveryMs: options.probeEvery ?? null,
    shard: options.shard ?? shardOfJob(session.environment.env),
  };
}

/** Keys a second in a quota domain; null where there is nobody to share with. */
function budgetOf(domain: string, maxShare: number, session: Session): number | null {
  const cloud = CLOUD_IDS.find((id) => domain.startsWith(`${id} `));
  return cloud === undefined || session.isLocal(cloud) ? null : keysPerSecond(domain, maxShare);
}

/** The shard of an indexed Kubernetes Job: its index, and how many there are; null outside of one. */
function shardOfJob(env: Session["environment"]["env"]): ShardChoice | null {
  const { JOB_COMPLETION_INDEX: index, KEYGRANT_SHARDS: of } = env;
  return index === undefined || of === undefined ? null : shard(`${index}/${of}`);
}
