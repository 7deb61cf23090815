import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { plainText } from "../core/text.ts";

export type Path = readonly PropertyKey[];

/** Something wrong at a place. */
export interface Problem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** A parsed file that still knows where everything stood. */
export interface YamlFile {
  /** Maps are objects without a prototype; what stands empty is undefined. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Where a value stands; where it would stand, when it is missing. */
  problemAt(path: Path, text: string): Problem;
  /** Where a key stands. */
  problemAtKey(path: Path, text: string): Problem;
  /** What stands there. */
  found(path: Path): FoundValue;
}

export interface FoundValue {
  /** Null: nothing that is a single value. */
  readonly is: "text" | "other" | null;
  readonly noun: string;
}

/** Reads YAML 1.2 in the plain form that a configuration needs: no anchors, no aliases, no tags, keys once and as text. */
export function parseYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    // Pretty errors show lines of the file, and a line may hold what nobody should see.
    prettyErrors: false,
    stringKeys: true,
    // Looked for below: the library compares each key with each other one.
    uniqueKeys: false,
    logLevel: "error",
  });
  const place = (offset: number, what: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, text: what };
  };
  const problems = document.errors.map((error) => place(error.pos[0], WORDS[error.code] ?? "this is not YAML"));
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== "1.2") {
    problems.push(place(0, "found another version of YAML, expected 1.2"));
  }
  const refuse = (node: Node, what: string) => problems.push(place(startOf(node), what));
  const value = problems.length > 0 ? undefined : plain(document.contents, refuse);
  const lookup = (path: Path) => find(document, path);
  return {
    value,
    problems,
    problemAt(path, what) {
      const { key, value: at, parent } = lookup(path);
      return place(startOf(at ?? key ?? parent), what);
    },
    problemAtKey(path, what) {
      const { key, value: at, parent } = lookup(path);
      return place(startOf(key ?? at ?? parent), what);
    },
    found: (path) => described(lookup(path).value),
  };
}

/** The library's own words name tokens, and repeat what stands in the file: a secret, perhaps. */
const WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "found a second document, expected one",
  NON_STRING_KEY: "found a key that is no text",
  TAB_AS_INDENT: "found a tab as indentation, expected spaces",
  BAD_INDENT: "found an indentation that does not fit its surroundings, or a bracket that is not closed",
  MISSING_CHAR: "found no end: a quote, a bracket or a colon is missing",
  BLOCK_AS_IMPLICIT_KEY: "found a second value on one line; a text with a colon in it needs quotes",
  BAD_SCALAR_START: "found a character that no text begins with, unless it is in quotes",
  BAD_DQ_ESCAPE: "found an escape that YAML does not know; in single quotes a backslash is itself",
  BAD_ALIAS: "found an alias, expected the value itself",
};

/** Deeper than any configuration, and far from where recursion ends. */
const MAX_DEPTH = 16;

function plain(node: unknown, refuse: (node: Node, what: string) => void, depth = 0): unknown {
  if (!isNode(node)) return undefined;
  if (isAlias(node)) return void refuse(node, "found an alias, expected the value itself");
  if (node.anchor !== undefined) refuse(node, "found an anchor, expected the value alone: aliases are not taken");
  if (node.tag !== undefined) return void refuse(node, "found a tag, expected the value alone");
  if (depth > MAX_DEPTH) return void refuse(node, "found something nested too deeply");
  if (isScalar(node)) return node.value ?? undefined;
  if (isSeq(node)) return node.items.map((item) => plain(item, refuse, depth + 1));
  if (!isMap(node)) return undefined;
  // Without a prototype, no key means anything but itself.
  const map: Record<string, unknown> = Object.create(null);
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue;
    if (key.anchor !== undefined || key.tag !== undefined)
      refuse(key, "found an anchor or a tag, expected the key alone");
    if (key.value === "__proto__") refuse(key, "found __proto__, which cannot be a name");
    else if (Object.hasOwn(map, String(key.value)))
      refuse(key, "found a key for the second time, expected each one once");
    else map[String(key.value)] = plain(value, refuse, depth + 1);
  }
  return map;
}

interface Found {
  readonly key: Node | null;
  readonly value: Node | null;
  /** The innermost thing on the way that is there. */
  readonly parent: Node | null;
}

function find(document: Document, path: Path): Found {
  let value: Node | null = isNode(document.contents) ? document.contents : null;
  let key: Node | null = null;
  let parent: Node | null = value;
  for (const part of path) {
    const at: Node | null = value;
    [key, value] = [null, null];
    if (isMap(at)) {
      const pair = at.items.find((one) => isScalar(one.key) && String(one.key.value) === part);
      key = isNode(pair?.key) ? pair.key : null;
      value = isNode(pair?.value) ? pair.value : null;
    } else if (isSeq(at)) {
      const item = at.items[Number(part)];
      value = isNode(item) ? item : null;
    }
    if (key === null && value === null) return { key, value, parent };
    parent = value ?? key;
  }
  return { key, value, parent };
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}

function described(node: Node | null): FoundValue {
  if (isMap(node)) return { is: null, noun: "names with values" };
  if (isSeq(node)) return { is: null, noun: "a list" };
  if (!isScalar(node) || node.value === null) return { is: null, noun: "nothing" };
  const { value, source } = node;
  if (typeof value === "string") return { is: "text", noun: `"${plainText(value, 80)}"` };
  return { is: "other", noun: typeof value === "number" ? `the number ${source ?? value}` : String(value) };
}
