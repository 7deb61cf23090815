import { expect } from "vitest";
import type { FaultKind } from "../../src/sandbox/index.ts";
import { judged, type Outcome } from "./judged.ts";
import type { Fault } from "./kinds.ts";
import type { Stage } from "./stage.ts";

/** One fault at one call of one command, and then the same command again with nothing wrong. */
export interface Trial {
  readonly stage: Stage;
  readonly fault: Fault;
}

/** The answer never comes to its end: only `--timeout` ends the call. */
const SLOW: readonly FaultKind[] = ["hang", "drip"];
const TIMEOUT = ["--timeout", "1500ms"];

export async function attempt({ stage, fault }: Trial): Promise<Outcome> {
  const { subject } = stage;
  const isSlow = SLOW.includes(fault.kind);
  await using world = await stage.open({ knobs: { duplicates: "create" }, stalls: isSlow });
  const before = subject.others(world);
  const args = subject.args(world);
  world.sandbox.turn({ faults: [`${fault.kind}=1${fault.often === "once" ? "x1" : ""}@${fault.call}`] });
  const result = await world.json([...args, ...(isSlow ? TIMEOUT : [])]);
  const outcome = judged(subject, fault, result, subject.granted(world));
  world.sandbox.turn({ faults: [] });
  const again = await world.json(args);
  expect(again.exitCode, again.stdout).toBe(0);
  subject.done(world, again);
  expect(subject.others(world)).toEqual(before);
  return outcome;
}

export interface Attempted {
  readonly trial: Trial;
  readonly outcome: Outcome;
}

/** Runs them side by side: most of their time is the pauses of the clouds' SDKs. */
export async function attemptAll(all: readonly Trial[], atOnce = 16): Promise<readonly Attempted[]> {
  const done: Attempted[] = [];
  const failures: string[] = [];
  const waiting = [...all];
  async function work(): Promise<void> {
    for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
      try {
        done.push({ trial, outcome: await attempt(trial) });
      } catch (error) {
        const { stage, fault } = trial;
        const said = error instanceof Error ? error.message : String(error);
        const { command, about } = stage.subject;
        failures.push(`${command} (${about}), ${fault.kind} at ${fault.call}, ${fault.often}: ${said}`);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  expect(failures.length, failures.sort().join("\n")).toBe(0);
  return done;
}
