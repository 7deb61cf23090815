import { describe, expect, it } from "vitest";
import { HEALTHY_GCP_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { cmks } from "./peek.ts";

/** The vendor may hold a key under another spelling than keygrant prints: it is the same key all the same. */
const SPELLED = `//cloudkms.googleapis.com/${HEALTHY_GCP_KEY}`;

async function registeredOtherwise(): Promise<World> {
  const world = await openWorld();
  const body = JSON.stringify({ project: "demo", provider: "gcp", resource: SPELLED });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${world.sandbox.origin}/_sandbox/cmk`, { method: "POST", headers, body });
  expect(answer.status).toBe(200);
  return world;
}

describe("a key that is registered in another spelling", () => {
  it("onboard finds it, grants, and registers nothing", async () => {
    await using world = await registeredOtherwise();
    // The sandbox's vendor takes only the short name to Google, so its own check of this one fails.
    const { json } = await world.json(["onboard", HEALTHY_GCP_KEY, "--yes"]);
    expect(json.registration).toMatchObject({ cmkId: cmks(world)[0]?.id, created: false });
    expect(cmks(world).map((one) => one.resource)).toEqual([SPELLED]);
  });

  it("validate finds it by its name, and a second run does not take it for gone", async () => {
    await using world = await registeredOtherwise();
    const named = await world.json(["validate", HEALTHY_GCP_KEY]);
    expect(named.json.keys).toMatchObject([{ key: HEALTHY_GCP_KEY, cmkId: cmks(world)[0]?.id, project: "demo" }]);
    await world.json(["validate"]);
    const again = await world.json(["validate"]);
    expect(again.json.keys).toMatchObject([{ key: HEALTHY_GCP_KEY, cmkId: cmks(world)[0]?.id }]);
  });
});
