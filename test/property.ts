import fc from "fast-check";

/** How often each property of two readings of the same rules is tried: `KEYGRANT_PROPERTY_RUNS` says otherwise. */
export function runs(usual: number): number {
  return Number(process.env["KEYGRANT_PROPERTY_RUNS"] ?? usual);
}

/** The seed of every property where CI is set. */
export const FIXED_SEED = 20_261_128;

/**
 * `fc.assert`, with the seed printed whether it holds or not: `KEYGRANT_PROPERTY_SEED` tries the same cases again.
 * `examples` are the counter-examples of before: they come first, each time.
 */
export function holds<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  check: (given: T) => void,
  options: { readonly runs: number; readonly examples?: readonly T[] },
): void {
  const given = process.env["KEYGRANT_PROPERTY_SEED"];
  const usual = process.env["CI"] ? FIXED_SEED : Math.floor(Math.random() * 0x7fff_ffff);
  const seed = given === undefined ? usual : Number(given);
  const examples = (options.examples ?? []).map((one): [T] => [one]);
  process.stdout.write(`${name}: ${options.runs} cases, KEYGRANT_PROPERTY_SEED=${seed}\n`);
  fc.assert(fc.property(cases, check), { numRuns: options.runs + examples.length, seed, examples });
}
