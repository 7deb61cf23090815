import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLOUD_IDS } from "../../src/clouds/index.ts";
import { PROBE_ROLE } from "../../src/sandbox/aws/recipes.ts";
import {
  GCP_PROBE_ACCOUNT,
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_OCI_KEY,
  OCI_OWNER,
  OWNER,
  OWNER_TOKEN,
} from "../../src/sandbox/cast.ts";
import { privatePem } from "../../src/sandbox/oci/worthless-keys.ts";
import { ECHOES, echo, OTHER_WAYS } from "./echo.ts";
import { openWorld } from "./harness.ts";
import { expectNone, expectSoundState } from "./sound.ts";

/** After every run the harness looks for secrets in what was said and kept. Here others do their worst to get one out. */
const KEYS = { aws: HEALTHY_AWS_KEY, gcp: HEALTHY_GCP_KEY, oci: HEALTHY_OCI_KEY } as const;
const AS: Readonly<Record<string, readonly string[]>> = {
  aws: ["--probe-role", PROBE_ROLE],
  gcp: ["--impersonate-service-account", GCP_PROBE_ACCOUNT],
  oci: ["--oci-auth", "security_token"],
};
const FORMS = [["--verbose"], ["--output", "json"]];
const CLOUDS = CLOUD_IDS.filter((cloud) => cloud in KEYS) as readonly (keyof typeof KEYS)[];
const PAIRS = CLOUDS.flatMap((cloud) => ECHOES.map((what) => [cloud, what] as const));

/** The calls that hold most: who the caller is, what is encrypted, what is written. */
const ALONE: Readonly<Record<keyof typeof KEYS, readonly string[]>> = {
  aws: ["GetCallerIdentity", "AssumeRole", "DescribeKey", "PutKeyPolicy", "Encrypt", "Decrypt"],
  gcp: ["GenerateAccessToken", "GetCryptoKey", "SetIamPolicy", "Encrypt", "Decrypt"],
  oci: ["GetKey", "ListPolicies", "CreatePolicy", "Encrypt", "Decrypt"],
};

function commands(key: string, more: readonly string[]): readonly (readonly string[])[] {
  return [
    ["onboard", key, "--yes", ...more],
    ["validate", key, "--ask-vendor", "--probe", "required", ...more],
    ["doctor", key],
    ["accessors"],
    ["policy", key, "--format", "document", "--current", "live"],
    ["revoke", key, "--yes", "--backups-expired"],
    ["cmk", "register", key],
  ];
}

describe("secrets", () => {
  it.each(PAIRS)("on %s: no command says one, though everybody says back %s", async (cloud, what) => {
    await using world = await openWorld({
      onRequest: (request, phase) => (phase === "before" ? echo(request, what) : undefined),
    });
    for (const args of commands(KEYS[cloud], AS[cloud] ?? [])) {
      for (const form of FORMS) expect((await world.run([...args, ...form])).exitCode, args.join(" ")).not.toBe(0);
    }
  });

  it.each(PAIRS)("on %s: onboard says none when a call alone says back %s", async (cloud, what) => {
    for (const operation of ALONE[cloud]) {
      let said = 0;
      await using world = await openWorld({
        onRequest(request, phase) {
          if (phase === "after" || request.inside || request.operation !== operation) return undefined;
          said++;
          return echo(request, what);
        },
      });
      const [first = [], second = []] = FORMS;
      await world.run(["onboard", KEYS[cloud], "--yes", ...(AS[cloud] ?? []), ...first]);
      await world.run(["onboard", KEYS[cloud], "--yes", ...second]);
      expect(said, operation).toBeGreaterThan(0);
    }
  });

  it.each(CLOUDS.flatMap((cloud) => Object.entries(OTHER_WAYS).map(([way, answer]) => [cloud, way, answer] as const)))(
    "on %s: no command says one that is said back as %s",
    async (cloud, _way, answer) => {
      await using world = await openWorld({
        onRequest: (request, phase) => (phase === "before" ? answer(request) : undefined),
      });
      for (const args of commands(KEYS[cloud], AS[cloud] ?? [])) {
        for (const form of FORMS) expect((await world.run([...args, ...form])).exitCode, args.join(" ")).not.toBe(0);
      }
    },
  );

  it.each([
    ["a vendor's address", { AIVEN_WEB_URL: "https://me:hunter2-of-the-user@aiven.example.com" }],
    ["the address of a state", { KEYGRANT_STATE: "postgres://me:hunter2-of-the-user@127.0.0.1:1/db" }],
    [
      "a proxy's address",
      { HTTPS_PROXY: "http://me:hunter2-of-the-user@127.0.0.1:1", AIVEN_WEB_URL: "https://a.example" },
    ],
    ["the address of AWS", { AWS_ENDPOINT_URL_KMS: "http://me:hunter2-of-the-user@127.0.0.1:1" }],
    [
      "the address of Google",
      { CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: "http://me:hunter2-of-the-user@127.0.0.1:1/" },
    ],
    ["the address of OCI", { KEYGRANT_OCI_ENDPOINT: "http://me:hunter2-of-the-user@127.0.0.1:1" }],
  ])("a password in %s is not said", async (_what, env) => {
    await using world = await openWorld();
    for (const key of Object.values(KEYS)) {
      for (const args of [
        ["validate", key],
        ["doctor", key],
        ["onboard", key, "--yes"],
      ]) {
        const { stdout, stderr } = await world.run([...args, "--verbose"], { env });
        expect(stdout + stderr).not.toContain("hunter2");
      }
    }
  });
});

describe("what looks for secrets", () => {
  const LEAKS: readonly (readonly [string, string])[] = [
    ["a token", `the token is ${OWNER_TOKEN}.`],
    ["its base64", Buffer.from(OWNER_TOKEN).toString("base64")],
    ["its base64, in the middle of something", Buffer.from(`me:${OWNER_TOKEN}!`).toString("base64")],
    ["its base64 for addresses", Buffer.from(`{"a":"${OWNER_TOKEN}"}`).toString("base64url")],
    ["its bytes in hexadecimal", Buffer.from(OWNER_TOKEN).toString("hex")],
    ["a secret access key", `{"key":${JSON.stringify(OWNER.secretAccessKey)}}`],
    ["a line of a private key", privatePem(OCI_OWNER.key).split("\n")[7] ?? ""],
  ];

  it.each(LEAKS)("finds %s in what was said, and in a file", async (_what, text) => {
    await using world = await openWorld();
    expect(() => expectNone(world.canaries(), `before ${text} behind`)).toThrow();
    const path = join(world.stateDir, "leak.bin");
    await writeFile(path, Buffer.concat([Buffer.from([0, 0xff]), Buffer.from(text)]), { mode: 0o600 });
    await expect(expectSoundState(world.stateDir, world.canaries())).rejects.toThrow();
    await writeFile(path, "");
  });

  it("knows the sessions that were given out, and what was encrypted", async () => {
    await using world = await openWorld();
    const before = world.canaries();
    await world.run(["onboard", HEALTHY_AWS_KEY, "--yes", "--probe-role", PROBE_ROLE]);
    const since = new Set(
      world
        .canaries()
        .filter((one) => !before.includes(one))
        .map(({ what }) => what),
    );
    expect(since).toEqual(
      new Set([
        "the secret access key of a session",
        "the session token of a session",
        "the plaintext of a round trip",
      ]),
    );
  });

  it.each(CLOUDS)("sees what is encrypted on %s, where it is sent", async (cloud) => {
    const sent: string[] = [];
    await using world = await openWorld({
      onRequest(request) {
        if (request.operation === "Encrypt" && !request.inside) sent.push(request.body.toString("latin1"));
        return undefined;
      },
    });
    await world.run(["onboard", KEYS[cloud], "--yes"]);
    expect(sent.length).toBeGreaterThan(0);
    expect(() => expectNone(world.canaries(), sent.join("\n"))).toThrow("plaintext");
  });
});
