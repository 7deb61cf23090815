import fc from "fast-check";
import { HOSTILE } from "../hostile.ts";

/** What somebody may put where a text, a document or a file is expected, to do harm to whoever reads it. */

const MEGABYTE = 1024 * 1024;
const DEEP = 10_000;
export const EVIL =
  "::stop-commands::one\n\u001b[2J\u009b31m\u202e at evil (file.js:1:1)\r\n\u0007\u2066two\u0000 \ud800 %{y}";

/** Values in place of any other, each wrong in its own way. */
export const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  "",
  EVIL,
  "x".repeat(MEGABYTE),
  `${"a".repeat(50_000)}!`,
  "*".repeat(5_000),
  "*a".repeat(5_000),
  [],
  {},
  Array(10_000).fill("entry"),
  Array(10_000).fill({}),
  Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`key${at}`, at])),
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
  JSON.parse(nested("[", "]", 3_000)),
  JSON.parse(nested('{"a":', "}", 3_000, "1")),
];

export function nested(open: string, close: string, depth = DEEP, core = ""): string {
  return open.repeat(depth) + core + close.repeat(depth);
}

/** Files that are none of what was expected, whatever that was. */
export const FILES: readonly (readonly [string, string | Uint8Array])[] = [
  ["nothing", ""],
  ["a NUL", "\u0000"],
  ["null", "null"],
  ["a list", "[]"],
  ["an object", "{}"],
  ["an object behind a byte order mark", "\ufeff{}"],
  ["bytes", new Uint8Array([0xff, 0xfe, 0x00, 0xd8, 0x80])],
  ["a list without an end", "[".repeat(DEEP)],
  ["lists in lists", nested("[", "]")],
  ["objects in objects", nested('{"a":', "}", DEEP, "1")],
  ["a megabyte of text", JSON.stringify("x".repeat(MEGABYTE))],
  ["a megabyte of nothing", " ".repeat(MEGABYTE)],
  ["two megabytes of lines", "\n".repeat(2 * MEGABYTE)],
  ["an endless number", `1${"0".repeat(100_000)}`],
  ["prototypes", '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'],
  ["half a character", '{"a": "\\ud800", "\\udc00": 1}'],
  ["escapes", `{"a": ${EVIL}`],
  ["escapes in a text", JSON.stringify({ [EVIL]: EVIL })],
  ["the same key ten thousand times", `{${Array(DEEP).fill('"a": 1').join(",")}}`],
  ["a page", "<!doctype html><script>alert(1)</script>"],
];

export const YAMLS: readonly (readonly [string, string])[] = [
  ["a billion laughs", laughs()],
  ["an alias of itself", "projects: &a\n  - *a\n"],
  ["merge keys", "a: &a {b: 1}\nvendors:\n  <<: *a\n"],
  ["a tag of JavaScript", "projects: !!js/function 'function () { throw 1 }'\n"],
  ["a tag of binary", "projects: !!binary R0lGODlhDAAMAIQAAP\n"],
  ["tabs", "\tprojects:\n\t\t- demo\n"],
  ["a directive", "%YAML 1.1\n---\nprojects: [yes]\n"],
  ["documents", "---\n".repeat(2_000)],
  ["deep lists", `projects: ${nested("[", "]", 5_000)}\n`],
  ["deep maps", `projects: ${nested("{a: ", "}", 5_000, "1")}\n`],
  ["deep blocks", Array.from({ length: 2_000 }, (_, at) => `${" ".repeat(at)}a:\n`).join("")],
  ["dashes", `${"- ".repeat(20_000)}a\n`],
  ["question marks", `${"? ".repeat(20_000)}a\n`],
  ["quotes", `projects: ["${'"'.repeat(50_001)}]\n`],
  ["anchors", Array.from({ length: 5_000 }, (_, at) => `a${at}: &a${at} x\n`).join("")],
  ["wrong keys", Array.from({ length: 10_000 }, (_, at) => `concurrency${at}: x\n`).join("")],
  ["prototypes", "__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n"],
  ["escapes", 'projects: ["\\e[2J\\u202e\\0", "\\x9b31m"]\n'],
];

function laughs(): string {
  const names = [..."abcdefghijklmnop"];
  const lines = names.map((name, at) => {
    const before = names[at - 1];
    return `${name}: &${name} [${Array(9).fill(before === undefined ? "lol" : `*${before}`)}]`;
  });
  return `${lines.join("\n")}\n`;
}

/** The paths to everything in a document, the document itself first. */
export function pathsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, [...path, name]))];
}

/** The document with another value at a place. */
export function replaced(document: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const copy = (Array.isArray(document) ? [...document] : { ...(document as object) }) as Record<string, unknown>;
  copy[name] = replaced(copy[name], rest, value);
  return copy;
}

export interface Broken {
  readonly text: string;
}

/** A document's text with one place in it that somebody chose, and what they chose. */
export function broken(document: unknown): fc.Arbitrary<Broken> {
  const values = fc.oneof(fc.constantFrom(...VALUES), HOSTILE, fc.jsonValue({ maxDepth: 3 }));
  return fc.tuple(fc.constantFrom(...pathsIn(document)), values).map(([path, value]) => {
    const shown = () => `${path.join(".")} is ${JSON.stringify(value).slice(0, 200)}`;
    // A failure says what was broken: the whole of it may be a megabyte, or too deep to print.
    return { text: JSON.stringify(replaced(document, path, value)), [fc.toStringMethod]: shown };
  });
}
