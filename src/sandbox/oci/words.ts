/** One word of a policy statement. `at` counts characters from 1, as OCI's errors do. */
export interface Word {
  readonly kind: "word" | "quoted" | "pattern" | "mark" | "end";
  readonly text: string;
  readonly at: number;
}

/** A statement that OCI would not take, in the words with which it says so. */
export class StatementFault extends Error {
  override readonly name = "StatementFault";
}

export function syntaxError({ kind, text, at }: Pick<Word, "kind" | "text" | "at">): StatementFault {
  return new StatementFault(
    `'syntax error starting with ${kind === "end" ? "<<EOF>>" : text}'@'line 1, char ${at}' \n`,
  );
}

const SPACE = /\s+/y;
const BARE = /[\w.@+-]+/y;
const QUOTED = /'([^']*)'|"([^"]*)"/y;
const PATTERN = /\/([^/]*)\//y;
const MARK = /!=|[=,:{}()/]/y;

/** Cuts a statement into words. Spare spaces and line breaks have no effect. */
export function wordsOf(statement: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(statement);
  }

  function take(kind: Word["kind"], found: RegExpExecArray | null, text = found?.[0]): boolean {
    if (found === null || text === undefined) return false;
    words.push({ kind, text, at: at + 1 });
    at += found[0].length;
    return true;
  }

  while (at < statement.length) {
    const space = match(SPACE);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const quoted = match(QUOTED);
    const pattern = opensPattern(words) ? match(PATTERN) : null;
    const taken =
      take("word", match(BARE)) ||
      take("quoted", quoted, quoted?.[1] ?? quoted?.[2]) ||
      take("pattern", pattern, pattern?.[1]) ||
      take("mark", match(MARK));
    if (!taken) throw syntaxError({ kind: "mark", text: statement.charAt(at), at: at + 1 });
  }
  return [...words, { kind: "end", text: "", at: statement.length + 1 }];
}

/** A slash between two names parts the identity domain from the group; behind an operator it opens a pattern. */
function opensPattern(before: readonly Word[]): boolean {
  const last = before.at(-1);
  return last?.kind === "mark" && ["=", "!=", "(", ","].includes(last.text);
}
