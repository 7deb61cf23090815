import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type CloudMatrix,
  expected,
  expectedOfPair,
  kindOf,
  type Matrix,
  type Outcome,
  openMatrix,
  pairsOf,
} from "./matrix.ts";
import { keep, kept, type Results, section } from "./page.ts";

/** `npm run verdicts` writes docs/verdicts.md from what came out; everybody else compares. */
const WRITES = process.env["KEYGRANT_VERDICTS"] === "write";
/**
 * Everything that can be wrong with a cloud's key, one thing at a time and two at a time, through the whole command.
 * `all`: every pair, and not only one for each kind; that takes minutes.
 */
export function describeMatrix(given: CloudMatrix, all = false): void {
  describe(`${given.title}: what is said of a key with which something is wrong`, () => {
    let matrix: Matrix;
    let results: Results;
    const quick = given.breaks.filter(({ slow }) => slow === undefined);
    const pairs = pairsOf(all ? quick : quick.filter((one) => kindOf(one, quick) === one));

    beforeAll(async () => {
      matrix = await openMatrix(given);
      const singles: Results["singles"][number][] = [];
      for (const one of given.breaks) singles.push([one, await matrix.run([one])]);
      const twos: Results["pairs"][number][] = [];
      for (const [a, b] of pairs) twos.push([a, b, await matrix.glance([a, b])]);
      results = { singles, pairs: twos };
    }, 900_000);
    afterAll(() => matrix[Symbol.asyncDispose]());

    it("nothing, when nothing is", async () => {
      const healthy = { code: null, exit: 0, phase: "VALID", stale: false };
      expect(await matrix.run([])).toMatchObject(healthy);
      expect(await matrix.glance([])).toMatchObject(healthy);
    });

    it.each(given.breaks.map((one, index) => ({ one, index, ...one })))(
      "$what: $code, exit $exit",
      ({ one, index }) => {
        const outcome = results.singles[index]?.[1];
        expect(outcome).toMatchObject(expected(one));
        expect(outcome).toSatisfy(isNamed(one.names));
        // A stale run leaves the message as it was.
        if (one.exit === 10) expect(outcome?.message).toBe(outcome?.detail);
      },
    );

    it("of two things the one that the table of codes puts first", () => {
      const wrong = results.pairs.flatMap(([a, b, outcome]) => {
        const names = [a, b].map((one) => [one.what, kindOf(one, quick).what]);
        const agreed = given.together?.find(({ of }) => names.every((some) => some.some((name) => of.includes(name))));
        const { code, level, exit } = expectedOfPair(a, b, agreed?.code);
        const isRight = outcome.code === code && outcome.level === level && outcome.exit === exit;
        const hasPhase =
          (outcome.phase === "INVALID") === (exit === 10) && (outcome.phase === "VALID") === (exit === 0);
        if (isRight && hasPhase && /\S/.test(outcome.subject)) return [];
        const got = `${outcome.code} ${outcome.level} ${outcome.exit}`;
        return [`${a.what} + ${b.what}: ${code} ${level} ${exit}, not ${got} (${outcome.detail})`];
      });
      expect(wrong).toEqual([]);
      expect(results.pairs.length).toBeGreaterThan(100);
    });

    it.skipIf(all)("docs/verdicts.md has what came out (npm run verdicts)", async () => {
      const part = section(given, results);
      if (WRITES) await keep(given.cloud, given.title, part);
      expect(await kept(given.cloud, given.title)).toBe(part);
    });
  });
}

function isNamed(names: string | RegExp): (outcome: Outcome) => boolean {
  return ({ subject, detail }) => {
    const said = `${subject}: ${detail}`;
    return typeof names === "string" ? said.includes(names) : names.test(said);
  };
}
