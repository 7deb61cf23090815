import { describe, expect, it } from "vitest";
import { LookError, refusal } from "../../src/core/errors.ts";
import type { FindingCode } from "../../src/core/findings.ts";
import type { Change, Probe, VendorAnswer } from "../../src/core/model.ts";
import { seen, unseen } from "../../src/core/model.ts";
import { type OnboardDeps, type OnboardOptions, onboard } from "../../src/core/onboard.ts";
import { isEmpty, type Proposal } from "../../src/core/proposal.ts";
import type { OnboardReport } from "../../src/core/report.ts";
import {
  accessOf,
  accessor,
  changeTo,
  type FakeMemory,
  factsOf,
  fakeClock,
  fakeCloud,
  fakeMemory,
  fakeVendor,
  KEY,
  lookError,
  POLICY,
  registration,
  why,
} from "./fakes.ts";

/** What happens in which order, and what does not happen any more once something stands in the way. */
const OPTIONS: OnboardOptions = {
  project: "demo",
  default: false,
  dryRun: false,
  expectAccessor: {},
  acceptAccessor: {},
  settleReads: 3,
  replacePrincipals: [],
  pruneOrphans: false,
  probeMode: "required",
  probeAs: null,
  accept: new Set(),
  requireVendor: false,
  warnBeforeMs: 0,
  waitMs: 60_000,
};

interface Scene {
  readonly options?: Partial<OnboardOptions>;
  readonly cloud?: Parameters<typeof fakeCloud>[1];
  readonly vendor?: Parameters<typeof fakeVendor>[2];
  readonly registered?: boolean;
  readonly memory?: FakeMemory;
  readonly deps?: Partial<OnboardDeps>;
}

const diary: string[] = [];
const WRITES: Change = changeTo(factsOf(KEY), "as it will be");

async function run(scene: Scene = {}): Promise<OnboardReport> {
  const deps: OnboardDeps = {
    cloud: fakeCloud(diary, scene.cloud),
    vendor: fakeVendor(diary, scene.registered === true ? [registration(KEY.id)] : [], scene.vendor),
    policy: POLICY,
    parseResource: () => null,
    memory: scene.memory ?? fakeMemory(diary),
    clock: fakeClock(),
    jitter: () => 0.5,
    steps: { begin: () => {}, end: () => {} },
    approve: async () => {
      diary.push("approve");
      return true;
    },
    signal: new AbortController().signal,
    ...scene.deps,
  };
  diary.length = 0;
  return onboard(KEY, { ...OPTIONS, ...scene.options }, deps);
}

function outcomes({ steps }: OnboardReport): string {
  return steps.map((one) => one.outcome).join(" ");
}

function codes({ key }: OnboardReport): readonly FindingCode[] {
  return key.findings.map((one) => one.code);
}

const wrote = () => diary.includes("write");
const registered = () => diary.includes("register demo");

describe("the order of things", () => {
  it("ask, look, plan, agree, back up, write, try, register, confirm", async () => {
    const report = await run({ cloud: { plan: () => WRITES } });
    expect(diary.slice(0, -3)).toEqual([
      ...["accessors demo", "inspect key one", "registrations demo", "plan", "approve", "accept demo"],
      ...["apply", "backup", "write", "wrote: done", "probe key one", "register demo"],
    ]);
    expect(diary.slice(-3).sort()).toEqual(["check", "get", "services"]);
    expect(outcomes(report)).toBe("done done done done done done done");
    expect(report.change).toEqual({
      before: "as it was",
      after: "as it will be",
      backup: "/a/backup",
      caller: "the caller",
      requestIds: ["request-1"],
    });
  });

  it("nothing to write and nothing to register: what is proposed is nothing", async () => {
    const proposals: Proposal[] = [];
    const approve = async (proposal: Proposal) => proposals.push(proposal) > 0;
    const vendor = {
      register: async () => ({ outcome: "registered", registration: registration(KEY.id), created: false }) as const,
    };
    const report = await run({ registered: true, vendor, deps: { approve } });
    expect(proposals.map(isEmpty)).toEqual([true]);
    expect(report).toMatchObject({ change: null, registration: { created: false } });
    expect(outcomes(report)).toBe("done done unchanged unchanged done unchanged done");
  });

  it.each([
    [false, false, { act: "register", resource: KEY.id, default: false }],
    [false, true, { act: "register", resource: KEY.id, default: true }],
    [true, true, { act: "set-default", resource: KEY.id }],
  ])("registered %j, wanted as default %j: %j is proposed", async (isRegistered, isDefault, act) => {
    const proposals: Proposal[] = [];
    const approve = async (proposal: Proposal) => proposals.push(proposal) > 0;
    await run({ registered: isRegistered, options: { default: isDefault }, deps: { approve } });
    expect(proposals).toMatchObject([
      { project: "demo", key: KEY, change: null, acts: [act], accessors: [accessor("demo")] },
    ]);
  });
});

describe("what is not agreed to", () => {
  it("is not done, and not remembered", async () => {
    const memory = fakeMemory(diary);
    const answer = run({ memory, cloud: { plan: () => WRITES }, deps: { approve: async () => false } });
    await expect(answer).rejects.toMatchObject({ kind: "refused", code: "answered-no" });
    expect({ wrote: wrote(), accepted: memory.accepted.size }).toEqual({ wrote: false, accepted: 0 });
  });

  it("a dry run neither writes nor remembers, and reports the key as it is", async () => {
    const memory = fakeMemory(diary);
    const report = await run({
      memory,
      options: { dryRun: true },
      cloud: {
        plan: () => WRITES,
        inspect: async (key, about) => factsOf(key, {}, about === null ? "as it was" : "read for the principal"),
        access: (facts, grant) => accessOf(grant, isText(facts, "as it will be") ? undefined : missing),
      },
    });
    expect(outcomes(report)).toBe("done done done skipped skipped skipped skipped");
    expect({ wrote: wrote(), registered: registered(), accepted: memory.accepted.size }).toEqual({
      ...{ wrote: false, registered: false, accepted: 0 },
    });
    expect(codes(report)).toContain("grant.missing");
    expect(diary.at(-1)).toBe("inspect key one about");
  });
});

const missing = { answer: "missing", nearest: null, ineffective: null } as const;

function isText(facts: { documents: readonly { body: unknown }[] }, text: string): boolean {
  return JSON.stringify(facts.documents[0]?.body).includes(text);
}

describe("strangers", () => {
  it("that were not accepted before are refused", async () => {
    const memory = fakeMemory(diary);
    memory.accepted.set("demo", [accessor("somebody else")]);
    await expect(run({ memory })).rejects.toMatchObject({ kind: "refused", code: "vendor.accessor-changed" });
    expect(diary).not.toContain("plan");
  });

  it("of the wrong shape are refused by the cloud's own word", async () => {
    const checkAccessor = () => {
      throw refusal("vendor.accessor-unsafe", "a user", "ask the vendor");
    };
    await expect(run({ cloud: { checkAccessor } })).rejects.toMatchObject({ code: "vendor.accessor-unsafe" });
    expect(diary).not.toContain("plan");
  });

  it("that nobody could ask for are no strangers: a look that failed", async () => {
    const vendor = { accessors: async () => Promise.reject(lookError("look.timeout")) };
    await expect(run({ vendor })).rejects.toMatchObject({ kind: "look", code: "look.timeout" });
  });

  it("that the vendor names only after registering cannot be let in before", async () => {
    const vendor = { accessors: async () => ({ after: "registration" as const }) };
    await expect(run({ vendor })).rejects.toMatchObject({ kind: "look", code: "look.unsupported" });
  });
});

describe("what stands in the way", () => {
  it.each([
    ["a disabled key", factsOf(KEY, { state: "disabled" }), "failed", "INVALID"],
    ["a key that is not ready", factsOf(KEY, { state: "not-ready" }), "waiting", "INITIALIZING"],
    ["no key", { ...factsOf(KEY), key: seen(null) }, "failed", "INVALID"],
    ["a key nobody could look at", { ...factsOf(KEY), key: unseen(why("look.denied")) }, "failed", "INITIALIZING"],
  ] as const)("%s: nothing is planned", async (_what, facts, outcome, phase) => {
    const report = await run({ cloud: { inspect: async () => facts } });
    expect(outcomes(report)).toBe(`done ${outcome} skipped skipped skipped skipped skipped`);
    expect(report.key.phase).toBe(phase);
    expect(diary).not.toContain("plan");
  });

  it("a policy that cannot be read: nothing is written over it", async () => {
    const documents = [{ id: "key-policy", title: "the key policy", body: unseen(why("look.denied")) }];
    const report = await run({ cloud: { inspect: async () => ({ ...factsOf(KEY), documents }) } });
    expect(outcomes(report)).toBe("done done failed skipped skipped skipped skipped");
    expect(diary).not.toContain("plan");
  });

  it("a deny that the grant would not get past: nothing is written", async () => {
    const denied = { answer: "denied", by: 'statement "No"' } as const;
    const report = await run({ cloud: { plan: () => WRITES, access: (_facts, grant) => accessOf(grant, denied) } });
    expect(outcomes(report)).toBe("done done failed skipped skipped skipped skipped");
    expect({ wrote: wrote(), asked: diary.includes("approve"), codes: codes(report)[0] }).toEqual({
      ...{ wrote: false, asked: false, codes: "grant.denied" },
    });
  });

  const unpermitted: Probe = { outcome: "unknown", code: "roundtrip.not-permitted", detail: "not you" };

  it("a round trip that is required and not permitted: nothing is registered", async () => {
    const report = await run({ cloud: { probe: async () => unpermitted } });
    expect({ outcomes: outcomes(report), registered: registered() }).toEqual({
      outcomes: "done done unchanged unchanged failed skipped skipped",
      registered: false,
    });
  });

  it("the same, where a person takes it as good: it is registered, and that is said", async () => {
    const options = { accept: new Set<FindingCode>(["roundtrip.not-permitted"]) };
    const report = await run({ options, cloud: { probe: async () => unpermitted } });
    expect({ registered: registered(), accepted: report.key.accepted, phase: report.key.phase }).toEqual({
      ...{ registered: true, accepted: ["roundtrip.not-permitted"], phase: "VALID" },
    });
  });

  it("a round trip that comes back wrong: INVALID, and nothing is registered", async () => {
    const probe = async (): Promise<Probe> => ({ outcome: "fail", code: "roundtrip.mismatch", detail: "another text" });
    expect((await run({ cloud: { probe } })).key.phase).toBe("INVALID");
    expect(registered()).toBe(false);
  });
});

describe("the write", () => {
  const rows = [
    ["refused", refusal("change.stale", "somebody was faster", "again"), ["backup", "wrote: failed"]],
    ["lost on the way", new LookError(why("look.timeout"), "again"), ["backup", "wrote: unknown"]],
    ["a mistake of ours", new TypeError("a mistake"), ["backup", "wrote: unknown"]],
  ] as const;
  it.each(rows)("%s: the log of writes says so, and the error goes on", async (_what, error, noted) => {
    const apply: Parameters<typeof fakeCloud>[1] = {
      plan: () => WRITES,
      async apply(_change, { beforeWrite }) {
        await beforeWrite(null);
        throw error;
      },
    };
    await expect(run({ cloud: apply })).rejects.toBe(error);
    expect(diary.slice(-2)).toEqual(noted);
  });

  it("that never began leaves no trace in the log", async () => {
    const apply = async () => Promise.reject(refusal("write.denied", "not you", "ask"));
    await expect(run({ cloud: { plan: () => WRITES, apply } })).rejects.toMatchObject({ code: "write.denied" });
    expect(diary.filter((line) => /backup|wrote/.test(line))).toEqual([]);
  });
});

describe("soon after an earlier write", () => {
  const NOW = fakeClock().now();
  const recently = () => fakeMemory(diary, { at: NOW, revision: "revision of as it was" });
  const times = (what: string) => diary.filter((line) => line.startsWith(what)).length;

  it("a read that shows what was there before it is not believed at once", async () => {
    const texts = ["as it was", "as it was", "as it is now"];
    const inspect = async () => factsOf(KEY, {}, texts.shift() ?? "as it is now");
    await run({ memory: recently(), cloud: { inspect } });
    expect(times("inspect")).toBe(3);
  });

  it("but for as many reads as were asked for: then it is what is there", async () => {
    await run({ memory: recently(), options: { settleReads: 2 } });
    expect(times("inspect")).toBe(2);
  });

  it("a read that shows something else is", async () => {
    await run({ memory: recently(), cloud: { inspect: async () => factsOf(KEY, {}, "as it is now") } });
    expect(times("inspect")).toBe(1);
  });

  it("and once the window is over, anything is", async () => {
    await run({ memory: fakeMemory(diary, { at: new Date(0), revision: "revision of as it was" }) });
    expect(times("inspect")).toBe(1);
  });
});

describe("registering", () => {
  it("refused: the vendor's words, and no registration", async () => {
    const report = await run({ vendor: { register: async () => ({ outcome: "refused", detail: "cannot verify" }) } });
    expect(outcomes(report)).toBe("done done unchanged unchanged done failed skipped");
    expect(report).toMatchObject({ registration: null, key: { phase: "INVALID", message: "cannot verify" } });
  });

  it("refused soon after the write: asked again until it agrees", async () => {
    const answers = ["refused", "refused", "registered"] as const;
    let asked = 0;
    const register = async () => {
      const outcome = answers[asked++];
      return outcome === "registered"
        ? ({ outcome, registration: registration(KEY.id), created: true } as const)
        : ({ outcome: "refused", detail: "cannot verify" } as const);
    };
    const report = await run({ cloud: { plan: () => WRITES }, vendor: { register } });
    expect({ asked, phase: report.key.phase, assurance: report.key.assurance }).toEqual({
      ...{ asked: 3, phase: "VALID", assurance: "vendor" },
    });
  });

  it("nobody knows: the key stays what it is, and nothing is said to be registered", async () => {
    const register = async () => ({ outcome: "unknown", why: why("look.unreachable") }) as const;
    const report = await run({ vendor: { register } });
    expect(report).toMatchObject({ registration: null, key: { phase: "VALID", assurance: "policy", project: null } });
    expect(codes(report)).toContain("look.unreachable");
  });
});

describe("confirming", () => {
  it("a registration that has vanished is none", async () => {
    const report = await run({ vendor: { get: async () => seen(null) } });
    expect(outcomes(report)).toBe("done done unchanged unchanged done done failed");
    expect(report).toMatchObject({ registration: null, key: { project: null, cmkId: null } });
    expect(codes(report)).toContain("vendor.not-registered");
  });

  it("one that could not be read again is still there", async () => {
    const report = await run({ vendor: { get: async () => unseen(why("look.throttled")) } });
    expect(report.registration).toMatchObject({ created: true });
  });

  it("services that could not be read are null, and a finding says so", async () => {
    const report = await run({ vendor: { services: async () => unseen(why("look.denied")) } });
    expect(report.key.services).toBeNull();
    expect(report.key.findings).toContainEqual(expect.objectContaining({ code: "look.denied", level: "vendor" }));
  });

  const found = async () => ({ outcome: "registered", registration: registration(KEY.id), created: false }) as const;
  const noWord: VendorAnswer = { answer: "no-answer", detail: "no verdict", why: null };
  const rows: readonly [string, boolean, VendorAnswer, string, string | null, string][] = [
    ["the yes of registering outlives an answer without a verdict", true, noWord, "VALID", "vendor", "done"],
    ["without one, the policy is all there is", false, noWord, "VALID", "policy", "done"],
    ["a yes now is a yes", false, { answer: "usable" }, "VALID", "vendor", "done"],
    [
      "a no now outweighs the yes of registering",
      true,
      { answer: "refused", detail: "no more" },
      "INVALID",
      null,
      "failed",
    ],
    ["a vendor who waits is waited for", false, { answer: "pending", detail: "soon" }, "INITIALIZING", null, "waiting"],
  ];
  it.each(rows)("%s", async (_what, isNew, answer, phase, assurance, outcome) => {
    const vendor = { check: async () => answer, ...(isNew ? {} : { register: found }) };
    const report = await run({ registered: !isNew, vendor });
    expect(report.key).toMatchObject({ phase, assurance });
    expect(report.steps.at(-1)?.outcome).toBe(outcome);
  });

  it("--require vendor counts at the end alone: registering is what brings the vendor's word", async () => {
    const options = { requireVendor: true };
    expect((await run({ options })).key).toMatchObject({ phase: "VALID", assurance: "vendor" });
    const report = await run({ options, registered: true, vendor: { register: found } });
    expect(report.key).toMatchObject({ phase: "INITIALIZING", stale: true });
  });
});
