import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HEALTHY_GCP_KEY } from "../../src/sandbox/cast.ts";
import { served } from "./fleet.ts";
import { asked, cmks, named, written } from "./peek.ts";
import { expectRotated, NEW, OLD, SERVICES, watched, where } from "./rotating.ts";

describe("rotate", () => {
  it("moves both services and the default, deregisters the old key, and no service is ever without a key", async () => {
    const watch = await watched();
    await using world = watch.world;
    const { exitCode, json, stderr } = await world.json(["rotate", watch.old, NEW, "--yes"]);
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      outcome: "rotated",
      old: { cmkId: watch.old, key: OLD },
      new: { key: NEW },
      isDefault: true,
      deregistered: true,
      services: SERVICES.map((name) => ({ name, outcome: "moved" })),
    });
    expect(stderr).toContain("my-pg: on the new key");
    expect(watch.moments.length).toBeGreaterThan(20);
    await expectRotated(watch);
  });

  it("shows the whole plan, asks once, and says which command is for later", async () => {
    const watch = await watched();
    await using world = watch.world;
    const before = written(world);
    const no = await world.run(["rotate", OLD, NEW], { types: "n" });
    expect(no.exitCode).toBe(3);
    for (const said of [
      "moves       service my-pg",
      `deregisters CMK ${watch.old}`,
      "makes       the key the default",
    ]) {
      expect(no.stdout).toContain(said);
    }
    expect(written(world)).toEqual(before);
    const yes = await world.run(["rotate", OLD, NEW], { types: "y" });
    expect(yes.exitCode).toBe(0);
    expect(yes.stdout).toContain(`keygrant revoke ${OLD} --backups-expired`);
    await expectRotated(watch);
  });

  it("--dry-run changes nothing", async () => {
    const watch = await watched();
    await using world = watch.world;
    const before = written(world);
    const { exitCode, json } = await world.json(["rotate", OLD, NEW, "--dry-run"]);
    expect({ exitCode, outcome: json.outcome }).toEqual({ exitCode: 0, outcome: "planned" });
    expect(written(world)).toEqual(before);
  });

  it("run again when it is done changes nothing and says so", async () => {
    const watch = await watched();
    await using world = watch.world;
    await world.json(["rotate", watch.old, NEW, "--yes"]);
    const before = written(world);
    const { exitCode, json } = await world.json(["rotate", watch.old, NEW]);
    expect({ exitCode, outcome: json.outcome }).toEqual({ exitCode: 0, outcome: "unchanged" });
    expect(written(world)).toEqual(before);
  });

  it("several at once, and from one cloud to another", async () => {
    const watch = await watched();
    await using world = watch.world;
    const { exitCode, json } = await world.json(["rotate", OLD, HEALTHY_GCP_KEY, "--yes", "--parallel", "4"]);
    expect({ exitCode, outcome: json.outcome }).toEqual({ exitCode: 0, outcome: "rotated" });
    expect(cmks(world)).toMatchObject([{ resource: HEALTHY_GCP_KEY, default_cmk: true }]);
    expect(watch.moments.filter(({ works }) => !works)).toEqual([]);
  });

  it("as a reviewed plan", async () => {
    const watch = await watched();
    await using world = watch.world;
    const folder = await mkdtemp(join(tmpdir(), "keygrant-rotate-"));
    const file = join(folder, "plan.json");
    expect((await world.run(["rotate", OLD, NEW, "--plan-out", file])).exitCode).toBe(0);
    expect(JSON.parse(await readFile(file, "utf8")).plan.acts).toHaveLength(5);
    expect((await world.json(["apply", file])).exitCode).toBe(0);
    await rm(folder, { recursive: true });
    await expectRotated(watch);
  });
});

describe("a service that does not settle", () => {
  it("stops it: named, exit code 12, the old key in place, nothing without a key; mended, it goes on", async () => {
    const watch = await watched({ knobs: { stuckServices: [] } });
    await using world = watch.world;
    world.sandbox.turn({ stuckServices: ["my-kafka"] });
    const args = ["rotate", OLD, NEW, "--yes", "--service-timeout", "2m"];
    const { exitCode, json } = await world.json(args);
    expect({ exitCode, outcome: json.outcome }).toEqual({ exitCode: 12, outcome: "stopped" });
    expect(json.message).toContain("my-kafka");
    expect(json.findings).toMatchObject([{ code: "vendor.service-unsettled", subject: "my-kafka" }]);
    expect(json.services).toMatchObject([
      { name: "my-kafka", outcome: "stuck", detail: expect.stringContaining("activating on the new key") },
      { name: "my-pg", outcome: "not-reached" },
    ]);
    expect(cmks(world).map(({ resource }) => resource)).toEqual([OLD, NEW]);
    expect(await where(world, "my-pg")).toBe(watch.old);
    expect(watch.moments.filter(({ works }) => !works)).toEqual([]);
    world.sandbox.turn({ stuckServices: [] });
    expect((await world.json(args)).exitCode).toBe(0);
    await expectRotated(watch);
  });

  it("one that somebody put under a third key is left alone", async () => {
    const watch = await watched();
    await using world = watch.world;
    const third = named("granted");
    expect((await world.json(["onboard", third, "--yes"])).exitCode).toBe(0);
    const id = cmks(world).find(({ resource }) => resource === third)?.id ?? "";
    await world.json(["cmk", "attach", "my-pg", id]);
    const { exitCode, json } = await world.json(["rotate", OLD, NEW, "--yes"]);
    expect({ exitCode, outcome: json.outcome }).toEqual({ exitCode: 12, outcome: "stopped" });
    expect(json.services.find((one: { name: string }) => one.name === "my-pg")).toMatchObject({ outcome: "left" });
    expect(json.findings).toMatchObject([{ code: "vendor.service-elsewhere", subject: "my-pg" }]);
    expect(await where(world, "my-pg")).toBe(id);
  });
});

it("a service that somebody puts back under the old key in the last moment: the old key stays, and is moved again", async () => {
  const watch = await watched();
  await using world = watch.world;
  watch.onRequest = (_, phase) => {
    if (phase === "after" || asked(world, "CMKDelete") === 0) return;
    watch.onRequest = null;
    served(world, watch.old, "my-pg");
  };
  const args = ["rotate", OLD, NEW, "--yes"];
  const { exitCode, json } = await world.json(args);
  expect({ exitCode, outcome: json.outcome }).toEqual({ exitCode: 12, outcome: "stopped" });
  expect(json.findings).toMatchObject([{ code: "vendor.key-in-use", subject: watch.old }]);
  expect(cmks(world).map(({ resource }) => resource)).toEqual([OLD, NEW]);
  world.clock.advance(60_000);
  expect((await world.json(args)).exitCode).toBe(0);
  await expectRotated(watch);
});

describe("what stands in the way", () => {
  it("a new key that is not usable: nothing is moved, and the exit code is that of onboard", async () => {
    const watch = await watched();
    await using world = watch.world;
    const { exitCode, json } = await world.json(["rotate", OLD, named("disabled"), "--yes"]);
    expect({ exitCode, outcome: json.outcome, services: json.services }).toEqual({
      ...{ exitCode: 10, outcome: "stopped", services: [] },
    });
    expect(cmks(world)).toMatchObject([{ resource: OLD, default_cmk: true }]);
  });

  it.each([
    ["the same key twice", [OLD, OLD], 3, "rotate.same-key"],
    ["an old key that is not registered", [named("granted"), NEW], 2, "cmk.not-found"],
    ["a new CMK that there is not", [OLD, "00000000-0000-4000-8000-000000000000"], 2, "cmk.not-found"],
  ])("%s", async (_, keys, exit, code) => {
    const { world } = await watched();
    await using _world = world;
    const { exitCode, json } = await world.json(["rotate", ...keys, "--yes"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: exit, code });
  });

  it("services that could not be read are not taken for none: nothing is changed", async () => {
    const { world } = await watched();
    await using _world = world;
    world.sandbox.turn({ faults: ["503=1@CMKServiceAssociationsList"] });
    const before = written(world);
    const { exitCode, json } = await world.json(["rotate", OLD, NEW, "--yes"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 12, code: "look.unreachable" });
    expect(written(world)).toEqual(before);
  });

  it("services on their way to the new key that cannot be read are not taken for none: no other is begun", async () => {
    const watch = await watched({ knobs: { stuckServices: [] } });
    await using world = watch.world;
    const args = ["rotate", OLD, NEW, "--yes", "--service-timeout", "2m"];
    world.sandbox.turn({ stuckServices: ["my-kafka"] });
    expect((await world.json(args)).exitCode).toBe(12);
    const next = cmks(world).find(({ resource }) => resource === NEW)?.id;
    world.sandbox.turn({ stuckServices: [], faults: [`503=1@${next}/service_associations`] });
    const moved = asked(world, "ServiceUpdate");
    const { exitCode, json } = await world.json(args);
    expect({ exitCode, outcome: json.outcome, services: json.services }).toEqual({
      ...{ exitCode: 12, outcome: "stopped", services: [] },
    });
    expect(json.message).toContain("Which services are on their way to the new key is not known.");
    expect(json.findings).toMatchObject([{ code: "look.unreachable", fix: expect.stringMatching(/\S/) }]);
    expect(asked(world, "ServiceUpdate")).toBe(moved);
    expect(watch.moments.filter(({ works }) => !works)).toEqual([]);
    world.sandbox.turn({ faults: [] });
    expect((await world.json(args)).exitCode).toBe(0);
    await expectRotated(watch);
  });

  it("an answer that was lost while a service was moved or the old key deleted is no failure", async () => {
    const watch = await watched();
    await using world = watch.world;
    world.sandbox.turn({ faults: ["lost=1x1@ServiceUpdate", "lost=1x1@CMKDelete", "lost=1x1@CMKUpdate"] });
    expect((await world.json(["rotate", OLD, NEW, "--yes"])).exitCode).toBe(0);
    await expectRotated(watch);
  });
});
