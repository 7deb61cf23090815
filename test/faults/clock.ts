import { expect } from "vitest";
import { openForBuilt, startBuilt } from "./built.ts";
import { judged, type Outcome } from "./judged.ts";
import { before, endsWell, type Stage } from "./stage.ts";

export const TEN_MINUTES = 600_000;

/** A Node option with which its clock, and with it that of every SDK, is off by so much, in milliseconds. */
export function offBy(ms: number): string {
  const shifted = `
    const Right = Date;
    globalThis.Date = class Date extends Right {
      constructor(...given) { given.length === 0 ? super(Right.now() + ${ms}) : super(...given); }
      static now() { return Right.now() + ${ms}; }
    };`;
  return `--import data:text/javascript,${encodeURIComponent(shifted)}`;
}

/** The built command gets through, or says that it is the clock; and the same command again where the clock is right. */
export async function attemptClock(stage: Stage, ms: number): Promise<Outcome> {
  const { subject } = stage;
  await using world = await openForBuilt(stage);
  const was = before(stage, world);
  const ended = await startBuilt(was.args, world, { NODE_OPTIONS: offBy(ms) }).result;
  const outcome = judged(subject, { kind: "clock" }, ended, subject.granted(world));
  if (ended.exitCode !== 0) expect(ended.stdout).toMatch(/clock/i);
  await endsWell(stage, world, was);
  return outcome;
}
