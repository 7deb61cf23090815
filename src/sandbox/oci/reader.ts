import { syntaxError, type Word } from "./words.ts";

/** Goes through the words of a statement, one by one. Keywords count in any case, names are given as they are spelt. */
export interface Reader {
  peek(): Word;
  next(): Word;
  /** Takes the keyword if it comes next. */
  takes(keyword: string): boolean;
  expect(keyword: string): void;
  oneOf<const K extends string>(...keywords: readonly K[]): K;
  takesMark(mark: string): boolean;
  expectMark(mark: string): void;
  /** A word, or a text in quotes. */
  name(): string;
  /** One or more, parted by commas. */
  listOf<T>(read: () => T): readonly T[];
  end(): void;
}

export function createReader(words: readonly Word[]): Reader {
  let index = 0;
  const last: Word = words.at(-1) ?? { kind: "end", text: "", at: 1 };

  function peek(): Word {
    return words[index] ?? last;
  }

  function next(): Word {
    const word = peek();
    index += 1;
    return word;
  }

  function isKeyword(word: Word, keyword: string): boolean {
    return word.kind === "word" && word.text.toLowerCase() === keyword;
  }

  function takes(keyword: string): boolean {
    if (!isKeyword(peek(), keyword)) return false;
    index += 1;
    return true;
  }

  function takesMark(mark: string): boolean {
    const { kind, text } = peek();
    if (kind !== "mark" || text !== mark) return false;
    index += 1;
    return true;
  }

  return {
    peek,
    next,
    takes,
    takesMark,
    expect(keyword) {
      if (!takes(keyword)) throw syntaxError(peek());
    },
    oneOf(...keywords) {
      const word = next();
      const found = keywords.find((keyword) => isKeyword(word, keyword));
      if (found === undefined) throw syntaxError(word);
      return found;
    },
    expectMark(mark) {
      if (!takesMark(mark)) throw syntaxError(peek());
    },
    name() {
      const word = next();
      if (word.kind !== "word" && word.kind !== "quoted") throw syntaxError(word);
      return word.text;
    },
    listOf(read) {
      const items = [read()];
      while (takesMark(",")) items.push(read());
      return items;
    },
    end() {
      if (peek().kind !== "end") throw syntaxError(peek());
    },
  };
}
