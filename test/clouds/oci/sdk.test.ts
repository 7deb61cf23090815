import { createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { OciClients } from "../../../src/clouds/oci/api.ts";
import { OciCallError } from "../../../src/clouds/oci/errors.ts";
import { openOci } from "../../../src/clouds/oci/sdk.ts";
import { OCI_AUTH, type OciOptions } from "../../../src/clouds/oci/settings.ts";
import { type FakeClock, fakeClock, httpDeps, type StubRequest, script, startStub } from "../../io/stub.ts";
import { failureOf, KEY_ID, TENANCY } from "./helpers.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const USER = "ocid1.user.oc1..aaaame";
const FINGERPRINT = "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34";
const claims = Buffer.from(JSON.stringify({ sub: USER })).toString("base64url");
const TOKEN = `header.${claims}.signature`;

let home = "";
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "keygrant-oci-"));
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const sealed = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" });
  writeFileSync(join(home, "key.pem"), pem);
  writeFileSync(join(home, "sealed.pem"), sealed);
  writeFileSync(join(home, "broken.pem"), "not a key");
  writeFileSync(join(home, "token"), `${TOKEN}\n`);
  writeFileSync(
    join(home, "config"),
    `; a note
[DEFAULT]
user=${USER}
fingerprint = ${FINGERPRINT}
tenancy=${TENANCY}
region=eu-frankfurt-1
key_file=~/key.pem

# another one, over DEFAULT
[SEALED]
key_file=sealed.pem
pass_phrase=open sesame
[LOCKED]
key_file=sealed.pem
[MISSPELT]
key_file=sealed.pem
pass_phrase=open simsim
[BROKEN]
key_file=broken.pem
[GONE]
key_file=/nowhere/key.pem
[SESSION]
security_token_file=${join(home, "token")}
[__proto__]
key_file=~/key.pem
`,
  );
});
afterAll(() => rmSync(home, { recursive: true }));

function open(oci: Partial<OciOptions> = {}, clock: FakeClock = fakeClock(), timeoutMs = 5_000): OciClients {
  const options = { configFile: join(home, "config"), profile: "DEFAULT", auth: "api_key", home, ...oci };
  return openOci({ ...httpDeps({ clock, timeoutMs }), oci: options });
}

async function fault(work: Promise<unknown>): Promise<OciCallError["fault"]> {
  const error: unknown = await work.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  if (error instanceof OciCallError) return error.fault;
  throw error;
}

/** Checks a signature as OCI does (https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm). */
function signedBy(request: StubRequest): { readonly keyId: string; readonly headers: readonly string[] } {
  const authorization = request.headers.authorization ?? "";
  const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(authorization)?.[1] ?? "";
  const headers = part("headers").toLowerCase().split(" ");
  const text = headers
    .map((name) => {
      if (name === "(request-target)") return `${name}: ${request.method.toLowerCase()} ${request.path}`;
      return `${name}: ${request.headers[name] ?? ""}`;
    })
    .join("\n");
  const verify = createVerify("RSA-SHA256").update(text);
  if (!verify.verify(publicKey, part("signature"), "base64")) throw new Error(`not signed: ${text}`);
  return { keyId: part("keyId"), headers };
}

const KEY = {
  id: KEY_ID,
  compartmentId: "ocid1.compartment.oc1..a",
  displayName: "mine",
  vaultId: "v",
  lifecycleState: "ENABLED",
  protectionMode: "SOFTWARE",
  keyShape: { algorithm: "AES", length: 32 },
  currentKeyVersion: "ocid1.keyversion.oc1..v",
  timeOfDeletion: "2026-12-24T00:00:00.000Z",
};
const POLICY = {
  id: "ocid1.policy.oc1..p",
  name: "p",
  description: "d",
  compartmentId: TENANCY,
  statements: ["s"],
  lifecycleState: "ACTIVE",
};

const at = (base: string) => ({ base, instead: "example.oraclecloud.com" });

describe("requests", () => {
  test("are signed as the caller, at the time of the clock, for the host that is asked", async () => {
    await using stub = await startStub(script({ status: 200, body: KEY }));
    await open().management(at(stub.origin)).getKey(KEY_ID);
    const [request] = stub.requests;
    if (request === undefined) throw new Error("nothing was asked");
    const { keyId, headers } = signedBy(request);
    expect(keyId).toBe(`${TENANCY}/${USER}/${FINGERPRINT}`);
    expect(headers).toEqual(expect.arrayContaining(["x-date", "(request-target)", "host"]));
    expect(request.headers["x-date"]).toBe("Sat, 21 Nov 2026 10:00:00 GMT");
    expect(request.headers["x-forwarded-host"]).toBe("example.oraclecloud.com");
    expect(request).toMatchObject({ method: "GET", path: `/20180608/keys/${KEY_ID}` });
  });

  test("with a body are signed with it", async () => {
    await using stub = await startStub(script({ status: 200, body: POLICY, headers: { "opc-request-id": "R1" } }));
    const identity = open().identity(at(stub.origin));
    const details = { compartmentId: TENANCY, name: "p", description: "Ä", statements: ["a 'b'"] };
    expect(await identity.createPolicy(details)).toEqual({ id: POLICY.id, requestId: "R1" });
    const [request] = stub.requests;
    if (request === undefined) throw new Error("nothing was asked");
    expect(signedBy(request).headers).toEqual(
      expect.arrayContaining(["content-length", "content-type", "x-content-sha256"]),
    );
    expect(JSON.parse(request.body)).toEqual(details);
    expect(request.path).toBe("/20160918/policies");
  });

  test("over what was read: if-match", async () => {
    await using stub = await startStub(script({ status: 200, body: POLICY }, { status: 204 }));
    const identity = open().identity(at(stub.origin));
    await identity.updatePolicy("ocid1.policy.oc1..p", ["x"], "etag-1");
    await identity.deletePolicy("ocid1.policy.oc1..p", "etag-2");
    expect(stub.requests.map(({ method, headers }) => [method, headers["if-match"]])).toEqual([
      ["PUT", "etag-1"],
      ["DELETE", "etag-2"],
    ]);
    expect(JSON.parse(stub.requests[0]?.body ?? "")).toEqual({ statements: ["x"] });
  });

  test("of a name with odd characters stay one part of the path", async () => {
    await using stub = await startStub(script({ status: 200, body: POLICY }));
    await open().identity(at(stub.origin)).getPolicy("../../users?x=1");
    expect(stub.requests[0]?.path).toBe("/20160918/policies/..%2F..%2Fusers%3Fx%3D1");
  });
});

describe("answers", () => {
  test("a key", async () => {
    await using stub = await startStub(script({ status: 200, body: KEY }));
    expect(await open().management(at(stub.origin)).getKey(KEY_ID)).toEqual({
      id: KEY_ID,
      compartmentId: "ocid1.compartment.oc1..a",
      lifecycleState: "ENABLED",
      algorithm: "AES",
      length: 32,
      curveId: null,
      protectionMode: "SOFTWARE",
      currentKeyVersion: "ocid1.keyversion.oc1..v",
      timeOfDeletion: "2026-12-24T00:00:00.000Z",
      autoRotation: null,
    });
  });

  test.each([
    [{ isAutoRotationEnabled: true }, true],
    [{ isAutoRotationEnabled: false }, null],
    [{ isAutoRotationEnabled: false, autoKeyRotationDetails: { rotationIntervalInDays: 90 } }, false],
    [{}, null],
  ])("rotation: %j", async (more, autoRotation) => {
    await using stub = await startStub(script({ status: 200, body: { ...KEY, ...more } }));
    expect(await open().management(at(stub.origin)).getKey(KEY_ID)).toMatchObject({ autoRotation });
  });

  test("all pages of a list", async () => {
    const pages = [
      { status: 200, body: [{ ...POLICY, name: "a" }], headers: { "opc-next-page": "a+b/c==" } },
      { status: 200, body: [{ ...POLICY, name: "b" }] },
    ] as const;
    await using stub = await startStub(script(...pages));
    const policies = await open().identity(at(stub.origin)).listPolicies(TENANCY);
    expect(policies.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(new URL(stub.requests[1]?.path ?? "", stub.origin).searchParams.get("page")).toBe("a+b/c==");
    for (const request of stub.requests) signedBy(request);
  });

  test("a list without an end", async () => {
    let count = 0;
    await using stub = await startStub(() => ({ status: 200, body: [], headers: { "opc-next-page": `${count++}` } }));
    expect(await fault(open().identity(at(stub.origin)).listPolicies(TENANCY))).toMatchObject({ kind: "foreign" });
  });

  test("a policy with its etag, a compartment, regions, versions, a vault, a round trip", async () => {
    await using stub = await startStub(({ method, path }) => {
      if (path.includes("/policies/")) return { status: 200, body: POLICY, headers: { etag: "E" } };
      if (path.includes("/compartments/")) return { status: 200, body: { id: "c", name: "C", compartmentId: TENANCY } };
      if (path.includes("/regionSubscriptions")) {
        return {
          status: 200,
          body: [{ regionName: "eu-frankfurt-1", regionKey: "FRA", status: "IN_PROGRESS", isHomeRegion: true }],
        };
      }
      if (path.includes("/keyVersions")) return { status: 200, body: [{ id: "v", lifecycleState: "DISABLED" }] };
      if (path.includes("/vaults/")) {
        return {
          status: 200,
          body: { id: "v", managementEndpoint: "https://m.example.com", cryptoEndpoint: "https://c.example.com" },
        };
      }
      const body =
        method === "POST" && path.endsWith("/encrypt")
          ? { ciphertext: "Y2lwaGVy", keyId: KEY_ID }
          : { plaintext: "cGxhaW4=" };
      return { status: 200, body };
    });
    const clients = open();
    const identity = clients.identity(at(stub.origin));
    expect(await identity.getPolicy("p")).toEqual({ policy: POLICY, etag: "E" });
    expect(await identity.getCompartment("c")).toEqual({ id: "c", name: "C", parentId: TENANCY });
    expect(await identity.listRegions(TENANCY)).toEqual([{ name: "eu-frankfurt-1", isHome: true, isReady: false }]);
    expect(await clients.management(at(stub.origin)).listKeyVersions(KEY_ID)).toEqual([
      { id: "v", lifecycleState: "DISABLED" },
    ]);
    expect(await clients.vaults(at(stub.origin)).getVault("v")).toEqual({
      managementEndpoint: "https://m.example.com",
      cryptoEndpoint: "https://c.example.com",
    });
    const crypto = clients.crypto(at(stub.origin));
    const input = { keyId: KEY_ID, algorithm: "AES_256_GCM", associatedData: { a: "b" } } as const;
    expect(await crypto.encrypt({ ...input, plaintext: "cGxhaW4=" })).toEqual({
      ciphertext: "Y2lwaGVy",
      keyId: KEY_ID,
    });
    expect(await crypto.decrypt({ ...input, ciphertext: "Y2lwaGVy" })).toEqual({ plaintext: "cGxhaW4=", keyId: null });
    const sent = stub.requests.slice(-2).map(({ body }) => JSON.parse(body));
    expect(sent).toEqual([
      { keyId: KEY_ID, encryptionAlgorithm: "AES_256_GCM", associatedData: { a: "b" }, plaintext: "cGxhaW4=" },
      { keyId: KEY_ID, encryptionAlgorithm: "AES_256_GCM", associatedData: { a: "b" }, ciphertext: "Y2lwaGVy" },
    ]);
  });

  test.each<[string, unknown]>([
    ["not a key", { id: 7 }],
    ["a list", []],
    ["nothing", {}],
  ])("of another shape: %s", async (_, body) => {
    await using stub = await startStub(script({ status: 200, body }));
    expect(await fault(open().management(at(stub.origin)).getKey(KEY_ID))).toMatchObject({ kind: "foreign" });
    expect(await fault(open().identity(at(stub.origin)).getPolicy("p"))).toMatchObject({ kind: "foreign" });
  });

  test("a vault whose address is not https", async () => {
    await using stub = await startStub(
      script({ status: 200, body: { managementEndpoint: "http://m", cryptoEndpoint: "https://c" } }),
    );
    expect(await fault(open().vaults(at(stub.origin)).getVault("v"))).toMatchObject({ kind: "foreign" });
  });
});

describe("failures", () => {
  test("OCI's own words, nothing on the console, and no sleep but the clock's", async () => {
    const said = (["log", "info", "warn", "error", "debug"] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
    const out = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    const clock = fakeClock();
    try {
      await using stub = await startStub(
        script({ status: 404, body: { code: "NotAuthorizedOrNotFound", message: "no" } }),
      );
      const clients = open({}, clock);
      expect(await fault(clients.management(at(stub.origin)).getKey(KEY_ID))).toEqual({
        kind: "status",
        status: 404,
        code: "NotAuthorizedOrNotFound",
        words: "no",
      });
      await using busy = await startStub(script({ status: 500, body: { code: "InternalServerError", message: "x" } }));
      const start = performance.now();
      await fault(
        clients
          .crypto(at(busy.origin))
          .encrypt({ keyId: KEY_ID, algorithm: "AES_256_GCM", associatedData: null, plaintext: "" }),
      );
      expect(busy.requests).toHaveLength(4);
      expect(performance.now() - start).toBeLessThan(1_500);
      expect(clock.slept).toEqual([375, 750, 1_500]);
      for (const one of said) expect(one).not.toHaveBeenCalled();
      expect(out).not.toHaveBeenCalled();
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("writes are sent once; that nobody knows whether they arrived is up to whoever asked", async () => {
    await using stub = await startStub(script({ status: 500, body: { code: "InternalServerError", message: "x" } }));
    const identity = open().identity(at(stub.origin));
    expect(await fault(identity.updatePolicy("p", ["x"], "e"))).toMatchObject({ status: 500 });
    expect(stub.requests).toHaveLength(1);
  });

  test("no circuit breaker stands in the way after many failures", async () => {
    let isWell = false;
    await using stub = await startStub(() =>
      isWell ? { status: 200, body: KEY } : { status: 500, body: { code: "InternalServerError", message: "x" } },
    );
    const management = open().management(at(stub.origin));
    for (let count = 0; count < 15; count++)
      expect(await fault(management.getKey(KEY_ID))).toMatchObject({ status: 500 });
    isWell = true;
    expect((await management.getKey(KEY_ID)).id).toBe(KEY_ID);
    expect(stub.requests).toHaveLength(15 * 4 + 1);
  });
});

describe("credentials", () => {
  async function ask(oci: Partial<OciOptions>): Promise<string> {
    await using stub = await startStub(script({ status: 200, body: KEY }));
    await open(oci).management(at(stub.origin)).getKey(KEY_ID);
    const [request] = stub.requests;
    if (request === undefined) throw new Error("nothing was asked");
    return signedBy(request).keyId;
  }

  test("a sealed key, and a profile over DEFAULT", async () => {
    expect(await ask({ profile: "SEALED" })).toBe(`${TENANCY}/${USER}/${FINGERPRINT}`);
    expect(await ask({ configFile: "~/config" })).toBe(`${TENANCY}/${USER}/${FINGERPRINT}`);
    expect(await ask({ profile: "__proto__" })).toBe(`${TENANCY}/${USER}/${FINGERPRINT}`);
    expect(await open().caller()).toBe(USER);
  });

  test("a session's token", async () => {
    expect(await ask({ profile: "SESSION", auth: "security_token" })).toBe(`ST$${TOKEN}`);
    expect(await open({ profile: "SESSION", auth: "security_token" }).caller()).toBe(USER);
  });

  test("another profile, for the round trip", async () => {
    await using stub = await startStub(script({ status: 200, body: KEY }));
    await open({ profile: "BROKEN" }).as("SEALED").management(at(stub.origin)).getKey(KEY_ID);
    expect(stub.requests).toHaveLength(1);
  });

  test.each<[string, Partial<OciOptions>, RegExp]>([
    [
      "no such file",
      { configFile: "/nowhere/config" },
      /the OCI configuration file, \/nowhere\/config, cannot be read/,
    ],
    ["no such profile", { profile: "NOBODY" }, /has no profile NOBODY/],
    ["no such key file", { profile: "GONE" }, /the key of the profile GONE, \/nowhere\/key.pem, cannot be read/],
    ["no key in it", { profile: "BROKEN" }, /the private key of the profile cannot be read/],
    ["a sealed key without its pass phrase", { profile: "LOCKED" }, /the private key of the profile cannot be read/],
    ["a sealed key with another pass phrase", { profile: "MISSPELT" }, /or its pass phrase is wrong/],
    ["no token in the profile", { auth: "security_token" }, /has no security_token_file/],
    [
      "a machine's principal where there is none",
      { auth: "resource_principal" },
      /nobody here could become an OCI resource principal/,
    ],
    [
      "a workload's where there is none",
      { auth: "oke_workload_identity" },
      /nobody here could become an OCI oke workload identity/,
    ],
  ])("%s", async (_, oci, words) => {
    await using stub = await startStub(script({ status: 200, body: KEY }));
    const why = await fault(open(oci).management(at(stub.origin)).getKey(KEY_ID));
    expect(why).toMatchObject({ kind: "credentials", words: expect.stringMatching(words) });
    expect(stub.requests).toHaveLength(0);
  });

  test("are not looked for before anything is asked", () => {
    expect(() => open({ configFile: "/nowhere", auth: "instance_principal" })).not.toThrow();
  });

  test("a way to log in that is none", async () => {
    for (const auth of ["password", "", "__proto__", "toString"]) {
      const error = await failureOf(() => open({ auth }));
      expect(error).toMatchObject({ kind: "usage", code: "usage.oci-auth" });
      for (const one of OCI_AUTH) expect(error.fix).toContain(one);
    }
  });

  test.each([
    "http://kms.example.com",
    "ftp://kms.example.com",
    "https://user:secret@kms.example.com",
    "https://:secret@kms.example.com",
    "https://kms.example.com/path",
    "https://kms.example.com?x=1",
    "kms.example.com",
  ])("are not sent to %s", async (address) => {
    for (const option of ["endpoint", "managementEndpoint", "cryptoEndpoint"] as const) {
      expect(await failureOf(() => open({ [option]: address }))).toMatchObject({
        kind: "usage",
        code: "usage.oci-endpoint",
      });
    }
  });

  test.each([
    "https://kms.example.com",
    "https://kms.example.com:8443",
    "http://127.0.0.1:4000",
    "http://localhost:4000/",
    "http://[::1]:4000",
  ])("may be sent to %s", (endpoint) => {
    expect(() => open({ endpoint })).not.toThrow();
  });
});
