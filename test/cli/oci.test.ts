import { describe, expect, it } from "vitest";
import { HEALTHY_OCI_KEY, OCI_GROUP_DEMO, OCI_GROUP_SECOND, OCI_OWNER } from "../../src/sandbox/cast.ts";
import { type CliResult, openWorld, type World } from "./harness.ts";
import { admit, DEFINES, OURS, others, overwrite, policies, statements, unmerge } from "./oci-peek.ts";
import { asked, cmks, named, written } from "./peek.ts";

/** OCI through the whole command: one policy, one statement, whatever else stands there. */
const KEY = HEALTHY_OCI_KEY;
/** Three more keys that are well and that nobody has let the vendor use. */
const SECOND = named("other-key", "oci");
const THIRD = named("inspect-only", "oci");

function onboard(world: World, key: string, ...more: readonly string[]): Promise<CliResult> {
  return world.json(["onboard", key, "--yes", ...more]);
}

/** Past the window after a write in which a grant that is not seen yet is no verdict. */
const WINDOW_MS = 3 * 60_000;

/** A world in which these keys are onboarded already. */
async function onboarded(...keys: readonly string[]): Promise<World> {
  const world = await openWorld();
  for (const key of keys) expect((await onboard(world, key)).exitCode).toBe(0);
  return world;
}

describe("onboard", () => {
  it("takes a key to registered and usable in seven steps, with one policy in the root compartment", async () => {
    await using world = await openWorld();
    const before = others(world);
    const { exitCode, json } = await onboard(world, KEY);
    expect(exitCode).toBe(0);
    expect(json.steps.map((one: { outcome: string }) => one.outcome)).toEqual(Array(7).fill("done"));
    expect(json.key).toMatchObject({
      ...{ vendor: "aiven", project: "demo", cloud: "oci", key: KEY, region: "eu-frankfurt-1", default: false },
      ...{ phase: "VALID", assurance: "vendor", stale: false, services: [], findings: [] },
      evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: "pass" },
    });
    const [cmk] = cmks(world);
    expect(json.registration).toEqual({ cmkId: cmk?.id, created: true, default: false });
    expect(json.change).toMatchObject({
      caller: OCI_OWNER.user,
      requestIds: [expect.stringMatching(/\S/)],
      backup: expect.stringContaining(world.stateDir),
    });
    expect(statements(world)).toEqual([...DEFINES, admit(KEY)]);
    expect(policies(world).find(({ name }) => name === OURS)?.description).toMatch(/keygrant/);
    expect(others(world)).toEqual(before);
  });

  it("changes nothing the second time, and says so", async () => {
    await using world = await onboarded(KEY);
    const before = written(world);
    const { exitCode, json } = await onboard(world, KEY);
    expect({ exitCode, change: json.change }).toEqual({ exitCode: 0, change: null });
    expect(json).toMatchObject({ key: { phase: "VALID" }, registration: { created: false } });
    expect(written(world)).toEqual(before);
    expect(asked(world, "CreatePolicy") + asked(world, "UpdatePolicy")).toBe(1);
  });

  it("is what validate then lists", async () => {
    await using world = await onboarded(KEY);
    const { exitCode, json } = await world.json(["validate"]);
    expect({ exitCode, ...json.summary }).toMatchObject({ exitCode: 0, VALID: 1, INVALID: 0, undetermined: 0 });
  });

  it("stops after the plan with --dry-run", async () => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, stdout } = await world.run(["onboard", KEY, "--dry-run"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`creates the policy "${OURS}" in the root compartment`);
    expect(written(world)).toEqual(before);
  });
});

describe("several keys", () => {
  it("stand in one statement of one policy", async () => {
    await using world = await onboarded(KEY);
    const before = others(world);
    const { json } = await onboard(world, SECOND);
    expect(json.change.after).toContain("any {");
    expect(statements(world)).toEqual([...DEFINES, admit(KEY, SECOND)]);
    await onboard(world, THIRD);
    expect(statements(world)).toEqual([...DEFINES, admit(KEY, SECOND, THIRD)]);
    expect(policies(world).filter(({ name }) => name.startsWith(OURS))).toHaveLength(1);
    expect(others(world)).toEqual(before);
    expect((await world.json(["validate"])).json.summary).toMatchObject({ VALID: 3, INVALID: 0, undetermined: 0 });
  });

  it("one is taken out, the others stay", async () => {
    await using world = await onboarded(KEY, SECOND);
    const before = others(world);
    expect(await unmerge(world, KEY)).toBe(true);
    expect(statements(world)).toEqual([...DEFINES, admit(SECOND)]);
    expect(await unmerge(world, KEY)).toBe(false);
    expect((await world.json(["validate", SECOND])).exitCode).toBe(0);
    world.clock.advance(WINDOW_MS);
    const gone = await world.json(["validate", KEY]);
    expect(gone.exitCode).toBe(10);
    expect(gone.json.keys[0].findings).toMatchObject([{ code: "grant.missing" }, { level: "vendor" }]);
    expect(await unmerge(world, SECOND)).toBe(true);
    expect(statements(world)).toBeNull();
    expect(others(world)).toEqual(before);
  });

  it("the vendor itself notices which one was taken out", async () => {
    await using world = await onboarded(KEY, SECOND);
    await unmerge(world, KEY);
    world.clock.advance(WINDOW_MS);
    expect((await world.json(["validate", KEY, "--ask-vendor"])).json.keys[0].evidence.vendor).toBe("fail");
    expect((await world.json(["validate", SECOND, "--ask-vendor"])).exitCode).toBe(0);
  });

  it("one that another policy lets in already needs no statement of ours", async () => {
    await using world = await onboarded(KEY);
    const granted = named("granted", "oci");
    const { json } = await onboard(world, granted);
    expect(json.change).toBeNull();
    expect(statements(world)).toEqual([...DEFINES, admit(KEY)]);
  });
});

describe("two projects that share a key", () => {
  it.each([
    ["demo", "second"],
    ["second", "demo"],
  ])("%s, then %s: both groups stay", async (...both) => {
    await using world = await openWorld();
    for (const project of [...both, ...both]) {
      expect((await onboard(world, KEY, "--project", project)).exitCode).toBe(0);
    }
    const text = (statements(world) ?? []).join("\n");
    for (const group of [OCI_GROUP_DEMO, OCI_GROUP_SECOND]) expect(text.split(group)).toHaveLength(2);
    expect(text.match(/^define tenancy /gm)).toHaveLength(1);
    expect(text.match(/^admit /gm)).toHaveLength(2);
    expect(asked(world, "CreatePolicy")).toBe(1);
    expect(asked(world, "UpdatePolicy")).toBe(1);
    for (const project of both) expect(cmks(world, project)).toHaveLength(1);
  });

  it("one leaves, the other stays", async () => {
    await using world = await onboarded(KEY);
    await onboard(world, KEY, "--project", "second");
    await unmerge(world, KEY, "demo");
    world.clock.advance(WINDOW_MS);
    expect((await world.json(["validate", KEY, "--project", "demo"])).exitCode).toBe(10);
    expect((await world.json(["validate", KEY, "--project", "second"])).exitCode).toBe(0);
    expect((statements(world) ?? []).join("\n")).not.toContain(OCI_GROUP_DEMO);
  });
});

describe("what others wrote", () => {
  const THEIRS = [
    "Allow group Auditors to read key-family in tenancy",
    "  deny   group Interns to use keys in tenancy",
  ];

  it("into keygrant's own policy stays in it to the letter", async () => {
    await using world = await onboarded(KEY);
    overwrite(world, OURS, [...THEIRS, ...(statements(world) ?? [])]);
    await onboard(world, SECOND);
    expect(statements(world)).toEqual([...THEIRS, ...DEFINES, admit(KEY, SECOND)]);
    for (const key of [KEY, SECOND]) await unmerge(world, key);
    expect(statements(world)).toEqual(THEIRS);
  });
});
