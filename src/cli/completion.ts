import { access } from "node:fs/promises";
import { Argument, type Command } from "commander";
import { action, type Finish, type Invocation } from "./command.ts";
import { bashScript } from "./completion/bash.ts";
import { fishScript } from "./completion/fish.ts";
import { type Node, nodesOf, STATE_WORDS, type StateWord } from "./completion/tree.ts";
import { zshScript } from "./completion/zsh.ts";
import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";
import { talking } from "./options.ts";

interface Options {
  readonly quiet: boolean;
  readonly color: boolean;
}

const SCRIPTS: Readonly<Record<string, (nodes: readonly Node[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const HOW = `
Put it where your shell reads it:
  bash  echo 'source <(keygrant completion bash)' >> ~/.bashrc
  zsh   echo 'source <(keygrant completion zsh)' >> ~/.zshrc   (after compinit)
  fish  keygrant completion fish > ~/.config/fish/completions/keygrant.fish`;

export function completionCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("completion")
    .summary("what a shell needs to complete commands and options")
    .description(
      "Prints a script for a shell: commands, options and their words, and, from what this machine remembers, projects " +
        "and CMK ids. Nobody is asked over the network.",
    )
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", HOW);
  action<Options>(talking(command), host, finish, async ({ args: [shell = ""], printer }) => {
    const script = SCRIPTS[shell]?.(nodesOf(program)) ?? "";
    printer.data(script.trimEnd());
    return EXIT.ok;
  });
  const hidden = program
    .command("__complete", { hidden: true })
    .description("Lists, for the scripts of `keygrant completion`, what this machine remembers.")
    .addArgument(new Argument("<what>", "which names").choices(STATE_WORDS));
  action<Options>(talking(hidden), host, finish, list);
}

async function list({ host, args: [what], printer }: Invocation<Options>): Promise<number> {
  const words = await remembered(host, what as StateWord);
  // What would be two words to a shell, or move its cursor, is no help.
  const plain = [...new Set(words)].filter((word) => /^[^\s\p{C}]+$/u.test(word)).toSorted();
  if (plain.length > 0) printer.data(plain.join("\n"));
  return EXIT.ok;
}

/** In the own state alone, and only what is already there: whoever presses a key wants no database made. */
async function remembered(host: Host, what: StateWord): Promise<readonly string[]> {
  const { stateFolder } = await import("../state/files.ts");
  const { rememberedProjects } = await import("../state/memory.ts");
  const folder = stateFolder(host.env, host.home);
  if (what === "projects") return rememberedProjects(folder);
  const { defaultStoreAddress, openStore } = await import("../state/store.ts");
  const address = defaultStoreAddress(folder);
  if (address.kind !== "sqlite" || !(await exists(address.path))) return [];
  const store = await openStore(address, host);
  try {
    const ids: string[] = [];
    for await (const { memory } of store.all()) if (memory.report.cmkId !== null) ids.push(memory.report.cmkId);
    return ids;
  } finally {
    await store.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
