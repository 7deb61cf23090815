import { describe, expect, it } from "vitest";
import {
  GCP_AUDITOR,
  GCP_GROUP_DEMO,
  GCP_GROUP_SECOND,
  HEALTHY_GCP_KEY,
  HEALTHY_GCP_RSA_KEY,
} from "../../src/sandbox/cast.ts";
import { addBinding, bindings, gcpHand, RSA_ROLE, SYMMETRIC_ROLE, tokenFiles } from "./gcp-peek.ts";
import { openWorld, runCli } from "./harness.ts";
import { named, written } from "./peek.ts";

const KEY = "projects/my-project/locations/europe-west1/keyRings/my-ring/cryptoKeys/my-key";
const GROUP = "x@aiven.io";
const GIVEN = ["--accessor", `access_group=${GROUP}`];
const as = tokenFiles();

/** Aiven's page: https://aiven.io/docs/platform/howto/bring-your-own-key, "Grant Aiven access to your key". */
function commandOfThePage(role: string): string {
  return [
    "gcloud kms keys add-iam-policy-binding my-key --location europe-west1 --keyring my-ring --project my-project",
    `--member group:${GROUP} --role ${role}`,
  ].join(" ");
}

describe("policy --format json", () => {
  it.each([
    ["symmetric", SYMMETRIC_ROLE],
    ["rsa", RSA_ROLE],
  ])("prints the binding for %s keys, with no credentials at all", async (purpose, role) => {
    const { exitCode, stdout, stderr } = await runCli(["policy", KEY, ...GIVEN, "--purpose", purpose]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ role, members: [`group:${GROUP}`] });
  });

  it("needs no key, and takes another role", async () => {
    const { stdout } = await runCli(["policy", "--cloud", "gcp", ...GIVEN, "--role", "projects/p/roles/mine"]);
    expect(JSON.parse(stdout).role).toBe("projects/p/roles/mine");
  });

  it("asks the vendor where no principal is given, and nobody else", async () => {
    await using world = await openWorld();
    const { stdout } = await world.run(["policy", HEALTHY_GCP_KEY, "-p", "demo", "-p", "second"]);
    expect(JSON.parse(stdout).members).toEqual([`group:${GCP_GROUP_DEMO}`, `group:${GCP_GROUP_SECOND}`]);
    expect(world.sandbox.requests.map((one) => one.operation)).toEqual(["CMKAccessorsList", "CMKAccessorsList"]);
  });

  it.each(["allUsers", "mallory@example.com", "serviceAccount:x@aiven.io", "x@aiven.io, y@aiven.io", "X Y@aiven.io"])(
    "prints nothing that would let in %s",
    async (group) => {
      const { exitCode, stdout } = await runCli(["policy", KEY, "--accessor", `access_group=${group}`]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "" });
    },
  );
});

describe("policy --format cli", () => {
  it.each([
    ["symmetric", SYMMETRIC_ROLE],
    ["rsa", RSA_ROLE],
  ])("prints the command of Aiven's page for %s keys", async (purpose, role) => {
    const { exitCode, stdout } = await runCli(["policy", KEY, ...GIVEN, "--purpose", purpose, "--format", "cli"]);
    expect(exitCode).toBe(0);
    expect(stdout.split("\n")).toContain(commandOfThePage(role));
  });

  it("has a marked placeholder for all that only a key could tell", async () => {
    const { stdout } = await runCli(["policy", "--cloud", "gcp", ...GIVEN, "--format", "cli"]);
    for (const part of ["<KEY>", "<LOCATION>", "<KEY RING>", "<PROJECT>"]) expect(stdout).toContain(`'${part}'`);
  });
});

describe("policy --format document", () => {
  const DOCUMENT = ["policy", KEY, ...GIVEN, "--format", "document"];
  const CONDITIONAL = {
    role: SYMMETRIC_ROLE,
    members: ["user:a@owner.example"],
    condition: { title: "t", expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' },
  };
  const CURRENT = { version: 3, etag: "BwWWja0YfJA=", bindings: [CONDITIONAL], auditConfigs: [{ service: "x" }] };

  it("adds to the policy that it is given, and keeps conditions, audit configurations and the etag", async () => {
    const { exitCode, stdout } = await runCli([...DOCUMENT, "--current", "-"], { stdin: JSON.stringify(CURRENT) });
    expect(exitCode).toBe(0);
    const added = { role: SYMMETRIC_ROLE, members: [`group:${GROUP}`] };
    expect(JSON.parse(stdout)).toEqual({ ...CURRENT, bindings: [CONDITIONAL, added] });
    expect((await runCli([...DOCUMENT, "--current", "-"], { stdin: stdout })).stdout).toBe(stdout);
  });

  it("reads the present policy with --current live, as somebody who may only look", async () => {
    await using world = await openWorld();
    await addBinding(gcpHand(world.sandbox.origin, HEALTHY_GCP_KEY), CONDITIONAL);
    const before = written(world);
    const args = ["policy", HEALTHY_GCP_KEY, ...GIVEN, "--format", "document", "--current", "live"];
    const { exitCode, stdout } = await world.run(args, as(GCP_AUDITOR.token));
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).bindings).toEqual([
      ...bindings(world, HEALTHY_GCP_KEY),
      { role: SYMMETRIC_ROLE, members: [`group:${GROUP}`] },
    ]);
    expect(written(world)).toEqual(before);
  });

  it("with --current live knows what the key is for, unless it is told", async () => {
    await using world = await openWorld();
    const args = ["policy", HEALTHY_GCP_RSA_KEY, ...GIVEN, "--format", "document", "--current", "live"];
    const roleOf = (stdout: string) => JSON.parse(stdout).bindings[0].role;
    expect(roleOf((await world.run(args)).stdout)).toBe(RSA_ROLE);
    expect(roleOf((await world.run([...args, "--purpose", "symmetric"])).stdout)).toBe(SYMMETRIC_ROLE);
  });

  it.each([
    ["none", [], "", "usage.current"],
    ["no JSON", ["--current", "-"], "{nope", "usage.current"],
    ["a list", ["--current", "-"], "[]", "usage.current"],
    ["somebody else's document", ["--current", "-"], '{"bindings": "all"}', "usage.current"],
  ])("with %s to add to: exit code 2", async (_what, more, stdin, code) => {
    const { exitCode, json } = await runCli([...DOCUMENT, ...more, "--output", "json"], { stdin });
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code });
  });

  it("of a policy that was read at version 1 it makes nothing: a condition would be lost", async () => {
    const stdin = JSON.stringify({
      bindings: [{ role: `${SYMMETRIC_ROLE}_withcond_0123456789abcdef0123`, members: [] }],
    });
    const { exitCode, json } = await runCli([...DOCUMENT, "--current", "-", "--output", "json"], { stdin });
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "change.conditions-hidden" });
  });

  it("of a policy that may not be read: exit code 12", async () => {
    await using world = await openWorld();
    const args = ["policy", named("unreadable", "gcp"), ...GIVEN, "--format", "document", "--current", "live"];
    expect(await world.json(args)).toMatchObject({ exitCode: 12, json: { error: { code: "look.denied" } } });
  });
});
