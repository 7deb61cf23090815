import { join } from "node:path";
import { expect, it } from "vitest";
import { openStore } from "../../src/state/store.ts";
import { type Child, startChild } from "./child.ts";
import { fleet } from "./fleet.ts";
import { openWorld } from "./harness.ts";

/** `validate` killed in the middle of a fleet, and run again: nothing is lost, and nothing is there twice. */
it.each([20, 120, 350])("kill -9 at request %i, and the same command again", async (moment) => {
  const running: { child?: Child } = {};
  let count = 0;
  await using world = await openWorld({
    onRequest: (request, phase) => {
      if (!request.inside && phase === "before" && ++count === moment) running.child?.process.kill("SIGKILL");
      return undefined;
    },
  });
  const { projects, registered } = fleet(world, 120);
  const args = ["validate", ...projects.flatMap((one) => ["-p", one]), "--probe", "off", "--output", "json"];
  const env = { ...world.sandbox.env, KEYGRANT_STATE_DIR: world.stateDir };
  running.child = startChild(args, env);
  expect(await running.child.done).toMatchObject({ signal: "SIGKILL", stdout: "" });
  delete running.child;

  const expected = registered.map(([project, key]) => `${project} ${key}`).sort();
  const again = await world.run(args);
  const reported = again.json.keys.map((one: { project: string; key: string }) => `${one.project} ${one.key}`).sort();
  expect({ exitCode: again.exitCode, reported }).toEqual({ exitCode: 0, reported: expected });

  const { clock } = world;
  const deps = { clock, jitter: () => 0.5, random: (size: number) => new Uint8Array(size) };
  const store = await openStore({ kind: "sqlite", path: join(world.stateDir, "keygrant.db") }, deps);
  const remembered: string[] = [];
  for await (const { id } of store.all()) {
    remembered.push(`${id.project} ${id.key}`);
    const phases = (await store.history(id, 10)).filter((one) => one.kind === "phase");
    expect(phases).toMatchObject([{ from: null, to: "VALID" }]);
  }
  await store.close();
  expect(remembered.sort()).toEqual(expected);
});
