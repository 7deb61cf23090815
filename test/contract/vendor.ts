import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { LookError } from "../../src/core/errors.ts";
import type { KeyFacts, Registration, VendorCloudPolicy } from "../../src/core/model.ts";
import type { RegisterResult, Vendor } from "../../src/core/vendor.ts";

/** A vendor with a project in which nothing is registered, and two keys. Every test gets a fresh one. */
export interface VendorScene extends AsyncDisposable {
  readonly vendor: Vendor;
  readonly project: string;
  /** What the vendor needs on the cloud of the two keys. */
  readonly policy: VendorCloudPolicy;
  /** The vendor can use this one, and takes it. */
  readonly good: KeyFacts;
  /** The vendor is not let in to this one. */
  readonly refused: KeyFacts;
  /** Well-formed, and nobody's. */
  readonly unknownId: string;
  /** The same vendor, asked with credentials that it does not take. */
  readonly stranger: Vendor;
  /** Whatever must never be seen: both credentials. */
  readonly secrets: readonly string[];
  /** The vendor carries the next registration out, and its answer is lost on the way. */
  loseNextRegistration(): void;
  /** Takes the vendor's access to the good key away. */
  takeAccessAway(): Promise<void>;
}

/** What every vendor's client must do, whatever its API looks like. */
export function vendorContract(name: string, make: () => Promise<VendorScene>): void {
  describe(`the vendor contract: ${name}`, () => {
    const scenes: VendorScene[] = [];
    async function open(): Promise<VendorScene> {
      const scene = await make();
      scenes.push(scene);
      return scene;
    }
    afterEach(async () => {
      for (const scene of scenes.splice(0)) await scene[Symbol.asyncDispose]();
    });

    looking(open);
    registering(open);
    asking(open);
    failing(open);
  });
}

type Open = () => Promise<VendorScene>;

function looking(open: Open): void {
  test("names itself and its clouds", async () => {
    const { vendor, policy } = await open();
    expect(vendor.id).toBe(policy.vendor);
    expect(vendor.clouds).toContain(policy.cloud);
  });

  test("names principals of the shape that its policy asks for", async () => {
    const { vendor, project, policy, good } = await open();
    const answer = await vendor.accessors({ project, cloud: policy.cloud, region: good.ref.region });
    if ("after" in answer) return;
    expect(answer.accessors).not.toEqual([]);
    for (const accessor of answer.accessors) {
      expect(accessor.cloud).toBe(policy.cloud);
      expect(Object.keys(accessor.fields).sort()).toEqual(Object.keys(policy.accessor.fields).sort());
      for (const [field, { pattern }] of Object.entries(policy.accessor.fields)) {
        expect(accessor.fields[field]).toMatch(new RegExp(pattern));
      }
    }
  });

  test("lists nothing where nothing is registered, and then the one", async () => {
    const { vendor, project, good } = await open();
    expect(await list(vendor, project)).toEqual([]);
    const { registration } = registered(await vendor.register(good, { project, default: false }));
    const { cloud, id: resource } = good.ref;
    const one = { vendor: vendor.id, project, id: registration.id, cloud, resource, default: false };
    expect(registration).toMatchObject(one);
    expect(await list(vendor, project)).toMatchObject([one]);
  });

  test("gives a registration as it is now, and null for one that does not exist", async () => {
    const { vendor, project, good, unknownId } = await open();
    expect(await vendor.get(project, unknownId)).toEqual({ known: true, value: null });
    const { registration } = registered(await vendor.register(good, { project, default: false }));
    expect(await vendor.get(project, registration.id)).toMatchObject({
      known: true,
      value: { id: registration.id, resource: good.ref.id, default: false },
    });
    expect(await vendor.get(project, unknownId)).toEqual({ known: true, value: null });
  });

  test("knows of no services right after registering", async () => {
    const { vendor, project, good } = await open();
    const { registration } = registered(await vendor.register(good, { project, default: false }));
    expect(await vendor.services(registration)).toEqual({ known: true, value: [] });
  });
}

function registering(open: Open): void {
  test("registers once, however often it is asked", async () => {
    const { vendor, project, good } = await open();
    const first = registered(await vendor.register(good, { project, default: false }));
    expect(first.created).toBe(true);
    const second = registered(await vendor.register(good, { project, default: false }));
    expect(second).toMatchObject({ created: false, registration: { id: first.registration.id } });
    expect(await list(vendor, project)).toHaveLength(1);
  });

  test("makes a registered key the default where that is asked for, and never takes that away", async () => {
    const { vendor, project, good } = await open();
    const first = registered(await vendor.register(good, { project, default: false }));
    const second = registered(await vendor.register(good, { project, default: true }));
    expect(second).toMatchObject({ created: false, registration: { id: first.registration.id, default: true } });
    expect(await list(vendor, project)).toMatchObject([{ id: first.registration.id, default: true }]);
    registered(await vendor.register(good, { project, default: false }));
    expect(await list(vendor, project)).toMatchObject([{ id: first.registration.id, default: true }]);
  });

  test("says so when the vendor cannot use the key, and leaves nothing behind", async () => {
    const { vendor, project, refused } = await open();
    const result = await vendor.register(refused, { project, default: false });
    expect(result).toMatchObject({ outcome: "refused", detail: expect.stringMatching(/\S/) });
    expect(await list(vendor, project)).toEqual([]);
  });

  test("finds what it has registered when the answer was lost", async () => {
    const { vendor, project, good, loseNextRegistration } = await open();
    loseNextRegistration();
    const result = registered(await vendor.register(good, { project, default: false }));
    expect(result).toMatchObject({ created: true, registration: { resource: good.ref.id } });
    expect(await list(vendor, project)).toMatchObject([{ id: result.registration.id }]);
  });
}

function asking(open: Open): void {
  test("never says of a key that it can use that it was refused", async () => {
    const { vendor, project, good } = await open();
    const { registration } = registered(await vendor.register(good, { project, default: false }));
    const { answer } = await vendor.check(registration);
    expect(["usable", "pending", "no-answer"]).toContain(answer);
  });

  test("never says of a key that it cannot use any more that it can", async () => {
    const { vendor, project, good, takeAccessAway } = await open();
    const { registration } = registered(await vendor.register(good, { project, default: false }));
    await takeAccessAway();
    expect((await vendor.check(registration)).answer).not.toBe("usable");
  });
}

function failing(open: Open): void {
  test("tells what it was not allowed to see from what is not there", async () => {
    const { vendor, stranger, project, policy, good } = await open();
    const { registration } = registered(await vendor.register(good, { project, default: false }));
    const code = expect.stringMatching(/^look\.(credentials|denied)$/);

    const ask = { project, cloud: policy.cloud, region: good.ref.region };
    await expect(stranger.accessors(ask)).rejects.toSatisfy((error) => error instanceof LookError);
    await expect(list(stranger, project)).rejects.toMatchObject({ kind: "look", code });
    expect(await stranger.get(project, registration.id)).toMatchObject({ known: false, why: { code } });
    expect(await stranger.services(registration)).toMatchObject({ known: false, why: { code } });
    expect(await stranger.check(registration)).toMatchObject({ answer: "no-answer", why: { code } });
    const options = { project, default: false };
    expect(await stranger.register(good, options)).toMatchObject({ outcome: "unknown", why: { code } });
  });

  test("shows no credentials, whatever goes wrong", async () => {
    const { vendor, stranger, project, policy, good, refused, unknownId, secrets } = await open();
    const { registration } = registered(await vendor.register(good, { project, default: false }));
    const caught = (error: unknown) => error;
    const everything = [
      await vendor.register(refused, { project, default: false }),
      await vendor.get(project, unknownId),
      await vendor.check({ ...registration, id: unknownId }),
      await vendor.services({ ...registration, id: unknownId }),
      await list(vendor, "no-such-project").catch(caught),
      await list(stranger, project).catch(caught),
      await stranger.accessors({ project, cloud: policy.cloud, region: null }).catch(caught),
      await stranger.register(good, { project, default: false }),
      await stranger.check(registration),
    ];
    const shown = inspect(everything, { depth: 20, showHidden: true, maxStringLength: null });
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });
}

function registered(result: RegisterResult): Extract<RegisterResult, { outcome: "registered" }> {
  if (result.outcome !== "registered") throw new Error(`not registered: ${inspect(result)}`);
  return result;
}

async function list(vendor: Vendor, project: string): Promise<readonly Registration[]> {
  const found: Registration[] = [];
  for await (const registration of vendor.registrations(project)) found.push(registration);
  return found;
}
