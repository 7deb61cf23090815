import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type StoreFixture, storeContract } from "../contract/store.ts";

storeContract("SQLite", sqliteFixture);

async function sqliteFixture(): Promise<StoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), "keygrant-store-"));
  const path = join(folder, "state", "keygrant.db");
  const sql = async (text: string, timeout = 5000) => {
    const db = new DatabaseSync(path, { timeout });
    try {
      return db.prepare(text).all();
    } finally {
      db.close();
    }
  };
  const trigger = (body: string) => sql(`CREATE TRIGGER spoil BEFORE INSERT ON keygrant_messages BEGIN ${body}; END`);
  return {
    address: { kind: "sqlite", path },
    sql,
    breakMessages: async () => void (await trigger("SELECT RAISE(ABORT, 'no room for messages')")),
    async stallMessages() {
      const count = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1e12)";
      await trigger(`SELECT (${count} SELECT max(n) FROM n)`);
    },
    isStalled: () =>
      sql("BEGIN IMMEDIATE", 0).then(
        () => false,
        () => true,
      ),
    unstall: async () => void (await sql("DROP TRIGGER spoil")),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
