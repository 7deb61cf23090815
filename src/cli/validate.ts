import { type Command, Option } from "commander";
import { createPace } from "../core/pace.ts";
import { type GivenKey, validate } from "../core/validate.ts";
import { policyOf } from "../io/policies.ts";
import { validateText } from "../report/text.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { exitOfValidate } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type AssessingOptions,
  assessing,
  assessOptions,
  type CommonOptions,
  common,
  duration,
  positiveInteger,
  several,
} from "./options.ts";
import { projectsOf, type Session } from "./session.ts";

interface Options extends CommonOptions, AssessingOptions {
  readonly project: readonly string[];
  readonly askVendor: boolean;
  readonly confirm: number;
  /** Milliseconds. */
  readonly maxStale: number;
  /** Milliseconds; undefined: with every look. */
  readonly probeEvery?: number;
}

/** How many keys are looked at at once: in one quota domain, and over all. */
const AT_ONCE = { perDomain: 8, overall: 64 };
const DAY_MS = 86_400_000;
const CMK_ID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function validateCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("validate")
    .summary("say of each key whether the vendor can use it, and why not")
    .description(
      "Looks at the given keys or CMK ids, or at every key registered in the projects. Never says INVALID because\n" +
        "somebody could not be asked: that is undetermined, exit code 12.",
    )
    .argument("[key...]", "key references or CMK ids")
    .option("-p, --project <name>", "the vendor's project; repeatable (default: AIVEN_PROJECT)", several, [])
    .option("--ask-vendor", "have the vendor use each key now (it shows in the keys' audit log)", false)
    .option("--confirm <n>", "conclusive failures in a row that make an alarm", positiveInteger, 2)
    .addOption(
      new Option("--max-stale <duration>", "how long the last conclusion counts")
        .argParser(duration)
        .default(DAY_MS, "24h"),
    )
    .option("--probe-every <duration>", "make a round trip only this often (default: with every look)", duration);
  assessing(common(command), "auto");
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
  const report = await validate(
    given,
    {
      ...assessOptions(options),
      projects,
      askVendor: options.askVendor,
      expectAccessor: options.expectAccessor,
      confirm: options.confirm,
      maxStaleMs: options.maxStale,
      probeEveryMs: options.probeEvery ?? null,
      shard: null,
    },
    {
      vendor,
      memory: session.memory,
      clock: host.clock,
      openCloud: (key) => session.openCloud(key),
      policyFor: (key) => policyOf(options.vendor, key.cloud),
      parseResource: (registration) => session.parseResource(registration),
      pace: createPace({ clock: host.clock, ...AT_ONCE, keysPerSecond: () => null }),
      jitter: host.jitter,
      store: null,
      messagesFor: () => [],
      signal: session.signal,
    },
  );
  if (printer.json) printer.document(report);
  else if (report.keys.length + report.unlisted.length > 0) printer.data(validateText(report, printer.paint));
  if (report.keys.length === 0 && report.unlisted.length === 0) {
    printer.note(`No key is registered in ${projects.join(", ")}: there is nothing to validate.`);
  }
  return exitOfValidate(report);
}
