import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/cli/host.ts";
import { expectRotated, NEW, OLD, type Watch, watched } from "./rotating.ts";

describe.each(["before", "after"] as const)("stopped %s any of its requests is carried out", (phase) => {
  it("and run again it ends the same, with no service ever without a key", async () => {
    const args = ["rotate", OLD, NEW, "--yes", "--settle-reads", "1"];
    const requests = await requestsOf(args);
    expect(requests).toBeGreaterThan(25);
    for (let at = 1; at <= requests; at++) {
      const watch = await watched();
      await using world = watch.world;
      const stop = new AbortController();
      const first = await countedFrom(watch, (count, now) => {
        if (count === at && now === phase) stop.abort(new Interrupted("SIGTERM"));
      });
      const { exitCode } = await world.run(args, { interrupted: stop.signal });
      first.done();
      expect({ at, exitCode }).toEqual({ at, exitCode: 143 });
      expect({ at, exitCode: (await world.json(args)).exitCode }).toEqual({ at, exitCode: 0 });
      await expectRotated(watch);
    }
  }, 240_000);
});

async function requestsOf(args: readonly string[]): Promise<number> {
  const watch = await watched();
  await using world = watch.world;
  let most = 0;
  const counted = await countedFrom(watch, (count) => {
    most = count;
  });
  expect((await world.json(args)).exitCode).toBe(0);
  counted.done();
  return most;
}

/** Counts from the next request on. */
async function countedFrom(watch: Watch, each: (count: number, phase: "before" | "after") => void) {
  let base: number | null = null;
  watch.onRequest = (count, phase) => {
    base ??= count - 1;
    each(count - base, phase);
  };
  return {
    done() {
      watch.onRequest = null;
    },
  };
}
