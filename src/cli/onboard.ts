import type { Command } from "commander";
import { usageError } from "../core/errors.ts";
import { type OnboardDeps, type OnboardOptions, onboard, type Proposal } from "../core/onboard.ts";
import type { StepListener } from "../core/steps.ts";
import type { FieldValues } from "../core/trust.ts";
import { onboardText, proposalText, stepLine } from "../report/text.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { exitOfOnboard } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type AssessingOptions,
  assessing,
  assessOptions,
  type CommonOptions,
  common,
  fieldValue,
  type GrantingOptions,
  granting,
  positiveInteger,
  several,
} from "./options.ts";
import { projectsOf, type Session } from "./session.ts";

interface Options extends CommonOptions, AssessingOptions, GrantingOptions {
  readonly project: readonly string[];
  readonly default: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
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
    .option("-y, --yes", "agree to the plan (what is refused for safety stays refused)", false)
    .option("--dry-run", "stop after the plan", false)
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
  granting(assessing(common(command), "required"));
  sessionAction<Options>(command, host, finish, run);
}

async function run(invocation: Invocation<Options>, session: Session): Promise<number> {
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
  const talk = talker(invocation);
  const deps: OnboardDeps = {
    vendor,
    cloud,
    policy,
    memory: session.memory,
    clock: invocation.host.clock,
    jitter: invocation.host.jitter,
    signal: session.signal,
    steps: talk,
    approve(proposal) {
      talk.quiet();
      return approve(proposal, invocation);
    },
  };
  const asked: OnboardOptions = {
    ...assessOptions(options),
    project,
    default: options.default,
    dryRun: options.dryRun,
    expectAccessor: options.expectAccessor,
    acceptAccessor: options.acceptAccessor,
    settleReads: options.settleReads,
    replacePrincipals: options.replacePrincipal,
    pruneOrphans: options.pruneOrphans,
  };
  const report = await onboard(key, asked, deps).finally(talk.quiet);
  if (printer.json) printer.document(report);
  else printer.data(onboardText(report, printer.paint));
  return exitOfOnboard(report, options.dryRun);
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

async function approve(proposal: Proposal, { host, options, printer }: Invocation<Options>): Promise<boolean> {
  const text = await proposalText(proposal, options.vendor, printer.paint);
  if (!printer.json) printer.data(`\n${text}`);
  if (options.dryRun || options.yes) return true;
  if (host.stdin.isTTY !== true || host.stderr.isTTY !== true) {
    throw usageError(
      "usage.no-terminal",
      "There is no terminal to ask whether you agree to the plan.",
      "Pass --yes to agree, or --dry-run to see the plan only.",
    );
  }
  if (printer.json) printer.note(text);
  const { confirm, isCancel } = await import("@clack/prompts");
  const { stdin: input, stderr: output, interrupted: signal } = host;
  const answer = await confirm({ message: "Write this?", initialValue: false, input, output, signal });
  return !isCancel(answer) && answer;
}
