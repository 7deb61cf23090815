import { describe, expect, it } from "vitest";
import { openWorld } from "../cli/harness.ts";
import { SCENES } from "./scenes.ts";
import { stageOf } from "./stage.ts";
import { SUBJECTS } from "./subjects.ts";
import { attempt } from "./trial.ts";

/**
 * A 200 to our write that is not the cloud's answer to it says nothing about what was written: it is looked up, and
 * where that does not show what was written, nobody knows. It is never taken for a success, and never for a verdict.
 */
const WRITES = SCENES.flatMap(({ cloud, key, granted, once, write }) =>
  ["garbage", "malformed", "ok-error"].map((kind) => ({ cloud, key, granted, once, write, kind })),
);

describe.each(WRITES)("$kind at $write", ({ key, granted, once, write, kind }) => {
  const onboard = ["onboard", key, "--yes", "--wait", "0"];

  it("for ever: exit code 12, nothing is believed, and the next run finishes", async () => {
    await using world = await openWorld({ knobs: { faults: [`${kind}=1@${write}`] } });
    const { exitCode, json } = await world.json(onboard);
    expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 12, code: "look.unreachable" });
    expect(json.error.fix).toMatch(/\S/);
    expect(granted(world, key)).toBe(false);
    world.sandbox.turn({ faults: [] });
    expect((await world.json(onboard)).exitCode).toBe(0);
    once(world, key);
  });

  it("once: it is looked up and written", async () => {
    await using world = await openWorld({ knobs: { faults: [`${kind}=1x1@${write}`] } });
    expect((await world.json(onboard)).exitCode).toBe(0);
    once(world, key);
  });
});

it.each(["garbage", "malformed", "ok-error"] as const)(
  "%s at DeletePolicy: it is looked up and deleted",
  async (kind) => {
    const subject = SUBJECTS.find(({ command, about }) => command === "revoke" && about === "oci");
    if (subject === undefined) throw new Error("no command takes a grant back at OCI");
    await using stage = await stageOf(subject);
    expect(await attempt({ stage, fault: { call: "DeletePolicy", kind, often: "once" } })).toBe("0");
  },
);
