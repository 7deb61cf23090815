import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, keygrant, lacks, type Running, run, start, startSandbox, until } from "./programs.ts";

/** An AWS KMS that nobody here wrote (moto), a key made with the AWS CLI, and the sandbox's Aiven beside them. */
const missing = lacks("aws", "moto_server");

describe.skipIf(missing !== null)(`moto's server and the AWS CLI${missing === null ? "" : ` (${missing})`}`, () => {
  let folder: string;
  let env: Readonly<Record<string, string>>;
  let key: string;
  const running: Running[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keygrant-moto-"));
    const port = await freePort();
    const moto = `http://127.0.0.1:${port}`;
    const plain = { PATH: process.env["PATH"] ?? "", HOME: folder };
    running.push(start("moto_server", ["-H", "127.0.0.1", "-p", String(port)], plain));
    await until(
      () =>
        fetch(moto).then(
          () => true,
          () => false,
        ),
      "moto's server",
    );
    const sandbox = await startSandbox(folder, ["--vendor-aws-endpoint", moto]);
    running.push(sandbox.running);
    const endpoints = { AWS_ENDPOINT_URL_KMS: moto, AWS_ENDPOINT_URL_STS: moto };
    env = { ...sandbox.env, ...endpoints, AWS_ACCESS_KEY_ID: "worthless", AWS_SECRET_ACCESS_KEY: "worthless" };
    key = aws("kms", "create-key", "--query", "KeyMetadata.Arn", "--output", "text");
  });

  afterAll(async () => {
    for (const one of running.reverse()) await one[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function aws(...args: readonly string[]): string {
    return run("aws", args, env);
  }

  function onboard() {
    return keygrant(["onboard", key, "--yes", "--settle-reads", "1"], env);
  }

  function statements(): readonly { readonly Sid?: string; readonly Principal: unknown; readonly Action: unknown }[] {
    const args = ["--key-id", key, "--policy-name", "default", "--query", "Policy", "--output", "text"];
    return JSON.parse(aws("kms", "get-key-policy", ...args)).Statement;
  }

  it("onboard keeps the root statement, adds one, and is VALID", () => {
    const before = statements();
    const { exitCode, json } = onboard();
    expect(json.key).toMatchObject({ phase: "VALID", assurance: "vendor" });
    expect(json.registration).toMatchObject({ created: true });
    expect(exitCode).toBe(0);
    expect(statements()).toEqual([
      ...before,
      {
        Sid: "Allow Aiven to use this key for CMK operations",
        Effect: "Allow",
        Principal: { AWS: "arn:aws:iam::999988887777:role/aiven-cmk-anchor" },
        Action: ["kms:Encrypt", "kms:Decrypt"],
        Resource: "*",
      },
    ]);
  });

  it("a second time changes nothing", () => {
    const before = statements();
    const { exitCode, json } = onboard();
    expect(json).toMatchObject({ change: null, registration: { created: false } });
    expect(exitCode).toBe(0);
    expect(statements()).toEqual(before);
  });
});
