import { describe, expect, it } from "vitest";
import type { AwsWorld, KmsGrant } from "../../src/sandbox/aws/world.ts";
import { AUDITOR, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, named } from "./peek.ts";

/** KMS grants let in beside the key policy, in each Region of a key: the vendor's go, and nobody else's. */
const KEY = named("granted-by-kms-grant");
const REPLICATED = named("replica-not-granted");

function revoke(key: string): readonly string[] {
  return ["revoke", key, "--yes", "--backups-expired"];
}

describe("the KMS grants of the vendor's principal", () => {
  it("are revoked, all of them, and nobody else's", async () => {
    await using world = await openWorld();
    const [theirs] = grantsOf(world, KEY);
    if (theirs === undefined) throw new Error("the key has no KMS grant");
    grant(world, KEY, [theirs, { ...theirs, GrantId: "second", Operations: ["DescribeKey"] }, somebodyElses(theirs)]);
    const { exitCode, json } = await world.json(revoke(KEY));
    expect({ exitCode, proof: json.proof }).toEqual({ exitCode: 0, proof: "shut-out" });
    expect(grantsOf(world, KEY).map((one) => one.GrantId)).toEqual(["colleagues"]);
    expect(asked(world, "RevokeGrant")).toBe(2);
  });

  it("are revoked on a replica of a Multi-Region key too", async () => {
    await using world = await openWorld();
    const [theirs] = grantsOf(world, KEY);
    if (theirs === undefined) throw new Error("the key has no KMS grant");
    const replicas = sameKey(world, REPLICATED);
    expect(replicas.length).toBeGreaterThan(1);
    for (const arn of replicas) {
      grant(world, arn, [{ ...theirs, GrantId: `of-${arn.split(":")[3]}` }, somebodyElses(theirs)]);
    }
    const { exitCode, json } = await world.json(revoke(REPLICATED));
    expect({ exitCode, proof: json.proof, stillIn: json.stillIn }).toEqual({
      exitCode: 0,
      proof: "shut-out",
      stillIn: [],
    });
    for (const arn of replicas) {
      expect(grantsOf(world, arn).map((one) => [arn, one.GrantId])).toEqual([[arn, "colleagues"]]);
    }
  });

  it("an error in a 200 is no empty list of them: nobody is said to be shut out", async () => {
    await using world = await openWorld({ knobs: { faults: ["ok-error=1@ListGrants"] } });
    const { exitCode, json } = await world.json(revoke(KEY));
    expect({ exitCode, proof: json.proof }).toEqual({ exitCode: 12, proof: "unknown" });
    expect(grantsOf(world, KEY)).toHaveLength(1);
    world.sandbox.turn({ faults: [] });
    expect((await world.json(revoke(KEY))).json.proof).toBe("shut-out");
    expect(grantsOf(world, KEY)).toEqual([]);
  });

  it.each(["lost", "504", "truncated"])(
    "an answer that is %s is no failure, and nothing is asked twice",
    async (fault) => {
      await using world = await openWorld({ knobs: { faults: [`${fault}=1x1@RevokeGrant`] } });
      const { exitCode, json } = await world.json(revoke(KEY));
      expect({ exitCode, outcome: json.outcome, proof: json.proof }).toEqual({
        ...{ exitCode: 0, outcome: "revoked", proof: "shut-out" },
      });
      expect(asked(world, "RevokeGrant")).toBe(1);
      expect(grantsOf(world, KEY)).toEqual([]);
    },
  );
});

/** The ARNs of a Multi-Region key in all its Regions. */
function sameKey({ sandbox }: World, arn: string): readonly string[] {
  const { keys } = sandbox.world()["aws"] as AwsWorld;
  const id = keys.find((one) => one.arn === arn)?.id;
  return keys.filter((one) => one.id === id).map((one) => one.arn);
}

function grantsOf({ sandbox }: World, arn: string): readonly KmsGrant[] {
  return (sandbox.world()["aws"] as AwsWorld).keys.find((one) => one.arn === arn)?.grants ?? [];
}

function grant({ sandbox }: World, arn: string, grants: readonly KmsGrant[]): void {
  sandbox.alter((worlds) => {
    for (const key of (worlds["aws"] as AwsWorld).keys) if (key.arn === arn) key.grants = [...grants];
  });
}

function somebodyElses(like: KmsGrant): KmsGrant {
  expect(like.GranteePrincipal).toBe(VENDOR_DEMO.arn);
  return { ...like, GrantId: "colleagues", GranteePrincipal: AUDITOR.arn };
}
