import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ObservedRequest, SandboxReply } from "../../src/sandbox/index.ts";
import { registered } from "../cli/fleet.ts";
import { openWorld, type World } from "../cli/harness.ts";
import { named } from "../cli/peek.ts";
import { HOSTILE } from "../hostile.ts";
import { holdsSoon, runs } from "../property.ts";
import { FILES, pathsIn, replaced, VALUES } from "./texts.ts";

/**
 * Answers that nobody would give: one answer of one run, with one thing in it that somebody chose, or something else
 * altogether. The run ends by itself, says no more than a person reads, and is never a bug.
 */
interface Strike {
  /** Which of the run's requests it is that is answered so, counted over those that there are. */
  readonly at: number;
  readonly status: number;
  readonly spoil: (answer: string) => string | Uint8Array;
}

const KEYS = { aws: named("granted"), gcp: named("granted", "gcp"), oci: named("granted", "oci") } as const;
const INSIDE = "x-of-the-test";

let world: World;
let strike: Strike | null = null;
let asked = 0;
let struck = 0;

/** The answer that the sandbox gives, spoilt. Its own question about it is let through. */
async function answer(request: ObservedRequest, phase: "before" | "after"): Promise<SandboxReply | undefined> {
  if (phase === "after" || request.inside || request.headers[INSIDE] !== undefined) return undefined;
  if (asked++ !== strike?.at) return undefined;
  struck++;
  const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
  const search = request.search ? `?${request.search}` : "";
  const reply = await fetch(`${world.sandbox.origin}${request.path}${search}`, {
    method: request.method,
    headers: { ...headers, [INSIDE]: "yes" },
    ...(request.method === "GET" ? {} : { body: new Uint8Array(request.body) }),
  });
  const type = reply.headers.get("content-type") ?? "application/json";
  const body = strike.spoil(await reply.text());
  const status = strike.status === 200 ? reply.status : strike.status;
  return { status, headers: { "content-type": type }, body: Buffer.from(body) };
}

beforeAll(async () => {
  world = await openWorld({ onRequest: answer });
  for (const [provider, resource] of Object.entries(KEYS)) await registered(world, resource, { provider });
});
afterAll(() => world.close());

const COMMANDS: readonly (readonly string[])[] = Object.values(KEYS).flatMap((key) => [
  ["validate", key, "--probe", "required", "--ask-vendor", "--no-state"],
  ["onboard", key, "--dry-run", "--verbose"],
  ["policy", key, "--format", "document", "--current", "live"],
  ["doctor", key, "--verbose"],
]);
const OF_THE_VENDOR: readonly (readonly string[])[] = [
  ["accessors", "--verbose"],
  ["cmk", "list"],
  ["validate", "--coverage", "--no-state"],
];

/** JSON with something else at one place in it, in the JSON that is a text in it too: a key policy. */
function spoiler(pick: number, value: unknown): Strike["spoil"] {
  return (answerText) => {
    const document: unknown = parsed(answerText);
    if (document === undefined) return String(value);
    const paths = pathsIn(document);
    const path = paths[pick % paths.length] ?? [];
    const there = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document);
    const inner = typeof there === "string" ? parsed(there) : undefined;
    if (typeof inner !== "object" || inner === null) return JSON.stringify(replaced(document, path, value));
    const spoilt = spoiler(pick * 7 + 1, value)(there as string);
    return JSON.stringify(replaced(document, path, spoilt));
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const value = fc.oneof(fc.constantFrom(...VALUES), HOSTILE, fc.jsonValue({ maxDepth: 3 }));
const spoils = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.nat(), value).map(([pick, one]) => spoiler(pick, one)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...FILES).map(
      ([, text]) =>
        () =>
          text,
    ),
  },
);
const strikes = fc.record({
  share: fc.nat({ max: 99 }),
  status: fc.constantFrom(200, 200, 200, 400, 403, 500),
  spoil: spoils,
});

describe.each([...COMMANDS, ...OF_THE_VENDOR].map((args) => [args.join(" "), args] as const))("%s", (name, args) => {
  it("ends, whatever is answered", async () => {
    strike = null;
    asked = 0;
    await world.run(args);
    const requests = asked;
    expect(requests).toBeGreaterThan(0);
    struck = 0;
    await holdsSoon(
      name,
      strikes,
      async ({ share, status, spoil }) => {
        strike = { at: Math.floor((share * requests) / 100), status, spoil };
        asked = 0;
        const { exitCode, stdout, stderr } = await world.run(args);
        expect(exitCode).not.toBe(1);
        // A policy is printed as it is, whatever its owner has put into it.
        if (args[0] !== "policy") expect(stdout.length).toBeLessThan(200_000);
        expect(stderr.length).toBeLessThan(50_000);
        expect("polluted" in {}).toBe(false);
      },
      { runs: runs(2) },
    );
    expect(struck).toBeGreaterThan(0);
  });
});
