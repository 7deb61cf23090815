import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { OciCallError } from "../../../src/clouds/oci/errors.ts";
import { type Call, send } from "../../../src/clouds/oci/transport.ts";
import { fakeClock, httpDeps, type StubReply, script, startStub } from "../../io/stub.ts";

const FINE: StubReply = { status: 200, body: { fine: true } };
const NOTHING = async () => {};

function call(origin: string, more: Partial<Call> = {}): Call {
  return {
    method: "GET",
    url: `${origin}/20180608/keys/x`,
    headers: new Headers(),
    body: undefined,
    repeatable: true,
    ...more,
  };
}

async function fault(work: Promise<unknown>): Promise<OciCallError["fault"]> {
  const error: unknown = await work.then(
    () => new Error("nothing was thrown"),
    (reason: unknown) => reason,
  );
  if (error instanceof OciCallError) return error.fault;
  throw error;
}

const status = (code: number, word: string, more: Partial<Exclude<StubReply, string>> = {}): StubReply => ({
  status: code,
  body: { code: word, message: `words for ${word}` },
  ...more,
});

describe("what may be done twice is tried again", () => {
  test.each<[string, StubReply]>([
    ["429", status(429, "TooManyRequests")],
    ["500", status(500, "InternalServerError")],
    ["503 of somebody on the way", { status: 503, text: "<html>" }],
    ["half an answer", "reset"],
  ])("%s", async (_, reply) => {
    await using stub = await startStub(script(reply, reply, FINE));
    const clock = fakeClock();
    const answer = await send(httpDeps({ clock }), call(stub.origin), NOTHING);
    expect(answer).toMatchObject({ status: 200, body: '{"fine":true}' });
    expect(clock.slept).toEqual([375, 750]);
    expect(stub.requests).toHaveLength(3);
  });

  test("four times at most, then it is the answer", async () => {
    await using stub = await startStub(script(status(429, "TooManyRequests")));
    const clock = fakeClock();
    expect(await fault(send(httpDeps({ clock }), call(stub.origin), NOTHING))).toEqual({
      kind: "status",
      status: 429,
      code: "TooManyRequests",
      words: "words for TooManyRequests",
    });
    expect(stub.requests).toHaveLength(4);
    expect(clock.slept).toEqual([375, 750, 1_500]);
  });

  test("no answer in time", async () => {
    await using stub = await startStub(script("hang", FINE));
    const answer = await send(httpDeps({ timeoutMs: 100 }), call(stub.origin), NOTHING);
    expect(answer.status).toBe(200);
  });

  test("each attempt is signed anew", async () => {
    await using stub = await startStub(script(status(500, "InternalServerError"), FINE));
    let count = 0;
    await send(httpDeps(), call(stub.origin), async (headers) => headers.set("x-date", `date ${++count}`));
    expect(stub.requests.map(({ headers }) => headers["x-date"])).toEqual(["date 1", "date 2"]);
  });
});

describe("what is not tried again", () => {
  test.each([400, 401, 403, 404, 409, 412])("%i", async (code) => {
    await using stub = await startStub(script(status(code, "Word"), FINE));
    expect(await fault(send(httpDeps(), call(stub.origin), NOTHING))).toMatchObject({ status: code, code: "Word" });
    expect(stub.requests).toHaveLength(1);
  });

  test.each<StubReply>([status(500, "InternalServerError"), "reset"])(
    "a write that may have arrived: %j",
    async (reply) => {
      await using stub = await startStub(script(reply, FINE));
      const write = call(stub.origin, { method: "PUT", body: "{}", repeatable: false });
      await fault(send(httpDeps(), write, NOTHING));
      expect(stub.requests).toHaveLength(1);
    },
  );

  test("but a write that OCI has not acted on is", async () => {
    await using stub = await startStub(script(status(429, "TooManyRequests"), FINE));
    await send(httpDeps(), call(stub.origin, { method: "PUT", body: "{}", repeatable: false }), NOTHING);
    expect(stub.requests.map(({ method, body }) => [method, body])).toEqual([
      ["PUT", "{}"],
      ["PUT", "{}"],
    ]);
  });
});

describe("answers that OCI would not give", () => {
  test.each<[string, StubReply, unknown]>([
    ["a page", { status: 200, text: "<html>login</html>" }, { kind: "foreign" }],
    [
      "a redirect, which is not followed",
      { status: 302, text: "", headers: { location: "https://evil.example" } },
      { kind: "status", status: 302, code: null },
    ],
    ["a page that refuses", { status: 403, text: "<html>" }, { kind: "status", status: 403, code: null }],
    ["a bare text", { status: 200, text: '"yes"' }, { kind: "foreign" }],
    [
      "an error with a word in its prototype",
      { status: 400, text: '{"__proto__":{"code":"X"}}' },
      { kind: "status", code: null },
    ],
  ])("%s", async (_, reply, expected) => {
    await using stub = await startStub(script(reply));
    expect(await fault(send(httpDeps(), call(stub.origin), NOTHING))).toMatchObject(expected as object);
    expect(stub.requests).toHaveLength(1);
  });

  test("one without an end", async () => {
    await using stub = await startStub(script({ status: 200, text: "x".repeat(17 * 1024 * 1024) }));
    expect(await fault(send(httpDeps(), call(stub.origin), NOTHING))).toEqual({
      kind: "foreign",
      words: "an answer without an end",
    });
  });

  test("nothing at all is an answer", async () => {
    await using stub = await startStub(script({ status: 204, text: "" }));
    expect(await send(httpDeps(), call(stub.origin), NOTHING)).toMatchObject({ status: 204, body: "" });
  });
});

describe("the network", () => {
  test("no connection: nothing was sent", async () => {
    const origin = await closedPort();
    const write = call(origin, { repeatable: false });
    expect(await fault(send(httpDeps(), write, NOTHING))).toEqual({
      kind: "network",
      code: "ECONNREFUSED",
      sent: false,
    });
  });

  test("what cannot be signed is not sent", async () => {
    await using stub = await startStub(script(FINE));
    const broken = new OciCallError({ kind: "credentials", words: "no key" });
    await expect(send(httpDeps(), call(stub.origin), () => Promise.reject(broken))).rejects.toBe(broken);
    expect(stub.requests).toHaveLength(0);
  });

  test("an address that is none", async () => {
    expect(await fault(send(httpDeps(), call("nonsense"), NOTHING))).toEqual({
      kind: "network",
      code: "ERR_INVALID_URL",
      sent: false,
    });
  });
});

describe("stopped", () => {
  test("by the deadline: said as such, before and while it is asked", async () => {
    await using stub = await startStub(script("hang"));
    const over = { kind: "timeout", deadline: true };
    const early = AbortSignal.abort(new DOMException("time", "TimeoutError"));
    expect(await fault(send({ ...httpDeps(), signal: early }, call(stub.origin), NOTHING))).toEqual(over);
    expect(await fault(send({ ...httpDeps(), signal: AbortSignal.timeout(100) }, call(stub.origin), NOTHING))).toEqual(
      over,
    );
  });

  test("by a person: the reason goes on as it is", async () => {
    await using stub = await startStub(script("hang"));
    const stop = new AbortController();
    const reason = new Error("SIGINT");
    setTimeout(() => stop.abort(reason), 50);
    await expect(send({ ...httpDeps(), signal: stop.signal }, call(stub.origin), NOTHING)).rejects.toBe(reason);
  });

  test("while it waits to try again", async () => {
    await using stub = await startStub(script(status(429, "TooManyRequests")));
    const stop = new AbortController();
    const clock = {
      now: () => new Date(),
      sleep: async () => {
        stop.abort(new DOMException("time", "TimeoutError"));
        throw stop.signal.reason;
      },
    };
    expect(await fault(send({ ...httpDeps({ clock }), signal: stop.signal }, call(stub.origin), NOTHING))).toEqual({
      kind: "timeout",
      deadline: true,
    });
  });
});

async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}
