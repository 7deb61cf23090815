import { existsSync, readFileSync, statSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { OAuth2Client } from "google-auth-library";
import { afterEach, describe, expect, test } from "vitest";
import {
  GCP_GROUP_DEMO,
  GCP_GROUP_SECOND,
  GCP_OWNER,
  HEALTHY_GCP_KEY,
  HEALTHY_GCP_RSA_KEY,
} from "../../../src/sandbox/cast.ts";
import { crc32c } from "../../../src/sandbox/gcp/crypto.ts";
import { gcpKeys } from "../../../src/sandbox/gcp/keys.ts";
import { canUseGcp } from "../../../src/sandbox/gcp/vendor.ts";
import { sandboxKeys, startSandbox } from "../../../src/sandbox/index.ts";
import { ask as askAiven, fakeClock, folder, optionsWith, textAt } from "../kit.ts";
import { base64, inShort, keyNamed, type Stage, stage } from "./kit.ts";

const GRANT = { role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", members: [`group:${GCP_GROUP_DEMO}`] };
const RSA_GRANT = { ...GRANT, role: "roles/cloudkms.cryptoOperator" };

function contextOf({ sandbox, clock }: Stage) {
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
  const knobs = { propagationMs: 0, vendorAwsEndpoint: null };
  return { clock, random, origin: () => sandbox.origin, knobs };
}

async function setPolicy({ ask }: Stage, key: string, ...bindings: readonly object[]): Promise<void> {
  expect((await ask("POST", `${key}:setIamPolicy`, { policy: { version: 3, bindings } })).status).toBe(200);
}

describe("the vendor's side", () => {
  test("uses both kinds of key as a member of its group, and no longer when the grant is taken away", async () => {
    const on = await stage();
    const use = (key: string, group = GCP_GROUP_DEMO) => canUseGcp(group, key, contextOf(on));
    for (const [key, grant] of [
      [HEALTHY_GCP_KEY, GRANT],
      [HEALTHY_GCP_RSA_KEY, RSA_GRANT],
    ] as const) {
      expect(await use(key)).toMatchObject({ ok: false, reason: expect.stringMatching("useToEncrypt' denied") });
      await setPolicy(on, key, grant);
      expect(await use(key)).toEqual({ ok: true });
      expect(await use(key, GCP_GROUP_SECOND)).toMatchObject({ ok: false });
      await setPolicy(on, key);
      expect(await use(key)).toMatchObject({ ok: false });
    }
    expect(on.sandbox.requests.filter(({ inside }) => inside).map(({ operation }) => operation)).toContain(
      "AsymmetricDecrypt",
    );
  });

  const USABLE = gcpKeys().filter(({ exit, name }) => exit === 0 && name !== "denied-above" && name !== "rsa-4096");
  test.each(USABLE)("can use $name", async ({ id }) => {
    expect(await canUseGcp(GCP_GROUP_DEMO, id, contextOf(await stage()))).toEqual({ ok: true });
  });

  const ELSEWHERE = ["unreadable", "hidden"];
  const FOREIGN = ["rsa-3072"];
  const UNUSABLE = gcpKeys().filter(({ exit, name }) => exit !== 0 && ![...ELSEWHERE, ...FOREIGN].includes(name));
  test.each(UNUSABLE)("cannot use $name", async ({ id }) => {
    expect(await canUseGcp(GCP_GROUP_DEMO, id, contextOf(await stage()))).toMatchObject({ ok: false });
  });

  test("has nobody in a group that it does not know, and says so", async () => {
    expect(await canUseGcp("strangers@aiven.io", HEALTHY_GCP_KEY, contextOf(await stage()))).toEqual({
      ok: false,
      reason: "the vendor has nobody in the group strangers@aiven.io",
    });
  });

  test("decides whether Aiven registers the key", async () => {
    const on = await stage();
    const cmks = "/v1/project/demo/secrets/cmks";
    const register = (resource: string) => askAiven(on.sandbox, "POST", cmks, { provider: "gcp", resource });
    expect(await register(HEALTHY_GCP_KEY)).toMatchObject({
      status: 400,
      body: { message: "Cannot verify encrypt/decrypt access" },
    });
    await setPolicy(on, HEALTHY_GCP_KEY, GRANT);
    const registered = await register(HEALTHY_GCP_KEY);
    expect(registered).toMatchObject({ status: 201, body: { cmk: { provider: "gcp", resource: HEALTHY_GCP_KEY } } });
    const check = `${cmks}/${textAt(registered, "cmk", "id")}/access_check`;
    expect(await askAiven(on.sandbox, "POST", check, {})).toMatchObject({ status: 200 });
    await setPolicy(on, HEALTHY_GCP_KEY);
    expect(await askAiven(on.sandbox, "POST", check, {})).toMatchObject({ status: 400 });
    expect(await register(`${HEALTHY_GCP_KEY}/cryptoKeyVersions/1`)).toMatchObject({
      status: 400,
      body: { message: "Invalid input for resource: not a Google Cloud KMS resource name" },
    });
  });
});

describe("Google's own client, in REST mode", () => {
  const clients: KeyManagementServiceClient[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  function clientOf({ sandbox }: Stage): KeyManagementServiceClient {
    const { hostname, port } = new URL(sandbox.origin);
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: GCP_OWNER.token });
    const client = new KeyManagementServiceClient({
      fallback: true,
      protocol: "http",
      apiEndpoint: hostname,
      port: Number(port),
      authClient,
      projectId: "demo",
    });
    clients.push(client);
    return client;
  }

  test("reads, encrypts, decrypts and gets the public key", async () => {
    const client = clientOf(await stage());
    const [key] = await client.getCryptoKey({ name: HEALTHY_GCP_KEY });
    expect(key).toMatchObject({ name: HEALTHY_GCP_KEY, purpose: "ENCRYPT_DECRYPT", primary: { state: "ENABLED" } });
    const [versions] = await client.listCryptoKeyVersions({ parent: keyNamed("two-versions") });
    expect(versions).toHaveLength(2);
    const plaintext = Buffer.from("hello");
    const [sealed] = await client.encrypt({
      name: HEALTHY_GCP_KEY,
      plaintext,
      plaintextCrc32c: { value: crc32c(plaintext) },
    });
    expect(sealed).toMatchObject({ name: `${HEALTHY_GCP_KEY}/cryptoKeyVersions/1`, verifiedPlaintextCrc32c: true });
    const [opened] = await client.decrypt({ name: HEALTHY_GCP_KEY, ciphertext: sealed.ciphertext ?? null });
    expect(Buffer.from(opened.plaintext ?? "").toString()).toBe("hello");
    const [publicKey] = await client.getPublicKey({ name: `${HEALTHY_GCP_RSA_KEY}/cryptoKeyVersions/1` });
    expect(publicKey).toMatchObject({ algorithm: "RSA_DECRYPT_OAEP_2048_SHA256", pem: expect.stringMatching("BEGIN") });
  });

  test("disables a version, changes a key and is told in words what was wrong", async () => {
    const client = clientOf(await stage());
    const name = `${HEALTHY_GCP_KEY}/cryptoKeyVersions/1`;
    const [version] = await client.updateCryptoKeyVersion({
      cryptoKeyVersion: { name, state: "DISABLED" },
      updateMask: { paths: ["state"] },
    });
    expect(version.state).toBe("DISABLED");
    const refused = client.encrypt({ name: HEALTHY_GCP_KEY, plaintext: Buffer.from("x") });
    await expect(refused).rejects.toThrow("is not enabled, current state is: DISABLED.");
    const [key] = await client.updateCryptoKey({
      cryptoKey: { name: HEALTHY_GCP_KEY, labels: { a: "b" } },
      updateMask: { paths: ["labels"] },
    });
    expect(key.labels).toEqual({ a: "b" });
    const [made] = await client.createCryptoKey({
      parent: HEALTHY_GCP_KEY.split("/cryptoKeys")[0] ?? "",
      cryptoKeyId: "mine",
      cryptoKey: { purpose: "ASYMMETRIC_DECRYPT", versionTemplate: { algorithm: "RSA_DECRYPT_OAEP_2048_SHA256" } },
    });
    expect(made).toMatchObject({ name: keyNamed("mine"), purpose: "ASYMMETRIC_DECRYPT" });
  });
});

describe("faults", () => {
  test("of single keys strike every call on them, whoever asks", async () => {
    const { ask, sandbox } = await stage();
    expect(inShort(await ask("GET", keyNamed("quota")))).toMatch(
      "429 RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'Read requests'",
    );
    expect(inShort(await ask("GET", `${keyNamed("unavailable")}:getIamPolicy`))).toMatch(/^503 UNAVAILABLE/);
    expect(inShort(await ask("GET", keyNamed("token-expired")))).toMatch(/^401 UNAUTHENTICATED/);
    const cut = await new Promise<string>((resolve) => {
      request(`${sandbox.origin}/v1/${keyNamed("hangs-up")}`, (answer: IncomingMessage) =>
        resolve(String(answer.statusCode)),
      )
        .on("error", (error) => resolve(Reflect.get(error, "code")))
        .end();
    });
    expect(cut).toBe("ECONNRESET");
  });

  test("on the way speak Google's language, and spare the vendor's own calls", async () => {
    const on = await stage({ faults: ["throttle=1@Encrypt", "503=1@GetCryptoKey", "500=1@keyRings/demo:"] });
    expect(inShort(await on.ask("POST", `${keyNamed("granted")}:encrypt`, { plaintext: base64("x") }))).toMatch(
      /^429 RESOURCE_EXHAUSTED: Quota exceeded/,
    );
    expect(inShort(await on.ask("GET", HEALTHY_GCP_KEY))).toMatch(/^503 UNAVAILABLE/);
    expect(inShort(await on.ask("GET", `${keyNamed("x").split("/cryptoKeys")[0]}:getIamPolicy`))).toMatch(
      /^500 INTERNAL/,
    );
    expect(await canUseGcp(GCP_GROUP_DEMO, keyNamed("granted"), contextOf(on))).toEqual({ ok: true });
  });
});

describe("the token file", () => {
  test("lies beside the world, for the owner alone", async () => {
    const dir = folder();
    const sandbox = await startSandbox(optionsWith({ dir, clock: fakeClock() }));
    const path = sandbox.env["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] ?? "";
    expect(path).toBe(`${dir}/gcp-owner-token`);
    expect(readFileSync(path, "utf8")).toBe(GCP_OWNER.token);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await sandbox.close();
    expect(existsSync(path)).toBe(true);
  });

  test("goes with a sandbox that has no folder", async () => {
    const sandbox = await startSandbox(optionsWith({ clock: fakeClock() }));
    const path = sandbox.env["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] ?? "";
    expect(readFileSync(path, "utf8")).toBe(GCP_OWNER.token);
    await sandbox.close();
    expect(existsSync(path)).toBe(false);
  });
});

test("a key pair made in answer to a GET is there after a kill", async () => {
  const dir = folder();
  const publicKey = async () => {
    const sandbox = await startSandbox(optionsWith({ dir, clock: fakeClock() }));
    const world = () => readFileSync(`${dir}/world.json`, "utf8");
    const path = `${sandbox.origin}/v1/${HEALTHY_GCP_RSA_KEY}/cryptoKeyVersions/1/publicKey`;
    const answer = await fetch(path, { headers: { authorization: `Bearer ${GCP_OWNER.token}`, connection: "close" } });
    const { pem } = (await answer.json()) as { pem: string };
    expect(world()).toContain("BEGIN PRIVATE KEY");
    await sandbox.close();
    return pem;
  };
  expect(await publicKey()).toBe(await publicKey());
});

test("the keys are listed beside the other clouds', each with a name of its own", () => {
  const listed = sandboxKeys().filter(({ cloud }) => cloud === "gcp");
  expect(listed).toEqual(gcpKeys());
  expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
  expect(listed[0]).toEqual({
    cloud: "gcp",
    name: "symmetric",
    id: HEALTHY_GCP_KEY,
    wrong: null,
    code: "grant.missing",
    exit: 10,
  });
});
