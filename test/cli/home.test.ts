import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";

/** `--sandbox` reads nothing of the user's, and reaches nothing but the sandbox, whatever the user has set. */
const POISON = "poison-of-the-user";
const NOWHERE = "http://127.0.0.1:1";

let home: string;
const inHome = (path: string) => join(home, path);

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "keygrant-home-"));
  const touched = inHome("credential-process-ran");
  const files: Readonly<Record<string, string>> = {
    ".aws/config": `[default]\nregion = ap-south-1\nendpoint_url = ${NOWHERE}\ncredential_process = touch ${touched}\n`,
    ".aws/credentials": `[default]\naws_access_key_id = ${POISON}\naws_secret_access_key = ${POISON}\n`,
    ".config/aiven/aiven-credentials.json": JSON.stringify({ auth_token: POISON }),
    ".config/gcloud/application_default_credentials.json": JSON.stringify({
      type: "authorized_user",
      client_id: POISON,
    }),
    ".oci/config": `[DEFAULT]\nuser=${POISON}\n`,
    ".local/state/keygrant/writes.jsonl": "this is damaged}\n",
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(inHome(path)), { recursive: true });
    await writeFile(inHome(path), text);
  }
});
afterAll(() => rm(home, { recursive: true, force: true }));

function poisonedEnvironment(): Record<string, string> {
  return {
    HOME: home,
    KEYGRANT_SANDBOX_DIR: inHome("sandbox"),
    KEYGRANT_STATE_DIR: inHome("state-of-the-user"),
    ...{ AIVEN_WEB_URL: NOWHERE, AIVEN_AUTH_TOKEN: POISON, AIVEN_TOKEN: POISON, AIVEN_PROJECT: POISON },
    ...{ AIVEN_CA_CERT: inHome("no-such-ca.pem"), AWS_CA_BUNDLE: inHome("no-such-ca.pem") },
    ...{ AWS_PROFILE: POISON, AWS_ACCESS_KEY_ID: POISON, AWS_SECRET_ACCESS_KEY: POISON, AWS_SESSION_TOKEN: POISON },
    ...{
      AWS_REGION: "ap-south-1",
      AWS_ENDPOINT_URL: NOWHERE,
      AWS_ENDPOINT_URL_KMS: NOWHERE,
      AWS_ENDPOINT_URL_STS: NOWHERE,
    },
    ...{ GOOGLE_APPLICATION_CREDENTIALS: inHome(".config/gcloud/application_default_credentials.json") },
    ...{ CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: inHome("no-such-token"), CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: NOWHERE },
    ...{ OCI_CLI_CONFIG_FILE: inHome(".oci/config"), OCI_CLI_PROFILE: POISON, KEYGRANT_OCI_ENDPOINT: NOWHERE },
    ...{ HTTPS_PROXY: NOWHERE, HTTP_PROXY: NOWHERE, https_proxy: NOWHERE, http_proxy: NOWHERE },
    ...{ AWS_USE_FIPS_ENDPOINT: "true", AWS_USE_DUALSTACK_ENDPOINT: "true", AWS_SDK_LOAD_CONFIG: "1" },
  };
}

interface Traced {
  readonly status: number | null;
  readonly stdout: string;
  /** The files under the user's home that were opened, but for the sandbox's own. */
  readonly opened: readonly string[];
}

function traced(args: readonly string[]): Traced {
  const command = ["--import", "./test/cli/opened.mjs", "bin/keygrant.js", ...args, "--output", "json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    encoding: "utf8",
    env: poisonedEnvironment(),
  });
  const opened = [...stderr.matchAll(/^opened (.+)$/gm)].map(([, path]) => path ?? "");
  expect(`${stdout}${stderr}`).not.toContain(POISON);
  return {
    status,
    stdout,
    opened: opened.filter((path) => path.startsWith(home) && !path.startsWith(inHome("sandbox"))),
  };
}

describe("--sandbox", () => {
  it.each([
    ["onboard", ["onboard", HEALTHY_AWS_KEY, "--sandbox", "--yes"]],
    ["validate", ["validate", "--sandbox", "--ask-vendor"]],
    ["policy", ["policy", HEALTHY_AWS_KEY, "--sandbox", "--format", "document", "--current", "live"]],
    ["accessors", ["accessors", "--sandbox"]],
  ])("%s opens no file of the user's, and needs none", (_name, args) => {
    const { status, opened } = traced(args);
    expect({ status, opened }).toEqual({ status: 0, opened: [] });
  });

  it("remembers in the sandbox's folder alone", async () => {
    traced(["onboard", HEALTHY_AWS_KEY, "--sandbox", "--yes"]);
    expect(existsSync(inHome("state-of-the-user"))).toBe(false);
    expect(await readdir(inHome("sandbox"))).toContain("keygrant-state");
    expect(existsSync(inHome("credential-process-ran"))).toBe(false);
  });

  it("without it, the same files are opened: the trace would have seen them", () => {
    const { status, opened } = traced(["validate", HEALTHY_AWS_KEY]);
    expect(status).toBe(2);
    expect(opened).toEqual([inHome("no-such-ca.pem")]);
  });
});
