import { constants, statSync } from "node:fs";
import { chmod, type FileHandle, lstat, mkdir, open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { usageError } from "../core/errors.ts";

/**
 * Folders are 0700 and files 0600: backups say who has access to which key. A link in the place of a file is never
 * followed, neither to read nor to write: whoever planted it would choose what is believed, or lost.
 */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS = 0o077;
const STICKY = 0o1000;

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_RDWR } = constants;
const READ = O_RDONLY | O_NOFOLLOW;
const CREATE = O_RDWR | O_CREAT | O_EXCL;
const ADD = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW;

/** Null when there is no such file. */
export async function readText(path: string): Promise<string | null> {
  try {
    const file = await open(path, READ);
    return await file.readFile("utf8").finally(() => file.close());
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw unusable(path, error);
  }
}

/**
 * Different whenever the file is another one or something was added to it; null when there is no such file. It is asked
 * for with every key: to hand it to another thread and back takes a hundred times as long as to look.
 */
export function stampOf(path: string): string | null {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? null : `${found.ino} ${found.size} ${found.mtimeNs}`;
  } catch (error) {
    throw unusable(path, error);
  }
}

/** What lies in a folder, sorted; nothing when there is no such folder. */
export async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw unusable(path, error);
  }
}

/** Replaces the file as a whole, or not at all, whatever happens in between. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await wrap(path, async () => {
    await makeFolder(dirname(path));
    // The library would write to where a link leads.
    if (await isLink(path)) throw Object.assign(new Error(`${path} is a link`), { code: "ELOOP" });
    const { default: writeFileAtomic } = await import("write-file-atomic");
    await writeFileAtomic(path, text, { mode: FILE_MODE, fsync: true });
  });
}

/** Creates a file that must not be there yet, never through a link, and makes sure that it is on the disk. */
export async function createFile(path: string, text: string): Promise<void> {
  await withFile(path, CREATE, (file) => file.appendFile(text));
}

/** Adds one line to a log. A line that a crash has cut off stays one line. */
export async function appendLine(path: string, line: string): Promise<void> {
  await withFile(path, ADD, async (file) => {
    const { size, mode } = await file.stat();
    if ((mode & OTHERS) !== 0) await file.chmod(FILE_MODE);
    const last = size === 0 ? NEWLINE : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0];
    await file.appendFile(last === NEWLINE ? `${line}\n` : `\n${line}\n`);
  });
}

const NEWLINE = 0x0a;

async function withFile(path: string, flags: number, work: (file: FileHandle) => Promise<void>): Promise<void> {
  await wrap(path, async () => {
    await makeFolder(dirname(path));
    const file = await open(path, flags, FILE_MODE);
    try {
      await work(file);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

async function makeFolder(path: string): Promise<void> {
  const created = await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  if (created !== undefined) await chmod(path, FOLDER_MODE);
}

export async function isLink(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found?.isSymbolicLink() === true;
}

/**
 * Shuts others out of a folder or a file that was there before, as far as it is the caller's own to shut. A folder
 * that is meant for everybody, as /tmp is, stays open.
 */
export async function keepPrivate(path: string): Promise<void> {
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0 && (mode & STICKY) === 0) await chmod(path, mode & 0o700);
  } catch (error) {
    if (!NOT_OURS.has(codeOf(error) ?? "")) throw unusable(path, error);
  }
}

const NOT_OURS: ReadonlySet<string> = new Set(["ENOENT", "EPERM", "EACCES", "EROFS", "ENOTSUP"]);

async function wrap(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw unusable(path, error);
  }
}

/** A file system that would not; anything else is a bug, and stays what it is. */
function unusable(path: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === null) return error;
  return usageError(
    "state.unusable",
    `The state folder cannot be used: ${path}: ${code === "ELOOP" ? "it is a symbolic link" : code}.`,
    code === "ELOOP"
      ? "Look at where it leads, and put the file itself there instead."
      : "Make the folder writable, free some space, or point KEYGRANT_STATE_DIR at another one.",
    error,
  );
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Where keygrant keeps its state: KEYGRANT_STATE_DIR, or the XDG state folder. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const own = env["KEYGRANT_STATE_DIR"];
  if (own) return own;
  return join(env["XDG_STATE_HOME"] || join(home, ".local", "state"), "keygrant");
}
