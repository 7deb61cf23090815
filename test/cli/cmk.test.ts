import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, written } from "./peek.ts";

const KEY = HEALTHY_AWS_KEY;

async function onboarded(): Promise<{ world: World; id: string }> {
  const world = await openWorld();
  expect((await world.json(["onboard", KEY, "--yes"])).exitCode).toBe(0);
  return { world, id: cmks(world)[0]?.id ?? "" };
}

function settle(world: World): void {
  world.clock.advance(10_000);
}

describe("cmk list and get", () => {
  it("say what the vendor's client says, who uses the key, and the phase of the last validation", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    const before = await world.json(["cmk", "list"]);
    expect(before.json.cmks).toMatchObject([{ cmkId: id, cloud: "aws", key: KEY, default: false, status: "current" }]);
    expect(before.json.cmks[0]).toMatchObject({ services: [], phase: null, lastCheckedAt: null });
    await world.json(["validate"]);
    await world.json(["cmk", "attach", "my-pg", id]);
    const { json } = await world.json(["cmk", "get", id]);
    expect(json.cmk).toMatchObject({ phase: "VALID", services: [{ name: "my-pg", status: "activating" }] });
    const { stdout } = await world.run(["cmk", "list"]);
    expect(stdout).toMatch(/^ID +PROVIDER +RESOURCE +DEFAULT +STATUS +PHASE +SERVICES +CREATED +UPDATED\n/);
    expect(stdout).toContain("my-pg (activating)");
  });

  it("nothing registered is no error, and says so on stderr", async () => {
    await using world = await openWorld();
    const { exitCode, stdout, stderr } = await world.run(["cmk", "list"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toContain("No CMK is registered in demo");
  });

  it("a vendor that cannot be asked is no empty list", async () => {
    await using world = await openWorld();
    world.sandbox.turn({ faults: ["503=1@CMKList"] });
    const { exitCode, json } = await world.json(["cmk", "list"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 12, code: "look.unreachable" });
  });

  it("services that could not be read are null, and exit code 12", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    world.sandbox.turn({ faults: ["503=1@CMKServiceAssociationsList"] });
    const { exitCode, json } = await world.json(["cmk", "services", id]);
    expect({ exitCode, services: json.cmk.services }).toEqual({ exitCode: 12, services: null });
  });

  it.each([["get"], ["services"], ["set-default"], ["delete"]])(
    "%s of an id that there is not: exit code 2",
    async (word) => {
      await using world = await openWorld();
      const { exitCode, json } = await world.json(["cmk", word, "00000000-0000-4000-8000-000000000000"]);
      expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "cmk.not-found" });
    },
  );
});

describe("cmk register", () => {
  it("touches no policy: a key that the vendor cannot use is refused, exit code 3", async () => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json(["cmk", "register", KEY]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "vendor.refused" });
    expect(written(world)).toEqual(before);
  });

  it("finds before it creates, and sets the default when asked to", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    const { exitCode, json } = await world.json(["cmk", "register", KEY, "--default"]);
    expect({ exitCode, json }).toMatchObject({
      exitCode: 0,
      json: { changed: false, cmk: { cmkId: id, default: true } },
    });
    expect(asked(world, "CMKCreate")).toBe(1);
  });
});

describe("cmk set-default", () => {
  it("changes it once", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    expect((await world.json(["cmk", "set-default", id])).json).toMatchObject({
      changed: true,
      cmk: { default: true },
    });
    expect((await world.json(["cmk", "set-default", id])).json).toMatchObject({ changed: false });
    expect(asked(world, "CMKUpdate")).toBe(1);
  });
});

describe("cmk attach and detach", () => {
  it("move a service, and say nothing changed when it is there already", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    expect((await world.json(["cmk", "attach", "my-pg", id])).json).toMatchObject({ cmkId: id, changed: true });
    expect((await world.json(["cmk", "attach", "my-pg", id])).json).toMatchObject({ changed: false });
    settle(world);
    expect((await world.json(["cmk", "detach", "my-pg", "--yes"])).json).toMatchObject({ cmkId: null, changed: true });
    expect((await world.json(["cmk", "detach", "my-pg", "--yes"])).json).toMatchObject({ changed: false });
  });

  it("detach says what it means and asks; no is exit code 3, no terminal is 2", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    await world.json(["cmk", "attach", "my-pg", id]);
    const before = written(world);
    const no = await world.run(["cmk", "detach", "my-pg"], { types: "n" });
    expect(no.exitCode).toBe(3);
    expect(no.stderr).toMatch(/Take my-pg off your key\?[\s\S]*backups/);
    expect((await world.run(["cmk", "detach", "my-pg"])).exitCode).toBe(2);
    expect(written(world)).toEqual(before);
  });

  it("a service that there is not: exit code 2", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    const { exitCode, json } = await world.json(["cmk", "attach", "no-such", id]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "service.not-found" });
  });
});

describe("cmk delete", () => {
  it("names the services in the way, exit code 3", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    await world.json(["cmk", "attach", "my-pg", id]);
    const { exitCode, json } = await world.json(["cmk", "delete", id, "--yes"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "cmk.in-use" });
    expect(json.error.message).toContain("my-pg (activating)");
    expect(cmks(world)).toHaveLength(1);
  });

  it("--wait waits until the last service has let go", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    await world.json(["cmk", "attach", "my-pg", id]);
    settle(world);
    await world.json(["cmk", "detach", "my-pg", "--yes"]);
    const { exitCode, json, stderr } = await world.json(["cmk", "delete", id, "--yes", "--wait"]);
    expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { changed: true, cmk: { status: "deleted" } } });
    expect(stderr).toContain("Waiting for my-pg (deactivating)");
    expect(stderr).toContain("keygrant revoke");
    expect(cmks(world)).toEqual([]);
  });

  it("a second time changes nothing", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    await world.json(["cmk", "delete", id, "--yes"]);
    const { exitCode, json } = await world.json(["cmk", "delete", id, "--yes"]);
    expect({ exitCode, changed: json.changed }).toEqual({ exitCode: 0, changed: false });
    expect(asked(world, "CMKDelete")).toBe(1);
  });

  it("an answer that was lost is looked up, not taken for a failure", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    world.sandbox.turn({ faults: ["lost=1x1@CMKDelete"] });
    const { exitCode } = await world.json(["cmk", "delete", id, "--yes"]);
    expect(exitCode).toBe(0);
    expect(cmks(world)).toEqual([]);
  });

  it("asks; no is exit code 3", async () => {
    const { world, id } = await onboarded();
    await using _ = world;
    const { exitCode } = await world.run(["cmk", "delete", id], { types: "n" });
    expect(exitCode).toBe(3);
    expect(cmks(world)).toHaveLength(1);
  });
});
