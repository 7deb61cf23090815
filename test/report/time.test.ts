import { describe, expect, it } from "vitest";
import { identityKey } from "../../src/report/input.ts";
import { agoPhrase, lengthPhrase, shortTime } from "../../src/report/time.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("times in words", () => {
  it.each([
    [-1, "0 s"],
    [41_796, "42 s"],
    [59_900, "1 min"],
    [MINUTE, "1 min"],
    [200 * SECOND, "3 min 20 s"],
    [5 * HOUR + 10 * MINUTE, "5 h 10 min"],
    [12.9 * DAY, "12 days"],
  ])("%i ms are %s", (ms, words) => {
    expect(lengthPhrase(ms)).toBe(words);
  });

  it.each([
    [0, "just now"],
    [59 * SECOND, "just now"],
    [119 * MINUTE, "119 min ago"],
    [2 * HOUR, "2 h ago"],
    [47 * HOUR, "47 h ago"],
    [2 * DAY, "2 days ago"],
    [-3 * DAY, "3 days ahead"],
    [-1 * SECOND, "seconds ahead"],
  ])("%i ms before is %s", (ms, words) => {
    const now = "2026-11-20T10:00:00.000Z";
    expect(agoPhrase(new Date(Date.parse(now) - ms).toISOString(), now)).toBe(words);
  });

  it("does not make a time of what is none", () => {
    expect(agoPhrase("soon", "2026-11-20T10:00:00.000Z")).toBe("at an unknown time");
    expect(shortTime("soon")).toBe("soon");
    expect(shortTime("2026-11-20T09:59:44.000Z")).toBe("2026-11-20T09:59:44Z");
  });
});

describe("identities", () => {
  it("never meet, whatever they are made of", () => {
    const keys = [
      { vendor: "a", project: null, key: "k" },
      { vendor: "a", project: "null", key: "k" },
      { vendor: "a", project: "", key: "k" },
      { vendor: 'a","b', project: "", key: "k" },
      { vendor: "a", project: 'b","', key: "k" },
    ].map(identityKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
