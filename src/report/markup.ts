import { plainText } from "../core/text.ts";

/** Text that is HTML already. Only `html` makes it, apart from the page's own style and script. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: a string is text, whoever wrote it; nothing else than `Markup` is taken as HTML. */
export type Piece = string | number | Markup | null | readonly Piece[];

/** More than any field of a report has room for: a runaway answer of a cloud must not fill the page. */
const LONGEST = 4_000;

/** Escapes every value, in text and in quoted attributes alike, and takes out what is not to be seen. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  return new Markup(strings.map((string, index) => string + written(values[index] ?? null)).join(""));
}

function written(piece: Piece): string {
  if (piece === null) return "";
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === "number") return String(piece);
  if (typeof piece === "string") return escaped(spaced(piece));
  return piece.map(written).join("");
}

/** On one line; a space at either end stands between this text and what it is put beside. */
function spaced(text: string): string {
  const plain = plainText(text, LONGEST);
  if (plain === "") return /^\s+$/.test(text) ? " " : "";
  return `${/^\s/.test(text) ? " " : ""}${plain}${/\s$/.test(text) ? " " : ""}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (character) => ENTITIES[character] ?? character);
}

/** Our own texts put commands into backticks; a lone one is only a backtick. */
export function prose(text: string): Piece {
  const parts = plainText(text, LONGEST).split(/`([^`]+)`/);
  return parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
}
