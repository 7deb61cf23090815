import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRoot } from "../../../src/clouds/oci/policies.ts";
import type { Cloud } from "../../../src/core/cloud.ts";
import type { KeyRef } from "../../../src/core/model.ts";
import { fakeClock } from "../../io/stub.ts";
import { CUT_OFF, cloudOf, FakeOci, HEALTHY_KEY, NOT_FOUND, planned, THROTTLED } from "./fake.ts";
import { ADMIT, DEFINES, failureOf, GRANT, KEY, KEY_ID, keyId } from "./helpers.ts";

const OURS = "keygrant-aiven";
const silently = { settleReads: 3, beforeWrite: async () => {} };

function ref(number: number): KeyRef {
  return { ...KEY, id: keyId(number) };
}

/** OCI with so many keys. */
function ociWith(count: number): FakeOci {
  const oci = new FakeOci();
  for (let number = 1; number <= count; number++) oci.keys.set(keyId(number), { ...HEALTHY_KEY, id: keyId(number) });
  return oci;
}

async function allowed(cloud: Cloud, key: KeyRef): Promise<boolean> {
  const [one] = cloud.access(await cloud.inspect(key, GRANT), GRANT);
  return one?.actions.every(({ answer }) => answer === "allowed") === true;
}

function writes(oci: FakeOci): readonly string[] {
  return oci.calls.flatMap((call) => /^(?:Create|Update|Delete)\w+/.exec(call) ?? []);
}

function joined(...numbers: readonly number[]): string {
  const tests = numbers.map((number) => `target.key.id = '${keyId(number)}'`).join(", ");
  return `admit group AG of tenancy AT to use keys in tenancy where any {${tests}}`;
}

describe("writing", () => {
  test("a new policy: checked, backed up, written in the home region, read until it is settled", async () => {
    const oci = new FakeOci();
    const clock = fakeClock();
    const cloud = cloudOf(oci, { clock });
    const change = await planned(cloud);
    oci.asked.length = 0;
    const order: string[] = [];
    const applied = await cloud.apply(change, {
      settleReads: 3,
      beforeWrite: async (caller) => {
        order.push(`backup for ${caller}`, ...writes(oci));
      },
    });
    expect(order).toEqual(["backup for ocid1.user.oc1..me"]);
    expect(writes(oci)).toEqual(["CreatePolicy"]);
    expect(oci.statementsOf(OURS)).toEqual([...DEFINES, ADMIT]);
    expect([...oci.policies.values()][0]?.description).toContain("Written by keygrant");
    expect(oci.asked.map(({ at }) => at.base)).toEqual(["https://identity.us-ashburn-1.oci.oraclecloud.com"]);
    expect(clock.slept).toEqual([1_000, 1_000]);
    expect(applied).toMatchObject({ caller: "ocid1.user.oc1..me", requestIds: [expect.stringMatching(/^request-/)] });
    const root = applied.facts.documents[0]?.body;
    expect(root?.known === true && parseRoot(root.value.text)?.policies).toMatchObject([
      { id: "ocid1.policy.oc1..p1", etag: "e2" },
    ]);
    expect(cloud.access(applied.facts, GRANT)[0]?.actions.map(({ answer }) => answer)).toEqual(["allowed", "allowed"]);
    expect(await allowed(cloud, KEY)).toBe(true);
  });

  test("a second key joins the first one's policy, and taking one out leaves the other", async () => {
    const oci = ociWith(2);
    const cloud = cloudOf(oci);
    await cloud.apply(await planned(cloud), silently);
    await cloud.apply(await planned(cloud, "present", GRANT, ref(2)), silently);
    expect(oci.statementsOf(OURS)).toEqual([...DEFINES, joined(1, 2)]);
    await cloud.apply(await planned(cloud, "absent"), silently);
    expect(oci.statementsOf(OURS)).toEqual([...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
    await cloud.apply(await planned(cloud, "absent", GRANT, ref(2)), silently);
    expect(oci.statementsOf(OURS)).toBeNull();
    expect(writes(oci)).toEqual(["CreatePolicy", "UpdatePolicy", "UpdatePolicy", "DeletePolicy"]);
  });

  test("nobody knows who wrote when the credentials do not tell", async () => {
    const oci = new FakeOci();
    oci.callerId = null;
    const cloud = cloudOf(oci);
    expect((await cloud.apply(await planned(cloud), silently)).caller).toBeNull();
  });

  test("what has changed since the plan is not written, and nothing is backed up", async () => {
    const oci = ociWith(2);
    oci.put(OURS, [...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.put(OURS, [...DEFINES]);
    let backups = 0;
    const error = await failureOf(() =>
      cloud.apply(change, { settleReads: 1, beforeWrite: async () => void backups++ }),
    );
    expect(error).toMatchObject({ kind: "refused", code: "change.stale" });
    expect(backups).toBe(0);
    expect(writes(oci)).toEqual([]);
  });

  test("a backup that fails stops everything", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    const full = new Error("no space left on device");
    await expect(cloud.apply(change, { settleReads: 1, beforeWrite: () => Promise.reject(full) })).rejects.toBe(full);
    expect(writes(oci)).toEqual([]);
  });
});

describe("somebody else writes at the same time", () => {
  test("412: read again and applied again, nothing of either is lost", async () => {
    const oci = ociWith(3);
    oci.put(OURS, [...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    const slips = () => oci.put(OURS, [...DEFINES, joined(2, 3), "allow group X to read keys in tenancy"]);
    await cloud.apply(change, { settleReads: 2, beforeWrite: async () => void slips() });
    expect(oci.statementsOf(OURS)).toEqual([...DEFINES, joined(2, 3, 1), "allow group X to read keys in tenancy"]);
    expect(writes(oci)).toEqual(["UpdatePolicy", "UpdatePolicy"]);
  });

  test("two who create the policy: the second one joins the first", async () => {
    const oci = ociWith(2);
    const [one, two] = [cloudOf(oci), cloudOf(oci)];
    const [first, second] = [await planned(one), await planned(two, "present", GRANT, ref(2))];
    // Both write on what they saw before either wrote.
    let ready = 0;
    let go = (): void => {};
    const bothReady = new Promise<void>((resolve) => {
      go = resolve;
    });
    async function beforeWrite(): Promise<void> {
      if (++ready === 2) go();
      await bothReady;
    }
    const together = { settleReads: 2, beforeWrite };
    await Promise.all([one.apply(first, together), two.apply(second, together)]);
    expect(oci.statementsOf(OURS)).toHaveLength(3);
    expect(await allowed(cloudOf(oci), ref(1))).toBe(true);
    expect(await allowed(cloudOf(oci), ref(2))).toBe(true);
  });

  test("one takes the last key out while the other adds one", async () => {
    const oci = ociWith(2);
    oci.put(OURS, [...DEFINES, ADMIT]);
    const cloud = cloudOf(oci);
    const change = await planned(cloud, "present", GRANT, ref(2));
    await cloud.apply(change, { settleReads: 2, beforeWrite: async () => void oci.policies.clear() });
    expect(oci.statementsOf(OURS)).toEqual([...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
  });

  test("one adds a key while the other takes the last one out", async () => {
    const oci = ociWith(2);
    oci.put(OURS, [...DEFINES, ADMIT]);
    const cloud = cloudOf(oci);
    const change = await planned(cloud, "absent");
    await cloud.apply(change, {
      settleReads: 2,
      beforeWrite: async () => void oci.put(OURS, [...DEFINES, joined(1, 2)]),
    });
    expect(oci.statementsOf(OURS)).toEqual([...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
  });

  test("somebody does the same: nothing more is written", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    const applied = await cloud.apply(change, {
      settleReads: 2,
      beforeWrite: async () => void oci.put(OURS, [...DEFINES, ADMIT]),
    });
    expect(writes(oci)).toEqual(["CreatePolicy"]);
    expect(applied.requestIds).toEqual([]);
  });

  test("somebody who never stops", async () => {
    const oci = new FakeOci();
    oci.put(OURS, ["allow group X to read keys in tenancy"]);
    const clock = fakeClock();
    const cloud = cloudOf(oci, { clock });
    const change = await planned(cloud);
    let count = 0;
    const again = () => {
      oci.put(OURS, [`allow group X${count++} to read keys in tenancy`]);
      oci.meanwhile.push({ call: "GetPolicy", does: again });
    };
    const error = await failureOf(() => cloud.apply(change, { settleReads: 1, beforeWrite: async () => again() }));
    expect(error).toMatchObject({ kind: "refused", code: "change.stale" });
    expect(writes(oci)).toHaveLength(6);
    expect(clock.slept).toEqual([375, 750, 1_500, 3_000, 6_000, 6_000]);
  });

  test("somebody fills the policy", async () => {
    const oci = ociWith(2);
    oci.put(OURS, ["allow group X to read keys in tenancy"]);
    const cloud = cloudOf(oci);
    const full = Array.from({ length: 50 }, (_, index) => `allow group g${index} to read keys in tenancy`);
    const change = await planned(cloud);
    const error = await failureOf(() =>
      cloud.apply(change, { settleReads: 1, beforeWrite: async () => void oci.put(OURS, full) }),
    );
    expect(error.code).toBe("change.stale");
    expect(oci.statementsOf(OURS)).toEqual(full);
  });

  test("however many write, and in whatever order their calls are answered, all of it is there at the end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        fc.scheduler(),
        async (numbers, isThere, s) => {
          const oci = ociWith(6);
          if (isThere) oci.put(OURS, [...DEFINES, ADMIT.replace(KEY_ID, keyId(6))]);
          const identity = oci.clients.identity({ base: "x", instead: null });
          const listPolicies = s.scheduleFunction(identity.listPolicies);
          const slow = {
            ...identity,
            listPolicies,
            createPolicy: s.scheduleFunction(identity.createPolicy),
            updatePolicy: s.scheduleFunction(identity.updatePolicy),
          };
          const clients = { ...oci.clients, identity: () => slow };
          const runs = numbers.map(async (number) => {
            for (;;) {
              const cloud = cloudOf(oci, { clients });
              try {
                await cloud.apply(await planned(cloud, "present", GRANT, ref(number)), silently);
                return;
              } catch (error) {
                // Between the plan and the first write it is refused, and run again.
                if (!(error instanceof Error && "code" in error && error.code === "change.stale")) throw error;
              }
            }
          });
          await s.waitFor(Promise.all(runs));
          const cloud = cloudOf(oci);
          for (const number of isThere ? [...numbers, 6] : numbers)
            expect(await allowed(cloud, ref(number))).toBe(true);
          expect(oci.policies.size).toBe(1);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("answers that get lost", () => {
  test("a write that has arrived is not written twice", async () => {
    for (const before of [null, ["allow group X to read keys in tenancy"]]) {
      const oci = new FakeOci();
      if (before !== null) oci.put(OURS, before);
      const cloud = cloudOf(oci);
      const change = await planned(cloud);
      oci.faults.push({ call: before === null ? "CreatePolicy" : "UpdatePolicy", fault: CUT_OFF, after: true });
      const applied = await cloud.apply(change, silently);
      expect(applied.requestIds).toEqual([]);
      expect(writes(oci)).toHaveLength(1);
      expect(await allowed(cloud, KEY)).toBe(true);
    }
  });

  test("a write that has not arrived is written again", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.faults.push(
      { call: "CreatePolicy", fault: CUT_OFF },
      { call: "CreatePolicy", fault: { kind: "timeout", deadline: false } },
    );
    await cloud.apply(change, silently);
    expect(writes(oci)).toEqual(["CreatePolicy", "CreatePolicy", "CreatePolicy"]);
    expect(await allowed(cloud, KEY)).toBe(true);
  });

  test("when the command's time is over it is said that nobody knows", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.faults.push({ call: "CreatePolicy", fault: { kind: "timeout", deadline: true } });
    expect(await failureOf(() => cloud.apply(change, silently))).toMatchObject({
      kind: "look",
      code: "look.timeout",
      message: expect.stringContaining("Whether the policy"),
    });
  });
});

describe("what OCI refuses", () => {
  test.each([
    [NOT_FOUND, "write.denied", "refused", "manage policies in tenancy"],
    [
      { kind: "status", status: 403, code: "NotAuthorized", words: "no" },
      "write.denied",
      "refused",
      "manage policies in tenancy",
    ],
    [
      { kind: "status", status: 400, code: "InvalidParameter", words: "No such verb" },
      "write.malformed",
      "refused",
      "OCI says",
    ],
    [
      { kind: "status", status: 400, code: "LimitExceeded", words: "policy statements" },
      "change.too-many-statements",
      "refused",
      "Make room",
    ],
    [
      { kind: "status", status: 403, code: "NotAllowed", words: "Please go to your home region" },
      "look.misconfigured",
      "look",
      "KEYGRANT_OCI_ENDPOINT",
    ],
    [
      { kind: "status", status: 401, code: "NotAuthenticated", words: "x" },
      "look.credentials",
      "look",
      "session refresh",
    ],
  ] as const)("%j: %s", async (fault, code, kind, fix) => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.faults.push({ call: "CreatePolicy", fault });
    const error = await failureOf(() => cloud.apply(change, silently));
    expect(error).toMatchObject({
      kind,
      code,
      message: expect.stringMatching(/^Nothing was written to the policy "keygrant-aiven"/),
    });
    expect(error.fix).toContain(fix);
    expect(oci.policies.size).toBe(0);
  });

  test("an update of a policy that is still there, and an update of one that has gone", async () => {
    const oci = ociWith(2);
    oci.put(OURS, [...DEFINES, ADMIT.replace(KEY_ID, keyId(2))]);
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.faults.push({ call: "UpdatePolicy", fault: NOT_FOUND });
    expect(await failureOf(() => cloud.apply(change, silently))).toMatchObject({ code: "write.denied" });
  });

  test("throttled to the end", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    for (let count = 0; count < 20; count++) oci.faults.push({ call: "CreatePolicy", fault: THROTTLED });
    expect((await failureOf(() => cloud.apply(change, silently))).code).toBe("look.throttled");
    expect(oci.policies.size).toBe(0);
  });

  test("a policy that cannot be read again before the write", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.faults.push({ call: "ListPolicies", fault: NOT_FOUND });
    expect(await failureOf(() => cloud.apply(change, silently))).toMatchObject({
      kind: "look",
      code: "look.absent-or-denied",
    });
    expect(writes(oci)).toEqual([]);
  });
});

describe("settling", () => {
  /** Reads of the list that are as old as they were before the write. */
  function withOldReads(oci: FakeOci, old: readonly boolean[]) {
    const identity = oci.clients.identity({ base: "x", instead: null });
    const pattern = [...old];
    let isWritten = false;
    const listPolicies = async (id: string) => {
      const now = await identity.listPolicies(id);
      return isWritten && pattern.shift() === true ? now.filter(({ name }) => name !== OURS) : now;
    };
    const createPolicy: typeof identity.createPolicy = async (policy) => {
      isWritten = true;
      return await identity.createPolicy(policy);
    };
    return { ...oci.clients, identity: () => ({ ...identity, listPolicies, createPolicy }) };
  }

  test("reads that flap between old and new are read until they do not", async () => {
    const oci = new FakeOci();
    const clock = fakeClock();
    const cloud = cloudOf(oci, { clients: withOldReads(oci, [true, false, true, false, false, true]), clock });
    const applied = await cloud.apply(await planned(cloud), silently);
    expect(clock.slept).toHaveLength(8);
    expect(cloud.access(applied.facts, GRANT)[0]?.actions[0]?.answer).toBe("allowed");
  });

  test("reads that stay old: the facts are as they were read", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci, { clients: withOldReads(oci, Array(500).fill(true)), settleTimeoutMs: 20_000 });
    const applied = await cloud.apply(await planned(cloud), silently);
    expect(cloud.access(applied.facts, GRANT)[0]?.actions[0]?.answer).toBe("missing");
  });

  test("failures that pass are waited out, others are the answer", async () => {
    for (const [fault, answer] of [
      [THROTTLED, "allowed"],
      [NOT_FOUND, "unseen"],
    ] as const) {
      const oci = new FakeOci();
      const cloud = cloudOf(oci);
      const change = await planned(cloud);
      oci.meanwhile.push({ call: "CreatePolicy", does: () => void oci.faults.push({ call: "ListPolicies", fault }) });
      const applied = await cloud.apply(change, silently);
      expect(cloud.access(applied.facts, GRANT)[0]?.actions[0]?.answer).toBe(answer);
    }
  });

  test("what somebody overwrites is said to be gone", async () => {
    const oci = new FakeOci();
    oci.put(OURS, ["allow group X to read keys in tenancy"]);
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.meanwhile.push({
      call: "UpdatePolicy",
      does: () => void oci.put(OURS, ["allow group Y to read keys in tenancy"]),
    });
    expect(await failureOf(() => cloud.apply(change, silently))).toMatchObject({
      kind: "look",
      code: "change.clobbered",
    });
  });

  test("what others add beside it does not unsettle it", async () => {
    const oci = ociWith(2);
    const cloud = cloudOf(oci);
    const change = await planned(cloud);
    oci.meanwhile.push({ call: "CreatePolicy", does: () => void oci.put(OURS, [...DEFINES, joined(1, 2)]) });
    const applied = await cloud.apply(change, silently);
    expect(cloud.access(applied.facts, GRANT)[0]?.actions[0]?.answer).toBe("allowed");
  });

  test("the command's time", async () => {
    const oci = new FakeOci();
    const stop = new AbortController();
    const cloud = cloudOf(oci, { signal: stop.signal });
    const change = await planned(cloud);
    oci.meanwhile.push({ call: "CreatePolicy", does: () => stop.abort(new DOMException("time", "TimeoutError")) });
    const applied = await cloud.apply(change, silently);
    // Read once, where three reads were asked for.
    expect(cloud.access(applied.facts, GRANT)[0]?.actions[0]).toMatchObject({
      answer: "unseen",
      why: { code: "look.timeout" },
    });
  });
});

test("apply of what was planned on nothing is a mistake of ours", async () => {
  const cloud = cloudOf(new FakeOci());
  const change = await planned(cloud);
  const empty = { ...change, edits: change.edits.map((edit) => ({ ...edit, before: "", after: "" })) };
  await expect(cloud.apply(empty, silently)).rejects.toBeInstanceOf(TypeError);
});
