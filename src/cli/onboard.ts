import type { Command } from "commander";
import { usageError } from "../core/errors.ts";
import { type OnboardDeps, type OnboardOptions, onboard } from "../core/onboard.ts";
import type { Proposal } from "../core/proposal.ts";
import type { StepListener } from "../core/steps.ts";
import type { FieldValues } from "../core/trust.ts";
import type { Config } from "../io/config.ts";
import { onboardText, stepLine } from "../report/text.ts";
import { type ApprovingOptions, approve, approving, onlyPlans, planWords } from "./approve.ts";
import { action, type Finish, type Invocation } from "./command.ts";
import { forWriting, loadConfig, pinsFor } from "./configured.ts";
import { exitOfOnboard } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type AssessingOptions,
  assessing,
  assessOptions,
  type CommonOptions,
  type ConfigOptions,
  common,
  configuring,
  fieldValue,
  type GrantingOptions,
  granting,
  positiveInteger,
  several,
} from "./options.ts";
import { openSession, projectsOf, type Session } from "./session.ts";

interface Options extends CommonOptions, ConfigOptions, ApprovingOptions, AssessingOptions, GrantingOptions {
  readonly project: readonly string[];
  readonly default: boolean;
  readonly acceptAccessor: FieldValues;
  readonly replacePrincipal: readonly string[];
  readonly pruneOrphans: boolean;
  readonly settleReads: number;
}

export function onboardCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("onboard")
    .summary("grant, prove and register one key, in seven steps")
    .description(
      'Takes a key from "exists" to "registered and usable", or says exactly what stands in the way.\n' +
        "Shows the plan with a diff before anything is written. Safe to run again: what is done already stays as it is.",
    )
    .argument("<key>", "a key reference, such as an AWS key ARN")
    .option("-p, --project <name>", "the vendor's project (default: AIVEN_PROJECT)", several, [])
    .option("--default", "make the key the project's default for new services", false)
    .option(
      "--accept-accessor <name=value>",
      "you confirmed this new principal with the vendor; repeatable",
      fieldValue,
      {},
    )
    .option("--replace-principal <old>", "take this principal out of our own statement; repeatable", several, [])
    .option("--prune-orphans", "take principals that no longer exist out of Allow statements", false)
    .option("--settle-reads <n>", "reads in a row that must agree before a write is believed", positiveInteger, 3);
  granting(assessing(approving(configuring(common(command))), "required"));
  action<Options>(command, host, finish, async (invocation) => {
    const config = forWriting(await loadConfig(invocation.options, host, invocation.printer));
    const session = await openSession(invocation.options, host, config);
    try {
      return await run(invocation, session, config);
    } finally {
      await session.close();
    }
  });
}

async function run(invocation: Invocation<Options>, session: Session, config: Config): Promise<number> {
  const { args, options, printer } = invocation;
  const key = session.parseKey(args[0] ?? "", options);
  const [project, ...others] = projectsOf(options.project, session);
  if (project === undefined || others.length > 0) {
    throw usageError(
      "usage.project",
      "onboard works on one project at a time.",
      "Run it once for each project: they share the key.",
    );
  }
  const policy = session.policyFor(key.cloud);
  const [vendor, cloud] = await Promise.all([session.openVendor(), session.openCloud(key)]);
  for (const note of session.notes) invocation.printer.note(note);
  const talk = talker(invocation);
  const deps: OnboardDeps = {
    vendor,
    cloud,
    policy,
    parseResource: (registration) => session.parseResource(registration),
    memory: await session.openMemory(),
    clock: invocation.host.clock,
    jitter: invocation.host.jitter,
    signal: session.signal,
    steps: talk,
    approve(proposal) {
      talk.quiet();
      return approve(proposal, wordsOf(proposal, options), invocation);
    },
  };
  const asked: OnboardOptions = {
    ...assessOptions(options),
    project,
    default: options.default,
    dryRun: onlyPlans(options),
    expectAccessor: pinsFor(options, config, { project, key }),
    acceptAccessor: options.acceptAccessor,
    settleReads: options.settleReads,
    replacePrincipals: options.replacePrincipal,
    pruneOrphans: options.pruneOrphans,
  };
  const report = await onboard(key, asked, deps).finally(talk.quiet);
  if (printer.json) printer.document(report);
  else printer.data(onboardText(report, printer.paint));
  return exitOfOnboard(report, onlyPlans(options));
}

interface Talk extends StepListener {
  /** Nothing goes on any more, or a question needs the terminal. */
  quiet(): void;
}

/** In text, each step is data as it ends; on a terminal, what goes on in between is talk. */
function talker({ printer }: Invocation<Options>): Talk {
  let quiet = () => {};
  return {
    quiet: () => quiet(),
    begin(step) {
      quiet();
      quiet = printer.busy(step);
    },
    end(report) {
      quiet();
      if (!printer.json) printer.data(stepLine(report, printer.paint));
    },
  };
}

/** The plan pins the principals that it was made for. */
function wordsOf({ key, project, accessors }: Proposal, options: Options): readonly string[] {
  return planWords(key.id, {
    project: project ?? "",
    default: options.default,
    role: options.role ?? [],
    scope: options.scope,
    "no-export": !options.export,
    "replace-principal": options.replacePrincipal,
    "prune-orphans": options.pruneOrphans,
    "expect-accessor": Object.assign({}, ...accessors.map((one) => one.fields)),
    "accept-accessor": options.acceptAccessor,
    accept: options.accept,
    require: options.require ?? [],
    probe: options.probe,
  });
}
