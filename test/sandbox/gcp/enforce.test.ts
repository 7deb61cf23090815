import { describe, expect, test } from "vitest";
import {
  GCP_AUDITOR,
  GCP_EXPIRED_TOKEN,
  GCP_OWNER,
  GCP_PROBE_ACCOUNT,
  GCP_VENDOR_DEMO,
  GCP_VENDOR_SECOND,
  HEALTHY_GCP_KEY,
} from "../../../src/sandbox/cast.ts";
import { holds } from "../../../src/sandbox/gcp/conditions.ts";
import { gcpKeys } from "../../../src/sandbox/gcp/keys.ts";
import { base64, detailIn, inShort, keyNamed, RING, stage } from "./kit.ts";

const NOW = new Date("2026-11-20T10:00:00.000Z");
const KEY = {
  time: NOW,
  name: HEALTHY_GCP_KEY,
  type: "cloudkms.googleapis.com/CryptoKey",
  service: "cloudkms.googleapis.com",
};

describe("conditions", () => {
  test.each([
    ['request.time < timestamp("2027-01-01T00:00:00Z")', true],
    ['request.time < timestamp("2026-01-01T00:00:00Z")', false],
    ['request.time.getFullYear("Europe/Berlin") == 2026', true],
    ['resource.type == "cloudkms.googleapis.com/CryptoKey" && resource.service == "cloudkms.googleapis.com"', true],
    ['resource.name.startsWith("projects/demo/")', true],
    ['resource.name.endsWith("/cryptoKeys/rsa")', false],
    ['resource.name.extract("/keyRings/{ring}/") == "demo"', true],
    ['resource.name.extract("/cryptoKeys/{key}") == "symmetric"', true],
    ['resource.name.extract("/nothing/{like}/it") == ""', true],
    // An error is no yes, and no no either.
    ['"x" in request.auth.access_levels', false],
    ['"x" in request.auth.access_levels || resource.name.startsWith("projects/")', true],
    ['!("x" in request.auth.access_levels)', false],
    ['resource.matchTag("1/env", "prod")', false],
    ["request.time", false],
    ["1 +", false],
  ])("%s: %s", (expression, expected) => {
    expect(holds(expression, KEY)).toBe(expected);
  });
});

describe("who may use the keys of a fresh world", () => {
  const MAY = [
    "granted",
    "granted-at-ring",
    "granted-at-project",
    "custom-role",
    "upper-case",
    "until-2100",
    "this-key-only",
    "two-versions",
    "everybody",
    "authenticated",
    "orphaned-granted",
    "unreadable",
    "granted-below-the-wall",
    "hidden",
    "old-version-disabled",
    "old-version-going",
    "rotation-off",
    "custom-role-partial",
  ];
  const MAY_NOT = [
    "symmetric",
    "denied-above",
    "grant-missing",
    "admin-only",
    "expired",
    "not-yet",
    "other-key-only",
    "partial",
    "conditional",
    "conditional-tag",
    "orphaned",
    "not-visible",
  ];
  const EVERYBODY = ["everybody", "authenticated"];

  test("the vendor's service account may encrypt with these and with no others", async () => {
    const { ask } = await stage();
    const said = async (name: string, as = GCP_VENDOR_DEMO) => {
      const id = gcpKeys().find((key) => key.name === name)?.id ?? "";
      return (await ask("POST", `${id}:encrypt`, { plaintext: base64("x") }, as)).status;
    };
    const statuses = async (names: readonly string[], as = GCP_VENDOR_DEMO) =>
      Object.fromEntries(await Promise.all(names.map(async (name) => [name, await said(name, as)] as const)));
    expect(await statuses(MAY)).toEqual(Object.fromEntries(MAY.map((name) => [name, 200])));
    expect(await statuses(MAY_NOT)).toEqual(Object.fromEntries(MAY_NOT.map((name) => [name, 403])));
    expect(await statuses(MAY, GCP_VENDOR_SECOND)).toEqual(
      Object.fromEntries(MAY.map((name) => [name, EVERYBODY.includes(name) ? 200 : 403])),
    );
  });
});

describe("people", () => {
  test("the auditor looks and does not touch", async () => {
    const { ask } = await stage();
    const may = async (method: string, path: string, body?: object) =>
      (await ask(method, path, body, GCP_AUDITOR)).status;
    expect(await may("GET", HEALTHY_GCP_KEY)).toBe(200);
    expect(await may("GET", `${HEALTHY_GCP_KEY}/cryptoKeyVersions`)).toBe(200);
    expect(await may("GET", `${HEALTHY_GCP_KEY}:getIamPolicy`)).toBe(200);
    expect(await may("GET", `${RING}:getIamPolicy`)).toBe(200);
    expect(await may("POST", "projects/demo:getIamPolicy")).toBe(200);
    expect(await may("GET", "projects/demo/roles/keyUser")).toBe(200);
    expect(await may("POST", `${HEALTHY_GCP_KEY}:encrypt`, { plaintext: base64("x") })).toBe(403);
    expect(await may("POST", `${HEALTHY_GCP_KEY}:setIamPolicy`, { policy: {} })).toBe(403);
    expect(await may("POST", `${HEALTHY_GCP_KEY}/cryptoKeyVersions/1:destroy`, {})).toBe(403);
    expect(await may("POST", `${RING}/cryptoKeys?cryptoKeyId=x`, { purpose: "ENCRYPT_DECRYPT" })).toBe(403);
  });

  test("who may not look is not told whether there is anything", async () => {
    const { ask } = await stage();
    for (const key of [HEALTHY_GCP_KEY, keyNamed("absent"), "projects/none/locations/x/keyRings/y/cryptoKeys/z"]) {
      const said = await ask("GET", key, undefined, GCP_VENDOR_DEMO);
      expect(inShort(said)).toBe(
        `403 PERMISSION_DENIED: Permission 'cloudkms.cryptoKeys.get' denied on resource '${key}' (or it may not exist).`,
      );
      expect(detailIn(said)).toEqual({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "IAM_PERMISSION_DENIED",
        domain: "cloudkms.googleapis.com",
        metadata: { permission: "cloudkms.cryptoKeys.get", resource: key },
      });
    }
    expect(inShort(await ask("GET", keyNamed("absent")))).toBe(
      `404 NOT_FOUND: CryptoKey ${keyNamed("absent")} not found.`,
    );
  });

  test("the walled project: keys to be seen and used, policies not to be read", async () => {
    const { ask } = await stage();
    const ring = "projects/walled/locations/europe-west1/keyRings/walled";
    const status = async (method: string, path: string) => (await ask(method, path)).status;
    expect(await status("GET", `${ring}/cryptoKeys/unreadable`)).toBe(200);
    expect(await status("GET", `${ring}/cryptoKeys/unreadable:getIamPolicy`)).toBe(403);
    expect(await status("GET", `${ring}/cryptoKeys/not-visible:getIamPolicy`)).toBe(200);
    expect(await status("GET", `${ring}:getIamPolicy`)).toBe(403);
    expect(await status("POST", "projects/walled:getIamPolicy")).toBe(403);
  });
});

describe("tokens", () => {
  test.each([
    ["", "CREDENTIALS_MISSING", "Request is missing required authentication credential."],
    [GCP_EXPIRED_TOKEN, "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials."],
    ["ya29.of-somebody", "ACCESS_TOKEN_TYPE_UNSUPPORTED", "Request had invalid authentication credentials."],
  ])("%j: %s", async (token, reason, words) => {
    const { ask } = await stage();
    const said = await ask("GET", HEALTHY_GCP_KEY, undefined, token);
    expect(inShort(said)).toMatch(`401 UNAUTHENTICATED: ${words}`);
    expect(said.headers.get("www-authenticate")).toMatch("Bearer");
    expect(detailIn(said)).toMatchObject({
      reason,
      metadata: { method: "google.cloud.kms.v1.KeyManagementService.GetCryptoKey" },
    });
  });

  test("for the probe's service account, for an hour, to those who may impersonate it", async () => {
    const { ask, clock } = await stage();
    const path = (email: string) => `projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`;
    const body = { scope: ["https://www.googleapis.com/auth/cloud-platform"] };
    const { body: issued } = await ask("POST", path(GCP_PROBE_ACCOUNT), body, GCP_AUDITOR);
    expect(issued["expireTime"]).toBe("2026-11-20T11:00:00Z");
    const use = async () => {
      const token = String(issued["accessToken"]);
      return inShort(await ask("POST", `${HEALTHY_GCP_KEY}:encrypt`, { plaintext: base64("x") }, token));
    };
    expect(await use()).toBe("200");
    clock.pass(3_600_000);
    expect(await use()).toMatch(/^401 UNAUTHENTICATED/);

    const said = [
      await ask("POST", path(GCP_PROBE_ACCOUNT), body, GCP_VENDOR_DEMO),
      await ask("POST", path("nobody@demo.iam.gserviceaccount.com"), body, GCP_OWNER),
    ];
    expect(said.map(inShort)).toEqual(
      Array(2).fill(
        "403 PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
      ),
    );
    expect(inShort(await ask("POST", path(GCP_PROBE_ACCOUNT), {}))).toMatch(/^400 INVALID_ARGUMENT/);
  });
});

describe("roles", () => {
  test("of a project, and Google's own", async () => {
    const { ask } = await stage();
    expect((await ask("GET", "projects/demo/roles/keyEncrypter")).body).toMatchObject({
      name: "projects/demo/roles/keyEncrypter",
      includedPermissions: ["cloudkms.cryptoKeyVersions.useToEncrypt"],
    });
    expect((await ask("GET", "projects/demo/roles/none")).status).toBe(404);
    expect((await ask("GET", "projects/walled/roles/any")).status).toBe(403);
    expect((await ask("GET", "roles/cloudkms.cryptoKeyDecrypter")).body).toMatchObject({
      includedPermissions: expect.arrayContaining(["cloudkms.cryptoKeyVersions.useToDecrypt"]),
    });
  });
});
