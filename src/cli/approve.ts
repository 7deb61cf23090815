import { type Command, Option } from "commander";
import { usageError } from "../core/errors.ts";
import { isEmpty, type Proposal, refuseUnreviewed, reviewable } from "../core/proposal.ts";
import { proposalText } from "../report/proposal.ts";
import type { Invocation } from "./command.ts";
import type { Host } from "./host.ts";

export interface ApprovingOptions {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly planOut?: string;
  /** A plan that was reviewed: agreed to is what stands in it, and nothing else. Set by `keygrant apply`. */
  readonly reviewed?: string;
}

/** The options of commands that plan before they write. */
export function approving(command: Command): Command {
  return command
    .option("-y, --yes", "agree to the plan (what is refused for safety stays refused)", false)
    .option("--dry-run", "stop after the plan", false)
    .option("--plan-out <file>", "write the plan down for a reviewer and stop; `keygrant apply <file>` does it")
    .addOption(new Option("--reviewed <file>").hideHelp());
}

/** Whether the command stops once it has planned. */
export function onlyPlans({ dryRun, planOut }: ApprovingOptions): boolean {
  return dryRun || planOut !== undefined;
}

/**
 * Shows what is about to be changed, and finds out whether that is agreed to: by a reviewed plan, by `--yes`, or by a
 * person at a terminal. `words` repeat the command: what is to be done, never how anything is reached, and no secret.
 */
export async function approve<Options extends ApprovingOptions>(
  proposal: Proposal,
  words: readonly string[],
  { host, options, printer }: Invocation<Options>,
): Promise<boolean> {
  if (options.reviewed !== undefined) {
    const { readPlanFile } = await import("../io/plan-file.ts");
    refuseUnreviewed((await readPlanFile(options.reviewed)).plan, proposal);
  }
  const isNothing = isEmpty(proposal);
  const text = isNothing ? "" : await proposalText(proposal, printer.paint);
  if (!isNothing && !printer.json) printer.data(`\n${text}`);
  if (options.planOut !== undefined) {
    await writePlan(options.planOut, words, proposal, host.clock.now());
    printer.note(
      `The plan is in ${options.planOut}. \`keygrant apply ${options.planOut}\` does what it says, or refuses.`,
    );
  }
  if (isNothing || options.reviewed !== undefined || onlyPlans(options)) return true;
  if (printer.json && !options.yes && hasTerminal(host)) printer.note(text);
  return askWhether("Write this?", { host, options });
}

/** A question that `--yes` answers, and else a person at a terminal. Throws a usage error where there is none. */
export async function askWhether(
  message: string,
  { host, options }: { readonly host: Host; readonly options: { readonly yes?: boolean } },
): Promise<boolean> {
  if (options.yes === true) return true;
  if (!hasTerminal(host)) {
    throw usageError(
      "usage.no-terminal",
      `There is no terminal to ask: ${message}`,
      "Pass --yes to agree. Where a command has --dry-run, it shows the plan only.",
    );
  }
  const { confirm, isCancel } = await import("@clack/prompts");
  const { stdin: input, stderr: output, interrupted: signal } = host;
  const answer = await confirm({ message, initialValue: false, input, output, signal });
  return !isCancel(answer) && answer;
}

export function hasTerminal({ stdin, stderr }: Host): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/**
 * What a plan may say: what is to be done. Never an address, a file, a role to become, or anything else that says how
 * clouds and vendor are reached: whoever applies a plan says that.
 */
export const PLAN_OPTIONS: ReadonlySet<string> = new Set([
  ...["project", "default", "role", "scope", "no-export", "replace-principal", "prune-orphans"],
  ...["expect-accessor", "accept-accessor", "accept", "require", "probe", "parallel"],
  ...["force", "yes-i-understand", "backups-expired"],
]);

/** Options with values as a plan says them; what is empty or false is left out. */
export function planWords(
  keys: readonly string[],
  options: Readonly<Record<string, string | boolean | readonly string[] | Readonly<Record<string, string>>>>,
): readonly string[] {
  const words = Object.entries(options).flatMap(([name, value]): readonly string[] => {
    if (!PLAN_OPTIONS.has(name)) throw new TypeError(`a plan may not say --${name}`);
    if (typeof value === "boolean") return value ? [`--${name}`] : [];
    if (typeof value === "string") return [`--${name}=${value}`];
    const values = Array.isArray(value) ? value : Object.entries(value).map((pair) => pair.join("="));
    return values.map((one) => `--${name}=${one}`);
  });
  return [...keys, ...words];
}

async function writePlan(path: string, words: readonly string[], proposal: Proposal, now: Date): Promise<void> {
  const [{ planFileSchema }, { writeFile }] = await Promise.all([
    import("../io/plan-file.ts"),
    import("node:fs/promises"),
  ]);
  const file = planFileSchema.parse({
    schemaVersion: 1,
    kind: "keygrant-plan",
    madeAt: now.toISOString(),
    words,
    plan: reviewable(proposal),
  });
  try {
    // Never over a plan that somebody may be reviewing.
    await writeFile(path, `${JSON.stringify(file, null, 2)}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw usageError(
      "usage.plan-file",
      isThere ? `The file ${path} is there already.` : `The plan cannot be written to ${path}.`,
      isThere ? "Name another file with --plan-out, or move that one away." : "Check the folder and its rights.",
      error,
    );
  }
}
