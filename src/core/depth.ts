/** Deeper than any document of a cloud's or of a person's, and far from where reading one by recursion ends. */
const DEEPEST = 200;

/** Whether JSON nests so deeply that nobody can have meant it. Counts brackets, and reads nothing. */
export function nestsTooDeeply(json: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (inText) {
      if (character === "\\") at++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === "[" || character === "{") {
      if (++depth > DEEPEST) return true;
    } else if (character === "]" || character === "}") depth--;
  }
  return false;
}
