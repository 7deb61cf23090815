import { Client, Pool, type PoolClient } from "pg";
import { usageError } from "../core/errors.ts";
import type { KeyStore } from "../core/memory.ts";
import { pendingMigrations, VERSION_TABLE } from "./migrations.ts";
import { explained, isAway, isConflict, isUseless } from "./postgres-errors.ts";
import {
  HISTORY_KEPT,
  identityText,
  keyId,
  keyRow,
  messageRow,
  type Remembered,
  type Row,
  readKey,
  readMessages,
  readTransition,
  sortable,
  transitionRow,
} from "./rows.ts";
import type { StoreDeps } from "./store.ts";

/** A run's share of the server's connections; shards run many at once. */
const CONNECTIONS = 4;
const CONNECT_MS = 10_000;
/** When even the server's own time-outs are not heard of. */
const SILENCE_MS = 45_000;
const TRIES = 6;
const PAUSE_MS = 100;

/**
 * Set in each transaction and not when connecting, which a pooler in between (PgBouncer) would refuse. A run that
 * stands still gives its locks back.
 */
const LIMITS = `
  SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '15s';
  SET LOCAL idle_in_transaction_session_timeout = '5min'`;
/**
 * Row locks are enough: every write begins with the one row that it is about, and what is written does not depend on
 * what was read. Said outright, because a database may have another default.
 */
const WRITE = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${LIMITS}`;
const SNAPSHOT = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${LIMITS}`;

const ALL = "SELECT id, identity, memory FROM keygrant_keys ORDER BY standing, place, id";
const PAGE = 200;
/** Rows that another run is just taking are passed over instead of waited for. */
const TAKE = `
  WITH due AS (
    SELECT seq FROM keygrant_messages WHERE due_at <= $2 ORDER BY at, seq LIMIT $3 FOR UPDATE SKIP LOCKED
  )
  UPDATE keygrant_messages AS message SET due_at = $1, attempts = attempts + 1
  FROM due WHERE message.seq = due.seq
  RETURNING message.seq, message.id, message.at, message.attempts, message.message`;
const UPSERT = `
  INSERT INTO keygrant_keys (id, identity, standing, place, memory) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (id) DO UPDATE SET
    identity = excluded.identity, standing = excluded.standing, place = excluded.place, memory = excluded.memory`;
/** Any number that nobody else is likely to lock in the same database: "keygran" in ASCII. */
const MIGRATING = "30229394609037678";

const TRIM = `DELETE FROM keygrant_history WHERE key_id = $1 AND seq NOT IN
  (SELECT seq FROM keygrant_history WHERE key_id = $1 ORDER BY at DESC, seq DESC LIMIT ${HISTORY_KEPT})`;

/** One database for the runs of several machines. */
export async function openPostgres(url: string, deps: StoreDeps): Promise<KeyStore> {
  const database = connect(url, deps);
  try {
    await migrate(database, deps);
    return keyStore(database, deps);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function keyStore(database: Database, deps: StoreDeps): KeyStore {
  const { where, write } = database;
  /** Which taking of a message is ours: when a lease ran out, its message is another run's to put off. */
  const taken = new Map<string, number>();
  const query = (text: string, values: readonly unknown[]) => write((ask) => ask(text, values));

  return {
    async read(id) {
      const [row] = await query("SELECT id, identity, memory FROM keygrant_keys WHERE id = $1", [keyId(id)]);
      return row === undefined ? null : readKey(where, row).memory;
    },

    async record(id, memory, transitions, messages) {
      const key = keyRow(id, memory);
      const changed = transitions.map(transitionRow);
      const spooled = messages.map((message) => ({ id: hex(deps.random(16)), ...messageRow(message) }));
      await write(async (ask) => {
        // First of all, so that two runs that record the same key do so one after the other.
        await ask(UPSERT, [key.id, key.identity, key.standing, key.place, key.memory]);
        for (const { at, transition } of changed) {
          const values = [key.id, identityText(id), at, transition];
          await ask("INSERT INTO keygrant_history (key_id, identity, at, transition) VALUES ($1, $2, $3, $4)", values);
        }
        if (changed.length > 0) await ask(TRIM, [key.id]);
        for (const { id, at, message } of spooled)
          await ask("INSERT INTO keygrant_messages (id, at, message) VALUES ($1, $2, $3)", [id, at, message]);
      });
    },

    all() {
      return every(database);
    },

    async history(id, limit) {
      if (limit <= 0) return [];
      const text = "SELECT transition FROM keygrant_history WHERE key_id = $1 ORDER BY at DESC, seq DESC LIMIT $2";
      return (await query(text, [keyId(id), limit])).map((row) => readTransition(where, id, row));
    },

    async forget(id) {
      await query("DELETE FROM keygrant_keys WHERE id = $1", [keyId(id)]);
    },

    async takeMessages(now, leaseMs, limit) {
      if (limit <= 0) return [];
      const until = sortable(new Date(now.getTime() + leaseMs));
      // Read within the transaction: what cannot be read is not taken either.
      const messages = await write(async (ask) => readMessages(where, await ask(TAKE, [until, sortable(now), limit])));
      for (const { id, attempts } of messages) taken.set(id, attempts + 1);
      return messages;
    },

    async settleMessage(id, outcome) {
      if (outcome.delivered) await query("DELETE FROM keygrant_messages WHERE id = $1", [id]);
      else {
        const text =
          "UPDATE keygrant_messages SET due_at = $1 WHERE id = $2 AND attempts = coalesce($3::integer, attempts)";
        await query(text, [sortable(outcome.retryAt), id, taken.get(id) ?? null]);
      }
      taken.delete(id);
    },

    close: database.close,
  };
}

/** Page after page as of one moment, whatever is recorded meanwhile. */
async function* every(database: Database): AsyncGenerator<Remembered> {
  const client = await database.begin(SNAPSHOT);
  let broken: unknown = null;
  try {
    await client.query(`DECLARE keygrant_all NO SCROLL CURSOR FOR ${ALL}`);
    for (;;) {
      const { rows } = await client.query<Row>(`FETCH ${PAGE} FROM keygrant_all`);
      for (const row of rows) yield readKey(database.where, row);
      if (rows.length < PAGE) return;
    }
  } catch (error) {
    broken = error;
    throw database.explain(error);
  } finally {
    await giveBack(client, broken);
  }
}

type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

interface Database {
  /** For messages to people. */
  readonly where: string;
  begin(how: string): Promise<PoolClient>;
  /** One transaction, which is repeated when another one was in its way. */
  write<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  explain(error: unknown): unknown;
  close(): Promise<void>;
}

function connect(url: string, { clock, jitter }: StoreDeps): Database {
  const connectionString = withPlainTls(url);
  const host = hostOf(connectionString);
  const explain = (error: unknown) => explained(error, host);
  const pool = new Pool({
    connectionString,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: SILENCE_MS,
    keepAlive: true,
    fallback_application_name: "keygrant",
  });
  // A connection that breaks while nobody asks for anything is no news: the next question says what there is to say.
  const nothing = () => {};
  pool.on("error", nothing);
  pool.on("connect", (client) => client.on("error", nothing));

  async function persistently<T>(work: () => Promise<T>, isWorthIt: (error: unknown) => boolean): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries === TRIES || !isWorthIt(error)) throw explain(error);
      }
      await clock.sleep(PAUSE_MS * 2 ** (tries - 1) * (0.5 + jitter()));
    }
  }

  /** Nothing has been asked for yet, so that a server that goes away meanwhile does no harm. */
  function begin(how: string): Promise<PoolClient> {
    return persistently(async () => {
      const client = await pool.connect();
      try {
        await client.query(how);
        return client;
      } catch (error) {
        await giveBack(client, error);
        throw error;
      }
    }, isAway);
  }

  return {
    where: `PostgreSQL at ${host}`,
    begin,
    explain,
    write: (work) =>
      persistently(async () => {
        const client = await begin(WRITE);
        try {
          const result = await work(async (text, values) => (await client.query<Row>(text, [...(values ?? [])])).rows);
          await client.query("COMMIT");
          client.release();
          return result;
        } catch (error) {
          await giveBack(client, error);
          throw error;
        }
      }, isConflict),
    async close() {
      if (!pool.ending) await pool.end();
    },
  };
}

/** Ends the transaction without its effects; a connection that cannot even do that is thrown away. */
async function giveBack(client: PoolClient, error: unknown): Promise<void> {
  if (error instanceof Error && isUseless(error)) return client.release(true);
  try {
    await client.query("ROLLBACK");
    client.release();
  } catch {
    client.release(true);
  }
}

async function migrate({ where, write }: Database, { clock }: StoreDeps): Promise<void> {
  if (pendingMigrations(where, await write(versionOf)).length === 0) return;
  await write(async (ask) => {
    await ask("SELECT pg_advisory_xact_lock($1)", [MIGRATING]);
    // Another run may have been faster.
    const version = await versionOf(ask);
    if (version === null) await ask(VERSION_TABLE);
    for (const migration of pendingMigrations(where, version)) {
      await ask(migration.postgres);
      await ask("INSERT INTO keygrant_schema VALUES ($1, $2)", [migration.version, sortable(clock.now())]);
    }
  });
}

/**
 * Null where there is nothing of ours yet. The catalogue is read as a table: `to_regclass` may answer from a cache that
 * has not heard yet of what another run made while this one waited for the lock.
 */
async function versionOf(ask: Ask): Promise<unknown> {
  const tables = await ask(
    `SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relname = 'keygrant_schema' AND n.nspname = ANY (current_schemas(false))`,
  );
  if (tables.length === 0) return null;
  const [row] = await ask("SELECT max(version) AS version FROM keygrant_schema");
  return row?.["version"] ?? 0;
}

/**
 * node-postgres takes prefer, require and verify-ca for verify-full, and warns that a later one will not. We mean what
 * it does now: no mode but no-verify trusts just anybody. `uselibpqcompat=true` asks for libpq's own meanings.
 */
function withPlainTls(url: string): string {
  if (/[?&]uselibpqcompat=true\b/.test(url)) return url;
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|#|$)/, "$1verify-full");
}

/** Without any I/O but for the files that the URL names. */
function hostOf(connectionString: string): string {
  try {
    const { host, port } = new Client({ connectionString });
    return host.startsWith("/") ? host : `${host}:${port}`;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    throw usageError(
      "state.bad-address",
      `The address of the state names something that cannot be used${code === null ? "" : `: ${code}`}.`,
      "Check the host, the port, sslmode, and that the files of sslrootcert, sslcert and sslkey can be read.",
    );
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
