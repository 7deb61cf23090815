import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { writeEnvFile } from "../../src/sandbox/index.ts";
import { writeThrough } from "../../src/sandbox/storage.ts";
import { openWorld, type World } from "./harness.ts";
import { named } from "./peek.ts";

/**
 * What keygrant makes in its own folders is never reached through a link that lies in its place: somebody may have
 * planted it. Where a person names the file, what lies there is replaced or left alone, and not followed either; a
 * folder may be a link, to another disk say.
 */
const KEY = HEALTHY_AWS_KEY;
const VALIDATE = ["validate", named("granted")];
const ONBOARD = ["onboard", KEY, "--yes"];
const VICTIM = "what somebody else keeps\n";

let outside: string;
let victim: string;
beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), "keygrant-outside-"));
  victim = join(outside, "victim");
});
afterAll(() => rm(outside, { recursive: true, force: true }));

/** A link to somebody else's file, in the place of a file. */
async function plant(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(victim, VICTIM);
  await chmod(victim, 0o640);
  await rm(path, { force: true });
  await symlink(victim, path);
}

async function expectUntouched(): Promise<void> {
  expect(await readFile(victim, "utf8")).toBe(VICTIM);
  expect((await stat(victim)).mode & 0o777).toBe(0o640);
  expect((await readdir(outside)).sort()).toEqual(["victim"]);
}

const IN_STATE: readonly (readonly [string, readonly string[]])[] = [
  ["writes.jsonl", ONBOARD],
  ["accessors/aiven/demo/aws.json", ONBOARD],
  ["keygrant.db", VALIDATE],
  ["keygrant.db-wal", VALIDATE],
  ["keygrant.db-shm", VALIDATE],
  ["keygrant.db-journal", VALIDATE],
];

describe("a link that was planted in the state folder", () => {
  it.each(IN_STATE)("as %s is not followed", async (name, args) => {
    await using world = await openWorld();
    const path = join(world.stateDir, name);
    await plant(path);
    const { exitCode, json } = await world.json(args);
    expect({ exitCode, code: json.error?.code }).toEqual({ exitCode: 2, code: "state.unusable" });
    expect(json.error.message).toContain("symbolic link");
    await expectUntouched();
    await rm(path);
  });

  it.each(IN_STATE.slice(0, 2))("as %s is not read", async (name) => {
    await using world = await openWorld();
    await world.run(ONBOARD);
    const path = join(world.stateDir, name);
    await rename(path, `${path}.moved`);
    await symlink(`${path}.moved`, path);
    expect(await world.json(ONBOARD)).toMatchObject({ exitCode: 2, json: { error: { code: "state.unusable" } } });
    await rm(path);
  });

  it("as a backup is not read", async () => {
    await using world = await openWorld();
    const backup = await backupOf(world);
    await rename(backup, `${backup}.moved`);
    await symlink(`${backup}.moved`, backup);
    const result = await world.json(["undo", backup, "--yes", "--backups-expired"]);
    expect(result).toMatchObject({ exitCode: 2, json: { error: { code: "state.unusable" } } });
    await rm(backup);
  });
});

async function backupOf(world: World): Promise<string> {
  return (await world.json(ONBOARD)).json.change.backup;
}

describe("a link where a person names a file", () => {
  it.each(["json", "junit", "sarif", "prometheus", "html"])("--output %s=FILE replaces the link", async (format) => {
    await using world = await openWorld();
    const path = join(await folderOf(world), "report");
    await plant(path);
    expect((await world.run([...VALIDATE, "--output", `${format}=${path}`])).exitCode).toBe(0);
    expect((await lstat(path)).isFile()).toBe(true);
    await expectUntouched();
  });

  it("--report replaces the link", async () => {
    await using world = await openWorld();
    const path = join(await folderOf(world), "report");
    await plant(path);
    expect((await world.run([...VALIDATE, "--report", path])).exitCode).toBe(0);
    expect((await lstat(path)).isFile()).toBe(true);
    await expectUntouched();
  });

  it("policy --all --out replaces the links", async () => {
    await using world = await openWorld();
    const folder = await folderOf(world);
    await plant(join(folder, "README.md"));
    expect((await world.run(["policy", "--all", "--cloud", "aws", "--out", folder])).exitCode).toBe(0);
    expect((await lstat(join(folder, "README.md"))).isFile()).toBe(true);
    await expectUntouched();
  });

  it("--plan-out is refused", async () => {
    await using world = await openWorld();
    const path = join(await folderOf(world), "plan.json");
    await plant(path);
    const result = await world.json(["onboard", KEY, "--plan-out", path]);
    expect(result).toMatchObject({ exitCode: 2, json: { error: { code: "usage.plan-file" } } });
    await expectUntouched();
  });

  it("sandbox start --env-file replaces the link, and what was planted for its making", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
    const path = join(folder, "env");
    await plant(path);
    await plant(`${path}.${process.pid}.tmp`);
    writeEnvFile(path, { NAME: "value" });
    expect((await lstat(path)).isFile()).toBe(true);
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["env"]);
    await expectUntouched();
    await rm(folder, { recursive: true });
  });

  it("the sandbox's own files are for their owner alone, whatever lay there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
    const path = join(folder, "world.json");
    await writeFile(path, "", { mode: 0o644 });
    writeThrough(path, "{}");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await rm(folder, { recursive: true });
  });
});

/** The world looks at its state folder when it closes: reports may be read by others. */
async function folderOf({ stateDir }: World): Promise<string> {
  const folder = join(outside, "..", `${stateDir.split("/").at(-1)}-out`);
  await mkdir(folder);
  made.push(folder);
  return folder;
}

const made: string[] = [];
afterAll(() => Promise.all(made.map((one) => rm(one, { recursive: true, force: true }))));

describe("a state folder that others may look into", () => {
  it.each([
    ["onboard", ONBOARD],
    ["validate", VALIDATE],
  ])("is closed by %s", async (_name, args) => {
    await using world = await openWorld();
    await chmod(world.stateDir, 0o777);
    expect((await world.run(args)).exitCode).toBe(0);
    expect((await stat(world.stateDir)).mode & 0o7777).toBe(0o700);
  });

  it("is left as it is when it is everybody's, /tmp say", async () => {
    await using world = await openWorld();
    await chmod(world.stateDir, 0o1777);
    expect((await world.run(ONBOARD)).exitCode).toBe(0);
    expect((await stat(world.stateDir)).mode & 0o7777).toBe(0o1777);
  });

  it("a database that others may read is closed", async () => {
    await using world = await openWorld();
    const path = join(world.stateDir, "keygrant.db");
    await world.run(VALIDATE);
    await chmod(path, 0o644);
    expect((await world.run(VALIDATE)).exitCode).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("a log of writes that others may read is closed", async () => {
    await using world = await openWorld();
    const path = join(world.stateDir, "writes.jsonl");
    await writeFile(path, "", { mode: 0o644 });
    expect((await world.run(ONBOARD)).exitCode).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});
