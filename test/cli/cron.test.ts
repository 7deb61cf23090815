import { describe, expect, it } from "vitest";
import { startStub } from "../io/stub.ts";
import { changeKey, configured, registered, served, setState, unregistered } from "./fleet.ts";
import { type CliResult, openWorld, type World } from "./harness.ts";
import { keyPolicy, named } from "./peek.ts";

/** A scheduler's life with one key: what is said, told and remembered over time. The clock is the test's. */
const KEY = named("granted");
const MINUTE = 60_000;
const NOBODY = { AWS_ENDPOINT_URL_KMS: "http://127.0.0.1:1" };

interface Told {
  readonly kind: string;
  readonly from: string | null;
  readonly to: string;
  readonly code: string | null;
  readonly services: readonly { readonly name: string }[] | null;
}

async function cron() {
  const world = await openWorld();
  const id = await registered(world, KEY);
  served(world, id, "my-pg");
  // Down at first, and whenever a test says so.
  const state = { failing: 0 };
  const receiver = await startStub(() => (state.failing-- > 0 ? { status: 503 } : { status: 204 }));
  const config = await configured(world, "notify:", "  pager:", `    url: ${receiver.origin}/hook`);
  let heard = 0;
  return {
    world,
    id,
    receiver,
    failFor: (times: number) => {
      state.failing = times;
    },
    /** One run, and what the receiver took because of it. */
    async look(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
      world.clock.advance(10 * MINUTE);
      const at = world.clock.now().toISOString();
      const result = await world.json(["validate", "--config", config, "--probe", "auto", ...args], { env });
      const taken = receiver.requests.slice(heard);
      heard = receiver.requests.length;
      return { ...result, at, key: result.json.keys?.[0], tried: taken.map((one) => JSON.parse(one.body) as Told) };
    },
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await world.close();
    },
  };
}

function codes({ key }: { readonly key: CliResult["json"] }): readonly string[] {
  return key.findings.map((one: { code: string }) => one.code);
}

describe("the acceptance of issue 5", () => {
  it("VALID, disabled, unreachable, back: phase, exit code, one notification each, since exactly when it should", async () => {
    await using scene = await cron();
    const { world } = scene;
    const first = await scene.look();
    expect(first).toMatchObject({ exitCode: 0, key: { phase: "VALID", stale: false, since: first.at }, tried: [] });

    const still = await scene.look();
    expect(still.key).toMatchObject({ phase: "VALID", since: first.at, lastValidAt: still.key.lastCheckedAt });

    setState(world, KEY, "Disabled");
    scene.failFor(1);
    const broken = await scene.look();
    expect(broken).toMatchObject({
      exitCode: 10,
      key: { phase: "INVALID", stale: false, services: [{ name: "my-pg" }] },
    });
    expect(codes(broken)).toContain("key.disabled");
    expect(Date.parse(broken.key.since)).toBeGreaterThanOrEqual(Date.parse(broken.at));
    // The receiver failed at first: the same message twice, and nothing else.
    expect(broken.tried).toHaveLength(2);
    expect(broken.tried[0]).toEqual(broken.tried[1]);
    expect(broken.tried[0]).toMatchObject({
      kind: "phase",
      from: "VALID",
      to: "INVALID",
      code: "key.disabled",
      services: [{ name: "my-pg" }],
    });
    const keys = scene.receiver.requests.map((one) => one.headers["idempotency-key"]);
    expect(new Set(keys).size).toBe(1);

    const blind = await scene.look([], NOBODY);
    expect(blind).toMatchObject({ exitCode: 12, tried: [] });
    expect(blind.key).toMatchObject({ phase: "INVALID", stale: true, since: broken.key.since });
    expect(blind.key.message).toBe(broken.key.message);

    setState(world, KEY, "Enabled");
    const back = await scene.look();
    expect(back).toMatchObject({ exitCode: 0, key: { phase: "VALID", stale: false } });
    expect(Date.parse(back.key.since)).toBeGreaterThanOrEqual(Date.parse(back.at));
    expect(back.tried).toMatchObject([{ kind: "phase", from: "INVALID", to: "VALID", code: null }]);
    const quiet = await scene.look();
    expect(quiet).toMatchObject({ exitCode: 0, key: { since: back.key.since }, tried: [] });
  });

  it("a receiver that stays down is told by a later run, and stderr says that something waits", async () => {
    await using scene = await cron();
    await scene.look();
    setState(scene.world, KEY, "Disabled");
    scene.failFor(1_000);
    const broken = await scene.look();
    expect(broken.exitCode).toBe(10);
    expect(broken.stderr).toContain("1 notification waits for the receiver pager");
    scene.failFor(0);
    expect((await scene.look()).tried).toMatchObject([{ kind: "phase", to: "INVALID" }]);
  });
});

describe("what alarms besides", () => {
  it("a registration that has vanished: once", async () => {
    await using scene = await cron();
    await scene.look();
    unregistered(scene.world, scene.id);
    const gone = await scene.look();
    expect(gone).toMatchObject({ exitCode: 12, tried: [{ kind: "vanished", code: "vendor.not-registered" }] });
    expect(gone.tried[0]?.services).toMatchObject([{ name: "my-pg" }]);
    expect(await scene.look()).toMatchObject({ exitCode: 0, tried: [] });
  });

  it("another accessor: once, while it lasts, and nothing is believed of it", async () => {
    await using scene = await cron();
    await scene.look();
    const pin = ["--expect-accessor", "role_arn=arn:aws:iam::999988887777:role/somebody-else"];
    const changed = await scene.look(pin);
    expect(changed).toMatchObject({ exitCode: 12, key: { phase: "VALID", stale: true } });
    expect(changed.tried).toMatchObject([{ kind: "accessor", code: "vendor.accessor-changed" }]);
    expect((await scene.look(pin)).tried).toEqual([]);
    expect(await scene.look()).toMatchObject({ exitCode: 0, tried: [] });
  });

  it("a failure that the cloud does not answer for only after a second look", async () => {
    await using scene = await cron();
    const { world } = scene;
    await scene.look();
    const bare = keyPolicy(world, named("healthy"));
    const granted = keyPolicy(world, KEY);
    const write = (policy: object) =>
      changeKey(world, KEY, (key) => {
        key.policy = JSON.stringify(policy);
      });
    // Gone at the first look, back at the second.
    write(bare);
    const restore = () => write(granted);
    const flapping = await flap(scene, world, restore);
    expect(flapping).toMatchObject({ exitCode: 0, key: { phase: "VALID", stale: false }, tried: [] });
    write(bare);
    const lasting = await scene.look();
    expect(lasting).toMatchObject({ exitCode: 10, key: { phase: "INVALID" }, tried: [{ kind: "phase" }] });
  });
});

/** A look during which something happens as soon as keygrant pauses. */
async function flap(scene: Awaited<ReturnType<typeof cron>>, world: World, meanwhile: () => void) {
  const { sleep } = world.clock;
  Object.assign(world.clock, {
    sleep: async (ms: number, signal?: AbortSignal) => {
      meanwhile();
      await sleep(ms, signal);
    },
  });
  try {
    return await scene.look();
  } finally {
    Object.assign(world.clock, { sleep });
  }
}

describe("--no-state", () => {
  it("knows nothing of before, tells nobody, and says so", async () => {
    await using scene = await cron();
    await scene.look();
    setState(scene.world, KEY, "Disabled");
    const run = await scene.look(["--no-state"]);
    expect(run).toMatchObject({ exitCode: 10, key: { since: null, lastValidAt: null }, tried: [] });
    expect(run.stderr).toContain("no receiver is told anything");
  });
});
