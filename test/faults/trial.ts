import type { FaultKind } from "../../src/sandbox/index.ts";
import { judged, type Outcome } from "./judged.ts";
import type { Fault } from "./kinds.ts";
import { sideBySide } from "./side-by-side.ts";
import { before, endsWell, type Stage, whoIs } from "./stage.ts";

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
  const was = before(stage, world);
  world.sandbox.turn({ faults: [`${fault.kind}=1${fault.often === "once" ? "x1" : ""}@${fault.call}`] });
  const result = await world.json([...was.args, ...(isSlow ? TIMEOUT : [])]);
  const outcome = judged(subject, fault, result, subject.granted(world));
  world.sandbox.turn({ faults: [] });
  await endsWell(stage, world, was);
  return outcome;
}

export interface Attempted {
  readonly trial: Trial;
  readonly outcome: Outcome;
}

export function attemptAll(all: readonly Trial[], atOnce?: number): Promise<readonly Attempted[]> {
  return sideBySide(
    all,
    async (trial) => ({ trial, outcome: await attempt(trial) }),
    ({ stage, fault }) => `${whoIs(stage)}, ${fault.kind} at ${fault.call}, ${fault.often}`,
    atOnce,
  );
}
