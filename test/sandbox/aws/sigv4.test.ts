import { DescribeKeyCommand, type KMSClient } from "@aws-sdk/client-kms";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { describe, expect, test } from "vitest";
import { PROBE_ROLE } from "../../../src/sandbox/aws/recipes.ts";
import { HEALTHY_AWS_KEY, OWNER } from "../../../src/sandbox/cast.ts";
import { refusal, type Stage, stage } from "./kit.ts";

const DESCRIBE = { KeyId: HEALTHY_AWS_KEY };
const MINUTE = 60_000;

interface WireRequest {
  headers: Record<string, string>;
  body: string | Uint8Array;
}

function textOf(body: string | Uint8Array): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}

/** Changes what goes over the wire after it was signed. */
function tampering(kms: KMSClient, change: (request: WireRequest) => void): KMSClient {
  kms.middlewareStack.add(
    (next) => (args) => {
      change(args.request as WireRequest);
      return next(args);
    },
    { step: "deserialize", priority: "low" },
  );
  return kms;
}

function bare(on: Stage, headers: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const target = { "x-amz-target": "TrentService.DescribeKey", "content-type": "application/x-amz-json-1.1" };
  return fetch(on.origin, { method: "POST", headers: { ...target, ...headers }, body: JSON.stringify(DESCRIBE) }).then(
    async (response) => ({ status: response.status, body: await response.json() }),
  );
}

describe("what is not believed", () => {
  test("an access key that nobody has", async () => {
    await using on = await stage();
    const kms = on.kms({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" });
    expect(await refusal(kms.send(new DescribeKeyCommand(DESCRIBE)))).toBe(
      "UnrecognizedClientException: The security token included in the request is invalid.",
    );
  });

  test("a wrong secret", async () => {
    await using on = await stage();
    const kms = on.kms({ accessKeyId: OWNER.accessKeyId, secretAccessKey: "wrong" });
    expect(await refusal(kms.send(new DescribeKeyCommand(DESCRIBE)))).toMatch(
      /^InvalidSignatureException: The request signature we calculated does not match the signature you provided\./,
    );
  });

  test("a token that does not belong to the key", async () => {
    await using on = await stage();
    const kms = on.kms({ ...OWNER, sessionToken: "x" });
    expect(await refusal(kms.send(new DescribeKeyCommand(DESCRIBE)))).toMatch(/^UnrecognizedClientException/);
  });

  test.each<[string, (request: WireRequest) => void]>([
    ["the body", (request) => (request.body = textOf(request.body).replace("11111111-", "22222222-"))],
    ["the operation", (request) => (request.headers["x-amz-target"] = "TrentService.GetKeyPolicy")],
    ["a header of AWS's that was not signed", (request) => (request.headers["x-amz-more"] = "1")],
    ["the hash of the body", (request) => (request.headers["x-amz-content-sha256"] = "0".repeat(64))],
  ])("a request that was changed after it was signed: %s", async (_, change) => {
    await using on = await stage();
    expect(await refusal(tampering(on.kms(), change).send(new DescribeKeyCommand(DESCRIBE)))).toMatch(
      /^InvalidSignatureException: The request signature we calculated/,
    );
  });

  test.each<[string, RegExp]>([
    ["Signature=", /^IncompleteSignatureException: Authorization header requires 'Signature' parameter\./],
    ["SignedHeaders=", /^IncompleteSignatureException: Authorization header requires 'SignedHeaders' parameter\./],
    ["/aws4_request", /^IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements/],
    ["AWS4-HMAC-SHA256", /^IncompleteSignatureException: Unsupported AWS 'algorithm'/],
    ["host;", /^InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader'/],
    ["/kms/", /^InvalidSignatureException: Credential should be scoped to correct service: 'kms'\./],
    ["/eu-west-1/", /^InvalidSignatureException: Credential should be scoped to a valid region\./],
  ])("an Authorization without %s", async (part, expected) => {
    await using on = await stage();
    const kms = tampering(on.kms(), (request) => {
      const replacement = part.startsWith("/") && part.endsWith("/") ? "/x/" : "";
      request.headers["authorization"] = (request.headers["authorization"] ?? "").replace(part, replacement);
    });
    expect(await refusal(kms.send(new DescribeKeyCommand(DESCRIBE)))).toMatch(expected);
  });

  test("no signature at all", async () => {
    await using on = await stage();
    expect(await bare(on, {})).toEqual({
      status: 400,
      body: { __type: "MissingAuthenticationTokenException", message: "Missing Authentication Token" },
    });
  });

  test("no date", async () => {
    await using on = await stage();
    const authorization = `AWS4-HMAC-SHA256 Credential=${OWNER.accessKeyId}/20260101/eu-west-1/kms/aws4_request, SignedHeaders=host, Signature=x`;
    expect(await bare(on, { authorization })).toMatchObject({ body: { __type: "IncompleteSignatureException" } });
    const dated = { authorization, "x-amz-date": "20260102T000000Z" };
    expect(await bare(on, dated)).toMatchObject({
      body: {
        __type: "InvalidSignatureException",
        message: expect.stringMatching(/^Date in Credential scope does not/),
      },
    });
  });
});

describe("the clock", () => {
  test.each<[number, RegExp]>([
    [6, /^InvalidSignatureException: Signature expired: \d{8}T\d{6}Z is now earlier than .* - 5 min\.\)$/],
    [-6, /^InvalidSignatureException: Signature not yet current: .* is still later than .* \+ 5 min\.\)$/],
  ])("%i minutes away", async (minutes, expected) => {
    await using on = await stage();
    const kms = on.kms();
    on.pass(minutes * MINUTE);
    expect(await refusal(kms.send(new DescribeKeyCommand(DESCRIBE)))).toMatch(expected);
    // The SDK has learnt the time from the answer.
    await kms.send(new DescribeKeyCommand(DESCRIBE));
  });

  test.each([4, -4])("%i minutes are near enough", async (minutes) => {
    await using on = await stage();
    const kms = on.kms();
    on.pass(minutes * MINUTE);
    await kms.send(new DescribeKeyCommand(DESCRIBE));
  });

  test("temporary credentials expire", async () => {
    await using on = await stage();
    const assumed = await on
      .sts()
      .send(new AssumeRoleCommand({ RoleArn: PROBE_ROLE, RoleSessionName: "probe", DurationSeconds: 900 }));
    const { AccessKeyId, SecretAccessKey, SessionToken } = assumed.Credentials ?? {};
    const credentials = {
      accessKeyId: AccessKeyId ?? "",
      secretAccessKey: SecretAccessKey ?? "",
      sessionToken: SessionToken ?? "",
    };
    await on.kms(credentials).send(new DescribeKeyCommand(DESCRIBE));
    on.pass(16 * MINUTE);
    expect(await refusal(on.kms(credentials).send(new DescribeKeyCommand(DESCRIBE)))).toBe(
      "ExpiredTokenException: The security token included in the request is expired",
    );
  });
});

test("a request that is not for AWS is left alone", async () => {
  await using on = await stage();
  expect((await fetch(`${on.origin}/v1/project`)).status).toBe(404);
  const form = { method: "POST", body: new URLSearchParams({ Action: "ListUsers", Version: "2010-05-08" }) };
  expect((await fetch(on.origin, form)).status).toBe(404);
});

test("a body that is no JSON", async () => {
  await using on = await stage();
  const kms = on.kms();
  kms.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as WireRequest;
      request.body = "{";
      request.headers["content-length"] = "1";
      return next(args);
    },
    { step: "build", priority: "low" },
  );
  expect(await refusal(kms.send(new DescribeKeyCommand(DESCRIBE)))).toMatch(/^SerializationException/);
});
