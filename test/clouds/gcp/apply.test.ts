import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cloud } from "../../../src/core/cloud.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import type { Change, Grant } from "../../../src/core/model.ts";
import { fakeClock } from "../../io/stub.ts";
import {
  cloudOf,
  etagOf,
  type FakeKey,
  fakeGcp,
  GRANT,
  googleError,
  grantTo,
  KEY,
  MEMBER,
  type RawBinding,
  REF,
  ROLE,
  symmetricKey,
} from "./fixture.ts";

const CONDITIONAL: RawBinding = {
  role: ROLE,
  members: ["user:a@example.com"],
  condition: { title: "t", expression: "true" },
};

function keyWith(...bindings: readonly RawBinding[]): FakeKey {
  const key = symmetricKey();
  key.policy = bindings.length === 0 ? {} : { version: 3, bindings };
  return key;
}

async function planned(cloud: Cloud, grant: Grant = GRANT, want: "present" | "absent" = "present"): Promise<Change> {
  const change = cloud.plan(await cloud.inspect(REF, grant), grant, want);
  if (change === null) throw new Error("nothing to do");
  return change;
}

const bindingsOf = (key: FakeKey) => (key.policy as { bindings?: RawBinding[] }).bindings;
const silently = { settleReads: 3, beforeWrite: async () => {} };

async function failing(work: Promise<unknown>): Promise<KeygrantError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof KeygrantError) return error;
  throw error ?? new Error("nothing was thrown");
}

describe("writing", () => {
  test("with etag and version 3, after the backup, and read until it is settled", async () => {
    const key = keyWith(CONDITIONAL);
    const port = fakeGcp(key);
    const clock = fakeClock();
    const cloud = cloudOf(port, { clock });
    const change = await planned(cloud);
    const seen: string[] = [];
    const written: unknown[] = [];
    const { setIamPolicy } = port;
    port.setIamPolicy = async (name, text, signal) => {
      written.push(JSON.parse(text));
      seen.push("write");
      return setIamPolicy(name, text, signal);
    };
    const applied = await cloud.apply(change, {
      settleReads: 3,
      beforeWrite: async (caller) => {
        seen.push(`backup by ${caller}`);
      },
    });
    expect(seen).toEqual(["backup by owner@example.com", "write"]);
    expect(written).toEqual([
      {
        version: 3,
        bindings: [CONDITIONAL, { role: ROLE, members: [MEMBER] }],
        etag: Buffer.from("etag 1").toString("base64"),
      },
    ]);
    expect(clock.slept).toEqual([1000, 1000]);
    expect(applied).toMatchObject({ caller: "owner@example.com", requestIds: [] });
    const [own] = applied.facts.documents;
    expect(own?.body).toMatchObject({ known: true, value: { revision: etagOf(key) } });
    expect(cloud.plan(applied.facts, GRANT, "present")).toBeNull();
  });

  test("version 3 goes out although the policy that was read says nothing or 1", async () => {
    for (const policy of [{}, { version: 1, bindings: [] }]) {
      const key = { ...symmetricKey(), policy };
      const cloud = cloudOf(fakeGcp(key));
      await cloud.apply(await planned(cloud), silently);
      expect(key.policy).toMatchObject({ version: 3, bindings: [{ role: ROLE, members: [MEMBER] }] });
    }
  });

  test("taking it back", async () => {
    const key = keyWith(CONDITIONAL, { role: ROLE, members: [MEMBER, "user:b@example.com"] });
    const cloud = cloudOf(fakeGcp(key));
    await cloud.apply(await planned(cloud, GRANT, "absent"), silently);
    expect(bindingsOf(key)).toEqual([CONDITIONAL, { role: ROLE, members: ["user:b@example.com"] }]);
  });

  test("that nobody says who writes does not matter", async () => {
    const port = fakeGcp(keyWith());
    port.hook = (call) => {
      if (call === "caller") throw googleError(404, "NOT_FOUND", "no");
    };
    const cloud = cloudOf(port);
    expect(await cloud.apply(await planned(cloud), silently)).toMatchObject({ caller: null });
  });
});

describe("somebody else writes too", () => {
  test("two writers at once on one key both succeed", async () => {
    const key = keyWith(CONDITIONAL);
    const port = fakeGcp(key);
    const [one, two] = [cloudOf(port), cloudOf(port)];
    const other = grantTo("other@aiven.io");
    const [first, second] = [await planned(one), await planned(two, other)];
    await Promise.all([one.apply(first, silently), two.apply(second, silently)]);
    expect(bindingsOf(key)?.[0]).toEqual(CONDITIONAL);
    expect(new Set(bindingsOf(key)?.[1]?.members)).toEqual(new Set([MEMBER, "group:other@aiven.io"]));
    expect(bindingsOf(key)).toHaveLength(2);
    // One of them met the other.
    expect(port.calls.filter((call) => call.startsWith("setIamPolicy"))).toHaveLength(3);
  });

  test("many writers at once, one of them taking back, all succeed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 4 }), fc.scheduler(), async (count, scheduler) => {
        const key = keyWith(CONDITIONAL, { role: ROLE, members: ["group:old@aiven.io"] });
        const port = fakeGcp(key);
        port.hook = (call) => scheduler.schedule(Promise.resolve(), call);
        const free = fakeGcp(key);
        const groups = Array.from({ length: count }, (_, index) => `group-${index}@aiven.io`);
        const cloud = cloudOf(port);
        const jobs = [
          ...(await Promise.all(groups.map((group) => planned(cloudOf(free), grantTo(group))))),
          await planned(cloudOf(free), grantTo("old@aiven.io"), "absent"),
        ].map((change) => cloud.apply(change, silently));
        await scheduler.waitFor(Promise.all(jobs));
        expect(bindingsOf(key)?.[0]).toEqual(CONDITIONAL);
        expect(new Set(bindingsOf(key)?.[1]?.members)).toEqual(new Set(groups.map((group) => `group:${group}`)));
      }),
      { numRuns: 40 },
    );
  });

  test("between plan and write: the same is done to what is there now", async () => {
    const key = keyWith();
    const cloud = cloudOf(fakeGcp(key));
    const change = await planned(cloud);
    key.policy = { version: 3, bindings: [CONDITIONAL], auditConfigs: [{ service: "x" }] };
    key.etag++;
    await cloud.apply(change, silently);
    expect(key.policy).toEqual({
      version: 3,
      bindings: [CONDITIONAL, { role: ROLE, members: [MEMBER] }],
      auditConfigs: [{ service: "x" }],
    });
  });

  test("who did the same already leaves nothing to write, and no backup", async () => {
    const key = keyWith();
    const port = fakeGcp(key);
    const cloud = cloudOf(port);
    const change = await planned(cloud);
    key.policy = { bindings: [{ role: ROLE, members: [MEMBER] }] };
    key.etag++;
    let backups = 0;
    await cloud.apply(change, { settleReads: 1, beforeWrite: async () => void backups++ });
    expect(backups).toBe(0);
    expect(port.calls.filter((call) => call.startsWith("setIamPolicy"))).toEqual([]);
  });

  test("without end: given up after a bounded number of tries, with growing pauses", async () => {
    const port = fakeGcp(keyWith());
    const clock = fakeClock();
    const cloud = cloudOf(port, { clock });
    const change = await planned(cloud);
    port.setIamPolicy = async () => {
      port.calls.push("write");
      throw googleError(409, "ABORTED", "There were concurrent policy changes.");
    };
    const error = await failing(cloud.apply(change, silently));
    expect(error).toMatchObject({ kind: "refused", code: "change.stale" });
    expect(port.calls.filter((call) => call === "write")).toHaveLength(8);
    expect(clock.slept).toEqual([375, 750, 1500, 3000, 6000, 12000, 22500]);
  });

  test("a policy in which conditions no longer show is not written", async () => {
    const key = keyWith();
    const cloud = cloudOf(fakeGcp(key));
    const change = await planned(cloud);
    key.policy = { bindings: [{ role: `${ROLE}_withcond_0123456789abcdef0123`, members: ["user:a@example.com"] }] };
    key.etag++;
    expect(await failing(cloud.apply(change, silently))).toMatchObject({ kind: "refused", code: "change.stale" });
  });

  test("who takes it out again at once", async () => {
    const key = keyWith();
    const port = fakeGcp(key);
    const cloud = cloudOf(port);
    const change = await planned(cloud);
    const { setIamPolicy } = port;
    port.setIamPolicy = async (name, text, signal) => {
      const answer = await setIamPolicy(name, text, signal);
      key.policy = { bindings: [CONDITIONAL] };
      key.etag++;
      return answer;
    };
    expect(await failing(cloud.apply(change, silently))).toMatchObject({ kind: "look", code: "change.clobbered" });
  });
});

describe("answers that never come", () => {
  test.each([
    ["it had arrived", true],
    ["it had not", false],
  ])("a write is not done twice, and not given up: %s", async (_, arrives) => {
    const key = keyWith(CONDITIONAL);
    const port = fakeGcp(key);
    const cloud = cloudOf(port);
    const change = await planned(cloud);
    const { setIamPolicy } = port;
    let lost = false;
    port.setIamPolicy = async (name, text, signal) => {
      if (lost) return setIamPolicy(name, text, signal);
      lost = true;
      if (arrives) await setIamPolicy(name, text, signal);
      throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    };
    await cloud.apply(change, silently);
    expect(bindingsOf(key)).toEqual([CONDITIONAL, { role: ROLE, members: [MEMBER] }]);
    expect(key.etag).toBe(2);
  });

  test("at the last try: nobody knows", async () => {
    const port = fakeGcp(keyWith());
    const cloud = cloudOf(port);
    const change = await planned(cloud);
    port.setIamPolicy = async () => {
      throw googleError(503, "UNAVAILABLE", "later");
    };
    const error = await failing(cloud.apply(change, silently));
    expect(error).toMatchObject({ kind: "look", code: "look.unreachable" });
    expect(error.message).toContain("could not be found out");
  });

  test("the command's time is over during the write", async () => {
    const port = fakeGcp(keyWith());
    const controller = new AbortController();
    const cloud = cloudOf(port, { signal: controller.signal });
    const change = await planned(cloud);
    port.setIamPolicy = async () => {
      controller.abort();
      throw Object.assign(new Error("aborted"), { name: "AbortError" });
    };
    const error = await failing(cloud.apply(change, silently));
    expect(error).toMatchObject({ kind: "look", code: "look.timeout" });
    expect(error.message).toContain("could not be found out");
  });

  test("a proxy's page instead of an answer", async () => {
    const port = fakeGcp(keyWith());
    const cloud = cloudOf(port);
    const change = await planned(cloud);
    port.setIamPolicy = async () => {
      throw Object.assign(new Error("x"), { httpStatusCode: 403 });
    };
    expect(await failing(cloud.apply(change, silently))).toMatchObject({ kind: "look", code: "look.unreachable" });
  });

  test("reads after the write stay old: the facts show what was read, for the window to judge", async () => {
    const key = keyWith();
    const port = fakeGcp(key);
    const cloud = cloudOf(port, { settleTimeoutMs: 5_000 });
    const change = await planned(cloud);
    const old = JSON.stringify({ ...key.policy, etag: etagOf(key) });
    port.getIamPolicy = async () => old;
    const applied = await cloud.apply(change, silently);
    expect(cloud.access(applied.facts, GRANT)[0]?.actions[0]?.answer).toBe("missing");
    expect(bindingsOf(key)).toEqual([{ role: ROLE, members: [MEMBER] }]);
  });

  test("reads that flap are not believed until as many in a row agree", async () => {
    const key = keyWith();
    const port = fakeGcp(key);
    const clock = fakeClock();
    const cloud = cloudOf(port, { clock });
    const change = await planned(cloud);
    const old = JSON.stringify({ ...key.policy, etag: etagOf(key) });
    const { getIamPolicy } = port;
    let reads = 0;
    port.getIamPolicy = async (name, signal) =>
      key.etag > 1 && ++reads % 3 === 2 && reads < 8 ? old : getIamPolicy(name, signal);
    await cloud.apply(change, silently);
    // New, old, new, new, old, and then three that agree.
    expect(reads).toBe(5 + 3);
  });
});

describe("refusals", () => {
  const refused = async (error: Error, key = keyWith()) => {
    const port = fakeGcp(key);
    const cloud = cloudOf(port);
    const change = await planned(cloud);
    port.setIamPolicy = async () => {
      port.calls.push("write");
      throw error;
    };
    const thrown = await failing(cloud.apply(change, silently));
    expect(port.calls.filter((call) => call === "write")).toHaveLength(1);
    return thrown;
  };

  test("the caller may not write", async () => {
    const error = await refused(
      googleError(403, "PERMISSION_DENIED", "Permission 'cloudkms.cryptoKeys.setIamPolicy' denied"),
    );
    expect(error).toMatchObject({ kind: "refused", code: "write.denied" });
    expect(error.message).toContain("cloudkms.cryptoKeys.setIamPolicy");
  });

  test("a member that does not exist", async () => {
    const error = await refused(googleError(400, "INVALID_ARGUMENT", "Group x@aiven.io does not exist."));
    expect(error).toMatchObject({ kind: "refused", code: "write.invalid-principal" });
    expect(error.message).toContain("Group x@aiven.io does not exist.");
  });

  test("anything else that Google says no to", async () => {
    expect(
      await refused(googleError(400, "INVALID_ARGUMENT", "Role roles/x is not supported for this resource.")),
    ).toMatchObject({ kind: "refused", code: "write.refused" });
    expect(await refused(googleError(401, "UNAUTHENTICATED", "expired"))).toMatchObject({
      kind: "look",
      code: "look.credentials",
    });
  });

  describe("domain-restricted sharing", () => {
    const drs = (...members: string[]) =>
      googleError(
        400,
        "FAILED_PRECONDITION",
        "One or more users named in the policy do not belong to a permitted customer.",
        [
          {
            "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
            violations: members.map((member) => ({
              type: "constraints/iam.allowedPolicyMemberDomains",
              subject: `orgpolicy:projects/demo?configvalue=${member}`,
              description: `User ${member} is not in permitted organization.`,
            })),
          },
        ],
      );
    const group = MEMBER.slice("group:".length);

    test("the vendor's group is the reason", async () => {
      const error = await refused(drs(group));
      expect(error).toMatchObject({ kind: "refused", code: "write.member-not-allowed" });
      expect(error.message).toContain(
        `constraints/iam.allowedPolicyMemberDomains does not allow ${group}, which the grant adds`,
      );
      expect(error.fix).toContain("allow the vendor's organisation");
    });

    test("an unrelated member is the reason", async () => {
      const error = await refused(
        drs("bob@gmail.com"),
        keyWith({ role: "roles/viewer", members: ["user:Bob@gmail.com"] }),
      );
      expect(error.message).toContain(
        "does not allow bob@gmail.com, which stands in the policy already and is not the vendor's",
      );
      expect(error.fix).toContain("Take bob@gmail.com out of the policy");
    });

    test("both are", async () => {
      const error = await refused(
        drs(group, "bob@gmail.com"),
        keyWith({ role: "roles/viewer", members: ["user:bob@gmail.com"] }),
      );
      expect(error.message).toContain(`${group}, which the grant adds; and bob@gmail.com, which stands`);
    });

    test("nobody is named", async () => {
      const error = await refused(
        googleError(
          400,
          "FAILED_PRECONDITION",
          "One or more users named in the policy do not belong to a permitted customer.",
        ),
      );
      expect(error.message).toContain("a member of the policy, which Google Cloud does not name");
    });
  });
});

test("the policy cannot be read before the write: nothing was written", async () => {
  const port = fakeGcp(keyWith());
  const cloud = cloudOf(port, { attempts: 1 });
  const change = await planned(cloud);
  port.hook = (call) => {
    if (call === "getIamPolicy") throw googleError(503, "UNAVAILABLE", "later");
  };
  const error = await failing(cloud.apply(change, silently));
  expect(error).toMatchObject({ kind: "look", code: "look.unreachable" });
  expect(error.message).toContain("Nothing was written");
  expect(KEY).toBe(REF.id);
});
