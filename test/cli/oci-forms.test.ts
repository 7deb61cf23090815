import { describe, expect, it } from "vitest";
import { HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import type { OciWorld } from "../../src/sandbox/oci/world.ts";
import { type CliResult, openWorld, type World } from "./harness.ts";
import { DEFINES, OURS, others, policies, statements } from "./oci-peek.ts";
import { cmks, named, written } from "./peek.ts";

/** The other forms of the grant, and what they mean for the next key. */
const KEY = HEALTHY_OCI_KEY;
const SECOND = named("other-key", "oci");
const SOFTWARE = named("software", "oci");
const GROUP = "admit group AG of tenancy AT to use keys";

function onboard(world: World, key: string, ...more: readonly string[]): Promise<CliResult> {
  return world.json(["onboard", key, "--yes", ...more]);
}

function codes({ json }: CliResult): readonly string[] {
  const keys = json.keys ?? [json.key];
  return keys.flatMap((key: { findings: readonly { code: string }[] }) => key.findings.map((one) => one.code));
}

describe("--scope", () => {
  it.each([
    ["compartment", `${GROUP} in compartment id ocid1.compartment.oc1..aaaaaaaasandboxprod`],
    ["tenancy", `${GROUP} in tenancy`],
  ])("%s: the vendor gets in, and the next key needs nothing", async (scope, statement) => {
    await using world = await openWorld();
    const { exitCode, json } = await onboard(world, KEY, "--scope", scope);
    expect(exitCode).toBe(0);
    expect(json.key).toMatchObject({ phase: "VALID", assurance: "vendor" });
    expect(statements(world)).toEqual([...DEFINES, statement]);
    const after = policies(world);
    for (const more of [[], ["--scope", scope]]) {
      const next = await onboard(world, SECOND, ...more);
      expect({ exitCode: next.exitCode, change: next.json.change }).toEqual({ exitCode: 0, change: null });
    }
    expect(policies(world)).toEqual(after);
    expect(cmks(world)).toHaveLength(2);
  });

  it("that there is not: exit code 2", async () => {
    await using world = await openWorld();
    expect((await onboard(world, KEY, "--scope", "galaxy")).exitCode).toBe(2);
  });
});

describe("--no-export", () => {
  const STRICT = `all {target.key.id = '${KEY}', request.permission != 'KEY_EXPORT'}`;

  it("is written, and the vendor still gets in", async () => {
    await using world = await openWorld();
    const { exitCode, json } = await onboard(world, KEY, "--no-export");
    expect(exitCode).toBe(0);
    expect(json.key).toMatchObject({ phase: "VALID", assurance: "vendor", evidence: { vendor: "pass" } });
    expect(statements(world)).toEqual([...DEFINES, `${GROUP} in tenancy where ${STRICT}`]);
    expect((await onboard(world, KEY, "--no-export")).json.change).toBeNull();
  });

  it("keeps the keys of the two forms apart", async () => {
    await using world = await openWorld();
    await onboard(world, KEY, "--no-export");
    await onboard(world, SECOND);
    expect(statements(world)).toEqual([
      ...DEFINES,
      `${GROUP} in tenancy where ${STRICT}`,
      `${GROUP} in tenancy where target.key.id = '${SECOND}'`,
    ]);
    expect((await world.json(["validate"])).json.summary).toMatchObject({ VALID: 2, INVALID: 0, undetermined: 0 });
  });
});

describe("a key that is protected by software", () => {
  /** A world in which the sandbox's software key is granted to nobody. */
  async function ungranted(): Promise<World> {
    const world = await openWorld();
    world.sandbox.alter((worlds) => {
      const oci = worlds["oci"] as OciWorld;
      oci.policies = oci.policies.filter(({ name }) => name !== "aiven-cmk-software");
    });
    return world;
  }

  it("is VALID, with the warning that the vendor can take it away", async () => {
    await using world = await ungranted();
    const result = await onboard(world, SOFTWARE);
    expect(result.exitCode).toBe(0);
    expect(codes(result)).toContain("key.exportable");
    expect(codes(await world.json(["validate", SOFTWARE]))).toContain("key.exportable");
  });

  it("without it where the grant leaves that out", async () => {
    await using world = await ungranted();
    for (const _time of ["the first", "the second"]) {
      const result = await onboard(world, SOFTWARE, "--no-export");
      expect(result.exitCode).toBe(0);
      expect(codes(result)).not.toContain("key.exportable");
    }
    expect(codes(await world.json(["validate", SOFTWARE]))).not.toContain("key.exportable");
  });

  it("with it, whatever was asked for, where another statement allows it", async () => {
    await using world = await openWorld();
    const before = others(world);
    const result = await onboard(world, SOFTWARE, "--no-export");
    expect(result.json.change).toBeNull();
    expect(codes(result)).toContain("key.exportable");
    expect(others(world)).toEqual(before);
    expect(statements(world, OURS)).toBeNull();
  });
});

describe("a principal that must not be let in", () => {
  it.each([
    ["unsafe-user", /which is a single user/],
    ["unsafe-root", /which is everybody/],
    ["unsafe-owner", /which is the key owner's own tenancy/],
  ])("%s is refused, exit code 3, and nothing is written", async (project, why) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await onboard(world, KEY, "--project", project);
    expect(exitCode).toBe(3);
    expect(json.error).toMatchObject({ code: "vendor.accessor-unsafe", message: expect.stringMatching(why) });
    expect(written(world)).toEqual(before);
  });
});

describe("a region that the vendor does not offer", () => {
  it("is a generic error: nobody knows, exit code 12, and whom to ask", async () => {
    await using world = await openWorld();
    const result = await onboard(world, named("region-not-offered", "oci"));
    expect(result.exitCode).toBe(12);
    expect(result.json.key).toMatchObject({ phase: "VALID", assurance: "policy", evidence: { vendor: "unknown" } });
    const [finding] = result.json.key.findings;
    expect(finding).toMatchObject({ level: "vendor", code: expect.stringMatching(/^look\./) });
    expect(finding.fix).toMatch(/region .*ask Aiven support/);
    expect(result.json.registration).toBeNull();
    expect(cmks(world)).toHaveLength(0);
  });
});
