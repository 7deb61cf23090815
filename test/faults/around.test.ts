import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AROUND, attemptAround } from "./around.ts";
import { withoutDns } from "./no-dns.ts";
import { toldAround } from "./page.ts";
import { attemptLoss, lossesOf, nameOfLoss } from "./points.ts";
import { sideBySide } from "./side-by-side.ts";
import { type Stage, stagesOf, whoIs } from "./stage.ts";
import { SUBJECTS } from "./subjects.ts";

/** Some commands, and what docs/faults.md says of them: all of them are in test/long. */
const SOME = SUBJECTS.filter(({ command, about }) =>
  ["onboard aws", "validate oci", "revoke gcp", "cmk delete aiven"].includes(`${command} ${about}`),
);

let stages: readonly Stage[] = [];
beforeAll(async () => {
  withoutDns();
  stages = await stagesOf(SOME);
}, 120_000);
afterAll(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

describe("a part of docs/faults.md, of what goes wrong all around", () => {
  it.each(AROUND)("$told (npm run faults)", { timeout: 120_000 }, async (around) => {
    const ended = await sideBySide(
      stages,
      async (stage) => ({ who: whoIs(stage), outcome: await attemptAround(stage, around) }),
      whoIs,
    );
    for (const { who, outcome } of ended)
      expect({ who, outcome }).toEqual({ who, outcome: toldAround(around.name, who) });
    expect(ended).toHaveLength(4);
  });

  it("credentials that are lost at a write (npm run faults)", { timeout: 120_000 }, async () => {
    const ended = await sideBySide(
      stages.flatMap(lossesOf),
      async (loss) => ({ kind: loss.kind, who: nameOfLoss(loss), outcome: await attemptLoss(loss) }),
      nameOfLoss,
    );
    for (const { kind, who, outcome } of ended)
      expect({ who, outcome }).toEqual({ who, outcome: toldAround(kind, who) });
    expect(ended).toHaveLength(16);
  });
});
