import { describe, expect, it } from "vitest";
import { AUDITOR, HEALTHY_AWS_KEY, VENDOR_DEMO, VENDOR_SECOND } from "../../src/sandbox/cast.ts";
import { isKeygrants, type OtherHand, otherHand } from "./hand.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, keyPolicy, named, statementsNaming } from "./peek.ts";

/** Others write at the same time, and answers get lost: nothing is written on a wrong belief, and nothing twice. */
const KEY = HEALTHY_AWS_KEY;
const ONBOARD = ["onboard", KEY, "--yes"];
const OURS = "Allow Aiven to use this key for CMK operations";

interface Interference {
  readonly operation: string;
  readonly phase: "before" | "after";
  /** Which of keygrant's calls of the operation, from 1. */
  readonly nth: number;
  readonly does: (hand: OtherHand) => Promise<void>;
}

/** A world in which somebody else does something at one moment of a run. */
async function interrupted({ operation, phase, nth, does }: Interference): Promise<World> {
  let hand: OtherHand | null = null;
  let count = 0;
  const world = await openWorld({
    async onRequest(request, now) {
      if (hand === null || request.operation !== operation || now !== phase || !isKeygrants(request)) return undefined;
      count++;
      if (count === nth) await does(hand);
      return undefined;
    },
  });
  hand = otherHand(world.sandbox.origin, KEY);
  return world;
}

async function addStatement(hand: OtherHand): Promise<void> {
  const policy = JSON.parse(await hand.read());
  policy.Statement.push({
    Sid: "A colleague",
    Effect: "Allow",
    Principal: { AWS: AUDITOR.arn },
    Action: "kms:DescribeKey",
    Resource: "*",
  });
  await hand.write(JSON.stringify(policy));
}

async function takeOursOut(hand: OtherHand): Promise<void> {
  const policy = JSON.parse(await hand.read());
  policy.Statement = policy.Statement.filter((one: { Sid?: string }) => one.Sid !== OURS);
  await hand.write(JSON.stringify(policy));
}

describe("somebody else who writes the policy", () => {
  it("between the plan and the write: refused, exit code 3, and what they wrote stays", async () => {
    await using world = await interrupted({
      operation: "GetCallerIdentity",
      phase: "after",
      nth: 1,
      does: addStatement,
    });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "change.stale" });
    expect(asked(world, "CMKCreate")).toBe(0);
    expect(sids(world)).toContain("A colleague");
    expect(sids(world)).not.toContain(OURS);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(sids(world)).toEqual(expect.arrayContaining(["A colleague", OURS]));
  });

  it("something else, right after the write: no harm, and both stay", async () => {
    await using world = await interrupted({ operation: "PutKeyPolicy", phase: "after", nth: 1, does: addStatement });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(sids(world)).toEqual(expect.arrayContaining(["A colleague", OURS]));
    expect(asked(world, "PutKeyPolicy")).toBe(2);
  });

  it("over ours, right after the write: says so, exit code 12, and does not fight", async () => {
    const does = async (hand: OtherHand) => {
      await takeOursOut(hand);
      await addStatement(hand);
    };
    await using world = await interrupted({ operation: "PutKeyPolicy", phase: "after", nth: 1, does });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 12, code: "change.clobbered" });
    expect(sids(world)).not.toContain(OURS);
    expect(asked(world, "CMKCreate")).toBe(0);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
  });

  it("and registers the key before keygrant does: found, not registered twice", async () => {
    await using world = await interrupted({
      operation: "PutKeyPolicy",
      phase: "after",
      nth: 1,
      does: () => putCmk(world.sandbox.origin),
    });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, created: json.registration.created }).toEqual({ exitCode: 0, created: false });
    expect(cmks(world)).toHaveLength(1);
  });

  it("and deletes the registration again at once: it has vanished, and that is no success", async () => {
    await using world = await openWorld({
      async onRequest(request, phase) {
        if (request.operation === "CMKGet" && phase === "before") {
          for (const { id } of cmks(world))
            await admin(world.sandbox.origin, { project: "demo", id, status: "deleted" });
        }
        return undefined;
      },
    });
    world.sandbox.turn({ deletedListed: false });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, registration: json.registration }).toEqual({ exitCode: 12, registration: null });
    expect(json.steps[6]).toMatchObject({ step: "confirm", outcome: "failed" });
    expect(json.key.findings).toMatchObject([{ code: "vendor.not-registered" }]);
  });
});

describe("answers that are lost", () => {
  it.each(["lost", "504", "truncated"])("%s after registering: one CMK", async (fault) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1x1@CMKCreate`], duplicates: "create" } });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, created: json.registration.created }).toEqual({ exitCode: 0, created: true });
    expect(cmks(world)).toHaveLength(1);
    expect(asked(world, "CMKCreate")).toBe(1);
  });

  it.each(["lost", "504", "truncated"])("%s after writing the policy: one statement, written once", async (fault) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1x1@PutKeyPolicy`] } });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toHaveLength(1);
    expect(asked(world, "PutKeyPolicy")).toBe(1);
  });
});

describe("two at the same time", () => {
  it("for one project: one statement and one CMK, whatever each of them says", async () => {
    await using world = await openWorld();
    const both = await Promise.all([world.json(ONBOARD), world.json(ONBOARD)]);
    expect(both.map((one) => one.exitCode)).toContain(0);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toHaveLength(1);
    expect(cmks(world)).toHaveLength(1);
  });

  it("for two projects: neither believes that it is in when it is not, and repeating ends well", async () => {
    await using world = await openWorld();
    const projects = ["demo", "second"];
    const run = (project: string) => world.json([...ONBOARD, "--project", project]);
    const first = await Promise.all(projects.map(run));
    for (const [index, { arn }] of [VENDOR_DEMO, VENDOR_SECOND].entries()) {
      if (first[index]?.exitCode === 0) expect(statementsNaming(world, KEY, arn)).toHaveLength(1);
    }
    for (const project of projects) expect((await run(project)).exitCode).toBe(0);
    for (const { arn } of [VENDOR_DEMO, VENDOR_SECOND]) expect(statementsNaming(world, KEY, arn)).toHaveLength(1);
  });
});

describe("a caller who may look and not write", () => {
  const AS_AUDITOR = {
    env: { AWS_ACCESS_KEY_ID: AUDITOR.accessKeyId, AWS_SECRET_ACCESS_KEY: AUDITOR.secretAccessKey },
  };

  it("is refused by AWS: exit code 3, with the permission that is missing, and nothing is registered", async () => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(ONBOARD, AS_AUDITOR);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "write.denied" });
    expect(json.error.message + json.error.fix).toContain("kms:PutKeyPolicy");
    expect(asked(world, "CMKCreate")).toBe(0);
    // A write that was refused opens no window: a grant that is missing is missing.
    expect((await world.json(["validate", KEY])).exitCode).toBe(10);
  });

  it("needs no right to write where nothing is to be written", async () => {
    await using world = await openWorld();
    const args = ["onboard", named("granted"), "--yes", "--probe", "auto"];
    expect((await world.json(args, AS_AUDITOR)).exitCode).toBe(0);
  });
});

function sids(world: World): readonly (string | undefined)[] {
  return keyPolicy(world, KEY).Statement.map((one) => one.Sid);
}

function putCmk(origin: string): Promise<void> {
  return admin(origin, { project: "demo", provider: "aws", resource: KEY });
}

/** Behind Aiven's back. */
async function admin(origin: string, cmk: object): Promise<void> {
  const answer = await fetch(`${origin}/_sandbox/cmk`, { method: "POST", body: JSON.stringify(cmk) });
  expect(answer.status).toBeLessThan(300);
}
