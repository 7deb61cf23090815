import { expect, it } from "vitest";
import { KILL_HEAD, KILLED, killEverywhere, killRow } from "../faults/killed.ts";
import { keep, kept, table } from "../faults/page.ts";
import { stageOf } from "../faults/stage.ts";
import { SUBJECTS } from "../faults/subjects.ts";

/** `npm run faults` writes docs/faults.md from what came out; everybody else compares. */
const WRITES = process.env["KEYGRANT_FAULTS"] === "write";

it("kill -9 anywhere in any command: the same command again ends well", { timeout: 1_800_000 }, async () => {
  const rows: (readonly string[])[] = [];
  for (const subject of SUBJECTS) {
    await using stage = await stageOf(subject);
    rows.push(killRow(stage, await killEverywhere(stage)));
  }
  const part = table(KILL_HEAD, rows);
  if (WRITES) keep(KILLED, part);
  expect(kept(KILLED)).toBe(part);
});
