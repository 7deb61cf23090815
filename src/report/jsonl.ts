import type { ReportWriter } from "./input.ts";

/**
 * One key a line, as they finish; nothing is held. Each line is the element of `keys` in the JSON document. A project
 * that could not be listed has no key to give a line to: it is in the exit code and on stderr.
 */
export function jsonlWriter(): ReportWriter {
  return {
    transitions: 0,
    begin: () => "",
    key: (report) => `${jsonLine(report)}\n`,
    end: () => "",
  };
}

/**
 * JSON on one line for every reader: some split lines at U+0085, U+2028 and U+2029 too, and terminals act on C1
 * controls and on bidirectional overrides. Inside strings, where alone they can stand, their escapes mean the same.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
