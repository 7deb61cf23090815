import { isBuiltin } from "node:module";
import type { Plugin } from "rolldown";

/**
 * A part of Node that an ES module imports is loaded as a whole, with all that it exports: `node:fs` brings its
 * promises, these bring readline; `node:http` brings a client for WebSockets, which is three times what Node itself needs
 * to start. So the bundle takes from each part what is used, and nothing else; and our own code and commander, which
 * can also start other programs as its commands, take it only when they call it.
 */
const PARTS: ReadonlySet<string> = new Set([
  "node:child_process",
  "node:events",
  "node:fs",
  "node:fs/promises",
  "node:http",
  "node:os",
  "node:path",
  "node:process",
  "node:stream/consumers",
  "node:timers/promises",
  "node:util",
]);
const LATE = /[\\/]node_modules[\\/]commander[\\/]|[\\/]src[\\/]/;
/** What the bundler adds: how libraries that are CommonJS ask for Node's own parts. */
const RUNTIME = "rolldown/runtime.js";

const LATE_PREFIX = "\0late:";
const PLAIN_PREFIX = "\0plain:";
export const REQUIRE = "\0late-require";

export const onFirstUsePlugin: Plugin = {
  name: "on-first-use",
  resolveId(id, importer, { kind }) {
    if (importer === undefined || kind !== "import-statement" || !isBuiltin(id)) return null;
    if (importer.includes(RUNTIME)) return { id: REQUIRE, moduleSideEffects: false };
    const part = id.startsWith("node:") ? id : `node:${id}`;
    if (!PARTS.has(part)) return null;
    // One for each importer, so that each gets only the names that it uses.
    const prefix = LATE.test(importer) ? LATE_PREFIX : PLAIN_PREFIX;
    return { id: `${prefix}${importer}#${part}`, moduleSideEffects: false };
  },
  async load(id) {
    if (id === REQUIRE) return LATE_REQUIRE;
    const isLate = id.startsWith(LATE_PREFIX);
    if (!isLate && !id.startsWith(PLAIN_PREFIX)) return null;
    return moduleOf(id.slice(id.lastIndexOf("#") + 1), isLate);
  },
};

/** `createRequire` as the bundler's runtime uses it, made when a library asks for something. */
const LATE_REQUIRE = `export const createRequire = (url) => {
  let made;
  return (id) => (made ??= process.getBuiltinModule("node:module").createRequire(url))(id);
};`;

/** A module with the names of a part of Node; those that nobody imports are left out of the bundle. */
async function moduleOf(path: string, isLate: boolean): Promise<string> {
  const part = `process.getBuiltinModule(${JSON.stringify(path)})`;
  const exported = Object.entries((await import(path)) as Readonly<Record<string, unknown>>);
  const lines = exported.flatMap(([name, value]) => {
    if (name === "default" || name === "module.exports") return [];
    // A class may be extended, and a value is not called: these are taken at once.
    const isCalled = isLate && typeof value === "function" && /^[a-z]/.test(name);
    return isCalled
      ? `export const ${name} = (...args) => ${part}.${name}(...args);`
      : `export const ${name} = /* @__PURE__ */ (() => ${part}.${name})();`;
  });
  const whole = isLate ? `new Proxy({}, { get: (_, name) => ${part}[name] })` : `(() => ${part})()`;
  return [...lines, `export default /* @__PURE__ */ ${whole};`].join("\n");
}
