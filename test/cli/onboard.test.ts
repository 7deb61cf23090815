import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, OWNER_ACCOUNT, VENDOR_DEMO, VENDOR_SECOND } from "../../src/sandbox/cast.ts";
import { setProject } from "../../src/sandbox/index.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, keyPolicy, statementsNaming, written } from "./peek.ts";

const KEY = HEALTHY_AWS_KEY;
const ONBOARD = ["onboard", KEY, "--yes"];

describe("onboard", () => {
  it("takes a key to registered and usable in seven steps", async () => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json([...ONBOARD, "--project", "demo"]);
    expect(exitCode).toBe(0);
    expect(json.steps.map((one: { step: string; outcome: string }) => `${one.step} ${one.outcome}`)).toEqual(
      ["accessors", "inspect", "plan", "grant", "validate", "register", "confirm"].map((step) => `${step} done`),
    );
    expect(json.key).toMatchObject({
      ...{ vendor: "aiven", project: "demo", cloud: "aws", key: KEY, region: "eu-west-1", default: false },
      ...{ phase: "VALID", assurance: "vendor", stale: false, services: [], findings: [] },
      evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: "pass" },
    });
    const [cmk] = cmks(world);
    expect(json.registration).toEqual({ cmkId: cmk?.id, created: true, default: false });
    expect(json.key.cmkId).toBe(cmk?.id);
    expect(json.change).toMatchObject({
      caller: `arn:aws:iam::${OWNER_ACCOUNT}:user/platform-engineer`,
      requestIds: [expect.stringMatching(/\S/)],
      backup: expect.stringContaining(world.stateDir),
    });
    expect(JSON.parse(json.change.after)).toEqual(keyPolicy(world, KEY));
  });

  it("keeps the rest of the policy as it was, in its order", async () => {
    await using world = await openWorld();
    const before = keyPolicy(world, KEY);
    await world.json(ONBOARD);
    const after = keyPolicy(world, KEY);
    expect(after.Statement.slice(0, -1)).toEqual(before.Statement);
    expect(after.Statement.at(-1)).toEqual({
      Sid: "Allow Aiven to use this key for CMK operations",
      Effect: "Allow",
      Principal: { AWS: VENDOR_DEMO.arn },
      Action: ["kms:Encrypt", "kms:Decrypt"],
      Resource: "*",
    });
  });

  it("changes nothing the second time, and says so", async () => {
    await using world = await openWorld();
    const first = await world.json(ONBOARD);
    const before = written(world);
    const again = await world.json(ONBOARD);
    expect(again.exitCode).toBe(0);
    expect(again.json).toMatchObject({
      change: null,
      registration: { cmkId: first.json.registration.cmkId, created: false, default: false },
      key: { phase: "VALID", project: "demo" },
    });
    expect(outcomes(again.json)).toMatchObject({ plan: "unchanged", grant: "unchanged", register: "unchanged" });
    expect(written(world)).toEqual(before);
    expect(asked(world, "PutKeyPolicy")).toBe(1);
    expect(asked(world, "CMKCreate")).toBe(1);
  });

  it("is what validate then lists", async () => {
    await using world = await openWorld();
    const { json: onboarded } = await world.json(ONBOARD);
    const { exitCode, json } = await world.json(["validate", "--project", "demo"]);
    expect(exitCode).toBe(0);
    expect(json.keys).toMatchObject([{ key: KEY, cmkId: onboarded.registration.cmkId, phase: "VALID" }]);
    expect(json.summary).toEqual({ VALID: 1, INVALID: 0, INITIALIZING: 0, undetermined: 0 });
  });

  it("finds a key by its CMK id, once it has one", async () => {
    await using world = await openWorld();
    const { cmkId } = (await world.json(ONBOARD)).json.registration;
    expect((await world.json(["validate", cmkId])).json.keys).toMatchObject([{ key: KEY, cmkId, phase: "VALID" }]);
  });

  it("tells a person what it does, step by step, on stdout alone", async () => {
    await using world = await openWorld();
    const { exitCode, stdout, stderr } = await world.run(ONBOARD);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.match(/^[1-7]\/7 .+$/gm)).toHaveLength(7);
    expect(stdout).toContain(`lets in     role_arn=${VENDOR_DEMO.arn}`);
    expect(stdout).toContain('+      "Sid": "Allow Aiven to use this key for CMK operations"');
    expect(stdout).toContain("VALID (assurance: vendor)");
  });
});

describe("two projects that share a key", () => {
  const BOTH = [
    ["demo", "second"],
    ["second", "demo"],
  ];

  it.each(BOTH)("%s, then %s: both principals stay", async (one, other) => {
    await using world = await openWorld();
    for (const project of [one, other, one, other]) {
      expect((await world.json([...ONBOARD, "--project", project ?? ""])).exitCode).toBe(0);
    }
    for (const { arn } of [VENDOR_DEMO, VENDOR_SECOND]) expect(statementsNaming(world, KEY, arn)).toHaveLength(1);
    expect(asked(world, "PutKeyPolicy")).toBe(2);
    for (const project of BOTH[0] ?? []) expect(cmks(world, project)).toHaveLength(1);
  });

  it("are each validated for their own principal", async () => {
    await using world = await openWorld();
    for (const project of ["demo", "second"]) await world.json([...ONBOARD, "--project", project]);
    const { exitCode, json } = await world.json(["validate", "--project", "demo", "--project", "second", KEY]);
    expect(exitCode).toBe(0);
    expect(json.keys.map((key: { project: string }) => key.project)).toEqual(["demo", "second"]);
    expect(json.summary.VALID).toBe(2);
  });

  it("onboard works on one project at a time", async () => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json([...ONBOARD, "--project", "demo", "--project", "second"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.project" });
  });
});

describe("a principal that must not be let in", () => {
  it.each([
    ["unsafe-user", /which is an IAM user/],
    ["unsafe-root", /which is a whole AWS account/],
    ["unsafe-owner", /in the key owner's own account/],
  ])("%s is refused, and nothing is written", async (project, why) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json([...ONBOARD, "--project", project]);
    expect(exitCode).toBe(3);
    expect(json.error).toMatchObject({ code: "vendor.accessor-unsafe", message: expect.stringMatching(why) });
    expect(written(world)).toEqual(before);
    expect(asked(world, "PutKeyPolicy") + asked(world, "CMKCreate")).toBe(0);
  });

  it.each(["unsafe-user", "unsafe-root", "unsafe-owner"])(
    "validate for %s is not sure, exit code 12",
    async (project) => {
      await using world = await openWorld();
      const { exitCode, json } = await world.json(["validate", KEY, "--project", project]);
      expect(exitCode).toBe(12);
      expect(codes(json)).toContain("vendor.accessor-unsafe");
    },
  );
});

describe("a principal that has changed since it was accepted", () => {
  const CHANGED = { aws: { role_arn: VENDOR_SECOND.arn } };

  async function changed(): Promise<World> {
    const world = await openWorld();
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    await setProject(world.sandbox.origin, "demo", CHANGED);
    return world;
  }

  it("is refused, --yes or not, and nothing is written", async () => {
    await using world = await changed();
    const before = written(world);
    const { exitCode, json } = await world.json(ONBOARD);
    expect(exitCode).toBe(3);
    expect(json.error.code).toBe("vendor.accessor-changed");
    for (const { arn } of [VENDOR_DEMO, VENDOR_SECOND]) expect(json.error.message).toContain(arn);
    expect(json.error.fix).toContain("--accept-accessor");
    expect(written(world)).toEqual(before);
  });

  it("makes validate unsure, exit code 12", async () => {
    await using world = await changed();
    const { exitCode, json } = await world.json(["validate"]);
    expect(exitCode).toBe(12);
    expect(codes(json)).toContain("vendor.accessor-changed");
    expect(json.keys[0].message).toContain(VENDOR_SECOND.arn);
  });

  it("is let in once a person has confirmed that very value, and the old one stays", async () => {
    await using world = await changed();
    const wrong = await world.json([...ONBOARD, "--accept-accessor", `role_arn=${VENDOR_SECOND.arn}-not`]);
    expect(wrong.exitCode).toBe(3);
    const { exitCode, json } = await world.json([...ONBOARD, "--accept-accessor", `role_arn=${VENDOR_SECOND.arn}`]);
    expect({ exitCode, phase: json.key.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    for (const { arn } of [VENDOR_DEMO, VENDOR_SECOND]) expect(statementsNaming(world, KEY, arn)).toHaveLength(1);
    expect((await world.json(ONBOARD)).json.change).toBeNull();
    expect((await world.json(["validate"])).exitCode).toBe(0);
  });

  it("back at the one from before is a change again", async () => {
    await using world = await changed();
    await world.json([...ONBOARD, "--accept-accessor", `role_arn=${VENDOR_SECOND.arn}`]);
    await setProject(world.sandbox.origin, "demo", { aws: { role_arn: VENDOR_DEMO.arn } });
    expect((await world.json(ONBOARD)).exitCode).toBe(3);
  });

  it("is no matter of the projects that nobody onboarded yet", async () => {
    await using world = await changed();
    expect((await world.json([...ONBOARD, "--project", "second"])).exitCode).toBe(0);
  });
});

describe("--expect-accessor", () => {
  it.each([
    ["the role that it is", `role_arn=${VENDOR_DEMO.arn}`, 0],
    ["another role", `role_arn=${VENDOR_SECOND.arn}`, 3],
    ["a field that there is not", "tenant=acme", 3],
  ])("%s (%s): exit code %i", async (_what, expected, exit) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json([...ONBOARD, "--expect-accessor", expected]);
    expect(exitCode).toBe(exit);
    if (exit === 0) return;
    expect(json.error).toMatchObject({ code: "vendor.accessor-changed", message: expect.stringContaining(expected) });
    expect(written(world)).toEqual(before);
  });

  it("is not overruled by --accept-accessor", async () => {
    await using world = await openWorld();
    const pinned = ["--expect-accessor", `role_arn=${VENDOR_SECOND.arn}`];
    const { exitCode } = await world.json([...ONBOARD, ...pinned, "--accept-accessor", `role_arn=${VENDOR_DEMO.arn}`]);
    expect(exitCode).toBe(3);
  });

  it("holds for validate too", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    const { exitCode, json } = await world.json(["validate", "--expect-accessor", `role_arn=${VENDOR_SECOND.arn}`]);
    expect(exitCode).toBe(12);
    expect(codes(json)).toContain("vendor.accessor-changed");
  });
});

function outcomes(report: { steps: readonly { step: string; outcome: string }[] }): Record<string, string> {
  return Object.fromEntries(report.steps.map((one) => [one.step, one.outcome]));
}

function codes(report: { keys: readonly { findings: readonly { code: string }[] }[] }): readonly string[] {
  return report.keys.flatMap((key) => key.findings.map((one) => one.code));
}
