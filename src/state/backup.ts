import { basename, join } from "node:path";
import { type KeygrantError, refusal, usageError } from "../core/errors.ts";
import type { Backup, WriteEnd, WrittenDocument } from "../core/memory.ts";
import type { KeyRef } from "../core/model.ts";
import { namesIn, readText } from "./files.ts";
import { isAccessor, isObject, sha256, type WriteLine } from "./write-log.ts";

/**
 * Reads a backup of the state folder by its name or path. Only what the log of writes says of it, document by
 * document, is believed: a file that was put there or changed since is refused.
 */
export async function readBackup(
  folder: string,
  name: string,
  readLog: () => Promise<readonly WriteLine[]>,
): Promise<Backup> {
  const path = join(folder, "backups", basename(name));
  const text = await readText(path);
  if (text === null) throw notFound(name, await namesIn(join(folder, "backups")));
  const backup = parseBackup(text);
  if (backup === null) throw untrusted(path, "it is damaged");
  const log = await readLog();
  const index = log.findIndex((line) => line.event === "begin" && basename(line.backup ?? "") === basename(path));
  const line = log[index];
  if (line === undefined) throw untrusted(path, "the log of writes does not know it");
  const fault = differenceFrom(line, backup);
  if (fault !== null) throw untrusted(path, `the log of writes knows it with another ${fault}`);
  return { ...backup, path, ended: endOf(log, index, line.key) };
}

function endOf(log: readonly WriteLine[], index: number, key: string): WriteEnd["outcome"] | null {
  const next = log.slice(index + 1).find((line) => line.key === key);
  return next === undefined || next.event === "begin" ? null : next.event;
}

function differenceFrom(line: WriteLine, backup: Parsed): string | null {
  const documents = backup.documents.map(({ id, before, after }) => ({
    id,
    before: sha256(before),
    after: sha256(after),
  }));
  const revisions = Object.fromEntries(backup.documents.map((one) => [one.id, one.revisionBefore]));
  const same: readonly (readonly [string, unknown, unknown])[] = [
    ["key", line.key, backup.key.id],
    ["time", line.at, backup.at.toISOString()],
    ["direction", line.want, backup.want],
    ["principal", line.accessors ?? [], backup.accessors],
    ["content", line.documents, documents],
    ["revision", line.revisionsBefore, revisions],
  ];
  return same.find(([, one, other]) => JSON.stringify(one) !== JSON.stringify(other))?.[0] ?? null;
}

type Parsed = Omit<Backup, "path" | "ended">;

function parseBackup(text: string): Parsed | null {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(file) || file["version"] !== 1) return null;
  const { at, key, want, caller, accessors = [], documents } = file;
  if (typeof at !== "string" || Number.isNaN(Date.parse(at)) || !isKey(key)) return null;
  if ((want !== "present" && want !== "absent") || (caller !== null && typeof caller !== "string")) return null;
  if (!Array.isArray(accessors) || !accessors.every(isAccessor)) return null;
  if (!Array.isArray(documents) || !documents.every(isDocument)) return null;
  return { at: new Date(at), key, want, caller, accessors, documents };
}

function isKey(value: unknown): value is KeyRef {
  return isObject(value) && typeof value["cloud"] === "string" && typeof value["id"] === "string";
}

function isDocument(value: unknown): value is WrittenDocument {
  return (
    isObject(value) && ["id", "before", "after", "revisionBefore"].every((name) => typeof value[name] === "string")
  );
}

const NEWEST = 3;

function notFound(name: string, all: readonly string[]): KeygrantError {
  const newest = all.toSorted().slice(-NEWEST).reverse();
  const there = newest.length === 0 ? "There is none at all" : `The newest are ${newest.join(", ")}`;
  return usageError(
    "backup.not-found",
    `There is no backup ${basename(name)} in the state folder.`,
    `${there}; KEYGRANT_STATE_DIR says which folder that is.`,
  );
}

function untrusted(path: string, because: string): KeygrantError {
  return refusal(
    "backup.not-trusted",
    `Nothing was written: the backup ${path} cannot be trusted: ${because}.`,
    "Change the document by hand, with what the backup says and with your own eyes on it.",
  );
}
