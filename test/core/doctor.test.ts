import { expect, it } from "vitest";
import { type DoctorDeps, examine, JOBS, type Reached } from "../../src/core/doctor.ts";
import { LookError, usageError } from "../../src/core/errors.ts";

const NOW = new Date("2026-01-02T03:04:05.000Z");
const NOBODY = { open: async () => null };
const ASK = { key: null, projects: ["demo"], jobs: new Set(JOBS), lookOnly: false };

function deps(more: Partial<DoctorDeps>): DoctorDeps {
  return {
    clock: { now: () => NOW, sleep: async () => {} },
    vendor: { id: "v", ...NOBODY },
    clouds: [],
    reach: async () => reached(0),
    ...more,
  };
}

/** An answer that took four seconds, from a clock that is so many seconds ahead of ours. */
function reached(aheadS: number, more: Partial<Reached> = {}): Reached {
  const answeredAt = new Date(NOW.getTime() + 4_000);
  const date = new Date(NOW.getTime() + 2_000 + aheadS * 1_000);
  return { proxy: null, date, sentAt: NOW, answeredAt, failure: null, ...more };
}

const VENDOR = {
  id: "v",
  open: async () => ({ endpoints: () => [{ name: "V", url: "https://v.example" }], rights: async () => [] }),
};

it.each([
  [0, "pass", /agree/],
  [2, "pass", /agree/],
  [-3, "pass", /agree/],
  [60, "pass", /58 s behind/],
  [-60, "pass", /57 s ahead of/],
  [301, "pass", /299 s behind/],
  [302, "fail", /300 s behind/],
  [-400, "fail", /397 s ahead of.+refused/],
])("a clock that is %i s off: %s", async (ahead, outcome, words) => {
  const { checks } = await examine(deps({ vendor: VENDOR, reach: async () => reached(ahead) }), ASK);
  const line = checks.find(({ check }) => check === "clock");
  expect(line).toMatchObject({ outcome, detail: expect.stringMatching(words) });
});

it("a clock that nobody tells is not known", async () => {
  const reach = async () => reached(0, { date: null });
  const { checks } = await examine(deps({ vendor: VENDOR, reach }), ASK);
  expect(checks.map(({ check, outcome }) => [check, outcome])).toEqual([
    ["clock", "unknown"],
    ["endpoint", "pass"],
  ]);
});

it("says which proxy is in between, and that what was not reached is not known", async () => {
  const reach = async () => reached(0, { proxy: "http://proxy.example:3128", failure: "it is gone", date: null });
  const { checks, summary } = await examine(deps({ vendor: VENDOR, reach }), ASK);
  expect(checks[1]?.detail).toBe("It could not be reached, through the proxy http://proxy.example:3128: it is gone.");
  expect(summary).toEqual({ pass: 0, fail: 0, unknown: 2, skipped: 0 });
});

it.each([
  ["a setting that is wrong fails", () => usageError("a.b", "It is wrong.", "Mend it."), "fail"],
  [
    "a look that failed is not known",
    () => new LookError({ code: "look.timeout", detail: "Late." }, "Wait."),
    "unknown",
  ],
])("%s, and the others are asked all the same", async (_what, error, outcome) => {
  const broken = { id: "aws" as const, open: () => Promise.reject(error()) };
  const { checks } = await examine(deps({ vendor: VENDOR, clouds: [broken] }), ASK);
  expect(checks.map(({ about, outcome: said }) => [about, said])).toEqual([
    ["v", "pass"],
    ["v", "pass"],
    ["aws", outcome],
  ]);
});

it("a mistake of our own is no line", async () => {
  const broken = { id: "aws" as const, open: () => Promise.reject(new TypeError("ours")) };
  await expect(examine(deps({ clouds: [broken] }), ASK)).rejects.toThrow("ours");
});

it("a party that cannot say is skipped", async () => {
  const { checks } = await examine(deps({ clouds: [{ id: "azure", ...NOBODY }] }), ASK);
  expect(checks.map(({ about, outcome }) => [about, outcome])).toEqual([
    ["v", "skipped"],
    ["azure", "skipped"],
  ]);
});
