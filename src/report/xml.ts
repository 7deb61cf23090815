/**
 * Text and attribute values for XML 1.0. Characters that XML 1.0 cannot carry at all, not even as references, become
 * U+FFFD (https://www.w3.org/TR/xml/#charsets). White space is written as references, because readers turn it into
 * spaces in attributes and carriage returns into line feeds everywhere.
 */
export function xmlAttribute(text: string): string {
  return escaped(text).replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The same for the text of an element, where tabs and line feeds stay as they are. */
export function xmlText(text: string): string {
  return escaped(text).replaceAll("\r", "&#13;");
}

const ILLEGAL = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(ILLEGAL, "\u{FFFD}")
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
