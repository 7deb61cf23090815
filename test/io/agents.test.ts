import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AgentSettings, createAgents, proxyFor } from "../../src/io/agents.ts";
import { createHttp } from "../../src/io/http.ts";
import { isLoopback } from "../../src/io/loopback.ts";
import { httpDeps } from "./stub.ts";

const PROXY = "http://proxy.example.com:3128";

function via(url: string, env: Record<string, string>): string | null {
  return proxyFor(url, env)?.href ?? null;
}

describe("which proxy", () => {
  test.each<[string, Record<string, string>, string | null]>([
    ["https://api.aiven.io/v1", {}, null],
    ["https://api.aiven.io/v1", { HTTPS_PROXY: PROXY }, `${PROXY}/`],
    ["https://api.aiven.io/v1", { https_proxy: PROXY }, `${PROXY}/`],
    ["https://api.aiven.io/v1", { https_proxy: PROXY, HTTPS_PROXY: "http://other:1" }, `${PROXY}/`],
    ["https://api.aiven.io/v1", { https_proxy: "", HTTPS_PROXY: PROXY }, `${PROXY}/`],
    ["https://api.aiven.io/v1", { HTTP_PROXY: PROXY }, null],
    ["http://kms.internal/", { HTTP_PROXY: PROXY }, `${PROXY}/`],
    ["http://kms.internal/", { HTTPS_PROXY: PROXY }, null],
    ["https://api.aiven.io/v1", { HTTPS_PROXY: "proxy.example.com:3128" }, `${PROXY}/`],
    ["https://api.aiven.io/v1", { HTTPS_PROXY: "https://user:pw@p.example.com" }, "https://user:pw@p.example.com/"],
  ])("%s with %j: %s", (url, env, proxy) => {
    expect(via(url, env)).toBe(proxy);
  });

  test.each([
    "http://localhost:4566/",
    "https://localhost/",
    "http://a.localhost:1/",
    "http://127.0.0.1:9/",
    "http://127.255.0.3/",
    "https://[::1]:8443/",
    "http://[::ffff:127.0.0.1]/",
    "http://0x7f.1/",
  ])("loopback is never proxied: %s", (url) => {
    expect(via(url, { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY })).toBeNull();
  });

  test.each<[string, string, boolean]>([
    ["*", "https://api.aiven.io/", true],
    ["api.aiven.io", "https://api.aiven.io/", true],
    ["API.Aiven.IO", "https://api.aiven.io/", true],
    ["aiven.io", "https://api.aiven.io/", true],
    ["aiven.io", "https://notaiven.io/", false],
    [".aiven.io", "https://api.aiven.io/", true],
    [".aiven.io", "https://aiven.io/", false],
    ["*.aiven.io", "https://api.aiven.io/", true],
    ["aiven.io.", "https://api.aiven.io./", true],
    ["other.example, aiven.io", "https://api.aiven.io/", true],
    ["other.example aiven.io", "https://api.aiven.io/", true],
    ["other.example,,", "https://api.aiven.io/", false],
    ["aiven.io:443", "https://api.aiven.io/", true],
    ["aiven.io:8443", "https://api.aiven.io/", false],
    ["aiven.io:8443", "https://api.aiven.io:8443/", true],
    ["10.0.0.7", "https://10.0.0.7/", true],
    ["10.0.0.7", "https://10.0.0.71/", false],
    ["10.0.0.0/8", "https://10.200.3.4/", true],
    ["10.0.0.0/8", "https://11.0.0.1/", false],
    ["10.0.0.0/8", "https://api.aiven.io/", false],
    ["10.0.0.0/99", "https://10.0.0.1/", false],
    ["fd00::/8", "https://[fd12::1]/", true],
    ["[fd12::1]", "https://[fd12::1]/", true],
    ["fd12::1", "https://[fd12::2]/", false],
  ])("NO_PROXY=%s, %s: exempt %s", (noProxy, url, exempt) => {
    expect(via(url, { HTTPS_PROXY: PROXY, NO_PROXY: noProxy })).toBe(exempt ? null : `${PROXY}/`);
    expect(via(url, { https_proxy: PROXY, no_proxy: noProxy })).toBe(exempt ? null : `${PROXY}/`);
  });

  test.each(["socks5://user:hunter2@p:1080", "http://", "::"])("refuses %s, without repeating it", (value) => {
    const env = { HTTPS_PROXY: value };
    expect(() => createAgents({ proxyEnv: env })).toThrow(expect.objectContaining({ code: "network.bad-proxy" }));
    expect(() => createAgents({ proxyEnv: env })).not.toThrow(/hunter2/);
  });

  test("reads nothing but what it is given", () => {
    const before = process.env["HTTPS_PROXY"];
    process.env["HTTPS_PROXY"] = PROXY;
    try {
      expect(via("https://api.aiven.io/", {})).toBeNull();
    } finally {
      if (before === undefined) delete process.env["HTTPS_PROXY"];
      else process.env["HTTPS_PROXY"] = before;
    }
  });
});

test.each([
  ["localhost", true],
  ["LOCALHOST.", true],
  ["localhost.example.com", false],
  ["127.0.0.1.example.com", false],
  ["notlocalhost", false],
  ["128.0.0.1", false],
  ["0.0.0.0", false],
  ["[::1]", true],
  ["", false],
])("isLoopback(%j) is %s", (host, is) => {
  expect(isLoopback(host)).toBe(is);
});

/** One HTTPS server with a certificate that only the private authority vouches for, one proxy, both on loopback. */
describe("over real connections", () => {
  const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8");
  const ca = fixture("worthless-ca.pem");
  const tunnels: string[] = [];
  const server = createHttpsServer({ key: fixture("worthless-ca.key.pem"), cert: ca }, (_, response) => {
    response.end('{"from":"vendor"}');
  });
  const proxy = createHttpServer((_, response) => response.writeHead(400).end());
  let proxyUrl = "";
  let serverPort = 0;

  beforeAll(async () => {
    proxy.on("connect", (request, socket) => {
      tunnels.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
      if (request.url?.startsWith("forbidden.test")) {
        socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
        return;
      }
      const upstream = connect(serverPort, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on("error", () => socket.destroy());
      socket.on("error", () => upstream.destroy());
    });
    serverPort = await listening(server);
    proxyUrl = `http://someone:pass%20word@127.0.0.1:${await listening(proxy)}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    proxy.closeAllConnections();
    server.close();
    proxy.close();
  });

  function get(baseUrl: string, settings: AgentSettings) {
    const http = createHttp({ ...httpDeps({ agents: createAgents(settings) }), baseUrl, headers: {}, attempts: 1 });
    return http.call({ method: "GET", path: "/" });
  }

  test("a private authority is not trusted unless it is given", async () => {
    const url = `https://localhost:${serverPort}`;
    expect(await get(url, { proxyEnv: {} })).toMatchObject({ kind: "network", trust: true });
    expect(await get(url, { proxyEnv: {}, ca })).toMatchObject({ ok: true, json: { from: "vendor" } });
  });

  test("a private authority is added to the public ones", () => {
    const { https } = createAgents({ proxyEnv: {}, ca });
    const roots = https.options.ca;
    expect(Array.isArray(roots) && roots.length > 50 && String(roots.at(-1)) === ca.trim()).toBe(true);
  });

  test.each(["", "nothing of the kind", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])(
    "a file of authorities that holds %j is refused",
    (text) => {
      expect(() => createAgents({ proxyEnv: {}, ca: text })).toThrow(
        expect.objectContaining({ code: "network.bad-ca" }),
      );
    },
  );

  test("a host is reached through the proxy, TLS checked at its end", async () => {
    const proxyEnv = { HTTPS_PROXY: proxyUrl };
    tunnels.length = 0;
    expect(await get("https://vendor.test", { proxyEnv, ca })).toMatchObject({ ok: true, json: { from: "vendor" } });
    expect(tunnels).toEqual([`vendor.test:443 Basic ${btoa("someone:pass word")}`]);
    expect(await get("https://vendor.test", { proxyEnv })).toMatchObject({ kind: "network", trust: true });
    expect(await get("https://other.test", { proxyEnv, ca })).toMatchObject({ kind: "network", trust: true });
  });

  test("loopback is reached past the proxy", async () => {
    tunnels.length = 0;
    const settings = { proxyEnv: { HTTPS_PROXY: proxyUrl }, ca };
    expect(await get(`https://localhost:${serverPort}`, settings)).toMatchObject({ ok: true });
    expect(tunnels).toEqual([]);
  });

  test("what the proxy says is no answer of the vendor's", async () => {
    const settings = { proxyEnv: { HTTPS_PROXY: proxyUrl }, ca };
    const answer = await get("https://forbidden.test", settings);
    expect(answer).toMatchObject({ kind: "status", status: 403, json: undefined });
  });

  test("one tunnel serves several calls, and is closed at the end", async () => {
    tunnels.length = 0;
    const agents = createAgents({ proxyEnv: { HTTPS_PROXY: proxyUrl }, ca });
    const http = createHttp({ ...httpDeps({ agents }), baseUrl: "https://vendor.test", headers: {} });
    await http.call({ method: "GET", path: "/" });
    await http.call({ method: "GET", path: "/" });
    expect(tunnels).toHaveLength(1);
    agents.destroy();
    await http.call({ method: "GET", path: "/" });
    expect(tunnels).toHaveLength(2);
  });
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
