import { rm, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { type OutputChunk, rolldown } from "rolldown";
import { onFirstUsePlugin } from "./first-use.ts";
import { near } from "./near.ts";
import { notices } from "./notices.ts";
import { peggyPlugin } from "./peggy.ts";

/**
 * Bundles `src` into `dist`: a small entry, what most commands need in one file, and a chunk for whatever is imported on
 * first use (each command, each cloud's SDK, the vendor's client, the sandbox). Everything is inlined, so that an
 * installed keygrant brings no other package along.
 */
// Chunks of an earlier build do no harm, so tests, which only bring it up to date, leave them to whoever uses them.
if (process.argv.includes("--clean")) await rm("dist", { recursive: true, force: true });
const bundle = await rolldown({
  input: { main: "src/cli/start.ts", index: "src/index.ts" },
  platform: "node",
  // Libraries that come in both forms are taken as modules: they shrink to what is used.
  resolve: { mainFields: ["module", "main"] },
  transform: {
    target: "node22.19",
    define: {
      // stdout is data: what a library prints goes where talk goes.
      "console.log": "console.error",
      "console.info": "console.error",
      // Libraries that are CommonJS ask where they are.
      __dirname: "import.meta.dirname",
      __filename: "import.meta.filename",
    },
  },
  plugins: [peggyPlugin, onFirstUsePlugin],
  // What nobody imports from the two entries may come or go with the chunks around them.
  preserveEntrySignatures: "allow-extension",
  checks: { eval: false },
});
const { output } = await bundle.write({
  dir: "dist",
  format: "esm",
  chunkFileNames: "chunks/[name]-[hash].js",
  minify: { compress: true, mangle: false, codegen: true },
  comments: { legal: false },
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: near(), debugName: "near" }] },
});

/** The modules of each file that was written: what a test, the notices and the SBOM go by. */
const chunks = output.filter((one): one is OutputChunk => one.type === "chunk");
refuseCircles(chunks);
const modules = Object.fromEntries(
  chunks.map(({ fileName, moduleIds }) => [
    `dist/${fileName}`,
    moduleIds.filter((id) => !id.startsWith("\0")).map((id) => relative(".", id)),
  ]),
);
await writeFile("dist/meta.json", JSON.stringify(modules));
await writeFile("dist/THIRD-PARTY-NOTICES.md", notices(Object.values(modules).flat()));

/**
 * Two files that need each other while they load find something that is not there yet. It happens where the whole of a
 * library is imported on first use and a part of it elsewhere: let a module of ours import the part, and import that.
 */
function refuseCircles(chunks: readonly OutputChunk[]): void {
  const importsOf = new Map(chunks.map(({ fileName, imports }) => [fileName, imports]));
  const sound = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) throw new Error(`these files need each other: ${[...path, file].join(" -> ")}`);
    if (sound.has(file)) return;
    for (const needed of importsOf.get(file) ?? []) visit(needed, [...path, file]);
    sound.add(file);
  };
  for (const file of importsOf.keys()) visit(file, []);
}
