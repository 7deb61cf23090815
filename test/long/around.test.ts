import { afterAll, beforeAll, expect, it } from "vitest";
import { AROUND, attemptAround } from "../faults/around.ts";
import { attemptClock, TEN_MINUTES } from "../faults/clock.ts";
import { attemptFullDisk, fullDisksOf, WHEN } from "../faults/full-disk.ts";
import { withoutDns } from "../faults/no-dns.ts";
import { aroundTable, keep, kept, stopTable } from "../faults/page.ts";
import { attemptLoss, attemptStop, lossesOf, nameOfLoss, nameOfStop, stopsOf } from "../faults/points.ts";
import { sideBySide } from "../faults/side-by-side.ts";
import { type Stage, stagesOf, whoIs } from "../faults/stage.ts";
import { SUBJECTS } from "../faults/subjects.ts";

/** `npm run faults` writes docs/faults.md from what came out; everybody else compares. */
const WRITES = process.env["KEYGRANT_FAULTS"] === "write";

let stages: readonly Stage[] = [];
beforeAll(async () => {
  withoutDns();
  stages = await stagesOf(SUBJECTS);
}, 600_000);
afterAll(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

it.each(AROUND)("$told: every command", { timeout: 1_800_000 }, async (around) => {
  const ended = await sideBySide(
    stages,
    async (stage) => ({ who: whoIs(stage), outcome: await attemptAround(stage, around) }),
    whoIs,
  );
  told(around.name, aroundTable(inOrder(ended)));
});

it("a signal at every call of every command, before it is carried out and after", { timeout: 1_800_000 }, async () => {
  const ended = await sideBySide(
    stages.flatMap(stopsOf),
    async (stop) => ({ stop, outcome: await attemptStop(stop) }),
    nameOfStop,
  );
  told("stopped", stopTable(stages, ended));
});

it("credentials that are lost at a write of every command", { timeout: 1_800_000 }, async () => {
  const ended = await sideBySide(
    stages.flatMap(lossesOf),
    async (loss) => ({ kind: loss.kind, who: nameOfLoss(loss), outcome: await attemptLoss(loss) }),
    nameOfLoss,
  );
  for (const kind of ["expired", "rotated"]) told(kind, aroundTable(inOrder(ended.filter((one) => one.kind === kind))));
});

it.each(["slow", "fast"] as const)(
  "a clock that is ten minutes %s: every command",
  { timeout: 1_800_000 },
  async (how) => {
    const ms = how === "slow" ? -TEN_MINUTES : TEN_MINUTES;
    const attempt = async (stage: Stage) => ({ who: whoIs(stage), outcome: await attemptClock(stage, ms) });
    told(`clock ${how}`, aroundTable(inOrder(await sideBySide(stages, attempt, whoIs, 4))));
  },
);

it("a disk that is full, at the start or by and by: every command", { timeout: 1_800_000 }, async () => {
  const ended = await sideBySide(
    stages.flatMap(fullDisksOf),
    async (full) => ({ when: full.when, who: whoIs(full.stage), outcome: await attemptFullDisk(full) }),
    ({ stage, when }) => `${whoIs(stage)}, ${when}`,
    4,
  );
  for (const when of WHEN) told(`full ${when}`, aroundTable(inOrder(ended.filter((one) => one.when === when))));
});

function told(name: string, part: string): void {
  if (WRITES) keep(`around ${name}`, part);
  expect(kept(`around ${name}`)).toBe(part);
}

function inOrder<T extends { readonly who: string }>(ended: readonly T[]): readonly T[] {
  return [...ended].sort((a, b) => a.who.localeCompare(b.who));
}
