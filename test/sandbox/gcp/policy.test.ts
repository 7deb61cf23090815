import { describe, expect, test } from "vitest";
import { GCP_AUDITOR, GCP_GROUP_DEMO, GCP_VENDOR_DEMO, HEALTHY_GCP_KEY } from "../../../src/sandbox/cast.ts";
import { base64, detailIn, inShort, keyNamed, RING, type Said, type Stage, stage } from "./kit.ts";

const ROLE = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
const GRANT = { role: ROLE, members: [`group:${GCP_GROUP_DEMO}`] };
const ALICE = { role: "roles/cloudkms.viewer", members: ["user:alice@example.com"] };
const UNTIL = { title: "for a while", expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' };
const CONDITIONAL = { ...ALICE, condition: UNTIL };

function read({ ask }: Stage, key = HEALTHY_GCP_KEY, version: number | null = 3): Promise<Said> {
  return ask("GET", `${key}:getIamPolicy${version === null ? "" : `?options.requestedPolicyVersion=${version}`}`);
}

function write({ ask }: Stage, policy: object, more: object = {}, key = HEALTHY_GCP_KEY): Promise<Said> {
  return ask("POST", `${key}:setIamPolicy`, { policy, ...more });
}

describe("reading", () => {
  test("a policy that nobody ever set has an etag and nothing else", async () => {
    const on = await stage();
    expect((await read(on)).body).toEqual({ etag: "ACAB" });
    expect((await read(on, RING)).body).toEqual({ etag: "ACAB" });
  });

  test("is a GET: to a POST Google's front end has a page for people", async () => {
    const { ask } = await stage();
    const said = await ask("POST", `${HEALTHY_GCP_KEY}:getIamPolicy`, {});
    expect(said.status).toBe(404);
    expect(said.headers.get("content-type")).toMatch("text/html");
    expect(said.text).toMatch("Error 404 (Not Found)!!1");
  });

  test("conditions are to be had at version 3 alone; lower ones mangle the role", async () => {
    const on = await stage();
    const { body } = await write(on, { version: 3, bindings: [GRANT, CONDITIONAL], etag: "ACAB" });
    expect((await read(on)).body).toEqual({ version: 3, etag: body["etag"], bindings: [GRANT, CONDITIONAL] });
    for (const low of [null, 0, 1]) {
      expect((await read(on, HEALTHY_GCP_KEY, low)).body).toEqual({
        version: 1,
        etag: body["etag"],
        bindings: [GRANT, { ...ALICE, role: expect.stringMatching(/^roles\/cloudkms\.viewer_withcond_[0-9a-f]{20}$/) }],
      });
    }
    expect(inShort(await read(on, HEALTHY_GCP_KEY, 2))).toMatch(/^400 INVALID_ARGUMENT/);
  });

  test("without conditions it is version 1, whatever was asked for", async () => {
    const on = await stage();
    await write(on, { version: 3, bindings: [GRANT] });
    expect((await read(on)).body).toMatchObject({ version: 1 });
  });

  test("the project's is Cloud Resource Manager's, by POST, in both versions", async () => {
    const { ask } = await stage();
    const options = { options: { requestedPolicyVersion: 3 } };
    const first = await ask("POST", "/v1/projects/demo:getIamPolicy", options);
    expect(first.body).toMatchObject({ version: 1, bindings: [{ role: "roles/owner" }, {}, {}, {}] });
    expect((await ask("POST", "/v3/projects/demo:getIamPolicy", options)).body).toEqual(first.body);
    expect((await ask("POST", "/v3/projects/100000000001:getIamPolicy")).body).toEqual(first.body);
  });
});

describe("etags", () => {
  test("a stale one is a conflict, none overwrites, one that is not base64 is no etag", async () => {
    const on = await stage();
    const first = await write(on, { bindings: [GRANT], etag: "ACAB" });
    expect(first.status).toBe(200);
    const stale = await write(on, { bindings: [], etag: "ACAB" });
    expect(inShort(stale)).toBe(
      "409 ABORTED: There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.",
    );
    expect(inShort(await write(on, { bindings: [], etag: "not base64!" }))).toMatch("Base64 decoding failed");
    expect((await read(on)).body).toEqual(first.body);
    const blind = await write(on, { bindings: [ALICE] });
    expect(blind.body["etag"]).not.toBe(first.body["etag"]);
    expect(Buffer.from(String(blind.body["etag"]), "base64")).toHaveLength(8);
    expect(inShort(await write(on, { bindings: [], etag: first.body["etag"] }))).toMatch(/^409 ABORTED/);
  });

  test("may come in the alphabet for URLs", async () => {
    const on = await stage();
    for (let turn = 0; turn < 3; turn++) {
      const { body } = await read(on);
      const etag = String(body["etag"]).replaceAll("+", "-").replaceAll("/", "_");
      expect((await write(on, { bindings: [GRANT], etag })).status).toBe(200);
      on.clock.pass(123_457);
    }
  });
});

describe("versions of what is written", () => {
  test("a version 1 write without an etag loses every condition", async () => {
    const on = await stage();
    await write(on, { version: 3, bindings: [GRANT, CONDITIONAL], etag: "ACAB" });
    const lost = await write(on, { version: 1, bindings: [GRANT, CONDITIONAL] });
    expect(lost.body).toMatchObject({ version: 1, bindings: [GRANT, ALICE] });
  });

  test("with the etag it is refused", async () => {
    const on = await stage();
    const { body } = await write(on, { version: 3, bindings: [GRANT, CONDITIONAL], etag: "ACAB" });
    expect(inShort(await write(on, { version: 1, bindings: [GRANT], etag: body["etag"] }))).toBe(
      "400 INVALID_ARGUMENT: Specified policy version (1) cannot be less than the existing policy version (3). For more information, please refer to https://cloud.google.com/iam/docs/policies#versions.",
    );
    expect(inShort(await write(on, { bindings: [GRANT], etag: body["etag"] }))).toMatch(/^400 INVALID_ARGUMENT/);
    expect((await read(on)).body).toEqual(body);
  });

  test("a mangled role is no role to write back", async () => {
    const on = await stage();
    await write(on, { version: 3, bindings: [CONDITIONAL], etag: "ACAB" });
    const { body } = await read(on, HEALTHY_GCP_KEY, 1);
    expect(inShort(await write(on, { bindings: body["bindings"] }))).toMatch(
      /^400 INVALID_ARGUMENT: Role .*_withcond_/,
    );
  });

  test("conditions need version 3, a title and an expression that can be read", async () => {
    const on = await stage();
    const said = async (version: number, condition: object) =>
      inShort(await write(on, { version, bindings: [{ ...ALICE, condition }], etag: "ACAB" }));
    expect(await said(1, UNTIL)).toMatch(/^400 INVALID_ARGUMENT: Specified policy version \(1\)/);
    expect(await said(3, { ...UNTIL, title: "" })).toMatch("must have a title");
    expect(await said(3, { ...UNTIL, expression: "request.time <" })).toMatch(/^400 INVALID_ARGUMENT/);
    // An attribute that nobody knows is no mistake in writing.
    expect(await said(3, { ...UNTIL, expression: "request.auth.access_levels == []" })).toBe("200");
  });
});

describe("what is written", () => {
  test("doubles are merged, emails are in lower case, order stays", async () => {
    const on = await stage();
    const { body } = await write(on, {
      version: 3,
      bindings: [
        ALICE,
        CONDITIONAL,
        { role: ROLE, members: [`group:${GCP_GROUP_DEMO.toUpperCase()}`, `group:${GCP_GROUP_DEMO}`] },
        { role: ALICE.role, members: ["user:bob@example.com", "user:Alice@Example.com"] },
      ],
      etag: "ACAB",
    });
    expect(body["bindings"]).toEqual([
      { ...ALICE, members: ["user:alice@example.com", "user:bob@example.com"] },
      CONDITIONAL,
      GRANT,
    ]);
  });

  test("audit configurations change only when the mask says so", async () => {
    const on = await stage();
    const auditConfigs = [{ service: "cloudkms.googleapis.com", auditLogConfigs: [{ logType: "DATA_READ" }] }];
    await write(on, { bindings: [GRANT], auditConfigs });
    expect((await read(on)).body).not.toHaveProperty("auditConfigs");
    await write(on, { bindings: [], auditConfigs }, { updateMask: "auditConfigs" });
    expect((await read(on)).body).toMatchObject({ auditConfigs, bindings: [GRANT] });
    await write(on, { bindings: [ALICE] });
    expect((await read(on)).body).toMatchObject({ auditConfigs, bindings: [ALICE] });
  });

  test("deleted members can be written back, and are nobody", async () => {
    const on = await stage();
    const key = keyNamed("orphaned");
    const { body } = await read(on, key);
    expect(JSON.stringify(body["bindings"])).toMatch("deleted:group:");
    expect((await write(on, body, {}, key)).status).toBe(200);
    const use = await on.ask("POST", `${key}:encrypt`, { plaintext: base64("x") }, GCP_VENDOR_DEMO);
    expect(use.status).toBe(403);
  });

  test.each([
    [
      { role: "roles/cloudkms.nonsense", members: ["user:a@example.com"] },
      "Role roles/cloudkms.nonsense is not supported",
    ],
    [{ role: "projects/demo/roles/none", members: ["user:a@example.com"] }, "is not supported for this resource."],
    [
      { role: ROLE, members: ["a@example.com"] },
      "is of an unknown type. Please set a valid type prefix for the member.",
    ],
    [{ role: ROLE, members: ["group:a@nobody.example"] }, "Group a@nobody.example does not exist."],
    [
      { role: ROLE, members: ["serviceAccount:none@demo.iam.gserviceaccount.com"] },
      "Service account none@demo.iam.gserviceaccount.com does not exist.",
    ],
    [{ role: ROLE, members: [] }, "must contain at least one member"],
    [{ role: ROLE, member: ["user:a@example.com"] }, `Unknown name "member" at 'policy.bindings[0]'`],
  ])("refused: %j", async (binding, words) => {
    const on = await stage();
    const said = inShort(await write(on, { bindings: [binding] }));
    expect(said).toMatch(/^400 INVALID_ARGUMENT/);
    expect(said).toContain(words);
  });

  test("domain-restricted sharing looks at every member, also those who were there before", async () => {
    const on = await stage();
    expect((await write(on, { bindings: [ALICE] })).status).toBe(200);
    on.sandbox.turn({ gcpAllowedDomains: ["aiven.io"] });
    const said = await write(on, { bindings: [ALICE, GRANT] });
    expect(inShort(said)).toBe(
      "400 FAILED_PRECONDITION: One or more users named in the policy do not belong to a permitted customer.",
    );
    expect(detailIn(said)).toEqual({
      "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
      violations: [
        {
          type: "constraints/iam.allowedPolicyMemberDomains",
          subject: "orgpolicy:projects/demo",
          description: "User alice@example.com is not in permitted organization.",
        },
      ],
    });
    const own = { role: ALICE.role, members: [GCP_AUDITOR.member] };
    expect((await write(on, { bindings: [own, GRANT] })).status).toBe(200);
    expect((await write(on, { bindings: [{ ...GRANT, members: ["allUsers"] }] })).status).toBe(400);
    on.sandbox.turn({ gcpAllowedDomains: [] });
    expect((await write(on, { bindings: [GRANT] })).status).toBe(400);
  });
});

describe("propagation", () => {
  const WINDOW = 60_000;

  test("reads flap between old and new, and the vendor's view is late", async () => {
    const on = await stage({ propagationMs: WINDOW });
    const { body: written } = await write(on, { bindings: [GRANT], etag: "ACAB" });
    const use = () => on.ask("POST", `${HEALTHY_GCP_KEY}:encrypt`, { plaintext: base64("x") }, GCP_VENDOR_DEMO);
    const reads = [await read(on), await read(on), await read(on), await read(on)].map(({ body }) => body);
    expect(reads).toEqual([{ etag: "ACAB" }, written, { etag: "ACAB" }, written]);
    expect((await use()).status).toBe(403);
    // What was read late is stale: writing on it is a conflict.
    expect((await write(on, { bindings: [], etag: "ACAB" })).status).toBe(409);
    on.clock.pass(WINDOW);
    expect([(await read(on)).body, (await read(on)).body]).toEqual([written, written]);
    expect((await use()).status).toBe(200);
    await write(on, { bindings: [ALICE] });
    expect((await use()).status).toBe(200);
    on.clock.pass(WINDOW);
    expect((await use()).status).toBe(403);
  });
});

test("testing permissions needs none, is about the caller, and finds nothing where nothing is", async () => {
  const { ask } = await stage();
  const permissions = ["cloudkms.cryptoKeys.get", "cloudkms.cryptoKeyVersions.useToEncrypt"];
  const on = (key: string, as: typeof GCP_AUDITOR) => ask("POST", `${key}:testIamPermissions`, { permissions }, as);
  expect((await on(HEALTHY_GCP_KEY, GCP_AUDITOR)).body).toEqual({ permissions: ["cloudkms.cryptoKeys.get"] });
  expect((await on(keyNamed("granted"), GCP_VENDOR_DEMO)).body).toEqual({
    permissions: ["cloudkms.cryptoKeyVersions.useToEncrypt"],
  });
  expect((await on(HEALTHY_GCP_KEY.replace("demo/cryptoKeys", "none/cryptoKeys"), GCP_VENDOR_DEMO)).body).toEqual({});
});
