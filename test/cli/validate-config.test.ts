import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AwsWorld } from "../../src/sandbox/aws/world.ts";
import { HEALTHY_AWS_KEY, OWNER, OWNER_ACCOUNT, OWNER_TOKEN, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { startStub } from "../io/stub.ts";
import { configured, registered, setState } from "./fleet.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, named } from "./peek.ts";

/** Everything that a configuration can say is honoured, or refused plainly. */
const KEY = named("granted");
const NO_TOKEN = { AIVEN_AUTH_TOKEN: undefined, AIVEN_WEB_URL: undefined, AIVEN_PROJECT: undefined };
const ELSEWHERE = { AIVEN_WEB_URL: "http://127.0.0.1:1", AIVEN_AUTH_TOKEN: "wrong", AIVEN_PROJECT: "no-such-project" };

function codes(json: { readonly keys: readonly { readonly findings: readonly { readonly code: string }[] }[] }) {
  return json.keys.flatMap((key) => key.findings.map((one) => one.code));
}

describe("which file", () => {
  it("the one that is named, and stderr says so, unless --quiet", async () => {
    await using world = await openWorld();
    await registered(world, KEY);
    const path = await configured(world, "confirm: 1");
    const run = await world.run(["validate", "--config", path]);
    expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`Configuration: ${path}`) });
    expect((await world.run(["validate", "--config", path, "--quiet"])).stderr).toBe("");
  });

  it("else keygrant.yaml in the current folder, but not in the sandbox", async () => {
    await using world = await openWorld();
    const path = await configured(world, "outputs: {json: '-'}");
    const found = await world.run(["validate", KEY], { cwd: world.stateDir });
    expect(found.stderr).toContain(`Configuration: ${path}`);
    expect(found.json.keys).toHaveLength(1);
    const env = { KEYGRANT_SANDBOX_DIR: join(world.stateDir, "sandbox") };
    const boxed = await world.run(["validate", "--sandbox", "--help"], { cwd: world.stateDir, env });
    expect(boxed.stderr).not.toContain("Configuration");
  });

  it("one that is wrong is refused, a line for each thing that is wrong", async () => {
    await using world = await openWorld();
    const path = await configured(world, "concurency: 3", "confirm: 0");
    const run = await world.run(["validate", "--config", path]);
    expect(run.exitCode).toBe(2);
    const lines = run.stderr.split("\n");
    expect(lines[0]).toContain(`${path}:1:1: found the unknown key`);
    expect(lines[1]).toContain(`${path}:2:10: confirm`);
  });

  it("one that cannot be read is refused", async () => {
    await using world = await openWorld();
    const run = await world.json(["validate", "--config", join(world.stateDir, "none.yaml")]);
    expect(run).toMatchObject({ exitCode: 2, json: { error: { code: "config.unreadable" } } });
  });
});

describe("the vendor", () => {
  it("address, token and projects of the file stand over the environment, --project over the file", async () => {
    await using world = await openWorld();
    await registered(world, KEY);
    const path = await configured(
      world,
      "vendors:",
      "  aiven:",
      `    url: ${world.sandbox.origin}`,
      "    token: env:MY_TOKEN",
      "    projects: {demo: , second: }",
    );
    const env = { ...ELSEWHERE, MY_TOKEN: OWNER_TOKEN };
    const run = await world.json(["validate", "--config", path], { env });
    expect(run).toMatchObject({ exitCode: 0, json: { keys: [{ project: "demo", key: KEY }], unlisted: [] } });
    const other = await world.json(["validate", "--config", path, "--project", "second"], { env });
    expect(other).toMatchObject({ exitCode: 0, json: { keys: [] } });
    const missing = await world.json(["validate", "--config", path], { env: ELSEWHERE });
    expect(missing).toMatchObject({ exitCode: 2, json: { error: { code: "credentials.missing" } } });
  });

  it("pins hold project by project; --expect-accessor stands over them", async () => {
    await using world = await openWorld();
    await registered(world, KEY);
    const pin = (role: string) => `{accessors: {aws: {role_arn: "arn:aws:iam::999988887777:role/${role}"}}}`;
    const path = await configured(world, "vendors:", "  aiven:", "    projects:", `      demo: ${pin("another")}`);
    const run = await world.json(["validate", "--config", path]);
    expect(run.exitCode).toBe(12);
    expect(codes(run.json)).toContain("vendor.accessor-changed");
    const expected = ["--expect-accessor", `role_arn=${VENDOR_DEMO.arn}`];
    expect((await world.json(["validate", "--config", path, ...expected])).exitCode).toBe(0);
    const other = await configured(world, "vendors:", "  aiven:", `    projects: {demo: , second: ${pin("another")}}`);
    expect((await world.json(["validate", "--config", other])).exitCode).toBe(0);
  });
});

describe("listed keys", () => {
  it("with a pinned accessor are validated without a token, and nobody asks the vendor", async () => {
    await using world = await openWorld();
    const path = await configured(
      world,
      "keys:",
      `  - {key: "${KEY}", accessor: {role_arn: "${VENDOR_DEMO.arn}"}}`,
      `  - {key: "${HEALTHY_AWS_KEY}", project: demo, accessor: {role_arn: "${VENDOR_DEMO.arn}"}}`,
    );
    const { exitCode, json } = await world.json(["validate", "--config", path], { env: NO_TOKEN });
    expect({ exitCode, unlisted: json.unlisted }).toEqual({ exitCode: 10, unlisted: [] });
    const byKey = new Map(json.keys.map((one: { key: string }) => [one.key, one]));
    expect(byKey.get(KEY)).toMatchObject({
      phase: "VALID",
      assurance: "policy",
      project: null,
      cmkId: null,
      services: null,
      evidence: { vendor: "unknown" },
    });
    expect(byKey.get(HEALTHY_AWS_KEY)).toMatchObject({ phase: "INVALID", project: "demo" });
    expect(codes(json)).toContain("vendor.no-answer");
    expect(asked(world, "CMKList") + asked(world, "CMKAccessorsList")).toBe(0);
    const one = await world.json(["validate", "--config", path, KEY], { env: NO_TOKEN });
    expect(one).toMatchObject({ exitCode: 0, json: { keys: [{ key: KEY }] } });
  });

  it("without one ask the vendor for the project's, registered or not; what is registered there is one report", async () => {
    await using world = await openWorld();
    const path = await configured(world, "keys:", `  - {key: "${KEY}", project: demo}`);
    const run = await world.json(["validate", "--config", path]);
    expect(run).toMatchObject({ exitCode: 0, json: { keys: [{ project: "demo", cmkId: null, phase: "VALID" }] } });
    const id = await registered(world, KEY);
    const both = await configured(
      world,
      "vendors: {aiven: {projects: {demo: }}}",
      "keys:",
      `  - {key: "${KEY}", project: demo}`,
    );
    const again = await world.json(["validate", "--config", both]);
    expect(again.json.keys).toMatchObject([{ project: "demo", cmkId: id }]);
  });

  it("an unsafe principal is refused, pinned or not", async () => {
    await using world = await openWorld();
    const own = `arn:aws:iam::${OWNER_ACCOUNT}:role/own`;
    const path = await configured(world, "keys:", `  - {key: "${KEY}", accessor: {role_arn: "${own}"}}`);
    const { exitCode, json } = await world.json(["validate", "--config", path], { env: NO_TOKEN });
    expect(exitCode).toBe(12);
    expect(codes(json)).toContain("vendor.accessor-unsafe");
  });
});

describe("aws.role", () => {
  const AUDIT = `arn:aws:iam::${OWNER_ACCOUNT}:role/keygrant-audit`;

  function withRole({ sandbox }: World): void {
    sandbox.alter((worlds) => {
      (worlds["aws"] as AwsWorld).roles.push({ arn: AUDIT, trusts: [OWNER.arn], iam: "look-only" });
    });
  }

  it("is assumed once for all keys of an account", async () => {
    await using world = await openWorld();
    withRole(world);
    await registered(world, KEY);
    await registered(world, named("other-region"));
    const path = await configured(world, "aws: {role: 'arn:{partition}:iam::{account}:role/keygrant-audit'}");
    const run = await world.json(["validate", "--config", path]);
    expect(run).toMatchObject({ exitCode: 0, json: { summary: { VALID: 2 } } });
    // Looking is all that the role may do: so it was the role.
    expect(codes(run.json)).toContain("roundtrip.not-permitted");
    expect(asked(world, "AssumeRole")).toBe(1);
  });

  it("none for an account: the caller's own credentials", async () => {
    await using world = await openWorld();
    await registered(world, KEY);
    const path = await configured(world, "aws:", `  role: "${AUDIT}"`, `  accounts: {"${OWNER_ACCOUNT}": none}`);
    expect((await world.json(["validate", "--config", path])).exitCode).toBe(0);
    expect(asked(world, "AssumeRole")).toBe(0);
  });

  it("that cannot be assumed is a look that failed, never INVALID", async () => {
    await using world = await openWorld();
    await registered(world, KEY);
    const path = await configured(world, `aws: {role: "${AUDIT}"}`);
    const run = await world.json(["validate", "--config", path]);
    expect(run).toMatchObject({ exitCode: 12, json: { keys: [{ phase: "INITIALIZING", stale: true }] } });
    expect(codes(run.json)).toContain("look.credentials");
    expect(run.json.keys[0].message).toContain(AUDIT);
  });
});

describe("numbers, outputs and state", () => {
  it("of the file count, and options stand over them", async () => {
    await using world = await openWorld();
    await registered(world, KEY);
    const report = join(world.stateDir, "keys.jsonl");
    const state = join(world.stateDir, "elsewhere.db");
    const path = await configured(
      world,
      `state: ${state}`,
      "concurrency: 1",
      "timeout: 20s",
      "deadline: 10m",
      "maxShare: 50%",
      "probeEvery: 24h",
      "maxStale: 2h",
      "warnBefore: 1d",
      "confirm: 1",
      "outputs:",
      `  jsonl: ${report}`,
      "  json: '-'",
    );
    const run = await world.run(["validate", "--config", path]);
    expect(run).toMatchObject({ exitCode: 0, json: { keys: [{ phase: "VALID" }] } });
    expect(JSON.parse(await readFile(report, "utf8"))).toMatchObject({ key: KEY });
    // Reports are for others to read; the state folder is not.
    await rm(report);
    expect((await readFile(state)).subarray(0, 6).toString()).toBe("SQLite");
    const encrypted = asked(world, "Encrypt");
    await world.run(["validate", "--config", path]);
    expect(asked(world, "Encrypt")).toBe(encrypted);
    await world.run(["validate", "--config", path, "--probe-every", "0", "--output", "text"]);
    expect(asked(world, "Encrypt")).toBe(encrypted + 1);
    await rm(report, { force: true });
    expect(asked(world, "Encrypt")).toBe(encrypted + 1);
  });
});

describe("mutes and receivers", () => {
  it("what is muted is not told, good news is, and a mute that is over is said", async () => {
    await using world = await openWorld();
    await using receiver = await startStub(() => ({ status: 204 }));
    await registered(world, KEY);
    const path = await configured(
      world,
      `notify: {pager: {url: "${receiver.origin}/hook", secret: env:HOOK_SECRET}}`,
      "mutes:",
      `  - {code: key.disabled, project: dem*, reason: "planned", until: "${tomorrow(world)}"}`,
      '  - {code: key.rotation-off, reason: "long ago", until: "2020-01-01"}',
    );
    const env = { HOOK_SECRET: "shared" };
    const first = await world.json(["validate", "--config", path], { env });
    expect(first.stderr).toContain("The mute of key.rotation-off ended");
    setState(world, KEY, "Disabled");
    expect((await world.json(["validate", "--config", path], { env })).exitCode).toBe(10);
    expect(receiver.requests).toHaveLength(0);
    setState(world, KEY, "Enabled");
    await world.json(["validate", "--config", path], { env });
    expect(receiver.requests.map((one) => JSON.parse(one.body))).toMatchObject([{ kind: "phase", to: "VALID" }]);
    expect(receiver.requests[0]?.headers["x-keygrant-signature"]).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  });

  it("a receiver whose secret is not there is refused before anything is looked at", async () => {
    await using world = await openWorld();
    const path = await configured(world, 'notify: {pager: {url: "https://alerts.example", secret: env:HOOK_SECRET}}');
    const run = await world.json(["validate", "--config", path]);
    expect(run).toMatchObject({ exitCode: 2, json: { error: { code: "credentials.missing" } } });
  });
});

function tomorrow({ clock }: World): string {
  return new Date(clock.now().getTime() + 86_400_000).toISOString().slice(0, 10);
}

describe("deploy/kubernetes/keygrant.yaml", () => {
  it("is a configuration: what is missing is the secret", async () => {
    await using world = await openWorld();
    const args = ["validate", "--config", "deploy/kubernetes/keygrant.yaml"];
    const run = await world.json(args, { env: { AIVEN_AUTH_TOKEN: undefined } });
    expect(run).toMatchObject({ exitCode: 2, json: { error: { code: "credentials.missing" } } });
  });
});
