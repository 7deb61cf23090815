import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { writeEnvFile } from "../../src/sandbox/env.ts";
import { resetSandbox, sandboxStateDir } from "../../src/sandbox/sandbox.ts";
import { ask, closeAll, fakeClock, folder, open, start } from "./kit.ts";

afterEach(closeAll);

/** The pid of a process that is no more. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await new Promise((resolve) => child.once("exit", resolve));
  return child.pid ?? 0;
}

function lockOf(dir: string): { pid: number; origin: string; mode: string; started: string; nonce: string } {
  return JSON.parse(readFileSync(join(dir, "server.json"), "utf8"));
}

function writeLock(dir: string, more: Readonly<Record<string, unknown>>): void {
  const lock = { pid: process.pid, origin: "http://127.0.0.1:9", mode: "embedded", started: "2026-11-20T10:00:00Z" };
  writeFileSync(join(dir, "server.json"), JSON.stringify({ ...lock, nonce: "other", ...more }));
}

/** Another process with the folder, for real. */
async function holder(dir: string, mode: "serve" | "embedded") {
  const child = spawn(process.execPath, [join(import.meta.dirname, "holder.ts"), dir, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const origin = await new Promise<string>((resolve) =>
    child.stdout.once("data", (data) => resolve(String(data).trim())),
  );
  return {
    origin,
    pid: child.pid,
    async kill() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

describe("the world on disk", () => {
  test("is there before the answer, for its owner alone, and nothing half done beside it", async () => {
    const dir = join(folder(), "deep", "down");
    const sandbox = await start({ dir });
    await ask(sandbox, "POST", "/notes", "a");
    const path = join(dir, "world.json");
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      version: 1,
      modules: { notes: { notes: ["a"] }, aiven: { projects: expect.any(Array) } },
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "server.json")).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).sort()).toEqual(["server.json", "world.json"]);
    await sandbox.close();
    expect(readdirSync(dir)).toEqual(["world.json"]);
  });

  test("comes back", async () => {
    const dir = folder();
    const first = await start({ dir });
    await ask(first, "POST", "/notes", "a");
    const world = first.world();
    await first.close();
    expect((await start({ dir })).world()).toEqual(world);
  });

  test("is not written for what changed nothing", async () => {
    const dir = folder();
    const sandbox = await start({ dir });
    const path = join(dir, "world.json");
    const before = statSync(path).ino;
    await ask(sandbox, "GET", "/notes");
    await ask(sandbox, "POST", "/nowhere", "a");
    expect(statSync(path).ino).toBe(before);
    await ask(sandbox, "POST", "/notes", "a");
    expect(statSync(path).ino).not.toBe(before);
  });

  test("a module that is new to it starts fresh", async () => {
    const dir = folder();
    writeFileSync(join(dir, "world.json"), JSON.stringify({ version: 1, modules: { notes: { notes: ["old"] } } }));
    expect((await start({ dir })).world()).toMatchObject({ notes: { notes: ["old"] }, aiven: {} });
  });

  test("what a killed writer left is swept away", async () => {
    const dir = folder();
    writeFileSync(join(dir, "world.json.4711.tmp"), "{");
    await start({ dir });
    expect(readdirSync(dir).sort()).toEqual(["server.json", "world.json"]);
  });

  test.each([
    ["half a file", '{"version":1,"mod', "sandbox.world-damaged"],
    ["an empty file", "", "sandbox.world-damaged"],
    ["no world", "[]", "sandbox.world-damaged"],
    ["no version", '{"modules":{}}', "sandbox.world-damaged"],
    ["a module that is none", '{"version":1,"modules":{"notes":7}}', "sandbox.world-damaged"],
    ["a newer format", '{"version":2,"modules":{},"more":1}', "sandbox.world-newer"],
  ])("%s: says so, and leaves it as it is", async (_title, text, code) => {
    const dir = folder();
    const path = join(dir, "world.json");
    writeFileSync(path, text);
    await expect(start({ dir })).rejects.toMatchObject({
      kind: "usage",
      code,
      fix: expect.stringContaining("keygrant sandbox reset"),
    });
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(readdirSync(dir)).toEqual(["world.json"]);
    await resetSandbox(dir);
    expect((await start({ dir })).world()).toMatchObject({ notes: { notes: [] } });
  });

  test("a folder that cannot be one", async () => {
    const file = join(folder(), "file");
    writeFileSync(file, "");
    await expect(start({ dir: join(file, "sandbox") })).rejects.toMatchObject({ code: "sandbox.folder" });
  });
});

describe("the lock", () => {
  test("says who has the folder", async () => {
    const dir = folder();
    const sandbox = await start({ dir, mode: "serve" });
    expect(lockOf(dir)).toEqual({
      pid: process.pid,
      origin: sandbox.origin,
      mode: "serve",
      started: "2026-11-20T10:00:00.000Z",
      nonce: expect.any(String),
    });
  });

  test("a running server is used, and outlives its guests", async () => {
    const dir = folder();
    const server = await start({ dir, mode: "serve" });
    const guest = await open({ dir });
    expect(guest.origin).toBe(server.origin);
    expect(guest.env).toEqual(server.env);
    await ask(guest, "POST", "/notes", "from the guest");
    await guest.close();
    expect((await ask(server, "GET", "/notes")).body).toEqual({ notes: ["from the guest"] });
    await expect(start({ dir, mode: "serve" })).rejects.toMatchObject({
      code: "sandbox.running",
      message: expect.stringContaining(`${server.origin}, process ${process.pid}`),
    });
  });

  test("another command is waited for", async () => {
    const dir = folder();
    const first = await start({ dir });
    await ask(first, "POST", "/notes", "a");
    const clock = fakeClock();
    const sleep = clock.sleep.bind(clock);
    vi.spyOn(clock, "sleep").mockImplementation(async (ms, signal) => {
      if (clock.slept.length === 3) await first.close();
      await sleep(ms, signal);
    });
    const second = await start({ dir, clock });
    expect(second.world()).toMatchObject({ notes: { notes: ["a"] } });
    expect(clock.slept.length).toBe(4);
  });

  test("but not for longer than a minute", async () => {
    const dir = folder();
    await start({ dir });
    const clock = fakeClock();
    await expect(open({ dir, clock })).rejects.toMatchObject({
      kind: "usage",
      code: "sandbox.busy",
      message: expect.stringContaining(`process ${process.pid}`),
      fix: expect.stringContaining("keygrant sandbox start"),
    });
    expect(clock.now().toISOString()).toBe("2026-11-20T10:01:00.000Z");
  });

  test("of many at once, one has the folder at a time and all get their turn", async () => {
    const dir = folder();
    const clock = { now: () => new Date(0), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    async function command(note: string): Promise<void> {
      const sandbox = await open({ dir, clock });
      expect(await ask(sandbox, "POST", "/notes", note)).toMatchObject({ status: 200 });
      await sandbox.close();
    }
    await Promise.all(["a", "b", "c", "d", "e"].map(command));
    const { notes } = JSON.parse(readFileSync(join(dir, "world.json"), "utf8")).modules.notes;
    expect(notes.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("of a process that is gone, of another server on its port, of nobody: cleared away", async () => {
    const stranger = createServer((_request, response) => response.end('{"nonce":"mine"}'));
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void stranger.close());
    const address = stranger.address();
    const port = typeof address === "object" ? address?.port : 0;
    const dir = folder();
    const leftovers: Readonly<Record<string, unknown>>[] = [
      { pid: await deadPid() },
      { origin: `http://127.0.0.1:${port}`, mode: "serve" },
      { origin: "http://127.0.0.1:9" },
      { origin: "http://192.0.2.1:80", mode: "serve" },
      { pid: -1 },
    ];
    for (const leftover of leftovers) {
      writeLock(dir, leftover);
      const sandbox = await open({ dir });
      expect(lockOf(dir).origin).toBe(sandbox.origin);
      await sandbox.close();
    }
    writeFileSync(join(dir, "server.json"), "{");
    await open({ dir });
  });

  test("a sandbox that has lost its folder writes no more", async () => {
    const dir = folder();
    const sandbox = await start({ dir });
    const before = readFileSync(join(dir, "world.json"), "utf8");
    rmSync(join(dir, "server.json"));
    writeLock(dir, { nonce: "thief" });
    expect(await ask(sandbox, "POST", "/notes", "a")).toMatchObject({
      status: 500,
      body: { message: expect.stringContaining("taken") },
    });
    expect(readFileSync(join(dir, "world.json"), "utf8")).toBe(before);
    await expect(sandbox.close()).rejects.toMatchObject({ code: "sandbox.folder-lost" });
    expect(lockOf(dir).nonce).toBe("thief");
  });

  test("kill -9 of the one that has it: the next goes on with its world", async () => {
    const dir = folder();
    const first = await holder(dir, "embedded");
    await fetch(`${first.origin}/notes`, { method: "POST", body: "before the end" });
    await first.kill();
    expect(existsSync(join(dir, "server.json"))).toBe(true);
    const next = await open({ dir });
    expect((await ask(next, "GET", "/notes")).body).toEqual({ notes: ["before the end"] });
  });

  test("another process's server is used, killed it is not", async () => {
    const dir = folder();
    const server = await holder(dir, "serve");
    expect((await open({ dir })).origin).toBe(server.origin);
    await server.kill();
    expect((await open({ dir })).origin).not.toBe(server.origin);
  });
});

describe("reset", () => {
  test("throws away the world and what was remembered of it, and nothing else", async () => {
    const dir = folder();
    const sandbox = await start({ dir });
    await ask(sandbox, "POST", "/notes", "a");
    await sandbox.close();
    mkdirSync(sandboxStateDir(dir));
    writeFileSync(join(sandboxStateDir(dir), "accepted.json"), "{}");
    writeFileSync(join(dir, "diary.txt"), "mine");
    await resetSandbox(dir);
    expect(readdirSync(dir)).toEqual(["diary.txt"]);
  });

  test("of a folder that is not there is fine", async () => {
    await resetSandbox(join(folder(), "nothing"));
  });

  test("asks a running server to start afresh", async () => {
    const dir = folder();
    const server = await start({ dir, mode: "serve" });
    await ask(server, "POST", "/notes", "a");
    await resetSandbox(dir);
    expect((await ask(server, "GET", "/notes")).body).toEqual({ notes: [] });
    await ask(server, "POST", "/notes", "b");
    expect(readFileSync(join(dir, "world.json"), "utf8")).toContain('"b"');
  });

  test("does not pull the world from under another command", async () => {
    const dir = folder();
    await start({ dir });
    await expect(resetSandbox(dir)).rejects.toMatchObject({ code: "sandbox.busy" });
    expect(existsSync(join(dir, "world.json"))).toBe(true);
  });
});

describe("the file of variables", () => {
  test("a shell that sources it has exactly those values", async () => {
    const path = join(folder(), "env");
    const values = { A: "plain-1.2_3/:@%+,=", B: "two words", C: 'it\'s $HOME `x` "y" \\z', D: "", E: "line\nbreak" };
    writeEnvFile(path, values);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toMatch(/^A=plain-1.2_3\/:@%\+,=\n/);
    const shell = spawn("sh", ["-c", `. "$1"; printf '%s\\0' "$A" "$B" "$C" "$D" "$E"`, "sh", path]);
    const chunks: string[] = [];
    for await (const chunk of shell.stdout) chunks.push(String(chunk));
    expect(chunks.join("").split("\0")).toEqual([...Object.values(values), ""]);
  });

  test("replaces the one before, and says where it could not", () => {
    const dir = folder();
    writeEnvFile(join(dir, "env"), { A: "1" });
    writeEnvFile(join(dir, "env"), { A: "2" });
    expect(readFileSync(join(dir, "env"), "utf8")).toBe("A=2\n");
    expect(readdirSync(dir)).toEqual(["env"]);
    expect(() => writeEnvFile(join(dir, "no", "env"), {})).toThrow(expect.objectContaining({ kind: "usage" }));
  });
});
