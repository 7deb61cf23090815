import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeBlock, markdownText } from "../../src/core/markdown.ts";
import { HOSTILE } from "../hostile.ts";

describe("text in markdown", () => {
  it.each([
    ["kms:Encrypt, kms:Decrypt", "kms:Encrypt, kms:Decrypt"],
    ["a | b", "a \\| b"],
    ["<b>", "&#60;b&#62;"],
    ["[x](y) *z*", "\\[x\\](y) \\*z\\*"],
    ["https://evil", "https&#58;//evil"],
    ["@team www.evil", "&#64;team www&#46;evil"],
    ["two\nlines", "two lines"],
  ])("%j is %s", (text, printed) => {
    expect(markdownText(text)).toBe(printed);
  });

  it("never ends its line or its cell, begins no tag, no link and no code", () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        const printed = markdownText(text);
        expect(printed).not.toMatch(/[\n\r\u2028<>@]|:\/\/|www\./i);
        const bare = printed.replaceAll(/\\./g, "");
        expect(bare).not.toMatch(/[|`*_[\]~]/);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a block of code", () => {
  it("ends where it should, whatever is in it", () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        const [opening = "", ...lines] = codeBlock("sh", text).split("\n");
        const fence = opening.slice(0, -2);
        expect(fence).toMatch(/^`{3,}$/);
        expect(lines.pop()).toBe(fence);
        expect(lines.some((line) => line.trim().startsWith(fence))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
