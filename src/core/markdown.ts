import { plainText } from "./text.ts";

/**
 * Text in a sentence or a table's cell: nothing in it is markup, HTML, or the end of the cell (CommonMark 2.4). Entities
 * where a backslash is no help: in what GitHub links by itself.
 */
export function markdownText(text: string): string {
  return plainText(text, 4_000)
    .replaceAll(/[\\`*_[\]|~!#$]/g, "\\$&")
    .replaceAll(/[<>&@]|:(?=\/\/)|(?<=www)\./gi, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** A block of code that only ends where it should: its fence is longer than any in the text (CommonMark 4.5). */
export function codeBlock(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
