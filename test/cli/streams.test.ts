import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { startChild } from "./child.ts";
import { echo } from "./echo.ts";
import { openWorld, type World } from "./harness.ts";
import { expectNone } from "./sound.ts";

/** What the built command writes as a process, past everything that a test gives it to write on. */
const KEYS = [HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY];

async function onboard(world: World, key: string) {
  const env = { ...world.sandbox.env, HOME: world.stateDir, KEYGRANT_STATE_DIR: world.stateDir };
  const args = ["onboard", key, "--yes", "--settle-reads", "1", "--verbose"];
  const result = await startChild(args, env).done;
  expectNone(world.canaries(), result.stdout + result.stderr);
  return result;
}

describe.each(KEYS)("a process that onboards %s", (key) => {
  it("says nothing on stderr but its own: no warning of Node's or of an SDK's", async () => {
    await using world = await openWorld();
    const { exitCode, stdout, stderr } = await onboard(world, key);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("VALID");
  });

  it("says no secret that somebody says back", async () => {
    await using world = await openWorld({
      onRequest: (request, phase) =>
        phase === "before" && !request.path.startsWith("/v1/project/demo/secrets")
          ? echo(request, "authorization")
          : undefined,
    });
    const { exitCode, stderr } = await onboard(world, key);
    expect(exitCode).toBe(12);
    expect(stderr).not.toMatch(/warning/i);
  });
});
