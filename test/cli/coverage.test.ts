import { expect, it } from "vitest";
import type { AivenWorld, StoredService } from "../../src/sandbox/aiven/world.ts";
import { registered, served } from "./fleet.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, named } from "./peek.ts";

/** `--coverage`: the services that no CMK, or an unlisted one, protects, and projects without a default. */
const KEY = named("granted");
const NOT_LISTED = "5d1d9b3e-0000-4000-8000-00000000dead";

function change({ sandbox }: World, change: (projects: AivenWorld["projects"]) => void): void {
  sandbox.alter((worlds) => change((worlds["aiven"] as AivenWorld).projects));
}

function service({ projects }: { projects: AivenWorld["projects"] }, project: string, name: string): StoredService {
  const found = projects.find((one) => one.name === project)?.services.find((one) => one.service_name === name);
  if (found === undefined) throw new Error(`${project} has no service ${name}`);
  return found;
}

it("says which services are open, and which projects have no default; the exit code stays what it was", async () => {
  await using world = await openWorld();
  served(world, await registered(world, KEY), "my-pg");
  change(world, (projects) => {
    service({ projects }, "second", "other-pg").cmk_id = NOT_LISTED;
  });
  const args = ["validate", "-p", "demo", "-p", "second", "--coverage"];
  const { exitCode, json } = await world.json(args);
  expect({ exitCode, coverage: json.coverage }).toEqual({
    exitCode: 0,
    coverage: [
      {
        vendor: "aiven",
        project: "demo",
        hasDefault: false,
        services: 2,
        unprotected: [{ name: "my-kafka", cmkId: null }],
        failure: null,
      },
      {
        vendor: "aiven",
        project: "second",
        hasDefault: false,
        services: 1,
        unprotected: [{ name: "other-pg", cmkId: NOT_LISTED }],
        failure: null,
      },
    ],
  });
  const { stdout } = await world.run(args);
  expect(stdout).toContain("demo: 1 of 2 services protected\n    my-kafka  no CMK\n    no default CMK");
  expect(stdout).toContain(`other-pg  CMK ${NOT_LISTED}, which is not listed here`);
});

it("a deleted CMK protects nothing; a default that is one of the project's own counts", async () => {
  await using world = await openWorld();
  const id = await registered(world, KEY);
  served(world, id, "my-pg");
  const other = await registered(world, named("granted", "gcp"), { provider: "gcp" });
  change(world, (projects) => {
    for (const cmk of projects.find((one) => one.name === "demo")?.cmks ?? []) {
      if (cmk.id === id) cmk.status = "deleted";
      if (cmk.id === other) cmk.default_cmk = true;
    }
  });
  const { json } = await world.json(["validate", "--coverage"]);
  expect(json.coverage).toMatchObject([
    { hasDefault: true, services: 2, unprotected: [{ name: "my-pg", cmkId: id }, { name: "my-kafka" }] },
  ]);
});

it("asks each service where the list does not say it, and takes no silence for a no", async () => {
  await using world = await openWorld({ knobs: { cmkIdInServiceList: false } });
  served(world, await registered(world, KEY), "my-pg");
  const { json } = await world.json(["validate", "--coverage"]);
  expect(json.coverage).toMatchObject([{ services: 2, unprotected: [{ name: "my-kafka", cmkId: null }] }]);
  expect(asked(world, "ServiceGet")).toBe(2);
});

it.each([
  ["the list of services", /\/service$/],
  ["one service", /\/service\/my-kafka$/],
])("%s that cannot be read is said, and is exit 12", async (_what, path) => {
  await using world = await openWorld({
    knobs: { cmkIdInServiceList: false },
    onRequest: (request, phase) =>
      phase === "before" && path.test(request.path)
        ? { status: 403, headers: {}, body: JSON.stringify({ message: "Not allowed", errors: [{ message: "no" }] }) }
        : undefined,
  });
  await registered(world, KEY);
  const { exitCode, json } = await world.json(["validate", "--coverage"]);
  expect({ exitCode, coverage: json.coverage }).toMatchObject({
    exitCode: 12,
    coverage: [{ hasDefault: false, services: null, unprotected: null, failure: { code: "look.denied" } }],
  });
  expect(json.summary).toMatchObject({ VALID: 1 });
  const { stdout: metrics } = await world.run(["validate", "--coverage", "-o", "prometheus"]);
  expect(metrics).toContain('keygrant_project_default_key{vendor="aiven",project="demo"} 0');
  expect(metrics).not.toContain("keygrant_project_services_unprotected{");
});

it("a project whose keys cannot be listed has no coverage either", async () => {
  await using world = await openWorld();
  await registered(world, KEY);
  const { exitCode, json } = await world.json(["validate", "-p", "demo", "-p", "not-a-member", "--coverage"]);
  expect(exitCode).toBe(12);
  expect(json.coverage[1]).toMatchObject({ project: "not-a-member", hasDefault: null, services: null });
});

it("two shards look at each project once between them; without --coverage nobody looks", async () => {
  await using world = await openWorld();
  const projects = ["-p", "demo", "-p", "second"];
  const parts = [];
  for (const shard of ["0/2", "1/2"])
    parts.push(await world.json(["validate", ...projects, "--shard", shard, "--coverage"]));
  const names = parts.flatMap(({ json }) => json.coverage.map((one: { project: string }) => one.project));
  expect(names.sort()).toEqual(["demo", "second"]);
  expect(asked(world, "ServiceList")).toBe(2);
  expect((await world.json(["validate", ...projects])).json.coverage).toBeNull();
  expect(asked(world, "ServiceList")).toBe(2);
});
