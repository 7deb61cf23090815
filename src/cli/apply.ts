import type { Command } from "commander";
import { PLANNING_COMMANDS } from "../core/proposal.ts";
import { PLAN_OPTIONS } from "./approve.ts";
import { common, configuring, locating } from "./options.ts";

export function applyCommand(program: Command): void {
  const command = program
    .command("apply")
    .summary("do exactly what a reviewed plan says")
    .description(
      `Does what a plan file says, which ${PLANNING_COMMANDS.join(", ")} write with --plan-out: exactly that, or nothing.\n` +
        "It is refused (exit code 3) when a document, a principal or the key has moved since. Safe to run again.",
    )
    .argument("<file>", "a plan file");
  locating(configuring(common(command)));
  const own: string[] = [];
  for (const { long, name } of command.options.map((option) => ({ long: option.long, name: option.name() }))) {
    command.on(`option:${name}`, (value?: string | null) => own.push(value == null ? `${long}` : `${long}=${value}`));
  }
  // The command of the plan leaves the exit code.
  command.action((path: string) => apply(program, path, own));
}

/**
 * Runs the command of the plan again, which finds out for itself what it would do now and is held to what was
 * reviewed. How clouds and vendor are reached is for whoever applies to say: a plan file never does.
 */
async function apply(program: Command, path: string, own: readonly string[]): Promise<void> {
  const { invalid, readPlanFile } = await import("../io/plan-file.ts");
  const { words, plan } = await readPlanFile(path);
  const stranger = words.find((word) => !isAllowed(word));
  if (stranger !== undefined) throw invalid(`The plan ${path} says ${stranger}, which no plan may say.`);
  const all = [plan.command, ...words, ...own, `--vendor=${plan.vendor}`, `--reviewed=${path}`];
  await program.parseAsync(all, { from: "user" });
}

/** A key, or an option with its value in the same word: what stands behind it cannot be taken for something else. */
function isAllowed(word: string): boolean {
  if (!word.startsWith("-")) return true;
  return PLAN_OPTIONS.has(/^--([a-z-]+)(?:=|$)/.exec(word)?.[1] ?? "");
}
