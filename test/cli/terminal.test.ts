import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { said } from "./echo.ts";
import { openWorld } from "./harness.ts";

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

describe("what somebody says", () => {
  it.each([400, 403, 500])("with HTTP %i is printed as one plain line, with --verbose too", async (status) => {
    await using world = await openWorld({
      onRequest: (request, phase) => (phase === "before" ? said(request, status, EVIL) : undefined),
    });
    for (const args of KEYS.flatMap(commands)) {
      for (const form of [[], ["--verbose"]]) {
        expect((await world.run([...args, ...form])).exitCode, args.join(" ")).not.toBe(0);
        // Somebody sits there: colours and a spinner.
        expect((await world.run([...args, ...form], { types: "n" })).exitCode, args.join(" ")).not.toBe(0);
      }
    }
  });
});
