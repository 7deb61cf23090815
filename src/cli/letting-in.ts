import type { Command } from "commander";
import { usageError } from "../core/errors.ts";
import type { OnboardDeps, OnboardOptions } from "../core/onboard.ts";
import type { Proposal } from "../core/proposal.ts";
import type { FieldValues } from "../core/trust.ts";
import type { Config } from "../io/config.ts";
import { type ApprovingOptions, approve, approving, onlyPlans, planWords } from "./approve.ts";
import { type AssessingOptions, assessing, assessOptions } from "./assessing.ts";
import { action, type Finish, type Invocation } from "./command.ts";
import { forWriting, loadConfig } from "./configured.ts";
import type { Host } from "./host.ts";
import {
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
import { type Talk, talker } from "./talk.ts";

/** What every command is told that lets a vendor in to a key: `onboard`, and `rotate` for the new key. */
export interface LettingInOptions
  extends CommonOptions,
    ConfigOptions,
    ApprovingOptions,
    AssessingOptions,
    GrantingOptions {
  readonly project: readonly string[];
  readonly acceptAccessor: FieldValues;
  readonly pruneOrphans: boolean;
  readonly settleReads: number;
}

export function lettingIn(command: Command): Command {
  command
    .option("-p, --project <name>", "the vendor's project (default: AIVEN_PROJECT)", several, [])
    .option(
      "--accept-accessor <name=value>",
      "you confirmed this new principal with the vendor; repeatable",
      fieldValue,
      {},
    )
    .option("--prune-orphans", "take principals that no longer exist out of Allow statements", false)
    .option("--settle-reads <n>", "reads in a row that must agree before a write is believed", positiveInteger, 3);
  return granting(assessing(approving(configuring(common(command))), "required"));
}

/** Runs within a session that has what of a configuration a command takes that writes. */
export function lettingInAction<Options extends LettingInOptions>(
  command: Command,
  host: Host,
  finish: Finish,
  run: (invocation: Invocation<Options>, session: Session, config: Config) => Promise<number>,
): void {
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

export function oneProject({ project }: LettingInOptions, session: Session, why: string): string {
  const [one, ...others] = projectsOf(project, session);
  if (one !== undefined && others.length === 0) return one;
  throw usageError("usage.project", `${why} works on one project at a time.`, "Run it once for each project.");
}

type Deps = Omit<OnboardDeps, "cloud" | "policy">;

/** All that does not depend on the key, and the talk that has to be ended. `words` repeat the command in a plan file. */
export async function lettingInDeps<Options extends LettingInOptions>(
  invocation: Invocation<Options>,
  session: Session,
  words: (proposal: Proposal) => readonly string[],
): Promise<{ readonly deps: Deps; readonly talk: Talk }> {
  const { host, printer } = invocation;
  const vendor = await session.openVendor();
  for (const note of session.notes) printer.note(note);
  const talk = talker(printer);
  const deps: Deps = {
    vendor,
    parseResource: (registration) => session.parseResource(registration),
    memory: await session.openMemory(),
    clock: host.clock,
    jitter: host.jitter,
    signal: session.signal,
    steps: talk,
    approve(proposal) {
      talk.quiet();
      return approve(proposal, words(proposal), invocation);
    },
  };
  return { deps, talk };
}

export function lettingInAsked(options: LettingInOptions, project: string, pins: FieldValues): OnboardOptions {
  return {
    ...assessOptions(options),
    project,
    default: false,
    dryRun: onlyPlans(options),
    expectAccessor: pins,
    acceptAccessor: options.acceptAccessor,
    settleReads: options.settleReads,
    replacePrincipals: [],
    pruneOrphans: options.pruneOrphans,
  };
}

/** The plan pins the principals that it was made for. */
export function lettingInWords(
  { project, accessors }: Proposal,
  keys: readonly string[],
  options: LettingInOptions,
  more: Parameters<typeof planWords>[1],
): readonly string[] {
  return planWords(keys, {
    project: project ?? "",
    ...more,
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
