import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultStoreAddress, openStore, parseStoreAddress } from "../../src/state/store.ts";
import { storeDeps } from "../contract/store.ts";
import { identity, memory, transition } from "./store-samples.ts";

describe("an address", () => {
  it.each(["keys.db", "/var/lib/key grant/keys.db", ":memory:", "postgresish.db"])("%s is a path", (path) => {
    expect(parseStoreAddress(path, { fromArgument: true })).toEqual({ kind: "sqlite", path });
  });

  it.each([
    "postgres://db.example.com/keys",
    "postgresql://me@db.example.com:5433/keys?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    "POSTGRES://db/keys",
    "postgres:///keys?host=/run/postgresql",
    "postgres://me@/keys?host=/run/postgresql",
    "postgres://%2Frun%2Fpostgresql/keys",
    "postgres://[::1]:5432/keys",
  ])("%s is PostgreSQL", (url) => {
    expect(parseStoreAddress(url, { fromArgument: true })).toEqual({ kind: "postgres", url });
  });

  it.each([
    "postgres://me:secret@db/keys",
    "postgres://me:se%40cret@db/keys",
    "postgres://:secret@db/keys",
    "postgresql://me:secret@/keys?host=/run",
    "postgres://db/keys?user=me&password=secret",
    "postgres://db/keys?p%61ssword=secret",
    "postgres://db/keys?PASSWORD=secret",
    "postgres://me:se#cret@db/keys",
    "postgres://me:12/secret@db/keys",
    "postgres:me:secret@db/keys",
  ])("with a password is refused as an argument: %s", (text) => {
    expect(thrown(() => parseStoreAddress(text, { fromArgument: true }))).toMatchObject({
      kind: "usage",
      code: "state.password-in-argument",
      message: expect.not.stringContaining("cret"),
    });
  });

  it.each(["postgres://me:secret@db/keys", "postgres://db/keys?password=secret", "postgres://me:se%2Fcret@/keys"])(
    "with a password is fine from elsewhere: %s",
    (url) => {
      expect(parseStoreAddress(url, { fromArgument: false })).toEqual({ kind: "postgres", url });
    },
  );

  it.each([
    "",
    "  ",
    "a\0b",
    "mysql://me:secret@db/keys",
    "sqlite:///secret.db",
    "https://secret.example.com",
    "host=db password=secret",
    "postgres:secret",
    "postgres:/secret/keys",
    "postgres://me:se/cret@db/keys",
    "postgres://me:12/secret@db/keys",
    "postgres://me:se#cret@db/keys",
    "postgres://me:se?cret@db/keys",
    "postgres://db:port-secret/keys",
    "postgres://db/keys secret",
  ])("that is none is refused, and not repeated: %j", (text) => {
    const error = thrown(() => parseStoreAddress(text, { fromArgument: false }));
    expect(error).toMatchObject({ kind: "usage", code: "state.bad-address" });
    expect(JSON.stringify([error, error instanceof Error ? error.stack?.split("\n    at ")[0] : ""])).not.toContain(
      "cret",
    );
  });

  it("by default is a file of the state folder", () => {
    expect(defaultStoreAddress("/state")).toEqual({ kind: "sqlite", path: "/state/keygrant.db" });
  });
});

describe("an SQLite file", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keygrant-sqlite-"));
    path = join(folder, "state", "keygrant.db");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (file = path, deps = storeDeps()) => openStore({ kind: "sqlite", path: file }, deps);
  const refuses = (file: string, code: string, words: RegExp) =>
    expect(open(file)).rejects.toMatchObject({ kind: "usage", code, message: expect.stringMatching(words) });

  it("is its owner's alone, and one file when nobody uses it", async () => {
    const store = await open();
    await store.record(identity("a"), memory(), [], []);
    for (const name of await readdir(join(folder, "state")))
      expect((await stat(join(folder, "state", name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "state"))).mode & 0o777).toBe(0o700);
    await store.close();
    expect(await readdir(join(folder, "state"))).toEqual(["keygrant.db"]);
  });

  it("is a file whatever it is called", async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      for (const name of [":memory:", "file:x?mode=memory", "odd'name"]) await (await open(name)).close();
    } finally {
      process.chdir(before);
    }
    expect((await readdir(folder)).sort()).toEqual([":memory:", "file:x?mode=memory", "odd'name"]);
  });

  it("is never reached through a link, also one that leads nowhere", async () => {
    await mkdir(join(folder, "state"));
    await (await open(join(folder, "real.db"))).close();
    for (const target of ["real.db", "nothing.db"]) {
      await symlink(join(folder, target), path);
      await refuses(path, "state.unusable", /symbolic link/);
      await rm(path);
    }
    expect((await readdir(folder)).sort()).toEqual(["real.db", "state"]);
  });

  it("cannot be a folder, or stand below a file", async () => {
    await mkdir(path, { recursive: true });
    await refuses(path, "state.unusable", /not a file/);
    await writeFile(join(folder, "file"), "");
    await refuses(join(folder, "file", "keygrant.db"), "state.unusable", /cannot be used/);
  });

  it.each([
    ["text", "not a database, but longer than a header is: ".repeat(40)],
    ["a header alone", "SQLite format 3\0 and then nothing that is one".repeat(40)],
  ])("that is %s is left as it is", async (_, text) => {
    await mkdir(join(folder, "state"));
    await writeFile(path, text);
    await refuses(path, "state.damaged", /Nothing in it was changed/);
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("of another program is left as it is", async () => {
    await mkdir(join(folder, "state"));
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE bookmarks (url TEXT)");
    other.close();
    const before = await readFile(path);
    await refuses(path, "state.damaged", /another program/);
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(join(folder, "state"))).toEqual(["keygrant.db"]);
  });

  it("of a newer keygrant is left as it is, to the byte", async () => {
    await (await open()).close();
    const db = new DatabaseSync(path);
    db.exec("INSERT INTO keygrant_schema VALUES (99, 'then')");
    db.close();
    const before = await readFile(path);
    await refuses(path, "state.newer", /version 99/);
    expect(await readFile(path)).toEqual(before);
  });

  it("that was cut off, or overwritten in the middle, is damaged", async () => {
    const store = await open();
    for (let index = 0; index < 200; index++) await store.record(identity(`k${index}`), memory(), [], []);
    await store.close();
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0x5a)]));
    await expect(readEverything()).rejects.toMatchObject({ code: "state.damaged" });
    await writeFile(path, whole);
    await truncate(path, 4096 * 6);
    await expect(readEverything()).rejects.toMatchObject({ code: "state.damaged" });
  });

  async function readEverything(): Promise<void> {
    const store = await open();
    try {
      for await (const { id } of store.all()) await store.read(id);
    } finally {
      await store.close();
    }
  }

  it("that another run holds is waited for with pauses, and then said to be held", async () => {
    const store = await open();
    await store.record(identity("a"), memory(), [], []);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    // Reading never waits for a writer.
    expect(await store.read(identity("a"))).toEqual(memory());
    const deps = storeDeps();
    const releasing = await open(path, {
      ...deps,
      clock: {
        ...deps.clock,
        async sleep(ms) {
          await deps.clock.sleep(ms);
          if (deps.slept.length === 3) other.exec("COMMIT");
        },
      },
    });
    await releasing.record(identity("a"), memory({}, { doubts: 1 }), [transition()], []);
    expect(deps.slept).toEqual([40, 40, 40]);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.record(identity("a"), memory(), [transition()], [])).rejects.toMatchObject({
      code: "state.unusable",
      message: expect.stringContaining("another run"),
    });
    other.close();
    expect(await store.history(identity("a"), 10)).toHaveLength(1);
    await Promise.all([store.close(), releasing.close()]);
  }, 60_000);

  it("on a disk that is full keeps what was there", async () => {
    await (await open()).close();
    // A limit on the size of files is as good as a full disk, and needs no other disk.
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", 'ulimit -f 200; exec "$@"', "sh", process.execPath, "--input-type=module", "-e", FILL, path],
      {
        encoding: "utf8",
        cwd: import.meta.dirname,
      },
    );
    expect(stderr).toBe("");
    const [count, ...errors] = stdout.trim().split("\n");
    expect(errors).toEqual(["usage state.unusable", "usage state.unusable"]);
    const store = await open();
    const kept = await Array.fromAsync(store.all());
    expect(kept).toHaveLength(Number(count));
    for (const { id } of kept) expect(await store.history(id, 10)).toHaveLength(1);
    expect(await store.takeMessages(new Date(), 1000, 100_000)).toHaveLength(Number(count));
    await store.close();
  });

  it("in a folder that cannot be written to is unusable", async () => {
    await (await open()).close();
    await chmod(path, 0o444);
    await chmod(join(folder, "state"), 0o555);
    await chmod(folder, 0o755);
    // Root may write anywhere, unless it is put off its capabilities. (Another user may not even reach this folder.)
    const powerless = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
    const [program = "", ...args] = [...powerless, process.execPath, "--input-type=module", "-e", FILL, path];
    const { stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", cwd: import.meta.dirname });
    expect(error).toBeUndefined();
    expect({ stdout, stderr }).toEqual({ stdout: "usage state.unusable\n", stderr: "" });
    await chmod(join(folder, "state"), 0o700);
  });

  it("says nothing of SQLite on the oldest Node, keeps other warnings, and text with a NUL in it", () => {
    const { stdout, stderr } = spawnSync(
      "test/oldest/node_modules/.bin/node",
      ["--input-type=module", "-e", OLDEST, path],
      {
        encoding: "utf8",
      },
    );
    expect(stderr).not.toContain("SQLite");
    expect(stderr).toContain("another warning");
    expect(stdout).toBe('true "a\\u0000b"\n');
  });
});

const DEPS = `const deps = { clock: { now: () => new Date(), sleep: async () => {} }, jitter: () => 0.5, random: (size) => crypto.getRandomValues(new Uint8Array(size)) };`;

/** Records until it cannot any more, twice, and says how often it could and why not. */
const FILL = `
  const { openStore } = await import("../../src/state/store.ts");
  const { identity, memory, message, transition } = await import("./store-samples.ts");
  ${DEPS}
  const say = (error) => console.log(error.kind, error.code);
  let count = 0;
  try {
    const store = await openStore({ kind: "sqlite", path: process.argv[1] }, deps);
    const record = () => store.record(identity("k" + count), memory({ message: "x".repeat(2000) }), [transition()], [message("m")]);
    try { for (;; count++) await record(); } catch (error) { console.log(count); say(error); }
    await record().catch(say);
    await store.close();
  } catch (error) { say(error); }`;

const OLDEST = `
  const { openStore } = await import("./src/state/store.ts");
  const { identity, memory } = await import("./test/state/store-samples.ts");
  ${DEPS}
  const { emitWarning } = process;
  const store = await openStore({ kind: "sqlite", path: process.argv[1] }, deps);
  await store.record(identity("a"), memory({ message: "a\\0b" }), [], []);
  const kept = await store.read(identity("a"));
  await store.close();
  process.emitWarning("another warning");
  console.log(process.emitWarning === emitWarning, JSON.stringify(kept.report.message));`;

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
