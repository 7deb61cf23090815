import { expect } from "vitest";

/** Runs them side by side: most of their time is the pauses of the clouds' SDKs. */
export async function sideBySide<T, R>(
  all: readonly T[],
  run: (one: T) => Promise<R>,
  nameOf: (one: T) => string,
  atOnce = 16,
): Promise<readonly R[]> {
  const done: R[] = [];
  const failures: string[] = [];
  const waiting = [...all];
  async function work(): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      try {
        done.push(await run(one));
      } catch (error) {
        failures.push(`${nameOf(one)}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  expect(failures.length, failures.sort().join("\n")).toBe(0);
  return done;
}
