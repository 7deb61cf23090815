import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { keygrant, startSandboxCommand } from "./keygrant.ts";
import { aws, find, type Server, sayWhatRan, startMoto, throwAwayHome, type Variables } from "./programs.ts";

/** An AWS KMS that nobody here wrote: a key made with the AWS CLI, onboarded, and read back with the AWS CLI. */
const CLI = find("aws");
const MOTO = find("moto_server", "--help");

interface Policy {
  readonly Statement: readonly { readonly Sid?: string; readonly Principal: unknown; readonly Action: unknown }[];
}

describe.skipIf(CLI.version === null || MOTO.version === null)("moto's server, with the AWS CLI", () => {
  const home = throwAwayHome();
  let moto: Server;
  /** What keygrant and the AWS CLI are told. */
  let env: Variables;
  let arn: string;

  beforeAll(async () => {
    moto = await startMoto(home);
    const sandbox = await startSandboxCommand(home, "--vendor-aws-endpoint", moto.origin);
    env = {
      ...sandbox,
      AWS_ENDPOINT_URL_KMS: moto.origin,
      AWS_ENDPOINT_URL_STS: moto.origin,
      AWS_ACCESS_KEY_ID: "worthless",
      AWS_SECRET_ACCESS_KEY: "worthless",
    };
    const created = (await kms("create-key", "--description", "made with the AWS CLI")) as {
      KeyMetadata: { Arn: string };
    };
    arn = created.KeyMetadata.Arn;
  });
  afterAll(() => moto?.stop());

  const kms = (...args: readonly string[]) => aws(home, env, "--endpoint-url", moto.origin, "kms", ...args);

  async function policy(): Promise<Policy> {
    const read = (await kms("get-key-policy", "--key-id", arn, "--policy-name", "default")) as { Policy: string };
    return JSON.parse(read.Policy);
  }

  it("onboard keeps the root statement, adds one, and is VALID", async () => {
    const before = await policy();
    const { exitCode, json } = await keygrant(home, env, "onboard", arn, "--yes");
    expect({ exitCode, phase: json.key?.phase, assurance: json.key?.assurance, error: json.error }).toEqual({
      ...{ exitCode: 0, phase: "VALID", assurance: "vendor", error: undefined },
    });
    expect(json.registration.created).toBe(true);
    const after = await policy();
    expect(after.Statement.slice(0, -1)).toEqual(before.Statement);
    expect(after.Statement.at(-1)).toMatchObject({
      Sid: "Allow Aiven to use this key for CMK operations",
      Principal: { AWS: VENDOR_DEMO.arn },
      Action: ["kms:Encrypt", "kms:Decrypt"],
    });
  });

  it("again changes nothing", async () => {
    const before = await policy();
    const { exitCode, json } = await keygrant(home, env, "onboard", arn, "--yes");
    expect({ exitCode, change: json.change, created: json.registration.created }).toEqual({
      ...{ exitCode: 0, change: null, created: false },
    });
    expect(await policy()).toEqual(before);
  });

  it("validate lists it VALID, and INVALID once it is disabled", async () => {
    expect(await keygrant(home, env, "validate")).toMatchObject({
      exitCode: 0,
      json: { keys: [{ key: arn, phase: "VALID" }] },
    });
    // moto takes no ARN here.
    const id = arn.split("/").at(-1) ?? "";
    await kms("disable-key", "--key-id", id);
    const disabled = await keygrant(home, env, "validate");
    expect(disabled).toMatchObject({ exitCode: 10, json: { keys: [{ phase: "INVALID" }] } });
    expect(disabled.json.keys[0].findings[0].code).toBe("key.disabled");
    await kms("enable-key", "--key-id", id);
  });

  it("a key that was never made is not found", async () => {
    const absent = arn.replace(/[^/]+$/, "00000000-0000-4000-8000-000000000000");
    const { exitCode, json } = await keygrant(home, env, "validate", absent);
    expect({ exitCode, code: json.keys[0].findings[0].code }).toEqual({ exitCode: 10, code: "key.not-found" });
  });
});

sayWhatRan(CLI, MOTO);
