/** A pattern as UTF-16 code units, with `STAR` and `ANY` for the wildcards: a literal `*` stays a literal. */
export type Pattern = readonly number[];

/** `*`: any characters, none too. */
export const STAR = -1;
/** `?`: exactly one character. */
export const ANY = -2;

export function literal(text: string): Pattern {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

export function wildcards(text: string): Pattern {
  return literal(text).map((code) => (code === 0x2a ? STAR : code === 0x3f ? ANY : code));
}

/**
 * Whether the whole value fits. Goes back to the last star only, so that no pattern takes more steps than its length
 * times the value's: policies are other people's text, and a regular expression made of one can be made to hang.
 */
export function fits(pattern: Pattern, value: string): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let resume = 0;
  while (read < value.length) {
    const token = pattern[at];
    if (token === STAR) {
      star = at++;
      resume = read;
    } else if (token === ANY || token === value.charCodeAt(read)) {
      at++;
      read++;
    } else if (star >= 0) {
      at = star + 1;
      read = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === STAR) at++;
  return at === pattern.length;
}

/** Whether the pattern fits every value there can be. */
export function fitsEverything(pattern: Pattern): boolean {
  return pattern.length > 0 && pattern.every((token) => token === STAR);
}

/** Cuts at each colon, into `parts` pieces at most: the last one keeps the colons that are left. */
export function splitAtColons(pattern: Pattern, parts: number): readonly Pattern[] {
  const pieces: Pattern[] = [];
  let from = 0;
  for (let at = 0; at < pattern.length && pieces.length < parts - 1; at++) {
    if (pattern[at] !== 0x3a) continue;
    pieces.push(pattern.slice(from, at));
    from = at + 1;
  }
  return [...pieces, pattern.slice(from)];
}
