import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { AUDITOR, HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { startStub } from "../io/stub.ts";
import { type Canary, canary, foundInFiles, pemCanaries } from "./canaries.ts";
import { setState } from "./fleet.ts";
import { openWorld, type RunOptions, type World } from "./harness.ts";
import { named } from "./peek.ts";
import { expectNone } from "./sound.ts";

/** Secrets of every kind where each is kept, used in earnest and in vain: none is said or kept by any command. */
const AWS = named("granted");
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((one) => rm(one, { recursive: true, force: true }))));

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "keygrant-planted-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  return folder;
}

interface Plant {
  readonly secrets: readonly Canary[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly key: string;
  readonly args?: readonly string[];
  readonly close?: () => PromiseLike<void>;
}

const PASSPHRASE = 'the pass phrase & "what" <it> takes/20%';
const EXPORT = { type: "pkcs8", format: "pem" } as const;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export(EXPORT).toString();
const LOCKED_PEM = privateKey.export({ ...EXPORT, cipher: "aes-256-cbc", passphrase: PASSPHRASE }).toString();

/** The token service of Google that says back the assertion that it was sent, and the other form of everything. */
async function serviceAccount(pem: string): Promise<Plant> {
  const stub = await startStub(({ body }) => ({
    status: 400,
    body: { error: "invalid_grant", error_description: `You said: ${body}` },
  }));
  const file = { type: "service_account", client_email: "robot@demo.iam.gserviceaccount.com", private_key: pem };
  const key = JSON.stringify({ ...file, private_key_id: "the-id", token_uri: `${stub.origin}/token` });
  const folder = await folderWith({ "key.json": key });
  return {
    secrets: pemCanaries("the private key of a service account", pem),
    env: { GOOGLE_APPLICATION_CREDENTIALS: join(folder, "key.json"), CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: undefined },
    key: HEALTHY_GCP_KEY,
    close: () => stub[Symbol.asyncDispose](),
  };
}

async function ociProfile(pem: string, passphrase: string, more: readonly string[] = []): Promise<Plant> {
  const profile = ["[DEFAULT]", "user=ocid1.user.oc1..me", "fingerprint=aa:bb", "tenancy=ocid1.tenancy.oc1..mine"];
  const lines = [...profile, "region=eu-frankfurt-1", "key_file=key.pem", `pass_phrase=${passphrase}`, ...more];
  const token = `the-${"session-token-".repeat(3)}of-oci`;
  const folder = await folderWith({ config: `${lines.join("\n")}\n`, "key.pem": pem, token });
  return {
    secrets: [
      ...pemCanaries("OCI's private key", pem),
      canary("its pass phrase", passphrase),
      canary("OCI's session token", token),
    ],
    env: { OCI_CLI_CONFIG_FILE: join(folder, "config") },
    key: HEALTHY_OCI_KEY,
  };
}

const PLANTS: readonly (readonly [string, () => Promise<Plant>])[] = [
  ["a token that Aiven does not take", async () => vendorToken({ AIVEN_AUTH_TOKEN: "avnwrong/token+of=mine" })],
  [
    "a token with characters of JSON and of addresses",
    async () => vendorToken({ AIVEN_AUTH_TOKEN: 'avn"wrong\\& 20%token' }),
  ],
  ["a token with a line break in it", async () => vendorToken({ AIVEN_AUTH_TOKEN: "avnwrong\ntoken-of-mine" })],
  ["the token of a login", loggedIn],
  ["a login that is damaged", damagedLogin],
  [
    "an access key that AWS does not know",
    async () => awsKeys("not-an-access-key-secret/+x=", "not-a-session-token/+x="),
  ],
  ["an access key of the shared file", sharedFile],
  ["a service account's key", () => serviceAccount(PEM)],
  ["a service account's key that is damaged", () => serviceAccount(PEM.replace("\n", "\n!"))],
  ["Google's token in a file, twice", googleToken],
  ["an OCI key that OCI does not know", () => ociProfile(LOCKED_PEM, PASSPHRASE)],
  ["an OCI key with a wrong pass phrase", () => ociProfile(LOCKED_PEM, "another pass phrase of mine")],
  ["an OCI key that is damaged", () => ociProfile(PEM.replace("\n", "\n!"), "unused pass phrase")],
  ["an OCI session", async () => ociSession()],
  [
    "the password of a database",
    async () => ({
      secrets: [
        canary("the password", "hunter2&of%the/user"),
        canary("as it stands in the address", "hunter2%26of%25the%2Fuser"),
      ],
      env: { KEYGRANT_STATE: "postgres://me:hunter2%26of%25the%2Fuser@127.0.0.1:1/keygrant?sslmode=disable" },
      key: AWS,
    }),
  ],
];

function vendorToken(env: Readonly<Record<string, string>>): Plant {
  return { secrets: Object.values(env).map((one) => canary("Aiven's token", one)), env, key: AWS };
}

async function loggedIn(): Promise<Plant> {
  const token = "the-token-of-the-login/+=";
  const folder = await folderWith({ "aiven-credentials.json": JSON.stringify({ auth_token: token }) });
  const env = { AIVEN_AUTH_TOKEN: undefined, AIVEN_CONFIG_DIR: folder };
  return { secrets: [canary("the token of the login", token)], env, key: AWS };
}

async function damagedLogin(): Promise<Plant> {
  const token = "the-token-of-the-login/+=";
  const folder = await folderWith({ "aiven-credentials.json": `{"auth_token": "${token}", ${token}` });
  const env = { AIVEN_AUTH_TOKEN: undefined, AIVEN_CONFIG_DIR: folder };
  return { secrets: [canary("the token of the login", token)], env, key: AWS };
}

function awsKeys(secret: string, session: string): Plant {
  const env = { AWS_ACCESS_KEY_ID: AUDITOR.accessKeyId, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session };
  return { secrets: [canary("the secret", secret), canary("the session token", session)], env, key: AWS };
}

async function sharedFile(): Promise<Plant> {
  const secret = "the-secret-of-the-shared-file/+x=";
  const lines = ["[mine]", "aws_access_key_id=AKIAIOSFODNN7EXAMPLE", `aws_secret_access_key=${secret}`];
  const folder = await folderWith({ credentials: `${lines.join("\n")}\n`, config: "[profile mine]\n" });
  const env = { AWS_PROFILE: "mine", AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials") };
  return { secrets: [canary("the secret", secret)], env, key: AWS };
}

async function googleToken(): Promise<Plant> {
  const token = "ya29.the-token-of-mine another-token-of-mine";
  const folder = await folderWith({ token });
  const env = { CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, "token") };
  return { secrets: token.split(" ").map((one) => canary("the token", one)), env, key: HEALTHY_GCP_KEY };
}

async function ociSession(): Promise<Plant> {
  const plant = await ociProfile(PEM, "unused pass phrase", ["security_token_file=token"]);
  return { ...plant, args: ["--oci-auth", "security_token"] };
}

function commandsFor(key: string, more: readonly string[] = []): readonly (readonly string[])[] {
  return [
    ["onboard", key, "--yes", ...more],
    ["onboard", key, "--dry-run", ...more],
    ["validate", key, "--ask-vendor", "--probe", "required", ...more],
    ["validate", "--coverage", ...more],
    ["policy", key, "--format", "document", "--current", "live", ...more],
    ["accessors"],
    ["doctor", key, ...more],
    ["cmk", "list"],
    ["cmk", "register", key, ...more],
    ["rotate", key, key, "--yes", ...more],
    ["revoke", key, "--yes", "--backups-expired", ...more],
  ];
}

const FORMS = [["--verbose"], ["--output", "json"]];

describe("a secret that is used in vain", () => {
  it.each(PLANTS)("%s", async (_what, plant) => {
    const { secrets, env, key, args, close } = await plant();
    try {
      await using world = await openWorld({ planted: secrets });
      const codes = new Set<number>();
      for (const command of commandsFor(key, args)) {
        for (const form of FORMS) codes.add((await world.run([...command, ...form], { env })).exitCode);
      }
      expect(Math.max(...codes)).toBeGreaterThan(0);
    } finally {
      await close?.();
    }
  });
});

/** Receivers that fail at first and say back all that they were told. */
async function receivers(world: World) {
  const stub = await startStub((request, count) => ({
    status: count % 2 === 1 ? 500 : 204,
    text: JSON.stringify(request),
  }));
  const secrets = {
    HOOK_SECRET: "the-secret-of-the-webhook/+=",
    SLACK_URL: `${stub.origin}/services/T00/B00/slackhooksecret`,
  };
  const hook = `${stub.origin}/hook-with-a-secret-in-its-path`;
  const lines = [
    ...["notify:", "  pager:", "    url: env:HOOK_URL", "    secret: env:HOOK_SECRET"],
    ...["  chat:", "    url: env:SLACK_URL", "    format: slack"],
    ...["vendors:", "  aiven:", "    token: env:MY_TOKEN"],
  ];
  const config = join(world.stateDir, "keygrant.yaml");
  await writeFile(config, `${lines.join("\n")}\n`, { mode: 0o600 });
  const env = {
    ...secrets,
    HOOK_URL: hook,
    MY_TOKEN: world.sandbox.env["AIVEN_AUTH_TOKEN"],
    AIVEN_AUTH_TOKEN: undefined,
  };
  const planted = [
    canary("the webhook's secret", secrets.HOOK_SECRET),
    canary("the webhook's address", "hook-with-a-secret-in-its-path"),
    canary("Slack's address", "T00/B00/slackhooksecret"),
  ];
  return { stub, config, env, planted, secret: secrets.HOOK_SECRET };
}

describe("a secret that is used in earnest", () => {
  const REPORTS = ["json", "jsonl", "junit", "sarif", "prometheus", "html"];

  it("of receivers: not in what is said, kept, reported or told", async () => {
    await using world = await openWorld();
    const { stub, config, env, planted, secret } = await receivers(world);
    await using _ = stub;
    const out = await folderWith({});
    const reports = REPORTS.flatMap((format) => ["--output", `${format}=${join(out, format)}`]);
    for (const state of ["Enabled", "Disabled", "Enabled", "Disabled"] as const) {
      setState(world, AWS, state);
      world.clock.advance(3_600_000);
      const given: RunOptions = { env };
      const { stdout, stderr } = await world.run(["validate", AWS, "--config", config, "--verbose", ...reports], given);
      expectNone([...world.canaries(), ...planted], stdout + stderr);
    }
    const told = stub.requests.map(({ headers, body }) => JSON.stringify([headers, body]));
    expect(told.length).toBeGreaterThan(4);
    expectNone([...world.canaries(), canary("the webhook's secret", secret)], told.join("\n"));
    const all = [...world.canaries(), ...planted];
    expect(await foundInFiles(all, world.stateDir)).toEqual([]);
    expect(await foundInFiles(all, out)).toEqual([]);
  });

  it.each([
    ["a secret in the file", "    secret: the-secret-itself-of-mine"],
    [
      "an address of Slack in the file",
      "    url: https://hooks.example.com/the-secret-itself-of-mine\n    format: slack",
    ],
    ["a token in the file", "vendors:\n  aiven:\n    token: the-secret-itself-of-mine"],
    ["a password in an address", "    url: https://me:the-secret-itself-of-mine@hooks.example.com/"],
    ["a database's password", "state: postgres://me:the-secret-itself-of-mine@127.0.0.1/db"],
  ])("%s is refused, and not repeated", async (_what, line) => {
    await using world = await openWorld({ planted: [canary("it", "the-secret-itself-of-mine")] });
    const receiver = line.startsWith("  ") ? "notify:\n  pager:\n" : "";
    const folder = await folderWith({ "keygrant.yaml": `${receiver}${line}\n` });
    for (const form of FORMS) {
      const args = ["validate", HEALTHY_AWS_KEY, "--config", join(folder, "keygrant.yaml"), ...form];
      expect((await world.run(args)).exitCode).toBe(2);
    }
  });
});
