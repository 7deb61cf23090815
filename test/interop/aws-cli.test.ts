import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { AUDITOR, HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { keygrant, startSandboxCommand } from "./keygrant.ts";
import { aws, clean, find, sayWhatRan, throwAwayHome, type Variables } from "./programs.ts";

/** The AWS CLI against the sandbox, with nothing but what stands in its env file. */
const CLI = find("aws");
const KEY = HEALTHY_AWS_KEY;

describe.skipIf(CLI.version === null)("the AWS CLI and the sandbox", () => {
  const home = throwAwayHome();
  let env: Variables;
  // Version 1 takes no endpoint from the environment in its older releases.
  const kms = (...args: readonly string[]) =>
    aws(home, env, "--endpoint-url", env["AWS_ENDPOINT_URL_KMS"] ?? "", "kms", ...args);

  beforeAll(async () => {
    env = await startSandboxCommand(home);
    expect((await keygrant(home, env, "onboard", KEY, "--yes", "--settle-reads", "1")).exitCode).toBe(0);
  });

  async function policy(): Promise<string> {
    const read = await kms("get-key-policy", "--key-id", KEY, "--policy-name", "default");
    return (read as { Policy: string }).Policy;
  }

  const verdict = async () => {
    const { exitCode, json } = await keygrant(home, env, "validate");
    return { exitCode, phase: json.keys[0].phase, code: json.keys[0].findings[0]?.code };
  };

  it("says who is asking", async () => {
    const caller = await aws(
      home,
      env,
      "--endpoint-url",
      env["AWS_ENDPOINT_URL_STS"] ?? "",
      "sts",
      "get-caller-identity",
    );
    expect(caller).toMatchObject({ Arn: "arn:aws:iam::111122223333:user/platform-engineer" });
  });

  it("breaks and mends a key, and validate says so", async () => {
    expect(await verdict()).toMatchObject({ exitCode: 0, phase: "VALID" });
    await kms("disable-key", "--key-id", KEY);
    expect(await verdict()).toEqual({ exitCode: 10, phase: "INVALID", code: "key.disabled" });
    await kms("enable-key", "--key-id", KEY);
    expect(await verdict()).toMatchObject({ exitCode: 0, phase: "VALID" });
    await kms("schedule-key-deletion", "--key-id", KEY, "--pending-window-in-days", "7");
    expect(await verdict()).toEqual({ exitCode: 10, phase: "INVALID", code: "key.pending-deletion" });
    await kms("cancel-key-deletion", "--key-id", KEY);
    await kms("enable-key", "--key-id", KEY);
    expect(await verdict()).toMatchObject({ exitCode: 0, phase: "VALID" });
  });

  it("reads and writes the key policy that keygrant wrote", async () => {
    const before = await policy();
    expect(before).toContain(VENDOR_DEMO.arn);
    const file = join(home, "policy.json");
    await writeFile(file, before);
    await kms("put-key-policy", "--key-id", KEY, "--policy-name", "default", "--policy", `file://${file}`);
    expect(await policy()).toBe(before);
    const bare = { ...JSON.parse(before), Statement: JSON.parse(before).Statement.slice(0, 1) };
    await writeFile(file, JSON.stringify(bare));
    await kms("put-key-policy", "--key-id", KEY, "--policy-name", "default", "--policy", `file://${file}`);
    expect(await verdict()).toMatchObject({ code: expect.stringMatching(/^grant\.(missing|propagating)$/) });
  });

  it("encrypts and decrypts, and is refused as somebody who may not", async () => {
    const text = Buffer.from("a secret").toString("base64");
    const [plain, cipher] = [join(home, "plain"), join(home, "cipher")];
    await writeFile(plain, "a secret");
    const encrypted = (await kms("encrypt", "--key-id", KEY, "--plaintext", `fileb://${plain}`)) as {
      CiphertextBlob: string;
    };
    await writeFile(cipher, Buffer.from(encrypted.CiphertextBlob, "base64"));
    expect(await kms("decrypt", "--ciphertext-blob", `fileb://${cipher}`)).toMatchObject({
      KeyId: KEY,
      Plaintext: text,
    });
    const auditor = { ...env, AWS_ACCESS_KEY_ID: AUDITOR.accessKeyId, AWS_SECRET_ACCESS_KEY: AUDITOR.secretAccessKey };
    const refused = aws(
      home,
      auditor,
      "--endpoint-url",
      env["AWS_ENDPOINT_URL_KMS"] ?? "",
      "kms",
      "decrypt",
      "--ciphertext-blob",
      `fileb://${cipher}`,
    );
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining("AccessDeniedException") });
  });

  it("plays the script that `policy --format cli` prints, and the grant is in", async () => {
    const { json } = await keygrant(home, env, "policy", KEY, "--format", "cli");
    const bin = join(home, "bin");
    await mkdir(bin);
    await writeFile(
      join(bin, "keygrant"),
      `#!/bin/sh\nexec "${process.execPath}" -- "${resolve("bin/keygrant.js")}" "$@"\n`,
    );
    await chmod(join(bin, "keygrant"), 0o755);
    const vars = clean(home, env);
    execFileSync("sh", ["-c", json.text], { cwd: home, env: { ...vars, PATH: `${bin}:${vars["PATH"]}` } });
    expect(JSON.parse(await readFile(join(home, "key-policy.before.json"), "utf8")).Statement).toHaveLength(1);
    expect(await policy()).toContain(VENDOR_DEMO.arn);
    expect(await verdict()).toMatchObject({ exitCode: 0, phase: "VALID" });
  });
});

sayWhatRan(CLI);
