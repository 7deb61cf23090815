import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import type { OnRequest } from "../../src/sandbox/index.ts";
import { CANNOT_VERIFY, isKeygrants, otherHand } from "./hand.ts";
import { openWorld } from "./harness.ts";
import { asked, cmks, named, statementsNaming } from "./peek.ts";

/** The minutes after a write, in which a cloud may not show it everywhere and the vendor may still be refused. */
const KEY = HEALTHY_AWS_KEY;
const ONBOARD = ["onboard", KEY, "--yes"];

/** The vendor is refused the first `times` times, as if something above the key kept it out. */
function refused(operation: string, times = Number.POSITIVE_INFINITY): OnRequest {
  let count = 0;
  return (request, phase) =>
    phase === "before" && request.operation === operation && count++ < times ? CANNOT_VERIFY : undefined;
}

describe("a vendor who is refused soon after the write", () => {
  it("is asked again, with growing pauses, until it agrees: one registration", async () => {
    await using world = await openWorld({ knobs: { propagationMs: 60_000 } });
    const { exitCode, json } = await world.json([...ONBOARD, "--settle-reads", "1"]);
    expect({ exitCode, phase: json.key.phase, created: json.registration.created }).toEqual({
      ...{ exitCode: 0, phase: "VALID", created: true },
    });
    expect(asked(world, "CMKCreate")).toBeGreaterThan(2);
    expect(cmks(world)).toHaveLength(1);
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toHaveLength(1);
    const pauses = world.clock.slept.filter((ms) => ms > 1_000);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  });

  it("and still when the window ends: vendor.refused, exit code 10, in the vendor's own words", async () => {
    await using world = await openWorld({ onRequest: refused("CMKCreate") });
    const { exitCode, json } = await world.json([...ONBOARD, "--wait", "60s"]);
    expect(exitCode).toBe(10);
    expect(json.key).toMatchObject({ phase: "INVALID", evidence: { grant: "pass", vendor: "fail" } });
    expect(json.key.findings).toMatchObject([{ code: "vendor.refused" }]);
    expect(json.key.message).toContain("Cannot verify encrypt/decrypt access");
    expect(json.steps[5]).toMatchObject({ step: "register", outcome: "failed" });
    expect(json).toMatchObject({ change: { caller: expect.any(String) }, registration: null });
    expect(world.clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(70_000);
  });

  it("is not waited for with --wait 0", async () => {
    await using world = await openWorld({ onRequest: refused("CMKCreate") });
    expect((await world.json([...ONBOARD, "--wait", "0"])).exitCode).toBe(10);
    expect(asked(world, "CMKCreate")).toBe(1);
  });

  it("when the deadline comes first: waiting, exit code 11, and the next run finishes", async () => {
    await using world = await openWorld({ onRequest: refused("CMKCreate", 1), sleep: untilStopped });
    const { exitCode, json } = await world.json([...ONBOARD, "--settle-reads", "1", "--deadline", "1500ms"]);
    expect(exitCode).toBe(11);
    expect(json.key).toMatchObject({ phase: "INITIALIZING", waiting: true, findings: [{ code: "vendor.pending" }] });
    expect(json.steps[5]).toMatchObject({ step: "register", outcome: "waiting" });
    const again = await world.json(ONBOARD);
    expect(again).toMatchObject({ exitCode: 0, json: { change: null, registration: { created: true } } });
    expect(cmks(world)).toHaveLength(1);
  });

  it("is taken at its word where nothing was written: asked once, exit code 10", async () => {
    await using world = await openWorld({ onRequest: refused("CMKCreate") });
    const { exitCode, json } = await world.json(["onboard", named("granted"), "--yes"]);
    expect({ exitCode, change: json.change }).toEqual({ exitCode: 10, change: null });
    expect(asked(world, "CMKCreate")).toBe(1);
  });

  it("waits out a refusing access check in the same way", async () => {
    await using world = await openWorld({ onRequest: refused("CMKAccessCheckTrigger", 3) });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, confirm: json.steps[6].outcome }).toEqual({ exitCode: 0, confirm: "done" });
    expect(asked(world, "CMKAccessCheckTrigger")).toBe(4);
  });

  it("an access check that keeps refusing a registered key: exit code 10", async () => {
    await using world = await openWorld({ onRequest: refused("CMKAccessCheckTrigger") });
    const { exitCode, json } = await world.json([...ONBOARD, "--wait", "30s"]);
    expect(exitCode).toBe(10);
    expect(json).toMatchObject({ registration: { created: true }, key: { findings: [{ code: "vendor.refused" }] } });
  });
});

/** Sleeps as a person would see it: until the command has had enough. */
async function untilStopped(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 1_000 || signal === undefined) return;
  if (!signal.aborted) await once(signal, "abort");
  signal.throwIfAborted();
}

describe("a cloud that shows old and new by turns", () => {
  it("is read until it has settled, and written once", async () => {
    await using world = await openWorld({ knobs: { propagationMs: 20_000 } });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(asked(world, "PutKeyPolicy")).toBe(1);
    expect((await world.json(ONBOARD)).json.change).toBeNull();
  });

  it("is not written again by a run that comes too soon", async () => {
    await using world = await openWorld({ knobs: { propagationMs: 30_000 }, onRequest: refused("CMKCreate", 1) });
    await world.json([...ONBOARD, "--settle-reads", "1", "--wait", "0"]);
    expect(asked(world, "PutKeyPolicy")).toBe(1);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(asked(world, "PutKeyPolicy")).toBe(1);
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toHaveLength(1);
  });
});

describe("validate within the window", () => {
  async function grantGone() {
    const world = await openWorld();
    const hand = otherHand(world.sandbox.origin, KEY);
    const before = await hand.read();
    await world.json(ONBOARD);
    await hand.write(before);
    hand.close();
    return world;
  }

  it("a grant that is not to be seen is propagating: exit code 11", async () => {
    await using world = await grantGone();
    const { exitCode, json } = await world.json(["validate", "--wait", "1m"]);
    expect(exitCode).toBe(11);
    expect(json.keys[0]).toMatchObject({
      phase: "INITIALIZING",
      waiting: true,
      message: expect.stringContaining("moment ago"),
    });
  });

  it("and is missing once the window is over: exit code 10", async () => {
    await using world = await grantGone();
    world.clock.advance(61_000);
    const { exitCode, json } = await world.json(["validate", "--wait", "1m"]);
    expect({ exitCode, code: json.keys[0].findings[0].code }).toEqual({ exitCode: 10, code: "grant.missing" });
  });

  it("a vendor who is asked and refuses is pending, then refused", async () => {
    await using world = await openWorld();
    await world.json(ONBOARD);
    const hand = otherHand(world.sandbox.origin, KEY);
    const policy = JSON.parse(await hand.read());
    policy.Statement.at(-1).Effect = "Deny";
    await hand.write(JSON.stringify(policy));
    hand.close();
    const ask = ["validate", "--ask-vendor", "--wait", "1m"];
    expect((await world.json(ask)).json.keys[0].findings.map(codeOf)).toEqual(["grant.denied", "vendor.pending"]);
    world.clock.advance(61_000);
    expect((await world.json(ask)).json.keys[0].findings.map(codeOf)).toEqual(["grant.denied", "vendor.refused"]);
  });
});

it("nobody but keygrant is meant by the hooks of these tests", async () => {
  const seen: boolean[] = [];
  await using world = await openWorld({ onRequest: (request) => void seen.push(isKeygrants(request)) });
  const hand = otherHand(world.sandbox.origin, KEY);
  await hand.read();
  hand.close();
  expect(seen).not.toContain(true);
});

function codeOf(finding: { readonly code: string }): string {
  return finding.code;
}
