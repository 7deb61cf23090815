import { describe, expect, test } from "vitest";
import type { OciKey } from "../../../src/clouds/oci/api.ts";
import { parseOciKey } from "../../../src/clouds/oci/key.ts";
import { parseRoot } from "../../../src/clouds/oci/policies.ts";
import type { Cloud } from "../../../src/core/cloud.ts";
import type { KeyFacts, KeyRef } from "../../../src/core/model.ts";
import { CUT_OFF, cloudOf, FakeOci, HEALTHY_KEY, NOT_FOUND, THROTTLED } from "./fake.ts";
import { ADMIT, DATA, DEFINES, GRANT, KEY, KEY_ID, keyId, PROD, TENANCY } from "./helpers.ts";

/** As it is before OCI has said whose it is. */
const REF: KeyRef = { ...KEY, owner: null };

function withKey(more: Partial<OciKey>): FakeOci {
  const oci = new FakeOci();
  oci.keys.set(KEY_ID, { ...HEALTHY_KEY, ...more });
  return oci;
}

async function described(oci: FakeOci) {
  const { key } = await cloudOf(oci).inspect(REF, null);
  if (!key.known || key.value === null) throw new Error(JSON.stringify(key));
  return key.value;
}

function rootOf({ documents }: KeyFacts) {
  const [root] = documents;
  return root?.body.known === true ? parseRoot(root.body.value.text) : null;
}

describe("the key", () => {
  test("healthy", async () => {
    const facts = await cloudOf(new FakeOci()).inspect(REF, GRANT);
    expect(facts.ref).toEqual(KEY);
    expect(facts.key).toEqual({
      known: true,
      value: {
        state: "usable",
        stateName: "ENABLED",
        usage: "ENCRYPT_DECRYPT",
        algorithms: ["AES_256"],
        customerManaged: true,
        deletionAt: null,
        materialExpiresAt: null,
        exportable: false,
        olderVersions: [],
      },
    });
    expect(facts.rotation).toEqual({ known: true, value: null });
  });

  test.each([
    ["ENABLED", "usable"],
    ["DISABLED", "disabled"],
    ["PENDING_DELETION", "pending-deletion"],
    ["SCHEDULING_DELETION", "pending-deletion"],
    ["DELETING", "pending-deletion"],
    ["CREATING", "not-ready"],
    ["ENABLING", "not-ready"],
    ["DISABLING", "not-ready"],
    ["UPDATING", "not-ready"],
    ["CANCELLING_DELETION", "not-ready"],
    ["RESTORING", "not-ready"],
    ["BACKUP_IN_PROGRESS", "not-ready"],
    ["SOMETHING_NEW", "not-ready"],
  ])("%s is %s", async (lifecycleState, state) => {
    expect(await described(withKey({ lifecycleState }))).toMatchObject({ state, stateName: lifecycleState });
  });

  test("a deleted key is gone, and nothing more is asked", async () => {
    const oci = withKey({ lifecycleState: "DELETED" });
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    expect(facts.key).toEqual({ known: true, value: null });
    expect(oci.calls).toEqual([`GetKey ${KEY_ID}`]);
  });

  test.each([
    [{ algorithm: "AES", length: 16 }, "ENCRYPT_DECRYPT", "AES_128"],
    [{ algorithm: "RSA", length: 512 }, "ENCRYPT_DECRYPT", "RSA_4096"],
    [{ algorithm: "ECDSA", length: 32, curveId: "NIST_P256" }, "SIGN_VERIFY", "ECDSA_NIST_P256"],
  ])("%j: %s, %s", async (shape, usage, algorithm) => {
    expect(await described(withKey(shape))).toMatchObject({ usage, algorithms: [algorithm] });
  });

  test("the date of its deletion", async () => {
    const oci = withKey({ lifecycleState: "PENDING_DELETION", timeOfDeletion: "2026-12-24T01:00:00.000+01:00" });
    expect((await described(oci)).deletionAt).toBe("2026-12-24T00:00:00Z");
    expect((await described(withKey({ timeOfDeletion: "soon" }))).deletionAt).toBeNull();
  });

  test("older versions count, the one in use and one that is only coming do not", async () => {
    const oci = new FakeOci();
    oci.versions = [
      { id: "ocid1.keyversion.oc1..v1", lifecycleState: "DISABLED" },
      { id: "ocid1.keyversion.oc1..v0", lifecycleState: "ENABLED" },
      { id: "ocid1.keyversion.oc1..v9", lifecycleState: "PENDING_DELETION" },
      { id: "ocid1.keyversion.oc1..v8", lifecycleState: "CREATING" },
    ];
    expect((await described(oci)).olderVersions).toEqual([
      { id: "ocid1.keyversion.oc1..v0", usable: true, stateName: "ENABLED" },
      { id: "ocid1.keyversion.oc1..v9", usable: false, stateName: "PENDING_DELETION" },
    ]);
  });

  test("versions that may not be listed are no reason not to look at the key", async () => {
    const oci = new FakeOci();
    oci.faults.push({ call: "ListKeyVersions", fault: NOT_FOUND });
    expect((await described(oci)).olderVersions).toEqual([]);
  });

  test.each([
    [true, true],
    [false, false],
    [null, null],
  ])("rotation %s", async (autoRotation, rotation) => {
    expect((await cloudOf(withKey({ autoRotation })).inspect(REF, null)).rotation).toEqual({
      known: true,
      value: rotation,
    });
  });
});

describe("what can be taken out", () => {
  const soft = () => withKey({ protectionMode: "SOFTWARE" });
  async function exportable(oci: FakeOci, noExport = false): Promise<boolean> {
    const { key } = await cloudOf(oci, { oci: { noExport } }).inspect(REF, GRANT);
    return key.known && key.value?.exportable === true;
  }

  test("a key of an HSM never, a key of software by what the grant holds, or would hold", async () => {
    expect(await exportable(new FakeOci())).toBe(false);
    expect(await exportable(soft())).toBe(true);
    expect(await exportable(soft(), true)).toBe(false);
  });

  test("as the policies have it, where they let the vendor in", async () => {
    const oci = soft();
    oci.put("theirs", [...DEFINES, ADMIT]);
    expect(await exportable(oci, true)).toBe(true);
    oci.put("theirs", [
      ...DEFINES,
      `${ADMIT.replace("target.key.id", "all {target.key.id")}, request.permission != 'KEY_EXPORT'}`,
    ]);
    expect(await exportable(oci)).toBe(false);
    oci.put("theirs", [...DEFINES, ADMIT.replace("use keys", "{KEY_ENCRYPT, KEY_DECRYPT}")]);
    expect(await exportable(oci)).toBe(false);
  });
});

describe("what could not be looked at", () => {
  test("a key that is not there, or that the caller may not see: OCI does not tell", async () => {
    const oci = new FakeOci();
    oci.keys.clear();
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    expect(facts.key).toMatchObject({ known: false, why: { code: "look.absent-or-denied" } });
    expect(facts.documents).toMatchObject([
      { id: "root", body: { known: false, why: { code: "look.absent-or-denied" } } },
    ]);
    expect(facts.ref).toEqual(REF);
  });

  test("a host that was only derived and does not answer: what to pass instead", async () => {
    const oci = new FakeOci();
    oci.faults.push({ call: "GetKey", fault: { kind: "network", code: "ENOTFOUND", sent: false } });
    const { key } = await cloudOf(oci).inspect(REF, GRANT);
    expect(key).toMatchObject({
      known: false,
      why: { code: "look.unreachable", fix: expect.stringContaining("--oci-vault") },
    });
  });

  test("an answer about another key", async () => {
    const { key } = await cloudOf(withKey({ id: keyId(2) })).inspect(REF, GRANT);
    expect(key).toMatchObject({ known: false, why: { code: "look.misconfigured" } });
  });

  test("a compartment above the key", async () => {
    const oci = new FakeOci();
    oci.faults.push({ call: "GetCompartment", fault: NOT_FOUND });
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    expect(facts.key.known).toBe(true);
    expect(facts.ref.owner).toBeNull();
    expect(facts.documents).toMatchObject([
      { id: "root", body: { known: false, why: { detail: expect.stringContaining(`GetCompartment of ${DATA.id}`) } } },
    ]);
  });

  test("the regions: policies are still read, where the key is", async () => {
    const oci = new FakeOci();
    oci.faults.push({ call: "ListRegionSubscriptions", fault: NOT_FOUND });
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    expect(rootOf(facts)).toMatchObject({ homeRegion: null, regions: null });
    expect(oci.asked.at(-1)?.at.base).toBe("https://identity.eu-frankfurt-1.oci.oraclecloud.com");
  });

  test("the policies of one compartment, or one policy: each says so for itself", async () => {
    const oci = new FakeOci();
    oci.put("theirs", [...DEFINES, ADMIT]);
    const hidden = oci.put("hidden", ["x"], PROD.id);
    oci.faults.push({ call: "GetPolicy", fault: NOT_FOUND });
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    const unseen = facts.documents.filter(({ body }) => !body.known);
    expect(unseen).toHaveLength(1);
    expect(["policy:ocid1.policy.oc1..p1", `policy:${hidden.id}`]).toContain(unseen[0]?.id);
  });

  test("a path without an end", async () => {
    const oci = new FakeOci();
    const identity = oci.clients.identity({ base: "x", instead: null });
    const clients = {
      ...oci.clients,
      identity: () => ({ ...identity, getCompartment: async (id: string) => ({ id, name: "x", parentId: `${id}x` }) }),
    };
    const facts = await cloudOf(oci, { clients }).inspect(REF, GRANT);
    expect(facts.documents).toMatchObject([{ body: { known: false, why: { code: "look.unreachable" } } }]);
  });
});

describe("the documents", () => {
  test("the root's first, with all that is needed to judge; then each compartment's", async () => {
    const oci = new FakeOci();
    const theirs = oci.put("theirs", [...DEFINES, ADMIT]);
    const below = oci.put("below", ["allow group X to read keys in compartment Data"], DATA.id);
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    expect(facts.documents.map(({ id, title }) => [id, title])).toEqual([
      ["root", "the policies of the root compartment"],
      [`compartment:${PROD.id}`, "the policies of the compartment Prod"],
      [`compartment:${DATA.id}`, "the policies of the compartment Prod:Data"],
    ]);
    expect(rootOf(facts)).toEqual({
      tenancy: { id: TENANCY, name: "owner" },
      homeRegion: "us-ashburn-1",
      regions: ["us-ashburn-1", "eu-frankfurt-1"],
      compartments: [PROD, DATA],
      policies: [
        {
          id: theirs.id,
          name: "theirs",
          description: "the policy theirs",
          state: "ACTIVE",
          etag: theirs.etag,
          statements: [...DEFINES, ADMIT],
        },
      ],
    });
    const last = facts.documents.at(-1)?.body;
    expect(last?.known === true && last.value.text).toContain(below.etag);
  });

  test("are read in the home region", async () => {
    const oci = new FakeOci();
    await cloudOf(oci).inspect(REF, GRANT);
    expect(oci.asked.at(-1)?.at).toEqual({ base: "https://identity.us-ashburn-1.oci.oraclecloud.com", instead: null });
  });

  test("of a key in the root compartment there is one", async () => {
    const oci = withKey({ compartmentId: TENANCY });
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    expect(facts.documents.map(({ id }) => id)).toEqual(["root"]);
    expect(rootOf(facts)?.compartments).toEqual([]);
  });

  test("policies that are gone are left out, those that are not active are kept as such", async () => {
    const oci = new FakeOci();
    for (const lifecycleState of ["DELETED", "INACTIVE", "DELETING"]) {
      const kept = oci.put(lifecycleState, ["x"]);
      oci.policies.set(kept.id, { ...kept, lifecycleState });
    }
    const facts = await cloudOf(oci).inspect(REF, GRANT);
    expect(rootOf(facts)?.policies.map(({ state }) => state)).toEqual(["INACTIVE", "DELETING"]);
  });
});

describe("many keys of one place", () => {
  function withKeys(count: number): { readonly oci: FakeOci; readonly refs: readonly KeyRef[] } {
    const oci = new FakeOci();
    oci.put("theirs", [...DEFINES, ADMIT]);
    const refs = Array.from({ length: count }, (_, index) => ({ ...REF, id: keyId(index) }));
    for (const { id } of refs) oci.keys.set(id, { ...HEALTHY_KEY, id });
    return { oci, refs };
  }

  const about = (oci: FakeOci, call: string) => oci.calls.filter((one) => one.startsWith(`${call} `)).length;

  async function inspectAll(cloud: Cloud, refs: readonly KeyRef[]): Promise<readonly KeyFacts[]> {
    return await Promise.all(refs.map((ref) => cloud.inspect(ref, GRANT)));
  }

  test("read what they share once, even at the same time", async () => {
    const { oci, refs } = withKeys(40);
    const cloud = cloudOf(oci);
    await inspectAll(cloud, refs);
    await inspectAll(cloud, refs);
    expect(about(oci, "GetKey")).toBe(80);
    expect(
      ["GetCompartment", "ListRegionSubscriptions", "ListPolicies", "GetPolicy"].map((call) => about(oci, call)),
    ).toEqual([3, 1, 3, 1]);
  });

  test("in places that share a part of the way", async () => {
    const { oci, refs } = withKeys(2);
    const [one, two] = refs;
    oci.keys.set(keyId(1), { ...HEALTHY_KEY, id: keyId(1), compartmentId: PROD.id });
    const [first, second] = await inspectAll(cloudOf(oci), [one ?? REF, two ?? REF]);
    expect(first?.documents).toHaveLength(3);
    expect(second?.documents).toHaveLength(2);
    expect(about(oci, "ListPolicies")).toBe(3);
  });

  test("what failed in passing is tried again by the next who asks, what OCI refused is not", async () => {
    for (const [fault, again] of [
      [THROTTLED, true],
      [CUT_OFF, true],
      [NOT_FOUND, false],
    ] as const) {
      const { oci, refs } = withKeys(1);
      const cloud = cloudOf(oci);
      oci.faults.push({ call: "ListPolicies", fault });
      const [before] = await inspectAll(cloud, refs);
      const [after] = await inspectAll(cloud, refs);
      expect(before?.documents.every(({ body }) => body.known)).toBe(false);
      expect(after?.documents.every(({ body }) => body.known)).toBe(again);
    }
  });

  test("no more than four policies are asked for at once", async () => {
    const oci = new FakeOci();
    for (let index = 0; index < 30; index++) oci.put(`p${index}`, ["x"]);
    const identity = oci.clients.identity({ base: "x", instead: null });
    let now = 0;
    let most = 0;
    const getPolicy = async (id: string) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return await identity.getPolicy(id);
    };
    await cloudOf(oci, { clients: { ...oci.clients, identity: () => ({ ...identity, getPolicy }) } }).inspect(
      REF,
      GRANT,
    );
    expect(most).toBe(4);
  });
});

describe("where it is asked", () => {
  const atKms = (oci: FakeOci) => oci.asked.find(({ service }) => service === "management")?.at;
  const VAULT = "ocid1.vault.oc1.eu-frankfurt-1.vault1.abtheljrvault";

  test("as the OCID suggests", async () => {
    const oci = new FakeOci();
    await cloudOf(oci).inspect(REF, null);
    expect(atKms(oci)).toEqual({ base: "https://vault1-management.kms.eu-frankfurt-1.oraclecloud.com", instead: null });
  });

  test("as the vault says, which is asked once", async () => {
    const oci = new FakeOci();
    const cloud = cloudOf(oci, { oci: { vault: VAULT } });
    await Promise.all([cloud.inspect(REF, null), cloud.inspect(REF, null)]);
    expect(atKms(oci)?.base).toBe("https://m.example.com");
    expect(oci.asked.find(({ service }) => service === "vaults")?.at.base).toBe(
      "https://kms.eu-frankfurt-1.oraclecloud.com",
    );
    expect(oci.calls.filter((call) => call.startsWith("GetVault"))).toEqual([`GetVault ${VAULT}`]);
  });

  test("a vault is asked only about keys that are in it", async () => {
    const oci = new FakeOci();
    await cloudOf(oci, { oci: { vault: VAULT.replace("vault1", "another") } }).inspect(REF, null);
    expect(atKms(oci)?.base).toContain("vault1-management");
  });

  test("a vault that cannot be looked at is the answer", async () => {
    const oci = new FakeOci();
    oci.faults.push({ call: "GetVault", fault: NOT_FOUND });
    const { key } = await cloudOf(oci, { oci: { vault: VAULT } }).inspect(REF, null);
    expect(key).toMatchObject({ known: false, why: { detail: expect.stringContaining(`GetVault of ${VAULT}`) } });
  });

  test("as a person says, before all else", async () => {
    const oci = new FakeOci();
    const settings = {
      vault: VAULT,
      managementEndpoint: "https://mine.example.com",
      cryptoEndpoint: "https://c.example.com",
    };
    await cloudOf(oci, { oci: settings }).inspect(REF, null);
    expect(atKms(oci)?.base).toBe("https://mine.example.com");
    expect(oci.calls.some((call) => call.startsWith("GetVault"))).toBe(false);
  });

  test("one address for all of OCI, which is told whom it stands in for", async () => {
    const oci = new FakeOci();
    await cloudOf(oci, { oci: { endpoint: "http://127.0.0.1:1" } }).inspect(REF, GRANT);
    expect(new Set(oci.asked.map(({ at }) => at.base))).toEqual(new Set(["http://127.0.0.1:1"]));
    expect(oci.asked.map(({ at }) => at.instead)).toContain("vault1-management.kms.eu-frankfurt-1.oraclecloud.com");
    expect(oci.asked.at(-1)?.at.instead).toBe("identity.us-ashburn-1.oci.oraclecloud.com");
  });

  test("an OCID that does not tell, and a realm that nobody knows", async () => {
    for (const id of ["ocid1.key.oc1.eu-frankfurt-1.unique", "ocid1.key.oc99.moon-sea-1.v.unique"]) {
      const ref = parseOciKey(id) ?? REF;
      const { key } = await cloudOf(new FakeOci()).inspect(ref, null);
      expect(key).toMatchObject({
        known: false,
        why: { code: "look.misconfigured", fix: expect.stringContaining("--oci-vault") },
      });
    }
  });
});
