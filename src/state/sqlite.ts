import { lstat } from "node:fs/promises";
import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { KeygrantError } from "../core/errors.ts";
import type { KeyStore } from "../core/memory.ts";
import { damaged, unusable } from "./failures.ts";
import { createFile, isLink, keepPrivate } from "./files.ts";
import { pendingMigrations, VERSION_TABLE } from "./migrations.ts";
import {
  HISTORY_KEPT,
  identityText,
  keyId,
  keyRow,
  messageRow,
  readKey,
  readMessages,
  readTransition,
  sortable,
  transitionRow,
} from "./rows.ts";
import type { StoreDeps } from "./store.ts";

/**
 * How long SQLite itself waits for another run's lock. It blocks the whole process while it does, so it is short, and
 * the long wait is ours, `TRIES` times.
 */
const BUSY_MS = 50;
const TRIES = 100;
const PAUSE_MS = 40;

const ALL = "SELECT id, identity, memory FROM keygrant_keys ORDER BY standing, place, id";
const TAKE = `
  UPDATE keygrant_messages SET due_at = ?, attempts = attempts + 1
  WHERE seq IN (SELECT seq FROM keygrant_messages WHERE due_at <= ? ORDER BY at, seq LIMIT ?)
  RETURNING seq, id, at, attempts, message`;
const UPSERT = `
  INSERT INTO keygrant_keys (id, identity, standing, place, memory) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    identity = excluded.identity, standing = excluded.standing, place = excluded.place, memory = excluded.memory`;

/** One file on a local disk, for the runs of one machine. */
export async function openSqlite(path: string, deps: StoreDeps): Promise<KeyStore> {
  const file = resolve(path);
  await ensureFile(file);
  const patiently = patience(file, deps);
  const db = await patiently(() => connect(file, { readOnly: false }));
  try {
    await prepare(db, file, deps, patiently);
    return keyStore(db, file, deps, patiently);
  } catch (error) {
    db.close();
    throw error;
  }
}

type Patiently = <T>(work: () => T) => Promise<T>;

function keyStore(db: DatabaseSync, file: string, deps: StoreDeps, patiently: Patiently): KeyStore {
  const one = db.prepare("SELECT id, identity, memory FROM keygrant_keys WHERE id = ?");
  const upsert = db.prepare(UPSERT);
  const addTransition = db.prepare(
    "INSERT INTO keygrant_history (key_id, identity, at, transition) VALUES (?, ?, ?, ?)",
  );
  const trim = db.prepare(
    `DELETE FROM keygrant_history WHERE key_id = ? AND seq NOT IN
       (SELECT seq FROM keygrant_history WHERE key_id = ? ORDER BY at DESC, seq DESC LIMIT ${HISTORY_KEPT})`,
  );
  const addMessage = db.prepare("INSERT INTO keygrant_messages (id, at, message) VALUES (?, ?, ?)");
  const changes = db.prepare(
    "SELECT transition FROM keygrant_history WHERE key_id = ? ORDER BY at DESC, seq DESC LIMIT ?",
  );
  const forget = db.prepare("DELETE FROM keygrant_keys WHERE id = ?");
  const take = db.prepare(TAKE);
  const delivered = db.prepare("DELETE FROM keygrant_messages WHERE id = ?");
  const again = db.prepare("UPDATE keygrant_messages SET due_at = ? WHERE id = ? AND attempts = coalesce(?, attempts)");
  /** Which taking of a message is ours: when a lease ran out, its message is another run's to put off. */
  const taken = new Map<string, number>();
  const write = <T>(work: () => T) => patiently(() => transaction(db, work));
  const writeTogether = together(write);

  return {
    async read(id) {
      const row = await patiently(() => one.get(keyId(id)));
      return row === undefined ? null : readKey(file, row).memory;
    },

    async record(id, memory, transitions, messages) {
      const key = keyRow(id, memory);
      const changed = transitions.map(transitionRow);
      const spooled = messages.map((message) => ({ id: hex(deps.random(16)), ...messageRow(message) }));
      await writeTogether(() => {
        upsert.run(key.id, key.identity, key.standing, key.place, key.memory);
        for (const { at, transition } of changed) addTransition.run(key.id, identityText(id), at, transition);
        if (changed.length > 0) trim.run(key.id, key.id);
        for (const message of spooled) addMessage.run(message.id, message.at, message.message);
      });
    },

    async *all() {
      // A connection of its own reads the file as it was when it began, whatever is recorded meanwhile.
      const reader = await patiently(() => connect(file, { readOnly: true }));
      try {
        for (const row of reader.prepare(ALL).iterate()) yield readKey(file, row);
      } catch (error) {
        throw explained(error, file);
      } finally {
        reader.close();
      }
    },

    async history(id, limit) {
      if (limit <= 0) return [];
      const rows = await patiently(() => changes.all(keyId(id), limit));
      return rows.map((row) => readTransition(file, id, row));
    },

    async forget(id) {
      await write(() => forget.run(keyId(id)));
    },

    async takeMessages(now, leaseMs, limit) {
      if (limit <= 0) return [];
      const until = sortable(new Date(now.getTime() + leaseMs));
      const messages = await write(() => readMessages(file, take.all(until, sortable(now), limit)));
      for (const { id, attempts } of messages) taken.set(id, attempts + 1);
      return messages;
    },

    async settleMessage(id, outcome) {
      await write(() => {
        if (outcome.delivered) delivered.run(id);
        else again.run(sortable(outcome.retryAt), id, taken.get(id) ?? null);
      });
      taken.delete(id);
    },

    async close() {
      if (db.isOpen) db.close();
    },
  };
}

/** What SQLite keeps beside the file while it is at work, and would write to where a link leads. */
const BESIDE = ["-wal", "-shm", "-journal"];

/** Makes the file, for its owner alone, unless it is there. It is never reached through a link in its own place. */
async function ensureFile(file: string): Promise<void> {
  for (const name of BESIDE) {
    const fix = "Look at where it leads; without it, SQLite makes the file anew.";
    if (await isLink(file + name)) throw unusable(file + name, "it is a symbolic link", fix);
  }
  try {
    await createFile(file, "");
  } catch (error) {
    const found = isThere(error) ? await lstat(file).catch(() => null) : null;
    if (found === null) throw error;
    if (found.isSymbolicLink()) throw unusable(file, "it is a symbolic link", "Name the file that it leads to.");
    if (!found.isFile()) throw unusable(file, "it is not a file", "Name a file, which need not be there yet.");
    await keepPrivate(file);
  }
}

function isThere(error: unknown): boolean {
  const cause = error instanceof KeygrantError ? error.cause : null;
  return cause instanceof Error && "code" in cause && cause.code === "EEXIST";
}

function connect(file: string, { readOnly }: { readonly readOnly: boolean }): DatabaseSync {
  const db = new (sqlite().DatabaseSync)(file, { readOnly, timeout: BUSY_MS });
  // NORMAL: a machine that goes down may lose the last few records, each as a whole and never an earlier one alone.
  // The next run looks again and records the same. FULL would wait for the disk once a key, with the process standing.
  db.exec("PRAGMA synchronous = NORMAL; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
  return db;
}

/** Node 22 warns that SQLite is experimental. That one warning is kept back; loading is synchronous, so no other is. */
function sqlite(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  const filtered = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).startsWith("SQLite is an experimental feature")) emitWarning(warning, ...rest);
  };
  process.emitWarning = filtered;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Brings the file to the present form. Nothing is written before it is known to be ours and not newer. */
async function prepare(db: DatabaseSync, file: string, deps: StoreDeps, patiently: Patiently): Promise<void> {
  const pending = await patiently(() => pendingMigrations(file, versionOf(db, file)));
  // Readers never wait for writers, nor writers for readers; and a report is read as of one moment.
  const mode = await patiently(() => db.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"]);
  if (mode !== "wal") {
    const fix = "Put it on a local disk, or use PostgreSQL (--state postgres://…) for several machines.";
    throw unusable(file, "its file system has no shared memory for SQLite", fix);
  }
  if (pending.length === 0) return;
  await patiently(() =>
    transaction(db, () => {
      // Another run may have been faster.
      const version = versionOf(db, file);
      if (version === null) db.exec(`${VERSION_TABLE} STRICT`);
      for (const migration of pendingMigrations(file, version)) {
        db.exec(migration.sqlite);
        db.prepare("INSERT INTO keygrant_schema VALUES (?, ?)").run(migration.version, sortable(deps.clock.now()));
      }
    }),
  );
}

/** Null for an empty file. A database of another program is left alone. */
function versionOf(db: DatabaseSync, file: string): unknown {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  if (tables.length === 0) return null;
  if (!tables.some(({ name }) => name === "keygrant_schema")) throw damaged(file, "it belongs to another program");
  return db.prepare("SELECT max(version) AS version FROM keygrant_schema").get()?.["version"] ?? 0;
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  // IMMEDIATE takes the lock at once: a transaction that began by reading could not be repeated when it is refused.
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has ended the transaction by itself when the disk is full, say.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/**
 * What is asked for while Node reads its sockets once is one transaction: over a fleet, a transaction a key costs more
 * than what is written in it. Whoever asked hears when it is in the file. When it fails as a whole, each is tried alone,
 * so that nobody answers for another one's failure.
 */
function together(write: (work: () => void) => Promise<void>): (work: () => void) => Promise<void> {
  let asked: Asked[] = [];

  async function writeAll(): Promise<void> {
    const all = asked;
    asked = [];
    try {
      await write(() => {
        for (const { work } of all) work();
      });
      for (const { done } of all) done.resolve();
    } catch (error) {
      const [only] = all;
      if (all.length === 1) only?.done.reject(error);
      else for (const { work, done } of all) await write(work).then(done.resolve, done.reject);
    }
  }

  return (work) => {
    const done = Promise.withResolvers<void>();
    if (asked.push({ work, done }) === 1) setImmediate(writeAll);
    return done.promise;
  };
}

interface Asked {
  readonly work: () => void;
  readonly done: PromiseWithResolvers<void>;
}

/** Repeats what found the file locked by another run. */
function patience(file: string, { clock, jitter }: StoreDeps): Patiently {
  return async (work) => {
    for (let tries = 1; ; tries++) {
      try {
        return work();
      } catch (error) {
        if (resultOf(error) !== BUSY || tries === TRIES) throw explained(error, file);
      }
      await clock.sleep(PAUSE_MS * (0.5 + jitter()));
    }
  };
}

/** https://www.sqlite.org/rescode.html */
const BUSY = 5;
const DAMAGED = new Set([11 /* CORRUPT */, 26 /* NOTADB */]);
const UNUSABLE = new Set([3 /* PERM */, BUSY, 8 /* READONLY */, 10 /* IOERR */, 13 /* FULL */, 14 /* CANTOPEN */]);

/** Anything else is a bug, and stays what it is. */
function explained(error: unknown, file: string): unknown {
  const result = resultOf(error);
  if (result === null || !(error instanceof Error)) return error;
  if (DAMAGED.has(result) || /^no such (table|column)/.test(error.message)) return damaged(file, error.message, error);
  if (result === BUSY) return unusable(file, "another run holds it", "Let the other run end, then try again.", error);
  return UNUSABLE.has(result) ? unusable(file, error.message, null, error) : error;
}

/** The primary result code; null for an error that is not SQLite's. */
function resultOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
