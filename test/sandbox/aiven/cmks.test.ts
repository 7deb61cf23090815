import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  GCP_GROUP_DEMO,
  GCP_GROUP_SECOND,
  HEALTHY_AWS_KEY,
  OWNER_TOKEN,
  VENDOR_DEMO,
  VENDOR_SECOND,
} from "../../../src/sandbox/cast.ts";
import type { RunningSandbox } from "../../../src/sandbox/sandbox.ts";
import { ask, closeAll, type FakeClock, fakeClock, modulesWith, start, textAt } from "../kit.ts";

const CMKS = "/v1/project/demo/secrets/cmks";
const DEMO_USES_IT = `${VENDOR_DEMO.arn} ${HEALTHY_AWS_KEY}`;
const NOBODY = "12345678-1234-4234-8234-123456789012";

let usables: Set<string>;
let used: string[];
let clock: FakeClock;
let sandbox: RunningSandbox;

beforeEach(async () => {
  usables = new Set([DEMO_USES_IT]);
  used = [];
  clock = fakeClock();
  sandbox = await start({ clock }, modulesWith(usables, used));
});
afterEach(closeAll);

function register(more: Readonly<Record<string, unknown>> = {}, path = CMKS) {
  return ask(sandbox, "POST", path, { provider: "aws", resource: HEALTHY_AWS_KEY, ...more });
}

function refusal(status: number, message: string | RegExp, errorCode?: string) {
  const said = typeof message === "string" ? message : expect.stringMatching(message);
  const code = errorCode === undefined ? {} : { error_code: errorCode };
  return { status, body: { message: said, errors: [{ message: said, status, ...code }] } };
}

describe("the door", () => {
  const cases = [
    ["no token", undefined, "demo", refusal(401, "Missing (expired) db token")],
    ["another scheme", `Basic ${OWNER_TOKEN}`, "demo", refusal(401, "Missing (expired) db token")],
    ["another token", "aivenv1 stolen", "demo", refusal(403, "Invalid token")],
    ["an unknown project", `aivenv1 ${OWNER_TOKEN}`, "nowhere", refusal(404, /not found/, "project_not_found")],
    ["somebody else's project", `aivenv1 ${OWNER_TOKEN}`, "not-a-member", refusal(403, "Not a project member")],
    ["no CMKs here", `aivenv1 ${OWNER_TOKEN}`, "no-feature", refusal(403, /not enabled/, "feature_not_enabled")],
    ["aivenv1", `aivenv1 ${OWNER_TOKEN}`, "demo", { status: 200, body: { cmks: [] } }],
    ["bearer", `Bearer ${OWNER_TOKEN}`, "demo", { status: 200, body: { cmks: [] } }],
    ["an encoded path", `Bearer ${OWNER_TOKEN}`, "%64emo", { status: 200, body: { cmks: [] } }],
  ] as const;
  test.each(cases)("%s", async (_title, authorization, project, expected) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${sandbox.origin}/v1/project/${project}/secrets/cmks`, { headers });
    expect({ status: response.status, body: await response.json() }).toEqual(expected);
  });
});

describe("accessors", () => {
  test("each project has a role and a group of its own", async () => {
    const demo = await ask(sandbox, "GET", `${CMKS}/accessors`);
    expect(demo.body).toMatchObject({
      accessors: { aws: { role_arn: VENDOR_DEMO.arn }, gcp: { access_group: GCP_GROUP_DEMO } },
    });
    const second = await ask(sandbox, "GET", "/v1/project/second/secrets/cmks/accessors");
    expect(second.body).toMatchObject({
      accessors: { aws: { role_arn: VENDOR_SECOND.arn }, gcp: { access_group: GCP_GROUP_SECOND } },
    });
  });

  test("spelled as the generated client does", async () => {
    sandbox.turn({ accessorSpelling: "principal" });
    const { body } = await ask(sandbox, "GET", `${CMKS}/accessors`);
    expect(body).toMatchObject({ accessors: { aws: { principal: VENDOR_DEMO.arn } } });
  });

  test("changed by an administrator: the role that uses keys changes with it", async () => {
    await ask(sandbox, "POST", "/_sandbox/project", {
      name: "demo",
      accessors: { aws: { role_arn: VENDOR_SECOND.arn }, gcp: { access_group: "a@aiven.io" } },
    });
    const { body } = await ask(sandbox, "GET", `${CMKS}/accessors`);
    expect(body).toMatchObject({
      accessors: { aws: { role_arn: VENDOR_SECOND.arn }, gcp: { access_group: "a@aiven.io" } },
    });
    expect(await register()).toMatchObject({ status: 400 });
    expect(used).toEqual([`${VENDOR_SECOND.arn} ${HEALTHY_AWS_KEY}`]);
  });
});

describe("registering", () => {
  test("uses the key as the project's role, then answers as the page shows", async () => {
    const { status, body } = await register();
    expect(status).toBe(201);
    expect(body).toEqual({
      cmk: {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        provider: "aws",
        default_cmk: false,
        resource: HEALTHY_AWS_KEY,
        status: "current",
        created_at: "2026-11-20T10:00:00.000Z",
        updated_at: "2026-11-20T10:00:00.000Z",
      },
    });
    expect(used).toEqual([DEMO_USES_IT]);
    expect((await ask(sandbox, "GET", CMKS)).body).toEqual({ cmks: [(body as { cmk: unknown }).cmk] });
  });

  test("a key that the role cannot use leaves nothing behind", async () => {
    usables.clear();
    expect(await register({ default_cmk: true })).toMatchObject(refusal(400, "Cannot verify encrypt/decrypt access"));
    expect((await ask(sandbox, "GET", CMKS)).body).toEqual({ cmks: [] });
  });

  test("the refusal's status and code can be others", async () => {
    usables.clear();
    sandbox.turn({ refusalStatus: 403, refusalErrorCode: "cmk_access_denied" });
    expect(await register()).toMatchObject(refusal(403, "Cannot verify encrypt/decrypt access", "cmk_access_denied"));
  });

  test("a cloud that the sandbox does not have cannot be verified", async () => {
    const resource = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
    expect(await register({ provider: "gcp", resource })).toMatchObject(
      refusal(400, "Cannot verify encrypt/decrypt access"),
    );
  });

  const wrong = [
    ["no provider", { provider: undefined }, /'provider' is a required property/],
    ["an unknown provider", { provider: "ibm" }, /not one of/],
    ["a provider by an inherited name", { provider: "constructor" }, /not one of/],
    ["no resource", { resource: undefined }, /'resource' is a required property/],
    ["an empty resource", { resource: "" }, /1 to 512/],
    ["a long resource", { resource: "a".repeat(513) }, /1 to 512/],
    ["an alias", { resource: "arn:aws:kms:eu-west-1:111122223333:alias/mine" }, /not an AWS KMS key ARN/],
    ["a number", { resource: 7 }, /not a string/],
    ["a default that is no boolean", { default_cmk: "yes" }, /not a boolean/],
    ["a field too many", { name: "mine" }, /'name' was unexpected/],
  ] as const;
  test.each(wrong)("%s is refused before the key is used", async (_title, more, message) => {
    expect(await register(more)).toMatchObject(refusal(400, message));
    expect(used).toEqual([]);
  });

  test("a body that is not an object, or not JSON", async () => {
    expect(await ask(sandbox, "POST", CMKS, "[]")).toMatchObject({ status: 400 });
    expect(await ask(sandbox, "POST", CMKS, "{")).toMatchObject({ status: 400 });
  });

  test("the same key twice is refused, in another project it is not", async () => {
    usables.add(`${VENDOR_SECOND.arn} ${HEALTHY_AWS_KEY}`);
    await register();
    expect(await register()).toMatchObject(refusal(409, /already exists/));
    expect(await register({}, "/v1/project/second/secrets/cmks")).toMatchObject({ status: 201 });
  });

  test("twice at once makes one", async () => {
    const answers = await Promise.all([register(), register(), register()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  });

  test("the same key twice may also make a second one, or give the first", async () => {
    const first = textAt(await register(), "cmk", "id");
    sandbox.turn({ duplicates: "return" });
    const returned = await register();
    expect([returned.status, textAt(returned, "cmk", "id")]).toEqual([200, first]);
    sandbox.turn({ duplicates: "create" });
    const created = await register();
    expect(created.status).toBe(201);
    expect(textAt(created, "cmk", "id")).not.toBe(first);
  });

  test("a deleted one can be registered again", async () => {
    const first = textAt(await register(), "cmk", "id");
    await ask(sandbox, "DELETE", `${CMKS}/${first}`);
    const again = await register();
    expect(again.status).toBe(201);
    expect(textAt(again, "cmk", "id")).not.toBe(first);
  });

  test("200 instead of 201, and the schema's fields alone elsewhere", async () => {
    sandbox.turn({ registerStatus: 200, cmkFields: "schema" });
    const registered = await register();
    expect(registered.status).toBe(200);
    expect(registered.body).toMatchObject({ cmk: { provider: "aws", status: "current" } });
    const { body } = await ask(sandbox, "GET", CMKS);
    expect(body).toEqual({
      cmks: [
        {
          id: expect.any(String),
          default_cmk: false,
          resource: HEALTHY_AWS_KEY,
          created_at: expect.any(String),
          updated_at: expect.any(String),
        },
      ],
    });
  });
});

describe("one CMK", () => {
  test("details carry the associations, or do not", async () => {
    const id = textAt(await register(), "cmk", "id");
    expect((await ask(sandbox, "GET", `${CMKS}/${id}`)).body).toMatchObject({ cmk: { id, service_associations: [] } });
    sandbox.turn({ associationsInGet: false });
    expect((await ask(sandbox, "GET", `${CMKS}/${id}`)).body).not.toHaveProperty("cmk.service_associations");
  });

  test.each(["GET", "POST", "DELETE"])("%s of a malformed or unknown id", async (method) => {
    const body = method === "POST" ? {} : undefined;
    expect(await ask(sandbox, method, `${CMKS}/mine`, body)).toMatchObject(refusal(400, /Invalid/, "invalid_cmk_id"));
    expect(await ask(sandbox, method, `${CMKS}/${NOBODY}`, body)).toMatchObject(refusal(404, "CMK not found"));
  });

  test("the default is one at most, and can be none", async () => {
    sandbox.turn({ duplicates: "create" });
    const one = textAt(await register({ default_cmk: true }), "cmk", "id");
    const two = textAt(await register({ default_cmk: true }), "cmk", "id");
    expect((await ask(sandbox, "GET", CMKS)).body).toMatchObject({
      cmks: [
        { id: one, default_cmk: false },
        { id: two, default_cmk: true },
      ],
    });
    clock.pass(1000);
    expect(await ask(sandbox, "POST", `${CMKS}/${one}`, { default_cmk: true })).toMatchObject({
      status: 200,
      body: { cmk: { id: one, default_cmk: true, updated_at: "2026-11-20T10:00:01.000Z" } },
    });
    await ask(sandbox, "POST", `${CMKS}/${one}`, { default_cmk: false });
    expect((await ask(sandbox, "GET", CMKS)).body).toMatchObject({
      cmks: [{ default_cmk: false }, { default_cmk: false }],
    });
    expect(await ask(sandbox, "POST", `${CMKS}/${one}`, { resource: "x" })).toMatchObject({ status: 400 });
  });

  test("deleted is still shown, and nothing else can be done with it", async () => {
    const id = textAt(await register({ default_cmk: true }), "cmk", "id");
    const gone = { id, status: "deleted", default_cmk: false };
    expect(await ask(sandbox, "DELETE", `${CMKS}/${id}`)).toMatchObject({ status: 200, body: { cmk: gone } });
    expect((await ask(sandbox, "GET", CMKS)).body).toMatchObject({ cmks: [gone] });
    expect((await ask(sandbox, "GET", `${CMKS}/${id}`)).body).toMatchObject({ cmk: gone });
    expect(await ask(sandbox, "DELETE", `${CMKS}/${id}`)).toMatchObject({ status: 404 });
    expect(await ask(sandbox, "POST", `${CMKS}/${id}`, { default_cmk: true })).toMatchObject({ status: 404 });
    sandbox.turn({ deletedListed: false });
    expect((await ask(sandbox, "GET", CMKS)).body).toEqual({ cmks: [] });
    expect(await ask(sandbox, "GET", `${CMKS}/${id}`)).toMatchObject({ status: 404 });
  });

  test("an administrator can put any CMK there, and age it", async () => {
    const put = { project: "demo", provider: "hetzner", resource: "keys/1", status: "old" };
    const id = textAt(await ask(sandbox, "POST", "/_sandbox/cmk", put), "cmk", "id");
    expect((await ask(sandbox, "GET", CMKS)).body).toMatchObject({
      cmks: [{ id, provider: "hetzner", status: "old" }],
    });
    await ask(sandbox, "POST", "/_sandbox/cmk", { project: "demo", id, status: "deleted" });
    expect((await ask(sandbox, "GET", CMKS)).body).toMatchObject({ cmks: [{ id, status: "deleted" }] });
    expect(await ask(sandbox, "POST", "/_sandbox/cmk", { ...put, status: "new" })).toMatchObject({ status: 400 });
    expect(await ask(sandbox, "POST", "/_sandbox/cmk", { ...put, project: "none" })).toMatchObject({ status: 404 });
  });
});

describe("access check", () => {
  async function check(body?: unknown) {
    const id = textAt(await register(), "cmk", "id");
    usables.clear();
    return await ask(sandbox, "POST", `${CMKS}/${id}/access_check`, body);
  }

  test("uses the key again", async () => {
    const id = textAt(await register(), "cmk", "id");
    for (const body of [{}, undefined]) {
      expect(await ask(sandbox, "POST", `${CMKS}/${id}/access_check`, body)).toMatchObject({
        status: 200,
        body: { cmk: { id } },
      });
    }
    expect(used).toEqual([DEMO_USES_IT, DEMO_USES_IT, DEMO_USES_IT]);
  });

  test("honest: says that it cannot", async () => {
    expect(await check({})).toMatchObject(refusal(400, "Cannot verify encrypt/decrypt access"));
  });

  test("always 200, whatever the key", async () => {
    sandbox.turn({ accessCheck: "always-200" });
    expect(await check({})).toMatchObject({ status: 200, body: { cmk: { status: "current" } } });
  });

  test("not there at all", async () => {
    sandbox.turn({ accessCheck: "absent" });
    expect(await check({})).toMatchObject({ status: 404, body: { serves: expect.any(Array) } });
  });
});
