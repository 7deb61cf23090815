import fs, { mkdtemp, rm, writeFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readFailure } from "../../../src/clouds/aws/errors.ts";
import { lookFailure } from "../../../src/clouds/aws/look.ts";
import { type AwsSettings, openAws } from "../../../src/clouds/aws/sdk.ts";
import type { LookFailure } from "../../../src/core/model.ts";
import { ARN, METADATA, policyText, ROOT } from "./helpers.ts";

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

/** Answers for as long as the list goes, the last one for ever. */
let replies: (Reply | "cut" | "hang")[] = [];
let asked: { target: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
let server: http.Server;
let origin: string;
const agents = { http: new http.Agent(), https: new https.Agent() };

beforeEach(async () => {
  asked = [];
  server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      asked.push({ target: String(request.headers["x-amz-target"] ?? ""), headers: request.headers, body });
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      if (reply === "hang") return;
      if (reply === "cut" || reply === undefined) {
        request.socket.destroy();
        return;
      }
      response.writeHead(reply.status, {
        "content-type": reply.type ?? "application/x-amz-json-1.1",
        "x-amzn-requestid": "4ae49104-e6ff-435c-ba6c-350e0aa0de35",
        ...reply.headers,
      });
      response.end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(settings: Partial<AwsSettings> = {}) {
  return openAws({
    credentials: { accessKeyId: "AKIAWORTHLESSWORTHLE", secretAccessKey: "worthless" },
    kmsEndpoint: origin,
    stsEndpoint: origin,
    agents,
    requestTimeoutMs: 2000,
    attempts: 1,
    jitter: () => 0,
    retryBaseMs: 1,
    ...settings,
  });
}

function error(name: string, message: string, status = 400): Reply {
  const field = name === "AccessDeniedException" ? "Message" : "message";
  return { status, body: JSON.stringify({ __type: name, [field]: message }) };
}

const ok = (body: object): Reply => ({ status: 200, body: JSON.stringify(body) });

async function failureOf(call: () => Promise<unknown>, asked = { call: "GetKeyPolicy", service: "kms" } as const) {
  try {
    await call();
  } catch (error) {
    const failure = readFailure(error, asked);
    return { ...failure, why: lookFailure(failure, asked) };
  }
  throw new Error("it did not fail");
}

const getKeyPolicy = (settings?: Partial<AwsSettings>, signal?: AbortSignal) => () =>
  open(settings).kms("eu-west-1").getKeyPolicy({ KeyId: ARN, PolicyName: "default" }, signal);

async function whyNot(reply: Reply | "cut" | "hang", settings?: Partial<AwsSettings>): Promise<LookFailure> {
  replies = [reply];
  return (await failureOf(getKeyPolicy(settings))).why;
}

describe("what AWS answers, through the real SDK", () => {
  test.each<[string, string, number, string, string]>([
    [
      "AccessDeniedException",
      "User: arn:aws:sts::111122223333:assumed-role/x/session-17 is not authorized to perform: kms:GetKeyPolicy on resource: k because no resource-based policy allows the kms:GetKeyPolicy action",
      400,
      "look.denied",
      "the caller lacks kms:GetKeyPolicy (no resource-based policy allows the kms:GetKeyPolicy action)",
    ],
    [
      "AccessDeniedException",
      "User: u is not authorized to perform: kms:GetKeyPolicy with an explicit deny in a service control policy",
      400,
      "look.denied",
      "explicit deny in a service control policy",
    ],
    ["AccessDeniedException", "", 400, "look.denied", "the caller lacks kms:GetKeyPolicy."],
    ["ThrottlingException", "Rate exceeded", 400, "look.throttled", "was throttled"],
    ["LimitExceededException", "too many", 400, "look.throttled", "was throttled"],
    [
      "ExpiredTokenException",
      "The security token included in the request is expired",
      400,
      "look.credentials",
      "have expired",
    ],
    [
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
      400,
      "look.credentials",
      "does not know the credentials",
    ],
    [
      "InvalidClientTokenId",
      "The security token included in the request is invalid.",
      403,
      "look.credentials",
      "does not know the credentials",
    ],
    [
      "InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided.",
      400,
      "look.credentials",
      "does not take the credentials",
    ],
    [
      "InvalidSignatureException",
      "Signature expired: 20261121T100000Z is now earlier than 20261121T101000Z (20261121T101500Z - 5 min.)",
      400,
      "look.credentials",
      "the clock of this machine",
    ],
    [
      "InvalidSignatureException",
      "Signature not yet current: 20261121T100000Z is still later than 20261121T095000Z",
      400,
      "look.credentials",
      "the clock of this machine",
    ],
    ["RequestTimeTooSkewed", "x", 403, "look.credentials", "the clock of this machine"],
    ["IncompleteSignature", "x", 400, "look.credentials", "does not take the credentials"],
    ["MissingAuthenticationTokenException", "Missing Authentication Token", 400, "look.credentials", "does not take"],
    ["NotFoundException", "Invalid arn eu-west-1", 400, "look.misconfigured", "asked in the wrong place"],
    ["NotFoundException", `Key '${ARN}' does not exist`, 400, "look.absent-or-denied", "does not exist"],
    ["NotFoundException", "Invalid keyId 'x'", 400, "look.absent-or-denied", "Invalid keyId"],
    ["InvalidArnException", "ARN is not valid", 400, "look.misconfigured", "asked in the wrong place"],
    ["KMSInternalException", "", 500, "look.unreachable", "failed inside AWS (KMSInternalException)"],
    ["InternalFailure", "", 500, "look.unreachable", "failed inside AWS"],
    ["ServiceUnavailableException", "", 503, "look.unreachable", "failed inside AWS"],
    ["DependencyTimeoutException", "The system timed out", 503, "look.timeout", "got no answer in time"],
    ["KeyUnavailableException", "You can retry the request", 500, "look.unreachable", "could not be served now"],
    [
      "KMSInvalidStateException",
      "The external key store proxy did not respond in time. Retry the request.",
      400,
      "look.unreachable",
      "could not be served now",
    ],
    ["KMSInvalidStateException", `${ARN} is pending deletion.`, 400, "look.unsupported", "is pending deletion"],
    ["DisabledException", `${ARN} is disabled.`, 400, "look.unsupported", "is disabled"],
    ["UnsupportedOperationException", "not for this key", 400, "look.unsupported", "not for this key"],
    ["UnknownOperationException", "", 404, "look.unsupported", "UnknownOperationException"],
    ["NotImplemented", "", 501, "look.unsupported", "NotImplemented"],
    ["ValidationException", "1 validation error detected", 400, "look.unsupported", "1 validation error"],
    [
      "AccessDenied",
      "User: u is not authorized to perform: sts:AssumeRole",
      403,
      "look.credentials",
      "does not take the credentials",
    ],
    ["SomethingNew", "of which nobody has heard", 400, "look.unsupported", "SomethingNew: of which nobody has heard"],
    ["SomethingNew", "of which nobody has heard", 500, "look.unreachable", "failed inside AWS"],
  ])("%s %j (%i): %s", async (name, message, status, code, detail) => {
    const why = await whyNot(error(name, message, status));
    expect(why.code).toBe(code);
    expect(why.detail).toContain(detail);
    expect(why.detail).not.toContain("session-17");
  });

  test("no request ids, no tokens, no terminal escapes", async () => {
    const secret = "x".repeat(200);
    const why = await whyNot(
      error(
        "ValidationException",
        `bad\u001b[31m thing (Service: Kms, Status Code: 400, Request ID: 4ae49104-e6ff-435c-ba6c-350e0aa0de35) AKIAIOSFODNN7EXAMPLE ${secret} Encoded authorization failure message: abc`,
      ),
    );
    expect(why.detail).toContain("bad");
    expect(why.detail).not.toMatch(/4ae49104|AKIAIOS|x{30}|Encoded/);
    expect(why.detail).not.toContain("\u001b");
  });
});

describe("what is not AWS's answer", () => {
  const page = (status: number): Reply => ({ status, body: "<html>Log in</html>", type: "text/html" });

  test.each<[string, Reply | "cut" | "hang", string, string]>([
    ["a page", page(200), "look.unreachable", "something that is not AWS (HTTP 200)"],
    ["a page that refuses", page(403), "look.unreachable", "something that is not AWS (HTTP 403)"],
    ["a page of a broken proxy", page(502), "look.unreachable", "failed inside AWS (HTTP 502)"],
    ["half an answer", { status: 200, body: '{"Policy":' }, "look.unreachable", "not AWS"],
    ["an empty refusal", { status: 403, body: "" }, "look.unreachable", "something that is not AWS (HTTP 403)"],
    ["an empty 503", { status: 503, body: "" }, "look.unreachable", "failed inside AWS (HTTP 503)"],
    ["an empty 429", { status: 429, body: "" }, "look.throttled", "was throttled"],
    [
      "a redirect",
      { status: 302, body: "", headers: { location: "http://127.0.0.1/" } },
      "look.unreachable",
      "not AWS",
    ],
    ["a connection that is cut", "cut", "look.unreachable", "the connection was cut (ECONNRESET)"],
  ])("%s", async (_, reply, code, detail) => {
    const why = await whyNot(reply);
    expect(why.code).toBe(code);
    expect(why.detail).toContain(detail);
  });

  test("no answer at all", async () => {
    expect(await whyNot("hang", { requestTimeoutMs: 50 })).toMatchObject({ code: "look.timeout" });
  });

  test("the deadline of the command", async () => {
    replies = ["hang"];
    const failure = await failureOf(getKeyPolicy({}, AbortSignal.timeout(50)));
    expect(failure.kind).toBe("deadline");
    expect(failure.why).toMatchObject({ code: "look.timeout", detail: expect.stringContaining("given up") });
    expect((await failureOf(getKeyPolicy({}, AbortSignal.abort()))).kind).toBe("deadline");
  });

  test("nobody there", async () => {
    const failure = await failureOf(getKeyPolicy({ kmsEndpoint: "http://127.0.0.1:1" }));
    expect(failure).toMatchObject({ kind: "not-sent", why: { code: "look.unreachable" } });
    expect(failure.why.detail).toContain("no connection could be made (ECONNREFUSED)");
  });

  test("no such host", async () => {
    const failure = await failureOf(getKeyPolicy({ kmsEndpoint: "http://nowhere.invalid" }));
    expect(failure.kind).toBe("not-sent");
  });

  test("TLS that is none, and an endpoint that is none", async () => {
    expect((await failureOf(getKeyPolicy({ kmsEndpoint: origin.replace("http:", "https:") }))).kind).toBe("not-sent");
    expect((await failureOf(getKeyPolicy({ kmsEndpoint: "not a url" }))).kind).toBe("misconfigured");
  });

  test("a mistake of our own is not taken for it", () => {
    const asked = { call: "X", service: "kms" } as const;
    expect(() => readFailure(new TypeError("x is not a function"), asked)).toThrow(TypeError);
    expect(() => readFailure("thrown", asked)).toThrow("thrown");
  });

  test.each([
    "SELF_SIGNED_CERT_IN_CHAIN",
    "CERT_HAS_EXPIRED",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ])("a certificate: %s", (code) => {
    const asked = { call: "DescribeKey", service: "kms" } as const;
    const failure = readFailure(Object.assign(new Error("x"), { code }), asked);
    expect(lookFailure(failure, asked)).toMatchObject({ code: "look.unreachable", fix: expect.stringContaining("CA") });
  });
});

describe("credentials that were not found", () => {
  test.each([
    ["Could not load credentials from any providers", "no AWS credentials were found"],
    ["The SSO session associated with this profile has expired.", "IAM Identity Center (SSO)"],
    ["Command failed: /bin/secret-helper --password hunter2", "no AWS credentials were found"],
  ])("%s", (message, says) => {
    const asked = { call: "DescribeKey", service: "kms" } as const;
    const cause = Object.assign(new Error(message), { name: "CredentialsProviderError" });
    const why = lookFailure(readFailure(cause, asked), asked);
    expect(why.code).toBe("look.credentials");
    expect(why.detail).toContain(says);
    expect(why.detail).not.toContain("hunter2");
  });
});

describe("calls", () => {
  test("reads are repeated, after throttling, server errors and cut connections", async () => {
    replies = [
      error("ThrottlingException", ""),
      error("KMSInternalException", "", 500),
      "cut",
      ok({ KeyMetadata: METADATA }),
    ];
    const answer = await open({ attempts: 4 }).kms("eu-west-1").describeKey({ KeyId: ARN });
    expect(answer.KeyMetadata?.Arn).toBe(ARN);
    expect(asked.map(({ target }) => target)).toEqual(Array(4).fill("TrentService.DescribeKey"));
  });

  const put = (settings: Partial<AwsSettings>) =>
    open(settings)
      .kms("eu-west-1")
      .putKeyPolicy({ KeyId: ARN, PolicyName: "default", Policy: policyText(ROOT) });

  test("a write is repeated when AWS has refused it for now", async () => {
    replies = [error("ThrottlingException", ""), ok({})];
    const answer = await put({ attempts: 3 });
    expect(answer.$metadata.requestId).toBe("4ae49104-e6ff-435c-ba6c-350e0aa0de35");
    expect(asked).toHaveLength(2);
    expect(JSON.parse(asked[1]?.body ?? "")).toEqual({ KeyId: ARN, PolicyName: "default", Policy: policyText(ROOT) });
  });

  test.each<[string, Reply | "cut"]>([
    ["a server error", error("KMSInternalException", "", 500)],
    ["a cut connection", "cut"],
    ["a document that is too long", error("LimitExceededException", "")],
  ])("a write is not repeated after %s", async (_, reply) => {
    replies = [reply];
    await expect(put({ attempts: 3 })).rejects.toThrow();
    expect(asked).toHaveLength(1);
  });

  test("all of them", async () => {
    const kms = open().kms("eu-west-1");
    replies = [ok({ KeyRotationEnabled: true })];
    expect(await kms.getKeyRotationStatus({ KeyId: ARN })).toMatchObject({ KeyRotationEnabled: true });
    replies = [ok({ Grants: [{ GrantId: "g", CreationDate: 1.5 }], Truncated: true, NextMarker: "m" })];
    expect(await kms.listGrants({ KeyId: ARN, Marker: "l" })).toMatchObject({ Truncated: true, NextMarker: "m" });
    replies = [ok({ KeyId: ARN, CiphertextBlob: "AQI=" })];
    const about = { KeyId: ARN, EncryptionContext: { keygrant: "probe" } };
    const { CiphertextBlob } = await kms.encrypt({ ...about, Plaintext: Uint8Array.of(1) });
    expect([...(CiphertextBlob ?? [])]).toEqual([1, 2]);
    replies = [ok({ KeyId: ARN, Plaintext: "AQ==" })];
    const { Plaintext } = await kms.decrypt({ ...about, CiphertextBlob: Uint8Array.of(1) });
    expect([...(Plaintext ?? [])]).toEqual([1]);
  });

  test("STS, and KMS as somebody else", async () => {
    const arn = "arn:aws:sts::111122223333:assumed-role/x/s";
    const xml = (action: string, result: string) =>
      `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
    const clients = open();
    replies = [{ status: 200, type: "text/xml", body: xml("GetCallerIdentity", `<Arn>${arn}</Arn>`) }];
    expect((await clients.sts("eu-west-1").getCallerIdentity()).Arn).toBe(arn);
    const given =
      "<Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-11-21T10:00:00Z</Expiration></Credentials>";
    replies = [{ status: 200, type: "text/xml", body: xml("AssumeRole", given) }];
    const role = { RoleArn: "arn:aws:iam::111122223333:role/x", RoleSessionName: "s", DurationSeconds: 900 };
    expect((await clients.sts("eu-west-1").assumeRole(role)).Credentials).toMatchObject({ AccessKeyId: "ASIAX" });
    replies = [ok({ KeyMetadata: METADATA })];
    const other = { accessKeyId: "ASIAX", secretAccessKey: "s", sessionToken: "the-token" };
    await clients.kmsAs(other, "us-east-1").describeKey({ KeyId: ARN });
    expect(asked.at(-1)?.headers["x-amz-security-token"]).toBe("the-token");
    expect(asked.at(-1)?.headers.authorization).toMatch(/Credential=ASIAX\/\d+\/us-east-1\/kms\//);
  });

  test("one client for each region", () => {
    const clients = open();
    expect(clients.kms("eu-west-1")).toBe(clients.kms("eu-west-1"));
    expect(clients.kms("eu-west-1")).not.toBe(clients.kms("us-east-1"));
    expect(clients.sts("eu-west-1")).toBe(clients.sts("eu-west-1"));
  });
});

describe("what the machine has in ~/.aws", () => {
  let home: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "keygrant-aws-"));
    const poison = [
      "[default]",
      "region = poison-1",
      "use_fips_endpoint = poison",
      "use_dualstack_endpoint = poison",
      "max_attempts = poison",
      "retry_mode = poison",
      "defaults_mode = poison",
      "sdk_ua_app_id = poisoned",
      "endpoint_url = http://127.0.0.1:1",
      "auth_scheme_preference = poison",
      "sigv4a_signing_region_set = poison",
      `credential_process = touch ${join(home, "ran")}`,
      "",
    ].join("\n");
    await writeFile(join(home, "config"), poison);
    await writeFile(
      join(home, "credentials"),
      "[default]\naws_access_key_id = POISON\naws_secret_access_key = POISON\n",
    );
    vi.stubEnv("HOME", home);
    vi.stubEnv("AWS_CONFIG_FILE", join(home, "config"));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(home, "credentials"));
    for (const name of [
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
      "AWS_PROFILE",
      "AWS_REGION",
    ]) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(home, { recursive: true, force: true });
  });

  test("is not read when everything is given", async () => {
    const read = vi.spyOn(fs, "readFile");
    const clients = open({ attempts: 3 });
    replies = [ok({ KeyMetadata: METADATA })];
    await clients.kms("eu-west-1").describeKey({ KeyId: ARN });
    await clients.kmsAs({ accessKeyId: "OTHER", secretAccessKey: "s" }, "eu-west-1").describeKey({ KeyId: ARN });
    replies = [ok({})];
    await clients.kms("eu-west-1").putKeyPolicy({ KeyId: ARN, PolicyName: "default", Policy: "{}" });
    replies = [
      {
        status: 200,
        type: "text/xml",
        body: "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>",
      },
    ];
    await clients.sts("eu-west-1").getCallerIdentity();
    expect(asked).toHaveLength(4);
    expect(read.mock.calls.map(([path]) => String(path)).filter((path) => path.startsWith(home))).toEqual([]);
    for (const { headers } of asked) {
      expect(headers.authorization).toContain("/eu-west-1/");
      expect(`${headers.authorization} ${headers["user-agent"]}`).not.toMatch(/poison/i);
    }
  });

  test("is read when it is not", async () => {
    replies = [ok({ KeyMetadata: METADATA })];
    await open({ stsEndpoint: undefined }).kms("eu-west-1").describeKey({ KeyId: ARN });
    expect(asked[0]?.headers["user-agent"]).toContain("poisoned");
  });
});
