import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLOUD_IDS } from "../../src/clouds/index.ts";
import { CODES } from "../../src/core/findings.ts";
import { HEALTHY_AWS_KEY, PROJECTS, VENDOR_DEMO, VENDOR_SECOND } from "../../src/sandbox/cast.ts";
import { sandboxKeys, setProject } from "../../src/sandbox/index.ts";
import { openWorld, runCli } from "./harness.ts";

describe("accessors", () => {
  const DEMO = PROJECTS.find((project) => project.name === "demo")?.accessors ?? {};

  it("lists the principals of a project on every cloud that it names one for, and asks nobody else", async () => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(["accessors"]);
    expect(exitCode).toBe(0);
    const named = json.accessors.map((one: { cloud: string; accessors: { fields: object }[] }) => [
      one.cloud,
      one.accessors[0]?.fields,
    ]);
    expect(Object.fromEntries(named)).toEqual(DEMO);
    expect(new Set(world.sandbox.requests.map((one) => one.operation))).toEqual(new Set(["CMKAccessorsList"]));
  });

  it.each(CLOUD_IDS)("--cloud %s lists that one alone", async (cloud) => {
    await using world = await openWorld();
    const { json } = await world.json(["accessors", "--cloud", cloud]);
    expect(json.accessors).toMatchObject([{ project: "demo", cloud, accessors: [{ cloud, fields: DEMO[cloud] }] }]);
  });

  it("prints a line for each field, for several projects", async () => {
    await using world = await openWorld();
    const { stdout } = await world.run(["accessors", "--cloud", "aws", "--project", "demo", "--project", "second"]);
    expect(stdout).toBe(`demo  aws  role_arn  ${VENDOR_DEMO.arn}\nsecond  aws  role_arn  ${VENDOR_SECOND.arn}\n`);
  });

  it.each([
    ["no-feature", 12, "look.unsupported"],
    ["not-a-member", 12, "look.denied"],
    ["gone", 2, "vendor.project-not-found"],
  ])("of the project %s: exit code %i", async (project, exit, code) => {
    await using world = await openWorld();
    const result = await world.json(["accessors", "--project", project]);
    expect(result).toMatchObject({ exitCode: exit, json: { error: { code } } });
  });

  it("a cloud for which the vendor names nobody is left out, unless it is the one that was asked for", async () => {
    await using world = await openWorld();
    await setProject(world.sandbox.origin, "aws-only", { aws: { role_arn: VENDOR_DEMO.arn } });
    const all = await world.json(["accessors", "--project", "aws-only"]);
    expect(all.json.accessors).toMatchObject([{ cloud: "aws" }]);
    const one = await world.json(["accessors", "--project", "aws-only", "--cloud", "gcp"]);
    expect(one).toMatchObject({ exitCode: 12, json: { error: { code: "look.unsupported" } } });
  });
});

describe("explain", () => {
  it.each(CODES.map((entry) => entry.code))("%s", async (code) => {
    const { exitCode, stdout } = await runCli(["explain", code]);
    expect(exitCode).toBe(0);
    for (const word of ["level", "outcome", "means", "found by", "fix", "who"])
      expect(stdout).toMatch(new RegExp(`^ {2}${word} +\\S`, "m"));
    expect((await runCli(["explain", code, "--output", "json"])).json).toMatchObject({ code });
  });

  it("lists all of them in the order of importance", async () => {
    const { stdout } = await runCli(["explain"]);
    expect(stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([...CODES.map((entry) => entry.code), ""]);
    expect((await runCli(["explain", "-o", "json"])).json.codes).toHaveLength(CODES.length);
  });
});

describe("sandbox", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const run = (...args: readonly string[]) => runCli(args, { env: { KEYGRANT_SANDBOX_DIR: folder } });
  const json = (...args: readonly string[]) => run(...args, "--output", "json");

  it("keys lists each with what is wrong with it", async () => {
    const { stdout } = await run("sandbox", "keys");
    for (const { id, name, wrong } of sandboxKeys()) {
      expect(stdout).toContain(id);
      expect(stdout).toContain(`${name}: ${wrong ?? "nothing is wrong with it"}`);
    }
    expect((await json("sandbox", "keys")).json.keys).toEqual(sandboxKeys());
  });

  it("keeps its world, and keygrant's memory of it, from one command to the next", async () => {
    const onboard = ["onboard", HEALTHY_AWS_KEY, "--sandbox", "--yes"];
    expect((await json(...onboard)).json).toMatchObject({ registration: { created: true } });
    expect((await json(...onboard)).json).toMatchObject({ change: null, registration: { created: false } });
    expect((await json("validate", "--sandbox")).json.summary.VALID).toBe(1);
    expect(await readdir(folder)).toContain("keygrant-state");
  });

  it("project changes whom the sandbox's Aiven names, which is refused until it is accepted", async () => {
    const accessor = `role_arn=${VENDOR_SECOND.arn}`;
    const changed = await json("sandbox", "project", "demo", "--accessor", accessor);
    expect(changed).toMatchObject({
      exitCode: 0,
      json: { project: "demo", accessor: { role_arn: VENDOR_SECOND.arn } },
    });
    const onboard = ["onboard", HEALTHY_AWS_KEY, "--sandbox", "--yes"];
    expect(await json(...onboard)).toMatchObject({ exitCode: 3, json: { error: { code: "vendor.accessor-changed" } } });
    expect((await json(...onboard, "--accept-accessor", accessor)).exitCode).toBe(0);
  });

  it("project makes a new one", async () => {
    await json("sandbox", "project", "mine", "--accessor", `role_arn=${VENDOR_DEMO.arn}`);
    expect((await json("accessors", "--sandbox", "-p", "mine")).json.accessors).toMatchObject([{ project: "mine" }]);
  });

  it("reset makes the world new, and forgets what was accepted", async () => {
    expect((await json("sandbox", "reset")).json).toEqual({ schemaVersion: 1, reset: folder });
    expect((await json("validate", "--sandbox")).json.keys).toEqual([]);
    const { json: report } = await json("onboard", HEALTHY_AWS_KEY, "--sandbox", "--dry-run");
    expect(report.steps[0].detail).toContain(`${VENDOR_DEMO.arn} (named for the first time)`);
  });
});
