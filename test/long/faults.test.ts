import { expect, it } from "vitest";
import { faultsFor } from "../faults/kinds.ts";
import { keep, kept, nameOf, tableOf } from "../faults/page.ts";
import { stageOf } from "../faults/stage.ts";
import { SUBJECTS } from "../faults/subjects.ts";
import { attemptAll } from "../faults/trial.ts";

/** `npm run faults` writes docs/faults.md from what came out; everybody else compares. */
const WRITES = process.env["KEYGRANT_FAULTS"] === "write";

/** Most of their time is the pauses of the clouds' SDKs. */
const AT_ONCE = 32;

/** What the page tells: everything that goes wrong, at every call of every command on every cloud. */
it.each(SUBJECTS.map((subject) => ({ ...subject, subject })))(
  "$command ($about), whatever goes wrong on the way",
  { timeout: 3_600_000 },
  async ({ subject }) => {
    await using stage = await stageOf(subject);
    const trials = faultsFor(stage).map((fault) => ({ stage, fault }));
    const part = tableOf(stage, await attemptAll(trials, AT_ONCE));
    if (WRITES) keep(nameOf(subject), part);
    expect(kept(nameOf(subject))).toBe(part);
  },
);
