import { EncryptCommand, GetKeyPolicyCommand, KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HEALTHY_AWS_KEY, OWNER, OWNER_REGION, OWNER_TOKEN, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { openSandbox, type RunningSandbox, sandboxKeys, startSandbox } from "../../src/sandbox/index.ts";
import { ask, fakeClock, folder, optionsWith, textAt } from "./kit.ts";

const CMKS = "/v1/project/demo/secrets/cmks";

let sandbox: RunningSandbox;
let kms: KMSClient;

function client(): KMSClient {
  return new KMSClient({
    endpoint: sandbox.origin,
    region: OWNER_REGION,
    credentials: { accessKeyId: OWNER.accessKeyId, secretAccessKey: OWNER.secretAccessKey },
    maxAttempts: 1,
  });
}

beforeEach(async () => {
  // The SDK signs with the real time, and the sandbox's AWS looks at it.
  const clock = { ...fakeClock(), now: () => new Date() };
  sandbox = await startSandbox(optionsWith({ dir: folder(), clock, mode: "serve" }));
  kms = client();
});
afterEach(async () => {
  kms.destroy();
  await sandbox.close();
});

function register() {
  return ask(sandbox, "POST", CMKS, { provider: "aws", resource: HEALTHY_AWS_KEY });
}

async function policy(): Promise<{ Statement: unknown[] }> {
  const { Policy = "" } = await kms.send(new GetKeyPolicyCommand({ KeyId: HEALTHY_AWS_KEY, PolicyName: "default" }));
  return JSON.parse(Policy);
}

async function write(document: unknown): Promise<void> {
  await kms.send(new PutKeyPolicyCommand({ KeyId: HEALTHY_AWS_KEY, Policy: JSON.stringify(document) }));
}

/** Aiven's page, word for word. */
const STATEMENT = {
  Sid: "Allow Aiven to use this key for CMK operations",
  Effect: "Allow",
  Principal: { AWS: VENDOR_DEMO.arn },
  Action: ["kms:Encrypt", "kms:Decrypt"],
  Resource: "*",
};

test("everything that a child needs", () => {
  expect(sandbox.env).toMatchObject({
    AIVEN_WEB_URL: sandbox.origin,
    AIVEN_AUTH_TOKEN: OWNER_TOKEN,
    AIVEN_PROJECT: "demo",
    AWS_ENDPOINT_URL_KMS: sandbox.origin,
    AWS_ENDPOINT_URL_STS: sandbox.origin,
    AWS_ACCESS_KEY_ID: OWNER.accessKeyId,
    AWS_SECRET_ACCESS_KEY: OWNER.secretAccessKey,
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "eu-west-1",
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: `${sandbox.origin}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER: `${sandbox.origin}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: `${sandbox.origin}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: `${sandbox.origin}/`,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: expect.stringMatching(/\/gcp-owner-token$/),
    CLOUDSDK_CORE_PROJECT: "demo",
  });
});

test("the grant decides whether the vendor registers the key, and taking it away turns its answer red", async () => {
  expect(await register()).toMatchObject({ status: 400, body: { message: "Cannot verify encrypt/decrypt access" } });
  const before = await policy();
  await write({ ...before, Statement: [...before.Statement, STATEMENT] });
  const registered = await register();
  expect(registered).toMatchObject({ status: 201, body: { cmk: { resource: HEALTHY_AWS_KEY } } });
  const check = `${CMKS}/${textAt(registered, "cmk", "id")}/access_check`;
  expect(await ask(sandbox, "POST", check, {})).toMatchObject({ status: 200 });
  await write(before);
  expect(await ask(sandbox, "POST", check, {})).toMatchObject({ status: 400 });
  expect(sandbox.requests.filter(({ inside }) => inside).map(({ operation }) => operation)).toContain("Encrypt");
});

test("faults are for the owner's calls, not for the vendor's", async () => {
  const before = await policy();
  await write({ ...before, Statement: [...before.Statement, STATEMENT] });
  sandbox.turn({ faults: ["throttle=1@crypt"] });
  const encrypt = new EncryptCommand({ KeyId: HEALTHY_AWS_KEY, Plaintext: Buffer.from("x") });
  await expect(kms.send(encrypt)).rejects.toMatchObject({ name: "ThrottlingException" });
  expect(await register()).toMatchObject({ status: 201 });
});

test("a world of this size is back after a restart, keys and all", async () => {
  const dir = folder();
  const clock = { ...fakeClock(), now: () => new Date() };
  const first = await startSandbox(optionsWith({ dir, clock }));
  const world = first.world();
  await first.close();
  const second = await startSandbox(optionsWith({ dir, clock }));
  expect(second.world()).toEqual(world);
  await second.close();
  const third = await openSandbox(optionsWith({ dir, clock }));
  expect(Object.keys(third.env)).toEqual(Object.keys(sandbox.env));
  await third.close();
});

test("the keys are listed", () => {
  expect(JSON.stringify(sandboxKeys())).toContain(HEALTHY_AWS_KEY);
});
