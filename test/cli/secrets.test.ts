import { describe, expect, it } from "vitest";
import { PROBE_ROLE } from "../../src/sandbox/aws/recipes.ts";
import { HEALTHY_AWS_KEY, OWNER, OWNER_TOKEN } from "../../src/sandbox/cast.ts";
import type { ObservedRequest, SandboxReply } from "../../src/sandbox/index.ts";
import { reply } from "./hand.ts";
import { openWorld } from "./harness.ts";
import { expectNoSecrets, secretsOf } from "./sound.ts";

/** After every run the harness looks for secrets in what was said and kept. Here others do their worst to get one out. */
const KEY = HEALTHY_AWS_KEY;
const COMMANDS = [
  ["onboard", KEY, "--yes", "--probe-role", PROBE_ROLE],
  ["validate", KEY, "--ask-vendor"],
  ["accessors"],
  ["policy", KEY, "--format", "document", "--current", "live"],
];

/** Somebody who says back all that was sent to them, as an error. */
function echo(request: ObservedRequest): SandboxReply {
  const sent = JSON.stringify(request.headers);
  if (request.headers["x-amz-target"] === undefined) return reply(400, `You said: ${sent}`);
  const body = JSON.stringify({ __type: "ValidationException", message: `You said: ${sent}` });
  return { status: 400, headers: { "content-type": "application/x-amz-json-1.1" }, body };
}

describe("secrets", () => {
  it.each(COMMANDS)("%s says none, though everybody says back what they were sent", async (...args) => {
    await using world = await openWorld({
      onRequest: (request, phase) => (phase === "before" ? echo(request) : undefined),
    });
    for (const more of [[], ["--verbose"], ["--output", "json"]]) {
      const { exitCode, stdout, stderr } = await world.run([...args, ...more]);
      expect(exitCode).toBe(12);
      expect(stdout + stderr).toContain("You said");
    }
  });

  it.each(["CMKCreate", "CMKAccessCheckTrigger", "PutKeyPolicy", "Encrypt", "GetCallerIdentity"])(
    "onboard says none when %s alone says back what it was sent",
    async (operation) => {
      await using world = await openWorld({
        onRequest: (request, phase) =>
          phase === "before" && request.operation === operation ? echo(request) : undefined,
      });
      for (const more of [[], ["--verbose"]])
        await world.run(["onboard", KEY, "--yes", "--probe-role", PROBE_ROLE, ...more]);
      expect(world.sandbox.requests.some((one) => one.operation === operation)).toBe(true);
    },
  );

  it("are refused on the command line, in a vendor's address", async () => {
    await using world = await openWorld();
    const env = { AIVEN_WEB_URL: "https://me:hunter2-of-the-user@aiven.example.com" };
    const { exitCode, stdout, stderr } = await world.run(["validate", "--verbose"], { env });
    expect(exitCode).toBe(2);
    expect(stdout + stderr).not.toContain("hunter2");
  });

  it("would have been seen", async () => {
    await using world = await openWorld();
    expect(secretsOf(world.sandbox)).toEqual(expect.arrayContaining([OWNER_TOKEN, OWNER.secretAccessKey]));
    expect(() => expectNoSecrets(`the token is ${OWNER_TOKEN}.`, world.sandbox)).toThrow();
    await world.run(["onboard", KEY, "--yes", "--probe-role", PROBE_ROLE]);
    expect(secretsOf(world.sandbox).length).toBeGreaterThan(8);
  });
});
