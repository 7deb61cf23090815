import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStatement, print, type Statement } from "../../../src/clouds/oci/statement.ts";
import { statements } from "./grammar.ts";
import { REFUSED, TAKEN } from "./statements.ts";

describe("the policy language", () => {
  it("has a table of at least 150 statements", () => {
    const taken = Object.values(TAKEN).flat();
    expect(taken.length + REFUSED.length).toBeGreaterThanOrEqual(150);
    expect(new Set([...taken.map(([text]) => text), ...REFUSED]).size).toBe(taken.length + REFUSED.length);
  });

  describe.each(Object.entries(TAKEN))("%s", (_, written) => {
    it.each(written.map(([text, canonical = text]) => [text, canonical] as const))("%s", (text, canonical) => {
      const statement = readable(text);
      expect(print(statement)).toBe(canonical);
      expect(readable(print(statement))).toEqual(statement);
    });
  });

  it.each(REFUSED)("keeps what it cannot read: %j", (text) => {
    const parsed = parseStatement(text);
    expect(parsed).toEqual({ text, statement: null, why: expect.stringMatching(/^it /) });
  });

  it("reads what it prints, whatever the statement", () => {
    fc.assert(
      fc.property(statements, (statement) => {
        expect(readable(print(statement))).toEqual(statement);
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes any white space between words", () => {
    fc.assert(
      fc.property(
        statements,
        fc.array(fc.constantFrom(" ", "\n", "\t", "  ", "\r\n"), { minLength: 1 }),
        (statement, spaces) => {
          let index = 0;
          const words = print(statement).split(/ (?=(?:[^']|'(?:\\'|[^'])*')*$)/);
          // Splitting at spaces outside of quotes is only this simple without escaped quotes and patterns.
          fc.pre(!words.some((word) => word.includes("/") || word.includes("\\")));
          const text = words.reduce((all, word) => `${all}${spaces[index++ % spaces.length] ?? " "}${word}`);
          expect(readable(text)).toEqual(statement);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("never throws, and gives the text back", () => {
    const words = fc.constantFrom(
      ...[
        "allow",
        "deny",
        "admit",
        "group",
        "of",
        "tenancy",
        "to",
        "use",
        "keys",
        "in",
        "where",
        "any",
        "all",
        "{",
        "}",
      ],
      ...[
        "'",
        '"',
        "=",
        "!=",
        ",",
        "(",
        ")",
        "/",
        ":",
        "target.key.id",
        "'x'",
        "id",
        "ocid1.group.oc1..a",
        "define",
        "as",
      ],
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((list) => list.join(" ")),
        ),
        (text) => {
          const parsed = parseStatement(text);
          expect(parsed.text).toBe(text);
          if (parsed.statement !== null) expect(readable(print(parsed.statement))).toEqual(parsed.statement);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, (size: number) => string]>([
    ["conditions in conditions", (size) => `allow group a to use keys in tenancy where ${"any {".repeat(size)}`],
    [
      "closed conditions",
      (size) => `allow group a to use keys in tenancy where ${"any {".repeat(19)}${"a.b = 'c', ".repeat(size)}`,
    ],
    ["an open quote", (size) => `allow group '${"a".repeat(size)}`],
    ["an open quote of escapes", (size) => `allow group '${"\\'".repeat(size)}`],
    ["many groups", (size) => `allow group ${"a, ".repeat(size)}`],
    ["many domains", (size) => `allow group ${"'a'/'b', ".repeat(size)}`],
    ["much space", (size) => `allow group a${" ".repeat(size)}`],
    ["many values", (size) => `allow group a to use keys in tenancy where a.b in (${"'x', ".repeat(size)}`],
    ["a long path", (size) => `allow group a to use keys in compartment ${"a:".repeat(size)}`],
    ["a long variable", (size) => `allow group a to use keys in tenancy where a${".b".repeat(size)}`],
    ["functions", (size) => `allow group a to use keys in tenancy where ${"a(".repeat(size)}`],
    ["a pattern", (size) => `allow group a to use keys in tenancy where a.b = /${"\\/".repeat(size)}`],
  ])("takes no more time than the text is long: %s", (_, text) => {
    const long = `${text(200_000).slice(0, 60_000)} ~ ~`;
    const start = performance.now();
    expect(parseStatement(long).statement === null).toBe(true);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it("refuses what is longer or deeper than anything that OCI takes", () => {
    expect(parseStatement(`allow group ${"a".repeat(70_000)} to use keys in tenancy`)).toMatchObject({
      why: "it is longer than 65536 characters",
    });
    const nested = (depth: number) =>
      `allow group a to use keys in tenancy where ${"any {".repeat(depth)}a.b = 'c'${"}".repeat(depth)}`;
    expect(parseStatement(nested(20)).statement).not.toBeNull();
    expect(parseStatement(nested(21))).toMatchObject({ why: "its conditions are more than 20 deep" });
  });

  it("says where it goes wrong", () => {
    expect(parseStatement("allow group a to use keys in planet X")).toMatchObject({
      why: expect.stringMatching(/^it goes wrong at character \d+$/),
    });
    expect(parseStatement("allow group a to use")).toMatchObject({ why: "it ends too early" });
  });
});

function readable(text: string): Statement {
  const parsed = parseStatement(text);
  if (parsed.statement === null) throw new Error(`${text}: ${parsed.why}`);
  return parsed.statement;
}
