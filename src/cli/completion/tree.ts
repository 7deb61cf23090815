import type { Argument, Command, Help, Option } from "commander";
import { CODES } from "../../core/findings.ts";

/** What may stand in a place: one of some words, a file, or something that only the state knows. */
export type Value =
  | { readonly of: "words"; readonly words: readonly string[] }
  | { readonly of: "files" }
  | { readonly of: "state"; readonly what: StateWord }
  | { readonly of: "anything" };

/** What `keygrant __complete` can list, from the files of this machine alone. */
export const STATE_WORDS = ["projects", "cmks"] as const;
export type StateWord = (typeof STATE_WORDS)[number];

export interface Flag {
  /** `--output`, `-o`. */
  readonly names: readonly string[];
  readonly says: string;
  /** Null for a switch. */
  readonly value: Value | null;
}

export interface Node {
  /** `keygrant sandbox start`. */
  readonly path: string;
  readonly says: string;
  readonly below: readonly { readonly name: string; readonly says: string }[];
  readonly flags: readonly Flag[];
  /** What its arguments may be, whichever of them it is. */
  readonly values: readonly Value[];
}

/** Every command that a person sees, the program itself first. New ones need nothing here. */
export function nodesOf(program: Command): readonly Node[] {
  return nodesBelow(program, program.name());
}

function nodesBelow(command: Command, path: string): readonly Node[] {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== "help");
  const node: Node = {
    path,
    says: help.subcommandDescription(command),
    below: below.map((one) => ({ name: one.name(), says: oneLine(help.subcommandDescription(one)) })),
    flags: help.visibleOptions(command).map((option) => flagOf(option, help)),
    values: command.registeredArguments.map(valueOfArgument),
  };
  return [node, ...below.flatMap((one) => nodesBelow(one, `${path} ${one.name()}`))];
}

function flagOf(option: Option, help: Help): Flag {
  const names = [option.long, option.short].flatMap((name) => (name === undefined || name === null ? [] : [name]));
  const takesValue = option.required || option.optional;
  const says = oneLine(help.optionDescription(option));
  return { names, says, value: takesValue ? valueOfOption(option) : null };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function valueOfOption(option: Option): Value {
  if (option.argChoices !== undefined) return { of: "words", words: option.argChoices };
  if (option.long === "--project") return { of: "state", what: "projects" };
  return valueNamed(/[<[]([^\]>.]+)/.exec(option.flags)?.[1] ?? "");
}

function valueOfArgument(argument: Argument): Value {
  if (argument.argChoices !== undefined) return { of: "words", words: argument.argChoices };
  const name = argument.name().toLowerCase();
  // Only of an argument: `--replace-principal <old>` is no key.
  return KEYS.has(name) ? { of: "state", what: "cmks" } : valueNamed(name);
}

const KEYS: ReadonlySet<string> = new Set(["key", "cmk", "old", "new"]);

/** What is in a place is known by what help calls it: `<code>`, `<file>`, `<key>`. */
function valueNamed(name: string): Value {
  switch (name.toLowerCase()) {
    case "code":
      return { of: "words", words: CODES.map(({ code }) => code) };
    case "phase":
      return { of: "words", words: PHASES };
    case "file":
    case "path":
    case "dir":
    case "folder":
    case "backup":
    case "plan":
      return { of: "files" };
    case "project":
      return { of: "state", what: "projects" };
    case "cmk":
      return { of: "state", what: "cmks" };
    default:
      return { of: "anything" };
  }
}

const PHASES = ["INITIALIZING", "VALID", "INVALID"];
