import { describe, expect, test } from "vitest";
import { type StubReply, type StubRequest, startStub } from "../../io/stub.ts";
import { ARN, aivenAt, CANNOT_VERIFY, CMK, CMKS, factsOf, ID, no, ok, REGISTRATION } from "./fixture.ts";

const options = { project: "demo", default: false };
const facts = factsOf(ARN);

/** An Aiven with a list of keys: POST answers from the script, and does what `does` says first. */
function aiven(posts: readonly [StubReply, ...StubReply[]], cmks: unknown[] = [], does = (_post: number) => {}) {
  let count = 0;
  return (request: StubRequest): StubReply => {
    if (request.method === "GET") return ok({ cmks });
    count += 1;
    does(count);
    return posts[Math.min(count, posts.length) - 1] ?? posts[0];
  };
}

function calls(requests: readonly StubRequest[]): readonly string[] {
  return requests.map(({ method }) => method);
}

describe("a key that is not registered", () => {
  test.each([200, 201])("is registered, and a %i is fine", async (status) => {
    await using stub = await startStub(aiven([{ status, body: { cmk: CMK } }]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toEqual({
      outcome: "registered",
      registration: REGISTRATION,
      created: true,
    });
    expect(stub.requests).toMatchObject([
      { method: "GET", path: CMKS },
      { method: "POST", path: CMKS, body: JSON.stringify({ provider: "aws", resource: ARN, default_cmk: false }) },
    ]);
  });

  test("is registered as the default where that is asked for", async () => {
    await using stub = await startStub(aiven([ok({ cmk: { ...CMK, default_cmk: true } })]));
    const result = await aivenAt(stub).vendor.register(facts, { ...options, default: true });
    expect(result).toMatchObject({ outcome: "registered", created: true, registration: { default: true } });
    expect(JSON.parse(stub.requests[1]?.body ?? "")).toMatchObject({ default_cmk: true });
  });

  test("is registered although a deleted one and another one are in the list", async () => {
    const others = [
      { ...CMK, status: "deleted" },
      { ...CMK, id: "b", resource: `${ARN}1` },
    ];
    await using stub = await startStub(aiven([ok({ cmk: { ...CMK, id: "new" } })], others));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({
      created: true,
      registration: { id: "new" },
    });
  });

  test("is refused in the vendor's own words, and that is the end of it", async () => {
    await using stub = await startStub(aiven([no(400, CANNOT_VERIFY)]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toEqual({
      outcome: "refused",
      detail: `Aiven answered 400 to POST ${CMKS}: ${CANNOT_VERIFY}`,
    });
    expect(calls(stub.requests)).toEqual(["GET", "POST"]);
  });

  test.each([403, 409, 422, 500])("is refused whatever the status: %i", async (status) => {
    await using stub = await startStub(aiven([no(status, "CMK validation failed", CANNOT_VERIFY)]));
    // The words in `error_code` are no words.
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({ outcome: "unknown" });
    await using worded = await startStub(aiven([no(status, `CMK: ${CANNOT_VERIFY.toUpperCase()}.`)]));
    expect(await aivenAt(worded).vendor.register(facts, options)).toMatchObject({ outcome: "refused" });
    expect(calls(worded.requests)).toEqual(["GET", "POST"]);
  });

  test.each<[string, StubReply, string]>([
    ["401", no(401, "x"), "look.credentials"],
    ["403", no(403, "x"), "look.denied"],
    ["no feature", no(403, "x", "feature_not_enabled"), "look.unsupported"],
    ["400", no(400, "Invalid input for resource"), "look.misconfigured"],
    ["404", no(404, "x", "project_not_found"), "look.misconfigured"],
    ["a proxy's page", { status: 403, text: "<html>Blocked</html>" }, "look.unreachable"],
    ["a redirect", { status: 302, headers: { location: "https://example.com" } }, "look.unreachable"],
  ])("is not decided by %s, and is not tried again", async (_, reply, code) => {
    await using stub = await startStub(aiven([reply]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({ outcome: "unknown", why: { code } });
    expect(calls(stub.requests)).toEqual(["GET", "POST"]);
  });

  test("on OCI, a generic error points at the region", async () => {
    const key = factsOf("ocid1.key.oc1.iad.a.b", "oci");
    await using stub = await startStub(aiven([no(400, "Bad request")]));
    expect(await aivenAt(stub).vendor.register(key, options)).toMatchObject({
      outcome: "unknown",
      why: { code: "look.misconfigured", fix: expect.stringContaining("ask Aiven support") },
    });
  });

  test("with a reference that Aiven cannot take is not sent", async () => {
    await using stub = await startStub(aiven([ok({ cmk: CMK })]));
    const key = factsOf(`arn:aws:kms:${"x".repeat(600)}`);
    expect(await aivenAt(stub).vendor.register(key, options)).toMatchObject({ outcome: "unknown" });
    expect(stub.requests).toEqual([]);
  });
});

describe("a key that is registered already", () => {
  test("is found and nothing is written", async () => {
    await using stub = await startStub(aiven([no(500, "x")], [CMK]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toEqual({
      outcome: "registered",
      registration: REGISTRATION,
      created: false,
    });
    expect(calls(stub.requests)).toEqual(["GET"]);
  });

  test("twice: the current one counts", async () => {
    await using stub = await startStub(aiven([no(500, "x")], [{ ...CMK, id: "old", status: "old" }, CMK]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({ registration: { id: ID } });
  });

  test("stays the default, even where that is not asked for", async () => {
    await using stub = await startStub(aiven([no(500, "x")], [{ ...CMK, default_cmk: true }]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({ registration: { default: true } });
    expect(calls(stub.requests)).toEqual(["GET"]);
  });

  test("is made the default where that is asked for, as often as it takes", async () => {
    await using stub = await startStub(aiven([no(503, "x"), ok({ cmk: { ...CMK, default_cmk: true } })], [CMK]));
    const result = await aivenAt(stub).vendor.register(facts, { ...options, default: true });
    expect(result).toMatchObject({ outcome: "registered", created: false, registration: { id: ID, default: true } });
    expect(stub.requests.slice(1)).toMatchObject([
      { method: "POST", path: `${CMKS}/${ID}`, body: '{"default_cmk":true}' },
      { method: "POST", path: `${CMKS}/${ID}` },
    ]);
  });

  test.each([no(403, "Not allowed"), ok({ cmk: CMK })])(
    "says so when it could not be made the default",
    async (reply) => {
      await using stub = await startStub(aiven([reply], [CMK]));
      expect(await aivenAt(stub).vendor.register(facts, { ...options, default: true })).toMatchObject({
        outcome: "unknown",
        why: { detail: expect.stringContaining(`The key is registered (${ID}), but was not made the default.`) },
      });
    },
  );
});

describe("after a doubt", () => {
  const doubts: readonly [string, StubReply][] = [
    ["500", no(500, "x")],
    ["504 page", { status: 504, text: "<html>504</html>" }],
    ["408", no(408, "x")],
    ["a reset", "reset"],
    ["a page", { status: 200, text: "<html></html>" }],
    ["half an answer", { status: 201, text: '{"cmk": {"id":' }],
    ["an answer without the key", ok({})],
    ["an answer with another key", ok({ cmk: { ...CMK, resource: "arn:aws:kms:other" } })],
  ];

  test.each(doubts)("%s: what was done all the same is found, and not done twice", async (_, reply) => {
    const cmks: unknown[] = [];
    await using stub = await startStub(aiven([reply], cmks, () => cmks.push(CMK)));
    const { vendor, clock } = aivenAt(stub);
    expect(await vendor.register(facts, options)).toEqual({
      outcome: "registered",
      registration: REGISTRATION,
      created: true,
    });
    expect(calls(stub.requests)).toEqual(["GET", "POST", "GET"]);
    expect(clock.slept).toHaveLength(1);
  });

  test.each(doubts)("%s: what was not done is tried again, after another look", async (_, reply) => {
    await using stub = await startStub(aiven([reply, reply, ok({ cmk: CMK })]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({ outcome: "registered", created: true });
    expect(calls(stub.requests)).toEqual(["GET", "POST", "GET", "POST", "GET", "POST"]);
  });

  test.each(doubts)("%s: it ends", async (_, reply) => {
    await using stub = await startStub(aiven([reply]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({ outcome: "unknown" });
    expect(calls(stub.requests).filter((method) => method === "POST")).toHaveLength(4);
    expect(calls(stub.requests).at(-1)).toBe("GET");
  });

  test("no answer in time", async () => {
    const cmks: unknown[] = [];
    await using stub = await startStub(aiven(["hang"], cmks, () => cmks.push(CMK)));
    const { vendor } = aivenAt(stub, { timeoutMs: 300 });
    expect(await vendor.register(facts, options)).toMatchObject({ outcome: "registered", created: true });
  });

  test("a refusal is a refusal", async () => {
    await using stub = await startStub(aiven([no(500, "x"), no(400, CANNOT_VERIFY)]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({ outcome: "refused" });
  });

  test("429 waits as long as it is asked to, and what appears meanwhile is somebody else's", async () => {
    const cmks: unknown[] = [];
    const slow = no(429, "x", undefined, { "retry-after": "9" });
    await using stub = await startStub(aiven([slow], cmks, () => cmks.push(CMK)));
    const { vendor, clock } = aivenAt(stub, { jitter: () => 0 });
    expect(await vendor.register(facts, options)).toMatchObject({ outcome: "registered", created: false });
    expect(clock.slept).toEqual([9_000]);
  });

  test("409: found, by somebody else's doing", async () => {
    const cmks: unknown[] = [];
    await using stub = await startStub(aiven([no(409, "exists")], cmks, () => cmks.push(CMK)));
    const { vendor, clock } = aivenAt(stub);
    expect(await vendor.register(facts, options)).toMatchObject({ outcome: "registered", created: false });
    expect(clock.slept).toEqual([]);
  });

  test("409: not found, so it is registered elsewhere", async () => {
    await using stub = await startStub(aiven([no(409, "exists in another project")]));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({
      outcome: "unknown",
      why: { code: "look.misconfigured", detail: expect.stringContaining("exists in another project") },
    });
    expect(calls(stub.requests)).toEqual(["GET", "POST", "GET"]);
  });

  test("a list that fails leaves the doubt, and says so", async () => {
    let posted = false;
    await using stub = await startStub((request) => {
      if (request.method === "GET") return posted ? no(403, "not now") : ok({ cmks: [] });
      posted = true;
      return no(500, "broken");
    });
    const result = await aivenAt(stub).vendor.register(facts, options);
    expect(result).toMatchObject({
      outcome: "unknown",
      why: { code: "look.denied", detail: expect.stringMatching(/broken.*registered now is not known.*not now/) },
    });
  });

  test("the deadline ends the waiting", async () => {
    await using stub = await startStub(aiven([no(500, "broken")]));
    const deadline = new AbortController();
    const clock = {
      now: () => new Date(0),
      sleep(_ms: number, signal?: AbortSignal): Promise<void> {
        deadline.abort(new DOMException("too late", "TimeoutError"));
        return Promise.reject(signal?.reason);
      },
    };
    const { vendor } = aivenAt(stub, { clock, signal: deadline.signal });
    expect(await vendor.register(facts, options)).toMatchObject({
      outcome: "unknown",
      why: { detail: expect.stringContaining("broken") },
    });
    expect(calls(stub.requests)).toEqual(["GET", "POST"]);
  });

  test("nothing is sent where the list cannot be read", async () => {
    await using stub = await startStub(() => no(404, "Project does not exist", "project_not_found"));
    expect(await aivenAt(stub).vendor.register(facts, options)).toMatchObject({
      outcome: "unknown",
      why: { code: "look.misconfigured" },
    });
    expect(calls(stub.requests)).toEqual(["GET"]);
  });
});
