import { it } from "vitest";
import { holds, runs } from "../../property.ts";
import { given, neverContradicts } from "./agreement.ts";

/**
 * Two readings of the same rules, written apart, held against each other: what the judge says for all requests of the
 * vendor (allowed; denied or missing) must hold for every concrete request that the sandbox decides.
 * `agreement-granted.test.ts` has the other half of the cases, so that two cores share them.
 */
it("the judge and the sandbox's own enforcement never contradict each other: any policy", () => {
  holds("aws, any policy", given, neverContradicts, { runs: runs(10_000) });
}, 240_000);
