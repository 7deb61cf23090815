// biome-ignore-all lint/suspicious/noTemplateCurlyInString: other languages' templates are what this is about.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hclString, interpolated, printHcl, reference } from "../../src/core/hcl.ts";
import { HOSTILE, readHclString } from "../hostile.ts";

describe("a string in HCL", () => {
  it.each([
    ["plain", '"plain"'],
    ['say "no"', '"say \\"no\\""'],
    ["back\\slash", '"back\\\\slash"'],
    ["line\nbreak", '"line\\u000abreak"'],
    ["${var.secret}", '"$${var.secret}"'],
    ["%{ if true }", '"%%{ if true }"'],
    ["$${twice}", '"$$${twice}"'],
    ["$ and % alone", '"$ and % alone"'],
    ["\u202eright to left", '"\\u202eright to left"'],
    ["a tag \u{e0001}", '"a tag \\U000e0001"'],
  ])("%j is %s", (text, printed) => {
    expect(hclString(text)).toBe(printed);
  });

  it("is one string with nothing in it but the text, whatever the text is", () => {
    fc.assert(
      fc.property(HOSTILE, (text) => {
        const printed = hclString(text);
        expect(printed).not.toMatch(/[\n\r]/);
        expect(readHclString(printed)).toEqual({ text: text.toWellFormed(), rest: "" });
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a block", () => {
  it("is laid out as terraform fmt does", () => {
    const text = printHcl([
      {
        head: ["resource", "a_type", "name"],
        about: ["Why."],
        arguments: { a: "x", longer: true, list: ["1", reference("var.two")], many: ["a", "b", "c"] },
        blocks: [{ head: ["inner"], arguments: {} }],
      },
    ]);
    expect(text).toBe(
      [
        "# Why.",
        'resource "a_type" "name" {',
        '  a      = "x"',
        "  longer = true",
        '  list   = ["1", var.two]',
        "",
        "  many = [",
        '    "a",',
        '    "b",',
        '    "c",',
        "  ]",
        "",
        "  inner {",
        "  }",
        "}",
      ].join("\n"),
    );
  });
});

describe("placeholders", () => {
  it("become variables, and the text around them stays text", () => {
    expect(interpolated("no hole", { "<KEY>": "key" })).toBe("no hole");
    expect(interpolated('"<KEY>" and ${x}', { "<KEY>": "key" })).toEqual(reference('"\\"${var.key}\\" and $${x}"'));
  });
});
