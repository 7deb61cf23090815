import { join } from "node:path";
import { describe } from "../core/describe.ts";
import type { AccessorKey, LastGrant, Memory, WriteEnd, WriteRecord } from "../core/memory.ts";
import type { Accessor, KeyRef } from "../core/model.ts";
import type { RandomBytes } from "../core/ports.ts";
import { readBackup } from "./backup.ts";
import { appendLine, createFile, namesIn, readText, replaceFile } from "./files.ts";
import { damaged, isAccessor, isObject, readWrites, sha256 } from "./write-log.ts";

/**
 * The memory as plain files in one folder, for people to read:
 * - `accessors/<vendor>/<project>/<cloud>.json`: the principals that were accepted; a file each, so that two runs
 *   for two projects never overwrite each other
 * - `writes.jsonl`: the log of writes, append-only, one line when a write begins and one when it has ended
 * - `backups/`: the documents of before, one file a write
 */
export function fileMemory(folder: string, random: RandomBytes): Memory {
  const writesFile = join(folder, "writes.jsonl");
  const accessorsFile = ({ vendor, project, cloud }: AccessorKey) =>
    join(folder, "accessors", fileName(vendor), fileName(project), `${cloud}.json`);

  return {
    acceptedAccessors(about) {
      return readAccessors(accessorsFile(about));
    },

    async acceptAccessors(about, accessors) {
      const path = accessorsFile(about);
      if (JSON.stringify(await readAccessors(path)) === JSON.stringify(accessors)) return;
      await replaceFile(path, `${JSON.stringify({ version: 1, accessors }, null, 2)}\n`);
    },

    lastGrant: (key) => lastWrite(writesFile, key, "present"),
    lastRevoke: (key) => lastWrite(writesFile, key, "absent"),

    async projectsOf({ vendor, cloud }, accessors) {
      const wanted = new Set(accessors.map(describe));
      const vendorFolder = join(folder, "accessors", fileName(vendor));
      const projects: string[] = [];
      for (const name of await namesIn(vendorFolder)) {
        const known = await readAccessors(join(vendorFolder, name, `${cloud}.json`));
        if (known?.some((one) => wanted.has(describe(one)))) projects.push(decodeURIComponent(name));
      }
      return projects;
    },

    readBackup: (name) => readBackup(folder, name, () => readWrites(writesFile)),

    async beginWrite(write) {
      const backup = join(folder, "backups", backupName(write, random));
      await createFile(backup, backupText(write));
      await appendLine(writesFile, JSON.stringify(beginning(write, backup)));
      return backup;
    },

    async endWrite(end) {
      await appendLine(writesFile, JSON.stringify(ending(end)));
    },
  };
}

/** The projects of which principals were accepted, of every vendor. */
export async function rememberedProjects(folder: string): Promise<readonly string[]> {
  const vendors = await namesIn(join(folder, "accessors"));
  const projects = await Promise.all(vendors.map((vendor) => namesIn(join(folder, "accessors", vendor))));
  return projects.flat().map(nameOfFile);
}

async function lastWrite(path: string, key: KeyRef, want: WriteRecord["want"]): Promise<LastGrant | null> {
  const mine = (await readWrites(path)).filter((line) => line.key === key.id);
  const last = mine.findLast((line, index) => line.want === want && mine[index + 1]?.event !== "failed");
  if (last === undefined) return null;
  const { at, accessors = [], revisionsBefore = {} } = last;
  return { at: new Date(at), accessors, revisionsBefore };
}

/** A name that stays inside its folder, whatever a project is called. */
function fileName(name: string): string {
  const safe = encodeURIComponent(name).replaceAll("*", "%2A");
  return /^\.+$/.test(safe) ? safe.replaceAll(".", "%2E") : safe;
}

/** The name that a file's or a folder's stands for; itself, for one that is none of ours. */
function nameOfFile(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function readAccessors(path: string): Promise<readonly Accessor[] | null> {
  const text = await readText(path);
  if (text === null) return null;
  const file = parse(path, text);
  if (!isObject(file) || file["version"] !== 1) throw damaged(path);
  const accessors = file["accessors"];
  if (!Array.isArray(accessors) || !accessors.every(isAccessor)) throw damaged(path);
  return accessors;
}

function beginning(write: WriteRecord, backup: string) {
  return {
    event: "begin",
    at: write.at.toISOString(),
    key: write.key.id,
    cloud: write.key.cloud,
    want: write.want,
    caller: write.caller,
    accessors: write.accessors,
    revisionsBefore: Object.fromEntries(write.documents.map((document) => [document.id, document.revisionBefore])),
    documents: write.documents.map(({ id, before, after }) => ({ id, before: sha256(before), after: sha256(after) })),
    backup,
  };
}

function ending(end: WriteEnd) {
  const { outcome, key, requestIds, detail } = end;
  return { event: outcome, at: end.at.toISOString(), key: key.id, requestIds, detail };
}

/** Sorts by time, and says of which key it is without holding a character that a file system minds. */
function backupName(write: WriteRecord, random: RandomBytes): string {
  const unique = Buffer.from(random(4)).toString("hex");
  const time = write.at.toISOString().replaceAll(/[:.]/g, "-");
  return `${time}-${write.key.cloud}-${lastPart(write.key)}-${unique}.json`;
}

function lastPart(key: KeyRef): string {
  return (key.id.split(/[/:]/).at(-1) ?? "key").replaceAll(/[^\w-]/g, "").slice(0, 64);
}

function backupText(write: WriteRecord): string {
  const { at, key, want, caller, accessors, documents } = write;
  const file = { version: 1, at: at.toISOString(), key, want, caller, accessors, documents };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, error);
  }
}
