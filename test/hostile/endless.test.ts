import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorld, type World } from "../cli/harness.ts";
import { commandFor, WHO } from "./somebody-else.ts";

/** Answers without an end: each is broken off after some megabytes, and the run says who gave it. */

/** Somebody who has given this much has not been broken off. */
const GIVES_UP_BYTES = 256 * 1024 * 1024;
/** The longest that any answer is read, with what is on its way when it is broken off. */
const MOST_BYTES = 64 * 1024 * 1024;

interface Form {
  readonly status: number;
  readonly begin: string;
  readonly over: string;
  readonly isPacked: boolean;
}

const FORMS: Readonly<Record<string, Form>> = {
  "a text": { status: 200, begin: '{"message": "', over: "x".repeat(65_536), isPacked: false },
  "an error": { status: 400, begin: '{"message": [0', over: ",0".repeat(32_768), isPacked: false },
  "an error, packed": { status: 403, begin: '{"message": "', over: "x".repeat(65_536), isPacked: true },
};

interface Endless extends AsyncDisposable {
  readonly origin: string;
  /** How many bytes were made for each answer, before packing. */
  readonly given: readonly number[];
}

async function endless({ status, begin, over, isPacked }: Form): Promise<Endless> {
  const given: number[] = [];
  function* text() {
    const at = given.push(0) - 1;
    yield begin;
    for (let bytes = 0; bytes < GIVES_UP_BYTES; bytes += over.length) {
      given[at] = bytes;
      yield over;
    }
  }
  const server = createServer((request, response: ServerResponse) => {
    request.resume();
    const type = { "content-type": "application/json" };
    response.writeHead(status, isPacked ? { ...type, "content-encoding": "gzip" } : type);
    const from = Readable.from(text(), { objectMode: false });
    // It ends when the other side has had enough.
    const done = () => {};
    if (isPacked) pipeline(from, createGzip({ level: 1 }), response, done);
    else pipeline(from, response, done);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    given,
    [Symbol.asyncDispose]() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Nobody but Google's client takes what is packed; to the others its bytes are no JSON. */
const CASES = Object.keys(WHO).flatMap((who) =>
  Object.entries(FORMS)
    .filter(([, { isPacked }]) => who === "gcp" || !isPacked)
    .map(([name, form]) => [who, name, form] as const),
);

describe("an answer without an end", () => {
  it.each(CASES)("of %s: %s", async (who, _name, form) => {
    await using server = await endless(form);
    const env = WHO[who]?.(server.origin) ?? {};
    const { exitCode, stderr } = await world.run([...commandFor(who), "--verbose"], { env });
    expect(exitCode).toBe(12);
    expect(stderr).toMatch(
      /(larger than any that Aiven gives|answered by something that is not ).+look[.]unreachable/s,
    );
    expect(server.given.length).toBeGreaterThan(0);
    expect(Math.max(...server.given)).toBeLessThan(MOST_BYTES);
  });
});
