import fc from "fast-check";
import { expect, it } from "vitest";
import { holds, runs } from "../../property.ts";
import { decided, granted, judged, neverContradicts, oneCondition, plain } from "./agreement.ts";

it("the judge and the sandbox's own enforcement never contradict each other: the grant, and what may undo it", () => {
  holds("aws, a granted key", granted, neverContradicts, { runs: runs(10_000) });
}, 240_000);

it("what depends on a condition is granted to some requests and not to others", () => {
  holds(
    "aws, one condition",
    oneCondition,
    (policies) => {
      for (const { action, answer } of judged(policies)) {
        expect(answer).toBe("depends");
        expect(decided(action, policies)).toBe("both");
      }
    },
    { runs: runs(2_000) },
  );
});

it("the judge does not hide behind depends: where nothing is conditional it decides", () => {
  let open = 0;
  let all = 0;
  for (const policies of fc.sample(plain, { numRuns: 500, seed: 1 })) {
    for (const { answer } of judged(policies)) {
      all++;
      if (answer === "depends") open++;
    }
  }
  expect(open / all).toBeLessThan(0.25);
});
