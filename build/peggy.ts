import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import peggy from "peggy";

/** A grammar as an ES module that exports `parse`. Throws Peggy's own error, which says where the grammar is wrong. */
export function compilePeggy(grammar: string, path: string): string {
  return peggy.generate(grammar, { output: "source", format: "es", grammarSource: basename(path) });
}

/** As much of a plugin of Rolldown and of Vite as is needed here. */
export interface PeggyPlugin {
  readonly name: string;
  readonly enforce: "pre";
  readonly load: (id: string) => Promise<{ readonly code: string; readonly moduleType: "js" } | null>;
}

/** Takes `*.peggy` as the parser that it describes: nothing of Peggy is needed at run time. */
export const peggyPlugin: PeggyPlugin = {
  name: "peggy",
  enforce: "pre",
  async load(id) {
    const [path = id] = id.split("?");
    if (!path.endsWith(".peggy")) return null;
    return { code: compilePeggy(await readFile(path, "utf8"), path), moduleType: "js" };
  },
};
