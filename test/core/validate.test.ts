import { describe, expect, it } from "vitest";
import { refusal, usageError } from "../../src/core/errors.ts";
import type { KeyRef, LookCode, Registration } from "../../src/core/model.ts";
import { seen, unseen } from "../../src/core/model.ts";
import type { KeyReport } from "../../src/core/report.ts";
import { type GivenKey, type ValidateDeps, type ValidateOptions, validate } from "../../src/core/validate.ts";
import {
  accessOf,
  accessor,
  factsOf,
  fakeClock,
  fakeCloud,
  fakeMemory,
  fakeVendor,
  KEY,
  keyRef,
  lookError,
  POLICY,
  registration,
  why,
} from "./fakes.ts";

/** The third outcome in every place where something can be looked at, and who is asked how often. */
const OPTIONS: ValidateOptions = {
  projects: ["demo"],
  askVendor: false,
  listed: [],
  confirm: 1,
  maxStaleMs: 86_400_000,
  probeEveryMs: null,
  shard: null,
  coverage: false,
  probeMode: "auto",
  probeAs: null,
  accept: new Set(),
  requireVendor: false,
  warnBeforeMs: 0,
  waitMs: null,
};

interface Scene {
  readonly given?: readonly GivenKey[];
  readonly options?: Partial<ValidateOptions>;
  readonly registered?: readonly Registration[];
  readonly deps?: Partial<ValidateDeps>;
  readonly vendor?: Parameters<typeof fakeVendor>[2];
  readonly cloud?: Parameters<typeof fakeCloud>[1];
}

async function run(scene: Scene) {
  const diary: string[] = [];
  const clock = scene.deps?.clock ?? fakeClock();
  const cloud = fakeCloud(diary, scene.cloud);
  const deps: ValidateDeps = {
    vendor: fakeVendor(diary, scene.registered, scene.vendor),
    memory: fakeMemory(diary),
    clock,
    openCloud: async () => cloud,
    policyFor: () => POLICY,
    parseResource: (one) => (one.resource.startsWith("key ") ? keyRef(one.resource.slice(4)) : null),
    pace: { run: async (_domain, work) => (await work()).value },
    jitter: () => 0.5,
    store: null,
    messagesFor: () => [],
    expected: () => ({}),
    signal: new AbortController().signal,
    ...scene.deps,
  };
  const report = await validate(scene.given ?? [], { ...OPTIONS, ...scene.options }, deps);
  return { report, diary, times: (what: string) => diary.filter((line) => line.startsWith(what)).length };
}

function ref(key: KeyRef): GivenKey {
  return { kind: "ref", ref: key };
}

function about({ keys }: { keys: readonly KeyReport[] }, level: string): readonly string[] {
  return keys.flatMap((key) => key.findings.filter((one) => one.level === level).map((one) => one.code));
}

describe("which keys", () => {
  it("none registered: nothing to say", async () => {
    const { report } = await run({});
    expect(report).toMatchObject({ keys: [], unlisted: [], summary: { VALID: 0, INVALID: 0, undetermined: 0 } });
  });

  it("every one that is registered and not deleted, the old ones too", async () => {
    const statuses = ["current", "old", "deleted", "unknown"] as const;
    const registered = statuses.map((status) => registration(`key ${status}`, { status }));
    const { report } = await run({ registered });
    expect(report.keys.map((key) => key.key).sort()).toEqual(["key current", "key old", "key unknown"]);
  });

  it("in the order in which they were named, however long each one takes, and each once", async () => {
    const names = ["slow", "quick", "slow"];
    const slowly = async (key: KeyRef) => {
      for (let turns = key.id === "key slow" ? 20 : 0; turns > 0; turns--) await Promise.resolve();
      return factsOf(key);
    };
    const { report, times } = await run({ given: names.map((name) => ref(keyRef(name))), cloud: { inspect: slowly } });
    expect(report.keys.map((key) => key.key)).toEqual(["key slow", "key quick"]);
    expect(times("inspect")).toBe(2);
  });

  it("a key in two projects is read once, and judged for each project's own principal", async () => {
    const registered = ["demo", "second"].map((project) => registration(KEY.id, { project }));
    const { report, times } = await run({
      registered,
      options: { projects: ["demo", "second"] },
      cloud: {
        access: (_facts, grant) =>
          accessOf(
            grant,
            grant.accessors.some((one) => one.fields["role_arn"] === "role of second")
              ? { answer: "denied", by: "it" }
              : undefined,
          ),
      },
    });
    expect(report.keys.map((key) => [key.project, key.phase])).toEqual([
      ["demo", "VALID"],
      ["second", "INVALID"],
    ]);
    expect({ inspect: times("inspect"), probe: times("probe") }).toEqual({ inspect: 1, probe: 1 });
  });

  it("a key in no project is judged for the principals of all", async () => {
    const { report } = await run({ given: [ref(KEY)], options: { projects: ["demo", "second"] } });
    expect(report.keys).toMatchObject([{ project: null, cmkId: null, default: null, phase: "VALID", services: [] }]);
  });

  it("an alias is found by the name that it stands for", async () => {
    const alias = { ...KEY, id: "alias/one" };
    const { report } = await run({
      given: [ref(alias)],
      registered: [registration(KEY.id)],
      cloud: { inspect: async () => factsOf(KEY) },
    });
    expect(report.keys).toMatchObject([{ key: KEY.id, project: "demo" }]);
  });
});

describe("a CMK id", () => {
  const registered = [registration(KEY.id, { id: "an-id" })];

  it("is the key that is registered under it", async () => {
    const { report } = await run({ given: [{ kind: "cmk", id: "an-id" }], registered });
    expect(report.keys).toMatchObject([{ key: KEY.id, cmkId: "an-id" }]);
  });

  it("that is not registered is a usage error", async () => {
    await expect(run({ given: [{ kind: "cmk", id: "another" }], registered })).rejects.toMatchObject({
      kind: "usage",
      code: "cmk.not-found",
    });
  });

  it("that may be in a list nobody could read is none", async () => {
    const vendor = { registrations: unreadable("look.throttled") };
    await expect(run({ given: [{ kind: "cmk", id: "an-id" }], vendor })).rejects.toMatchObject({
      kind: "look",
      code: "look.throttled",
    });
  });
});

function unreadable(code: LookCode, projects: readonly string[] = ["demo"], rest: readonly Registration[] = []) {
  return async function* (project: string): AsyncIterable<Registration> {
    if (projects.includes(project)) throw lookError(code);
    yield* rest.filter((one) => one.project === project);
  };
}

describe("a list that cannot be read", () => {
  it("does not keep anybody from looking at the other projects", async () => {
    const good = registration(KEY.id, { project: "good" });
    const { report } = await run({
      options: { projects: ["demo", "good"] },
      vendor: { registrations: unreadable("look.denied", ["demo"], [good]) },
    });
    expect(report.keys).toMatchObject([{ project: "good", phase: "VALID" }]);
    expect(report.unlisted).toEqual([
      {
        vendor: "aiven",
        project: "demo",
        code: "look.denied",
        detail: "detail of look.denied",
        fix: expect.any(String),
      },
    ]);
  });

  it("leaves open whether a given key is registered", async () => {
    const { report } = await run({ given: [ref(KEY)], vendor: { registrations: unreadable("look.timeout") } });
    expect(report.keys).toMatchObject([{ project: null, phase: "VALID", assurance: "policy" }]);
    expect(about(report, "vendor")).toEqual(["look.timeout"]);
  });

  const gone = () => {
    throw usageError("vendor.project-not-found", "no project demo", "check it");
  };

  it("because the only project is gone, is a usage error", async () => {
    await expect(run({ vendor: { registrations: gone } })).rejects.toMatchObject({ code: "vendor.project-not-found" });
  });

  it("because one project of several is gone, is reported beside the others", async () => {
    const { report } = await run({
      options: { projects: ["demo", "good"] },
      vendor: {
        registrations: (project) => (project === "demo" ? gone() : unreadable("look.denied", [])(project)),
      },
    });
    expect(report.unlisted).toMatchObject([{ project: "demo", code: "look.misconfigured", fix: "check it" }]);
  });
});

describe("a key that cannot be looked at", () => {
  it("because its cloud is not known: every level is unknown, and says why", async () => {
    const { report } = await run({ registered: [registration("ocid1.key.of.another.cloud", { cloud: null })] });
    expect(report.keys).toMatchObject([{ cloud: null, phase: "INITIALIZING", stale: true, project: "demo" }]);
    for (const level of ["key", "grant", "roundtrip", "vendor"])
      expect(about(report, level)).toContain("look.unsupported");
  });

  it("because the vendor takes no keys there", async () => {
    const { report, times } = await run({ given: [ref(KEY)], deps: { policyFor: () => null } });
    expect(new Set(report.keys.flatMap((key) => key.findings.map((one) => one.code)))).toEqual(
      new Set(["look.unsupported"]),
    );
    expect(times("inspect")).toBe(0);
  });

  it("because the time was over before it was reached", async () => {
    const { report, times } = await run({ given: [ref(KEY)], deps: { signal: AbortSignal.abort() } });
    expect(report.keys).toMatchObject([{ phase: "INITIALIZING", stale: true }]);
    expect(about(report, "key")).toEqual(["look.timeout"]);
    expect(times("inspect")).toBe(0);
  });

  it("is not tried with a round trip", async () => {
    const { report, times } = await run({
      given: [ref(KEY)],
      cloud: { inspect: async (key) => ({ ...factsOf(key), key: unseen(why("look.denied")) }) },
    });
    expect(times("probe")).toBe(0);
    expect(report.keys).toMatchObject([
      { message: "detail of look.denied", evidence: { key: "unknown", roundtrip: "unknown" } },
    ]);
  });
});

describe("principals", () => {
  it("are asked for once a project, cloud and region, however many keys want to know", async () => {
    const registered = ["a", "b", "c"].map((name) => registration(`key ${name}`));
    expect((await run({ registered })).times("accessors")).toBe(1);
  });

  it("that nobody could ask for leave the grant unknown, and the rest is looked at all the same", async () => {
    const vendor = { accessors: async () => Promise.reject(lookError("look.unreachable")) };
    const { report, diary } = await run({ registered: [registration(KEY.id)], vendor });
    expect(about(report, "grant")).toEqual(["look.unreachable"]);
    expect(report.keys).toMatchObject([{ phase: "INITIALIZING", evidence: { key: "pass", roundtrip: "pass" } }]);
    expect(diary).toContain("inspect key one");
  });

  it("that have changed are nobody to judge for", async () => {
    const memory = fakeMemory([]);
    memory.accepted.set("demo", [accessor("somebody else")]);
    const { report } = await run({ registered: [registration(KEY.id)], deps: { memory } });
    expect(about(report, "grant")).toEqual(["vendor.accessor-changed"]);
    expect(report.keys).toMatchObject([{ phase: "INITIALIZING", stale: true, waiting: false }]);
  });

  it("that are not the ones expected neither", async () => {
    const deps = { expected: () => ({ role_arn: "another role" }) };
    expect(about((await run({ given: [ref(KEY)], deps })).report, "grant")).toEqual(["vendor.accessor-changed"]);
  });

  it("that are unsafe neither", async () => {
    const checkAccessor = () => {
      throw refusal("vendor.accessor-unsafe", "a user", "ask the vendor");
    };
    const { report } = await run({ given: [ref(KEY)], cloud: { checkAccessor } });
    expect(about(report, "grant")).toEqual(["vendor.accessor-unsafe"]);
  });

  it("that a vendor names only after registering are nobody yet", async () => {
    const vendor = { accessors: async () => ({ after: "registration" as const }) };
    expect(about((await run({ given: [ref(KEY)], vendor })).report, "grant")).toEqual(["look.unsupported"]);
  });
});

describe("the vendor", () => {
  const registered = [registration(KEY.id)];

  it("is not asked to use a key unless that is asked for", async () => {
    const { report, times } = await run({ registered });
    expect(times("check")).toBe(0);
    expect(about(report, "vendor")).toEqual(["vendor.no-answer"]);
  });

  it.each([
    [{ answer: "usable" } as const, "VALID", "vendor"],
    [{ answer: "refused", detail: "cannot verify" } as const, "INVALID", null],
    [{ answer: "pending", detail: "soon" } as const, "INITIALIZING", null],
    [{ answer: "no-answer", detail: "no word", why: why("look.denied") } as const, "VALID", "policy"],
  ])("asked, answers %j: %s", async (answer, phase, assurance) => {
    const { report } = await run({ registered, options: { askVendor: true }, vendor: { check: async () => answer } });
    expect(report.keys).toMatchObject([{ phase, assurance }]);
  });

  it("whose services cannot be read: null, and a finding says so", async () => {
    const { report } = await run({ registered, vendor: { services: async () => unseen(why("look.throttled")) } });
    expect(report.keys).toMatchObject([{ phase: "VALID", services: null }]);
    expect(about(report, "vendor")).toContain("look.throttled");
  });

  it("whose services can be read: they are listed", async () => {
    const services = [{ name: "my-pg", status: "active" }];
    const { report } = await run({ registered, vendor: { services: async () => seen(services) } });
    expect(report.keys).toMatchObject([{ services }]);
  });
});

it("a bug is not reported as a cloud that could not be looked at", async () => {
  const inspect = async () => Promise.reject(new TypeError("a mistake of ours"));
  await expect(run({ given: [ref(KEY)], cloud: { inspect } })).rejects.toThrow("a mistake of ours");
});
