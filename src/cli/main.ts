import { Command, CommanderError, type Option } from "commander";
import { KeygrantError } from "../core/errors.ts";
import { plainText } from "../core/text.ts";
import type { Finish } from "./command.ts";
import { commandsFor } from "./commands.ts";
import { EXIT, exitOfError } from "./exit.ts";
import { type Host, Interrupted } from "./host.ts";
import { VERSION } from "./version.ts";

const EXIT_CODES = `
Exit codes:
  0   all VALID, or the command did what it was asked
  10  at least one key is INVALID
  11  undetermined, and every reason goes away by waiting
  12  undetermined otherwise: somebody could not be asked
  3   refused, nothing was changed
  2   wrong usage or configuration, a missing credential too
  1   a bug in keygrant

New here? \`keygrant onboard --sandbox --yes <key>\` plays it through; \`keygrant sandbox keys\` lists keys to try.`;

/** Arguments in, exit code out. The only place that catches everything. */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  let exitCode: number = EXIT.ok;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = await createProgram(host, finish, argv);
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, { argv, host, help: helpFor(program, argv) });
  }
}

/**
 * The commands that the words may call, all of them when there are none, with their options. Does nothing before it is
 * parsed: the pages and scripts are made from it.
 */
export async function createProgram(host: Host, finish: Finish, argv: readonly string[] = []): Promise<Command> {
  const program = new Command("keygrant")
    .description("Give a SaaS vendor access to your own cloud KMS key, prove that it works, and keep it proven.")
    .version(VERSION)
    .addHelpText("after", EXIT_CODES)
    .configureHelp({ optionDescription: describeOption })
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      // Said below, once, in the form that was asked for.
      outputError: () => {},
    })
    // What stands behind a command's name is for that command.
    .enablePositionalOptions()
    .exitOverride();
  for (const add of await commandsFor(argv)) add(program, host, finish);
  return program;
}

/** The command that explains what was meant, as far as the words name one. */
function helpFor(program: Command, argv: readonly string[]): string {
  const words = [program.name()];
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    command = next;
    words.push(word);
  }
  return [...words, "--help"].join(" ");
}

/** Says a default only where it says something: a flag that is off and an empty list do not. */
function describeOption(option: Option): string {
  const said: unknown = option.defaultValueDescription ?? option.defaultValue;
  const choices = option.argChoices === undefined ? [] : [`one of ${option.argChoices.join(", ")}`];
  const fallback = typeof said === "string" || typeof said === "number" ? [`default: ${said}`] : [];
  const extra = [...choices, ...fallback].join("; ");
  return extra === "" ? option.description : `${option.description} (${extra})`;
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly exitCode: number;
}

interface Asked {
  readonly argv: readonly string[];
  readonly host: Host;
  /** The command that explains what was meant. */
  readonly help: string;
}

function report(error: unknown, asked: Asked): number {
  const { argv, host } = asked;
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const problem = problemOf(error, asked);
  const { code, message, fix } = problem;
  if (wantsJson(argv)) {
    host.stdout.write(`${JSON.stringify({ schemaVersion: 1, error: { code, message, fix } }, null, 2)}\n`);
  } else {
    host.stderr.write(`keygrant: ${wordsOf(problem)} (${code})\n`);
    if (fix !== "") host.stderr.write(`  next: ${plainText(fix, 4_000)}\n`);
  }
  if (argv.includes("--verbose") || argv.includes("-v")) host.stderr.write(`${causes(error)}\n`);
  return problem.exitCode;
}

function problemOf(error: unknown, { host, help }: Asked): Problem {
  const reason: unknown = host.interrupted.aborted ? host.interrupted.reason : error;
  if (reason instanceof Interrupted) {
    const fix = "Run the same command again: what was done is found, and nothing is done twice.";
    return { code: "interrupted", message: `The command was ${reason.message}.`, fix, exitCode: reason.exitCode };
  }
  if (error instanceof KeygrantError) {
    return { code: error.code, message: error.message, fix: error.fix, exitCode: exitOfError(error.kind) };
  }
  if (error instanceof CommanderError) {
    const message = error.code === "commander.help" ? "No command was named." : error.message.replace(/^error: /, "");
    return { code: "usage.arguments", message, fix: `See \`${help}\`.`, exitCode: EXIT.usage };
  }
  const message = error instanceof Error ? error.message : String(error);
  const fix = "Please report it, with what --verbose says. Nothing was said about any key.";
  return { code: "bug", message: `This is a bug in keygrant: ${message}`, fix, exitCode: EXIT.bug };
}

/** A file that a person writes has a line for each thing that is wrong with it; everything else is said in one. */
function wordsOf({ code, message }: Problem): string {
  const lines = code === "config.invalid" || code === "policy.invalid" ? message.split("\n") : [message];
  return lines.map((line) => plainText(line, 4_000)).join("\n  ");
}

function wantsJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    if (word === "--output=json" || word === "-ojson") return true;
    return (word === "--output" || word === "-o") && argv[index + 1] === "json";
  });
}

/** Where it was thrown. The rest of a stack is the message, which may quote from a file, or from somebody's answer. */
function placesIn({ message, stack = "" }: Error): readonly string[] {
  const at = stack.indexOf(message);
  const places = stack.slice(at === -1 ? 0 : at + message.length).split("\n");
  return places
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, 5)
    .map((line) => `    ${plainText(line, 300)}`);
}

/** The error and what caused it, outermost first. */
function causes(error: unknown): string {
  const lines: string[] = [];
  for (let one = error; one instanceof Error && lines.length < 10; one = one.cause) {
    lines.push(plainText(`${one.name}: ${one.message}`, 1_000));
    if (!(one instanceof KeygrantError)) lines.push(...placesIn(one));
  }
  return lines.map((line) => `  ${line}`).join("\n");
}
