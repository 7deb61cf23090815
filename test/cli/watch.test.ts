import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/cli/host.ts";
import { listenAddress, nextDue } from "../../src/cli/watch.ts";
import { configured, registered, setState } from "./fleet.ts";
import { openWorld } from "./harness.ts";
import { asked, named } from "./peek.ts";

/** `validate --every`: the clock is the test's, and each of its sleeps is one between two rounds. */
const KEY = named("granted");
const MINUTE = 60_000;
const WATCH = ["validate", "--every", "10m", "--probe", "off", "--confirm", "1"];

/** Runs the watcher; `between` happens while it sleeps, and says whether it goes on. */
async function watching(
  between: (round: number, ms: number) => Promise<boolean> | boolean,
  args: readonly string[] = [],
) {
  const stop = new AbortController();
  const slept: number[] = [];
  const world = await openWorld({
    async sleep(ms) {
      // Pauses within a round are shorter.
      if (ms < 30_000) return;
      slept.push(ms);
      if (!(await between(slept.length, ms))) stop.abort(new Interrupted("SIGTERM"));
    },
  });
  await registered(world, KEY);
  return {
    world,
    slept,
    run: () => world.run([...WATCH, ...args], { interrupted: stop.signal }),
    stop,
    [Symbol.asyncDispose]: () => world.close(),
  };
}

describe("nextDue", () => {
  it.each([
    ["right after", 0, 10, 1, 10],
    ["a round as long as the interval", 0, 10, 10, 20],
    ["a round that took longer: what was missed is left out", 0, 10, 25, 30],
    ["from where it was due, not from where it began", 10, 10, 13, 20],
  ])("%s", (_, last, interval, now, due) => {
    expect(nextDue(last, interval, now)).toBe(due);
  });
});

describe("listenAddress", () => {
  it.each([
    ["9464", "127.0.0.1", 9464],
    [":9464", "127.0.0.1", 9464],
    ["0.0.0.0:80", "0.0.0.0", 80],
    ["[::1]:80", "::1", 80],
  ])("%s", (text, host, port) => {
    expect(listenAddress(text)).toEqual({ host, port });
  });

  it.each(["", "host", "1:2:3", "99999"])("%s is none", (text) => {
    expect(() => listenAddress(text)).toThrow();
  });
});

describe("rounds", () => {
  it("every ten minutes, spread a little, without drift, and SIGTERM ends it between rounds: 143", async () => {
    const starts: number[] = [];
    await using scene = await watching((round) => {
      starts.push(scene.world.clock.now().getTime());
      return round < 4;
    });
    const begun = scene.world.clock.now().getTime();
    const run = await scene.run();
    expect(run).toMatchObject({ exitCode: 143, stderr: expect.stringContaining("stopped by SIGTERM") });
    expect(asked(scene.world, "CMKList")).toBe(4);
    // Half of the spread of thirty seconds: the test's jitter is a half. Rounds take next to no time here.
    expect(starts.map((at) => Math.round((at - begun) / MINUTE))).toEqual([0, 10, 20, 30]);
    expect(run.stdout.match(/VALID/g)?.length).toBeGreaterThanOrEqual(4);
  });

  it("each minute while something is wrong, and slower again when it is mended", async () => {
    await using scene = await watching((round) => {
      if (round === 1) setState(scene.world, KEY, "Disabled");
      if (round === 3) setState(scene.world, KEY, "Enabled");
      return round < 5;
    });
    await scene.run();
    expect(scene.slept.map((ms) => Math.round(ms / MINUTE))).toEqual([10, 1, 1, 10, 10]);
  });

  it("a stop in the middle lets the round finish", async () => {
    const stop = new AbortController();
    await using world = await openWorld({
      onRequest: () => {
        stop.abort(new Interrupted("SIGINT"));
        return undefined;
      },
    });
    await registered(world, KEY);
    const run = await world.run(WATCH, { interrupted: stop.signal });
    expect(run.exitCode).toBe(130);
    expect(run.stdout).toContain("VALID");
    expect(asked(world, "CMKList")).toBe(1);
  });

  it("what could not be asked once is asked again, and what others changed is seen", async () => {
    await using scene = await watching((round) => {
      scene.world.sandbox.turn({ faults: round === 1 ? ["500=1@CMKList"] : [] });
      return round < 4;
    });
    const run = await scene.run();
    expect(run.exitCode).toBe(143);
    expect(run.stdout + run.stderr).toContain("look.unreachable");
    expect(scene.slept.map((ms) => Math.round(ms / MINUTE))).toEqual([10, 1, 10, 10]);
  });

  it("wrong usage ends it at once", async () => {
    await using world = await openWorld();
    expect((await world.run([...WATCH, "--project", ""], { env: { AIVEN_AUTH_TOKEN: "" } })).exitCode).toBe(2);
    expect((await world.run(["validate", "--every", "1s"])).exitCode).toBe(2);
    expect((await world.run(["validate", "--listen", "9464"])).exitCode).toBe(2);
  });
});

describe("--listen", () => {
  it("serves the metrics of the last round, and whether somebody looks", async () => {
    const seen: { status: number; text: string }[] = [];
    let origin = "";
    const get = async (path: string) => {
      const answer = await fetch(`${origin}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    await using scene = await watching(async (round) => {
      if (round === 1) {
        seen.push(await get("/metrics"), await get("/healthz"), await get("/other"));
        scene.world.clock.advance(31 * MINUTE);
        seen.push(await get("/healthz"));
      }
      return round < 2;
    });
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const config = await configured(scene.world, "confirm: 1");
    const stopped = await scene.world.run([...WATCH, "--listen", String(port), "--config", config], {
      interrupted: scene.stop.signal,
    });
    expect(stopped.exitCode).toBe(143);
    expect(seen.map((one) => one.status)).toEqual([200, 200, 404, 503]);
    expect(seen[0]?.text).toContain('phase="VALID"');
    expect(JSON.parse(seen[1]?.text ?? "")).toMatchObject({ ok: true, lastExitCode: 0 });
    await expect(get("/healthz")).rejects.toThrow();
  });
});

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
