import { describe, expect, it } from "vitest";
import {
  GCP_AUDITOR,
  GCP_EXPIRED_TOKEN,
  GCP_GROUP_DEMO,
  GCP_GROUP_OLD,
  GCP_GROUP_SECOND,
  GCP_OWNER,
  GCP_PROBE_ACCOUNT,
  HEALTHY_GCP_KEY,
  HEALTHY_GCP_RSA_KEY,
} from "../../src/sandbox/cast.ts";
import type { Binding } from "../../src/sandbox/gcp/world.ts";
import { addBinding, bindings, gcpHand, RSA_ROLE, rolesOf, SYMMETRIC_ROLE, tokenFiles } from "./gcp-peek.ts";
import { openWorld, runCli, type World } from "./harness.ts";
import { asked, cmks, named, written } from "./peek.ts";

/** Google Cloud through the whole command: the binding of the right role, and everything else to the letter. */
const KEY = HEALTHY_GCP_KEY;
const RSA = HEALTHY_GCP_RSA_KEY;
const MEMBER = `group:${GCP_GROUP_DEMO}`;
const as = tokenFiles();

const CONDITION = {
  title: "office hours",
  description: "as the auditors asked for",
  expression: 'request.time.getHours("Europe/Berlin") < 18 && resource.name.startsWith("projects/demo/")',
};
const THEIRS: Binding = { role: SYMMETRIC_ROLE, members: ["user:colleague@owner.example"], condition: CONDITION };

function onboard(world: World, key: string, ...more: readonly string[]) {
  return world.json(["onboard", key, "--yes", ...more]);
}

describe("onboard", () => {
  it.each([
    ["a symmetric key", KEY, SYMMETRIC_ROLE],
    ["an RSA key", RSA, RSA_ROLE],
  ])("takes %s to registered and usable in seven steps", async (_what, key, role) => {
    await using world = await openWorld();
    const { exitCode, json } = await onboard(world, key);
    expect(exitCode).toBe(0);
    expect(json.steps.map((one: { outcome: string }) => one.outcome)).toEqual(Array(7).fill("done"));
    expect(json.key).toMatchObject({
      ...{ vendor: "aiven", project: "demo", cloud: "gcp", key, region: "europe-west1", default: false },
      ...{ phase: "VALID", assurance: "vendor", stale: false, services: [], findings: [] },
      evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: "pass" },
    });
    const [cmk] = cmks(world);
    expect(cmk).toMatchObject({ provider: "gcp", resource: key });
    expect(json.registration).toEqual({ cmkId: cmk?.id, created: true, default: false });
    expect(json.change).toMatchObject({ requestIds: [], backup: expect.stringContaining(world.stateDir) });
    expect(bindings(world, key)).toEqual([{ role, members: [MEMBER] }]);
  });

  it.each([KEY, RSA])("changes nothing the second time, and says so: %s", async (key) => {
    await using world = await openWorld();
    await onboard(world, key);
    const before = written(world);
    const { exitCode, json } = await onboard(world, key);
    expect({ exitCode, change: json.change }).toEqual({ exitCode: 0, change: null });
    expect(json).toMatchObject({ key: { phase: "VALID" }, registration: { created: false } });
    expect(json.steps.map((one: { outcome: string }) => one.outcome).slice(2, 4)).toEqual(["unchanged", "unchanged"]);
    expect(written(world)).toEqual(before);
    expect(asked(world, "SetIamPolicy")).toBe(1);
    expect(asked(world, "CMKCreate")).toBe(1);
    const { json: validated } = await world.json(["validate"]);
    expect(validated.summary).toEqual({ VALID: 1, INVALID: 0, INITIALIZING: 0, undetermined: 0 });
  });

  it("keeps a binding with a condition to the letter, and its place", async () => {
    await using world = await openWorld();
    const hand = gcpHand(world.sandbox.origin, KEY);
    await addBinding(hand, THEIRS);
    const other: Binding = { role: "roles/cloudkms.viewer", members: ["user:b@owner.example", "user:a@owner.example"] };
    await addBinding(hand, other);
    const { exitCode, json } = await onboard(world, KEY);
    expect(exitCode).toBe(0);
    expect(bindings(world, KEY)).toEqual([THEIRS, other, { role: SYMMETRIC_ROLE, members: [MEMBER] }]);
    expect(json.steps[2].detail).toContain("keeps 2 other bindings, 1 with a condition, as they are");
  });

  it("joins the role's binding that is there, and replaces nobody unless told to", async () => {
    await using world = await openWorld();
    const key = named("grant-missing", "gcp");
    await onboard(world, key);
    expect(bindings(world, key)).toEqual([{ role: SYMMETRIC_ROLE, members: [`group:${GCP_GROUP_OLD}`, MEMBER] }]);
    const { exitCode } = await onboard(world, key, "--replace-principal", `group:${GCP_GROUP_OLD}`);
    expect(exitCode).toBe(0);
    expect(bindings(world, key)).toEqual([{ role: SYMMETRIC_ROLE, members: [MEMBER] }]);
  });

  it.each([
    ["demo", "second"],
    ["second", "demo"],
  ])("for two projects that share a key, %s and %s: both members stay", async (...both) => {
    await using world = await openWorld();
    for (const project of [...both, ...both]) {
      expect((await onboard(world, KEY, "--project", project)).exitCode).toBe(0);
    }
    for (const group of [GCP_GROUP_DEMO, GCP_GROUP_SECOND]) {
      expect(rolesOf(world, KEY, group)).toEqual([SYMMETRIC_ROLE]);
    }
    expect(asked(world, "SetIamPolicy")).toBe(2);
    for (const project of both) expect(cmks(world, project)).toHaveLength(1);
    const { json } = await world.json(["validate", "-p", "demo", "-p", "second"]);
    expect(json.summary).toMatchObject({ VALID: 2, INVALID: 0, undetermined: 0 });
  });

  it.each(["unsafe-user", "unsafe-root", "unsafe-owner"])("lets in nobody that project %s names", async (project) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await onboard(world, KEY, "--project", project);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "vendor.accessor-unsafe" });
    expect(written(world)).toEqual(before);
  });

  it("adds a grant without an end to one that ends soon", async () => {
    await using world = await openWorld();
    const key = named("expiring", "gcp");
    const { json } = await world.json(["validate", key]);
    expect(json.keys[0]).toMatchObject({ phase: "VALID", findings: [{}, { code: "grant.expiring", level: "grant" }] });
    expect((await onboard(world, key)).json.key.findings).toEqual([]);
    expect(rolesOf(world, key, GCP_GROUP_DEMO)).toEqual([SYMMETRIC_ROLE]);
    expect(bindings(world, key)).toHaveLength(2);
  });

  it("grants nothing to a key whose ring or project lets the vendor in already", async () => {
    await using world = await openWorld();
    for (const name of ["granted-at-ring", "granted-at-project"]) {
      expect((await onboard(world, named(name, "gcp"))).json).toMatchObject({ change: null, key: { phase: "VALID" } });
    }
  });
});

describe("--role", () => {
  it("grants another role, and validate judges by what it may do", async () => {
    await using world = await openWorld();
    const { exitCode } = await onboard(world, KEY, "--role", RSA_ROLE);
    expect(exitCode).toBe(0);
    expect(bindings(world, KEY)).toEqual([{ role: RSA_ROLE, members: [MEMBER] }]);
    expect((await world.json(["validate"])).exitCode).toBe(0);
    expect((await onboard(world, KEY, "--role", RSA_ROLE)).json.change).toBeNull();
  });

  it.each([
    ["a role that is not enough", "roles/cloudkms.viewer"],
    ["a role that decrypts alone", "roles/cloudkms.cryptoKeyDecrypter"],
  ])("%s is not written", async (_what, role) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await onboard(world, KEY, "--role", role);
    expect(exitCode).toBe(10);
    expect(json.steps[2]).toMatchObject({ step: "plan", outcome: "failed" });
    expect(written(world)).toEqual(before);
  });

  it.each([
    ["no role", KEY, "admin", /admin.*is not the name of an IAM role.*roles\/cloudkms\.cryptoOperator/],
    ["for a cloud without roles", named("healthy"), RSA_ROLE, /Grants on aws have no role/],
  ])("%s: exit code 2", async (_what, key, role, says) => {
    await using world = await openWorld();
    const { exitCode, json } = await onboard(world, key, "--role", role);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.role" });
    expect(`${json.error.message} ${json.error.fix}`).toMatch(says);
  });
});

describe("the round trip", () => {
  const GRANTED = named("granted", "gcp");

  it.each([
    ["required", 12],
    ["auto", 0],
  ])("--probe %s as somebody who may not use the key: exit code %i", async (mode, exit) => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(["validate", GRANTED, "--probe", mode], as(GCP_AUDITOR.token));
    expect(exitCode).toBe(exit);
    expect(json.keys[0].findings).toContainEqual(expect.objectContaining({ code: "roundtrip.not-permitted" }));
  });

  it.each([GRANTED, named("rsa-granted", "gcp")])("is made as a service account: %s", async (key) => {
    await using world = await openWorld();
    const args = ["validate", key, "--probe", "required", "--impersonate-service-account", GCP_PROBE_ACCOUNT];
    const { exitCode, json } = await world.json(args, as(GCP_AUDITOR.token));
    expect({ exitCode, roundtrip: json.keys[0].evidence.roundtrip }).toEqual({ exitCode: 0, roundtrip: "pass" });
    expect(asked(world, "GenerateAccessToken")).toBe(1);
  });

  it.each([
    ["that nobody may become", "nobody@demo.iam.gserviceaccount.com", 12],
    ["that is none", "keygrant-probe", 2],
  ])("as a service account %s: exit code %i", async (_what, account, exit) => {
    await using world = await openWorld();
    const args = ["validate", GRANTED, "--probe", "required", "--impersonate-service-account", account];
    expect((await world.json(args)).exitCode).toBe(exit);
  });
});

describe("references", () => {
  const NUMBER = KEY.replace("projects/demo/", "projects/100000000001/");

  it.each([
    ["a full resource name", `//cloudkms.googleapis.com/${KEY}`],
    ["with the project's number", NUMBER],
    ["with blanks around it", `  ${KEY} `],
  ])("%s: the key is registered by its own name", async (_what, reference) => {
    await using world = await openWorld();
    const { exitCode, json } = await onboard(world, reference);
    expect({ exitCode, key: json.key.key, findings: json.key.findings }).toEqual({
      exitCode: 0,
      key: KEY,
      findings: [],
    });
    expect(cmks(world)).toMatchObject([{ resource: KEY }]);
    expect((await onboard(world, reference)).json).toMatchObject({ change: null, registration: { created: false } });
    expect((await world.json(["validate", reference])).json.keys).toMatchObject([{ key: KEY, project: "demo" }]);
  });

  it.each([`${KEY}/cryptoKeyVersions/1`, `//cloudkms.googleapis.com/${NUMBER}/cryptoKeyVersions/1`])(
    "%s: the version is named in a finding, and not registered",
    async (reference) => {
      await using world = await openWorld();
      const { exitCode, json } = await onboard(world, reference);
      expect({ exitCode, key: json.key.key }).toEqual({ exitCode: 0, key: KEY });
      expect(json.key.findings).toMatchObject([
        { code: "key.version-ignored", level: "key", outcome: "warn", detail: expect.stringContaining("version 1") },
      ]);
      expect(cmks(world)).toMatchObject([{ resource: KEY }]);
      const { json: validated } = await world.json(["validate", reference]);
      expect(validated.keys[0].findings.map((one: { code: string }) => one.code)).toContain("key.version-ignored");
      expect((await world.json(["validate"])).json.keys[0].findings).toMatchObject([{ code: "vendor.no-answer" }]);
    },
  );

  it.each([
    ["projects/demo/locations/europe-west1/keyRings/demo", "it has no cryptoKeys/… part"],
    ["projects/demo/keyRings/demo/cryptoKeys/k", '"keyRings" stands where "locations" belongs'],
    [`https://cloudkms.googleapis.com/v1/${KEY}`, "it is a URL"],
    [`/${KEY}`, 'it begins with "/"'],
    [`${KEY}/cryptoKeyVersions/latest`, '"latest" is not the number of a key version'],
    [KEY.replace("europe-west1", "Europe West"), "is not the name of a location"],
  ])("%s: exit code 2, what is wrong, and a right one", async (reference, fault) => {
    const { exitCode, json } = await runCli(["validate", reference, "--output", "json"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.key-reference" });
    expect(json.error.message).toContain(fault);
    expect(json.error.fix).toContain("projects/my-project/locations/europe-west1/keyRings/my-ring/cryptoKeys/my-key");
  });

  it("a bare name with --cloud gcp is no reference either", async () => {
    const { exitCode, json } = await runCli(["validate", "my-key", "--cloud", "gcp", "--output", "json"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.key-reference" });
  });
});

describe("what could not be looked at", () => {
  const rows: readonly [string, { faults?: readonly string[]; token?: string }, string][] = [
    ["a quota error on the key", { faults: ["429=1@GetCryptoKey"] }, "look.throttled"],
    ["a quota error on its policy", { faults: ["throttle=1@:getIamPolicy"] }, "look.throttled"],
    ["503 on the key", { faults: ["503=1@GetCryptoKey"] }, "look.unreachable"],
    ["an error in a 200 on its versions", { faults: ["ok-error=1@ListCryptoKeyVersions"] }, "look.unreachable"],
    ["503 on its versions", { faults: ["503=1@ListCryptoKeyVersions"] }, "look.unreachable"],
    ["503 on its policy", { faults: ["503=1@:getIamPolicy"] }, "look.unreachable"],
    ["a proxy's page", { faults: ["html=1@GetCryptoKey"] }, "look.unreachable"],
    ["somebody else's answer", { faults: ["garbage=1@GetCryptoKey"] }, "look.unreachable"],
    ["half an answer", { faults: ["truncated=1@:getIamPolicy"] }, "look.unreachable"],
    ["no connection", { faults: ["reset=1@GetCryptoKey"] }, "look.unreachable"],
    ["an expired token", { token: GCP_EXPIRED_TOKEN }, "look.credentials"],
    ["a token of nobody's", { token: "sandbox-worthless-nobody" }, "look.credentials"],
  ];
  it.each(rows)("%s leaves the phase alone: exit code 12", async (_what, { faults = [], token }, code) => {
    await using world = await openWorld();
    await onboard(world, KEY);
    const { json: before } = await world.json(["validate"]);
    expect(before.keys).toMatchObject([{ phase: "VALID", stale: false }]);
    world.clock.advance(3_600_000);
    world.sandbox.turn({ faults });
    const { exitCode, json } = await world.json(["validate"], as(token ?? GCP_OWNER.token));
    expect(exitCode).toBe(12);
    const [key] = json.keys;
    expect(key).toMatchObject({ phase: "VALID", stale: true, since: before.keys[0].since });
    expect(key).toMatchObject({ message: before.keys[0].message, lastValidAt: before.keys[0].lastValidAt });
    expect(key.findings.map((one: { code: string }) => one.code)).toContain(code);
    world.sandbox.turn({ faults: [] });
    expect((await world.json(["validate"])).json.keys).toMatchObject([{ phase: "VALID", stale: false }]);
  });

  it("an error in a 200 on the versions of an RSA key is no key without versions", async () => {
    await using world = await openWorld();
    world.sandbox.turn({ faults: ["ok-error=1@ListCryptoKeyVersions"] });
    const { exitCode, json } = await world.json(["validate", named("rsa-granted", "gcp")]);
    expect({ exitCode, phase: json.keys[0].phase }).toEqual({ exitCode: 12, phase: "INITIALIZING" });
    expect(json.keys[0].findings.map((one: { code: string }) => one.code)).toContain("look.unreachable");
  });

  it.each(["GetCryptoKey", "ListCryptoKeyVersions", "GetIamPolicy", "Encrypt", "Decrypt"])(
    "503 at %s once is asked again",
    async (operation) => {
      await using world = await openWorld({ knobs: { faults: [`503=1x1@${operation}`] } });
      expect((await onboard(world, KEY)).exitCode).toBe(0);
    },
  );

  it("is not asked more often than it takes: ring and project once for all keys that share them", async () => {
    await using world = await openWorld();
    const keys = ["granted", "two-versions", "upper-case", "rotation-off", "until-2100"].map((name) =>
      named(name, "gcp"),
    );
    expect((await world.json(["validate", ...keys, "--probe", "off"])).exitCode).toBe(0);
    const paths = world.sandbox.requests.flatMap(({ path, operation }) => (operation === "GetIamPolicy" ? [path] : []));
    expect(paths.filter((path) => !path.includes("/cryptoKeys/"))).toHaveLength(2);
    expect(paths).toHaveLength(2 + keys.length);
  });

  it("a file with no token in it is a matter of credentials, and says which variable", async () => {
    await using world = await openWorld();
    const nobody = { env: { CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: "/nonexistent/token" } };
    const { exitCode, json } = await world.json(["validate", KEY], nobody);
    expect(exitCode).toBe(12);
    const about = json.keys[0].findings.find((one: { level: string }) => one.level === "key");
    expect(about).toMatchObject({ code: "look.credentials", detail: json.keys[0].message });
    expect(about.fix).toContain("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE");
  });
});
