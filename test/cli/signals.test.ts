import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/cli/host.ts";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, type WorldOptions } from "./harness.ts";
import { cmks } from "./peek.ts";
import { ONBOARD, stopped } from "./stopped.ts";

/** A person or a scheduler who stops a command gets its own exit code, a word, and a next run that finishes. */
const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const;

describe.concurrent("the built command", () => {
  const MOMENTS = ["CMKAccessorsList", "DescribeKey", "PutKeyPolicy", "Decrypt", "CMKCreate", "CMKAccessCheckTrigger"];

  it.each(MOMENTS.flatMap((moment) => SIGNALS.map(([signal, exit]) => ({ moment, signal, exit }))))(
    "$signal at $moment: exit code $exit",
    async ({ moment, signal, exit }) => {
      const { world, result } = await stopped({ at: moment, phase: "after" }, signal);
      await using _ = world;
      expect(result).toMatchObject({ exitCode: exit, signal: null, stderr: "" });
      expect(JSON.parse(result.stdout)).toMatchObject({ schemaVersion: 1, error: { code: "interrupted" } });
      expect((await world.run(ONBOARD)).exitCode).toBe(0);
      expect(cmks(world)).toHaveLength(1);
    },
  );
});

describe("while it waits", () => {
  const ARGS = ["onboard", HEALTHY_AWS_KEY, "--yes"];
  const PAUSES: readonly [string, WorldOptions][] = [
    ["for a write to settle", {}],
    ["for the vendor to be let in", { knobs: { propagationMs: 60_000 } }],
    ["to ask the vendor again", { knobs: { faults: ["500=1@CMKAccessorsList"] } }],
    ["to register again", { knobs: { faults: ["500=1@CMKCreate"] } }],
  ];

  it.each(PAUSES)("%s", async (_what, options) => {
    const stop = new AbortController();
    await using world = await openWorld({
      ...options,
      async sleep(_ms, signal) {
        stop.abort(new Interrupted("SIGTERM"));
        signal?.throwIfAborted();
      },
    });
    const { exitCode, json } = await world.json(ARGS, { interrupted: stop.signal });
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 143, code: "interrupted" });
    expect(json.error.fix).toContain("same command again");
  });

  it("for a person to answer", async () => {
    const stop = new AbortController();
    await using world = await openWorld();
    const asking = world.run(["onboard", HEALTHY_AWS_KEY], {
      interrupted: stop.signal,
      asked: () => stop.abort(new Interrupted("SIGINT")),
    });
    expect(await asking).toMatchObject({ exitCode: 130, stderr: expect.stringContaining("(interrupted)") });
    expect(cmks(world)).toHaveLength(0);
  });
});

it("a command that was stopped before it began does nothing", async () => {
  await using world = await openWorld();
  const interrupted = AbortSignal.abort(new Interrupted("SIGINT"));
  const { exitCode, json } = await world.json(["validate", HEALTHY_AWS_KEY], { interrupted });
  expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 130, code: "interrupted" });
});
