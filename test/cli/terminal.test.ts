import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { said } from "./echo.ts";
import { changeKey } from "./fleet.ts";
import { addBinding, gcpHand, SYMMETRIC_ROLE } from "./gcp-peek.ts";
import { openWorld, type World } from "./harness.ts";

/** What somebody says is one line of plain text wherever it is printed: after each run the harness looks for the rest. */
const EVIL = "::stop-commands::one ##vso[x]\n\u001b[2J\u009b31m\u202e  at evil (file.js:1:1)\r\n\u0007\u2066two\u0000";

const KEYS = [HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY];
const commands = (key: string) => [
  ["onboard", key, "--yes"],
  ["validate", key, "--ask-vendor"],
  ["policy", key, "--format", "document", "--current", "live"],
  ["doctor", key],
  ["accessors"],
  ["revoke", key, "--yes", "--backups-expired"],
  ["cmk", "register", key],
];

/** What others wrote, as the cloud keeps it, into what a person is shown before the question. */
const WRITTEN: readonly (readonly [string, string, (world: World) => Promise<void> | void])[] = [
  ["a key policy", HEALTHY_AWS_KEY, (world) => changeKey(world, HEALTHY_AWS_KEY, addSid)],
  [
    "a condition's title",
    HEALTHY_GCP_KEY,
    async ({ sandbox }) => {
      const condition = { title: EVIL, description: EVIL, expression: 'request.host == "a"' };
      const binding = { role: SYMMETRIC_ROLE, members: ["user:somebody@example.com"], condition };
      await addBinding(gcpHand(sandbox.origin, HEALTHY_GCP_KEY), binding);
    },
  ],
];

/** Of Latin-1, which is all that AWS takes; at the end, next to what is added. */
function addSid(key: { policy: string }): void {
  const { Statement, ...rest } = JSON.parse(key.policy);
  const Sid = EVIL.replace(/[\u0100-\uffff]/g, "");
  const { Sid: _, ...first } = Statement[0];
  key.policy = JSON.stringify({ ...rest, Statement: [...Statement, { ...first, Sid }] });
}

describe("what somebody says", () => {
  it.each([400, 403, 500])("with HTTP %i is printed as one plain line, with --verbose too", async (status) => {
    await using world = await openWorld({
      onRequest: (request, phase) => (phase === "before" ? said(request, status, EVIL) : undefined),
    });
    for (const args of KEYS.flatMap(commands)) {
      for (const form of [[], ["--verbose"]]) {
        expect((await world.run([...args, ...form])).exitCode, args.join(" ")).not.toBe(0);
      }
    }
  });

  it.each(WRITTEN)("in %s moves nothing on the terminal of a person who is asked", async (_what, key, write) => {
    await using world = await openWorld();
    await write(world);
    const { exitCode, stdout } = await world.run(["onboard", key], { types: "n" });
    expect(exitCode).toBe(3);
    expect(stdout).toContain("evil (file.js:1:1)");
  });

  it("as an error moves nothing on a person's terminal", async () => {
    await using world = await openWorld({
      onRequest: (request, phase) => (phase === "before" ? said(request, 400, EVIL) : undefined),
    });
    for (const args of KEYS.flatMap(commands)) await world.run([...args, "--verbose"], { types: "n" });
  });
});
