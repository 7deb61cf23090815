import type { Command } from "commander";
import type { Finish } from "./command.ts";
import type { Host } from "./host.ts";
import { policyCommand } from "./policy.ts";

/** Adds a command, with its options and its action, to the program. */
export type AddCommand = (program: Command, host: Host, finish: Finish) => void;

/** Every command by the word that calls it, in the order of `--help`. Only what was asked for is loaded. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  onboard: async () => (await import("./onboard.ts")).onboardCommand,
  validate: async () => (await import("./validate.ts")).validateCommand,
  // It asks nobody, so that its start is all that is felt of it: it is there already.
  policy: async () => policyCommand,
  cmk: async () => (await import("./cmk.ts")).cmkCommand,
  rotate: async () => (await import("./rotate.ts")).rotateCommand,
  revoke: async () => (await import("./revoke.ts")).revokeCommand,
  undo: async () => (await import("./undo.ts")).undoCommand,
  accessors: async () => (await import("./accessors.ts")).accessorsCommand,
  apply: async () => (await import("./apply.ts")).applyCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  explain: async () => (await import("./explain.ts")).explainCommand,
  sandbox: async () => (await import("./sandbox.ts")).sandboxCommand,
  completion: async () => (await import("./completion.ts")).completionCommand,
};

/** Commands that work with the others: one runs what a plan says, the other says what there is. */
const WITH_ALL: ReadonlySet<string> = new Set(["apply", "completion"]);

/** The command that the first words name; all of them when they name none, for `--help` and for what is not known. */
export function commandsFor([first = "", second = ""]: readonly string[]): Promise<readonly AddCommand[]> {
  const name = first === "help" ? second : first;
  const isOne = Object.hasOwn(COMMANDS, name) && !WITH_ALL.has(name);
  const loads = Object.entries(COMMANDS).filter(([known]) => !isOne || known === name);
  return Promise.all(loads.map(([, load]) => load()));
}
