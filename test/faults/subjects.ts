import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { AivenWorld } from "../../src/sandbox/aiven/world.ts";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import type { CliResult, World } from "../cli/harness.ts";
import { cmks } from "../cli/peek.ts";
import { SCENES, type Scene } from "./scenes.ts";

/** A command that faults are tried on. A new command is one more entry. */
export interface Subject {
  readonly command: string;
  /** `aiven` for a command that asks no cloud. */
  readonly about: Scene["cloud"] | "aiven";
  /** Takes out of a fresh world what only makes each run longer. */
  readonly thin?: Scene["thin"];
  /** Brings about the world that the command starts from, while nothing is wrong. */
  readonly prepare: (world: World) => Promise<void>;
  /** The words of the command, in the world that was prepared. */
  readonly args: (world: World) => readonly string[];
  /** What stands in the world once the command has got through, however often it was run. */
  readonly done: (world: World, last: CliResult) => void;
  /** Whether the vendor is let in as the world stands. */
  readonly granted: (world: World) => boolean;
  /** What no run may change. */
  readonly others: (world: World) => unknown;
}

const SERVICES = ["my-kafka", "my-pg"];
/** A service takes this long to settle on a key. */
export const SETTLED_MS = 60_000;

async function all(world: World, ...commands: readonly (readonly string[])[]): Promise<void> {
  for (const args of commands) {
    const { exitCode, stdout } = await world.json(args);
    expect(exitCode, stdout).toBe(0);
  }
}

function onboard(key: string, ...more: readonly string[]): readonly string[] {
  return ["onboard", key, "--yes", "--wait", "0", ...more];
}

/** The id of the only CMK; of the only one that there ever was, when it is deleted. */
function cmkId({ sandbox }: World): string {
  const { projects } = sandbox.world()["aiven"] as AivenWorld;
  return projects.find(({ name }) => name === "demo")?.cmks[0]?.id ?? "";
}

function serviceOn(world: World, name: string): string | null | undefined {
  const { projects } = world.sandbox.world()["aiven"] as AivenWorld;
  const services = projects.find((one) => one.name === "demo")?.services ?? [];
  return services.find((one) => one.service_name === name)?.cmk_id;
}

async function deregister(world: World): Promise<void> {
  await all(world, ["cmk", "delete", cmkId(world), "--yes"]);
}

async function attach(world: World, ...services: readonly string[]): Promise<void> {
  for (const service of services) await all(world, ["cmk", "attach", service, cmkId(world)]);
  world.clock.advance(SETTLED_MS);
}

const planIn = ({ stateDir }: World) => join(stateDir, "plan.json");

/** The commands that ask a cloud. */
function onCloud({ cloud, key, next, once, granted, others, thin }: Scene): readonly Subject[] {
  const registered = (world: World) => {
    once(world, key);
    expect(cmks(world)).toMatchObject([{ resource: key }]);
  };
  const common = { about: cloud, others, granted: (world: World) => granted(world, key) };
  const about = thin === undefined ? common : { ...common, thin };
  const fresh = async () => {};
  const onboarded = (world: World) => all(world, onboard(key));
  const grantedOnly = async (world: World) => {
    await onboarded(world);
    await deregister(world);
  };
  const revoke = ["revoke", key, "--yes", "--backups-expired"];
  return [
    { ...about, command: "onboard", prepare: fresh, args: () => onboard(key), done: registered },
    {
      ...about,
      command: "apply",
      prepare: (world) => all(world, ["onboard", key, "--wait", "0", "--plan-out", planIn(world)]),
      args: (world) => ["apply", planIn(world)],
      done: registered,
    },
    {
      ...about,
      command: "validate",
      prepare: onboarded,
      args: () => ["validate", key, "--ask-vendor"],
      done: registered,
    },
    {
      ...about,
      command: "policy --current live",
      prepare: fresh,
      args: () => ["policy", key, "--format", "document", "--current", "live"],
      done: (world, { json }) => {
        expect(json.text).toMatch(/\S/);
        expect(granted(world, key)).toBe(false);
      },
    },
    {
      ...about,
      command: "revoke",
      prepare: grantedOnly,
      args: () => revoke,
      done: (world, { json }) => {
        expect(json.proof).toBe("shut-out");
        expect(granted(world, key)).toBe(false);
      },
    },
    {
      ...about,
      command: "undo",
      prepare: async (world) => {
        await grantedOnly(world);
        await all(world, revoke);
      },
      args: (world) => ["undo", backupOfRevoke(world), "--yes"],
      done: (world, { json }) => {
        expect(json.letIn).toBe("yes");
        once(world, key);
      },
    },
    {
      ...about,
      command: "rotate",
      granted: (world) => granted(world, next),
      prepare: async (world) => {
        await all(world, onboard(key, "--default"));
        await attach(world, ...SERVICES);
      },
      args: () => ["rotate", key, next, "--yes", "--wait", "0"],
      done: (world) => {
        once(world, key, next);
        expect(cmks(world)).toMatchObject([{ resource: next, default_cmk: true }]);
        for (const name of SERVICES) expect(serviceOn(world, name)).toBe(cmks(world)[0]?.id);
      },
    },
    {
      ...about,
      command: "doctor",
      prepare: fresh,
      args: () => ["doctor", key],
      done: (world, { json }) => {
        expect(json.summary).toMatchObject({ fail: 0, unknown: 0 });
        expect(granted(world, key)).toBe(false);
      },
    },
  ];
}

/** The backups are named by their time: in a world that was prepared by a revoke, the second is the revoke's. */
function backupOfRevoke({ stateDir }: World): string {
  return readdirSync(join(stateDir, "backups")).sort()[1] ?? "";
}

const AWS = HEALTHY_AWS_KEY;

/** The commands that ask the vendor alone. */
function onVendor(): readonly Subject[] {
  const [scene] = SCENES;
  if (scene === undefined) throw new Error("there is no cloud");
  const { others, once, granted } = scene;
  const about = { about: "aiven", others, granted: (world: World) => granted(world, AWS) } as const;
  const onboarded = (world: World) => all(world, onboard(AWS));
  const onIt = (...words: readonly string[]) => ({
    args: (world: World) => [...words, cmkId(world)],
    prepare: onboarded,
  });
  const stays = (world: World) => {
    once(world, AWS);
    expect(cmks(world)).toMatchObject([{ resource: AWS, default_cmk: false }]);
  };
  const same = (world: World, { json }: CliResult) => {
    stays(world);
    expect([json.cmk ?? json.cmks].flat()).toMatchObject([{ cmkId: cmkId(world), services: [{ name: "my-pg" }] }]);
  };
  const served = async (world: World) => {
    await onboarded(world);
    await attach(world, "my-pg");
  };
  return [
    {
      ...about,
      command: "accessors",
      prepare: onboarded,
      args: () => ["accessors"],
      done: (_, { json }) => expect(json.accessors).toHaveLength(3),
    },
    { ...about, command: "cmk list", prepare: served, args: () => ["cmk", "list"], done: same },
    { ...about, command: "cmk get", ...onIt("cmk", "get"), prepare: served, done: same },
    { ...about, command: "cmk services", ...onIt("cmk", "services"), prepare: served, done: same },
    {
      ...about,
      command: "cmk register",
      prepare: async (world) => {
        await onboarded(world);
        await deregister(world);
      },
      args: () => ["cmk", "register", AWS],
      done: stays,
    },
    {
      ...about,
      command: "cmk set-default",
      ...onIt("cmk", "set-default"),
      done: (world) => expect(cmks(world)).toMatchObject([{ resource: AWS, default_cmk: true }]),
    },
    {
      ...about,
      command: "cmk attach",
      ...onIt("cmk", "attach", "my-pg"),
      done: (world) => expect(serviceOn(world, "my-pg")).toBe(cmkId(world)),
    },
    {
      ...about,
      command: "cmk detach",
      prepare: served,
      args: () => ["cmk", "detach", "my-pg", "--yes"],
      done: (world) => expect(serviceOn(world, "my-pg")).toBeNull(),
    },
    {
      ...about,
      command: "cmk delete",
      prepare: onboarded,
      args: (world) => ["cmk", "delete", cmkId(world), "--yes"],
      done: (world) => {
        expect(cmks(world)).toEqual([]);
        once(world, AWS);
      },
    },
  ];
}

export const SUBJECTS: readonly Subject[] = [...SCENES.flatMap(onCloud), ...onVendor()];
