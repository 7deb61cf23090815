import type { Command } from "commander";
import { usageError } from "../core/errors.ts";
import { CODES, type CodeEntry, codeEntry, isCode } from "../core/findings.ts";
import { action, type Finish, type Invocation } from "./command.ts";
import { EXIT } from "./exit.ts";
import type { Host } from "./host.ts";
import { type CommonOptions, printing } from "./options.ts";

type Options = Pick<CommonOptions, "output" | "quiet" | "color">;

export function explainCommand(program: Command, host: Host, finish: Finish): void {
  const command = program
    .command("explain")
    .summary("what a finding means, how it is found, how to fix it")
    .description("Explains one code, or lists all of them in their order of importance.")
    .argument("[code]", "a finding's code, such as grant.missing");
  action<Options>(printing(command), host, finish, run);
}

async function run({ args, printer }: Invocation<Options>): Promise<number> {
  const [code] = args;
  if (code === undefined) {
    if (printer.json) printer.document({ schemaVersion: 1, codes: CODES });
    else
      printer.data(
        CODES.map((entry) => `${entry.code.padEnd(30)} ${entry.outcome.padEnd(8)} ${entry.means}`).join("\n"),
      );
    return EXIT.ok;
  }
  if (!isCode(code)) {
    const near = CODES.filter((entry) => isNear(code, entry.code));
    const hint = near.length === 0 ? "" : ` Did you mean ${near.map((entry) => entry.code).join(", ")}?`;
    throw usageError(
      "usage.code",
      `There is no code "${code.slice(0, 60)}".${hint}`,
      "`keygrant explain` lists all codes.",
    );
  }
  const entry = codeEntry(code);
  if (printer.json) printer.document({ schemaVersion: 1, ...entry });
  else printer.data(text(entry));
  return EXIT.ok;
}

/** A part of the code, the code with more around it, or a slip of two letters at most. */
function isNear(word: string, code: string): boolean {
  const [, name = code] = code.split(".");
  return code.includes(word) || word.includes(name) || distance(word, code) <= 2;
}

/** How many letters to add, drop or change to make one word of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a.slice(0, 60)].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function text(entry: CodeEntry): string {
  return [
    entry.code,
    `  level     ${entry.level ?? "whichever could not be looked at"}`,
    `  outcome   ${entry.outcome}`,
    `  means     ${entry.means}`,
    `  found by  ${entry.found}`,
    `  fix       ${entry.fix}`,
    `  who       ${entry.who}`,
  ].join("\n");
}
