import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, statementsNaming } from "./peek.ts";
import { type Moment, ONBOARD, stopped } from "./stopped.ts";

/**
 * The built command, killed at every boundary of a request, and then the same command again: it finishes what was
 * begun, with one statement and one CMK.
 */
async function requestsOfHealthyRun(): Promise<number> {
  await using world = await openWorld();
  expect((await world.run(ONBOARD)).exitCode).toBe(0);
  return world.sandbox.requests.filter((one) => !one.inside).length;
}

const BOUNDARIES = Array.from({ length: await requestsOfHealthyRun() }, (_, at): readonly Moment[] => [
  { at, phase: "before" },
  { at, phase: "after" },
]).flat();

describe.concurrent("kill -9", () => {
  it.each(BOUNDARIES)("$phase request $at: the same command finishes", async (moment) => {
    const { world, result } = await stopped(moment, "SIGKILL");
    await using _ = world;
    expect(result).toMatchObject({ exitCode: null, signal: "SIGKILL", stdout: "" });
    const { exitCode, json } = await world.run(ONBOARD);
    expect({ exitCode, phase: json.key?.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    expectOnce(world);
  });

  it("after the write, while reads still show old and new by turns: written once", async () => {
    const knobs = { propagationMs: 60_000 };
    const { world } = await stopped({ at: "PutKeyPolicy", phase: "after" }, "SIGKILL", { knobs });
    await using _ = world;
    expect((await world.json(["onboard", HEALTHY_AWS_KEY, "--yes"])).exitCode).toBe(0);
    expect(asked(world, "PutKeyPolicy")).toBe(1);
    expectOnce(world);
  });

  it("while the vendor looks at the key: found, and not registered a second time", async () => {
    const knobs = { duplicates: "create" } as const;
    const { world } = await stopped({ at: "CMKCreate", phase: "after" }, "SIGKILL", { knobs });
    await using _ = world;
    expect((await world.run(ONBOARD)).json.registration).toMatchObject({ created: false });
    expect(asked(world, "CMKCreate")).toBe(1);
    expectOnce(world);
  });
});

function expectOnce(world: World): void {
  expect(statementsNaming(world, HEALTHY_AWS_KEY, VENDOR_DEMO.arn)).toHaveLength(1);
  expect(cmks(world)).toHaveLength(1);
}
