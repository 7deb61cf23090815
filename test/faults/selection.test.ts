import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAULT_KINDS } from "../../src/sandbox/index.ts";
import { isWrite } from "./kinds.ts";
import { callsToldOf, counted, kept, toldOf } from "./page.ts";
import { type Selected, selectionOf } from "./selection.ts";
import { type Stage, stagesOf } from "./stage.ts";
import { SUBJECTS } from "./subjects.ts";
import { attemptAll } from "./trial.ts";

/** Three faults of each command, and what docs/faults.md says of them: the whole of it is in test/long. */
const EACH = 3;

let stages: readonly Stage[] = [];
let selected: readonly Selected[] = [];

beforeAll(async () => {
  stages = await stagesOf(SUBJECTS);
  selected = selectionOf(stages, EACH);
}, 120_000);
afterAll(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

describe("a part of docs/faults.md", () => {
  it("has every kind of fault, once and for ever, every call, and a write of each command that writes", () => {
    const kinds = new Set(selected.map(({ fault }) => `${fault.kind} ${fault.often}`));
    expect(kinds.size).toBe(FAULT_KINDS.length * 2);
    const calls = new Set(selected.map(({ fault }) => fault.call));
    expect(stages.flatMap((stage) => stage.calls).filter((call) => !calls.has(call))).toEqual([]);
    for (const stage of stages) {
      const writes = stage.calls.filter((call) => isWrite(stage.subject, call));
      const ofStage = selected.filter((one) => one.stage === stage);
      if (writes.length > 0) expect(ofStage.some(({ fault }) => writes.includes(fault.call))).toBe(true);
    }
  });

  it("names the calls that each command makes (npm run faults)", () => {
    for (const stage of stages) expect(callsToldOf(stage), stage.subject.command).toEqual(stage.calls);
  });

  it("counts what its tables hold", () => expect(kept("all")).toBe(counted()));

  it("is what comes out (npm run faults)", { timeout: 240_000 }, async () => {
    const attempted = await attemptAll(selected);
    const wrong = attempted.flatMap(({ trial: { stage, fault }, outcome }) => {
      const told = toldOf(stage, fault.call, fault.kind, fault.often);
      if (told === outcome) return [];
      const { command, about } = stage.subject;
      return [`${command} (${about}), ${fault.kind} at ${fault.call}, ${fault.often}: ${outcome}, not ${told}`];
    });
    expect(wrong).toEqual([]);
    expect(attempted).toHaveLength(selected.length);
  });
});
