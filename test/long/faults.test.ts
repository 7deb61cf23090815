import { expect, it } from "vitest";
import { SUBJECTS } from "../faults/subjects.ts";
import { attemptAll, callsOf, trials } from "../faults/trial.ts";

/** The whole product: every kind of fault at every call of every command on every cloud, once and for ever. */
it.each(SUBJECTS)("$command on $cloud, whatever goes wrong on the way", { timeout: 1_800_000 }, async (subject) => {
  const calls = await callsOf(subject);
  const all = [...trials(subject, calls, "once"), ...trials(subject, calls, "ever")];
  expect((await attemptAll(all)).size).toBe(all.length);
});
