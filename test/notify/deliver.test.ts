import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { deliver, deliveryNotes } from "../../src/notify/deliver.ts";
import { type StubReply, script, startStub } from "../io/stub.ts";
import { deliverDeps, memorySpool, target } from "./kit.ts";

const OK: StubReply = { status: 200, text: "ok" };
const LATER = new Date("2026-11-21T13:00:00Z");

function message(body: string, name = "ops") {
  return { target: name, body };
}

describe("deliver", () => {
  it("posts the body as it is, once, and forgets it", async () => {
    await using stub = await startStub(() => OK);
    const spool = memorySpool();
    spool.put(message('{"a": "ä",  "b":1}'));
    const result = await deliver(spool, [target(stub.origin)], deliverDeps());
    expect(result).toEqual({ delivered: 1, undelivered: [] });
    expect(spool.waiting()).toEqual([]);
    expect(stub.requests).toHaveLength(1);
    expect(stub.requests[0]).toMatchObject({
      method: "POST",
      path: "/hook",
      body: '{"a": "ä",  "b":1}',
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "keygrant" },
    });
  });

  it("asks the spool for nothing when there is nobody to tell", async () => {
    const spool = memorySpool();
    spool.put(message("{}"));
    expect(await deliver(spool, [], deliverDeps())).toEqual({ delivered: 0, undelivered: [] });
    expect(spool.takes.count).toBe(0);
  });

  it.each<[string, StubReply, number]>([
    ["an error", { status: 500 }, 5_000],
    ["no answer", "hang", 200],
  ])("tries again within the run after %s, in the same words", async (_, first, timeoutMs) => {
    await using stub = await startStub(script(first, OK));
    const spool = memorySpool();
    spool.put(message("one"), message("two"));
    const deps = deliverDeps();
    const result = await deliver(spool, [target(stub.origin, { timeoutMs })], deps);
    expect(result).toEqual({ delivered: 2, undelivered: [] });
    expect(stub.requests.map((one) => one.body)).toEqual(["one", "one", "two"]);
    expect(deps.clock.slept).toEqual([5_000]);
    const [a, b, c] = stub.requests.map((one) => one.headers["idempotency-key"]);
    expect(a).toMatch(/^[0-9a-f]{32}$/);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });

  it("tries again after a connection that is cut before an answer", async () => {
    let count = 0;
    const server = createServer((request, response) => {
      count++;
      if (count === 1) return void request.socket.resetAndDestroy();
      response.end("ok");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const spool = memorySpool();
    spool.put(message("one"));
    const result = await deliver(spool, [target(`http://127.0.0.1:${port}`)], deliverDeps());
    expect(result.delivered).toBe(1);
    expect(count).toBe(2);
    server.closeAllConnections();
    server.close();
  });

  it("counts a 2xx whose body breaks off or never ends as delivered: nobody reads it", async () => {
    await using stub = await startStub(script("reset", { status: 200, text: "x".repeat(5_000_000) }));
    const spool = memorySpool();
    spool.put(message("one"), message("two"));
    expect((await deliver(spool, [target(stub.origin)], deliverDeps())).delivered).toBe(2);
    expect(stub.requests).toHaveLength(2);
  });

  it("follows no redirect", async () => {
    await using elsewhere = await startStub(() => OK);
    await using stub = await startStub(() => ({ status: 307, headers: { location: `${elsewhere.origin}/` } }));
    const spool = memorySpool();
    spool.put(message("one"));
    const { undelivered } = await deliver(spool, [target(stub.origin)], deliverDeps());
    expect(elsewhere.requests).toHaveLength(0);
    expect(undelivered[0]?.detail).toBe("answered 307, a redirect, which is not followed");
  });

  it("a dead receiver holds up neither the run nor the others, and keeps its messages in order", async () => {
    await using dead = await startStub(() => ({ status: 503 }));
    await using live = await startStub(() => OK);
    const spool = memorySpool();
    for (let i = 0; i < 120; i++) spool.put(message(`d${i}`, "dead"), message(`l${i}`, "live"));
    const deps = deliverDeps();
    const start = deps.clock.now().getTime();
    const targets = [target(dead.origin, { name: "dead" }), target(live.origin, { name: "live" })];
    const result = await deliver(spool, targets, deps);
    expect(live.requests.map((one) => one.body)).toEqual(Array.from({ length: 120 }, (_, i) => `l${i}`));
    // At 0, 5 and 15 seconds; the next would be too late.
    expect(dead.requests.map((one) => one.body)).toEqual(["d0", "d0", "d0"]);
    expect(deps.clock.now().getTime() - start).toBeLessThanOrEqual(20_000);
    expect(result.delivered).toBe(120);
    expect(result.undelivered).toEqual([
      { target: "dead", messages: 120, oldestAt: "2026-11-21T10:00:00.000Z", detail: "answered 503" },
    ]);
    expect(spool.waiting()).toHaveLength(120);
  });

  it("goes on with the spool in the next run, and never gives up", async () => {
    let isUp = false;
    await using stub = await startStub(() => (isUp ? OK : { status: 500 }));
    const spool = memorySpool();
    spool.put(message("one"));
    const deps = deliverDeps();
    const pauses: number[] = [];
    for (let round = 0; round < 12; round++) {
      await deliver(spool, [target(stub.origin)], deps);
      const due = spool.waiting()[0]?.dueAt.getTime() ?? 0;
      pauses.push(due - deps.clock.now().getTime());
      await deps.clock.sleep(due - deps.clock.now().getTime());
    }
    expect(Math.max(...pauses)).toBe(600_000);
    expect(pauses.at(-1)).toBe(600_000);
    isUp = true;
    expect((await deliver(spool, [target(stub.origin)], deps)).delivered).toBe(1);
  });

  it("waits as long as the receiver asks", async () => {
    await using stub = await startStub(script({ status: 429, headers: { "retry-after": "12" } }, OK));
    const spool = memorySpool();
    spool.put(message("one"));
    const deps = deliverDeps();
    expect((await deliver(spool, [target(stub.origin)], deps)).delivered).toBe(1);
    expect(deps.clock.slept).toEqual([12_000]);
  });

  it("keeps what is for a receiver that is not configured here", async () => {
    await using stub = await startStub(() => OK);
    const spool = memorySpool();
    spool.put(message("one", "gone"), message("two"));
    const result = await deliver(spool, [target(stub.origin)], deliverDeps());
    expect(result.delivered).toBe(1);
    expect(result.undelivered).toMatchObject([{ target: "gone", detail: "is not in the configuration" }]);
    expect(spool.waiting()).toHaveLength(1);
  });

  it("stops when the run is stopped, and lets go of what it held", async () => {
    const stop = new AbortController();
    await using stub = await startStub(() => {
      stop.abort(new Error("SIGTERM"));
      return "hang";
    });
    const spool = memorySpool();
    spool.put(message("one"), message("two"));
    const deps = deliverDeps({ signal: stop.signal });
    const result = await deliver(spool, [target(stub.origin)], deps);
    expect(result.delivered).toBe(0);
    expect(spool.waiting().every((one) => one.dueAt <= deps.clock.now())).toBe(true);
  });

  it("says neither address nor secret of a receiver that cannot be reached", async () => {
    const spool = memorySpool();
    spool.put(message("one"));
    const url = "http://127.0.0.1:1/T000/B000/veryprivate";
    const result = await deliver(spool, [target(url)], deliverDeps());
    const said = [JSON.stringify(result), ...deliveryNotes(result, LATER)].join("\n");
    expect(said).toContain("could not be reached (ECONNREFUSED)");
    expect(said).not.toMatch(/veryprivate|127\.0\.0\.1|a shared secret/);
    expect(deliveryNotes(result, LATER)).toEqual([
      "1 notification waits for the receiver ops, which could not be reached (ECONNREFUSED); the oldest is from 3 hours ago. They stay in the spool.",
    ]);
  });
});

describe("the signature", () => {
  it("verifies with an implementation written from RFC 2104", async () => {
    await using stub = await startStub(script({ status: 500 }, OK));
    const spool = memorySpool();
    spool.put(message('{"key":"ü"}'));
    await deliver(spool, [target(stub.origin)], deliverDeps());
    const times = stub.requests.map(({ headers, body }) => {
      const [, t = "", v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["x-keygrant-signature"])) ?? [];
      expect(v1).toBe(hmac("a shared secret", `${t}.${body}`));
      return Number(t);
    });
    // Signed anew for each attempt: a receiver that looks at the time takes a late one too.
    expect(times).toEqual([1_795_255_200, 1_795_255_205]);
  });

  it("is left out without a secret", async () => {
    await using stub = await startStub(() => OK);
    const spool = memorySpool();
    spool.put(message("one"));
    await deliver(spool, [target(stub.origin, { secret: null })], deliverDeps());
    expect(stub.requests[0]?.headers["x-keygrant-signature"]).toBeUndefined();
  });
});

/** RFC 2104, with SHA-256 and its block of 64 bytes. */
function hmac(secret: string, text: string): string {
  const sha = (...parts: readonly Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
  const key = Buffer.alloc(64);
  const bytes = Buffer.from(secret);
  (bytes.length > 64 ? sha(bytes) : bytes).copy(key);
  const inner = sha(
    key.map((byte) => byte ^ 0x36),
    Buffer.from(text),
  );
  return sha(
    key.map((byte) => byte ^ 0x5c),
    inner,
  ).toString("hex");
}

it("a kept connection that the receiver has closed costs no attempt", async () => {
  const served = new WeakSet<object>();
  const server = createServer((request, response) => {
    if (served.has(request.socket)) return void request.socket.resetAndDestroy();
    served.add(request.socket);
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const spool = memorySpool();
  for (let i = 0; i < 10; i++) spool.put(message(`m${i}`));
  const deps = deliverDeps();
  const result = await deliver(spool, [target(`http://127.0.0.1:${port}`)], deps);
  expect(result.delivered).toBe(10);
  expect(deps.clock.slept).toEqual([]);
  server.closeAllConnections();
  server.close();
});
