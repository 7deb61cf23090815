import { execFile } from "node:child_process";
import { constants, publicEncrypt } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { GCP_AUDITOR, GCP_GROUP_DEMO, HEALTHY_GCP_KEY, HEALTHY_GCP_RSA_KEY } from "../../src/sandbox/cast.ts";
import { keygrant, startSandboxCommand } from "./keygrant.ts";
import { clean, find, sayWhatRan, throwAwayHome, type Variables } from "./programs.ts";

/** gcloud against the sandbox, with nothing but what stands in its env file, and a configuration of its own. */
const GCLOUD = find("gcloud");
sayWhatRan(GCLOUD);
const KEY = HEALTHY_GCP_KEY;
const RSA = HEALTHY_GCP_RSA_KEY;
const VERSION = `${KEY}/cryptoKeyVersions/1`;
const MEMBER = `group:${GCP_GROUP_DEMO}`;
const ENCRYPTER_DECRYPTER = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
const COLLEAGUE = "user:colleague@owner.example";
const CONDITION = { expression: 'request.time < timestamp("2030-01-01T00:00:00Z")', title: "until 2030" };

const run = promisify(execFile);

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: object;
}

describe.skipIf(GCLOUD.version === null)("gcloud and the sandbox", () => {
  const home = throwAwayHome();
  const file = (name: string) => join(home, name);
  let env: Variables;

  function variables(more: Variables = {}): Variables {
    const own = { CLOUDSDK_CONFIG: file("gcloud"), CLOUDSDK_CORE_DISABLE_PROMPTS: "1" };
    const quiet = { CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "1", CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "1" };
    return clean(home, { ...env, ...own, ...quiet, ...more });
  }

  /** What gcloud prints, as JSON where it is. */
  async function gcloud(args: readonly string[], more: Variables = {}): Promise<unknown> {
    const { stdout } = await run("gcloud", ["kms", ...args, "--format", "json"], {
      env: variables(more),
      timeout: 60_000,
    });
    return stdout.trim() === "" ? null : JSON.parse(stdout);
  }

  async function bindings(key: string): Promise<readonly Binding[]> {
    const policy = (await gcloud(["keys", "get-iam-policy", key])) as { bindings?: readonly Binding[] };
    return policy.bindings ?? [];
  }

  const verdict = async (key: string) => {
    const { exitCode, json } = await keygrant(home, env, "validate", key);
    return { exitCode, phase: json.keys[0].phase, code: json.keys[0].findings[0]?.code };
  };

  beforeAll(async () => {
    env = await startSandboxCommand(home);
  });

  it("describes a key and its versions", async () => {
    expect(await gcloud(["keys", "describe", KEY])).toMatchObject({
      name: KEY,
      purpose: "ENCRYPT_DECRYPT",
      primary: { state: "ENABLED", name: `${KEY}/cryptoKeyVersions/1` },
    });
    expect(await gcloud(["keys", "versions", "list", "--key", RSA])).toMatchObject([
      { algorithm: "RSA_DECRYPT_OAEP_2048_SHA256", state: "ENABLED" },
    ]);
  });

  it("sees the binding with the right role after onboard, and the conditional one that it made before", async () => {
    const condition = `--condition=expression=${CONDITION.expression},title=${CONDITION.title}`;
    const role = ["--role", ENCRYPTER_DECRYPTER];
    await gcloud(["keys", "add-iam-policy-binding", KEY, "--member", COLLEAGUE, ...role, condition]);
    const conditional = { role: ENCRYPTER_DECRYPTER, members: [COLLEAGUE], condition: CONDITION };
    expect(await bindings(KEY)).toEqual([conditional]);
    const { exitCode, json } = await keygrant(home, env, "onboard", KEY, "--yes", "--settle-reads", "1");
    expect({ exitCode, phase: json.key.phase }).toEqual({ exitCode: 0, phase: "VALID" });
    const [one, other] = [...(await bindings(KEY))].sort((a, b) => Object.keys(a).length - Object.keys(b).length);
    expect(one).toEqual({ role: ENCRYPTER_DECRYPTER, members: [MEMBER] });
    expect(other).toEqual(conditional);
  });

  it("adds and takes out a member of the role that keygrant granted, and nobody else", async () => {
    const about = [KEY, "--member", COLLEAGUE, "--role", ENCRYPTER_DECRYPTER, "--condition=None"];
    const members = async () => (await bindings(KEY)).find((one) => one.condition === undefined)?.members ?? [];
    await gcloud(["keys", "add-iam-policy-binding", ...about]);
    expect([...(await members())].sort()).toEqual([MEMBER, COLLEAGUE].sort());
    expect(await verdict(KEY)).toMatchObject({ exitCode: 0, phase: "VALID" });
    await gcloud(["keys", "remove-iam-policy-binding", ...about]);
    expect(await members()).toEqual([MEMBER]);
  });

  it("encrypts and decrypts, and is refused as somebody who may not", async () => {
    await writeFile(file("plain"), "a secret");
    const files = ["--plaintext-file", file("plain"), "--ciphertext-file", file("cipher")];
    await gcloud(["encrypt", "--key", KEY, ...files]);
    const decrypt = ["decrypt", "--key", KEY, "--ciphertext-file", file("cipher"), "--plaintext-file", file("back")];
    await gcloud(decrypt);
    expect(await readFile(file("back"), "utf8")).toBe("a secret");
    await writeFile(file("auditor"), GCP_AUDITOR.token);
    const refused = gcloud(decrypt, { CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: file("auditor") });
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining("useToDecrypt") });
  });

  it("decrypts what was encrypted with the public key that it fetched", async () => {
    const version = `${RSA}/cryptoKeyVersions/1`;
    await gcloud(["keys", "versions", "get-public-key", version, "--output-file", file("public.pem")]);
    const key = { key: await readFile(file("public.pem")), padding: constants.RSA_PKCS1_OAEP_PADDING };
    await writeFile(file("rsa"), publicEncrypt({ ...key, oaepHash: "sha256" }, Buffer.from("a secret")));
    const files = ["--ciphertext-file", file("rsa"), "--plaintext-file", file("rsa-back")];
    await gcloud(["asymmetric-decrypt", "--version", version, ...files]);
    expect(await readFile(file("rsa-back"), "utf8")).toBe("a secret");
  });

  it("breaks and mends a key, and validate says so", async () => {
    expect(await verdict(KEY)).toMatchObject({ exitCode: 0, phase: "VALID" });
    await gcloud(["keys", "versions", "disable", VERSION]);
    expect(await verdict(KEY)).toEqual({ exitCode: 10, phase: "INVALID", code: "key.disabled" });
    await gcloud(["keys", "versions", "enable", VERSION]);
    expect(await verdict(KEY)).toMatchObject({ exitCode: 0, phase: "VALID" });
    await gcloud(["keys", "versions", "destroy", VERSION]);
    expect(await verdict(KEY)).toEqual({ exitCode: 10, phase: "INVALID", code: "key.pending-deletion" });
    await gcloud(["keys", "versions", "restore", VERSION]);
    await gcloud(["keys", "versions", "enable", VERSION]);
    expect(await verdict(KEY)).toMatchObject({ exitCode: 0, phase: "VALID" });
  });

  it("plays the script that `policy --format cli` prints, and the grant is in", async () => {
    expect(await verdict(RSA)).toMatchObject({ exitCode: 10, code: "grant.missing" });
    const { json } = await keygrant(home, env, "policy", RSA, "--purpose", "rsa", "--format", "cli");
    // The last command compares, and ends with 1 because there is a difference.
    await run("sh", ["-c", `${json.text} || true`], { cwd: home, env: variables(), timeout: 60_000 });
    expect(JSON.parse(await readFile(file("key-policy.before.json"), "utf8"))).toEqual({ etag: "ACAB" });
    expect(await bindings(RSA)).toEqual([{ role: "roles/cloudkms.cryptoOperator", members: [MEMBER] }]);
    expect(await verdict(RSA)).toMatchObject({ exitCode: 0, phase: "VALID" });
  });
});
