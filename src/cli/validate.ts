import { type Command, InvalidArgumentError, Option } from "commander";
import { usageError } from "../core/errors.ts";
import { DEFAULT_SHARE } from "../core/pace.ts";
import { type AssessingOptions, assessing } from "./assessing.ts";
import { action, type Finish } from "./command.ts";
import { loadConfig, withConfig } from "./configured.ts";
import type { Host } from "./host.ts";
import {
  asking,
  type CommonOptions,
  type ConfigOptions,
  configuring,
  duration,
  positiveInteger,
  type ShardChoice,
  several,
  shard,
  share,
  talking,
} from "./options.ts";
import { type OutputChoice, outputChoice, reportPage, TO_STDOUT } from "./outputs.ts";
import { runRound } from "./round.ts";
import { type ListenAddress, listenAddress, watch } from "./watch.ts";

export interface ValidateCliOptions extends Omit<CommonOptions, "output">, AssessingOptions, ConfigOptions {
  readonly project: readonly string[];
  readonly output?: readonly OutputChoice[];
  readonly report?: readonly OutputChoice[];
  readonly askVendor: boolean;
  readonly confirm: number;
  /** Milliseconds, like every duration here. */
  readonly maxStale: number;
  readonly warnBefore: number;
  /** Undefined: with every look. */
  readonly probeEvery?: number;
  /** A fraction above 0, up to 1. */
  readonly maxShare: number;
  /** How many keys are looked at at once. */
  readonly concurrency?: number;
  readonly shard?: ShardChoice;
  /** An address; false with `--no-state`. */
  readonly state?: string | false;
  /** Undefined: once. */
  readonly every?: number;
  readonly listen?: ListenAddress;
  readonly coverage: boolean;
}

const DAY_MS = 86_400_000;
const LEAST_INTERVAL_MS = 10_000;
const MOST_INTERVAL_MS = 7 * DAY_MS;

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
    .option(
      "-p, --project <name>",
      "the vendor's project; repeatable (default: the configuration's, or AIVEN_PROJECT)",
      several,
      [],
    )
    .option(
      "-o, --output <format[=file]>",
      "text, json, jsonl, junit, sarif, prometheus or html; repeatable with a file (default: text)",
      outputChoice,
    )
    .option("--report <file>", "the page for people; beside what is printed; repeatable", reportPage)
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
        .default(DEFAULT_SHARE, `${DEFAULT_SHARE * 100}%`),
    )
    .option("--concurrency <n>", "how many keys are looked at at once, at most (default: 64)", positiveInteger)
    .option(
      "--shard <i/n>",
      "look after this part of all keys only, i from 0 (default: from JOB_COMPLETION_INDEX)",
      shard,
    )
    .option(
      "--state <address>",
      "where to remember: a file, or postgres://… (default: the configuration's, KEYGRANT_STATE, or the state folder)",
    )
    .option("--no-state", "remember nothing, and know nothing of before")
    .option("--coverage", "list also which services of the projects no CMK, or an unlisted one, protects", false)
    .option("--every <duration>", "do not end: look again and again, each minute while something is wrong", interval)
    .option(
      "--listen <[host:]port>",
      "with --every: serve /metrics and /healthz there (default host: 127.0.0.1)",
      listenAddress,
    );
  assessing(asking(talking(configuring(command))), "auto");
  action<ValidateCliOptions>(command, host, finish, async (invocation) => {
    const { printer, options: said } = invocation;
    if (said.listen !== undefined && said.every === undefined) {
      throw usageError("usage.listen", "--listen serves a run that goes on, and this one ends.", "Add --every 10m.");
    }
    const config = await loadConfig(said, host, printer);
    const options = withReports(withConfig(said, config, (name) => command.getOptionValueSource(name) === "cli"));
    const round = { ...invocation, options, config };
    return options.every === undefined ? runRound(round) : watch(round, options.every);
  });
}

/** A page for people comes beside whatever else was asked for, and beside the text where nothing was. */
function withReports(options: ValidateCliOptions): ValidateCliOptions {
  const { output = TO_STDOUT, report } = options;
  return report === undefined ? options : { ...options, output: [...output, ...report] };
}

/** No shorter than what a look takes, no longer than a timer of Node's can be. */
function interval(text: string): number {
  const ms = duration(text);
  if (ms < LEAST_INTERVAL_MS || ms > MOST_INTERVAL_MS) throw new InvalidArgumentError("Give from 10s to 7d.");
  return ms;
}
