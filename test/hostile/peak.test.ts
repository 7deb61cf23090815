import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startChild } from "../cli/child.ts";
import { openWorld, type World } from "../cli/harness.ts";
import { commandFor, WHO } from "./somebody-else.ts";

/** What the built command takes at its peak, whatever is answered: what the cron job of deploy/kubernetes is given. */
const MOST_MIB = 384;

/** Few bytes that hold much: begin, over and over, end. */
const FORMS = {
  "empty objects": ["[{}", ",{}".repeat(10_000), "]"],
  "small numbers": ["[0", ",0".repeat(15_000), "]"],
  "lists in lists": ["[".repeat(30_000), "[".repeat(30_000), ""],
  "short names": ['{"a":0', ',"b":{"c":[]}'.repeat(2_500), "}"],
  "a text": ['{"message":"', "x".repeat(30_000), '"}'],
} as const;
/** Just what a cloud's answer, or the vendor's, may be large. */
const SIZES_MIB = [0.99, 3.99];

let world: World;
let folder: string;
let body = "";
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(body);
});

beforeAll(async () => {
  world = await openWorld();
  folder = mkdtempSync(join(tmpdir(), "keygrant-peak-"));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await world.close();
});

function bodyOf([begin, over, end]: (typeof FORMS)[keyof typeof FORMS], mib: number): string {
  return begin + over.repeat((mib * 1024 * 1024 - begin.length) / over.length) + end;
}

async function peakMib(who: string): Promise<number> {
  const usage = join(folder, "usage");
  const { port } = server.address() as AddressInfo;
  const child = startChild(commandFor(who), {
    ...world.sandbox.env,
    ...WHO[who]?.(`http://127.0.0.1:${port}`),
    HOME: folder,
    KEYGRANT_STATE_DIR: world.stateDir,
    KEYGRANT_BENCH_USAGE: usage,
    NODE_OPTIONS: `--require=${resolve("bench/usage.cjs")}`,
  });
  expect(await child.done).toMatchObject({ exitCode: 12 });
  const { peakKib } = JSON.parse(readFileSync(usage, "utf8")) as { readonly peakKib: number };
  return peakKib / 1024;
}

describe.each(Object.keys(WHO))("an answer of %s that holds much in few bytes", (who) => {
  it.each(Object.keys(FORMS) as (keyof typeof FORMS)[])("%s", async (form) => {
    const peaks = new Map<number, number>();
    for (const mib of SIZES_MIB) {
      body = bodyOf(FORMS[form], mib);
      peaks.set(mib, await peakMib(who));
    }
    expect(Math.max(...peaks.values()), JSON.stringify([...peaks])).toBeLessThan(MOST_MIB);
  });
});
