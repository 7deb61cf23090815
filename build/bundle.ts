import { rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { onFirstUsePlugin } from "./first-use.ts";
import { notices } from "./notices.ts";
import { peggyPlugin } from "./peggy.ts";

/**
 * Bundles `src` into `dist`: a small entry, and a chunk for whatever is imported on first use (each cloud's SDK, the
 * vendor's client, the sandbox). Everything is inlined, so that an installed keygrant brings no other package along.
 */
// Chunks of an earlier build do no harm, so tests, which only bring it up to date, leave them to whoever uses them.
if (process.argv.includes("--clean")) await rm("dist", { recursive: true, force: true });
const result = await build({
  entryPoints: { main: "src/cli/start.ts", index: "src/index.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  // Libraries that come in both forms are taken as modules: they shrink to what is used.
  mainFields: ["module", "main"],
  chunkNames: "chunks/[name]-[hash]",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  metafile: true,
  // stdout is data: what a library prints goes where talk goes.
  define: { "console.log": "console.error", "console.info": "console.error" },
  plugins: [peggyPlugin, onFirstUsePlugin],
  // Libraries that are CommonJS ask for Node's own modules with require, and for where they are.
  banner: {
    js: [
      'import { createRequire as __createRequire } from "node:module";',
      "const require = __createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;",
    ].join("\n"),
  },
  logLevel: "warning",
});

await writeFile("dist/meta.json", JSON.stringify(result.metafile));
await writeFile("dist/THIRD-PARTY-NOTICES.md", notices(Object.keys(result.metafile.inputs)));
