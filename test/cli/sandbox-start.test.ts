import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { type Child, type ChildResult, startChild } from "./child.ts";
import { runCli } from "./harness.ts";

/** A sandbox that keeps running, for this and for other programs. */
const ONBOARD = ["onboard", HEALTHY_AWS_KEY, "--yes", "--settle-reads", "1", "--output", "json"];

let folder: string;
let running: Child[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
});
afterEach(async () => {
  for (const child of running) child.process.kill("SIGKILL");
  await Promise.all(running.map((child) => child.done));
  running = [];
  await rm(folder, { recursive: true });
});

function start(...args: readonly string[]): Child {
  const child = startChild(["sandbox", "start", ...args], { HOME: folder, KEYGRANT_SANDBOX_DIR: folder });
  running.push(child);
  return child;
}

/** What it says once it listens. */
async function listening(child: Child): Promise<string> {
  const { stdout } = child.process;
  if (stdout === null) throw new Error("a child without stdout");
  const [said] = await Promise.race([once(stdout, "data"), child.done.then((result) => [JSON.stringify(result)])]);
  return String(said);
}

/** The variables of the file, as a shell reads them. */
function sourced(file: string): Record<string, string> {
  const text = execFileSync("sh", ["-c", `set -a; . "$0"; env`, file], { encoding: "utf8", env: {} });
  return Object.fromEntries(
    text.split("\n").flatMap((line) => (line.includes("=") ? [line.split(/=(.*)/s).slice(0, 2)] : [])),
  );
}

/** With `--sandbox`, on the same folder. */
function inSandbox(...args: readonly string[]) {
  return runCli([...args, "--sandbox", "--output", "json"], { env: { KEYGRANT_SANDBOX_DIR: folder } });
}

describe("sandbox start", () => {
  it.each(["--env-file", "-e"])("%s writes a file that a shell can source and a child can live on", async (option) => {
    const file = join(folder, "env");
    const said = await listening(start(option, file));
    expect(said).toContain("http://127.0.0.1:");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const env = sourced(file);
    const wanted = [
      "AIVEN_WEB_URL",
      "AIVEN_AUTH_TOKEN",
      "AIVEN_PROJECT",
      "AWS_ENDPOINT_URL_KMS",
      "AWS_ENDPOINT_URL_STS",
    ];
    const more = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"];
    expect(Object.keys(env)).toEqual(expect.arrayContaining([...wanted, ...more]));
    expect(said).toContain(env["AIVEN_WEB_URL"]);
    const { exitCode, stdout } = await startChild(ONBOARD, { ...env, HOME: folder }).done;
    expect({ exitCode, phase: JSON.parse(stdout).key.phase }).toEqual({ exitCode: 0, phase: "VALID" });
  });

  it("is what --sandbox on the same folder uses, and outlives it", async () => {
    const child = start();
    await listening(child);
    expect((await inSandbox(...ONBOARD.slice(0, -2))).json.registration.created).toBe(true);
    expect((await inSandbox("validate")).json.summary.VALID).toBe(1);
    expect(child.process.exitCode).toBeNull();
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "stopped by %s ends well, and its world is there the next time",
    async (signal) => {
      const child = start();
      await listening(child);
      await inSandbox(...ONBOARD.slice(0, -2));
      child.process.kill(signal);
      expect(await child.done).toMatchObject({ exitCode: 0, stderr: "" });
      expect((await inSandbox("validate")).json.summary.VALID).toBe(1);
    },
  );

  it("killed leaves nothing to mend", async () => {
    const child = start();
    await listening(child);
    await inSandbox(...ONBOARD.slice(0, -2));
    child.process.kill("SIGKILL");
    await child.done;
    expect((await inSandbox("validate")).json.summary.VALID).toBe(1);
  });

  it("a second one on the same folder says which one runs: exit code 2", async () => {
    const said = await listening(start());
    const second = await start("--output", "json").done;
    expect(second.exitCode).toBe(2);
    expect(errorOf(second)).toMatchObject({ code: "sandbox.running" });
    expect(errorOf(second).message).toContain(/http:\S+\d/.exec(said)?.[0]);
  });

  it("takes the knobs of its options", async () => {
    await listening(start("--fault", "429=1@CMKAccessorsList", "--access-check", "absent"));
    const { exitCode, json } = await inSandbox("accessors");
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 12, code: "look.throttled" });
  });
});

function errorOf({ stdout }: ChildResult): { code: string; message: string } {
  return JSON.parse(stdout).error;
}
