/** Deeper than any document of a cloud's or of a person's, and far from where reading one by recursion ends. */
const DEEPEST = 200;

const [QUOTE, BACKSLASH, LIST, LIST_END, OBJECT, OBJECT_END] = [...'"\\[]{}'].map((one) => one.charCodeAt(0));

/** Whether JSON nests so deeply that nobody can have meant it. Counts brackets, and reads nothing. */
export function nestsTooDeeply(json: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (inText) {
      if (character === BACKSLASH) at++;
      else if (character === QUOTE) inText = false;
    } else if (character === QUOTE) inText = true;
    else if (character === LIST || character === OBJECT) {
      if (++depth > DEEPEST) return true;
    } else if (character === LIST_END || character === OBJECT_END) depth--;
  }
  return false;
}
