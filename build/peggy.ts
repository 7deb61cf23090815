import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Plugin as EsbuildPlugin } from "esbuild";
import peggy from "peggy";

/** A grammar as an ES module that exports `parse`. Throws Peggy's own error, which says where the grammar is wrong. */
export function compilePeggy(grammar: string, path: string): string {
  return peggy.generate(grammar, { output: "source", format: "es", grammarSource: basename(path) });
}

/** Bundles `*.peggy` as the parser that it describes: nothing of Peggy is needed at run time. */
export const peggyPlugin: EsbuildPlugin = {
  name: "peggy",
  setup(setup) {
    setup.onLoad({ filter: /\.peggy$/ }, async ({ path }) => ({
      contents: compilePeggy(await readFile(path, "utf8"), path),
      loader: "js",
    }));
  },
};

/** As much of a Vite plugin as is needed here. */
export interface PeggyVitePlugin {
  readonly name: string;
  readonly enforce: "pre";
  readonly load: (id: string) => Promise<string | null>;
}

/** The same for Vitest. */
export const peggyVite: PeggyVitePlugin = {
  name: "peggy",
  enforce: "pre",
  async load(id) {
    const [path = id] = id.split("?");
    return path.endsWith(".peggy") ? compilePeggy(await readFile(path, "utf8"), path) : null;
  },
};
