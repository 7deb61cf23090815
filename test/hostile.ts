import fc from "fast-check";

/** Texts that somebody chose in order to be taken for something else, in one language or another. */
const PIECES = [
  ...[
    "'",
    '"',
    "\\",
    "\n",
    "\r\n",
    "\u2028",
    "`",
    "```",
    "~~~",
    "$",
    "${",
    "%{",
    "}",
    "$(id)",
    "`id`",
    ";id",
    "&&",
    "|",
  ],
  ...["*/", "/*", "#", "//", "--", "-->", "<script>", "</td>", "[x](y)", "![x](y)", "@team", "www.x.y", "https://x"],
  ...[
    ": ",
    "- ",
    "!!js",
    "\u0000",
    "\u001b[2J",
    "\u202e",
    "\u200b",
    "EOF",
    "<<EOF",
    "\\n",
    "\\u0022",
    "__proto__",
    "é",
    "𝒳",
  ],
];

export const HOSTILE = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 })), { maxLength: 8 })
    .map((all) => all.join("")),
  fc.string({ unit: "binary", maxLength: 30 }),
);

/** Reads one HCL string, as the language says ("Strings and Templates"); a template in it is no text. */
export function readHclString(printed: string): { readonly text: string; readonly rest: string } {
  let text = "";
  for (let at = 1; at < printed.length; ) {
    const here = printed.slice(at);
    const [escaped, unicode] = /^\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|["\\nrt])/.exec(here) ?? [];
    if (here.startsWith('"')) return { text, rest: here.slice(1) };
    if (/^(?:\$\$\{|%%\{)/.test(here)) {
      text += here.slice(1, 3);
      at += 3;
    } else if (/^(?:\$\{|%\{)/.test(here)) throw new Error(`a template begins: ${here.slice(0, 20)}`);
    else if (escaped !== undefined) {
      const code = unicode ?? /^\\U([0-9a-f]{8})/.exec(escaped)?.[1];
      text += code === undefined ? escaped.slice(1) : String.fromCodePoint(Number.parseInt(code, 16));
      at += escaped.length;
    } else {
      if (here.startsWith("\\")) throw new Error(`no such escape: ${here.slice(0, 10)}`);
      text += here[0];
      at += 1;
    }
  }
  throw new Error("the string has no end");
}
