import { spawnSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { type ChildResult, startChild } from "./child.ts";
import { openWorld, type World } from "./harness.ts";
import { cmks, statementsNaming } from "./peek.ts";

/** The built command, where nothing more can be written: it says so, and never that all is well. */
const ONBOARD = ["onboard", HEALTHY_AWS_KEY, "--yes", "--settle-reads", "1", "--output", "json"];
const VALIDATE = ["validate", HEALTHY_AWS_KEY];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keygrant-full-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line of shell in which `$0 "$@"` is the command. */
function shell(world: World, line: string, args: readonly string[]): Promise<ChildResult> {
  const env = { ...world.sandbox.env, HOME: world.stateDir, KEYGRANT_STATE_DIR: world.stateDir };
  return startChild(args, env, ["sh", "-c", line]).done;
}

/** A limit on the size of files is as good as a full disk, and needs no other disk. */
const FULL = 'ulimit -f 0; exec "$0" "$@"';

describe("a disk that is full", () => {
  it("under the results: they are lost, which is said, and no success; the work is done, once", async () => {
    await using world = await openWorld();
    const full = await shell(world, '"$0" "$@" > /dev/full', ONBOARD);
    expect(full).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/ENOSPC.*\(usage\.output-file\)\n {2}next: /),
    });
    expect((await world.run(ONBOARD)).exitCode).toBe(0);
    expect(statementsNaming(world, HEALTHY_AWS_KEY, VENDOR_DEMO.arn)).toHaveLength(1);
    expect(cmks(world)).toHaveLength(1);
  });

  it("under the results of a key that is INVALID: the exit code stays the key's", async () => {
    await using world = await openWorld();
    const full = await shell(world, '"$0" "$@" > /dev/full', [...VALIDATE, "--confirm", "1"]);
    expect(full).toMatchObject({ exitCode: 10, stderr: expect.stringContaining("ENOSPC") });
  });

  it("under the messages: the work is done, and the exit code is its own", async () => {
    await using world = await openWorld();
    const full = await shell(world, '"$0" "$@" 2> /dev/full', [...ONBOARD, "--verbose"]);
    expect(full).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\{/) });
    expect(cmks(world)).toHaveLength(1);
  });

  it("under the state folder: nothing is written to the key without its backup, and the next run finishes", async () => {
    await using world = await openWorld();
    const { exitCode, stdout } = await shell(world, FULL, ONBOARD);
    expect({ exitCode, code: JSON.parse(stdout).error.code }).toEqual({ exitCode: 2, code: "state.unusable" });
    expect(statementsNaming(world, HEALTHY_AWS_KEY, VENDOR_DEMO.arn)).toEqual([]);
    expect((await world.run(ONBOARD)).exitCode).toBe(0);
    expect(statementsNaming(world, HEALTHY_AWS_KEY, VENDOR_DEMO.arn)).toHaveLength(1);
  });

  it("under a report: exit code 2, and nothing of it is left", async () => {
    await using world = await openWorld();
    const file = join(folder, "keys.jsonl");
    const args = [...VALIDATE, "--no-state", "-o", "json", "-o", `jsonl=${file}`];
    const { exitCode, stdout } = await shell(world, FULL, args);
    expect({ exitCode, code: JSON.parse(stdout).error?.code }).toEqual({ exitCode: 2, code: "usage.output-file" });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a report that goes to something that is no file", () => {
  it("a device stays one, and its disk that is full is said", async () => {
    await using world = await openWorld();
    const device = join(folder, "device");
    symlinkSync("/dev/full", device);
    const { exitCode, json } = await world.run([...VALIDATE, "-o", "json", "-o", `jsonl=${device}`]);
    expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 2, code: "usage.output-file" });
    expect(json.error.message).toContain("ENOSPC");
    expect(lstatSync(device).isSymbolicLink()).toBe(true);
  });

  it("a pipe gets the report, and stays a pipe", async () => {
    await using world = await openWorld();
    const pipe = join(folder, "pipe");
    expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
    const copy = join(folder, "copy");
    const line = `cat "${pipe}" > "${copy}" & "$0" "$@"; exit=$?; wait; exit $exit`;
    const { exitCode, stdout } = await shell(world, line, [
      ...VALIDATE,
      "--confirm",
      "1",
      "-o",
      "json",
      "-o",
      `jsonl=${pipe}`,
    ]);
    expect({ exitCode, stdout: JSON.parse(stdout).keys.length }).toEqual({ exitCode: 10, stdout: 1 });
    expect(JSON.parse(readFileSync(copy, "utf8"))).toMatchObject({ key: HEALTHY_AWS_KEY });
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });
});
