import { describe, expect, test } from "vitest";
import { HEALTHY_GCP_KEY } from "../../../src/sandbox/cast.ts";
import { base64, inShort, keyNamed, RING, stage } from "./kit.ts";

const DAY = 86_400_000;
const LOCATION = "projects/demo/locations/europe-west1";

describe("key rings", () => {
  test("are made, listed and found", async () => {
    const { ask } = await stage();
    const made = await ask("POST", `${LOCATION}/keyRings?keyRingId=mine`, {});
    expect(made.body).toEqual({ name: `${LOCATION}/keyRings/mine`, createTime: "2026-11-20T10:00:00.000Z" });
    expect(inShort(await ask("POST", `${LOCATION}/keyRings?key_ring_id=mine`, {}))).toBe(
      `409 ALREADY_EXISTS: KeyRing ${LOCATION}/keyRings/mine already exists.`,
    );
    expect((await ask("GET", `${LOCATION}/keyRings`)).body).toMatchObject({ totalSize: 3 });
    expect((await ask("GET", `${LOCATION}/keyRings/mine`)).body).toEqual(made.body);
    expect(inShort(await ask("GET", `${LOCATION}/keyRings/none`))).toBe(
      `404 NOT_FOUND: KeyRing ${LOCATION}/keyRings/none not found.`,
    );
    expect(inShort(await ask("POST", `${LOCATION}/keyRings?keyRingId=a.b`, {}))).toMatch(/^400 INVALID_ARGUMENT/);
  });
});

describe("keys", () => {
  test("as Google shows one", async () => {
    const { ask } = await stage();
    expect((await ask("GET", HEALTHY_GCP_KEY)).body).toEqual({
      name: HEALTHY_GCP_KEY,
      primary: {
        name: `${HEALTHY_GCP_KEY}/cryptoKeyVersions/1`,
        state: "ENABLED",
        createTime: "2025-06-01T09:00:00.000Z",
        generateTime: "2025-06-01T09:00:00.000Z",
        protectionLevel: "SOFTWARE",
        algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION",
      },
      purpose: "ENCRYPT_DECRYPT",
      createTime: "2025-06-01T09:00:00.000Z",
      nextRotationTime: "2027-02-18T10:00:00.000Z",
      rotationPeriod: "7776000s",
      versionTemplate: { protectionLevel: "SOFTWARE", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" },
      destroyScheduledDuration: "2592000s",
    });
    const rsa = await ask("GET", keyNamed("rsa"));
    expect(rsa.body).not.toHaveProperty("primary");
    expect(rsa.body).not.toHaveProperty("rotationPeriod");
  });

  test("with numbers for names, as Google's own clients ask", async () => {
    const { ask } = await stage();
    const asked = await ask("GET", `${HEALTHY_GCP_KEY}?%24alt=json%3Benum-encoding%3Dint`);
    expect(asked.body).toMatchObject({
      purpose: 1,
      primary: { state: 1, algorithm: 1, protectionLevel: 1 },
      versionTemplate: { algorithm: 1 },
    });
  });

  test("are made with or without a version, by name or by number", async () => {
    const { ask } = await stage();
    const made = await ask("POST", `${RING}/cryptoKeys?cryptoKeyId=k1`, { purpose: 1, labels: { team: "data" } });
    expect(made.body).toMatchObject({
      purpose: "ENCRYPT_DECRYPT",
      primary: { name: `${keyNamed("k1")}/cryptoKeyVersions/1` },
      labels: { team: "data" },
    });
    expect((await ask("POST", `${keyNamed("k1")}:encrypt`, { plaintext: base64("x") })).status).toBe(200);
    const template = { algorithm: "RSA_DECRYPT_OAEP_2048_SHA256", protectionLevel: "HSM" };
    const rsa = await ask("POST", `${RING}/cryptoKeys?cryptoKeyId=k2&skipInitialVersionCreation=true`, {
      purpose: "ASYMMETRIC_DECRYPT",
      versionTemplate: template,
    });
    expect(rsa.body).toMatchObject({ purpose: "ASYMMETRIC_DECRYPT", versionTemplate: template });
    expect((await ask("GET", `${keyNamed("k2")}/cryptoKeyVersions`)).body).toEqual({ totalSize: 0 });
    expect((await ask("POST", `${keyNamed("k2")}/cryptoKeyVersions`, {})).body).toMatchObject({ state: "ENABLED" });
  });

  test.each([
    ["symmetric", { purpose: "ENCRYPT_DECRYPT" }, "409 ALREADY_EXISTS"],
    ["new", {}, "400 INVALID_ARGUMENT"],
    ["new", { purpose: "NONSENSE" }, "400 INVALID_ARGUMENT"],
    ["new", { purpose: "ASYMMETRIC_DECRYPT" }, "400 INVALID_ARGUMENT"],
    ["new", { purpose: "MAC", versionTemplate: { algorithm: "EC_SIGN_P256_SHA256" } }, "400 INVALID_ARGUMENT"],
    ["new", { purpose: "ENCRYPT_DECRYPT", rotationPeriod: "86400s" }, "400 INVALID_ARGUMENT"],
    [
      "new",
      { purpose: "ENCRYPT_DECRYPT", rotationPeriod: "60s", nextRotationTime: "2027-01-01T00:00:00Z" },
      "400 INVALID_ARGUMENT",
    ],
    ["n.w", { purpose: "ENCRYPT_DECRYPT" }, "400 INVALID_ARGUMENT"],
    ["new", { purpose: "ENCRYPT_DECRYPT", colour: "red" }, "400 INVALID_ARGUMENT"],
  ])("cannot be made: %s %j", async (id, body, expected) => {
    const { ask } = await stage();
    expect(inShort(await ask("POST", `${RING}/cryptoKeys?cryptoKeyId=${id}`, body))).toMatch(expected);
  });

  test("are listed a page at a time, filtered and sorted", async () => {
    const { ask } = await stage();
    const names: string[] = [];
    let token = "";
    do {
      const { body } = await ask("GET", `${RING}/cryptoKeys?pageSize=20&pageToken=${token}`);
      for (const key of body["cryptoKeys"] as { name: string }[]) names.push(key.name);
      token = String(body["nextPageToken"] ?? "");
    } while (token !== "");
    expect(new Set(names).size).toBe(names.length);
    expect((await ask("GET", `${RING}/cryptoKeys`)).body["totalSize"]).toBe(names.length);
    const macs = await ask("GET", `${RING}/cryptoKeys?filter=${encodeURIComponent("purpose=MAC")}`);
    expect(macs.body).toMatchObject({ cryptoKeys: [{ name: keyNamed("mac") }] });
    expect(macs.body).not.toHaveProperty("totalSize");
    const sorted = await ask("GET", `${RING}/cryptoKeys?orderBy=${encodeURIComponent("name desc")}&pageSize=1`);
    expect(sorted.body).toMatchObject({ cryptoKeys: [{ name: names.toSorted().at(-1) }] });
    expect(inShort(await ask("GET", `${RING}/cryptoKeys?filter=a~b`))).toMatch(/^400 INVALID_ARGUMENT/);
    expect(inShort(await ask("GET", `${RING}/cryptoKeys?pageToken=x`))).toMatch(/^400 INVALID_ARGUMENT/);
  });

  test("an update changes what the mask says and nothing else", async () => {
    const { ask } = await stage();
    const off = await ask("PATCH", `${HEALTHY_GCP_KEY}?updateMask=rotationPeriod,nextRotationTime`, {});
    expect(off.body).not.toHaveProperty("rotationPeriod");
    const labels = await ask("PATCH", `${HEALTHY_GCP_KEY}?updateMask=labels`, {
      labels: { a: "b" },
      rotationPeriod: "1s",
    });
    expect(labels.body).toMatchObject({ labels: { a: "b" } });
    expect(labels.body).not.toHaveProperty("rotationPeriod");
    expect(inShort(await ask("PATCH", HEALTHY_GCP_KEY, {}))).toMatch("update_mask is required");
    expect(inShort(await ask("PATCH", `${HEALTHY_GCP_KEY}?updateMask=purpose`, {}))).toMatch(
      "'purpose' cannot be updated",
    );
    const rsa = { rotationPeriod: "864000s", nextRotationTime: "2027-01-01T00:00:00Z" };
    expect(
      inShort(await ask("PATCH", `${keyNamed("rsa")}?update_mask=rotation_period,next_rotation_time`, rsa)),
    ).toMatch("do not support automatic rotation");
  });
});

describe("versions", () => {
  test("from enabled to disabled and back, to destruction and back", async () => {
    const { ask, clock } = await stage();
    const version = `${HEALTHY_GCP_KEY}/cryptoKeyVersions/1`;
    const turn = async (state: string | number) =>
      (await ask("PATCH", `${version}?updateMask=state`, { state })).body["state"];
    expect(await turn("DISABLED")).toBe("DISABLED");
    expect(await turn(1)).toBe("ENABLED");
    const going = await ask("POST", `${version}:destroy`, {});
    expect(going.body).toMatchObject({ state: "DESTROY_SCHEDULED", destroyTime: "2026-12-20T10:00:00.000Z" });
    expect(inShort(await ask("PATCH", `${version}?updateMask=state`, { state: "ENABLED" }))).toMatch(
      "current state is: DESTROY_SCHEDULED.",
    );
    const back = await ask("POST", `${version}:restore`, {});
    expect(back.body).toMatchObject({ state: "DISABLED" });
    expect(back.body).not.toHaveProperty("destroyTime");
    await ask("POST", `${version}:destroy`, {});
    clock.pass(30 * DAY);
    expect((await ask("GET", HEALTHY_GCP_KEY)).body).toMatchObject({
      primary: { state: "DESTROYED", destroyEventTime: "2026-12-20T10:00:00.000Z" },
    });
    expect(inShort(await ask("POST", `${version}:restore`, {}))).toMatch(/^400 FAILED_PRECONDITION/);
    expect(inShort(await ask("PATCH", `${version}?updateMask=state`, { state: "DESTROYED" }))).toMatch(/^400 INVALID/);
  });

  test("a new one becomes the primary when it is made so, and only while it is enabled", async () => {
    const { ask } = await stage();
    const made = await ask("POST", `${HEALTHY_GCP_KEY}/cryptoKeyVersions`, {});
    expect(made.body).toMatchObject({ name: `${HEALTHY_GCP_KEY}/cryptoKeyVersions/2`, state: "ENABLED" });
    expect((await ask("GET", HEALTHY_GCP_KEY)).body).toMatchObject({
      primary: { name: expect.stringMatching(/\/1$/) },
    });
    const turn = (id: string) => ask("POST", `${HEALTHY_GCP_KEY}:updatePrimaryVersion`, { cryptoKeyVersionId: id });
    expect((await turn("2")).body).toMatchObject({ primary: { name: expect.stringMatching(/\/2$/) } });
    await ask("PATCH", `${HEALTHY_GCP_KEY}/cryptoKeyVersions/1?updateMask=state`, { state: "DISABLED" });
    expect(inShort(await turn("1"))).toMatch("is not enabled, current state is: DISABLED.");
    expect(inShort(await turn("9"))).toMatch(/^404 NOT_FOUND/);
    const enabled = await ask("GET", `${HEALTHY_GCP_KEY}/cryptoKeyVersions?filter=state%3DENABLED`);
    expect(enabled.body).toMatchObject({ cryptoKeyVersions: [{ name: expect.stringMatching(/\/2$/) }] });
  });

  test("the key is rotated when its time has come, once for all the times that were missed", async () => {
    const { ask, clock } = await stage();
    clock.pass(200 * DAY);
    expect((await ask("GET", HEALTHY_GCP_KEY)).body).toMatchObject({
      primary: { name: `${HEALTHY_GCP_KEY}/cryptoKeyVersions/2` },
      nextRotationTime: "2027-08-17T10:00:00.000Z",
    });
  });
});

test("locations", async () => {
  const { ask } = await stage();
  expect((await ask("GET", "projects/demo/locations")).body).toMatchObject({
    locations: [{ locationId: "europe-west1" }, { locationId: "global" }],
  });
  expect((await ask("GET", LOCATION)).body).toMatchObject({ name: LOCATION });
});

test("what is not served is nobody's", async () => {
  const { ask } = await stage();
  for (const path of [`${HEALTHY_GCP_KEY}:macSign`, `${LOCATION}/importJobs`, "projects/demo", "projects//locations"]) {
    const said = await ask("POST", path, {});
    expect([said.status, said.text]).toEqual([404, expect.stringMatching("The sandbox does not serve POST")]);
  }
});
