import fc from "fast-check";
import { expect, it } from "vitest";
import { DURATION_PATTERN, durationText, parseDuration } from "../../src/core/duration.ts";

it.each([
  ["0", 0],
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5h", 5_400_000],
  [" 24h ", 86_400_000],
  ["30d", 2_592_000_000],
  ["", null],
  ["30", null],
  ["-1s", null],
  ["1 h", null],
  ["1h30m", null],
  ["1e3s", null],
  ["1H", null],
])("parses %j as %s", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it("is a number from 0 on, or null", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(DURATION_PATTERN)), (text) => {
      const ms = parseDuration(text);
      expect(ms === null || (Number.isFinite(ms) && ms >= 0)).toBe(true);
      expect(ms !== null).toBe(DURATION_PATTERN.test(text.trim()));
    }),
  );
});

it.each([
  [0, "less than a minute"],
  [59_999, "less than a minute"],
  [60_000, "1 minute"],
  [119_999, "1 minute"],
  [120_000, "2 minutes"],
  [7_199_999, "119 minutes"],
  [7_200_000, "2 hours"],
  [172_799_999, "47 hours"],
  [172_800_000, "2 days"],
])("says %d ms as %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
