import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { type CliResult, openWorld, type RunOptions, type World } from "./harness.ts";
import { policies, statements } from "./oci-peek.ts";
import { asked, cmks, named, written } from "./peek.ts";

/** Who asks, and what comes of it when nobody answers: never a verdict. */
const KEY = HEALTHY_OCI_KEY;
const ONBOARD = ["onboard", KEY, "--yes"];

function codes({ json }: CliResult): readonly string[] {
  const keys = json.keys ?? [json.key];
  return keys.flatMap((key: { findings: readonly { code: string }[] }) => key.findings.map((one) => one.code));
}

describe("an auditor, who may look and no more", () => {
  const AUDITOR: RunOptions = { env: { OCI_CLI_PROFILE: "AUDITOR" } };

  it("validates: VALID, without a round trip", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    const result = await world.json(["validate"], AUDITOR);
    expect(result.exitCode).toBe(0);
    expect(result.json.keys[0]).toMatchObject({
      ...{ phase: "VALID", assurance: "policy" },
      evidence: { key: "pass", grant: "pass", roundtrip: "unknown" },
    });
    expect(codes(result)).toContain("roundtrip.not-permitted");
  });

  it("onboards nothing: write.denied, exit code 3, and what to let him do", async () => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json([...ONBOARD, "--probe", "off"], AUDITOR);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "write.denied" });
    expect(`${json.error.message} ${json.error.fix}`).toMatch(/manage policies/);
    expect(written(world)).toEqual(before);
    expect(asked(world, "CMKCreate")).toBe(0);
  });
});

describe("credentials", () => {
  async function validated(extra: RunOptions, ...more: readonly string[]): Promise<CliResult> {
    await using world = await openWorld();
    return await world.json(["validate", named("granted", "oci"), ...more], extra);
  }

  it("a session's token does: SESSION, security_token", async () => {
    const env = { OCI_CLI_PROFILE: "SESSION" };
    expect((await validated({ env }, "--oci-auth", "security_token")).exitCode).toBe(0);
    expect((await validated({ env: { ...env, OCI_CLI_AUTH: "security_token" } })).exitCode).toBe(0);
  });

  it.each<[string, NonNullable<RunOptions["env"]>, RegExp]>([
    ["no configuration file", { OCI_CLI_CONFIG_FILE: "/nonexistent/oci/config" }, /\/nonexistent\/oci\/config/],
    ["no such profile", { OCI_CLI_PROFILE: "NOBODY" }, /no profile NOBODY/],
  ])("%s: look.credentials, exit code 12, and which", async (_what, env, says) => {
    const result = await validated({ env });
    expect(result.exitCode).toBe(12);
    expect(result.json.keys[0]).toMatchObject({ phase: "INITIALIZING", evidence: { key: "unknown" } });
    const finding = result.json.keys[0].findings.find((one: { code: string }) => one.code === "look.credentials");
    expect(finding.detail).toMatch(says);
    expect(finding.fix).toMatch(/OCI_CLI|oci session|config/);
  });

  it("a way to log in that there is not: exit code 2, and which there are", async () => {
    const { exitCode, json } = await validated({}, "--oci-auth", "magic");
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.oci-auth" });
    expect(json.error.fix).toContain("instance_principal");
  });

  it("a fingerprint that OCI does not know: look.credentials, exit code 12", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
    try {
      await using world = await openWorld();
      const config = world.sandbox.env["OCI_CLI_CONFIG_FILE"] ?? "";
      const own = join(folder, "config");
      await writeFile(own, (await readFile(config, "utf8")).replace(/^fingerprint=..:/gm, "fingerprint=zz:"));
      const result = await world.json(["validate", KEY], { env: { OCI_CLI_CONFIG_FILE: own } });
      expect(result.exitCode).toBe(12);
      expect(codes(result)).toContain("look.credentials");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("are never sent to an address that is neither https nor loopback", async () => {
    const { exitCode, json } = await validated({}, "--oci-management-endpoint", "http://kms.example.com");
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.oci-endpoint" });
  });
});

describe("faults", () => {
  async function onboarded(): Promise<World> {
    const world = await openWorld();
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect((await world.json(["validate"])).exitCode).toBe(0);
    return world;
  }

  it.each([
    ["429", "GetKey", "look.throttled"],
    ["500", "GetKey", "look.unreachable"],
    ["reset", "GetKey", "look.unreachable"],
    ["html", "GetKey", "look."],
    ["garbage", "GetKey", "look."],
    ["500", "ListPolicies", "look.unreachable"],
    ["reset", "GetPolicy", "grant.not-visible"],
    ["500", "GetCompartment", "look.unreachable"],
  ])("%s at %s for ever: %s, exit code 12, and the phase stays", async (fault, operation, code) => {
    await using world = await onboarded();
    world.sandbox.turn({ faults: [`${fault}=1@${operation}`] });
    const result = await world.json(["validate"]);
    expect(result.exitCode).toBe(12);
    expect(result.json.keys[0]).toMatchObject({ phase: "VALID", stale: true });
    expect(
      codes(result).some((one) => one.startsWith(code)),
      codes(result).join(),
    ).toBe(true);
    world.sandbox.turn({ faults: [] });
    expect((await world.json(["validate"])).exitCode).toBe(0);
  });

  it.each(["429", "500", "throttle", "reset"])("%s once at each call: asked again, exit code 0", async (fault) => {
    await using world = await openWorld();
    const operations = ["GetKey", "ListPolicies", "GetPolicy", "GetCompartment", "ListRegionSubscriptions", "Encrypt"];
    world.sandbox.turn({ faults: operations.map((operation) => `${fault}=1x1@${operation}`) });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(cmks(world)).toHaveLength(1);
  });

  it("writes nothing when nobody answers: exit code 12", async () => {
    await using world = await openWorld({ knobs: { faults: ["500=1@ListPolicies"] } });
    const before = policies(world);
    expect((await world.json(ONBOARD)).exitCode).toBe(12);
    expect(policies(world)).toEqual(before);
    expect(cmks(world)).toHaveLength(0);
  });
});

describe("reads that are late after a write", () => {
  it("are waited out: VALID and registered, written once", async () => {
    await using world = await openWorld({ knobs: { propagationMs: 20_000 } });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, phase: json.key.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    expect(asked(world, "CreatePolicy") + asked(world, "UpdatePolicy")).toBe(1);
    expect(cmks(world)).toHaveLength(1);
    const again = await world.json(ONBOARD);
    expect(again).toMatchObject({ exitCode: 0, json: { change: null } });
    expect(statements(world)).toHaveLength(3);
  });

  it("longer than the window: not INVALID while it lasts, and nothing is registered twice", async () => {
    await using world = await openWorld({ knobs: { propagationMs: 3_600_000 } });
    const { exitCode, json } = await world.json([...ONBOARD, "--wait", "10m"]);
    expect([11, 12]).toContain(exitCode);
    expect(json.key?.phase ?? "INITIALIZING").toBe("INITIALIZING");
    world.sandbox.turn({ propagationMs: 0 });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statements(world)).toHaveLength(3);
    expect(cmks(world)).toHaveLength(1);
  });
});

describe("the wrong region for writes", () => {
  it("the tenancy's home region is found, whichever answers first", async () => {
    await using world = await openWorld();
    const { exitCode } = await world.json(["onboard", named("other-region", "oci"), "--yes"]);
    expect(exitCode).toBe(0);
  });
});

describe("references that are none", () => {
  it.each([
    ["ocid1.vault.oc1.iad.vault.unique", /OCID of a vault, not of a key/],
    ["ocid1.keyversion.oc1.iad.vault.unique", /version of a key/],
    ["ocid1.key.oc1..vault.unique", /no region/],
    ["ocid1.key.oc1", /it is no OCID/],
    ["OCID1.key.oc1.iad.vault.unique", /does not begin with "ocid1\."/],
    ["ocid1.key.oc1.iad.a.b.c.d", /more parts/],
  ])("%s: exit code 2, and what a right one looks like", async (reference, says) => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(["onboard", reference, "--yes"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.key-reference" });
    expect(json.error.message).toMatch(says);
    expect(json.error.fix).toContain("ocid1.key.oc1.eu-frankfurt-1.");
    expect(world.sandbox.requests).toHaveLength(0);
  });

  it("a region's short code is the region", async () => {
    await using world = await openWorld();
    const { json } = await world.json(["validate", "ocid1.key.oc1.iad.ashburnvault.otherregion"]);
    expect(json.keys[0].region).toBe("us-ashburn-1");
  });
});
