import { expect, it } from "vitest";
import { everyFault, faultsFor } from "../faults/kinds.ts";
import { keep, kept, nameOf, tableOf } from "../faults/page.ts";
import { stageOf } from "../faults/stage.ts";
import { SUBJECTS } from "../faults/subjects.ts";
import { attemptAll } from "../faults/trial.ts";

/** `npm run faults` writes docs/faults.md from what came out; everybody else compares. */
const WRITES = process.env["KEYGRANT_FAULTS"] === "write";

const EACH = SUBJECTS.map((subject, turn) => ({ ...subject, subject, turn }));

/** What the page tells: what goes wrong, at every call of every command on every cloud. */
it.each(EACH)(
  "$command ($about), whatever goes wrong on the way",
  { timeout: 1_800_000 },
  async ({ subject, turn }) => {
    await using stage = await stageOf(subject);
    const attempted = await attemptAll(faultsFor(stage, turn).map((fault) => ({ stage, fault })));
    const part = tableOf(stage, attempted);
    if (WRITES) keep(nameOf(subject), part);
    expect(kept(nameOf(subject))).toBe(part);
  },
);

/** `npm run faults:all`: every kind there, and not one of each class; held to the rule, and told nowhere. */
it.runIf(process.env["KEYGRANT_FAULTS"] === "all").each(EACH)(
  "$command ($about), with every kind of fault",
  { timeout: 3_600_000 },
  async ({ subject }) => {
    await using stage = await stageOf(subject);
    const all = everyFault(stage).map((fault) => ({ stage, fault }));
    expect(await attemptAll(all)).toHaveLength(all.length);
  },
);
