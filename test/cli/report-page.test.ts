import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, runCli } from "./harness.ts";
import { named } from "./peek.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-page-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("validate --report", () => {
  it("writes the page beside what is printed, as --output html does", async () => {
    await using world = await openWorld();
    const page = join(folder, "keys.html");
    const { exitCode, stdout } = await world.run(["validate", HEALTHY_AWS_KEY, "--report", page]);
    expect(exitCode).toBe(10);
    expect(stdout).toContain("INVALID");
    const html = await readFile(page, "utf8");
    expect(html).toContain("Content-Security-Policy");
    expect(html).toContain("<title>1 INVALID");
  });

  it("goes with --output json: one document on stdout, and the page", async () => {
    await using world = await openWorld();
    const page = join(folder, "keys.html");
    const { json } = await world.json(["validate", HEALTHY_AWS_KEY, "--report", page]);
    expect(json.keys).toHaveLength(1);
    expect(await readFile(page, "utf8")).toContain("<title>1 INVALID");
  });

  it("without a name is wrong usage", async () => {
    const { exitCode, stderr } = await runCli(["validate", "--report", ""]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--report keys.html");
  });
});

describe("validate --output json", () => {
  it("says the worst first, where there is memory", async () => {
    await using world = await openWorld();
    await world.json(["onboard", HEALTHY_AWS_KEY, "--yes"]);
    const keys = [HEALTHY_AWS_KEY, named("creating"), named("disabled")];
    const { json } = await world.json(["validate", ...keys]);
    expect(json.keys.map((one: { phase: string }) => one.phase)).toEqual(["INVALID", "INITIALIZING", "VALID"]);
  });
});
