import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  AUDITOR,
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_OCI_KEY,
  VENDOR_DEMO,
  VENDOR_SECOND,
} from "../../src/sandbox/cast.ts";
import { setProject } from "../../src/sandbox/index.ts";
import { otherHand } from "./hand.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, keyPolicy, statementsNaming, written } from "./peek.ts";

const CLOUDS = [HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY];
const KEY = HEALTHY_AWS_KEY;

/** Onboarded, and not registered any more: nothing depends on the key. Gives the backup of the grant. */
async function granted(world: World, key: string): Promise<string> {
  const { exitCode, json } = await world.json(["onboard", key, "--yes"]);
  expect(exitCode).toBe(0);
  expect((await world.json(["cmk", "delete", json.registration.cmkId, "--yes"])).exitCode).toBe(0);
  return json.change.backup;
}

async function revoked(world: World, key: string): Promise<string> {
  await granted(world, key);
  const { exitCode, json } = await world.json(["revoke", key, "--yes", "--backups-expired"]);
  expect(exitCode).toBe(0);
  return json.change.backup;
}

const policies = (world: World) => JSON.parse(JSON.stringify(written(world)));

describe.each(CLOUDS)("undo of a grant on %s", (key) => {
  it("gives back what was there before, and validate says so; a second time changes nothing", async () => {
    await using world = await openWorld();
    const before = policies(world);
    const backup = await granted(world, key);
    const { exitCode, json } = await world.json(["undo", backup, "--yes", "--backups-expired"]);
    expect({ exitCode, outcome: json.outcome, letIn: json.letIn }).toEqual({
      ...{ exitCode: 0, outcome: "undone", letIn: "no" },
    });
    const after = policies(world);
    for (const cloud of ["aws", "gcp"])
      expect(after[cloud]?.keys?.map(policyOf)).toEqual(before[cloud]?.keys?.map(policyOf));
    world.clock.advance(3_600_000);
    const verdict = await world.json(["validate", key]);
    expect(verdict.json.keys[0].findings.map((one: { code: string }) => one.code)).toContain("grant.missing");
    const again = await world.json(["undo", backup, "--yes", "--backups-expired"]);
    expect(again).toMatchObject({ exitCode: 0, json: { outcome: "unchanged", change: null } });
  });
});

function policyOf({ policy }: { policy?: unknown }): unknown {
  const bindings = typeof policy === "object" && policy !== null && "bindings" in policy ? policy.bindings : policy;
  return bindings;
}

describe.each(CLOUDS)("undo of a revoke on %s", (key) => {
  it("lets the vendor in again, and it can register the key", async () => {
    await using world = await openWorld();
    const backup = await revoked(world, key);
    const { exitCode, json } = await world.json(["undo", backup, "--yes"]);
    expect({ exitCode, outcome: json.outcome, letIn: json.letIn }).toEqual({
      ...{ exitCode: 0, outcome: "undone", letIn: "yes" },
    });
    world.clock.advance(3_600_000);
    expect((await world.json(["cmk", "register", key])).exitCode).toBe(0);
    const verdict = await world.json(["validate"]);
    expect(verdict.json.keys).toMatchObject([{ phase: "VALID" }]);
    const again = await world.json(["undo", backup, "--yes"]);
    expect(again).toMatchObject({ exitCode: 0, json: { outcome: "unchanged", letIn: "yes" } });
  });
});

describe("undo", () => {
  it("keeps what others have written since", async () => {
    await using world = await openWorld();
    const backup = await granted(world, KEY);
    const hand = otherHand(world.sandbox.origin, KEY);
    const policy = JSON.parse(await hand.read());
    policy.Statement.unshift({
      Sid: "A colleague",
      Effect: "Allow",
      Principal: { AWS: AUDITOR.arn },
      Action: "kms:DescribeKey",
      Resource: "*",
    });
    await hand.write(JSON.stringify(policy));
    hand.close();
    expect((await world.json(["undo", backup, "--yes", "--backups-expired"])).exitCode).toBe(0);
    expect(keyPolicy(world, KEY).Statement.map(({ Sid }) => Sid)).toContain("A colleague");
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toEqual([]);
  });

  it("is refused while the key is registered, exit code 3", async () => {
    await using world = await openWorld();
    const { json } = await world.json(["onboard", KEY, "--yes"]);
    const before = written(world);
    const refused = await world.json(["undo", json.change.backup, "--yes", "--backups-expired"]);
    expect({ exitCode: refused.exitCode, code: refused.json.error.code }).toEqual({
      exitCode: 3,
      code: "key.registered",
    });
    expect(written(world)).toEqual(before);
    expect(cmks(world)).toHaveLength(1);
  });

  it("--dry-run and a plan file show it, apply does it", async () => {
    await using world = await openWorld();
    const backup = await granted(world, KEY);
    const before = written(world);
    const dry = await world.run(["undo", basename(backup), "--dry-run"]);
    expect(dry.exitCode).toBe(0);
    expect(dry.stdout).toContain(`-        "AWS": "${VENDOR_DEMO.arn}"`);
    expect(written(world)).toEqual(before);
    const folder = await mkdtemp(join(tmpdir(), "keygrant-undo-"));
    const file = join(folder, "plan.json");
    expect((await world.run(["undo", backup, "--plan-out", file, "--backups-expired"])).exitCode).toBe(0);
    expect(await world.json(["apply", file])).toMatchObject({ exitCode: 0, json: { outcome: "undone", letIn: "no" } });
    await rm(folder, { recursive: true });
  });

  it("lets nobody in whom the vendor does not name any more", async () => {
    await using world = await openWorld();
    const backup = await revoked(world, KEY);
    await setProject(world.sandbox.origin, "demo", { aws: { role_arn: VENDOR_SECOND.arn } });
    const { exitCode, json } = await world.json(["undo", backup, "--yes"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "vendor.accessor-changed" });
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toEqual([]);
  });

  it("a vendor that cannot be asked lets nobody in either", async () => {
    await using world = await openWorld();
    const backup = await revoked(world, KEY);
    world.sandbox.turn({ faults: ["503=1@CMKAccessorsList"] });
    expect((await world.json(["undo", backup, "--yes"])).exitCode).toBe(12);
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toEqual([]);
  });
});

describe("a backup that cannot be trusted", () => {
  const forgeries: readonly [string, (file: Forged) => void][] = [
    ["another key", (file) => (file.key.id = file.key.id.replace("1111", "2222"))],
    ["another principal", (file) => (file.accessors = [{ cloud: "aws", fields: { role_arn: AUDITOR.arn } }])],
    ["another direction", (file) => (file.want = "absent")],
    ["another document", (file) => Object.assign(file.documents[0] ?? {}, { before: "{}" })],
    ["another revision", (file) => Object.assign(file.documents[0] ?? {}, { revisionBefore: "sha256:0" })],
  ];

  it.each(forgeries)("%s: refused, exit code 3", async (_, forge) => {
    await using world = await openWorld();
    const backup = await granted(world, KEY);
    const file = JSON.parse(await readFile(backup, "utf8")) as Forged;
    forge(file);
    await writeFile(backup, JSON.stringify(file));
    await expectRefused(world, backup);
  });

  it("one that the log of writes does not know", async () => {
    await using world = await openWorld();
    const backup = await granted(world, KEY);
    const name = "2026-01-01T00-00-00-000Z-aws-x-00000000.json";
    await writeFile(join(backup, "..", name), await readFile(backup, "utf8"), { mode: 0o600 });
    await expectRefused(world, name);
  });

  it("a damaged one", async () => {
    await using world = await openWorld();
    const backup = await granted(world, KEY);
    await appendFile(backup, "}");
    await expectRefused(world, backup);
  });

  it("one that is not there: exit code 2, and which ones are", async () => {
    await using world = await openWorld();
    const backup = await granted(world, KEY);
    const { exitCode, json } = await world.json(["undo", "nothing.json"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "backup.not-found" });
    expect(json.error.fix).toContain(basename(backup));
    expect(await readdir(join(backup, ".."))).toHaveLength(1);
  });
});

interface Forged {
  key: { id: string };
  want: string;
  accessors: unknown[];
  documents: object[];
}

async function expectRefused(world: World, backup: string): Promise<void> {
  const before = written(world);
  const { exitCode, json } = await world.json(["undo", backup, "--yes", "--backups-expired"]);
  expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "backup.not-trusted" });
  expect(written(world)).toEqual(before);
  expect(asked(world, "PutKeyPolicy")).toBe(1);
}
