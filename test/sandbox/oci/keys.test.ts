import { describe, expect, test } from "vitest";
import { HEALTHY_OCI_KEY, OCI_AUDITOR, OCI_VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import { compartmentId, ocidOf, PROD, TEAM } from "../../../src/sandbox/oci/recipes.ts";
import { at, stage, textAt } from "./kit.ts";

const KEYS = "/20180608/keys";
const ENCRYPT = "/20180608/encrypt";
const DAY = 86_400_000;

const ABSENT_OR_DENIED = { status: 404, body: { code: "NotAuthorizedOrNotFound" } };
const INCORRECT_STATE = { status: 409, body: { code: "IncorrectState" } };

describe("vaults", () => {
  test("name their endpoints: the one host", async () => {
    await using on = await stage();
    const vaults = await on.ask("GET", `/20180608/vaults?compartmentId=${TEAM}`);
    expect(at(vaults, "length")).toBe(3);
    const id = "ocid1.vault.oc1.eu-frankfurt-1.demovault.sandboxvault";
    const { origin } = on.sandbox;
    const got = await on.ask("GET", `/20180608/vaults/${id}`);
    expect(got).toMatchObject({ status: 200, body: { id, managementEndpoint: origin, cryptoEndpoint: origin } });
    const there = await on.ask("GET", `/eu-frankfurt-1/20180608/vaults/${id}`);
    expect(there).toMatchObject({ status: 200, body: { cryptoEndpoint: `${origin}/eu-frankfurt-1` } });
    expect(await on.ask("GET", `/us-ashburn-1/20180608/vaults/${id}`)).toMatchObject(ABSENT_OR_DENIED);
    expect(await on.ask("GET", "/20180608/vaults/ocid1.vault.oc1..none")).toMatchObject(ABSENT_OR_DENIED);
  });
});

describe("keys", () => {
  test("can be looked at by those who may", async () => {
    await using on = await stage();
    const got = await on.ask("GET", `${KEYS}/${HEALTHY_OCI_KEY}`);
    expect(got).toMatchObject({
      status: 200,
      headers: { etag: expect.any(String) },
      body: {
        id: HEALTHY_OCI_KEY,
        compartmentId: PROD,
        keyShape: { algorithm: "AES", length: 32 },
        protectionMode: "HSM",
        lifecycleState: "ENABLED",
        currentKeyVersion: "ocid1.keyversion.oc1.eu-frankfurt-1.demovault.healthyv1",
        timeOfDeletion: null,
      },
    });
    expect((await on.ask("GET", `${KEYS}/${HEALTHY_OCI_KEY}`, undefined, { as: OCI_AUDITOR })).status).toBe(200);
    const outside = await on.ask("GET", `${KEYS}/${HEALTHY_OCI_KEY}`, undefined, { as: OCI_VENDOR_DEMO });
    expect(outside).toMatchObject(ABSENT_OR_DENIED);
    expect(await on.ask("GET", `${KEYS}/${ocidOf("absent")}`)).toMatchObject(ABSENT_OR_DENIED);
    expect(await on.ask("GET", `/us-ashburn-1${KEYS}/${HEALTHY_OCI_KEY}`)).toMatchObject(ABSENT_OR_DENIED);
  });

  test("are listed in their compartment, in pages", async () => {
    await using on = await stage();
    const all = await on.ask("GET", `${KEYS}?compartmentId=${PROD}`);
    expect(JSON.stringify(all.body)).toContain(HEALTHY_OCI_KEY);
    expect(at(await on.ask("GET", `${KEYS}?compartmentId=${PROD}&algorithm=RSA`), "length")).toBe(1);
    const first = await on.ask("GET", `${KEYS}?compartmentId=${PROD}&limit=2`);
    expect(at(first, "length")).toBe(2);
    const next = await on.ask("GET", `${KEYS}?compartmentId=${PROD}&limit=2&page=${first.headers["opc-next-page"]}`);
    expect(at(next, 0, "id")).toBe(at(all, 2, "id"));
  });

  test("a key of a fault has its way", async () => {
    await using on = await stage();
    expect(await on.ask("GET", `${KEYS}/${ocidOf("throttled")}`)).toMatchObject({
      status: 429,
      body: { code: "TooManyRequests", message: "User-rate limit exceeded." },
    });
    expect(await on.ask("GET", `${KEYS}/${ocidOf("internal-error")}`)).toMatchObject({
      status: 500,
      body: { code: "InternalServerError" },
    });
    await expect(on.ask("GET", `${KEYS}/${ocidOf("hangs-up")}`)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(await on.ask("GET", `${KEYS}/${ocidOf("region-not-subscribed", "ap-tokyo-1")}`)).toMatchObject({
      status: 401,
    });
  });

  test("are created and enabled in time", async () => {
    await using on = await stage({ ociTransitionMs: 2000 });
    const details = { compartmentId: TEAM, displayName: "mine", keyShape: { algorithm: "AES", length: 32 } };
    const created = await on.ask("POST", KEYS, details);
    expect(created).toMatchObject({ status: 200, body: { lifecycleState: "CREATING", displayName: "mine" } });
    const path = `${KEYS}/${textAt(created, "id")}`;
    expect(await on.ask("GET", path)).toMatchObject({ body: { lifecycleState: "CREATING" } });
    const use = { keyId: textAt(created, "id"), plaintext: "YWI=" };
    expect(await on.ask("POST", ENCRYPT, use)).toMatchObject(INCORRECT_STATE);
    on.pass(2000);
    expect(await on.ask("GET", path)).toMatchObject({ body: { lifecycleState: "ENABLED" } });
    expect((await on.ask("POST", ENCRYPT, use)).status).toBe(200);
    expect(await on.ask("POST", KEYS, details, { as: OCI_AUDITOR })).toMatchObject(ABSENT_OR_DENIED);
  });

  test.each<[string, object, string]>([
    ["no shape", { keyShape: undefined }, "MissingParameter"],
    ["a length that there is not", { keyShape: { algorithm: "AES", length: 20 } }, "InvalidParameter"],
    ["an algorithm that there is not", { keyShape: { algorithm: "DES", length: 16 } }, "InvalidParameter"],
    ["another protection", { protectionMode: "PAPER" }, "InvalidParameter"],
    ["no name", { displayName: undefined }, "MissingParameter"],
  ])("%s is refused", async (_what, change, code) => {
    await using on = await stage();
    const details = { compartmentId: TEAM, displayName: "x", keyShape: { algorithm: "AES", length: 32 }, ...change };
    expect(await on.ask("POST", KEYS, details)).toMatchObject({ status: 400, body: { code } });
  });

  test("are disabled and enabled, by etag", async () => {
    await using on = await stage();
    const path = `${KEYS}/${HEALTHY_OCI_KEY}`;
    const before = String((await on.ask("GET", path)).headers["etag"]);
    const ifMatch = { headers: { "if-match": before } };
    expect(await on.ask("POST", `${path}/actions/disable`, undefined, ifMatch)).toMatchObject({
      status: 200,
      body: { lifecycleState: "DISABLING" },
    });
    expect(await on.ask("GET", path)).toMatchObject({ body: { lifecycleState: "DISABLED" } });
    expect(await on.ask("POST", `${path}/actions/disable`)).toMatchObject(INCORRECT_STATE);
    expect(await on.ask("POST", `${path}/actions/enable`, undefined, ifMatch)).toMatchObject({
      status: 412,
      body: { code: "NoEtagMatch" },
    });
    expect(await on.ask("POST", `${path}/actions/enable`, undefined, { as: OCI_AUDITOR })).toMatchObject(
      ABSENT_OR_DENIED,
    );
    expect(await on.ask("POST", `${path}/actions/enable`)).toMatchObject({ body: { lifecycleState: "ENABLING" } });
    expect(await on.ask("GET", path)).toMatchObject({ body: { lifecycleState: "ENABLED" } });
  });

  test("are scheduled for deletion, given back what they were, and deleted", async () => {
    await using on = await stage();
    const path = `${KEYS}/${ocidOf("disabled")}`;
    const soon = { timeOfDeletion: new Date(on.now().getTime() + 2 * DAY).toISOString() };
    expect(await on.ask("POST", `${path}/actions/scheduleDeletion`, soon)).toMatchObject({ status: 400 });
    const scheduled = await on.ask("POST", `${path}/actions/scheduleDeletion`, {});
    expect(scheduled).toMatchObject({
      status: 200,
      body: { lifecycleState: "SCHEDULING_DELETION", timeOfDeletion: "2026-12-20T10:00:00.000Z" },
    });
    expect(await on.ask("GET", path)).toMatchObject({ body: { lifecycleState: "PENDING_DELETION" } });
    expect(await on.ask("POST", `${path}/actions/cancelDeletion`)).toMatchObject({
      body: { lifecycleState: "CANCELLING_DELETION", timeOfDeletion: null },
    });
    expect(await on.ask("GET", path)).toMatchObject({ body: { lifecycleState: "DISABLED" } });
    await on.ask("POST", `${path}/actions/scheduleDeletion`, {});
    on.pass(30 * DAY);
    expect(await on.ask("GET", path)).toMatchObject({ body: { lifecycleState: "DELETED" } });
    expect(await on.ask("POST", `${path}/actions/cancelDeletion`)).toMatchObject(INCORRECT_STATE);
  });

  test("are renamed and moved", async () => {
    await using on = await stage();
    const path = `${KEYS}/${HEALTHY_OCI_KEY}`;
    const changed = await on.ask("PUT", path, { displayName: "other", isAutoRotationEnabled: false });
    expect(changed).toMatchObject({ status: 200, body: { displayName: "other", isAutoRotationEnabled: false } });
    const move = { compartmentId: compartmentId("network") };
    expect((await on.ask("POST", `${path}/actions/changeCompartment`, move)).status).toBe(204);
    expect(await on.ask("GET", path)).toMatchObject({ body: move });
  });
});

describe("versions", () => {
  test("a new one encrypts, the old one still decrypts, until it goes", async () => {
    await using on = await stage();
    const versions = `${KEYS}/${HEALTHY_OCI_KEY}/keyVersions`;
    const first = textAt(await on.ask("GET", `${KEYS}/${HEALTHY_OCI_KEY}`), "currentKeyVersion");
    const old = await on.ask("POST", ENCRYPT, { keyId: HEALTHY_OCI_KEY, plaintext: "b2xk" });
    const created = await on.ask("POST", versions);
    expect(created).toMatchObject({ status: 200, body: { lifecycleState: "CREATING", keyId: HEALTHY_OCI_KEY } });
    const listed = await on.ask("GET", versions);
    expect([at(listed, 0, "id"), at(listed, 1, "id")]).toEqual([at(created, "id"), first]);
    expect(await on.ask("GET", `${versions}/${textAt(created, "id")}`)).toMatchObject({
      body: { lifecycleState: "ENABLED", origin: "INTERNAL" },
    });
    const fresh = await on.ask("POST", ENCRYPT, { keyId: HEALTHY_OCI_KEY, plaintext: "bmV3" });
    expect(at(fresh, "keyVersionId")).toBe(at(created, "id"));

    const reading = { keyId: HEALTHY_OCI_KEY, ciphertext: at(old, "ciphertext") };
    expect(await on.ask("POST", "/20180608/decrypt", reading)).toMatchObject({
      body: { plaintext: "b2xk", keyVersionId: first },
    });
    const going = await on.ask("POST", `${versions}/${first}/actions/scheduleDeletion`, {});
    expect(going).toMatchObject({ status: 200, body: { lifecycleState: "SCHEDULING_DELETION" } });
    expect(await on.ask("POST", "/20180608/decrypt", reading)).toMatchObject(INCORRECT_STATE);
    expect((await on.ask("POST", `${versions}/${first}/actions/cancelDeletion`)).status).toBe(200);
    expect((await on.ask("POST", "/20180608/decrypt", reading)).status).toBe(200);
    const current = `${versions}/${textAt(created, "id")}/actions/scheduleDeletion`;
    expect(await on.ask("POST", current, {})).toMatchObject(INCORRECT_STATE);
    expect(await on.ask("GET", `${versions}/ocid1.keyversion.oc1..none`)).toMatchObject(ABSENT_OR_DENIED);
  });
});
