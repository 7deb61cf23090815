import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createHttp, type HttpCall, type HttpSettings, pauseMs, retryAfter } from "../../src/io/http.ts";
import { fakeClock, httpDeps, type Stub, type StubReply, script, startStub } from "./stub.ts";

const SECRET = "not-for-anybody-else";
const OK: StubReply = { status: 200, body: { fine: true } };

function client(stub: Stub, overrides: Partial<HttpSettings> = {}) {
  const clock = fakeClock();
  const http = createHttp({
    ...httpDeps({ clock }),
    baseUrl: stub.origin,
    headers: { authorization: `aivenv1 ${SECRET}` },
    secrets: [SECRET],
    ...overrides,
  });
  return { clock, call: (call: Partial<HttpCall> = {}) => http.call({ method: "GET", path: "/x", ...call }) };
}

describe("a call", () => {
  test("carries headers, method, path and body, and gives the JSON back", async () => {
    await using stub = await startStub(() => ({ status: 201, body: { id: 1 } }));
    const answer = await client(stub).call({ method: "POST", path: "/v1/a%2Fb", body: { é: "ü" } });
    expect(answer).toEqual({ ok: true, status: 201, json: { id: 1 } });
    expect(stub.requests).toMatchObject([
      {
        method: "POST",
        path: "/v1/a%2Fb",
        body: '{"é":"ü"}',
        headers: {
          authorization: `aivenv1 ${SECRET}`,
          accept: "application/json",
          "content-type": "application/json",
          "user-agent": "keygrant",
        },
      },
    ]);
  });

  test("never asks for a packed answer, and does not unpack one", async () => {
    const packed = gzipSync('{"fine":true}').toString("latin1");
    await using stub = await startStub(() => ({ status: 200, text: packed, headers: { "content-encoding": "gzip" } }));
    expect(await client(stub).call()).toEqual({ ok: false, kind: "not-json", status: 200 });
    expect(stub.requests[0]?.headers).not.toHaveProperty("accept-encoding");
  });

  test("takes a secret out of an answer that echoes it", async () => {
    await using stub = await startStub(() => ({ status: 403, body: { message: `no rights for ${SECRET}` } }));
    expect(await client(stub).call()).toMatchObject({ kind: "status", json: { message: "no rights for [secret]" } });
  });

  test.each<[string, StubReply]>([
    ["nothing", { status: 200, text: "" }],
    ["half of it", { status: 200, text: '{"cmks": [' }],
    ["a page", { status: 200, text: "<html>Log in to the hotel's network</html>" }],
    ["no content", { status: 204, text: "" }],
  ])("that is answered with %s is not JSON, and is not repeated", async (_, reply) => {
    await using stub = await startStub(() => reply);
    expect(await client(stub).call()).toMatchObject({ ok: false, kind: "not-json" });
    expect(stub.requests).toHaveLength(1);
  });

  test("that is answered with more than fits is given up", async () => {
    await using stub = await startStub(() => ({ status: 200, text: `"${"x".repeat(50_000)}"` }));
    expect(await client(stub, { maxBytes: 20_000 }).call()).toEqual({ ok: false, kind: "too-large" });
    expect(await client(stub, { maxBytes: 60_000 }).call()).toMatchObject({ ok: true });
  });

  test("that is redirected stays where it is, and the credentials with it", async () => {
    await using elsewhere = await startStub(() => OK);
    await using stub = await startStub(() => ({ status: 302, headers: { location: `${elsewhere.origin}/x` } }));
    expect(await client(stub).call()).toMatchObject({ ok: false, kind: "status", status: 302 });
    expect(elsewhere.requests).toEqual([]);
  });
});

describe("repeating", () => {
  test.each([408, 429, 500, 502, 503, 504])("a GET that is answered %i is made again", async (status) => {
    await using stub = await startStub(script({ status }, { status }, OK));
    const { call, clock } = client(stub);
    expect(await call()).toMatchObject({ ok: true });
    expect(clock.slept).toEqual([375, 750]);
  });

  test.each([400, 401, 403, 404, 409, 501])("a GET that is answered %i is not", async (status) => {
    await using stub = await startStub(script({ status, body: { message: "no" } }, OK));
    expect(await client(stub).call()).toMatchObject({ kind: "status", status, json: { message: "no" } });
    expect(stub.requests).toHaveLength(1);
  });

  test("ends after four attempts, with the last failure", async () => {
    await using stub = await startStub(() => ({ status: 503 }));
    expect(await client(stub).call()).toMatchObject({ kind: "status", status: 503 });
    expect(stub.requests).toHaveLength(4);
  });

  test("waits as long as it is asked to, within reason", async () => {
    const soon = { status: 429, headers: { "retry-after": "2" } };
    const date = { status: 503, headers: { "retry-after": "Sat, 21 Nov 2026 10:00:05 GMT" } };
    const never = { status: 429, headers: { "retry-after": "86400" } };
    await using stub = await startStub(script(soon, date, never, OK));
    const { call, clock } = client(stub, { jitter: () => 0 });
    expect(await call()).toMatchObject({ ok: true });
    expect(clock.slept).toEqual([2_000, 3_000, 30_000]);
  });

  test("a POST is never made twice, unless that is as good as once", async () => {
    await using stub = await startStub(() => ({ status: 503, headers: { "retry-after": "1" } }));
    expect(await client(stub).call({ method: "POST", body: {} })).toMatchObject({ status: 503, retryAfterMs: 1_000 });
    expect(stub.requests).toHaveLength(1);
    await client(stub).call({ method: "POST", body: {}, repeatable: true });
    expect(stub.requests).toHaveLength(5);
  });

  test("goes on after a connection that was cut in the middle of an answer", async () => {
    await using stub = await startStub(script("reset", OK));
    expect(await client(stub).call()).toMatchObject({ ok: true });
    expect(stub.requests).toHaveLength(2);
  });

  test("goes on after a time-out", async () => {
    await using stub = await startStub(script("hang", OK));
    expect(await client(stub, { timeoutMs: 300 }).call()).toMatchObject({ ok: true });
  });
});

describe("no answer", () => {
  test("in time", async () => {
    await using stub = await startStub(() => "hang");
    const answer = await client(stub, { timeoutMs: 40, attempts: 1 }).call();
    expect(answer).toEqual({ ok: false, kind: "timeout", deadline: false });
  });

  test("because it was cut", async () => {
    await using stub = await startStub(() => "reset");
    const answer = await client(stub, { attempts: 1 }).call();
    expect(answer).toMatchObject({ ok: false, kind: "network", trust: false });
  });

  test("because nobody listens", async () => {
    const stub = await startStub(() => OK);
    await stub[Symbol.asyncDispose]();
    const { call, clock } = client(stub);
    expect(await call()).toEqual({ ok: false, kind: "network", code: "ECONNREFUSED", trust: false });
    expect(clock.slept).toHaveLength(3);
  });

  test("because the deadline has passed: an answer, and no further attempt", async () => {
    await using stub = await startStub(() => "hang");
    const passed = AbortSignal.abort(new DOMException("too late", "TimeoutError"));
    expect(await client(stub, { signal: passed }).call()).toEqual({ ok: false, kind: "timeout", deadline: true });
    expect(stub.requests).toEqual([]);
    const soon = AbortSignal.timeout(40);
    expect(await client(stub, { signal: soon }).call()).toEqual({ ok: false, kind: "timeout", deadline: true });
    expect(stub.requests.length).toBeLessThan(2);
  });

  test("because the deadline came while it was waiting to try again", async () => {
    await using stub = await startStub(() => ({ status: 503 }));
    const deadline = new AbortController();
    const clock = {
      ...fakeClock(),
      sleep(_ms: number, signal?: AbortSignal): Promise<void> {
        deadline.abort(new DOMException("too late", "TimeoutError"));
        return Promise.reject(signal?.reason);
      },
    };
    const answer = await client(stub, { clock, signal: deadline.signal }).call();
    expect(answer).toEqual({ ok: false, kind: "timeout", deadline: true });
  });

  test("because a person interrupted it: that is thrown", async () => {
    const stop = new AbortController();
    await using stub = await startStub(() => {
      stop.abort(new Error("SIGINT"));
      return "hang";
    });
    await expect(client(stub, { signal: stop.signal }).call()).rejects.toThrow("SIGINT");
    await expect(client(stub, { signal: stop.signal }).call()).rejects.toThrow("SIGINT");
    expect(stub.requests).toHaveLength(1);
  });
});

describe("Retry-After", () => {
  const now = new Date("2026-11-21T10:00:00Z");
  test.each<[string | undefined, number | null]>([
    [undefined, null],
    ["0", 0],
    ["7", 7_000],
    [" 7 ", 7_000],
    ["100000000000000000000", 30_000],
    ["Sat, 21 Nov 2026 10:00:09 GMT", 9_000],
    ["Sat, 21 Nov 2026 09:00:00 GMT", 0],
    ["Sat, 21 Nov 2026 11:00:00 GMT", 30_000],
    ["soon", null],
    ["", null],
  ])("%j means %j", (header, ms) => {
    expect(retryAfter(header, now)).toBe(ms);
  });
});

test("pauses double up to eight seconds, with jitter below; what was asked for gets jitter above", () => {
  expect([1, 2, 3, 4, 5, 6, 7].map((attempt) => pauseMs(attempt, null, () => 0))).toEqual([
    250, 500, 1_000, 2_000, 4_000, 4_000, 4_000,
  ]);
  expect(pauseMs(1, null, () => 0.999)).toBe(500);
  expect(pauseMs(3, 2_000, () => 0)).toBe(2_000);
  expect(pauseMs(3, 2_000, () => 0.999)).toBe(2_500);
});
