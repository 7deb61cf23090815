import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, it } from "vitest";
import { createAgents } from "../../src/io/agents.ts";
import { type ReachDeps, reach } from "../../src/io/reach.ts";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

function asked(url: string, proxyEnv: ReachDeps["proxyEnv"] = {}, timeoutMs = 20_000) {
  const agents = createAgents({ proxyEnv });
  const clock = { now: () => new Date(0), sleep: async () => {} };
  const { signal } = new AbortController();
  return reach(url, { agents, proxyEnv, clock, timeoutMs, signal }).finally(() => agents.destroy());
}

const DATE = "Fri, 02 Jan 2026 03:04:05 GMT";

it("any answer will do, a refusal too, and says what time it is", async () => {
  const port = await listen(createServer((_request, response) => void response.writeHead(403, { date: DATE }).end()));
  expect(await asked(`http://127.0.0.1:${port}`)).toMatchObject({ proxy: null, failure: null, date: new Date(DATE) });
});

it("an answer without a date is an answer", async () => {
  const server = createServer((_request, response) => {
    response.sendDate = false;
    response.end();
  });
  expect(await asked(`http://127.0.0.1:${await listen(server)}`)).toMatchObject({ failure: null, date: null });
});

it("nobody there is a failure", async () => {
  expect(await asked("http://127.0.0.1:9")).toMatchObject({
    date: null,
    failure: expect.stringMatching(/ECONNREFUSED/),
  });
});

it("nobody in time is a failure", async () => {
  const port = await listen(createServer(() => {}));
  const { failure } = await asked(`http://127.0.0.1:${port}`, {}, 50);
  expect(failure).toBe("no answer came in time");
});

it.each([
  [407, /wants credentials/],
  [403, /does not let it through/],
])("what the proxy says (%i) is no answer of the other side, and its password stays unsaid", async (status, words) => {
  const proxy = createServer();
  proxy.on("connect", (_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\nDate: ${DATE}\r\n\r\n`));
  const port = await listen(proxy);
  const found = await asked("https://kms.example", { HTTPS_PROXY: `http://me:secret@127.0.0.1:${port}` });
  expect(found).toMatchObject({ proxy: `http://127.0.0.1:${port}`, date: null, failure: expect.stringMatching(words) });
});
