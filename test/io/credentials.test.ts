import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aivenCredentials, awsEnvironment } from "../../src/io/credentials.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "keygrant-test-"));
});
afterAll(() => rm(home, { recursive: true }));

/** A home of its own, with the given files in it. */
async function homeWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(home, "home-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const FILE = ".config/aiven/aiven-credentials.json";
const LOGIN = { [FILE]: JSON.stringify({ auth_token: "of-the-login", user_email: "me@example.com" }) };

describe("Aiven's token", () => {
  const rows: readonly [string, Record<string, string>, Record<string, string>, string][] = [
    ["AIVEN_AUTH_TOKEN first", { AIVEN_AUTH_TOKEN: "one", AIVEN_TOKEN: "two" }, LOGIN, "one"],
    ["then AIVEN_TOKEN", { AIVEN_TOKEN: "two" }, LOGIN, "two"],
    ["then what `avn user login` left", {}, LOGIN, "of-the-login"],
    ["an empty variable is none", { AIVEN_AUTH_TOKEN: "", AIVEN_TOKEN: "" }, LOGIN, "of-the-login"],
    [
      "another file in the same folder",
      { AIVEN_CREDENTIALS_FILE: "work.json" },
      { ".config/aiven/work.json": '{"auth_token":"of-work"}' },
      "of-work",
    ],
  ];
  it.each(rows)("%s", async (_what, env, files, token) => {
    expect(await aivenCredentials({ env, home: await homeWith(files) })).toMatchObject({ token });
  });

  it("from a folder of one's own", async () => {
    const folder = await homeWith({ "aiven-credentials.json": '{"auth_token":"of-a-folder"}' });
    expect(await aivenCredentials({ env: { AIVEN_CONFIG_DIR: folder }, home })).toMatchObject({ token: "of-a-folder" });
  });

  it.each([
    ["nobody is logged in", {}, "credentials.missing"],
    ["the login has no token", { [FILE]: "{}" }, "credentials.missing"],
    ["the token is no text", { [FILE]: '{"auth_token": 5}' }, "credentials.missing"],
    ["the login is no object", { [FILE]: "[]" }, "credentials.missing"],
    ["the login is no JSON", { [FILE]: "not JSON" }, "credentials.unreadable"],
    ["the login is a folder", { [`${FILE}/file`]: "" }, "credentials.unreadable"],
  ])("%s", async (_what, files, code) => {
    await expect(aivenCredentials({ env: {}, home: await homeWith(files) })).rejects.toMatchObject({
      kind: "usage",
      code,
    });
  });

  it("is not quoted when its file is damaged", async () => {
    const damaged = await homeWith({ [FILE]: "secret-token-of-the-user" });
    const error = await aivenCredentials({ env: {}, home: damaged }).catch((reason: unknown) => reason);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("secret-tok");
  });
});

describe("Aiven's address", () => {
  const env = { AIVEN_AUTH_TOKEN: "a-token" };

  it("is Aiven's own, with the usual authorities, where nothing is set", async () => {
    expect(await aivenCredentials({ env, home })).toEqual({ token: "a-token", webUrl: undefined, ca: undefined });
    expect(await aivenCredentials({ env: { ...env, AIVEN_WEB_URL: "", AIVEN_CA_CERT: "" }, home })).toMatchObject({
      webUrl: undefined,
      ca: undefined,
    });
  });

  it("is what is set, with the authorities of the file", async () => {
    const folder = await homeWith({ "ca.pem": "an authority" });
    const own = { ...env, AIVEN_WEB_URL: "https://aiven.example.com", AIVEN_CA_CERT: join(folder, "ca.pem") };
    expect(await aivenCredentials({ env: own, home })).toMatchObject({
      webUrl: "https://aiven.example.com",
      ca: "an authority",
    });
  });

  it("with authorities that cannot be read is refused", async () => {
    await expect(aivenCredentials({ env: { ...env, AIVEN_CA_CERT: "/nonexistent.pem" }, home })).rejects.toMatchObject({
      code: "credentials.unreadable",
      message: expect.stringContaining("/nonexistent.pem"),
    });
  });
});

describe("AWS's environment", () => {
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const credentials = { accessKeyId: "id", secretAccessKey: "secret" };
  const rows: readonly [string, Record<string, string>, Partial<ReturnType<typeof awsEnvironment>>][] = [
    ["nothing", {}, { region: undefined, credentials: undefined, profile: undefined, kmsEndpoint: undefined }],
    ["keys", keys, { credentials }],
    ["keys of a session", { ...keys, AWS_SESSION_TOKEN: "t" }, { credentials: { ...credentials, sessionToken: "t" } }],
    ["half a pair of keys", { AWS_ACCESS_KEY_ID: "id" }, { credentials: undefined }],
    [
      "a profile, which goes before keys",
      { ...keys, AWS_PROFILE: "work" },
      { profile: "work", credentials: undefined },
    ],
    ["an empty profile, which is none", { ...keys, AWS_PROFILE: "" }, { profile: undefined, credentials }],
    ["AWS_REGION before AWS_DEFAULT_REGION", { AWS_REGION: "a", AWS_DEFAULT_REGION: "b" }, { region: "a" }],
    ["AWS_DEFAULT_REGION alone", { AWS_DEFAULT_REGION: "b" }, { region: "b" }],
    ["one endpoint for all", { AWS_ENDPOINT_URL: "http://x" }, { kmsEndpoint: "http://x", stsEndpoint: "http://x" }],
    [
      "one for each, which go first",
      { AWS_ENDPOINT_URL: "http://x", AWS_ENDPOINT_URL_KMS: "http://k", AWS_ENDPOINT_URL_STS: "http://s" },
      { kmsEndpoint: "http://k", stsEndpoint: "http://s" },
    ],
  ];
  it.each(rows)("%s", (_what, env, expected) => {
    expect(awsEnvironment({ env, home })).toMatchObject(expected);
  });
});
