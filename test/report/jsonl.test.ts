import { describe, expect, it } from "vitest";
import { writeReport } from "../../src/report/input.ts";
import { jsonLine, jsonlWriter } from "../../src/report/jsonl.ts";
import { keySchema } from "../../src/report/schemas.ts";
import { fleet, HOSTILE, hostileInput, hostileSketch } from "./fleet.ts";

function lines(text: string): readonly string[] {
  return text.split("\n").slice(0, -1);
}

describe("jsonl", () => {
  it("is one key a line, each the element of the JSON document", () => {
    const input = fleet();
    const written = lines(writeReport(jsonlWriter(), input));
    expect(written.map((line) => JSON.parse(line))).toEqual(input.report.keys);
    for (const line of written) keySchema.parse(JSON.parse(line));
  });

  it("writes a key when it is done, and holds nothing back", () => {
    const writer = jsonlWriter();
    const { report } = hostileSketch("one");
    expect(writer.key(report, [])).toBe(`${JSON.stringify(report)}\n`);
  });

  it("keeps to its lines whatever reads them, and leaves the data as it was", () => {
    const text = writeReport(jsonlWriter(), hostileInput());
    expect(lines(text)).toHaveLength(HOSTILE.length);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const keys = lines(text).map((line) => JSON.parse(line));
    expect(keys.map((key) => key.key)).toEqual(HOSTILE);
  });

  it("escapes characters beyond the first plane as pairs", () => {
    expect(jsonLine("\u{E0001}\u{1F511}")).toBe('"\\udb40\\udc01\u{1F511}"');
  });

  it("says nothing of an empty run", () => {
    const writer = jsonlWriter();
    expect(writer.begin({ startedAt: "", version: "" })).toBe("");
  });
});
