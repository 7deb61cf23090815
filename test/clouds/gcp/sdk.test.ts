import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { failureOf as readCall } from "../../../src/clouds/gcp/calls.ts";
import { readFailure } from "../../../src/clouds/gcp/errors.ts";
import type { GcpPort } from "../../../src/clouds/gcp/kms.ts";
import { openGcp } from "../../../src/clouds/gcp/sdk.ts";
import { createAgents } from "../../../src/io/agents.ts";
import { type Stub, type StubReply, type StubRequest, script, startStub } from "../../io/stub.ts";
import { KEY, RING } from "./fixture.ts";

let folder = "";
let tokenPath = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-gcp-"));
  tokenPath = join(folder, "token");
  await writeFile(tokenPath, "worthless-token\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const signal = () => AbortSignal.timeout(20_000);

function open(stub: Stub, more: { timeoutMs?: number; proxyEnv?: Record<string, string> } = {}): GcpPort {
  return openGcp({
    endpoint: `${stub.origin}/`,
    accessTokenFile: tokenPath,
    agents: createAgents({ proxyEnv: more.proxyEnv ?? {} }),
    requestTimeoutMs: more.timeoutMs ?? 5_000,
  });
}

const ok = (body: unknown): StubReply => ({ status: 200, body });

async function failureOf(call: Promise<unknown>) {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return readFailure(error);
}

describe("requests", () => {
  test("GetCryptoKey is a GET with the token, and comes back decoded", async () => {
    await using stub = await startStub(
      script(ok({ name: KEY, purpose: 1, primary: { name: `${KEY}/cryptoKeyVersions/1`, state: 1, algorithm: 1 } })),
    );
    const key = await open(stub).getCryptoKey(KEY, signal());
    expect(key).toMatchObject({ name: KEY, purpose: "ENCRYPT_DECRYPT", keyAccessJustificationsPolicy: null });
    expect(key.primary).toMatchObject({ state: "ENABLED", algorithm: "GOOGLE_SYMMETRIC_ENCRYPTION" });
    const [request] = stub.requests;
    expect(request).toMatchObject({ method: "GET" });
    expect(request?.path).toMatch(new RegExp(`^/v1/${KEY}\\?`));
    expect(request?.headers["authorization"]).toBe("Bearer worthless-token");
  });

  test("enumerations by name are understood too, and an empty justifications policy stays one", async () => {
    await using stub = await startStub(
      script(ok({ name: KEY, purpose: "ASYMMETRIC_DECRYPT", keyAccessJustificationsPolicy: {} })),
    );
    const key = await open(stub).getCryptoKey(KEY, signal());
    expect(key).toMatchObject({
      purpose: "ASYMMETRIC_DECRYPT",
      keyAccessJustificationsPolicy: { allowedAccessReasons: [] },
    });
  });

  test("versions come page by page", async () => {
    const version = (number: number) => ({ name: `${KEY}/cryptoKeyVersions/${number}`, state: number });
    await using stub = await startStub(
      script(ok({ cryptoKeyVersions: [version(1)], nextPageToken: "more" }), ok({ cryptoKeyVersions: [version(2)] })),
    );
    const port = open(stub);
    expect(await port.listCryptoKeyVersions(KEY, "", signal())).toMatchObject({ nextPageToken: "more" });
    expect(await port.listCryptoKeyVersions(KEY, "more", signal())).toMatchObject({
      cryptoKeyVersions: [{ state: "DISABLED" }],
      nextPageToken: "",
    });
    expect(stub.requests[1]?.path).toContain("pageToken=more");
  });

  test("policies are read with GET at version 3, and nothing in them is lost", async () => {
    const text = '{"version":3,"etag":"BwX=","new":{"n":12345678901234567890},"bindings":[]}';
    await using stub = await startStub(script({ status: 200, text }));
    const port = open(stub);
    expect(await port.getIamPolicy(KEY, signal())).toBe(text);
    expect(await port.getIamPolicy(RING, signal())).toBe(text);
    expect(stub.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET /v1/${KEY}:getIamPolicy?options.requestedPolicyVersion=3`,
      `GET /v1/${RING}:getIamPolicy?options.requestedPolicyVersion=3`,
    ]);
  });

  test("a policy is written as it was given, with a mask that leaves audit configurations alone", async () => {
    await using stub = await startStub(script(ok({ etag: "BwY=" })));
    await open(stub).setIamPolicy(KEY, '{"etag":"BwX=","n":12345678901234567890,"version":3}', signal());
    expect(stub.requests[0]).toMatchObject({
      method: "POST",
      path: `/v1/${KEY}:setIamPolicy`,
      body: '{"policy":{"etag":"BwX=","n":12345678901234567890,"version":3},"updateMask":"bindings,etag,version"}',
    });
    expect(stub.requests[0]?.headers["content-type"]).toBe("application/json");
  });

  test("an endpoint on loopback stands for all of Google Cloud", async () => {
    await using stub = await startStub((request) =>
      ok(request.path === "/tokeninfo" ? { email: "owner@example.com" } : { etag: "ACAB", accessToken: "theirs" }),
    );
    const port = open(stub);
    await port.getProjectIamPolicy("demo", signal());
    await port.getRole("projects/demo/roles/mine", signal());
    expect(await port.caller(signal())).toBe("owner@example.com");
    const other = await port.impersonate("probe@demo.iam.gserviceaccount.com", signal());
    await other.getPublicKey(`${KEY}/cryptoKeyVersions/1`, signal());
    expect(stub.requests.map(({ method, path }) => `${method} ${path.split("?")[0]}`)).toEqual([
      "POST /v1/projects/demo:getIamPolicy",
      "GET /v1/projects/demo/roles/mine",
      "POST /tokeninfo",
      "POST /v1/projects/-/serviceAccounts/probe%40demo.iam.gserviceaccount.com:generateAccessToken",
      `GET /v1/${KEY}/cryptoKeyVersions/1/publicKey`,
    ]);
    expect(stub.requests[0]?.body).toBe('{"options":{"requestedPolicyVersion":3}}');
    expect(stub.requests[4]?.headers["authorization"]).toBe("Bearer theirs");
  });

  test("bytes and checksums go out and come back", async () => {
    await using stub = await startStub(
      script(
        ok({
          name: `${KEY}/cryptoKeyVersions/1`,
          ciphertext: Buffer.from("sealed").toString("base64"),
          ciphertextCrc32c: "3808858755",
          verifiedPlaintextCrc32c: true,
        }),
      ),
    );
    const answer = await open(stub).encrypt(
      {
        name: KEY,
        plaintext: Buffer.from("plain"),
        plaintextCrc32c: { value: 3_000_000_000 },
        additionalAuthenticatedData: Buffer.from("aad"),
        additionalAuthenticatedDataCrc32c: { value: 7 },
      },
      signal(),
    );
    expect(Buffer.from(answer.ciphertext as Uint8Array).toString()).toBe("sealed");
    expect(answer).toMatchObject({ ciphertextCrc32c: { value: "3808858755" }, verifiedPlaintextCrc32c: true });
    expect(stub.requests[0]?.path).toMatch(/:encrypt\?/);
    expect(JSON.parse(stub.requests[0]?.body ?? "")).toMatchObject({
      plaintext: Buffer.from("plain").toString("base64"),
      plaintextCrc32c: "3000000000",
    });
  });
});

describe("credentials", () => {
  test("a token file that changes is read again", async () => {
    await using stub = await startStub(() => ok({ name: KEY }));
    const path = join(folder, "changing");
    await writeFile(path, "first");
    const port = openGcp({
      endpoint: stub.origin,
      accessTokenFile: path,
      agents: createAgents({ proxyEnv: {} }),
      requestTimeoutMs: 5_000,
    });
    await port.getCryptoKey(KEY, signal());
    await writeFile(path, "second one");
    expect((await failureOf(port.getCryptoKey(KEY, signal()))).kind).toBe("credentials");
    await writeFile(path, "second-one");
    await port.getIamPolicy(KEY, signal());
    expect(stub.requests.map((request) => request.headers["authorization"])).toEqual([
      "Bearer first",
      "Bearer second-one",
    ]);
  });

  test("a token file that is not there is a matter of credentials, for every call", async () => {
    await using stub = await startStub(() => ok({}));
    const port = openGcp({
      endpoint: stub.origin,
      accessTokenFile: join(folder, "absent"),
      agents: createAgents({ proxyEnv: {} }),
      requestTimeoutMs: 5_000,
    });
    const failure = { kind: "credentials", words: expect.stringContaining("absent") };
    expect(await failureOf(port.getCryptoKey(KEY, signal()))).toMatchObject(failure);
    expect(await failureOf(port.getIamPolicy(KEY, signal()))).toMatchObject(failure);
    expect(stub.requests).toEqual([]);
  });

  test("application default credentials: a workload's identity, exchanged for a token by way of our agents", async () => {
    await using stub = await startStub((request: StubRequest) =>
      request.path === "/token"
        ? ok({ access_token: "exchanged", expires_in: 3600, token_type: "Bearer", issued_token_type: "x" })
        : ok({ name: KEY }),
    );
    const subject = join(folder, "subject");
    const path = join(folder, "workload.json");
    const workload = {
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${stub.origin}/token`,
      credential_source: { file: subject },
    };
    await writeFile(subject, "worthless-subject");
    await writeFile(path, JSON.stringify(workload));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", path);
    // A proxy that is not there: only the agents decide, and they send loopback nowhere else.
    const proxyEnv = { HTTPS_PROXY: "http://127.0.0.1:9", HTTP_PROXY: "http://127.0.0.1:9" };
    for (const [name, value] of Object.entries(proxyEnv)) vi.stubEnv(name, value);
    // The exchange itself is made with a transport of the library's own, which reads the environment.
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    const port = openGcp({ endpoint: stub.origin, agents: createAgents({ proxyEnv }), requestTimeoutMs: 5_000 });
    expect(await port.getCryptoKey(KEY, signal())).toMatchObject({ name: KEY });
    expect(await port.getIamPolicy(KEY, signal())).toContain(KEY);
    expect(stub.requests.map((request) => request.headers["authorization"] ?? request.path)).toEqual([
      "/token",
      "Bearer exchanged",
      "Bearer exchanged",
    ]);
    expect(stub.requests.every((request) => request.headers["x-goog-user-project"] === undefined)).toBe(true);
  });

  test("a token that nobody can be reached for says nothing about the credentials", async () => {
    await using stub = await startStub(() => ok({ name: KEY }));
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const path = join(folder, "account.json");
    const account = {
      type: "service_account",
      client_email: "keygrant@demo.iam.gserviceaccount.com",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    };
    await writeFile(path, JSON.stringify(account));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", path);
    // The token is asked for at Google's own address, which only the proxy leads to.
    const agents = createAgents({ proxyEnv: { HTTPS_PROXY: "http://127.0.0.1:9" } });
    const port = openGcp({ endpoint: stub.origin, agents, requestTimeoutMs: 5_000 });
    expect(await failureOf(port.getCryptoKey(KEY, signal()))).toMatchObject({ kind: "not-sent" });
    expect(await port.caller(signal())).toBe("keygrant@demo.iam.gserviceaccount.com");
    expect(stub.requests).toEqual([]);
  });

  test("no credentials at all", async () => {
    await using stub = await startStub(() => ok({}));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(folder, "nowhere.json"));
    const port = openGcp({ endpoint: stub.origin, agents: createAgents({ proxyEnv: {} }), requestTimeoutMs: 5_000 });
    expect((await failureOf(port.getCryptoKey(KEY, signal()))).kind).toBe("credentials");
  });
});

describe("failures", () => {
  const google = (http: number, status: string, message = "no", details: object[] = []): StubReply => ({
    status: http,
    body: { error: { code: http, message, status, details } },
  });
  const cases: readonly [string, StubReply, string][] = [
    ["no such key", google(404, "NOT_FOUND", `CryptoKey ${KEY} not found.`), "absent"],
    [
      "Google's page for an address it does not serve",
      { status: 404, text: "<html>404. That’s an error.</html>" },
      "misconfigured",
    ],
    ["a 404 of another service", { status: 404, body: { error: "not found" } }, "misconfigured"],
    ["denied", google(403, "PERMISSION_DENIED", "Permission 'x' denied (or it may not exist)."), "denied"],
    ["an expired token", google(401, "UNAUTHENTICATED", "expired"), "credentials"],
    ["a 401 of a proxy", { status: 401, text: "who are you" }, "credentials"],
    ["a 403 of a proxy", { status: 403, text: "<html>blocked</html>" }, "foreign"],
    ["too many requests", google(429, "RESOURCE_EXHAUSTED", "Quota exceeded"), "throttled"],
    ["unavailable", google(503, "UNAVAILABLE"), "server"],
    ["a 503 page", { status: 503, text: "<html>503</html>" }, "server"],
    ["a 500", google(500, "INTERNAL"), "server"],
    [
      "disabled",
      google(400, "FAILED_PRECONDITION", `${KEY}/cryptoKeyVersions/1 is not enabled, current state is: DISABLED.`),
      "key-state",
    ],
    ["a conflict", google(409, "ABORTED"), "conflict"],
    ["an invalid request", google(400, "INVALID_ARGUMENT"), "invalid"],
    [
      "an API that is off",
      google(403, "PERMISSION_DENIED", "off", [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SERVICE_DISABLED", domain: "googleapis.com" },
      ]),
      "not-enabled",
    ],
    ["a login page", { status: 200, text: "<html>log in</html>" }, "foreign"],
    ["a redirect", { status: 302, text: "", headers: { location: "https://login.example.com/" } }, "foreign"],
    ["a cut connection", "reset", "cut-off"],
  ];
  test.each(cases)("%s", async (_, answer, kind) => {
    await using stub = await startStub(() => answer);
    const failure = await failureOf(open(stub).getCryptoKey(KEY, signal()));
    expect(failure.kind).toBe(kind);
    expect(stub.requests).toHaveLength(1);
  });

  // What comes back as text is judged by whoever reads it: a page with status 200 is not JSON.
  test.each(cases.filter(([name]) => name !== "a login page"))("of a policy: %s", async (_, answer, kind) => {
    await using stub = await startStub(() => answer);
    expect((await failureOf(open(stub).getIamPolicy(KEY, signal()))).kind).toBe(kind);
    expect(stub.requests).toHaveLength(1);
  });

  test("nobody answers in time", async () => {
    await using stub = await startStub(() => "hang");
    const port = open(stub, { timeoutMs: 150 });
    expect((await failureOf(port.getCryptoKey(KEY, signal()))).kind).toBe("timeout");
    expect((await failureOf(port.getIamPolicy(KEY, signal()))).kind).toBe("timeout");
  });

  test("the command's time is over", async () => {
    await using stub = await startStub(() => "hang");
    const port = open(stub);
    expect((await failureOf(port.getCryptoKey(KEY, AbortSignal.timeout(100)))).kind).toBe("deadline");
    const over = AbortSignal.timeout(100);
    const error: unknown = await port.getIamPolicy(KEY, over).catch((reason: unknown) => reason);
    expect(readCall(error, over).kind).toBe("deadline");
    expect((await failureOf(port.getIamPolicy(KEY, AbortSignal.abort()))).kind).toBe("deadline");
  });

  test("nobody listens", async () => {
    const stub = await startStub(() => ok({}));
    await stub[Symbol.asyncDispose]();
    const port = open(stub);
    expect(await failureOf(port.getCryptoKey(KEY, signal()))).toMatchObject({ kind: "not-sent", name: "ECONNREFUSED" });
    expect(await failureOf(port.getIamPolicy(KEY, signal()))).toMatchObject({ kind: "not-sent", name: "ECONNREFUSED" });
  });

  test("the token shows in no failure", async () => {
    await using stub = await startStub(() => google(403, "PERMISSION_DENIED", "no"));
    const error: unknown = await open(stub)
      .getIamPolicy(KEY, signal())
      .catch((reason: unknown) => reason);
    expect(JSON.stringify(readFailure(error))).not.toContain("worthless-token");
  });
});

describe("endpoints", () => {
  const agents = createAgents({ proxyEnv: {} });
  const settings = { accessTokenFile: "t", agents, requestTimeoutMs: 1_000 };
  test.each([
    "http://kms.example.com/",
    "https://kms.example.com/prefix/",
    "https://me:secret@kms.example.com/",
    "kms.example.com",
    "ftp://127.0.0.1/",
  ])("%s is refused", (endpoint) => {
    expect(() => openGcp({ ...settings, endpoint })).toThrow(expect.objectContaining({ code: "usage.endpoint" }));
    expect(() => openGcp({ ...settings, endpoint })).not.toThrow(/secret/);
  });
  test.each([
    undefined,
    "https://cloudkms.europe-west3.rep.googleapis.com/",
    "http://[::1]:8085",
    "http://localhost:1",
  ])("%s is taken", (endpoint) => {
    expect(() => openGcp({ ...settings, endpoint })).not.toThrow();
  });
});
