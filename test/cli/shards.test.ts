import { describe, expect, it } from "vitest";
import { startPostgres, whyNoPostgres } from "../state/postgres-server.ts";
import { fleet } from "./fleet.ts";
import { openWorld } from "./harness.ts";

/** Many keys, by one run and by several: each of them is reported once, and by all together exactly what one would say. */
const SIZE = 1_000;
const noPostgres = await whyNoPostgres();

interface Reported {
  readonly project: string;
  readonly key: string;
  readonly phase: string;
}

function names(keys: readonly Reported[]): readonly string[] {
  return keys.map((one) => `${one.project} ${one.key} ${one.phase}`).sort();
}

function args(projects: readonly string[]): readonly string[] {
  return ["validate", ...projects.flatMap((one) => ["--project", one]), "--probe", "off"];
}

describe("a thousand keys in ten projects over three clouds", () => {
  it("are reported once each, VALID", { timeout: 120_000 }, async () => {
    await using world = await openWorld();
    const { projects, registered } = fleet(world, SIZE);
    const { exitCode, json } = await world.json(args(projects));
    expect(names(json.keys)).toEqual(registered.map(([project, key]) => `${project} ${key} VALID`).sort());
    expect({ exitCode, summary: json.summary }).toMatchObject({ exitCode: 0, summary: { VALID: SIZE } });
  });
});

describe("shards", () => {
  it("give together what one run gives, and share no domain", { timeout: 60_000 }, async () => {
    await using world = await openWorld();
    const { projects, registered } = fleet(world, 60);
    const runs = [];
    for (const shard of ["0/3", "1/3", "2/3"]) {
      runs.push(await world.json([...args(projects), "--shard", shard, "--no-state"]));
    }
    const together = runs.flatMap((run) => run.json.keys as readonly Reported[]);
    expect(names(together)).toEqual(registered.map(([project, key]) => `${project} ${key} VALID`).sort());
    const whole = await world.json([...args(projects), "--no-state"], {
      env: { JOB_COMPLETION_INDEX: "0", KEYGRANT_SHARDS: "1" },
    });
    expect(names(whole.json.keys)).toEqual(names(together));
  });

  const title = noPostgres === null ? "" : ` (skipped: ${noPostgres})`;
  it.skipIf(noPostgres !== null)(`on a real PostgreSQL, at the same time${title}`, { timeout: 120_000 }, async () => {
    await using server = await startPostgres();
    await using world = await openWorld();
    const { projects, registered } = fleet(world, 90);
    const env = { KEYGRANT_STATE: server.url() };
    const index = (one: number) => ({ env: { ...env, JOB_COMPLETION_INDEX: String(one), KEYGRANT_SHARDS: "2" } });
    const [first, second] = await Promise.all([
      world.json(args(projects), index(0)),
      world.json(args(projects), index(1)),
    ]);
    const expected = registered.map(([project, key]) => `${project} ${key} VALID`).sort();
    expect(names([...first.json.keys, ...second.json.keys])).toEqual(expected);
    // They remember in one place: another run of all of it finds nothing new.
    const again = await world.json(args(projects), { env });
    expect(names(again.json.keys)).toEqual(expected);
    const since = new Map(
      [...first.json.keys, ...second.json.keys].map((one: Reported & { since: string }) => [
        one.project + one.key,
        one.since,
      ]),
    );
    for (const one of again.json.keys) expect(one.since).toBe(since.get(one.project + one.key));
  });
});
