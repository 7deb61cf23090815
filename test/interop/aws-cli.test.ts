import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY as KEY } from "../../src/sandbox/cast.ts";
import { keygrant, lacks, type Running, run, startSandbox } from "./programs.ts";

/** The AWS CLI against the sandbox: what a person needs to break and mend a key. */
const missing = lacks("aws");

describe.skipIf(missing !== null)(`the AWS CLI against the sandbox${missing === null ? "" : ` (${missing})`}`, () => {
  let folder: string;
  let env: Readonly<Record<string, string>>;
  let running: Running;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keygrant-aws-"));
    ({ running, env } = await startSandbox(folder));
    expect(keygrant(["onboard", KEY, "--yes", "--settle-reads", "1"], env).exitCode).toBe(0);
  });

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function kms(...args: readonly string[]): string {
    return run("aws", ["kms", ...args], env);
  }

  it("says who is asking", () => {
    expect(run("aws", ["sts", "get-caller-identity", "--query", "Arn", "--output", "text"], env)).toContain(
      "111122223333",
    );
  });

  it("disables a key: INVALID with key.disabled, exit 10; enables it: VALID", () => {
    kms("disable-key", "--key-id", KEY);
    const disabled = keygrant(["validate"], env);
    expect(disabled.json.keys).toMatchObject([{ phase: "INVALID", findings: [{ code: "key.disabled" }, {}, {}] }]);
    expect(disabled.exitCode).toBe(10);
    kms("enable-key", "--key-id", KEY);
    const enabled = keygrant(["validate"], env);
    expect(enabled).toMatchObject({ exitCode: 0, json: { keys: [{ phase: "VALID" }] } });
  });

  it("reads the policy, takes the grant out, puts it back", async () => {
    const name = ["--policy-name", "default"];
    const text = kms("get-key-policy", "--key-id", KEY, ...name, "--query", "Policy", "--output", "text");
    const policy = JSON.parse(text);
    expect(policy.Statement).toHaveLength(2);
    const file = join(folder, "policy.json");
    await writeFile(file, JSON.stringify({ ...policy, Statement: policy.Statement.slice(0, 1) }));
    kms("put-key-policy", "--key-id", KEY, ...name, "--policy", `file://${file}`);
    const without = keygrant(["validate", "--confirm", "1", "--wait", "0"], env);
    expect(without).toMatchObject({ exitCode: 10, json: { keys: [{ findings: [{ code: "grant.missing" }, {}] }] } });
    await writeFile(file, text);
    kms("put-key-policy", "--key-id", KEY, ...name, "--policy", `file://${file}`);
    expect(keygrant(["validate"], env).exitCode).toBe(0);
  });

  it("encrypts and decrypts", async () => {
    const secret = join(folder, "secret");
    await writeFile(secret, "a secret");
    const blob = kms(
      "encrypt",
      "--key-id",
      KEY,
      "--plaintext",
      `fileb://${secret}`,
      "--query",
      "CiphertextBlob",
      "--output",
      "text",
    );
    const encrypted = join(folder, "encrypted");
    await writeFile(encrypted, Buffer.from(blob, "base64"));
    const back = kms(
      "decrypt",
      "--ciphertext-blob",
      `fileb://${encrypted}`,
      "--query",
      "Plaintext",
      "--output",
      "text",
    );
    expect(Buffer.from(back, "base64").toString()).toBe(await readFile(secret, "utf8"));
  });
});
