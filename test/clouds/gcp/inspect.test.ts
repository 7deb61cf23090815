import { describe, expect, test } from "vitest";
import { describe as describeKey, rotates } from "../../../src/clouds/gcp/describe.ts";
import type { CryptoKey, CryptoKeyVersion } from "../../../src/clouds/gcp/kms.ts";
import { type AccessView, judgeKey } from "../../../src/core/evidence.ts";
import type { KeyFacts } from "../../../src/core/model.ts";
import { fakeClock } from "../../io/stub.ts";
import {
  cloudOf,
  etagOf,
  fakeGcp,
  GRANT,
  googleError,
  KEY,
  MEMBER,
  POLICY,
  REF,
  RING,
  ROLE,
  refOf,
  rsaKey,
  symmetricKey,
  version,
} from "./fixture.ts";

const NOBODY: AccessView = { kind: "unjudged", findings: [] };
const OPTIONS = { now: new Date("2026-11-21T10:00:00Z"), warnBeforeMs: 30 * 86_400_000 };
const codes = (facts: KeyFacts) => judgeKey(facts, POLICY, NOBODY, OPTIONS).findings.map((one) => one.code);

describe("states", () => {
  const symmetric = (state: string, more: Partial<CryptoKeyVersion> = {}) => {
    const primary = version(KEY, 1, state, more);
    return describeKey({ ...symmetricKey().description, primary }, [primary]);
  };
  test.each([
    ["ENABLED", "usable"],
    ["DISABLED", "disabled"],
    ["DESTROYED", "no-material"],
    ["DESTROY_SCHEDULED", "pending-deletion"],
    ["PENDING_GENERATION", "not-ready"],
    ["PENDING_IMPORT", "not-ready"],
    ["IMPORT_FAILED", "no-material"],
    ["GENERATION_FAILED", "no-material"],
    ["PENDING_EXTERNAL_DESTRUCTION", "pending-deletion"],
    ["EXTERNAL_DESTRUCTION_FAILED", "unavailable"],
    ["SOMETHING_NEW", "not-ready"],
  ])("%s: %s", (state, expected) => {
    expect(symmetric(state)).toMatchObject({ state: expected, stateName: state });
  });

  test("when it will be destroyed", () => {
    const destroyTime = { seconds: "1795824000", nanos: 0 };
    expect(symmetric("DESTROY_SCHEDULED", { destroyTime }).deletionAt).toBe("2026-11-28T00:00:00Z");
    const older = version(KEY, 1, "DESTROY_SCHEDULED", { destroyTime });
    const primary = version(KEY, 2);
    const described = describeKey({ ...symmetricKey().description, primary }, [older, primary]);
    expect(described).toMatchObject({
      state: "usable",
      deletionAt: "2026-11-28T00:00:00Z",
      olderVersions: [{ id: "1", usable: false, stateName: "DESTROY_SCHEDULED" }],
    });
  });

  test("the primary decides for a symmetric key, whatever is newer", () => {
    const primary = version(KEY, 2, "DISABLED");
    const described = describeKey({ ...symmetricKey().description, primary }, [
      version(KEY, 1),
      primary,
      version(KEY, 3),
    ]);
    expect(described).toMatchObject({ state: "disabled", olderVersions: [{ id: "3" }, { id: "1" }] });
  });

  test("without a primary there is nothing to encrypt with", () => {
    expect(describeKey({ ...symmetricKey().description, primary: null }, [version(KEY, 1)])).toMatchObject({
      state: "no-material",
      stateName: "no primary version",
      algorithms: ["GOOGLE_SYMMETRIC_ENCRYPTION"],
    });
  });

  test("a first version on its way is waited for", () => {
    const key = { ...symmetricKey().description, primary: null };
    expect(describeKey(key, [version(KEY, 1, "PENDING_IMPORT")])).toMatchObject({
      state: "not-ready",
      stateName: "PENDING_IMPORT",
    });
    expect(describeKey(key, [version(KEY, 1, "IMPORT_FAILED")])).toMatchObject({ state: "no-material" });
  });

  test("the newest enabled version decides for RSA", () => {
    const key = rsaKey().description;
    const name = key.name ?? "";
    const versions = [
      version(name, 9, "ENABLED", { algorithm: "RSA_DECRYPT_OAEP_4096_SHA256" }),
      version(name, 10, "DISABLED"),
      version(name, 2),
    ];
    expect(describeKey(key, versions)).toMatchObject({
      state: "usable",
      algorithms: ["RSA_DECRYPT_OAEP_4096_SHA256"],
      olderVersions: [
        { id: "10", usable: false },
        { id: "2", usable: true },
      ],
    });
    expect(describeKey(key, [version(name, 1, "DESTROYED"), version(name, 2, "DISABLED")])).toMatchObject({
      state: "disabled",
    });
    expect(describeKey(key, [])).toMatchObject({ state: "no-material", stateName: "no version" });
  });

  test("versions that never had material are no older versions", () => {
    const versions = ["PENDING_IMPORT", "IMPORT_FAILED", "GENERATION_FAILED", "PENDING_GENERATION"].map(
      (state, index) => version(KEY, index + 2, state),
    );
    expect(describeKey(symmetricKey().description, [version(KEY, 1), ...versions]).olderVersions).toEqual([]);
  });

  test("a Key Access Justifications policy that takes nothing", () => {
    const key: CryptoKey = {
      ...symmetricKey().description,
      keyAccessJustificationsPolicy: { allowedAccessReasons: [] },
    };
    expect(describeKey(key, [version(KEY, 1)])).toMatchObject({
      state: "unavailable",
      stateName: "its Key Access Justifications policy takes no reason",
    });
  });

  test.each<[string, CryptoKey, boolean | null]>([
    ["on", symmetricKey().description, true],
    ["off", { ...symmetricKey().description, rotationPeriod: null, nextRotationTime: null }, false],
    ["RSA has none", rsaKey().description, null],
    ["external keys have none", { purpose: "ENCRYPT_DECRYPT", versionTemplate: { protectionLevel: "EXTERNAL" } }, null],
    ["imported keys have none", { purpose: "ENCRYPT_DECRYPT", importOnly: true }, null],
  ])("rotation: %s", (_, key, expected) => {
    expect(rotates(key)).toBe(expected);
  });
});

describe("inspecting", () => {
  test("everything that decides", async () => {
    const key = symmetricKey();
    key.policy = {
      version: 3,
      bindings: [{ role: ROLE, members: [MEMBER], condition: { title: "t", expression: "true" } }],
    };
    const port = fakeGcp(key);
    const facts = await cloudOf(port).inspect(REF, null);
    expect(facts).toMatchObject({
      ref: REF,
      rotation: { known: true, value: true },
      key: { known: true, value: { state: "usable" } },
    });
    expect(facts.documents.map(({ id, title }) => [id, title])).toEqual([
      ["key-policy", "the IAM policy of the key"],
      ["ring-policy", "the IAM policy of the key ring"],
      ["project-policy", "the IAM policy of the project"],
    ]);
    const [own] = facts.documents;
    expect(own?.body).toMatchObject({ known: true, value: { revision: etagOf(key) } });
    expect(own?.body.known && own.body.value.text).toBe(JSON.stringify({ ...key.policy, etag: etagOf(key) }, null, 2));
    expect(codes(facts)).toEqual([]);
  });

  test("rings and projects are read once for all keys, also for those that ask at the same time", async () => {
    const names = [1, 2, 3].map((number) => `${RING}/cryptoKeys/k${number}`);
    const port = fakeGcp(...names.map(symmetricKey));
    const cloud = cloudOf(port);
    await Promise.all(names.map((name) => cloud.inspect(refOf(name), null)));
    await cloud.inspect(refOf(names[0] ?? ""), null);
    expect(port.calls.filter((call) => call === `getIamPolicy ${RING}`)).toHaveLength(1);
    expect(port.calls.filter((call) => call === "getProjectIamPolicy demo")).toHaveLength(1);
    expect(port.calls.filter((call) => call.startsWith("getCryptoKey"))).toHaveLength(4);
  });

  test("what failed in passing is asked again for the next key; a denial is not", async () => {
    const port = fakeGcp(symmetricKey());
    let passing = 2;
    port.hook = (call) => {
      if (call === "getProjectIamPolicy") throw googleError(403, "PERMISSION_DENIED", "no");
      if (call === "getIamPolicy" && passing-- > 0) throw googleError(503, "UNAVAILABLE", "later");
    };
    const cloud = cloudOf(port, { attempts: 1 });
    const first = await cloud.inspect(REF, null);
    expect(first.documents.map((one) => one.body.known)).toEqual([false, false, false]);
    const second = await cloud.inspect(REF, null);
    expect(second.documents.map((one) => one.body.known)).toEqual([true, true, false]);
    expect(port.calls.filter((call) => call.startsWith("getProjectIamPolicy"))).toHaveLength(1);
  });

  test("no such key", async () => {
    const facts = await cloudOf(fakeGcp()).inspect(REF, GRANT);
    expect(facts.key).toEqual({ known: true, value: null });
    expect(codes(facts)).toEqual(["key.not-found"]);
  });

  test.each([
    ["denied", googleError(403, "PERMISSION_DENIED", "no"), "look.denied"],
    ["expired", googleError(401, "UNAUTHENTICATED", "no"), "look.credentials"],
    ["quota", googleError(429, "RESOURCE_EXHAUSTED", "no"), "look.throttled"],
    ["unavailable", googleError(503, "UNAVAILABLE", "no"), "look.unreachable"],
    ["another region", googleError(404, "NOT_FOUND", "was sent to location 'x'"), "look.misconfigured"],
  ])("could not look: %s", async (_, error, code) => {
    const port = fakeGcp(symmetricKey());
    port.hook = () => {
      throw error;
    };
    const facts = await cloudOf(port).inspect(REF, GRANT);
    expect(codes(facts)).toEqual([code]);
    expect(facts.documents.map((one) => (one.body.known ? null : one.body.why.code))).toEqual([code, code, code]);
  });

  test("an answer about another key decides nothing", async () => {
    const port = fakeGcp(symmetricKey());
    port.getCryptoKey = async () => symmetricKey(`${KEY}2`).description;
    expect(codes(await cloudOf(port).inspect(REF, null))).toEqual(["look.misconfigured"]);
    port.getCryptoKey = async () => ({});
    expect(codes(await cloudOf(port).inspect(REF, null))).toEqual(["look.unreachable"]);
  });

  test("a key by its project's number is known by its id afterwards", async () => {
    const numbered = KEY.replace("projects/demo", "projects/42");
    const port = fakeGcp({ ...symmetricKey(numbered), description: { ...symmetricKey().description } });
    port.keys.set(numbered, port.keys.get(KEY) ?? symmetricKey());
    port.texts.set(RING.replace("projects/demo", "projects/42"), '{"etag":"x"}');
    port.texts.set("projects/42", '{"etag":"x"}');
    expect((await cloudOf(port).inspect(refOf(numbered), null)).ref).toEqual(REF);
  });

  test("a policy without an etag is not Google's: nothing is written on it", async () => {
    const port = fakeGcp(symmetricKey());
    port.getIamPolicy = async () => '{"bindings":[]}';
    const [own] = (await cloudOf(port).inspect(REF, null)).documents;
    expect(own?.body).toMatchObject({ known: false, why: { code: "look.unreachable" } });
  });

  test("versions of all pages count", async () => {
    const key = symmetricKey();
    const states = ["DISABLED", "ENABLED", "DESTROYED", "ENABLED", "ENABLED"];
    key.versions = states.map((state, index) => version(KEY, index + 1, state));
    key.description = { ...key.description, primary: version(KEY, 5) };
    const facts = await cloudOf(fakeGcp(key)).inspect(REF, null);
    expect(facts.key.known && facts.key.value?.olderVersions.map((one) => [one.id, one.usable])).toEqual([
      ["4", true],
      ["3", false],
      ["2", true],
      ["1", false],
    ]);
    expect(codes(facts)).toEqual(["key.old-version-unavailable", "key.old-version-unavailable"]);
  });

  test("a list of versions without an end", async () => {
    const port = fakeGcp(symmetricKey());
    port.listCryptoKeyVersions = async () => ({ cryptoKeyVersions: [], nextPageToken: "same" });
    expect(codes(await cloudOf(port).inspect(REF, null))).toEqual(["look.unreachable"]);
  });

  test("custom roles are looked up for the vendor's principal only, once, and only when somebody asks about it", async () => {
    const key = symmetricKey();
    key.policy = {
      bindings: [
        { role: "projects/demo/roles/mine", members: [MEMBER] },
        { role: "projects/demo/roles/denied", members: [MEMBER] },
        { role: "projects/demo/roles/others", members: ["user:a@example.com"] },
      ],
    };
    const port = fakeGcp(key);
    port.texts.set("projects/demo/roles/mine", JSON.stringify({ includedPermissions: ["x"], etag: "e" }));
    const cloud = cloudOf(port);
    expect((await cloud.inspect(REF, null)).documents).toHaveLength(3);
    const facts = await cloud.inspect(REF, GRANT);
    expect(facts.documents.slice(3).map(({ id, body }) => [id, body.known])).toEqual([
      ["role:projects/demo/roles/denied", false],
      ["role:projects/demo/roles/mine", true],
    ]);
    await cloud.inspect(REF, GRANT);
    expect(port.calls.filter((call) => call.startsWith("getRole"))).toHaveLength(2);
  });

  test("kinds that the vendor does not take", async () => {
    for (const [purpose, algorithm, code] of [
      ["ASYMMETRIC_SIGN", "RSA_SIGN_PSS_2048_SHA256", "key.wrong-usage"],
      ["MAC", "HMAC_SHA256", "key.wrong-usage"],
      ["RAW_ENCRYPT_DECRYPT", "AES_256_GCM", "key.wrong-usage"],
      ["ASYMMETRIC_DECRYPT", "RSA_DECRYPT_OAEP_3072_SHA256", "key.wrong-algorithm"],
    ] as const) {
      const key = rsaKey(KEY);
      key.description = { ...key.description, purpose };
      key.versions = [version(KEY, 1, "ENABLED", { algorithm })];
      expect(codes(await cloudOf(fakeGcp(key)).inspect(REF, null))).toEqual([code]);
    }
  });
});

describe("asking again", () => {
  test("after what may be over a moment later, with growing pauses", async () => {
    const port = fakeGcp(symmetricKey());
    let bad = 3;
    port.hook = (call) => {
      if (call === "getCryptoKey" && bad-- > 0) throw googleError(503, "UNAVAILABLE", "later");
    };
    const clock = fakeClock();
    const facts = await cloudOf(port, { clock }).inspect(REF, null);
    expect(facts.key.known).toBe(true);
    expect(clock.slept).toEqual([375, 750, 1500]);
  });

  test("as late as Google asks, when throttled", async () => {
    const port = fakeGcp(symmetricKey());
    let bad = 1;
    port.hook = (call) => {
      if (call === "getCryptoKey" && bad-- > 0)
        throw googleError(429, "RESOURCE_EXHAUSTED", "q", [{ retryDelay: "20s" }]);
    };
    const clock = fakeClock();
    await cloudOf(port, { clock }).inspect(REF, null);
    expect(clock.slept).toEqual([20_000]);
  });

  test("not after a refusal, and not without end", async () => {
    const port = fakeGcp(symmetricKey());
    port.hook = (call) => {
      if (call === "getCryptoKey") throw googleError(403, "PERMISSION_DENIED", "no");
      if (call === "getIamPolicy") throw googleError(500, "INTERNAL", "no");
    };
    await cloudOf(port, { attempts: 3 }).inspect(REF, null);
    expect(port.calls.filter((call) => call.startsWith("getCryptoKey"))).toHaveLength(1);
    expect(port.calls.filter((call) => call === `getIamPolicy ${KEY}`)).toHaveLength(3);
  });

  test("not when the command's time is over", async () => {
    const port = fakeGcp(symmetricKey());
    const controller = new AbortController();
    port.hook = () => {
      controller.abort();
      throw googleError(503, "UNAVAILABLE", "later");
    };
    await cloudOf(port, { signal: controller.signal }).inspect(REF, null);
    expect(port.calls.filter((call) => call.startsWith("getCryptoKey"))).toHaveLength(1);
  });
});
