import { describe, expect, it } from "vitest";
import { OLD_ANCHOR, PROBE_ROLE } from "../../src/sandbox/aws/recipes.ts";
import { AUDITOR, HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { openWorld, type RunOptions } from "./harness.ts";
import { asked, cmks, keyPolicy, named, statementsNaming, written } from "./peek.ts";

const KEY = HEALTHY_AWS_KEY;
const ONBOARD = ["onboard", KEY, "--yes"];
const AS_AUDITOR: RunOptions = {
  env: { AWS_ACCESS_KEY_ID: AUDITOR.accessKeyId, AWS_SECRET_ACCESS_KEY: AUDITOR.secretAccessKey },
};

describe("agreeing to the plan", () => {
  it("--dry-run shows the plan and writes nothing", async () => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, stdout } = await world.run(["onboard", KEY, "--dry-run"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`+        "AWS": "${VENDOR_DEMO.arn}"`);
    expect(stdout).toMatch(/3\/7 plan {6}done/);
    expect(stdout).toMatch(/4\/7 grant {5}skipped {3}--dry-run/);
    expect(written(world)).toEqual(before);
    const { json } = await world.json(["onboard", KEY, "--dry-run"]);
    expect(json).toMatchObject({ change: null, registration: null });
    expect(json.steps[0].detail).toContain("named for the first time");
  });

  it("--dry-run of a key that cannot be onboarded says so by its exit code", async () => {
    await using world = await openWorld();
    expect((await world.json(["onboard", named("disabled"), "--dry-run"])).exitCode).toBe(10);
    expect((await world.json(["onboard", named("denied"), "--dry-run"])).exitCode).toBe(10);
    expect((await world.json(["onboard", named("unreadable"), "--dry-run"])).exitCode).toBe(12);
    expect((await world.json(["onboard", named("creating"), "--dry-run"])).exitCode).toBe(11);
  });

  it("needs --yes where there is no terminal", async () => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json(["onboard", KEY]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.no-terminal" });
    expect(json.error.fix).toContain("--yes");
    expect(written(world)).toEqual(before);
  });

  it("asks for nothing where nothing is to be done", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    expect((await world.json(["onboard", KEY])).exitCode).toBe(0);
  });

  it.each([
    ["y", 0],
    ["n", 3],
    ["\r", 3],
    ["\u0003", 3],
  ])("a person who types %j on a terminal: exit code %i", async (types, exit) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, stdout, stderr } = await world.run(["onboard", KEY], { types });
    expect(exitCode).toBe(exit);
    expect(stderr).toContain("Write this?");
    expect(stdout).toContain("Plan for");
    if (exit === 0) return expect(cmks(world)).toHaveLength(1);
    expect(stderr).toContain("answered-no");
    expect(written(world)).toEqual(before);
  });

  it("shows the plan on stderr where stdout is for a document", async () => {
    await using world = await openWorld();
    const { exitCode, json, stderr } = await world.json(["onboard", KEY], { types: "n" });
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "answered-no" });
    expect(stderr).toContain(VENDOR_DEMO.arn);
  });

  it("leaves nothing going on a terminal when it is done", async () => {
    await using world = await openWorld();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    await world.run(ONBOARD, { types: "" });
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe("--default", () => {
  it("registers the key as the project's default", async () => {
    await using world = await openWorld();
    const { json } = await world.json([...ONBOARD, "--default"]);
    expect(json).toMatchObject({ registration: { created: true, default: true }, key: { default: true } });
    expect(cmks(world)).toMatchObject([{ default_cmk: true }]);
  });

  it("makes a key the default that is registered already, and nobody takes that away", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    expect(cmks(world)).toMatchObject([{ default_cmk: false }]);
    const { exitCode, json } = await world.json([...ONBOARD, "--default"]);
    expect({ exitCode, registration: json.registration }).toMatchObject({
      exitCode: 0,
      registration: { created: false, default: true },
    });
    expect((await world.json(ONBOARD)).json.registration.default).toBe(true);
    expect(cmks(world)).toMatchObject([{ default_cmk: true }]);
  });

  it("is a change that a person is asked about", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    expect((await world.json(["onboard", KEY, "--default"])).json.error.code).toBe("usage.no-terminal");
    expect(cmks(world)).toMatchObject([{ default_cmk: false }]);
  });
});

describe("taking principals out", () => {
  it("--replace-principal takes the old one out of our statement", async () => {
    await using world = await openWorld();
    const key = named("grant-missing");
    expect(statementsNaming(world, key, OLD_ANCHOR)).toHaveLength(1);
    expect((await world.json(["onboard", key, "--yes", "--replace-principal", OLD_ANCHOR])).exitCode).toBe(0);
    expect(statementsNaming(world, key, OLD_ANCHOR)).toHaveLength(0);
    expect(statementsNaming(world, key, VENDOR_DEMO.arn)).toHaveLength(1);
  });

  it("without it the old one stays", async () => {
    await using world = await openWorld();
    const key = named("grant-missing");
    expect((await world.json(["onboard", key, "--yes"])).exitCode).toBe(0);
    expect(statementsNaming(world, key, OLD_ANCHOR)).toHaveLength(1);
  });

  it("an orphan that makes AWS refuse the write is named, and nothing is written", async () => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json(["onboard", named("orphaned"), "--yes"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "write.invalid-principal" });
    expect(json.error.message).toContain("AROASANDBOXWORTHLESS1");
    expect(json.error.fix).toContain("--prune-orphans");
    expect(written(world)).toEqual(before);
  });

  it("--prune-orphans takes it out, and nobody else", async () => {
    await using world = await openWorld();
    const key = named("orphaned");
    const { exitCode, json } = await world.json(["onboard", key, "--yes", "--prune-orphans"]);
    expect({ exitCode, phase: json.key.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    const text = JSON.stringify(keyPolicy(world, key));
    expect(text).not.toContain("AROA");
    expect(text).toContain("user/platform-engineer");
  });
});

describe("the round trip", () => {
  const GRANTED = named("granted");

  it.each([
    ["required", 12, "INITIALIZING"],
    ["auto", 0, "VALID"],
    ["off", 0, "VALID"],
  ])("--probe %s as somebody who may not use the key: exit code %i", async (mode, exit, phase) => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(["onboard", GRANTED, "--yes", "--probe", mode], AS_AUDITOR);
    expect(exitCode).toBe(exit);
    expect(json.key).toMatchObject({ phase, evidence: { roundtrip: "unknown" } });
    const code = mode === "off" ? "roundtrip.skipped" : "roundtrip.not-permitted";
    expect(json.key.findings).toContainEqual(expect.objectContaining({ code, level: "roundtrip" }));
    expect(cmks(world)).toHaveLength(exit === 0 ? 1 : 0);
    expect(asked(world, "Encrypt")).toBe(mode === "off" ? 0 : 1);
  });

  it("is required of onboard, not of validate", async () => {
    await using world = await openWorld();
    expect((await world.json(["onboard", GRANTED, "--yes"], AS_AUDITOR)).exitCode).toBe(12);
    expect((await world.json(["validate", GRANTED], AS_AUDITOR)).exitCode).toBe(0);
    expect((await world.json(["validate", GRANTED, "--probe", "required"], AS_AUDITOR)).exitCode).toBe(12);
  });

  it("--accept takes not being permitted as good, and says so", async () => {
    await using world = await openWorld();
    const accept = ["--accept", "roundtrip.not-permitted"];
    const { exitCode, json } = await world.json(["onboard", GRANTED, "--yes", ...accept], AS_AUDITOR);
    expect({ exitCode, accepted: json.key.accepted }).toEqual({ exitCode: 0, accepted: ["roundtrip.not-permitted"] });
  });

  it("--probe-role makes it with a role that may", async () => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(["onboard", GRANTED, "--yes", "--probe-role", PROBE_ROLE], AS_AUDITOR);
    expect({ exitCode, evidence: json.key.evidence.roundtrip }).toEqual({ exitCode: 0, evidence: "pass" });
    expect(asked(world, "AssumeRole")).toBe(1);
  });

  it.each([
    ["a role that nobody may assume", "arn:aws:iam::111122223333:role/nobody", 12],
    ["no role at all", "arn:aws:iam::111122223333:user/nobody", 2],
  ])("--probe-role with %s is %s: exit code %i", async (_what, role, exit) => {
    await using world = await openWorld();
    expect((await world.json(["onboard", GRANTED, "--yes", "--probe-role", role])).exitCode).toBe(exit);
    expect(cmks(world)).toHaveLength(0);
  });
});

describe("what is taken as good", () => {
  it("--accept grant.conditional lets validate say VALID, and records it", async () => {
    await using world = await openWorld();
    const key = named("conditional");
    const { exitCode, json } = await world.json(["validate", key, "--accept", "grant.conditional"]);
    expect({ exitCode, accepted: json.keys[0].accepted }).toEqual({ exitCode: 0, accepted: ["grant.conditional"] });
    expect(json.keys[0].evidence.grant).toBe("unknown");
    expect((await world.run(["validate", key, "--accept", "grant.conditional"])).stdout).toContain("accepted");
  });

  it("--require vendor takes nothing but the vendor's own word", async () => {
    await using world = await openWorld();
    expect((await world.json([...ONBOARD, "--require", "vendor"])).exitCode).toBe(0);
    const { exitCode, json } = await world.json(["validate", "--require", "vendor"]);
    expect({ exitCode, message: json.keys[0].message }).toMatchObject({ exitCode: 12 });
    expect(json.keys[0].findings.map((one: { code: string }) => one.code)).toContain("vendor.no-answer");
  });

  it("a key that the vendor took long ago gives no assurance of the vendor's today", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    expect((await world.json(ONBOARD)).json.key.assurance).toBe("policy");
    expect((await world.json([...ONBOARD, "--require", "vendor"])).exitCode).toBe(12);
  });
});

describe("references that do not say where the key is", () => {
  it.each([
    ["an alias", "alias/healthy", ["--cloud", "aws"]],
    ["an alias ARN", "arn:aws:kms:eu-west-1:111122223333:alias/healthy", []],
    ["a bare key id", "11111111-1111-4111-8111-111111111111", ["--cloud", "aws"]],
  ])("%s is resolved to the key ARN, which is what is registered", async (_what, reference, hints) => {
    await using world = await openWorld();
    for (const created of [true, false]) {
      const { exitCode, json } = await world.json(["onboard", reference, ...hints, "--yes"]);
      expect({ exitCode, key: json.key.key, created: json.registration.created }).toEqual({
        exitCode: 0,
        key: KEY,
        created,
      });
    }
    expect(cmks(world)).toMatchObject([{ resource: KEY }]);
    expect((await world.json(["validate", reference, ...hints])).json.keys).toMatchObject([
      { key: KEY, project: "demo" },
    ]);
  });

  it("an alias of another region is found with --region", async () => {
    await using world = await openWorld();
    const args = ["validate", "alias/other-region", "--cloud", "aws"];
    expect((await world.json([...args, "--region", "us-east-1"])).json.keys).toMatchObject([{ region: "us-east-1" }]);
    expect((await world.json(args)).json.keys[0].findings[0].code).toBe("key.not-found");
    const nowhere = { env: { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined } };
    expect((await world.json(args, nowhere)).json.error.code).toBe("usage.key-region");
  });
});
