import { describe, expect, test } from "vitest";
import { LookError } from "../../../src/core/errors.ts";
import { createAiven } from "../../../src/vendors/aiven/client.ts";
import { httpDeps, type StubReply, script, startStub } from "../../io/stub.ts";
import { ARN, aivenAt, all, CANNOT_VERIFY, CMK, CMKS, ID, no, ok, REGISTRATION, TOKEN } from "./fixture.ts";

const HTML: StubReply = { status: 200, text: "<html>Log in</html>", headers: { "content-type": "text/html" } };
const aws = { project: "demo", cloud: "aws", region: null } as const;

describe("every way in which a look can fail", () => {
  /** What the stub answers for ever, and what the client makes of it. */
  const failures: readonly [string, StubReply, string, RegExp][] = [
    ["401", no(401, "Missing (expired) db token"), "look.credentials", /401 .*Missing \(expired\) db token/],
    ["403 for the token", no(403, "Invalid token"), "look.credentials", /403 .*Invalid token/],
    ["403", no(403, "Not a project operator"), "look.denied", /403 .*Not a project operator/],
    ["no feature", no(403, "Not enabled", "feature_not_enabled"), "look.unsupported", /\(feature_not_enabled\)/],
    ["400", no(400, "Invalid CMK ID", "invalid_cmk_id"), "look.misconfigured", /400 .*\(invalid_cmk_id\)/],
    ["404 of a gateway", { status: 404, body: { message: "no route" } }, "look.misconfigured", /404 .*no route/],
    ["404 page", { status: 404, text: "<html>404</html>" }, "look.unreachable", /404 and a body that is not/],
    ["403 page", { status: 403, text: "<html>Blocked</html>" }, "look.unreachable", /403 and a body that is not/],
    ["401 page", { status: 401, text: "" }, "look.unreachable", /401 and a body that is not/],
    ["408", no(408, "Too slow"), "look.timeout", /408/],
    ["429", no(429, "Rate limit 120 exceeded - try again in 7s"), "look.throttled", /slow down \(429\)/],
    ["429 page", { status: 429, text: "" }, "look.throttled", /slow down \(429\)/],
    ["500", no(500, "Internal Server Error"), "look.unreachable", /500 .*Internal Server Error/],
    ["502 page", { status: 502, text: "<html>Bad Gateway</html>" }, "look.unreachable", /502 and a body/],
    ["a page", HTML, "look.unreachable", /something that is not JSON/],
    ["nothing", { status: 200, text: "" }, "look.unreachable", /something that is not JSON/],
    ["half an answer", { status: 200, text: '{"cmks": [' }, "look.unreachable", /something that is not JSON/],
    ["a cut", "reset", "look.unreachable", /failed: .*\(/],
    ["another form", ok({ keys: [] }), "look.unreachable", /something else than a list/],
    ["a redirect", { status: 307, headers: { location: "https://example.com" } }, "look.unreachable", /not followed/],
    ["too much", { status: 200, text: `"${"x".repeat(5_000_000)}"` }, "look.unreachable", /larger than any/],
  ];

  test.each(failures)("%s, for the list", async (_, reply, code, detail) => {
    await using stub = await startStub(() => reply);
    const { vendor } = aivenAt(stub);
    const failed = await all(vendor.registrations("demo")).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(LookError);
    expect(failed).toMatchObject({ kind: "look", code, why: { code, detail: expect.stringMatching(detail) } });
    expect(failed).toMatchObject({ message: expect.stringContaining(CMKS), fix: expect.stringMatching(/./) });
  });

  test.each(failures)("%s, for services: not known, which is not none", async (_, reply, code) => {
    await using stub = await startStub(() => reply);
    expect(await aivenAt(stub).vendor.services(REGISTRATION)).toMatchObject({ known: false, why: { code } });
  });

  test.each(failures)("%s, for get: not known, which is not gone", async (_, reply, code) => {
    await using stub = await startStub(() => reply);
    expect(await aivenAt(stub).vendor.get("demo", ID)).toMatchObject({ known: false, why: { code } });
  });

  test.each(failures)("%s, for check: no answer, which is no refusal", async (_, reply, code) => {
    await using stub = await startStub(() => reply);
    expect(await aivenAt(stub).vendor.check(REGISTRATION)).toMatchObject({ answer: "no-answer", why: { code } });
  });

  test.each(failures)("%s, for accessors", async (_, reply, code) => {
    await using stub = await startStub(() => reply);
    await expect(aivenAt(stub).vendor.accessors(aws)).rejects.toMatchObject({ kind: "look", code });
  });

  test("time", async () => {
    await using stub = await startStub(() => "hang");
    const { vendor } = aivenAt(stub, { timeoutMs: 30 });
    await expect(all(vendor.registrations("demo"))).rejects.toMatchObject({ code: "look.timeout" });
    expect(await vendor.get("demo", ID)).toMatchObject({ known: false, why: { code: "look.timeout" } });
  });

  test("the deadline", async () => {
    await using stub = await startStub(() => ok({ cmks: [] }));
    const signal = AbortSignal.abort(new DOMException("too late", "TimeoutError"));
    const { vendor } = aivenAt(stub, { signal });
    await expect(all(vendor.registrations("demo"))).rejects.toMatchObject({
      code: "look.timeout",
      message: expect.stringContaining("deadline"),
    });
  });

  test("nobody there", async () => {
    const stub = await startStub(() => "hang");
    await stub[Symbol.asyncDispose]();
    await expect(all(aivenAt(stub).vendor.registrations("demo"))).rejects.toMatchObject({
      code: "look.unreachable",
      message: expect.stringContaining("the connection was refused (ECONNREFUSED)"),
    });
  });

  test("a person", async () => {
    await using stub = await startStub(() => ok({ cmks: [] }));
    const { vendor } = aivenAt(stub, { signal: AbortSignal.abort(new Error("SIGINT")) });
    await expect(all(vendor.registrations("demo"))).rejects.toThrow("SIGINT");
    await expect(vendor.get("demo", ID)).rejects.toThrow("SIGINT");
  });

  test("a project that Aiven does not know is the user's mistake, where no key is concerned", async () => {
    await using stub = await startStub(() => no(404, "Project does not exist", "project_not_found"));
    const { vendor } = aivenAt(stub);
    const mistake = { kind: "usage", code: "vendor.project-not-found", message: expect.stringContaining("demo") };
    await expect(vendor.accessors(aws)).rejects.toMatchObject(mistake);
    await expect(all(vendor.registrations("demo"))).rejects.toMatchObject(mistake);
    expect(await vendor.get("demo", ID)).toMatchObject({ known: false, why: { code: "look.misconfigured" } });
    expect(await vendor.services(REGISTRATION)).toMatchObject({ known: false, why: { code: "look.misconfigured" } });
  });

  test("a call is made again until it succeeds, and waits as long as it is asked to", async () => {
    const slow = no(429, "slow", undefined, { "retry-after": "3" });
    await using stub = await startStub(script(slow, no(500, "x"), no(503, "x"), ok({ cmks: [CMK] })));
    const { vendor, clock } = aivenAt(stub, { jitter: () => 0 });
    expect(await all(vendor.registrations("demo"))).toEqual([REGISTRATION]);
    expect(clock.slept).toEqual([3_000, 500, 1_000]);
  });
});

describe("what travels", () => {
  test("the token goes into the header that both official clients use, and the project is encoded", async () => {
    await using stub = await startStub(() => ok({ cmks: [] }));
    await all(aivenAt(stub).vendor.registrations("a/b ü"));
    expect(stub.requests).toMatchObject([
      {
        method: "GET",
        path: "/v1/project/a%2Fb%20%C3%BC/secrets/cmks",
        headers: { authorization: `aivenv1 ${TOKEN}` },
      },
    ]);
  });

  test("a redirect never carries the token to another host", async () => {
    await using elsewhere = await startStub(() => ok({ cmks: [CMK] }));
    const to = { status: 302, headers: { location: `${elsewhere.origin}${CMKS}` } };
    await using stub = await startStub(() => to);
    await expect(all(aivenAt(stub).vendor.registrations("demo"))).rejects.toMatchObject({ code: "look.unreachable" });
    expect(elsewhere.requests).toEqual([]);
  });

  test("a token that is echoed reaches no error", async () => {
    await using stub = await startStub(() => no(401, `Invalid token ${TOKEN}`));
    const failed = await all(aivenAt(stub).vendor.registrations("demo")).catch((error: unknown) => error);
    expect(failed).toMatchObject({ message: expect.stringContaining("Invalid token [secret]") });
    const { inspect } = await import("node:util");
    expect(inspect(failed, { depth: 20, showHidden: true })).not.toContain(TOKEN);
  });

  test("the vendor's words cannot drive a terminal", async () => {
    await using stub = await startStub(() => no(403, "no\u001b[2J\r\nVALID \u202e"));
    await expect(all(aivenAt(stub).vendor.registrations("demo"))).rejects.toMatchObject({
      message: `Aiven answered 403 to GET ${CMKS}: no [2J VALID`,
    });
  });

  test("a bad address, token or name is told before anything is sent", async () => {
    await using stub = await startStub(() => ok({ cmks: [] }));
    const settings = { ...httpDeps(), token: TOKEN };
    expect(() => createAiven({ ...settings, webUrl: "http://api.aiven.io" })).toThrow(/not https/);
    expect(() => createAiven({ ...settings, token: "two\nlines" })).toThrow(/characters that no token has/);
    await expect(all(aivenAt(stub).vendor.registrations(".."))).rejects.toMatchObject({ code: "vendor.bad-name" });
    expect(stub.requests).toEqual([]);
  });
});

describe("accessors", () => {
  test.each(["role_arn", "principal"])("on AWS, spelled %s", async (name) => {
    const arn = "arn:aws:iam::123456789012:role/aiven-cmk-anchor";
    await using stub = await startStub(() => ok({ accessors: { aws: { [name]: arn } } }));
    expect(await aivenAt(stub).vendor.accessors(aws)).toEqual({
      accessors: [{ cloud: "aws", fields: { role_arn: arn } }],
    });
    expect(stub.requests).toMatchObject([{ method: "GET", path: `${CMKS}/accessors` }]);
  });

  test("nobody on this cloud", async () => {
    await using stub = await startStub(() => ok({ accessors: { gcp: { access_group: "g@aiven.io" } } }));
    await expect(aivenAt(stub).vendor.accessors(aws)).rejects.toMatchObject({
      code: "look.unsupported",
      message: "Aiven names no principal for aws in project demo (GET /v1/project/demo/secrets/cmks/accessors).",
    });
  });

  test("two different principals are none", async () => {
    await using stub = await startStub(() => ok({ accessors: { aws: { role_arn: "a", principal: "b" } } }));
    await expect(aivenAt(stub).vendor.accessors(aws)).rejects.toMatchObject({ code: "look.unreachable" });
  });
});

describe("get", () => {
  test("gives the registration as it is now", async () => {
    await using stub = await startStub(() => ok({ cmk: { ...CMK, status: "old", default_cmk: true } }));
    expect(await aivenAt(stub).vendor.get("demo", ID)).toEqual({
      known: true,
      value: { ...REGISTRATION, status: "old", default: true },
    });
  });

  test("null when Aiven says that there is none", async () => {
    await using stub = await startStub(() => no(404, "CMK not found"));
    expect(await aivenAt(stub).vendor.get("demo", ID)).toEqual({ known: true, value: null });
  });

  test("another key than the one that was asked for is no answer", async () => {
    await using stub = await startStub(() => ok({ cmk: { ...CMK, id: "another" } }));
    expect(await aivenAt(stub).vendor.get("demo", ID)).toMatchObject({
      known: false,
      why: { code: "look.unreachable" },
    });
    expect(await aivenAt(stub).vendor.get("demo", "ANOTHER")).toMatchObject({ known: true });
  });
});

describe("check", () => {
  test.each([400, 403, 409, 422, 500])("refused, whatever the status: %i", async (status) => {
    await using stub = await startStub(() => no(status, CANNOT_VERIFY));
    expect(await aivenAt(stub).vendor.check(REGISTRATION)).toEqual({
      answer: "refused",
      detail: `Aiven answered ${status} to POST ${CMKS}/${ID}/access_check: ${CANNOT_VERIFY}`,
    });
  });

  test("refused, in the clothes of a success", async () => {
    await using stub = await startStub(() => ok({ message: CANNOT_VERIFY }));
    expect(await aivenAt(stub).vendor.check(REGISTRATION)).toMatchObject({ answer: "refused" });
  });

  test.each([ok({ cmk: CMK }), { status: 202, body: { cmk: CMK } }])("a success is no yes", async (reply) => {
    await using stub = await startStub(() => reply);
    expect(await aivenAt(stub).vendor.check(REGISTRATION)).toEqual({
      answer: "no-answer",
      detail: "Aiven took the access check and its answer has no verdict.",
      why: null,
    });
    expect(stub.requests).toMatchObject([{ method: "POST", path: `${CMKS}/${ID}/access_check`, body: "{}" }]);
  });

  test("an OCI key that is refused may be in the wrong region", async () => {
    await using stub = await startStub(() => no(400, CANNOT_VERIFY));
    const oci = { ...REGISTRATION, cloud: "oci", resource: "ocid1.key.oc1.iad.a.b" } as const;
    expect(await aivenAt(stub).vendor.check(oci)).toMatchObject({
      answer: "refused",
      detail: expect.stringContaining("ask Aiven support"),
    });
  });
});

test("services, and none", async () => {
  await using stub = await startStub(
    script(
      ok({ service_associations: [{ service_name: "my-pg", status: "active" }] }),
      ok({ service_associations: [] }),
    ),
  );
  const { vendor } = aivenAt(stub);
  expect(await vendor.services(REGISTRATION)).toEqual({ known: true, value: [{ name: "my-pg", status: "active" }] });
  expect(await vendor.services(REGISTRATION)).toEqual({ known: true, value: [] });
  expect(stub.requests[0]?.path).toBe(`${CMKS}/${ID}/service_associations`);
});

test("registrations, deleted ones and unknown clouds included", async () => {
  const cmks = [CMK, { ...CMK, id: "b", status: "deleted" }, { id: "c", resource: "ibm:key", provider: "ibm" }];
  await using stub = await startStub(() => ok({ cmks }));
  expect(await all(aivenAt(stub).vendor.registrations("demo"))).toMatchObject([
    { id: ID, status: "current", cloud: "aws", resource: ARN },
    { id: "b", status: "deleted" },
    { id: "c", status: "unknown", cloud: null },
  ]);
});
