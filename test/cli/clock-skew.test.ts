import { describe, expect, it } from "vitest";
import { offBy, TEN_MINUTES } from "../faults/clock.ts";
import { SCENES } from "../faults/scenes.ts";
import { type ChildResult, startChild } from "./child.ts";
import { openWorld, type World } from "./harness.ts";

/** The built command on a machine whose clock is ten minutes off: it works, or says that it is the clock. */
const CLOCKS = [-TEN_MINUTES, TEN_MINUTES];

function run({ sandbox, stateDir }: World, ms: number, args: readonly string[]): Promise<ChildResult> {
  const env = { ...sandbox.env, HOME: stateDir, KEYGRANT_STATE_DIR: stateDir, NODE_OPTIONS: offBy(ms) };
  return startChild([...args, "--output", "json"], env).done;
}

const TRIED = SCENES.flatMap((scene) => CLOCKS.map((ms) => ({ ...scene, ms, minutes: ms / 60_000 })));

describe.concurrent.each(TRIED)("a clock that is $minutes minutes off, $title", ({ key, ms, once, granted }) => {
  it("onboard: granted and registered once, or it says that it is the clock and writes nothing", async () => {
    await using world = await openWorld();
    const onboard = ["onboard", key, "--yes"];
    const { exitCode, stdout, stderr } = await run(world, ms, [...onboard, "--settle-reads", "1"]);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect([0, 12], stdout).toContain(exitCode);
    if (exitCode === 12) {
      expect(stdout).toMatch(/clock/i);
      expect(granted(world, key)).toBe(false);
    }
    expect((await world.json(onboard)).exitCode).toBe(0);
    once(world, key);
  });

  it("validate: VALID, or it says that it is the clock", async () => {
    await using world = await openWorld();
    expect((await world.json(["onboard", key, "--yes"])).exitCode).toBe(0);
    const { exitCode, stdout } = await run(world, ms, ["validate", key, "--confirm", "1"]);
    expect([0, 12], stdout).toContain(exitCode);
    if (exitCode === 12) expect(stdout).toMatch(/clock/i);
  });

  it("doctor: the clock is what is wrong", async () => {
    await using world = await openWorld();
    const { exitCode, stdout } = await run(world, ms, ["doctor", key]);
    const failed = JSON.parse(stdout).checks.filter(({ outcome }: { outcome: string }) => outcome === "fail");
    expect({ exitCode, failed: failed.map(({ check }: { check: string }) => check) }, stdout).toMatchObject({
      exitCode: 2,
      failed: expect.arrayContaining(["clock"]),
    });
    for (const { fix } of failed) expect(fix).toMatch(/\S/);
  });
});
