import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { Cloud } from "../../src/core/cloud.ts";
import type { Accessor, Applied, Change, Grant, KeyFacts, KeyRef, VendorCloudPolicy } from "../../src/core/model.ts";

/** A cloud over real HTTP, with keys that nobody has touched yet. Every test gets a fresh one. */
export interface CloudScene extends AsyncDisposable {
  /** Asked as the keys' owner. */
  readonly cloud: Cloud;
  /** As somebody who may look, and neither use keys nor change policies. */
  readonly auditor: Cloud;
  /** With credentials that the cloud does not take. */
  readonly stranger: Cloud;
  readonly policy: VendorCloudPolicy;
  /** Principals of two projects of the vendor's. */
  readonly one: Accessor;
  readonly other: Accessor;
  /** A principal that must not be let in. */
  readonly unsafe: Accessor;
  readonly keys: {
    /** Well, and granted to nobody. */
    readonly healthy: KeyRef;
    readonly disabled: KeyRef;
    readonly absent: KeyRef;
    /** Well, but nobody may read the policy that is to be written. */
    readonly unreadable: KeyRef;
  };
  /** Whether the cloud tells what does not exist from what may not be seen. */
  readonly tellsAbsence: boolean;
  /** Whether the vendor can really use the key, for the project of `one`. */
  vendorCanUse(key: KeyRef): Promise<boolean>;
  /** How often the cloud was asked by anybody. */
  asked(): number;
  readonly secrets: readonly string[];
}

type Open = () => Promise<CloudScene>;

/** What every cloud's provider must do, whatever its API looks like. */
export function cloudContract(name: string, make: () => Promise<CloudScene>): void {
  describe(`the cloud contract: ${name}`, () => {
    const scenes: CloudScene[] = [];
    async function open(): Promise<CloudScene> {
      const scene = await make();
      scenes.push(scene);
      return scene;
    }
    afterEach(async () => {
      for (const scene of scenes.splice(0)) await scene[Symbol.asyncDispose]();
    });

    looking(open);
    planning(open);
    writing(open);
    takingBack(open);
    using(open);
    failing(open);
  });
}

function looking(open: Open): void {
  test("is opened without asking anybody", async () => {
    expect((await open()).asked()).toBe(0);
  });

  test("reads a healthy key, and the document that decides", async () => {
    const { cloud, policy, keys } = await open();
    expect(cloud.id).toBe(policy.cloud);
    const facts = await cloud.inspect(keys.healthy, null);
    const { cloud: at, id, region } = keys.healthy;
    expect(facts.ref).toMatchObject({ cloud: at, id, region });
    expect(facts.key).toMatchObject({ known: true, value: { state: "usable", customerManaged: true } });
    expect(facts.documents[0]?.body).toMatchObject({ known: true, value: { text: expect.stringMatching(/\S/) } });
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
  });

  test("reads the same twice: the same revision for the same text", async () => {
    const { cloud, keys } = await open();
    const [first, second] = [await cloud.inspect(keys.healthy, null), await cloud.inspect(keys.healthy, null)];
    expect(second.documents).toEqual(first.documents);
  });

  test("tells a disabled key by the cloud's own word", async () => {
    const { cloud, keys } = await open();
    const { key } = await cloud.inspect(keys.disabled, null);
    expect(key).toMatchObject({
      known: true,
      value: { state: "disabled", stateName: expect.stringMatching(/disabled/i) },
    });
  });

  test("absence is not refusal", async () => {
    const { cloud, stranger, keys, tellsAbsence } = await open();
    const absent = await cloud.inspect(keys.absent, null);
    if (tellsAbsence) expect(absent.key).toEqual({ known: true, value: null });
    else expect(absent.key).toMatchObject({ known: false, why: { code: "look.absent-or-denied" } });
    const refused = await stranger.inspect(keys.healthy, null);
    const code = expect.stringMatching(/^look\.(credentials|denied)$/);
    expect(refused.key).toMatchObject({ known: false, why: { code } });
    expect(refused.documents[0]?.body).toMatchObject({ known: false, why: { code } });
  });

  test("a policy that may not be read is not an empty one", async () => {
    const { cloud, keys, one, policy } = await open();
    const grant = { policy, accessors: [one] };
    const facts = await cloud.inspect(keys.unreadable, grant);
    expect(facts.key).toMatchObject({ known: true, value: { state: "usable" } });
    for (const { answer } of cloud.access(facts, grant)[0]?.actions ?? []) expect(answer).toBe("unseen");
  });

  test("takes the vendor's own principals, and no others", async () => {
    const { cloud, keys, policy, one, other, unsafe } = await open();
    for (const good of [one, other]) cloud.checkAccessor(good, keys.healthy, policy);
    expect(() => cloud.checkAccessor(unsafe, keys.healthy, policy)).toThrow(
      expect.objectContaining({ kind: "refused", code: "vendor.accessor-unsafe" }),
    );
  });
}

function planning(open: Open): void {
  test("plans without asking anybody, the same each time, and changes nothing that it was given", async () => {
    const { asked, ...scene } = await open();
    const { facts, grant } = await ungranted(scene);
    const [copy, before] = [structuredClone(facts), asked()];
    const change = planned(scene.cloud, facts, grant);
    expect(scene.cloud.plan(facts, grant, "present")).toEqual(change);
    expect(facts).toEqual(copy);
    expect(asked()).toBe(before);
  });

  test("says what the edits will be worth, before anything is written", async () => {
    const { cloud, facts, grant } = await ungranted(await open());
    expect(answers(cloud, facts, grant)).toEqual(["missing"]);
    const change = planned(cloud, facts, grant);
    expect(answers(cloud, change.after, grant)).toEqual(["allowed"]);
    for (const edit of change.edits) {
      expect(edit.after).not.toBe(edit.before);
      expect(edit.summary.join("\n")).toMatch(/\S/);
    }
    expect(cloud.plan(change.after, grant, "present")).toBeNull();
  });

  test("to take back what nobody was given is nothing to do", async () => {
    const { cloud, facts, grant } = await ungranted(await open());
    expect(cloud.plan(facts, grant, "absent")).toBeNull();
  });
}

function writing(open: Open): void {
  test("lets the vendor in, and the vendor really gets in", async () => {
    const scene = await open();
    const { cloud, facts, grant } = await ungranted(scene);
    expect(await scene.vendorCanUse(facts.ref)).toBe(false);
    const applied = await apply(cloud, planned(cloud, facts, grant));
    expect(answers(cloud, applied.facts, grant)).toEqual(["allowed"]);
    if (applied.caller !== null) expect(applied.caller).toMatch(/\S/);
    expect(await scene.vendorCanUse(facts.ref)).toBe(true);
    const now = await cloud.inspect(facts.ref, grant);
    expect(answers(cloud, now, grant)).toEqual(["allowed"]);
    expect(cloud.plan(now, grant, "present")).toBeNull();
  });

  test("has a backup made before the first write, and none where nothing is written", async () => {
    const { cloud, facts, bare, grant } = await ungranted(await open());
    const change = planned(cloud, facts, grant);
    const stop = new Error("no room for a backup");
    const beforeWrite = () => Promise.reject(stop);
    await expect(cloud.apply(change, { settleReads: 1, beforeWrite })).rejects.toBe(stop);
    expect(await cloud.inspect(facts.ref, null)).toEqual(bare);
  });

  test("never writes over what others wrote since the plan: refused as stale, or added to what is there", async () => {
    const scene = await open();
    const { cloud, facts, grant } = await ungranted(scene);
    const theirs = { ...grant, accessors: [scene.other] };
    const ours = planned(cloud, facts, grant);
    await apply(cloud, planned(cloud, facts, theirs));
    const [outcome] = await Promise.allSettled([apply(cloud, ours)]);
    const isRefused = outcome.status === "rejected";
    if (isRefused) expect(outcome.reason).toMatchObject({ kind: "refused", code: "change.stale" });
    expect(answers(cloud, await cloud.inspect(facts.ref, theirs), theirs)).toEqual(["allowed"]);
    expect(answers(cloud, await cloud.inspect(facts.ref, grant), grant)).toEqual([isRefused ? "missing" : "allowed"]);
  });

  test("twice is once: one grant, and a plan that is spent", async () => {
    const { cloud, facts, grant } = await ungranted(await open());
    const change = planned(cloud, facts, grant);
    await apply(cloud, change);
    const first = await cloud.inspect(facts.ref, null);
    const [outcome] = await Promise.allSettled([apply(cloud, change)]);
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ kind: "refused", code: "change.stale" });
    const now = await cloud.inspect(facts.ref, null);
    expect(now).toEqual(first);
    expect(cloud.plan(now, grant, "present")).toBeNull();
  });

  test("a second principal joins the first", async () => {
    const scene = await open();
    const { cloud, facts, grant } = await ungranted(scene);
    const both: Grant = { ...grant, accessors: [scene.one, scene.other] };
    await apply(cloud, planned(cloud, facts, grant));
    const between = await cloud.inspect(facts.ref, null);
    const applied = await apply(cloud, planned(cloud, between, { ...grant, accessors: [scene.other] }));
    expect(cloud.access(applied.facts, both).map((one) => one.accessor)).toEqual([scene.one, scene.other]);
    expect(answers(cloud, applied.facts, both)).toEqual(["allowed"]);
  });

  test("as somebody who may not write: refused, and nothing was written", async () => {
    const scene = await open();
    const { cloud, facts, bare, grant } = await ungranted(scene);
    const refused = apply(scene.auditor, planned(scene.auditor, await scene.auditor.inspect(facts.ref, null), grant));
    await expect(refused).rejects.toMatchObject({ kind: "refused", code: "write.denied" });
    expect(await cloud.inspect(facts.ref, null)).toEqual(bare);
  });
}

function takingBack(open: Open): void {
  test("gives back what was there before, and the vendor is really out", async () => {
    const scene = await open();
    const { cloud, facts, bare, grant } = await ungranted(scene);
    const granted = await apply(cloud, planned(cloud, facts, grant));
    const back = cloud.plan(granted.facts, grant, "absent");
    if (back === null) throw new Error("there is something to take back");
    const applied = await apply(cloud, back);
    expect(meaning(await cloud.inspect(facts.ref, null))).toEqual(meaning(bare));
    expect(answers(cloud, applied.facts, grant)).not.toContain("allowed");
    expect(await scene.vendorCanUse(facts.ref)).toBe(false);
    expect(cloud.plan(await cloud.inspect(facts.ref, null), grant, "absent")).toBeNull();
  });

  test("from one leaves the other in", async () => {
    const scene = await open();
    const { cloud, facts, grant } = await ungranted(scene);
    const both: Grant = { ...grant, accessors: [scene.one, scene.other] };
    const { facts: granted } = await apply(cloud, planned(cloud, facts, both));
    const back = cloud.plan(granted, { ...grant, accessors: [scene.one] }, "absent");
    if (back === null) throw new Error("there is something to take back");
    await apply(cloud, back);
    const now = await cloud.inspect(facts.ref, both);
    expect(answers(cloud, now, { ...grant, accessors: [scene.one] })).toEqual(["missing"]);
    expect(answers(cloud, now, { ...grant, accessors: [scene.other] })).toEqual(["allowed"]);
  });
}

function using(open: Open): void {
  test("a round trip passes for whoever may use the key", async () => {
    const { cloud, keys } = await open();
    const facts = await cloud.inspect(keys.healthy, null);
    expect(await cloud.probe(facts, { as: null })).toEqual({ outcome: "pass" });
  });

  test("not being permitted says nothing about the key", async () => {
    const { auditor, keys } = await open();
    const facts = await auditor.inspect(keys.healthy, null);
    const probe = await auditor.probe(facts, { as: null });
    expect(probe).toMatchObject({
      outcome: "unknown",
      code: "roundtrip.not-permitted",
      detail: expect.stringMatching(/\S/),
    });
  });

  test("a key that refuses everybody fails it", async () => {
    const { cloud, keys } = await open();
    const facts = await cloud.inspect(keys.disabled, null);
    expect(await cloud.probe(facts, { as: null })).toMatchObject({ outcome: "fail", code: "roundtrip.failed" });
  });

  test("a stranger's says that it was a stranger's", async () => {
    const { cloud, stranger, keys } = await open();
    const facts = await cloud.inspect(keys.healthy, null);
    const { outcome, ...rest } = await stranger.probe(facts, { as: null });
    expect({ outcome, ...rest }).toMatchObject({
      outcome: "unknown",
      code: expect.stringMatching(/^look\.|not-permitted$/),
    });
  });
}

function failing(open: Open): void {
  test("shows no credentials, whatever goes wrong", async () => {
    const { cloud, auditor, stranger, keys, policy, one, secrets } = await open();
    const grant = { policy, accessors: [one] };
    const facts = await cloud.inspect(keys.healthy, null);
    const change = planned(cloud, facts, grant);
    const caught = (error: unknown) => error;
    const everything = [
      ...(await Promise.all(Object.values(keys).map((key) => stranger.inspect(key, grant)))),
      await stranger.probe(facts, { as: null }),
      await stranger.probe(facts, { as: "nobody" }).catch(caught),
      await auditor.probe(facts, { as: null }),
      await apply(auditor, change).catch(caught),
      await apply(stranger, change).catch(caught),
      await cloud.probe(await cloud.inspect(keys.absent, grant), { as: null }),
    ];
    const shown = inspect(everything, { depth: 20, showHidden: true, maxStringLength: null });
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });
}

interface Ungranted {
  readonly cloud: Cloud;
  /** With every document that matters to the grant. */
  readonly facts: KeyFacts;
  /** With those alone that always do. */
  readonly bare: KeyFacts;
  readonly grant: Grant;
}

type Cast = Pick<CloudScene, "cloud" | "keys" | "policy" | "one">;

async function ungranted({ cloud, keys, policy, one }: Cast): Promise<Ungranted> {
  const grant = { policy, accessors: [one] };
  const [facts, bare] = [await cloud.inspect(keys.healthy, grant), await cloud.inspect(keys.healthy, null)];
  return { cloud, facts, bare, grant };
}

function planned(cloud: Cloud, facts: KeyFacts, grant: Grant): Change {
  const change = cloud.plan(facts, grant, "present");
  if (change === null) throw new Error("there is something to write");
  return change;
}

function apply(cloud: Cloud, change: Change): Promise<Applied> {
  return cloud.apply(change, { settleReads: 1, beforeWrite: async () => {} });
}

/** Every different answer for the grant's principals and their actions. */
function answers(cloud: Cloud, facts: KeyFacts, grant: Grant): readonly string[] {
  return [...new Set(cloud.access(facts, grant).flatMap((one) => one.actions.map((action) => action.answer)))];
}

/** The documents without what the cloud itself changes with each write. */
function meaning(facts: KeyFacts): unknown {
  return facts.documents.map(({ id, body }) => [id, body.known ? withoutMarks(body.value.text) : body]);
}

function withoutMarks(text: string): unknown {
  try {
    return JSON.parse(text, (name, value) => (["etag", "version"].includes(name) ? undefined : value));
  } catch {
    return text;
  }
}
