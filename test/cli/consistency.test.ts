import { describe, expect, it } from "vitest";
import type { KeyReport, OnboardReport } from "../../src/core/report.ts";
import type { AwsWorld } from "../../src/sandbox/aws/world.ts";
import type { GcpWorld } from "../../src/sandbox/gcp/world.ts";
import type { OciWorld } from "../../src/sandbox/oci/world.ts";
import { openWorld, type World } from "./harness.ts";
import { cmks, named } from "./peek.ts";

/**
 * A write that is not to be seen everywhere at once: reads that are old, that flap, that settle late, at each cloud, on
 * a clock of our own. Nobody may hear VALID because of a read that never agreed with another, nor INVALID while the
 * grant is still on its way.
 */
const CLOUDS = ["aws", "gcp", "oci"] as const;
type CloudId = (typeof CLOUDS)[number];
const NOT_YET_GRANTED: Readonly<Record<CloudId, string>> = {
  aws: named("healthy"),
  gcp: named("symmetric", "gcp"),
  oci: named("healthy", "oci"),
};
/** The shortest window of the three is OCI's, two minutes. */
const WITHIN_MS = 60_000;

interface Play {
  readonly what: string;
  /** How long reads are old by turns, and the vendor sees what was. */
  readonly lateMs: number;
  readonly reads: string;
}

const PLAYS: readonly Play[] = [
  { what: "settled at once", lateMs: 0, reads: "3" },
  { what: "flapping for a second", lateMs: 1_000, reads: "3" },
  { what: "flapping for ten seconds", lateMs: 10_000, reads: "3" },
  { what: "flapping for ten seconds, one read believed", lateMs: 10_000, reads: "1" },
  { what: "late for a minute", lateMs: WITHIN_MS, reads: "3" },
  { what: "late for a minute, five reads", lateMs: WITHIN_MS, reads: "5" },
];

const EACH = CLOUDS.flatMap((cloud) => PLAYS.map((play) => ({ cloud, ...play })));

describe("onboard", () => {
  it.each(EACH)("$cloud, $what: VALID in the end, of one write", async ({ cloud, lateMs, reads }) => {
    await using world = await openWorld({ knobs: { propagationMs: lateMs } });
    const key = NOT_YET_GRANTED[cloud];
    const { exitCode, json } = await world.json(["onboard", key, "--yes", "--settle-reads", reads]);
    expectHonest(json, exitCode);
    expect({ exitCode, phase: json.key.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    expect(cmks(world)).toHaveLength(1);
    const again = await world.json(["onboard", key, "--yes"]);
    expect(again).toMatchObject({ exitCode: 0, json: { change: null, registration: { created: false } } });
  });

  it.each(CLOUDS)("%s, old for longer than anybody waits: never INVALID, never registered twice", async (cloud) => {
    await using world = await openWorld({ knobs: { propagationMs: WITHIN_MS } });
    const key = NOT_YET_GRANTED[cloud];
    // Each run gives up at once: the write of the first is what the others wait for.
    for (let run = 0; run < 4; run++) {
      const args = ["onboard", key, "--yes", "--settle-reads", "2", "--deadline", "3s"];
      const { exitCode, json } = await world.json(args);
      expectHonest(json, exitCode);
      expect(json.key.phase).not.toBe("INVALID");
      world.clock.advance(5_000);
    }
    world.clock.advance(WITHIN_MS);
    expect((await world.json(["onboard", key, "--yes"])).exitCode).toBe(0);
    expect(cmks(world)).toHaveLength(1);
  });
});

/** A key whose grant was written a moment ago, as keygrant remembers it. */
async function justGranted(cloud: CloudId, lateMs: number): Promise<World> {
  const world = await openWorld();
  const { exitCode } = await world.json(["onboard", NOT_YET_GRANTED[cloud], "--yes"]);
  expect(exitCode).toBe(0);
  world.sandbox.turn({ propagationMs: lateMs });
  return world;
}

describe("validate", () => {
  it.each(CLOUDS)("%s, reads that flap within the window: VALID or undetermined, never INVALID", async (cloud) => {
    await using world = await justGranted(cloud, WITHIN_MS);
    const seen: string[] = [];
    for (let look = 0; look < 8; look++) {
      const { exitCode, json } = await world.json(["validate", NOT_YET_GRANTED[cloud], "--no-state"]);
      const [report] = json.keys as readonly [KeyReport];
      seen.push(`${exitCode} ${report.findings.find((one) => one.level === "grant")?.code ?? "granted"}`);
      world.clock.advance(1_000);
    }
    for (const one of seen) expect(["0 granted", "11 grant.propagating", "12 grant.not-visible"]).toContain(one);
    world.clock.advance(WITHIN_MS);
    expect((await world.json(["validate"])).exitCode).toBe(0);
  });

  it.each(CLOUDS)("%s, a grant that somebody took back within the window: INVALID only after it", async (cloud) => {
    await using world = await justGranted(cloud, 0);
    takeBack(world, cloud);
    const inside = await world.json(["validate"]);
    expect(inside).toMatchObject({ exitCode: 11, json: { keys: [{ stale: true, waiting: true }] } });
    expect(inside.json.keys[0].findings).toContainEqual(expect.objectContaining({ code: "grant.propagating" }));
    const asked = await world.json(["validate", "--ask-vendor"]);
    expect(asked.exitCode).toBe(11);
    world.clock.advance(WINDOW_MS);
    const after = await world.json(["validate"]);
    expect(after).toMatchObject({ exitCode: 10, json: { keys: [{ phase: "INVALID", stale: false }] } });
    expect(after.json.keys[0].message).toMatch(/let/);
  });
});

const WINDOW_MS = 15 * 60_000;

/** VALID has every level that it needs, and the steps say no more than the key. */
function expectHonest(report: OnboardReport, exitCode: number): void {
  const { phase, stale, evidence } = report.key;
  if (phase === "VALID" && !stale) expect(evidence).toMatchObject({ key: "pass", grant: "pass" });
  expect([0, 11, 12]).toContain(exitCode);
  expect(phase).not.toBe("INVALID");
}

/** Takes the grant out behind everybody's back, at once and for all to see. */
function takeBack({ sandbox }: World, cloud: CloudId): void {
  sandbox.alter((worlds) => {
    const id = NOT_YET_GRANTED[cloud];
    switch (cloud) {
      case "aws": {
        const key = (worlds["aws"] as AwsWorld).keys.find((one) => one.arn === id);
        const [first] = key?.history ?? [];
        if (key === undefined || first === undefined) throw new Error("nothing was written");
        Object.assign(key, { policy: first.policy, history: [] });
        return;
      }
      case "gcp": {
        const policy = (worlds["gcp"] as GcpWorld).keys.find((one) => one.name === id)?.policy;
        if (policy === undefined) throw new Error("there is no such key");
        Object.assign(policy, { bindings: [], history: [] });
        return;
      }
      case "oci": {
        const oci = worlds["oci"] as OciWorld;
        const written = new Set(oci.history.map((one) => one.id));
        if (written.size === 0) throw new Error("nothing was written");
        oci.policies = oci.policies.filter((one) => !written.has(one.id));
        oci.history = [];
      }
    }
  });
}
