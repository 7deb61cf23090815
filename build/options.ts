import type { Command } from "commander";
import type { Host } from "../src/cli/host.ts";
import { createProgram } from "../src/cli/main.ts";

/** `docs/options.md`: every command that a person sees, from the tree that the program itself is made of. */
export async function optionsPage(): Promise<string> {
  // Nothing of the machine is asked for before a command runs.
  const program = await createProgram({} as Host, () => {});
  const intro = [
    "# Commands and options",
    "",
    "Made from the commands themselves by `npm run docs`. `keygrant <command> --help` says the same, with the exit codes.",
  ];
  return `${[intro.join("\n"), ...sections(program)].join("\n\n")}\n`;
}

function sections(command: Command): readonly string[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== "help");
  const inner = below.flatMap(sections);
  return command.parent === null ? inner : [section(command), ...inner];
}

function section(command: Command): string {
  const help = command.createHelp();
  const usage = help.commandUsage(command);
  const options = help.visibleOptions(command).map((option) => row(option.flags, help.optionDescription(option)));
  const words = help.visibleArguments(command).map((one) => row(help.argumentTerm(one), help.argumentDescription(one)));
  const named = usage.replace(/ \[options\].*$/, "");
  return [
    `## \`${named}\``,
    help.commandDescription(command).replace(/\s*\n\s*/g, " "),
    `\`\`\`\n${usage}\n\`\`\``,
    ...(words.length === 0 ? [] : [table("argument", words)]),
    table("option", options),
  ].join("\n\n");
}

function table(what: string, rows: readonly string[]): string {
  return [`| ${what} | what it says |`, "|---|---|", ...rows].join("\n");
}

function row(name: string, says: string): string {
  return `| ${cell(`\`${name}\``)} | ${cell(says)} |`;
}

/** A `<` would begin a tag, but for one that stands in code. */
function cell(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("|", "\\|");
  return line
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part.replaceAll("<", "&lt;") : part))
    .join("`");
}
