import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type KeygrantError, usageError } from "../core/errors.ts";

/** Each module's part of the world, by the module's id. */
export type Worlds = Record<string, unknown>;

/** Where the world outlives the process. */
export interface Store {
  /** Null: there is none yet. */
  load(): Worlds | null;
  /** Writes what differs from what was loaded or written last, to the disk and not just to its cache. */
  save(worlds: Worlds): void;
}

export const WORLD_FILE = "world.json";
const VERSION = 1;

export function memoryStore(): Store {
  return { load: () => null, save: () => {} };
}

/** `mayWrite` throws when the folder is no longer ours: two writers would undo each other's work. */
export function fileStore(dir: string, mayWrite: () => void): Store {
  const path = join(dir, WORLD_FILE);
  let last: string | null = null;
  return {
    load() {
      sweep(dir);
      const text = readIfThere(path);
      if (text === null) return null;
      const worlds = parseWorld(path, text);
      last = text;
      return worlds;
    },
    save(worlds) {
      const text = JSON.stringify({ version: VERSION, modules: worlds });
      if (text === last) return;
      mayWrite();
      replaceFile(path, text);
      last = text;
    },
  };
}

/** What a killed writer left half done. */
function sweep(dir: string): void {
  for (const name of readdirSync(dir)) {
    if (/^world\.json\.\d+\.tmp$/.test(name)) rmSync(join(dir, name), { force: true });
  }
}

function parseWorld(path: string, text: string): Worlds {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, cause);
  }
  if (!isObject(file) || typeof file["version"] !== "number") throw damaged(path);
  if (file["version"] > VERSION) {
    throw usageError(
      "sandbox.world-newer",
      `The sandbox's world in ${path} was written by a newer keygrant (format ${file["version"]}, this one knows ${VERSION}). It was left as it is.`,
      "Use the newer keygrant, another folder (KEYGRANT_SANDBOX_DIR), or throw the world away with `keygrant sandbox reset`.",
    );
  }
  const modules = file["modules"];
  if (file["version"] !== VERSION || !isObject(modules) || !Object.values(modules).every(isObject)) throw damaged(path);
  return modules;
}

function damaged(path: string, cause?: unknown): KeygrantError {
  return usageError(
    "sandbox.world-damaged",
    `The sandbox's world in ${path} cannot be read. It was left as it is.`,
    "Start afresh with `keygrant sandbox reset`; what was registered in the sandbox is lost with it.",
    cause,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return null;
    throw unusable(path, cause);
  }
}

/** The old file or the new one, never half of either, whatever happens meanwhile; readable by its owner alone. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeThrough(temporary, text);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw unusable(path, cause);
  }
  syncFolder(dirname(path));
}

/** Into a new file: what lies there, a link perhaps that somebody planted, is not written to. */
export function writeThrough(path: string, text: string): void {
  rmSync(path, { force: true });
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A rename survives a power cut only once its folder is on the disk; where a folder cannot be synced, so be it. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {}
}

export function ensureFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unusable(dir, cause);
  }
}

export function isCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}

export function unusable(path: string, cause: unknown): KeygrantError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return usageError(
    "sandbox.folder",
    `The sandbox cannot use ${path}: ${why}`,
    "Make it readable and writable for you, or name another folder with KEYGRANT_SANDBOX_DIR.",
    cause,
  );
}
