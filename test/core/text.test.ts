import { describe, expect, test } from "vitest";
import { atLineStart, isPlain, plainText } from "../../src/core/text.ts";

describe("plainText", () => {
  test.each([
    ["as it is", "as it is"],
    ["", ""],
    ["  two\n lines\t", "two lines"],
    ["\u001b[31mred\u001b[0m", "[31mred [0m"],
    ["a\u0000b\u0007c\u009bd", "a b c d"],
    ["left\u202eright\u2066x\u2069\u200f\u061c", "left right x"],
    ["zero\u200bwidth\ufeff", "zero width"],
    ["a\u2028b\u2029c", "a b c"],
    ["a ##vso[task.x]y ##[error] # ##", "a ## vso[task.x]y ## [error] # ##"],
    ["\ud800 alone", "\ufffd alone"],
    ["grüße 🔑", "grüße 🔑"],
  ])("%j becomes %j", (text, plain) => {
    expect(plainText(text, 100)).toBe(plain);
  });

  test("cuts between characters, never inside one", () => {
    expect(plainText("abcdef", 6)).toBe("abcdef");
    expect(plainText("abcdefg", 6)).toBe("abcde…");
    expect(plainText("🔑🔑🔑🔑", 3)).toBe("🔑🔑…");
  });

  test("says that something was cut off, however much it was", () => {
    expect(plainText("x".repeat(1_000_000), 10)).toBe("xxxxxxxxx…");
    expect(plainText(`${" ".repeat(1_000)}late`, 10)).toBe("late");
  });
});

test("isPlain tells whether there is anything to take out", () => {
  expect(isPlain("arn:aws:iam::123456789012:role/x")).toBe(true);
  expect(isPlain("role/\u202ex")).toBe(false);
  expect(isPlain("a\nb")).toBe(false);
  expect(isPlain("a ##[error]")).toBe(false);
  expect(isPlain("\ud800")).toBe(false);
});

test("atLineStart: words that begin a line are no command of a CI service's", () => {
  expect(atLineStart("::stop-commands::x")).toBe(": :stop-commands::x");
  expect(atLineStart(": as it is ::x")).toBe(": as it is ::x");
});
