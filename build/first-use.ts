import type { Plugin } from "esbuild";

/**
 * commander can start other programs as its commands, and measures what it prints. As an ES module each part of Node
 * that it imports for that is loaded as a whole, with all that it exports, which is a third of the start of
 * `keygrant policy`: so they are taken when they are used, if they ever are.
 */
const PARTS: Readonly<Record<string, string>> = {
  "node:child_process":
    'export default { get spawn() { return process.getBuiltinModule("node:child_process").spawn; } };',
  "node:fs": 'export default new Proxy({}, { get: (_, name) => process.getBuiltinModule("node:fs")[name] });',
  "node:process": "export default globalThis.process;",
  "node:util":
    'export const stripVTControlCharacters = (text) => process.getBuiltinModule("node:util").stripVTControlCharacters(text);',
};

export const onFirstUsePlugin: Plugin = {
  name: "on-first-use",
  setup(setup) {
    setup.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      const isCommander = /[\\/]node_modules[\\/]commander[\\/]/.test(importer);
      return isCommander && Object.hasOwn(PARTS, path) ? { path, namespace: "on-first-use" } : undefined;
    });
    setup.onLoad({ filter: /./, namespace: "on-first-use" }, ({ path }) => ({ contents: PARTS[path] ?? "" }));
  },
};
