/** A word as a POSIX shell reads it back, to the letter (POSIX.1, 2.2.2 "Single-Quotes"). */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
