import type { Command } from "commander";
import { usageError } from "../core/errors.ts";
import type { KeyRef } from "../core/model.ts";
import type { Proposal } from "../core/proposal.ts";
import { type RevokeDeps, type RevokeOptions, revoke } from "../core/revoke.ts";
import type { FieldValues } from "../core/trust.ts";
import { revokeText } from "../report/revoke.ts";
import { type ApprovingOptions, approve, approving, askWhether, hasTerminal, onlyPlans, planWords } from "./approve.ts";
import { type Finish, type Invocation, sessionAction } from "./command.ts";
import { exitOfRevoke } from "./exit.ts";
import type { Host } from "./host.ts";
import {
  type CommonOptions,
  common,
  fieldValue,
  type GrantingOptions,
  granting,
  type LocatingOptions,
  locating,
  positiveInteger,
  several,
} from "./options.ts";
import { projectsOf, type Session } from "./session.ts";

/** What a command needs that takes a grant back. */
export interface RevokingOptions extends CommonOptions, ApprovingOptions, LocatingOptions {
  readonly project: readonly string[];
  readonly settleReads: number;
  readonly force: boolean;
  readonly yesIUnderstand?: string;
  readonly backupsExpired: boolean;
}

interface Options extends RevokingOptions, GrantingOptions {
  readonly expectAccessor: FieldValues;
}

export function revokeCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("revoke")
    .summary("take the vendor's grant back, and prove it")
    .description(
      "Takes exactly the vendor's grant out of the key's documents, KMS grants and replicas included, and proves that\n" +
        "nothing else lets the vendor in. Refused while a service depends on the key, or while it is registered.",
    )
    .argument("<key>", "a key reference, such as an AWS key ARN")
    .option("--expect-accessor <name=value>", "refuse any other principal than this; repeatable", fieldValue, {});
  granting(revoking(command));
  sessionAction<Options>(command, host, finish, run);
}

/** The options of commands that take a grant back. */
export function revoking(command: Command): Command {
  command
    .option("-p, --project <name>", "whose key it is, and where to look for uses; repeatable", several, [])
    .option("--backups-expired", "you know that no backup needs the key any more (--yes does not say so)", false)
    .option("--force", "take the key from services that depend on it; needs the key a second time", false)
    .option("--yes-i-understand <key>", "the key a second time, for --force without a terminal")
    .option("--settle-reads <n>", "reads in a row that must agree before a write is believed", positiveInteger, 3);
  return locating(approving(common(command)));
}

async function run(invocation: Invocation<Options>, session: Session): Promise<number> {
  const { args, options, printer } = invocation;
  const key = session.parseKey(args[0] ?? "", options);
  const projects = projectsOf(options.project, session);
  const asked = await revokeOptions(invocation, key, projects);
  const words = (proposal: Proposal) => wordsOf(proposal, projects, options);
  const deps = await revokeDeps(invocation, session, key, words);
  const report = await revoke(key, { ...asked, expectAccessor: options.expectAccessor }, deps);
  if (printer.json) printer.document(report);
  else printer.data(revokeText(report, printer.paint));
  return exitOfRevoke(report);
}

export async function revokeOptions(
  invocation: Invocation<RevokingOptions>,
  key: KeyRef,
  projects: readonly string[],
): Promise<RevokeOptions> {
  const { options } = invocation;
  return {
    projects,
    dryRun: onlyPlans(options),
    settleReads: options.settleReads,
    expectAccessor: {},
    force: options.force && (await isUnderstood(invocation, key)),
    backupsExpired: options.backupsExpired,
  };
}

export async function revokeDeps<Options extends RevokingOptions>(
  invocation: Invocation<Options>,
  session: Session,
  key: KeyRef,
  words: (proposal: Proposal) => readonly string[],
): Promise<RevokeDeps> {
  const [vendor, cloud] = await Promise.all([session.openVendor(), session.openCloud(key)]);
  return {
    vendor,
    cloud,
    policy: session.policyFor(key.cloud),
    parseResource: (registration) => session.parseResource(registration),
    memory: await session.openMemory(),
    clock: invocation.host.clock,
    signal: session.signal,
    backupsExpired: () => askBackups(invocation),
    approve: (proposal) => approve(proposal, words(proposal), invocation),
  };
}

/** Whoever takes a key from services says which one: a name cannot be typed out of habit. */
async function isUnderstood({ args, host, options }: Invocation<RevokingOptions>, key: KeyRef): Promise<boolean> {
  if (onlyPlans(options) && options.yesIUnderstand === undefined) return true;
  const names = new Set([key.id, args[0]]);
  const typed = options.yesIUnderstand ?? (await typeAgain(host, key));
  if (names.has(typed)) return true;
  throw usageError(
    "usage.not-understood",
    "Nothing was written: --force needs the key a second time, and what was given is another.",
    `Pass --yes-i-understand ${key.id}, or type it when you are asked.`,
  );
}

async function typeAgain(host: Host, key: KeyRef): Promise<string> {
  if (!hasTerminal(host)) {
    throw usageError(
      "usage.no-terminal",
      "There is no terminal to type the key again, which --force needs.",
      `Pass --yes-i-understand ${key.id}.`,
    );
  }
  const { text, isCancel } = await import("@clack/prompts");
  const { stdin: input, stderr: output, interrupted: signal } = host;
  const answer = await text({
    message: "Type the key again: whatever depends on it stops working",
    input,
    output,
    signal,
  });
  return isCancel(answer) || answer === undefined ? "" : answer.trim();
}

/** Only a person knows. Agreeing to a plan (`--yes`) does not say that. */
async function askBackups({ host }: Invocation<RevokingOptions>): Promise<boolean> {
  if (!hasTerminal(host)) return false;
  const message = "Backups made under this key may be readable only with it. Have all backups expired?";
  return askWhether(message, { host, options: {} });
}

function wordsOf({ key }: Proposal, projects: readonly string[], options: Options): readonly string[] {
  return planWords([key.id], {
    project: projects,
    role: options.role ?? [],
    scope: options.scope,
    "no-export": !options.export,
    "expect-accessor": options.expectAccessor,
    force: options.force,
    "yes-i-understand": options.yesIUnderstand ?? [],
    "backups-expired": options.backupsExpired,
  });
}
