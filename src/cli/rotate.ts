import type { Command } from "commander";
import { usageError } from "../core/errors.ts";
import type { KeyRef } from "../core/model.ts";
import type { Proposal } from "../core/proposal.ts";
import { type RotateDeps, type RotateOptions, rotate } from "../core/rotate/rotate.ts";
import type { FieldValues } from "../core/trust.ts";
import type { Config } from "../io/config.ts";
import { rotateText } from "../report/rotate.ts";
import { type ApprovingOptions, approve, approving, onlyPlans, planWords } from "./approve.ts";
import { action, type Finish, type Invocation } from "./command.ts";
import { forWriting, loadConfig, pinsFor } from "./configured.ts";
import { exitOfRotate } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type AssessingOptions,
  assessing,
  assessOptions,
  type CommonOptions,
  type ConfigOptions,
  common,
  configuring,
  duration,
  fieldValue,
  type GrantingOptions,
  granting,
  positiveInteger,
  several,
} from "./options.ts";
import { givenKey, openSession, projectsOf, type Session } from "./session.ts";
import { talker } from "./talk.ts";

interface Options extends CommonOptions, ConfigOptions, ApprovingOptions, AssessingOptions, GrantingOptions {
  readonly project: readonly string[];
  readonly acceptAccessor: FieldValues;
  readonly pruneOrphans: boolean;
  readonly settleReads: number;
  readonly parallel: number;
  /** Milliseconds. */
  readonly serviceTimeout: number;
}

export function rotateCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("rotate")
    .summary("new key in, services moved, old key out")
    .description(
      "Onboards the new key, takes over the default, moves each service, and deregisters the old key once nobody is on it.\n" +
        "Shows the whole plan first. The old grant stays: old backups may need it. Safe to stop and to run again.",
    )
    .argument("<old>", "the old key: a CMK id or a key reference")
    .argument("<new>", "the new key: a CMK id or a key reference")
    .option("-p, --project <name>", "the vendor's project (default: AIVEN_PROJECT)", several, [])
    .option("--parallel <n>", "services that are moved at once", positiveInteger, 1)
    .option(
      "--service-timeout <duration>",
      "how long a service may take to settle on the new key (default: 30m)",
      duration,
    )
    .option(
      "--accept-accessor <name=value>",
      "you confirmed this new principal with the vendor; repeatable",
      fieldValue,
      {},
    )
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

const SERVICE_TIMEOUT_MS = 1_800_000;

async function run(invocation: Invocation<Options>, session: Session, config: Config): Promise<number> {
  const { args, options, printer, host } = invocation;
  const [old, next] = args.map((text) => givenKey(text, options, session));
  const [project, ...others] = projectsOf(options.project, session);
  if (old === undefined || next === undefined || project === undefined || others.length > 0) {
    throw usageError("usage.project", "rotate works on one project at a time.", "Run it once for each project.");
  }
  const vendor = await session.openVendor();
  for (const note of session.notes) printer.note(note);
  const talk = talker(printer);
  const openFor = async (key: KeyRef) => ({
    cloud: await session.openCloud(key),
    policy: session.policyFor(key.cloud),
    expectAccessor: pinsFor(options, config, { project, key }),
  });
  const deps: RotateDeps = {
    vendor,
    parseResource: (registration) => session.parseResource(registration),
    memory: session.memory,
    clock: host.clock,
    jitter: host.jitter,
    signal: session.signal,
    steps: talk,
    progress: (service, what) => printer.note(`${service}: ${what}`),
    approve(proposal) {
      talk.quiet();
      return approve(proposal, wordsOf(proposal, args, options), invocation);
    },
  };
  const asked: RotateOptions = {
    ...assessOptions(options),
    project,
    default: false,
    dryRun: onlyPlans(options),
    expectAccessor: {},
    acceptAccessor: options.acceptAccessor,
    settleReads: options.settleReads,
    replacePrincipals: [],
    pruneOrphans: options.pruneOrphans,
    parallel: options.parallel,
    serviceTimeoutMs: options.serviceTimeout ?? SERVICE_TIMEOUT_MS,
  };
  const report = await rotate({ old, next }, asked, deps, openFor).finally(talk.quiet);
  if (printer.json) printer.document(report);
  else printer.data(rotateText(report, printer.paint));
  return exitOfRotate(report);
}

/** The plan pins the principals that it was made for. */
function wordsOf({ project, accessors }: Proposal, keys: readonly string[], options: Options): readonly string[] {
  return planWords(keys, {
    project: project ?? "",
    parallel: String(options.parallel),
    role: options.role ?? [],
    scope: options.scope,
    "no-export": !options.export,
    "prune-orphans": options.pruneOrphans,
    "expect-accessor": Object.assign({}, ...accessors.map((one) => one.fields)),
    "accept-accessor": options.acceptAccessor,
    accept: options.accept,
    require: options.require ?? [],
    probe: options.probe,
  });
}
