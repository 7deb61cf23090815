import { appendFile, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Memory, WriteRecord } from "../../src/core/memory.ts";
import type { Accessor, KeyRef } from "../../src/core/model.ts";
import { stateFolder } from "../../src/state/files.ts";
import { fileMemory } from "../../src/state/memory.ts";

const KEY: KeyRef = {
  cloud: "aws",
  id: "arn:aws:kms:eu-west-1:111122223333:key/a",
  region: "eu-west-1",
  owner: "111122223333",
};
const ROLE: Accessor = { cloud: "aws", fields: { role_arn: "arn:aws:iam::999988887777:role/anchor" } };
const ABOUT = { vendor: "aiven", project: "demo", cloud: "aws" } as const;

let folder: string;
let memory: Memory;
let count = 0;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "keygrant-state-")), "state");
  memory = fileMemory(folder, (size) => new Uint8Array(size).fill(count++ % 256));
});
afterEach(() => {
  count = 0;
});

function write(at: string, want: WriteRecord["want"] = "present"): WriteRecord {
  return {
    at: new Date(at),
    key: KEY,
    want,
    caller: "arn:aws:iam::111122223333:user/me",
    accessors: [ROLE],
    documents: [{ id: "key-policy", before: "{}", after: "{ }", revisionBefore: "r0" }],
  };
}

describe("accepted accessors", () => {
  it("are none before, and what was accepted after", async () => {
    expect(await memory.acceptedAccessors(ABOUT)).toBeNull();
    await memory.acceptAccessors(ABOUT, [ROLE]);
    expect(await memory.acceptedAccessors(ABOUT)).toEqual([ROLE]);
    expect(await memory.acceptedAccessors({ ...ABOUT, project: "other" })).toBeNull();
  });

  it("stay inside the folder, whatever a project is called", async () => {
    for (const project of ["../../escape", "..", ".", "a/b", "con:nul*"])
      await memory.acceptAccessors({ ...ABOUT, project }, [ROLE]);
    expect(await readdir(join(folder, ".."))).toEqual(["state"]);
    expect(await readdir(folder)).toEqual(["accessors"]);
    expect(await memory.acceptedAccessors({ ...ABOUT, project: ".." })).toEqual([ROLE]);
  });

  it("are private", async () => {
    await memory.acceptAccessors(ABOUT, [ROLE]);
    expect((await stat(join(folder, "accessors", "aiven", "demo", "aws.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it.each(["{", "[]", '{"version":2,"accessors":[]}', '{"version":1,"accessors":[{"cloud":"aws"}]}'])(
    "a damaged file is an error and stays as it is: %s",
    async (text) => {
      const path = join(folder, "accessors", "aiven", "demo", "aws.json");
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, text);
      await expect(memory.acceptedAccessors(ABOUT)).rejects.toMatchObject({ code: "state.damaged" });
      await expect(memory.acceptAccessors(ABOUT, [ROLE])).rejects.toMatchObject({ code: "state.damaged" });
      expect(await readFile(path, "utf8")).toBe(text);
    },
  );
});

describe("the log of writes", () => {
  it("knows the last write, also one that never ended", async () => {
    expect(await memory.lastGrant(KEY)).toBeNull();
    await memory.beginWrite(write("2026-11-20T10:00:00Z"));
    expect((await memory.lastGrant(KEY))?.at).toEqual(new Date("2026-11-20T10:00:00Z"));
    await memory.endWrite({
      at: new Date("2026-11-20T10:00:01Z"),
      key: KEY,
      outcome: "done",
      requestIds: ["r1"],
      detail: null,
    });
    await memory.beginWrite(write("2026-11-20T11:00:00Z"));
    expect((await memory.lastGrant(KEY))?.at).toEqual(new Date("2026-11-20T11:00:00Z"));
    expect(await memory.lastGrant({ ...KEY, id: "another" })).toBeNull();
  });

  it("does not count a write that was refused, but one whose answer was lost", async () => {
    const end = { at: new Date("2026-11-20T10:00:01Z"), key: KEY, requestIds: [], detail: "x" };
    await memory.beginWrite(write("2026-11-20T10:00:00Z"));
    await memory.endWrite({ ...end, outcome: "failed" });
    expect(await memory.lastGrant(KEY)).toBeNull();
    await memory.beginWrite(write("2026-11-20T12:00:00Z"));
    await memory.endWrite({ ...end, outcome: "unknown" });
    expect((await memory.lastGrant(KEY))?.at).toEqual(new Date("2026-11-20T12:00:00Z"));
  });

  it("does not count taking a grant back", async () => {
    await memory.beginWrite(write("2026-11-20T10:00:00Z", "absent"));
    expect(await memory.lastGrant(KEY)).toBeNull();
  });

  it("survives a last line that was cut off, and no other damage", async () => {
    await memory.beginWrite(write("2026-11-20T10:00:00Z"));
    await appendFile(join(folder, "writes.jsonl"), '{"event":"beg');
    expect((await memory.lastGrant(KEY))?.at).toEqual(new Date("2026-11-20T10:00:00Z"));
    await memory.endWrite({
      at: new Date("2026-11-20T10:00:01Z"),
      key: KEY,
      outcome: "done",
      requestIds: [],
      detail: null,
    });
    expect((await memory.lastGrant(KEY))?.at).toEqual(new Date("2026-11-20T10:00:00Z"));
  });

  it("saves the documents of before in a private file of their own, each time", async () => {
    const [one, two] = [
      await memory.beginWrite(write("2026-11-20T10:00:00Z")),
      await memory.beginWrite(write("2026-11-20T10:00:00Z")),
    ];
    expect(one).not.toBe(two);
    expect(JSON.parse(await readFile(one, "utf8"))).toMatchObject({
      version: 1,
      key: KEY,
      documents: [{ before: "{}", after: "{ }" }],
    });
    expect((await stat(one)).mode & 0o777).toBe(0o600);
  });

  it("says plainly when the folder cannot be used", async () => {
    await writeFile(folder, "a file where the folder should be");
    await expect(memory.beginWrite(write("2026-11-20T10:00:00Z"))).rejects.toMatchObject({
      code: "state.unusable",
      kind: "usage",
    });
  });
});

describe("the state folder", () => {
  it.each([
    [{ KEYGRANT_STATE_DIR: "/own", XDG_STATE_HOME: "/xdg" }, "/own"],
    [{ XDG_STATE_HOME: "/xdg" }, "/xdg/keygrant"],
    [{}, "/home/me/.local/state/keygrant"],
  ])("%o", (env, path) => {
    expect(stateFolder(env, "/home/me")).toBe(path);
  });
});
