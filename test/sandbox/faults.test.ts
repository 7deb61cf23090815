import { afterEach, describe, expect, test } from "vitest";
import { OWNER, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { createFaults, parseFault } from "../../src/sandbox/faults.ts";
import { ask, closeAll, fakeClock, start } from "./kit.ts";

afterEach(closeAll);

describe("a fault's spelling", () => {
  test.each([
    ["429=0.3", { kind: "429", rate: 0.3, times: null, at: null }],
    ["lost=1x2", { kind: "lost", rate: 1, times: 2, at: null }],
    ["hang=1@/secrets/cmks", { kind: "hang", rate: 1, times: null, at: "/secrets/cmks" }],
    ["throttle=.5x1@Decrypt", { kind: "throttle", rate: 0.5, times: 1, at: "Decrypt" }],
  ])("%s", (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  test.each(["429", "429=", "429=2", "429=-1", "429=1.2.3", "fire=1", "=1", "429=1x", "429=1@"])(
    "%s is none",
    (text) => {
      expect(() => parseFault(text)).toThrow(expect.objectContaining({ kind: "usage", code: "sandbox.fault" }));
    },
  );
});

test("the first that strikes wins, as the jitter says, as often as it may", () => {
  const draws = [0.2, 0.9, 0.1, 0.9, 0.9, 0.1];
  const faults = createFaults(["500=0.5x2@Encrypt", "reset=0.5"], () => draws.shift() ?? 1);
  expect(faults.strike("Encrypt", "/")).toBe("500");
  expect(faults.strike("Encrypt", "/")).toBe("reset");
  expect(faults.strike("Encrypt", "/")).toBeNull();
  expect(faults.strike("Decrypt", "/")).toBe("reset");
});

describe("over the wire", () => {
  const aws = {
    "x-amz-target": "TrentService.Decrypt",
    authorization: `AWS4-HMAC-SHA256 Credential=${OWNER.accessKeyId}/x`,
  };

  test.each([
    ["429", 429, { message: expect.stringContaining("too many requests"), errors: [{ status: 429 }] }],
    ["throttle", 429, { message: expect.stringContaining("too many requests") }],
    ["500", 500, { errors: [{ status: 500 }] }],
    ["503", 503, { errors: [{ status: 503 }] }],
  ])("Aiven's %s", async (kind, status, body) => {
    const sandbox = await start({ knobs: { faults: [`${kind}=1`] } });
    const answer = await ask(sandbox, "GET", "/v1/project/demo/secrets/cmks");
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers.get("retry-after")).toBe(status === 429 ? "1" : null);
  });

  test.each([
    ["throttle", 400, "ThrottlingException"],
    ["429", 429, "TooManyRequestsException"],
    ["500", 500, "KMSInternalException"],
    ["503", 503, "ServiceUnavailable"],
  ])("AWS's %s", async (kind, status, name) => {
    const sandbox = await start({ knobs: { faults: [`${kind}=1@Decrypt`] } });
    const response = await fetch(sandbox.origin, { method: "POST", headers: aws, body: "{}" });
    expect([response.status, response.headers.get("x-amzn-errortype")]).toEqual([status, name]);
    expect(await response.json()).toMatchObject({ __type: name });
  });

  test("STS throttles in XML", async () => {
    const sandbox = await start({ knobs: { faults: ["throttle=1"] } });
    const response = await fetch(sandbox.origin, {
      method: "POST",
      headers: { authorization: aws.authorization, "content-type": "application/x-www-form-urlencoded" },
      body: "Action=GetCallerIdentity",
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("<Code>Throttling</Code>");
    expect(sandbox.requests).toMatchObject([{ operation: "GetCallerIdentity" }]);
  });

  test.each([
    ["html", 502, "text/html", /Bad Gateway/],
    ["garbage", 200, "text/plain", /hotel/],
  ])("%s, and nothing was done", async (kind, status, type, text) => {
    const sandbox = await start({ knobs: { faults: [`${kind}=1x1`] } });
    const answer = await ask(sandbox, "POST", "/notes", "a");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, type]);
    expect(answer.body).toMatch(text);
    expect((await ask(sandbox, "GET", "/notes")).body).toEqual({ notes: [] });
  });

  test.each([
    ["reset", []],
    ["lost", ["a"]],
  ])("%s: no answer, and the notes are then %j", async (kind, notes) => {
    const sandbox = await start({ knobs: { faults: [`${kind}=1x1`] } });
    await expect(ask(sandbox, "POST", "/notes", "a")).rejects.toThrow("fetch failed");
    expect((await ask(sandbox, "GET", "/notes")).body).toEqual({ notes });
  });

  test("504: done, and a gateway's page instead of the answer", async () => {
    const sandbox = await start({ knobs: { faults: ["504=1x1"] } });
    expect(await ask(sandbox, "POST", "/notes", "a")).toMatchObject({ status: 504 });
    expect((await ask(sandbox, "GET", "/notes")).body).toEqual({ notes: ["a"] });
  });

  test("truncated: the right status and half a body", async () => {
    const sandbox = await start({ knobs: { faults: ["truncated=1x1"] } });
    await expect(ask(sandbox, "POST", "/notes", "a")).rejects.toThrow(SyntaxError);
    expect((await ask(sandbox, "GET", "/notes")).body).toEqual({ notes: ["a"] });
  });

  test("drip: a piece a second", async () => {
    const clock = fakeClock();
    const sandbox = await start({ clock, knobs: { faults: ["drip=1"] } });
    expect((await ask(sandbox, "POST", "/notes", "a long note, longer than one drop")).body).toEqual({
      notes: ["a long note, longer than one drop"],
    });
    expect(clock.slept).toEqual([1000, 1000, 1000]);
  });

  test("hang: until the client gives up, and closing does not wait", async () => {
    const sandbox = await start({ knobs: { faults: ["hang=1"] } });
    const gaveUp = fetch(`${sandbox.origin}/notes`, { signal: AbortSignal.timeout(50) });
    await expect(gaveUp).rejects.toThrow(expect.objectContaining({ name: "TimeoutError" }));
    const hanging = ask(sandbox, "GET", "/notes").catch((cause: unknown) => cause);
    while (sandbox.requests.length < 2) await new Promise(setImmediate);
    await sandbox.close();
    expect(await hanging).toBeInstanceOf(TypeError);
  });

  test("the vendor's own calls meet neither faults nor delays", async () => {
    const clock = fakeClock();
    const sandbox = await start({ clock, knobs: { faults: ["500=1"], latencyMs: 70 } });
    const authorization = `AWS4-HMAC-SHA256 Credential=${VENDOR_DEMO.accessKeyId}/20261120/eu-west-1/kms/aws4_request`;
    const response = await fetch(`${sandbox.origin}/notes`, { headers: { authorization } });
    expect(response.status).toBe(200);
    expect(clock.slept).toEqual([]);
    expect(await ask(sandbox, "GET", "/notes")).toMatchObject({ status: 500 });
    expect(clock.slept).toEqual([70]);
    expect(sandbox.requests.map(({ inside }) => inside)).toEqual([true, false]);
  });
});

test("a spent fault is whole again when the knob is turned", async () => {
  const sandbox = await start({ knobs: { faults: ["500=1x1"] } });
  expect(await ask(sandbox, "GET", "/notes")).toMatchObject({ status: 500 });
  expect(await ask(sandbox, "GET", "/notes")).toMatchObject({ status: 200 });
  sandbox.turn({ faults: ["500=1x1"] });
  expect(await ask(sandbox, "GET", "/notes")).toMatchObject({ status: 500 });
});
