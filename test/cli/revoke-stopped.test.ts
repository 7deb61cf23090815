import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/cli/host.ts";
import type { AwsWorld } from "../../src/sandbox/aws/world.ts";
import { AUDITOR, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { isKeygrants, otherHand } from "./hand.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, keyPolicy, named, statementsNaming } from "./peek.ts";

/** Others write while a grant is taken back, and runs are stopped: nothing of theirs goes, and a second run ends it. */
const KEY = named("granted");
const REVOKE = ["revoke", KEY, "--yes", "--backups-expired"];
const COLLEAGUE = {
  Sid: "A colleague",
  Effect: "Allow",
  Principal: { AWS: AUDITOR.arn },
  Action: "kms:DescribeKey",
  Resource: "*",
};

describe("somebody else who writes the policy of a key that is taken back", () => {
  it("between the plan and the write: refused, exit code 3, and what they wrote stays", async () => {
    let world: World | null = null;
    let isDone = false;
    await using open = await openWorld({
      async onRequest(request, phase) {
        if (world === null || isDone || request.operation !== "GetCallerIdentity" || phase !== "after")
          return undefined;
        isDone = true;
        const hand = otherHand(world.sandbox.origin, KEY);
        const policy = JSON.parse(await hand.read());
        await hand.write(JSON.stringify({ ...policy, Statement: [...policy.Statement, COLLEAGUE] }));
        hand.close();
        return undefined;
      },
    });
    world = open;
    const { exitCode, json } = await open.json(REVOKE);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 3, code: "change.stale" });
    expect(sids(open)).toContain("A colleague");
    expect(statementsNaming(open, KEY, VENDOR_DEMO.arn)).toHaveLength(1);
    expect((await open.json(REVOKE)).exitCode).toBe(0);
    expect(sids(open)).toContain("A colleague");
    expect(statementsNaming(open, KEY, VENDOR_DEMO.arn)).toEqual([]);
  });
});

describe.each(["before", "after"] as const)("a run that is stopped %s one of its requests is carried out", (phase) => {
  it("is finished by running it again, whichever request it was", async () => {
    const undisturbed = await stoppedAt(Number.POSITIVE_INFINITY, phase);
    expect(undisturbed).toMatchObject({
      first: 0,
      again: { exitCode: 0, outcome: "unchanged" },
      after: { grants: [] },
    });
    expect(undisturbed.requests).toBeGreaterThan(5);
    for (let at = 1; at <= undisturbed.requests; at++) {
      const { first, again, after } = await stoppedAt(at, phase);
      expect({ at, first }).not.toEqual({ at, first: 0 });
      expect({ at, exitCode: again.exitCode, proof: again.proof }).toEqual({ at, exitCode: 0, proof: "shut-out" });
      expect({ at, after }).toEqual({ at, after: undisturbed.after });
    }
  });
});

/** The key has a statement and a KMS grant, so that two documents have to be written. */
async function stoppedAt(at: number, phase: "before" | "after") {
  const stop = new AbortController();
  let requests = 0;
  let isFirst = false;
  await using world = await openWorld({
    onRequest(request, now) {
      if (!isFirst || !isKeygrants(request) || now !== phase) return undefined;
      requests++;
      if (requests !== at) return undefined;
      stop.abort(new Interrupted("SIGTERM"));
      throw new Error("the client is gone");
    },
  });
  world.sandbox.alter((worlds) => {
    const { keys } = worlds["aws"] as AwsWorld;
    const from = keys.find((one) => one.arn === named("granted-by-kms-grant"));
    for (const key of keys) if (key.arn === KEY) key.grants = [...(from?.grants ?? [])];
  });
  isFirst = true;
  const first = (await world.run(REVOKE, { interrupted: stop.signal })).exitCode;
  isFirst = false;
  const { exitCode, json } = await world.json(REVOKE);
  const { keys } = world.sandbox.world()["aws"] as AwsWorld;
  const after = { policy: keyPolicy(world, KEY), grants: keys.find((one) => one.arn === KEY)?.grants };
  expect(asked(world, "RevokeGrant")).toBeLessThanOrEqual(2);
  return { first, again: { exitCode, outcome: json.outcome, proof: json.proof }, after, requests };
}

function sids(world: World): readonly (string | undefined)[] {
  return keyPolicy(world, KEY).Statement.map((one) => one.Sid);
}
