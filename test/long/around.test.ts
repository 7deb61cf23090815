import { afterAll, beforeAll, expect, it } from "vitest";
import { AROUND, attemptAround, PHASES, stopAt, whoIs } from "../faults/around.ts";
import { isWrite } from "../faults/kinds.ts";
import { withoutDns } from "../faults/no-dns.ts";
import { aroundTable, keep, kept } from "../faults/page.ts";
import { sideBySide } from "../faults/side-by-side.ts";
import { type Stage, stagesOf } from "../faults/stage.ts";
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

it("a signal at every write of every command, before it is carried out and after", { timeout: 1_800_000 }, async () => {
  const moments = stages.flatMap((stage) =>
    stage.calls
      .filter((call) => isWrite(stage.subject, call))
      .flatMap((call) => PHASES.map((phase) => ({ stage, call, phase }))),
  );
  const nameOf = ({ stage, call, phase }: (typeof moments)[number]) => `${whoIs(stage)} ${phase} ${call}`;
  const ended = await sideBySide(
    moments,
    async (one) => ({ who: nameOf(one), outcome: await stopAt(one.stage, one.call, one.phase) }),
    nameOf,
  );
  told("stopped", aroundTable(inOrder(ended)));
});

function told(name: string, part: string): void {
  if (WRITES) keep(`around ${name}`, part);
  expect(kept(`around ${name}`)).toBe(part);
}

function inOrder<T extends { readonly who: string }>(ended: readonly T[]): readonly T[] {
  return [...ended].sort((a, b) => a.who.localeCompare(b.who));
}
