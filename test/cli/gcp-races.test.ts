import { describe, expect, it } from "vitest";
import {
  GCP_AUDITOR,
  GCP_GROUP_DEMO,
  GCP_GROUP_SECOND,
  HEALTHY_GCP_KEY,
  HEALTHY_GCP_RSA_KEY,
} from "../../src/sandbox/cast.ts";
import type { Binding } from "../../src/sandbox/gcp/world.ts";
import type { OnRequest } from "../../src/sandbox/index.ts";
import { addBinding, bindings, gcpHand, rolesOf, SYMMETRIC_ROLE, tokenFiles } from "./gcp-peek.ts";
import { CANNOT_VERIFY, isKeygrants, type OtherHand } from "./hand.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, written } from "./peek.ts";

/** Others write the same IAM policy, answers get lost, organisations object: conditions stay, and nothing is doubled. */
const KEY = HEALTHY_GCP_KEY;
const ONBOARD = ["onboard", KEY, "--yes"];
const OURS: Binding = { role: SYMMETRIC_ROLE, members: [`group:${GCP_GROUP_DEMO}`] };
const THEIRS: Binding = {
  role: SYMMETRIC_ROLE,
  members: ["user:colleague@owner.example"],
  condition: { title: "2030", expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' },
};
const as = tokenFiles();

interface Interference {
  readonly operation: string;
  readonly phase: "before" | "after";
  /** Which of keygrant's calls of the operation on the key itself, from 1. */
  readonly nth: (count: number) => boolean;
  readonly does: (hand: OtherHand, count: number) => Promise<void>;
}

/** A world in which somebody else does something to the key's policy at certain moments of a run. */
async function interrupted({ operation, phase, nth, does }: Interference): Promise<World> {
  let hand: OtherHand | null = null;
  let count = 0;
  const world = await openWorld({
    async onRequest(request, now) {
      const isMeant = request.operation === operation && request.path.includes("/cryptoKeys/") && isKeygrants(request);
      if (hand === null || !isMeant || now !== phase) return undefined;
      count++;
      if (nth(count)) await does(hand, count);
      return undefined;
    },
  });
  hand = gcpHand(world.sandbox.origin, KEY);
  return world;
}

function colleague(count: number): Binding {
  return { role: "roles/cloudkms.viewer", members: [`user:colleague-${count}@owner.example`] };
}

async function without(hand: OtherHand, isMeant: (binding: Binding) => boolean): Promise<void> {
  const policy = JSON.parse(await hand.read());
  await hand.write(JSON.stringify({ ...policy, bindings: policy.bindings.filter((one: Binding) => !isMeant(one)) }));
}

describe("somebody else who writes the policy", () => {
  it("just before the write: the write is done again on what is there then, and both survive", async () => {
    const does = (hand: OtherHand) => addBinding(hand, THEIRS);
    await using world = await interrupted({ operation: "SetIamPolicy", phase: "before", nth: (n) => n === 1, does });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, phase: json.key.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    expect(bindings(world, KEY)).toEqual([THEIRS, OURS]);
    // One of theirs, one of ours that came too late, one that was taken.
    expect(asked(world, "SetIamPolicy")).toBe(3);
    expect(cmks(world)).toHaveLength(1);
  });

  it("each time before a write: refused, exit code 3, and what they wrote stays", async () => {
    const does = (hand: OtherHand, count: number) => addBinding(hand, colleague(count));
    await using world = await interrupted({ operation: "SetIamPolicy", phase: "before", nth: () => true, does });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "change.stale" });
    const tries = asked(world, "SetIamPolicy") / 2;
    expect(tries).toBeLessThanOrEqual(8);
    expect(bindings(world, KEY)).toHaveLength(1);
    expect(bindings(world, KEY)[0]?.members).toHaveLength(tries);
    expect(cmks(world)).toHaveLength(0);
  });

  it("the same grant, before keygrant does: unchanged, no change, and the key is registered", async () => {
    const does = (hand: OtherHand) => addBinding(hand, OURS);
    await using world = await interrupted({ operation: "GetIamPolicy", phase: "before", nth: (n) => n === 2, does });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, change: json.change }).toEqual({ exitCode: 0, change: null });
    expect(json.steps[3]).toMatchObject({ step: "grant", outcome: "unchanged" });
    expect(json.steps[3].detail).not.toContain("null");
    expect(json).toMatchObject({ key: { phase: "VALID" }, registration: { created: true } });
    expect(bindings(world, KEY)).toEqual([OURS]);
  });

  it("something else, right after the write: no harm, and both stay", async () => {
    const does = (hand: OtherHand) => addBinding(hand, THEIRS);
    await using world = await interrupted({ operation: "SetIamPolicy", phase: "after", nth: (n) => n === 1, does });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(bindings(world, KEY)).toEqual([OURS, THEIRS]);
  });

  it("over ours, right after the write: says so, exit code 12, and does not fight", async () => {
    const does = async (hand: OtherHand) => {
      await without(hand, (one) => one.condition === undefined);
      await addBinding(hand, THEIRS);
    };
    await using world = await interrupted({ operation: "SetIamPolicy", phase: "after", nth: (n) => n === 1, does });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 12, code: "change.clobbered" });
    expect(json.error.fix).toContain("google_kms_crypto_key_iam_policy");
    expect(bindings(world, KEY)).toEqual([THEIRS]);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(bindings(world, KEY)).toEqual([THEIRS, OURS]);
  });
});

describe("two at the same time", () => {
  it("for two projects: both succeed", async () => {
    await using world = await openWorld();
    const run = (project: string) => world.json([...ONBOARD, "--project", project]);
    const both = await Promise.all(["demo", "second"].map(run));
    expect(both.map((one) => one.exitCode)).toEqual([0, 0]);
    for (const group of [GCP_GROUP_DEMO, GCP_GROUP_SECOND]) {
      expect(rolesOf(world, KEY, group)).toEqual([SYMMETRIC_ROLE]);
    }
  });

  it("for one project: one member, one CMK", async () => {
    await using world = await openWorld();
    const both = await Promise.all([world.json(ONBOARD), world.json(ONBOARD)]);
    expect(both.map((one) => one.exitCode)).toEqual([0, 0]);
    expect(bindings(world, KEY)).toEqual([OURS]);
    expect(cmks(world)).toHaveLength(1);
  });
});

describe("answers that are lost", () => {
  it.each(["lost", "504", "truncated"])("%s after writing the policy: one member, written once", async (fault) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1x1@SetIamPolicy`] } });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(bindings(world, KEY)).toEqual([OURS]);
    expect(asked(world, "SetIamPolicy")).toBe(1);
  });

  it.each(["503", "reset", "429"])("%s instead of writing: asked again", async (fault) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1x1@SetIamPolicy`] } });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(bindings(world, KEY)).toEqual([OURS]);
  });

  it.each(["503", "reset", "429", "html"])(
    "%s for ever: exit code 12, nothing written, and the next run finishes",
    async (fault) => {
      await using world = await openWorld({ knobs: { faults: [`${fault}=1@SetIamPolicy`] } });
      const { exitCode, json } = await world.json(ONBOARD);
      expect({ exitCode, code: json.error.code }).toMatchObject({
        exitCode: 12,
        code: expect.stringMatching(/^look\./),
      });
      expect(bindings(world, KEY)).toEqual([]);
      world.sandbox.turn({ faults: [] });
      expect((await world.json(ONBOARD)).exitCode).toBe(0);
      expect(bindings(world, KEY)).toEqual([OURS]);
    },
  );
});

describe("domain-restricted sharing", () => {
  const CONSTRAINT = "constraints/iam.allowedPolicyMemberDomains";

  it("that does not allow the vendor's group: exit code 3, which constraint, which member, and what to do", async () => {
    await using world = await openWorld({ knobs: { gcpAllowedDomains: [] } });
    const before = written(world);
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "write.member-not-allowed" });
    expect(json.error.message).toContain(CONSTRAINT);
    expect(json.error.message).toContain(`${GCP_GROUP_DEMO}, which the grant adds`);
    expect(json.error.fix).toContain("administrator of the organisation");
    expect(written(world)).toEqual(before);
    // A write that was refused opens no window: a grant that is missing is missing.
    expect((await world.json(["validate", KEY])).exitCode).toBe(10);
  });

  it("that does not allow somebody who has been there for years: names them", async () => {
    await using world = await openWorld();
    const hand = gcpHand(world.sandbox.origin, KEY);
    const contractor: Binding = { role: "roles/cloudkms.viewer", members: ["user:contractor@elsewhere.example"] };
    await addBinding(hand, contractor);
    world.sandbox.turn({ gcpAllowedDomains: ["aiven.io"] });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "write.member-not-allowed" });
    expect(json.error.message).toContain("contractor@elsewhere.example, which stands in the policy already");
    expect(json.error.message).not.toContain(GCP_GROUP_DEMO);
    expect(json.error.fix).toContain("Take contractor@elsewhere.example out of the policy");
    expect(bindings(world, KEY)).toEqual([contractor]);
    await without(hand, () => true);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
  });
});

describe("a caller who may look and not write", () => {
  it("is refused by Google: exit code 3, with the permission that is missing, and nothing is registered", async () => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json(ONBOARD, as(GCP_AUDITOR.token));
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "write.denied" });
    expect(`${json.error.message} ${json.error.fix}`).toContain("cloudkms.cryptoKeys.setIamPolicy");
    expect(written(world)).toEqual(before);
  });
});

describe("the minutes after the write", () => {
  function refused(times = Number.POSITIVE_INFINITY): OnRequest {
    let count = 0;
    return (request, phase) =>
      phase === "before" && request.operation === "CMKCreate" && count++ < times ? CANNOT_VERIFY : undefined;
  }

  it.each([KEY, HEALTHY_GCP_RSA_KEY])("the vendor is late, and asked again until it agrees: %s", async (key) => {
    await using world = await openWorld({ knobs: { propagationMs: 240_000 } });
    const { exitCode, json } = await world.json(["onboard", key, "--yes", "--settle-reads", "1"]);
    expect({ exitCode, phase: json.key.phase, created: json.registration.created }).toEqual({
      ...{ exitCode: 0, phase: "VALID", created: true },
    });
    expect(asked(world, "CMKCreate")).toBeGreaterThan(2);
    expect(cmks(world)).toHaveLength(1);
    expect(asked(world, "SetIamPolicy")).toBe(1);
  });

  it("ten minutes are not enough: vendor.refused, and that membership of a group can take hours", async () => {
    await using world = await openWorld({ onRequest: refused() });
    const { exitCode, json } = await world.json(ONBOARD);
    expect(exitCode).toBe(10);
    const [finding] = json.key.findings;
    expect(finding).toMatchObject({ code: "vendor.refused", detail: json.key.message });
    expect(finding.fix).toContain("hours until membership of a group is seen");
    const waited = world.clock.slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(590_000);
    expect(waited).toBeLessThan(660_000);
  });

  it("--wait 0 does not wait", async () => {
    await using world = await openWorld({ onRequest: refused() });
    expect((await world.json([...ONBOARD, "--wait", "0"])).exitCode).toBe(10);
    expect(asked(world, "CMKCreate")).toBe(1);
  });

  it("a grant that is not to be seen yet is waited for, and then is missing", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    await without(gcpHand(world.sandbox.origin, KEY), () => true);
    const within = await world.json(["validate"]);
    expect(within).toMatchObject({ exitCode: 11, json: { keys: [{ waiting: true }] } });
    const propagating = within.json.keys[0].findings.find((one: { level: string }) => one.level === "grant");
    expect(propagating).toMatchObject({ code: "grant.propagating", fix: expect.stringContaining("can take hours") });
    world.clock.advance(601_000);
    const late = await world.json(["validate"]);
    expect(late.exitCode).toBe(10);
    expect(late.json.keys[0].findings[0]).toMatchObject({
      code: "grant.missing",
      detail: expect.stringMatching(/; folder, organisation and deny policies were not looked at\.$/),
    });
  });

  it("reads that give old and new by turns are read until they settle, and nothing is written twice", async () => {
    await using world = await openWorld({ knobs: { propagationMs: 20_000 } });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect((await world.json(ONBOARD)).json.change).toBeNull();
    expect(asked(world, "SetIamPolicy")).toBe(1);
  });
});
