import { expect, it } from "vitest";
import { killEverywhere, killRow, killRowsTold } from "./killed.ts";
import { stageOf, whoIs } from "./stage.ts";
import { SUBJECTS } from "./subjects.ts";

/** The commands with the most to lose, and what docs/faults.md says of them: all of them are in test/long. */
const SOME = SUBJECTS.filter(
  ({ command, about }) =>
    (command === "rotate" && about === "aws") ||
    (command === "onboard" && about === "oci") ||
    (command === "revoke" && about === "gcp") ||
    command === "cmk delete",
);

it("names every command (npm run faults)", () => {
  expect(killRowsTold().map(([who]) => who)).toEqual(SUBJECTS.map((subject) => whoIs({ subject })));
});

it.each(SOME)(
  "kill -9 anywhere in $command ($about): the same command again ends well",
  async (subject) => {
    await using stage = await stageOf(subject);
    const row = killRow(stage, await killEverywhere(stage));
    expect(killRowsTold()).toContainEqual(row);
  },
  120_000,
);
