import type { Plugin } from "esbuild";

/**
 * commander can start other programs as its commands. None of ours is one, and what Node needs for it takes a tenth of
 * the start of `keygrant policy`: it is loaded when it is asked for, that is never.
 */
export const onFirstUsePlugin: Plugin = {
  name: "on-first-use",
  setup(setup) {
    setup.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) => {
      return /[\\/]node_modules[\\/]commander[\\/]/.test(importer) ? { path, namespace: "on-first-use" } : undefined;
    });
    setup.onLoad({ filter: /./, namespace: "on-first-use" }, ({ path }) => ({
      contents: `export default { get spawn() { return process.getBuiltinModule(${JSON.stringify(path)}).spawn; } };`,
    }));
  },
};
