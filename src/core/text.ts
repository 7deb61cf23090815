/** Words that somebody else chose (a vendor's message, a service's name), made safe to print. */

/** Control and format characters: terminal escapes, bidirectional overrides, zero-width marks; line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Where it stands in a log does not matter: Azure Pipelines takes what follows for a command. */
const PIPELINE_COMMAND = /##(?=(?:vso)?\[)/g;

/**
 * One line of at most `max` characters that changes nothing but itself where it is printed. Runs of white space and
 * of control characters become one space; what is cut off at the end becomes "…".
 */
export function plainText(text: string, max: number): string {
  const plain = text
    .toWellFormed()
    .replace(UNPRINTABLE, " ")
    .replace(/\s+/g, " ")
    .replace(PIPELINE_COMMAND, "## ")
    .trim();
  const characters = [...plain];
  return characters.length <= max ? plain : `${characters.slice(0, max - 1).join("")}…`;
}

/** Whether `plainText` would leave the text as it is, however long. */
export function isPlain(text: string): boolean {
  return text.isWellFormed() && text.search(UNPRINTABLE) === -1 && text.search(PIPELINE_COMMAND) === -1;
}

/** Words that begin a line, however far in: GitHub Actions takes one that begins with two colons for a command. */
export function atLineStart(words: string): string {
  return words.startsWith("::") ? `: ${words.slice(1)}` : words;
}

/** Without any of the characters at its end. A regular expression would begin anew at each of them. */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
