import { damaged, newer } from "./failures.ts";

/** The steps from nothing to the present form of a store. Never edit one that was released: add another. */
export interface Migration {
  readonly version: number;
  readonly sqlite: string;
  readonly postgres: string;
}

/**
 * What may be any text (identity, memory, transition, message) is kept as JSON in plain text columns: JSON escapes what
 * PostgreSQL's text refuses and what Node 22's SQLite cuts off (NUL) or what UTF-8 cannot say (half a surrogate pair),
 * all of which JSONB would refuse as well. Columns beside it are there to find and to sort. Times are ISO 8601 in UTC
 * with milliseconds, so that they sort as text.
 *
 * - keys: `id` is a hash of the identity, because vendors set no bound to a reference and indexes do; `standing` and
 *   `place` are the order of a report.
 * - history: carries the identity too, to say what was forgotten.
 * - messages: a lease is nothing but a later `due_at`; empty means at once, whatever the clocks say.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    sqlite: `
      CREATE TABLE keygrant_keys (
        id TEXT PRIMARY KEY, identity TEXT NOT NULL, standing INTEGER NOT NULL, place TEXT NOT NULL, memory TEXT NOT NULL
      ) STRICT;
      CREATE INDEX keygrant_keys_in_order ON keygrant_keys (standing, place, id);
      CREATE TABLE keygrant_history (
        seq INTEGER PRIMARY KEY, key_id TEXT NOT NULL, identity TEXT NOT NULL, at TEXT NOT NULL, transition TEXT NOT NULL
      ) STRICT;
      CREATE INDEX keygrant_history_of_key ON keygrant_history (key_id, at, seq);
      CREATE TABLE keygrant_messages (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at TEXT NOT NULL, due_at TEXT NOT NULL DEFAULT '',
        attempts INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL
      ) STRICT;
      CREATE INDEX keygrant_messages_due ON keygrant_messages (due_at);`,
    postgres: `
      CREATE TABLE keygrant_keys (
        id text COLLATE "C" PRIMARY KEY, identity text NOT NULL, standing integer NOT NULL,
        place text COLLATE "C" NOT NULL, memory text NOT NULL
      );
      CREATE INDEX keygrant_keys_in_order ON keygrant_keys (standing, place, id);
      CREATE TABLE keygrant_history (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key_id text COLLATE "C" NOT NULL, identity text NOT NULL,
        at text COLLATE "C" NOT NULL, transition text NOT NULL
      );
      CREATE INDEX keygrant_history_of_key ON keygrant_history (key_id, at, seq);
      CREATE TABLE keygrant_messages (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE,
        at text COLLATE "C" NOT NULL, due_at text COLLATE "C" NOT NULL DEFAULT '',
        attempts integer NOT NULL DEFAULT 0, message text NOT NULL
      );
      CREATE INDEX keygrant_messages_due ON keygrant_messages (due_at);`,
  },
];

/** The same in both dialects. One row a version that was reached. */
export const VERSION_TABLE = "CREATE TABLE keygrant_schema (version integer PRIMARY KEY, at text NOT NULL)";

const KNOWN = Math.max(...MIGRATIONS.map(({ version }) => version));

/**
 * What is left to do for a store: null for one that is empty. Refuses a store of a newer keygrant, and one whose table
 * of versions says nothing.
 */
export function pendingMigrations(where: string, found: unknown): readonly Migration[] {
  if (found === null) return MIGRATIONS;
  if (typeof found !== "number" || found < 1) throw damaged(where, "it does not say which version it is");
  if (found > KNOWN) throw newer(where, found, KNOWN);
  return MIGRATIONS.filter(({ version }) => version > found);
}
