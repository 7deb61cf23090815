import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/state/store.ts";
import { type StoreFixture, storeContract, storeDeps } from "../contract/store.ts";
import { type PostgresServer, startPostgres, whyNoPostgres } from "./postgres-server.ts";
import { identity, memory, message, transition } from "./store-samples.ts";

const missing = await whyNoPostgres();

describe.skipIf(missing !== null)(missing === null ? "with a real server" : `skipped: ${missing}`, () => {
  let server: PostgresServer;
  let count = 0;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  storeContract("PostgreSQL", postgresFixture);

  /** A schema each in one database. */
  async function postgresFixture(): Promise<StoreFixture> {
    const schema = `test_${count++}`;
    const url = server.url({ parameters: { options: `-c search_path=${schema}`, application_name: schema } });
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`CREATE SCHEMA ${schema}`);
    const sql = async (text: string) => (await client.query(text)).rows;
    const trigger = (body: string) =>
      sql(`
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON keygrant_messages FOR EACH ROW EXECUTE FUNCTION spoil()`);
    const stalled = `FROM pg_stat_activity WHERE application_name = '${schema}' AND wait_event = 'PgSleep'`;
    return {
      address: { kind: "postgres", url },
      sql,
      breakMessages: async () => void (await trigger("RAISE EXCEPTION 'no room for messages'")),
      stallMessages: async () => void (await trigger("PERFORM pg_sleep(600)")),
      isStalled: async () => (await sql(`SELECT 1 ${stalled}`)).length > 0,
      async unstall() {
        // The run that was killed cannot say goodbye, and the server has not noticed yet.
        await sql(`SELECT pg_terminate_backend(pid) ${stalled}`);
        await sql("DROP FUNCTION spoil CASCADE");
      },
      async close() {
        await client.query(`DROP SCHEMA ${schema} CASCADE`);
        await client.end();
      },
    };
  }

  describe("PostgreSQL", () => {
    it("repeats what another transaction was in the way of, after a pause each time", async () => {
      const fixture = await postgresFixture();
      const deps = storeDeps();
      const store = await openStore(fixture.address, deps);
      await fixture.sql(`
        CREATE SEQUENCE tries;
        CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('tries') < 3 THEN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER conflict BEFORE INSERT ON keygrant_messages FOR EACH ROW EXECUTE FUNCTION conflict()`);
      await store.record(identity("a"), memory(), [transition()], [message("m")]);
      expect(await store.history(identity("a"), 10)).toHaveLength(1);
      expect(deps.slept).toEqual([100, 200]);
      await store.close();
      await fixture.close();
    });

    it("works where everything is serialisable by default", async () => {
      const fixture = await postgresFixture();
      const url = fixture.address.kind === "postgres" ? fixture.address.url : "";
      const stricter = url.replace("options=", "options=-c%20default_transaction_isolation%3Dserializable%20");
      const store = await openStore({ kind: "postgres", url: stricter }, storeDeps());
      const work = Array.from({ length: 20 }, () => store.record(identity("a"), memory(), [transition()], []));
      await Promise.all(work);
      expect(await store.history(identity("a"), 100)).toHaveLength(20);
      await store.close();
      await fixture.close();
    });

    it("survives that its connections are cut, between questions and within a report", async () => {
      const fixture = await postgresFixture();
      const store = await openStore(fixture.address, storeDeps());
      const cutAll = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()`;
      for (let index = 0; index < 300; index++) await store.record(identity(`k${index}`), memory(), [], []);
      await fixture.sql(cutAll);
      expect(await store.read(identity("k1"))).toEqual(memory());
      const report = async () => {
        for await (const _ of store.all()) await fixture.sql(cutAll);
      };
      await expect(report()).rejects.toMatchObject({ kind: "look", code: "look.unreachable" });
      expect(await store.read(identity("k1"))).toEqual(memory());
      await store.close();
      await fixture.close();
    });

    it("reads a report by its index", async () => {
      const fixture = await postgresFixture();
      const store = await openStore(fixture.address, storeDeps());
      await fixture.sql("SET enable_seqscan = off");
      const plan = await fixture.sql("EXPLAIN SELECT id, memory FROM keygrant_keys ORDER BY standing, place, id");
      expect(JSON.stringify(plan)).toContain("keygrant_keys_in_order");
      expect(JSON.stringify(plan)).not.toContain("Sort");
      await store.close();
      await fixture.close();
    });

    it.each([
      ["a wrong password", (url: string) => url.replace(/:[^:@]*@/, ":not-the-password@"), /password authentication/],
      ["no password", (url: string) => url.replace(/:[^:@]*@/, "@"), /password/],
      ["no such database", (url: string) => url.replace("/postgres", "/nowhere"), /"nowhere" does not exist/],
      ["a server without TLS", (url: string) => `${url}?sslmode=require`, /does not support SSL/],
    ])("%s is said plainly, with the host and without the password", async (_, change, words) => {
      const error = await failure(change(server.url()));
      expect(error).toMatchObject({ kind: "usage", code: "state.unusable" });
      expect(error.message).toContain(`127.0.0.1:${server.port}`);
      expect(error.message).toMatch(words);
      expect(everythingIn(error)).not.toMatch(/not-the-password|a-password-that/);
    });

    it("a user who may not make tables is told so", async () => {
      const fixture = await postgresFixture();
      await fixture.sql("DROP ROLE IF EXISTS guest");
      await fixture.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'");
      const error = await failure(server.url().replace(/\/\/[^@]*@/, "//guest:guest@"));
      expect(error).toMatchObject({ code: "state.unusable", message: expect.stringContaining("permission denied") });
      await fixture.close();
    });
  });

  it("PostgreSQL with TLS is believed as the URL says", async () => {
    const certificate = "test/io/fixtures/worthless-ca.pem";
    await using secure = await startPostgres({ tls: { certificate, key: "test/io/fixtures/worthless-ca.key.pem" } });
    const warnings: Error[] = [];
    const listen = (warning: Error) => void warnings.push(warning);
    process.on("warning", listen);
    for (const sslmode of ["prefer", "require", "verify-ca", "verify-full"]) {
      const error = await failure(secure.url({ parameters: { sslmode } }));
      expect(error).toMatchObject({ code: "state.unusable", message: expect.stringContaining("self-signed") });
      expect(error).toMatchObject({ fix: expect.stringContaining("sslrootcert") });
    }
    const isEncrypted = async (parameters: Readonly<Record<string, string>>) => {
      const store = await openStore({ kind: "postgres", url: secure.url({ parameters }) }, storeDeps());
      const client = new Client({ connectionString: secure.url() });
      await client.connect();
      const { rows } = await client.query(
        "SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'keygrant'",
      );
      await client.end();
      await store.close();
      return rows[0]?.ssl;
    };
    expect(await isEncrypted({ sslmode: "require", sslrootcert: certificate })).toBe(true);
    expect(await isEncrypted({ sslmode: "no-verify" })).toBe(true);
    expect(await isEncrypted({ sslmode: "require", uselibpqcompat: "true" })).toBe(true);
    expect(await isEncrypted({ sslmode: "disable" })).toBe(false);
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });

  async function failure(url: string): Promise<Error> {
    try {
      await (await openStore({ kind: "postgres", url }, storeDeps())).close();
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error("it was opened");
  }
});

describe("PostgreSQL that is not there", () => {
  const open = (url: string, deps = storeDeps()) => openStore({ kind: "postgres", url }, deps);

  it("cannot be reached, which is no verdict, and is tried some times", async () => {
    const port = await closedPort();
    const deps = storeDeps();
    await expect(open(`postgres://u:secret@127.0.0.1:${port}/db`, deps)).rejects.toMatchObject({
      kind: "look",
      code: "look.unreachable",
      message: expect.stringMatching(
        new RegExp(`^PostgreSQL at 127\\.0\\.0\\.1:${port} cannot be reached: .*ECONNREFUSED`),
      ),
    });
    expect(deps.slept).toEqual([100, 200, 400, 800, 1600]);
  });

  it("or whose socket is not there", async () => {
    const url = "postgres:///db?host=/nonexistent&user=u";
    await expect(open(url)).rejects.toMatchObject({ kind: "look", message: expect.stringContaining("/nonexistent") });
  });

  it("hangs up: cannot be reached", async () => {
    const server = createServer((socket: Socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    await expect(open(`postgres://u@127.0.0.1:${port}/db`)).rejects.toMatchObject({ code: "look.unreachable" });
    server.close();
  });

  it("a file of the URL that is not there is a wrong address", async () => {
    const url = "postgres://u:secret@127.0.0.1/db?sslmode=verify-full&sslrootcert=/nonexistent.pem";
    const error: unknown = await open(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "usage", code: "state.bad-address" });
    expect(everythingIn(error)).not.toContain("secret");
  });
});

/** An error with its causes, as far as anybody could print it. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack} ${JSON.stringify(error, Object.getOwnPropertyNames(error))} ${everythingIn(error.cause)}`;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
