import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createAivenModule } from "../../src/sandbox/aiven/module.ts";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { type MakeModules, type Sandbox, setProject } from "../../src/sandbox/sandbox.ts";
import { ask, closeAll, fakeClock, folder, notesModule, start } from "./kit.ts";

afterEach(closeAll);

/** `fetch` sets Host by itself, and refuses to be told. */
function askAs(sandbox: Sandbox, headers: Readonly<Record<string, string>>, body = ""): Promise<number> {
  return new Promise((resolve, reject) => {
    const method = body === "" ? "GET" : "POST";
    const asked = httpRequest(`${sandbox.origin}/notes`, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

describe("who is let in", () => {
  test("listens on loopback alone, on the port that was asked for", async () => {
    const sandbox = await start();
    expect(sandbox.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(sandbox.origin).port);
    await expect(start({ port })).rejects.toMatchObject({ code: "sandbox.port", kind: "usage" });
    await sandbox.close();
    expect((await start({ port })).origin).toBe(sandbox.origin);
  });

  test.each([
    [{ host: "attacker.example" }, 403],
    [{ host: "127.0.0.1.attacker.example" }, 403],
    [{ host: "localhost" }, 200],
    [{ host: "[::1]:80" }, 200],
    [{ origin: "https://attacker.example" }, 403],
    [{ origin: "null" }, 403],
    [{ origin: "http://localhost:3000" }, 200],
  ])("%j gets %i", async (headers, status) => {
    expect(await askAs(await start(), headers)).toBe(status);
  });

  test("a web page cannot write either", async () => {
    const sandbox = await start();
    expect(await askAs(sandbox, { origin: "https://attacker.example" }, "a")).toBe(403);
    expect(sandbox.world()).toMatchObject({ notes: { notes: [] } });
  });

  test("a body of more than 1 MiB, announced or not", async () => {
    const sandbox = await start();
    expect(await ask(sandbox, "POST", "/notes", "a".repeat(1024 * 1024))).toMatchObject({ status: 200 });
    expect(await askAs(sandbox, { "content-length": String(1024 * 1024 + 1) }, "a")).toBe(413);
    const socket = connect(Number(new URL(sandbox.origin).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /notes HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    socket.write(`${(1024 * 1024 + 1).toString(16)}\r\n${"a".repeat(1024 * 1024 + 1)}\r\n`);
    const said = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
    expect(said).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });
});

test("an unknown route says what is served", async () => {
  const sandbox = await start();
  expect(await ask(sandbox, "GET", "/v2/everything")).toMatchObject({
    status: 404,
    body: {
      message: "The sandbox does not serve GET /v2/everything.",
      errors: [{ status: 404 }],
      serves: [expect.stringContaining("/v1/project"), "notes under /notes"],
    },
  });
});

test("a module that fails is the sandbox's fault, and the next request is served", async () => {
  const sandbox = await start();
  expect(await ask(sandbox, "POST", "/notes", "fail")).toMatchObject({
    status: 500,
    body: { message: "The sandbox itself failed: no more ink" },
  });
  expect(await ask(sandbox, "POST", "/notes", "a")).toMatchObject({ status: 200 });
});

test("every answer to the outside comes late, by the clock", async () => {
  const clock = fakeClock();
  const sandbox = await start({ clock, knobs: { latencyMs: 250 } });
  await ask(sandbox, "GET", "/notes");
  await ask(sandbox, "GET", "/nowhere");
  await ask(sandbox, "GET", "/_sandbox/health");
  expect(clock.slept).toEqual([250, 250]);
});

test("the vendor's side may call the same server while it answers", async () => {
  const make: MakeModules = (knobs) => [
    createAivenModule({
      knobs,
      use: {
        async aws(_accessor, resource, context) {
          await fetch(`${context.origin()}/notes`, { method: "POST", body: `used ${resource}` });
          return { ok: true };
        },
      },
    }),
    notesModule,
  ];
  const sandbox = await start({ dir: folder() }, make);
  const body = { provider: "aws", resource: HEALTHY_AWS_KEY };
  expect(await ask(sandbox, "POST", "/v1/project/demo/secrets/cmks", body)).toMatchObject({ status: 201 });
  expect(sandbox.world()).toMatchObject({ notes: { notes: [`used ${HEALTHY_AWS_KEY}`] } });
});

describe("the log and the hook", () => {
  test("names what was asked, in the provider's words where it has some", async () => {
    const sandbox = await start();
    await ask(sandbox, "GET", "/v1/project/demo/secrets/cmks/accessors?x=1");
    await ask(sandbox, "GET", "/notes");
    await fetch(sandbox.origin, { method: "POST", headers: { "x-amz-target": "TrentService.Encrypt" } });
    await ask(sandbox, "GET", "/_sandbox/health");
    expect(sandbox.requests).toEqual([
      {
        method: "GET",
        path: "/v1/project/demo/secrets/cmks/accessors",
        operation: "CMKAccessorsList",
        inside: false,
      },
      { method: "GET", path: "/notes", operation: "GET /notes", inside: false },
      { method: "POST", path: "/", operation: "Encrypt", inside: false },
    ]);
  });

  test("sees each request before and after, may answer in its place, and may cut it off", async () => {
    const seen: string[] = [];
    const sandbox = await start({
      onRequest: ({ operation, body }, phase) => {
        seen.push(`${phase} ${operation}`);
        const says = body.toString("utf8");
        if (says === "early" && phase === "before") return { status: 418, headers: {}, body: "early" };
        if (says === "late" && phase === "after") return { status: 418, headers: {}, body: "late" };
        if (says === "cut" && phase === "after") throw new Error("cut");
        return undefined;
      },
    });
    expect(await ask(sandbox, "POST", "/notes", "early")).toMatchObject({ status: 418, body: "early" });
    expect(await ask(sandbox, "POST", "/notes", "late")).toMatchObject({ status: 418, body: "late" });
    await expect(ask(sandbox, "POST", "/notes", "cut")).rejects.toThrow("fetch failed");
    expect(sandbox.world()).toMatchObject({ notes: { notes: ["late", "cut"] } });
    expect(seen).toEqual([
      "before POST /notes",
      "before POST /notes",
      "after POST /notes",
      "before POST /notes",
      "after POST /notes",
    ]);
  });

  test("a hook that waits for ever does not keep the sandbox from closing", async () => {
    const sandbox = await start({ onRequest: () => new Promise(() => {}) });
    const answer = ask(sandbox, "GET", "/notes").catch((cause: unknown) => cause);
    while (sandbox.requests.length === 0) await new Promise(setImmediate);
    await sandbox.close();
    expect(await answer).toBeInstanceOf(TypeError);
  });
});

describe("closing", () => {
  test("twice is once, and then nobody answers", async () => {
    const sandbox = await start();
    await Promise.all([sandbox.close(), sandbox.close()]);
    await expect(ask(sandbox, "GET", "/notes")).rejects.toThrow("fetch failed");
  });

  test("waits for what is being carried out", async () => {
    const dir = folder();
    let entered = (): void => {};
    let leave = (): void => {};
    const begun = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const mayEnd = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const make: MakeModules = () => [
      {
        ...notesModule,
        async handle(world, request, context) {
          entered();
          await mayEnd;
          return await notesModule.handle(world as { notes: string[] }, request, context);
        },
      },
    ];
    const sandbox = await start({ dir }, make);
    const answer = ask(sandbox, "POST", "/notes", "a").catch((cause: unknown) => cause);
    await begun;
    const closed = sandbox.close();
    leave();
    await closed;
    await answer;
    expect((await start({ dir }, make)).world()).toMatchObject({ notes: { notes: ["a"] } });
  });
});

describe("/_sandbox", () => {
  test("health", async () => {
    const sandbox = await start();
    expect((await ask(sandbox, "GET", "/_sandbox/health")).body).toEqual({
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      version: 1,
      mode: "embedded",
    });
  });

  test("knobs can be read and turned, and a wrong one changes nothing", async () => {
    const sandbox = await start();
    expect(await ask(sandbox, "POST", "/_sandbox/knobs", { faults: ["500=1"], latencyMs: 5 })).toMatchObject({
      status: 200,
    });
    expect(await ask(sandbox, "GET", "/notes")).toMatchObject({ status: 500 });
    for (const wrong of [{ faults: ["fire=1"] }, { latencyMs: -1 }, { gravity: 9.81 }, "{", "null"]) {
      expect(await ask(sandbox, "POST", "/_sandbox/knobs", wrong)).toMatchObject({ status: 400 });
    }
    expect((await ask(sandbox, "GET", "/_sandbox/knobs")).body).toMatchObject({
      faults: ["500=1"],
      latencyMs: 5,
      accessCheck: "honest",
      propagationMs: 0,
    });
  });

  test("reset gives a fresh world", async () => {
    const sandbox = await start({ dir: folder() });
    const fresh = sandbox.world();
    await ask(sandbox, "POST", "/notes", "a");
    await ask(sandbox, "POST", "/_sandbox/project", { name: "third" });
    expect(sandbox.world()).not.toEqual(fresh);
    expect(await ask(sandbox, "POST", "/_sandbox/reset")).toMatchObject({ status: 200 });
    expect(sandbox.world()).toEqual(fresh);
  });

  test("a project is made or changed, its accessors cloud by cloud", async () => {
    const sandbox = await start();
    const path = "/v1/project/third/secrets/cmks/accessors";
    expect(await ask(sandbox, "GET", path)).toMatchObject({ status: 404 });
    await setProject(sandbox.origin, "third", { aws: { role_arn: "a" }, gcp: { access_group: "b" } });
    expect((await ask(sandbox, "GET", path)).body).toEqual({
      accessors: { aws: { role_arn: "a" }, gcp: { access_group: "b" } },
    });
    await setProject(sandbox.origin, "third", { aws: { role_arn: "c" }, gcp: null });
    expect((await ask(sandbox, "GET", path)).body).toEqual({ accessors: { aws: { role_arn: "c" } } });
    for (const wrong of [{}, { name: "" }, { name: "x", accessors: [] }, { name: "x", accessors: { aws: {} } }]) {
      expect(await ask(sandbox, "POST", "/_sandbox/project", wrong)).toMatchObject({ status: 400 });
    }
    await expect(setProject(sandbox.origin, "", {})).rejects.toMatchObject({ code: "sandbox.project" });
    await sandbox.close();
    await expect(setProject(sandbox.origin, "x", {})).rejects.toMatchObject({ code: "sandbox.project" });
  });

  test("nothing else", async () => {
    const sandbox = await start();
    expect(await ask(sandbox, "POST", "/_sandbox/explode")).toMatchObject({ status: 404 });
    expect(await ask(sandbox, "GET", "/_sandbox/project")).toMatchObject({ status: 404 });
  });
});

test("a wrong knob or fault is refused at the start", async () => {
  await expect(start({ knobs: { faults: ["fire=1"] } })).rejects.toMatchObject({ code: "sandbox.fault" });
  await expect(start({ knobs: { latencyMs: Number.NaN } })).rejects.toMatchObject({ code: "sandbox.knob" });
});
