import { describe, expect, it } from "vitest";
import { HEALTHY_OCI_KEY, OCI_GROUP_SECOND, OCI_OWNER_TENANCY } from "../../src/sandbox/cast.ts";
import type { ObservedRequest } from "../../src/sandbox/index.ts";
import { isKeygrants } from "./hand.ts";
import { openWorld, type World } from "./harness.ts";
import { admit, DEFINES, OURS, overwrite, policies, statements } from "./oci-peek.ts";
import { asked, cmks, named } from "./peek.ts";

/** Two who write the same policy at the same time: OCI has etags, so the slower one reads again and both end up in it. */
const KEY = HEALTHY_OCI_KEY;
const SECOND = named("other-key", "oci");
const THIRD = named("inspect-only", "oci");
const ONBOARD = ["onboard", SECOND, "--yes"];

interface Moment {
  readonly operation: string;
  readonly phase?: "before" | "after";
  /** Which of keygrant's calls of the operation, from 1, since the interference was set up. */
  readonly nth?: number;
  readonly does: (world: World) => unknown;
}

/** A world with one key onboarded, in which somebody else does something at one moment of the next run. */
async function meanwhile(
  { operation, phase = "before", nth = 1, does }: Moment,
  first: string | null = KEY,
): Promise<World> {
  let world: World | null = null;
  let count = 0;
  const opened = await openWorld({
    async onRequest(request, now) {
      if (world === null || now !== phase || !isIt(request, operation) || ++count !== nth) return undefined;
      await does(world);
      return undefined;
    },
  });
  if (first !== null) expect((await opened.json(["onboard", first, "--yes"])).exitCode).toBe(0);
  world = opened;
  return opened;
}

/** Of the lists of policies only those of the root compartment. */
function isIt(request: ObservedRequest, operation: string): boolean {
  if (request.operation !== operation || !isKeygrants(request)) return false;
  return operation !== "ListPolicies" || request.query.get("compartmentId") === OCI_OWNER_TENANCY;
}

describe("two runs of keygrant at once", () => {
  it("for two keys of one policy: both are in the one statement", async () => {
    await using world = await meanwhile({
      operation: "UpdatePolicy",
      does: async (it) => expect((await it.json(["onboard", THIRD, "--yes"])).exitCode).toBe(0),
    });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statements(world)).toEqual([...DEFINES, admit(KEY, THIRD, SECOND)]);
    expect(asked(world, "UpdatePolicy")).toBe(3);
    world.clock.advance(180_000);
    expect((await world.json(["validate"])).json.summary).toMatchObject({ VALID: 3, INVALID: 0, undetermined: 0 });
  });

  it("that both want to create the policy: there is one, with both keys", async () => {
    await using world = await meanwhile(
      {
        operation: "CreatePolicy",
        does: async (it) => expect((await it.json(["onboard", THIRD, "--yes"])).exitCode).toBe(0),
      },
      null,
    );
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statements(world)).toEqual([...DEFINES, admit(THIRD, SECOND)]);
    expect(policies(world).filter(({ name }) => name.startsWith(OURS))).toHaveLength(1);
  });

  it("for two projects: both groups are in it", async () => {
    const project = ["--project", "second"];
    await using world = await meanwhile({
      operation: "UpdatePolicy",
      does: async (it) => expect((await it.json(["onboard", KEY, "--yes", ...project])).exitCode).toBe(0),
    });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    const now = statements(world) ?? [];
    expect(now).toContain(admit(KEY, SECOND));
    expect(now.some((text) => text.includes(OCI_GROUP_SECOND))).toBe(true);
    expect(now.filter((text) => text.startsWith("admit"))).toHaveLength(2);
  });

  it("for the same key: it stands there once, and is registered", async () => {
    await using world = await meanwhile({
      operation: "UpdatePolicy",
      does: async (it) => expect((await it.json(ONBOARD)).exitCode).toBe(0),
    });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statements(world)).toEqual([...DEFINES, admit(KEY, SECOND)]);
    expect(cmks(world).filter(({ resource }) => resource === SECOND)).toHaveLength(1);
  });
});

describe("somebody else who writes keygrant's policy by hand", () => {
  const THEIRS = "Allow group Auditors to read key-family in tenancy";
  const add = (world: World) => overwrite(world, OURS, [...(statements(world) ?? []), THEIRS]);

  it("between the plan and the write: refused, exit code 3; the next run finishes", async () => {
    // The plan is made on the first list; the second is the look just before the write.
    await using world = await meanwhile({ operation: "ListPolicies", nth: 2, does: add });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 3, code: "change.stale" });
    expect(statements(world)).toEqual([...DEFINES, admit(KEY), THEIRS]);
    expect(asked(world, "UpdatePolicy")).toBe(0);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statements(world)).toEqual([...DEFINES, admit(KEY, SECOND), THEIRS]);
  });

  it("between the look and the write: 412, read again, and both stay", async () => {
    await using world = await meanwhile({ operation: "UpdatePolicy", does: add });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statements(world)).toEqual([...DEFINES, admit(KEY, SECOND), THEIRS]);
    expect(asked(world, "UpdatePolicy")).toBe(2);
  });

  it("right after the write, something else: no harm, and both stay", async () => {
    await using world = await meanwhile({ operation: "UpdatePolicy", phase: "after", does: add });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(statements(world)).toEqual([...DEFINES, admit(KEY, SECOND), THEIRS]);
  });

  it("right after the write, over ours: says so, exit code 12, and does not fight", async () => {
    await using world = await meanwhile({
      operation: "UpdatePolicy",
      phase: "after",
      does: (it) => overwrite(it, OURS, [...DEFINES, admit(KEY), THEIRS]),
    });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 12, code: "change.clobbered" });
    expect(asked(world, "UpdatePolicy")).toBe(1);
    expect(cmks(world)).toHaveLength(1);
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
  });

  it("each time that keygrant tries: gives up, exit code 3, and nothing of ours is in it", async () => {
    const world = await openWorld({
      onRequest(request, phase) {
        if (phase === "before" && request.operation === "UpdatePolicy") add(world);
        return undefined;
      },
    });
    await using _closed = world;
    await world.json(["onboard", KEY, "--yes"]);
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 3, code: "change.stale" });
    expect(statements(world)).not.toContain(SECOND);
  });
});

describe("an answer that got lost", () => {
  it.each(["CreatePolicy", "UpdatePolicy"])("of %s: found out, and not written twice", async (operation) => {
    await using world = await openWorld();
    if (operation === "UpdatePolicy") await world.json(["onboard", KEY, "--yes"]);
    world.sandbox.turn({ faults: [`lost=1x1@${operation}`] });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    const keys = operation === "UpdatePolicy" ? [KEY, SECOND] : [SECOND];
    expect(statements(world)).toEqual([...DEFINES, admit(...keys)]);
    expect(policies(world).filter(({ name }) => name.startsWith(OURS))).toHaveLength(1);
  });

  it("each time: what arrived all the same is found there", async () => {
    await using world = await openWorld({ knobs: { faults: ["lost=1@CreatePolicy"] } });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expect(asked(world, "CreatePolicy")).toBe(1);
    expect(statements(world)).toEqual([...DEFINES, admit(SECOND)]);
  });
});
