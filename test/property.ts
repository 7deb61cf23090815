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
export function holds<T>(name: string, cases: fc.Arbitrary<T>, check: (given: T) => void, options: Options<T>): void {
  fc.assert(fc.property(cases, check), settings(name, options));
}

/** The same for what takes its time. Each case may take long, and none is shrunk: it would take longer. */
export async function holdsSoon<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  check: (given: T) => Promise<void>,
  options: Options<T>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(cases, check), { ...settings(name, options), endOnFailure: true });
}

interface Options<T> {
  readonly runs: number;
  readonly examples?: readonly T[];
}

function settings<T>(name: string, options: Options<T>): fc.Parameters<[T]> {
  const given = process.env["KEYGRANT_PROPERTY_SEED"];
  const usual = process.env["CI"] ? FIXED_SEED : Math.floor(Math.random() * 0x7fff_ffff);
  const seed = given === undefined ? usual : Number(given);
  const examples = (options.examples ?? []).map((one): [T] => [one]);
  process.stdout.write(`${name}: ${options.runs} cases, KEYGRANT_PROPERTY_SEED=${seed}\n`);
  return { numRuns: options.runs + examples.length, seed, examples };
}
