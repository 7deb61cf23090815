import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AUDITOR,
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_OCI_KEY,
  OWNER_TOKEN,
  VENDOR_DEMO,
  VENDOR_SECOND,
} from "../../src/sandbox/cast.ts";
import { setProject } from "../../src/sandbox/index.ts";
import { otherHand } from "./hand.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, statementsNaming, written } from "./peek.ts";

const KEY = HEALTHY_AWS_KEY;
let folder = "";
let file = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-plan-"));
  file = join(folder, "plan.json");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function planned(world: World, key = KEY, ...words: string[]) {
  const { exitCode } = await world.run(["onboard", key, "--plan-out", file, ...words]);
  expect(exitCode).toBe(0);
  return JSON.parse(await readFile(file, "utf8"));
}

async function rewrite(change: (plan: ReturnType<typeof JSON.parse>) => void): Promise<void> {
  const plan = JSON.parse(await readFile(file, "utf8"));
  change(plan);
  await writeFile(file, JSON.stringify(plan));
}

async function writeStatement(world: World, change: (statements: object[]) => void): Promise<void> {
  const hand = otherHand(world.sandbox.origin, KEY);
  const policy = JSON.parse(await hand.read());
  change(policy.Statement);
  await hand.write(JSON.stringify(policy));
  hand.close();
}

const COLLEAGUE = {
  Sid: "A colleague",
  Effect: "Allow",
  Principal: { AWS: AUDITOR.arn },
  Action: "kms:DescribeKey",
  Resource: "*",
};

describe("--plan-out", () => {
  it("writes a plan that a person can read, for nobody else, and changes nothing", async () => {
    await using world = await openWorld();
    const before = written(world);
    const plan = await planned(world);
    expect(written(world)).toEqual(before);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(plan).toMatchObject({
      kind: "keygrant-plan",
      words: [
        KEY,
        "--project=demo",
        "--scope=key",
        `--expect-accessor=role_arn=${VENDOR_DEMO.arn}`,
        "--probe=required",
      ],
      plan: { command: "onboard", project: "demo", key: KEY, way: "in", acts: [{ act: "register", resource: KEY }] },
    });
    expect(plan.plan.edits[0].after).toContain(VENDOR_DEMO.arn);
    expect(JSON.stringify(plan)).not.toContain(OWNER_TOKEN);
  });

  it("is never written over another, and says when it cannot be written", async () => {
    await using world = await openWorld();
    await planned(world);
    const again = await world.json(["onboard", KEY, "--plan-out", file]);
    expect({ exitCode: again.exitCode, code: again.json.error.code }).toEqual({ exitCode: 2, code: "usage.plan-file" });
    const nowhere = await world.json(["onboard", KEY, "--plan-out", join(folder, "not", "there")]);
    expect({ exitCode: nowhere.exitCode, code: nowhere.json.error.code }).toEqual({
      ...{ exitCode: 2, code: "usage.plan-file" },
    });
  });

  it("of what is done already is a plan of nothing, which can be applied", async () => {
    await using world = await openWorld();
    await world.json(["onboard", KEY, "--yes"]);
    expect(await planned(world)).toMatchObject({ plan: { edits: [], acts: [] } });
    expect((await world.json(["apply", file])).exitCode).toBe(0);
    expect(asked(world, "PutKeyPolicy")).toBe(1);
  });
});

describe("apply", () => {
  it.each([HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY])("does what was reviewed: %s", async (key) => {
    await using world = await openWorld();
    await planned(world, key);
    const { exitCode, json } = await world.json(["apply", file]);
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ key: { phase: "VALID", assurance: "vendor" }, registration: { created: true } });
    expect(cmks(world)).toHaveLength(1);
  });

  it("a second time changes nothing", async () => {
    await using world = await openWorld();
    await planned(world, KEY, "--default");
    await world.json(["apply", file]);
    const before = written(world);
    const { exitCode, json } = await world.json(["apply", file]);
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ change: null, registration: { created: false, default: true } });
    expect(written(world)).toEqual(before);
  });

  it("refuses when the document has changed, though the grant would fit in", async () => {
    await using world = await openWorld();
    await planned(world);
    await writeStatement(world, (statements) => statements.push(COLLEAGUE));
    await expectRefused(world, "plan.moved");
  });

  it("takes a document that only reads otherwise for the same", async () => {
    await using world = await openWorld();
    await planned(world);
    await writeStatement(world, (statements) => statements.reverse());
    expect((await world.json(["apply", file])).exitCode).toBe(0);
  });

  it("refuses when the vendor names another principal now", async () => {
    await using world = await openWorld();
    await planned(world);
    await setProject(world.sandbox.origin, "demo", { aws: { role_arn: VENDOR_SECOND.arn } });
    await expectRefused(world, "vendor.accessor-changed");
  });

  it("refuses another project, another vendor's act, another way to write the same document", async () => {
    await using world = await openWorld();
    await planned(world);
    const original = await readFile(file, "utf8");
    const changes: readonly ((plan: ReturnType<typeof JSON.parse>) => void)[] = [
      ({ plan }) => (plan.project = "second"),
      ({ plan }) => (plan.acts = []),
      ({ plan }) => (plan.edits = []),
      ({ plan }) => (plan.edits[0].after = plan.edits[0].before),
      ({ plan }) => (plan.key = HEALTHY_GCP_KEY),
      ({ plan }) => (plan.accessors = []),
      ({ words }) => words.push("--default"),
    ];
    for (const change of changes) {
      await writeFile(file, original);
      await rewrite(change);
      await expectRefused(world, "plan.moved");
    }
  });

  it.each([
    ["--gcp-endpoint=https://example.com"],
    ["--reviewed=other.json"],
    ["-p"],
    ["--probe-role=arn:aws:iam::111122223333:role/x"],
    ["--yes"],
    ["--"],
  ])("a plan never says how anything is reached: %s", async (word) => {
    await using world = await openWorld();
    await planned(world);
    await rewrite(({ words }) => words.push(word));
    const { exitCode, json } = await world.json(["apply", file]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "plan.invalid" });
    expect(asked(world, "PutKeyPolicy")).toBe(0);
  });

  it.each([
    ["no file", null, "cannot be read"],
    ["no JSON", "{", "is no JSON"],
    ["another document", "{}", "is not what keygrant writes"],
  ])("%s: says so, and how to make a plan", async (_, text, says) => {
    await using world = await openWorld();
    if (text !== null) await writeFile(file, text);
    const { exitCode, stderr } = await world.run(["apply", file]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(says);
    expect(stderr).toContain("--plan-out");
  });

  it("passes on how clouds are reached, as whoever applies says it", async () => {
    await using world = await openWorld();
    await planned(world);
    const { exitCode, json } = await world.json(["apply", file, "--deadline", "1ms", "--quiet"]);
    expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 12, code: "look.timeout" });
  });
});

async function expectRefused(world: World, code: string): Promise<void> {
  const { exitCode, json } = await world.json(["apply", file]);
  expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 3, code });
  expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toEqual([]);
  expect(cmks(world)).toEqual([]);
}
