import { describe, expect, it } from "vitest";
import { applyMutes, expiredMutes, findMute, type Mute, withMutes } from "../../src/core/mutes.ts";
import { found, KEY, report, transition } from "../notify/kit.ts";

const NOW = new Date("2026-11-21T10:00:00Z");

function mute(more: Partial<Mute>): Mute {
  return { code: null, key: null, project: null, reason: "known", until: new Date("2026-12-01T00:00:00Z"), ...more };
}

describe("a mute fits when everything that it names fits", () => {
  const about = { code: "key.disabled", key: KEY, project: "staging-eu" };
  it.each<[Partial<Mute>, boolean]>([
    [{ code: "key.disabled" }, true],
    [{ code: "key.not-found" }, false],
    [{ key: KEY }, true],
    [{ key: `${KEY}0` }, false],
    [{ key: "arn:aws:kms:*:111122223333:key/*" }, true],
    [{ key: "*" }, true],
    [{ key: "arn:*:key" }, false],
    [{ key: "arn:aws:kms:*eu-west-1*eu-west-1*" }, false],
    [{ project: "staging-*" }, true],
    [{ project: "*-eu" }, true],
    [{ project: "staging" }, false],
    [{ project: "s*g-*u" }, true],
    [{ project: "staging-eu*staging-eu" }, false],
    [{ project: "." }, false],
    [{ code: "key.disabled", project: "prod" }, false],
    [{ code: "key.disabled", key: KEY, project: "staging-eu" }, true],
  ])("%j: %s", (one, fits) => {
    expect(findMute([mute(one)], about, NOW) !== null).toBe(fits);
  });

  it("a key without a project is in no project, not even any", () => {
    expect(findMute([mute({ project: "*" })], { ...about, project: null }, NOW)).toBeNull();
  });

  it("a pattern with many stars takes no time", () => {
    const pattern = `${"*a".repeat(200)}b`;
    expect(findMute([mute({ key: pattern })], { ...about, key: "a".repeat(1_024) }, NOW)).toBeNull();
  });
});

describe("withMutes", () => {
  const seen = report({ findings: [found("key.disabled"), found("key.rotation-off"), found("key.rotation-off")] });
  const until = "2026-12-01T00:00:00.000Z";

  it("marks each code once, and the whole key, with the mute that lasts longest; nothing else changes", () => {
    const longer = mute({ code: "key.rotation-off", reason: "longer", until: new Date("2027-01-01T00:00:00Z") });
    const mutes = [
      mute({ code: "key.rotation-off" }),
      longer,
      mute({ project: "*", reason: "all" }),
      mute({ code: "key.not-found" }),
    ];
    expect(withMutes(mutes, seen, NOW)).toEqual({
      ...seen,
      muted: [
        { code: null, reason: "all", until },
        { code: "key.rotation-off", reason: "longer", until: "2027-01-01T00:00:00.000Z" },
      ],
    });
  });

  it("a key on which all is well is shown as muted too; a mute that is over marks nothing", () => {
    const well = report({ phase: "VALID", findings: [] });
    expect(withMutes([mute({ key: KEY })], well, NOW).muted).toEqual([{ code: null, reason: "known", until }]);
    expect(withMutes([mute({ key: KEY })], well, new Date(until)).muted).toEqual([]);
    expect(withMutes([mute({ key: "other" })], well, NOW).muted).toEqual([]);
  });
});

describe("applyMutes", () => {
  const rotation = found("key.rotation-off");
  const disabled = found("key.disabled");
  const seen = report({ findings: [disabled, rotation] });

  it("keeps alarms from being told, and says why", () => {
    const alarm = transition();
    const warning = transition({ kind: "warning-appeared", code: "key.rotation-off" });
    const news = applyMutes([mute({ code: "key.rotation-off" })], seen, [alarm, warning], NOW);
    expect(news.told).toEqual([alarm]);
    const muted = { reason: "known", until: "2026-12-01T00:00:00.000Z" };
    expect(news.muted).toEqual([{ transition: warning, muted }]);
  });

  it("an alarm goes by the cause in the report", () => {
    const [alarm, cause] = [transition(), transition({ kind: "cause", from: "INVALID" })];
    expect(applyMutes([mute({ code: "key.disabled" })], seen, [alarm, cause], NOW).told).toEqual([]);
    expect(applyMutes([mute({ code: "grant.missing" })], seen, [alarm, cause], NOW).told).toEqual([alarm, cause]);
  });

  it("an alarm with two causes is told unless both are muted", () => {
    const both = report({ findings: [disabled, found("grant.missing")] });
    const [one, other] = [mute({ code: "key.disabled" }), mute({ code: "grant.missing" })];
    expect(applyMutes([one], both, [transition()], NOW).told).toHaveLength(1);
    expect(applyMutes([one, other], both, [transition()], NOW).told).toHaveLength(0);
  });

  it("that nobody can look goes by why nobody can", () => {
    const stale = transition({ kind: "stale", to: "VALID", message: "it is vendor.pending" });
    const findings = [found("roundtrip.skipped"), found("vendor.pending"), rotation];
    const blind = report({ phase: "VALID", stale: true, findings });
    expect(applyMutes([mute({ code: "vendor.pending" })], blind, [stale], NOW).told).toEqual([]);
    for (const code of ["roundtrip.skipped", "key.rotation-off"]) {
      expect(applyMutes([mute({ code })], blind, [stale], NOW).told).toEqual([stale]);
    }
  });

  it("good news is never withheld", () => {
    const good = [
      transition({ from: "INVALID", to: "VALID" }),
      transition({ kind: "warning-gone", code: "key.rotation-off", to: "VALID" }),
      transition({ kind: "fresh", to: "VALID" }),
    ];
    expect(applyMutes([mute({ key: "*" })], report({ phase: "VALID", findings: [] }), good, NOW).told).toEqual(good);
  });

  it("ends on its date, to the millisecond", () => {
    const until = new Date(NOW.getTime() + 1);
    expect(applyMutes([mute({ key: KEY, until })], seen, [transition()], NOW).told).toEqual([]);
    expect(applyMutes([mute({ key: KEY, until })], seen, [transition()], until).told).toHaveLength(1);
  });

  it("of several, says the one that lasts longest", () => {
    const longer = mute({ key: "*", reason: "longer", until: new Date("2027-01-01T00:00:00Z") });
    expect(applyMutes([mute({ key: "*" }), longer], seen, [transition()], NOW).muted[0]?.muted.reason).toBe("longer");
  });
});

it("a mute that is over is said to be", () => {
  const over = mute({ code: "key.rotation-off", project: "staging-*", until: NOW });
  expect(expiredMutes([over, mute({ key: "*" })], NOW)).toEqual([
    "The mute of key.rotation-off in project staging-* ended at 2026-11-21T10:00:00.000Z and silences nothing any more " +
      "(known): take it out of the configuration, or give it a new date.",
  ]);
});
