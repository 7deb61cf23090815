import { expect, it } from "vitest";
import { STEPS, type StepReport } from "../../src/core/report.ts";
import { stepRecorder } from "../../src/core/steps.ts";
import { fakeClock } from "./fakes.ts";

function recorder() {
  const clock = fakeClock();
  const heard: string[] = [];
  const steps = stepRecorder(clock, {
    begin: (step) => heard.push(`begin ${step}`),
    end: (report: StepReport) => heard.push(`end ${report.step} ${report.outcome}`),
  });
  return { clock, heard, steps };
}

it("counts the time of every part of a step, and of nothing else", async () => {
  const { clock, steps } = recorder();
  await steps.time("register", async () => clock.advance(20));
  clock.advance(1_000);
  await steps.time("register", async () => clock.advance(3));
  steps.done("register", "done", "as it should");
  expect(steps.reports).toEqual([{ step: "register", outcome: "done", detail: "as it should", ms: 23 }]);
});

it("gives back what the work gives", async () => {
  expect(await recorder().steps.time("plan", async () => "a plan")).toBe("a plan");
});

it.each([
  [new Error("the cloud is gone"), "the cloud is gone"],
  ["a word", "a word"],
])("a step that throws %j ends as failed, and the error goes on", async (thrown, detail) => {
  const { clock, heard, steps } = recorder();
  const work = async () => {
    clock.advance(7);
    throw thrown;
  };
  await expect(steps.time("grant", work)).rejects.toBe(thrown);
  expect(steps.reports).toEqual([{ step: "grant", outcome: "failed", detail, ms: 7 }]);
  expect(heard).toEqual(["begin grant", "end grant failed"]);
});

it("ends each step once: the first word counts", () => {
  const { heard, steps } = recorder();
  steps.done("plan", "failed", "first");
  steps.done("plan", "done", "second");
  expect(steps.reports).toMatchObject([{ outcome: "failed", detail: "first" }]);
  expect(heard).toEqual(["end plan failed"]);
});

it("skips the rest in their order, and no step that has ended", () => {
  const { steps } = recorder();
  steps.done("accessors", "done", "named");
  steps.done("inspect", "failed", "disabled");
  steps.skipRest("the key is in the way");
  steps.skipRest("once more");
  expect(steps.reports.map((one) => one.step)).toEqual(STEPS);
  expect(steps.reports.slice(2).every((one) => one.outcome === "skipped" && one.ms === 0)).toBe(true);
  expect(steps.reports[2]?.detail).toBe("the key is in the way");
});
