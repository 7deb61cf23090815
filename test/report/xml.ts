/** A strict reader for the XML that a report may be written in: no doctype, no CDATA, no namespaces. It throws. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const LEGAL = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;
const NAME = "[A-Za-z_][A-Za-z0-9_.-]*";
const PIECE = new RegExp(
  String.raw`<(?<close>/?)(?<name>${NAME})(?<attributes>(?:\s+${NAME}="[^"<]*")*)\s*(?<empty>/?)>|(?<text>[^<]+)`,
  "y",
);

export function parseXml(xml: string): Element {
  if (!LEGAL.test(xml)) throw new Error("a character that XML 1.0 does not know");
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!xml.startsWith(head)) throw new Error("no declaration");
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  PIECE.lastIndex = head.length;
  while (PIECE.lastIndex < xml.length) {
    const at = PIECE.lastIndex;
    const groups = PIECE.exec(xml)?.groups;
    if (groups === undefined) throw new Error(`not well-formed: ${xml.slice(at, at + 80)}`);
    take(open, groups);
  }
  const [document, ...more] = root.children;
  if (open.length !== 1 || document === undefined || more.length > 0 || root.text.trim() !== "") {
    throw new Error("not one document");
  }
  return document;
}

function take(open: Element[], groups: Readonly<Record<string, string | undefined>>): void {
  const parent = open.at(-1);
  if (parent === undefined) throw new Error("closed too often");
  const { name, text } = groups;
  if (name === undefined) {
    parent.text += unescaped(text ?? "");
  } else if (groups["close"] === "/") {
    if (parent.name !== name || groups["attributes"] !== "") throw new Error(`</${name}> closes <${parent.name}>`);
    open.pop();
  } else {
    const element = { name, attributes: attributesOf(groups["attributes"] ?? ""), children: [], text: "" };
    parent.children.push(element);
    if (groups["empty"] !== "/") open.push(element);
  }
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(new RegExp(`(${NAME})="([^"]*)"`, "g"))].map(
    ([, name = "", value = ""]) => [name, unescaped(value.replaceAll(/[\t\n\r]/g, " "))] as const,
  );
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Error("an attribute twice");
  return Object.fromEntries(pairs);
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
  if (text.includes("]]>")) throw new Error("]]> in text");
  return text.replaceAll(/&(?:#(\d+)|([a-z]+));|&/g, (whole, code: string | undefined, name: string | undefined) => {
    const character = code === undefined ? NAMED[name ?? ""] : String.fromCodePoint(Number(code));
    if (character === undefined || !LEGAL.test(character)) throw new Error(`no such reference: ${whole}`);
    return character;
  });
}
