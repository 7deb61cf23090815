import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeyIdentity } from "../../src/core/history.ts";
import type { KeyStore } from "../../src/core/memory.ts";
import { HISTORY_KEPT } from "../../src/state/rows.ts";
import { openStore, type StoreAddress, type StoreDeps } from "../../src/state/store.ts";
import { start } from "../state/store-children.ts";
import { identity, memory, message, NOW, transition } from "../state/store-samples.ts";

/** A store that is nobody else's, and ways past it into what it keeps. */
export interface StoreFixture {
  readonly address: StoreAddress;
  /** SQL that both dialects understand. */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** From now on spooling a message fails. */
  breakMessages(): Promise<void>;
  /** From now on spooling a message does not end, until `unstall`. */
  stallMessages(): Promise<void>;
  isStalled(): Promise<boolean>;
  unstall(): Promise<void>;
  close(): Promise<void>;
}

/** What a store gets from outside: a clock on which waiting takes no time. */
export function storeDeps(): StoreDeps & { readonly slept: readonly number[] } {
  const slept: number[] = [];
  return {
    slept,
    clock: {
      now: () => new Date(NOW),
      async sleep(ms) {
        slept.push(ms);
        await nextTurn();
      },
    },
    jitter: () => 0.5,
    random: (size) => randomBytes(size),
  };
}

/** What every store does (`KeyStore` in core/memory.ts). */
export function storeContract(name: string, make: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  const stores: KeyStore[] = [];

  async function open(): Promise<KeyStore> {
    const store = await openStore(fixture.address, storeDeps());
    stores.push(store);
    return store;
  }

  beforeEach(async () => {
    fixture = await make();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await fixture.close();
  });

  describe(`${name}: keys`, () => {
    it("are not remembered before, and as they were recorded after", async () => {
      const store = await open();
      expect(await store.read(identity("a"))).toBeNull();
      await store.record(identity("a"), memory(), [], []);
      expect(await store.read(identity("a"))).toEqual(memory());
      const other = memory({ phase: "INVALID", assurance: null }, { doubts: 1, told: ["stale"], probe: null });
      await store.record(identity("a"), other, [], []);
      expect(await store.read(identity("a"))).toEqual(other);
      expect(await (await open()).read(identity("a"))).toEqual(other);
    });

    it("are told apart by vendor, project and key", async () => {
      const store = await open();
      const ids: readonly KeyIdentity[] = [
        identity("a"),
        identity("b"),
        identity("a", "other"),
        identity("a", null),
        identity("a", "null"),
        { vendor: "confluent", project: "demo", key: "a" },
        identity('a","b'),
      ];
      for (const [doubts, id] of ids.entries()) await store.record(id, memory({}, { doubts }), [transition()], []);
      for (const [doubts, id] of ids.entries()) {
        expect((await store.read(id))?.doubts).toBe(doubts);
        expect(await store.history(id, 10)).toHaveLength(1);
      }
      expect((await everything(store)).map(({ id }) => id)).toEqual(expect.arrayContaining([...ids]));
    });

    it("are kept whatever their words hold", async () => {
      const store = await open();
      const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 1, 0x22, 0x5c, 0xd800, 0xdfff));
      const text = fc.array(unit, { maxLength: 40 }).map((units) => String.fromCharCode(...units));
      await fc.assert(
        fc.asyncProperty(text, text, text, async (key, words, project) => {
          const id = { ...identity(key), project: `p${project}` };
          const kept = memory({ key, message: words, project, services: [{ name: words, status: key }] });
          await store.record(id, kept, [transition({ message: words })], [{ target: words, body: key, at: NOW }]);
          expect(await store.read(id)).toEqual(kept);
          expect(await store.history(id, 1)).toEqual([transition({ message: words })]);
          const [taken] = await store.takeMessages(new Date(NOW), 1000, 1);
          expect(taken).toMatchObject({ target: words, body: key });
          await store.settleMessage(taken?.id ?? "", { delivered: true });
          expect(
            (await everything(store)).find((one) => one.id.key === key && one.id.project === id.project)?.id,
          ).toEqual(id);
        }),
        { numRuns: 60 },
      );
    });

    it("may be longer than an index holds", async () => {
      const store = await open();
      for (const key of ["😀", "x"].map((one) => randomText(one, 9000))) {
        await store.record(identity(key, key), memory({ message: key.repeat(50) }), [transition()], []);
        expect((await store.read(identity(key, key)))?.report.message).toBe(key.repeat(50));
        expect(await store.history(identity(key, key), 5)).toHaveLength(1);
      }
      expect(await everything(store)).toHaveLength(2);
    });

    it("are forgotten alone, but not their history", async () => {
      const store = await open();
      for (const key of ["a", "b"]) await store.record(identity(key), memory(), [transition()], [message(key)]);
      await store.forget(identity("a"));
      await store.forget(identity("never there"));
      expect(await store.read(identity("a"))).toBeNull();
      expect((await everything(store)).map(({ id }) => id.key)).toEqual(["b"]);
      expect(await store.history(identity("a"), 10)).toHaveLength(1);
      expect(await store.takeMessages(new Date(NOW), 1000, 10)).toHaveLength(2);
      await store.record(identity("a"), memory(), [transition({ kind: "cause" })], []);
      expect((await store.history(identity("a"), 10)).map(({ kind }) => kind)).toEqual(["cause", "phase"]);
    });
  });

  describe(`${name}: history`, () => {
    it("comes newest first, as much as was asked for", async () => {
      const store = await open();
      const at = (minute: number) => `2026-11-20T10:0${minute}:00.000Z`;
      const first = [transition({ at: at(1), message: "1a" }), transition({ at: at(1), message: "1b" })];
      await store.record(identity("a"), memory(), first, []);
      await store.record(identity("a"), memory(), [transition({ at: at(3), message: "3" })], []);
      // A machine whose clock is behind.
      await store.record(identity("a"), memory(), [transition({ at: at(2), message: "2" })], []);
      const words = async (limit: number) => (await store.history(identity("a"), limit)).map(({ message }) => message);
      expect(await words(10)).toEqual(["3", "2", "1b", "1a"]);
      expect(await words(2)).toEqual(["3", "2"]);
      expect(await words(0)).toEqual([]);
    });
  });

  it(`${name}: history of a key that changes for ever is bounded, and the newest is kept`, async () => {
    const store = await open();
    await store.record(identity("b"), memory(), [transition()], []);
    const at = (number: number) => new Date(Date.parse(NOW) + number).toISOString();
    const many = Array.from({ length: HISTORY_KEPT + 7 }, (_, number) => transition({ at: at(number) }));
    await store.record(identity("a"), memory(), many.slice(0, -1), []);
    await store.record(identity("a"), memory(), many.slice(-1), []);
    const kept = await store.history(identity("a"), HISTORY_KEPT * 2);
    expect(kept.map((one) => one.at)).toEqual(
      many
        .map((one) => one.at)
        .slice(7)
        .reverse(),
    );
    expect(await store.history(identity("b"), 10)).toHaveLength(1);
  });

  describe(`${name}: all keys`, () => {
    it("come worst first, then by project, then by key", async () => {
      const store = await open();
      const states = {
        VALID: memory(),
        INITIALIZING: memory({ phase: "INITIALIZING" }),
        undetermined: memory({ phase: "INVALID", stale: true }),
        INVALID: memory({ phase: "INVALID" }),
      };
      const ids = ["z", "a b", "a", "a-b", "Z", "é", "😀", "\uffee"].flatMap((project) =>
        ["k1", "k10", "k2"].map((key) => identity(key, project)),
      );
      ids.push(identity("k", null), { ...identity("k1", "a"), vendor: "a-vendor" });
      for (const id of ids.toReversed())
        for (const [standing, state] of Object.entries(states))
          await store.record({ ...id, key: `${id.key}/${standing}` }, state, [], []);
      const found = await everything(store);
      const inOrder = ["INVALID", "undetermined", "INITIALIZING", "VALID"].flatMap((standing) =>
        ids
          .map((id) => ({ ...id, key: `${id.key}/${standing}` }))
          .sort(
            (a, b) => byBytes(a.project ?? "", b.project ?? "") || byBytes(a.key, b.key) || byBytes(a.vendor, b.vendor),
          ),
      );
      expect(found.map(({ id }) => id)).toEqual(inOrder);
      await store.record(identity("k2/VALID", "z"), states.INVALID, [], []);
      const moved = await everything(store);
      expect(
        moved.map(({ memory }) => memory.report.phase === "INVALID" && !memory.report.stale).lastIndexOf(true),
      ).toBe(ids.length);
    });

    it("come one after the other, each once, as of one moment, and others may record meanwhile", async () => {
      const store = await open();
      await inTurns(5000, 8, (index) =>
        store.record(identity(`key-${String(index).padStart(4, "0")}`), memory(), [], []),
      );
      const seen: string[] = [];
      for await (const { id } of store.all()) {
        // Moves the key of the end to the beginning, and adds one behind it.
        if (seen.length === 3) {
          await store.record(identity("key-4999"), memory({ phase: "INVALID" }), [transition()], [message("m")]);
          await store.record(identity("key-9999"), memory(), [], []);
          await store.forget(identity("key-0777"));
        }
        seen.push(id.key);
      }
      expect(seen).toEqual(Array.from({ length: 5000 }, (_, index) => `key-${String(index).padStart(4, "0")}`));
      for await (const { id } of store.all()) {
        expect(id.key).toBe("key-4999");
        break;
      }
      expect(await everything(store)).toHaveLength(5000);
    }, 60_000);
  });

  describe(`${name}: recording`, () => {
    it("is all or nothing", async () => {
      const store = await open();
      await store.record(identity("a"), memory(), [], [message("before")]);
      await fixture.breakMessages();
      const changed = memory({ phase: "INVALID" });
      await expect(
        store.record(identity("a"), changed, [transition()], [message("one"), message("two")]),
      ).rejects.toThrow();
      await expect(store.record(identity("b"), changed, [transition()], [message("one")])).rejects.toThrow();
      expect(await store.read(identity("a"))).toEqual(memory());
      expect(await store.read(identity("b"))).toBeNull();
      expect(await store.history(identity("a"), 10)).toEqual([]);
      expect((await store.takeMessages(new Date(NOW), 1000, 10)).map(({ body }) => body)).toEqual(["before"]);
      await store.record(identity("a"), changed, [transition()], []);
      expect(await store.history(identity("a"), 10)).toHaveLength(1);
    });

    it("is each key's own, however many are recorded at once: one that fails takes no other along", async () => {
      const store = await open();
      await fixture.breakMessages();
      const all = await Promise.allSettled(
        ["a", "b", "c", "d"].map((key) =>
          store.record(identity(key), memory(), [transition()], key === "b" ? [message("lost")] : []),
        ),
      );
      expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
      expect((await everything(store)).map(({ id }) => id.key)).toEqual(["a", "c", "d"]);
      for (const key of ["a", "c", "d"]) expect(await store.history(identity(key), 10)).toHaveLength(1);
      expect(await store.history(identity("b"), 10)).toEqual([]);
    });

    it("refuses a time that is none, and leaves nothing", async () => {
      const store = await open();
      const wrong = store.record(identity("a"), memory(), [transition()], [message("m", "yesterday")]);
      await expect(wrong).rejects.toThrow(RangeError);
      expect(await store.read(identity("a"))).toBeNull();
    });

    it("of one key by two runs at once: the last one wins whole, and the history has both", async () => {
      const runs = await Promise.all([open(), open()]);
      await Promise.all(
        runs.map((run, who) =>
          inTurns(40, 4, (count) => {
            const words = `${who} ${count}`;
            return run.record(identity("a"), memory({ message: words }), [transition({ message: words })], []);
          }),
        ),
      );
      const history = await runs[0]?.history(identity("a"), 1000);
      expect(new Set(history?.map(({ message }) => message)).size).toBe(80);
      expect((await runs[1]?.read(identity("a")))?.report.message).toBe(history?.[0]?.message);
    });
  });

  describe(`${name}: messages`, () => {
    const at = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1000);
    const spool = (store: KeyStore, ...bodies: readonly string[]) =>
      store.record(
        identity("a"),
        memory(),
        [],
        bodies.map((body) => message(body)),
      );
    const bodies = async (store: KeyStore, seconds: number, limit = 10) =>
      (await store.takeMessages(at(seconds), 60_000, limit)).map(({ body }) => body);

    it("come oldest first, as many as were asked for", async () => {
      const store = await open();
      await store.record(identity("a"), memory(), [], [message("late", at(9).toISOString()), message("m1")]);
      await spool(store, "m2", "m3");
      expect(await bodies(store, 0, 0)).toEqual([]);
      expect(await bodies(store, 0, 2)).toEqual(["m1", "m2"]);
      // Due at once, whatever the clock of the run that wrote it says.
      expect(await bodies(store, 0)).toEqual(["m3", "late"]);
    });

    it("are one run's alone until its lease runs out", async () => {
      const [one, two] = [await open(), await open()];
      await spool(one, "m1", "m2");
      expect(await bodies(one, 0, 1)).toEqual(["m1"]);
      expect(await bodies(two, 1)).toEqual(["m2"]);
      expect(await bodies(two, 59)).toEqual([]);
      expect(await bodies(two, 60)).toEqual(["m1"]);
      expect(await bodies(one, 61)).toEqual(["m2"]);
    });

    it("are gone when they arrived, and due again when they did not", async () => {
      const store = await open();
      await spool(store, "m1", "m2");
      const [m1, m2] = await store.takeMessages(at(0), 60_000, 10);
      expect(m1).toEqual({ id: expect.any(String), target: "pager", body: "m1", at: NOW, attempts: 0 });
      await store.settleMessage(m1?.id ?? "", { delivered: true });
      await store.settleMessage(m1?.id ?? "", { delivered: true });
      await store.settleMessage(m2?.id ?? "", { delivered: false, retryAt: at(5) });
      expect(await bodies(store, 4)).toEqual([]);
      const [again] = await store.takeMessages(at(5), 60_000, 10);
      expect(again).toEqual({ ...m2, attempts: 1 });
      expect(await bodies(store, 1000)).toEqual(["m2"]);
    });

    it("are not put off by a run whose lease ran out, and are gone when it did deliver", async () => {
      const [slow, other] = [await open(), await open()];
      await spool(slow, "m");
      const [held] = await slow.takeMessages(at(0), 1000, 1);
      expect(await bodies(other, 2)).toEqual(["m"]);
      await slow.settleMessage(held?.id ?? "", { delivered: false, retryAt: at(3) });
      expect(await bodies(other, 4)).toEqual([]);
      await slow.settleMessage(held?.id ?? "", { delivered: true });
      expect(await bodies(other, 1000)).toEqual([]);
    });

    it("never go to two who take at once", async () => {
      const runs = await Promise.all([open(), open(), open()]);
      const all = Array.from({ length: 60 }, (_, index) => `m${index}`);
      await spool(runs[0] ?? (await open()), ...all);
      const taken = await Promise.all(runs.map((run) => Promise.all([1, 2, 3, 4].map(() => bodies(run, 0, 5)))));
      expect(taken.flat(2).sort()).toEqual([...all].sort());
    });
  });

  describe(`${name}: what is in it`, () => {
    it("of a newer keygrant is left as it is", async () => {
      await (await open()).record(identity("a"), memory(), [transition()], []);
      await fixture.sql("INSERT INTO keygrant_schema VALUES (1000, 'then')");
      await expect(open()).rejects.toMatchObject({ kind: "usage", code: "state.newer" });
      expect(await fixture.sql("SELECT version FROM keygrant_schema ORDER BY version")).toMatchObject([
        { version: 1 },
        { version: 1000 },
      ]);
    });

    it("that does not say its version is an error", async () => {
      await open();
      await fixture.sql("DELETE FROM keygrant_schema");
      await expect(open()).rejects.toMatchObject({ kind: "usage", code: "state.damaged" });
    });

    it("that was taken away is an error", async () => {
      const store = await open();
      await fixture.sql("DROP TABLE keygrant_history");
      await expect(store.record(identity("a"), memory(), [transition()], [])).rejects.toMatchObject({
        code: "state.damaged",
      });
      expect(await store.read(identity("a"))).toBeNull();
    });

    it.each(["{", "{}", "null", '{"report":{}}'])("and cannot be read names its key: %s", async (text) => {
      const store = await open();
      for (const key of ["good", "broken\u0007"])
        await store.record(identity(key), memory({ key }), [transition()], [message("m")]);
      const where = "WHERE identity LIKE '%broken%'";
      await fixture.sql(`UPDATE keygrant_keys SET memory = '${text}' ${where}`);
      await fixture.sql(`UPDATE keygrant_history SET transition = '${text}' ${where}`);
      const error = {
        kind: "usage",
        code: "state.damaged",
        message: expect.stringMatching(/the key broken.* of project demo/),
      };
      await expect(store.read(identity("broken\u0007"))).rejects.toMatchObject(error);
      await expect(store.history(identity("broken\u0007"), 1)).rejects.toMatchObject(error);
      await expect(everything(store)).rejects.toMatchObject(error);
      expect(await store.read(identity("good"))).not.toBeNull();
      // What the advice says.
      await store.record(identity("broken\u0007"), memory(), [], []);
      expect(await everything(store)).toHaveLength(2);
    });

    it("and cannot be read of a message is not taken", async () => {
      const store = await open();
      await store.record(identity("a"), memory(), [], [message("m")]);
      await fixture.sql("UPDATE keygrant_messages SET message = 'm'");
      await expect(store.takeMessages(new Date(NOW), 1000, 1)).rejects.toMatchObject({ code: "state.damaged" });
      expect(await fixture.sql("SELECT attempts FROM keygrant_messages")).toMatchObject([{ attempts: 0 }]);
    });

    it("and only another version knows is left out", async () => {
      const store = await open();
      const [known] = memory().report.findings;
      const report = { ...memory().report, findings: [{ ...known, code: "key.of-tomorrow", level: "moon" }, known] };
      const row = { ...memory(), report: { ...report, accepted: ["key.of-tomorrow"], tomorrow: 1 }, tomorrow: 1 };
      await store.record(identity("a"), memory(), [], []);
      await fixture.sql(`UPDATE keygrant_keys SET memory = '${JSON.stringify(row)}'`);
      expect(await store.read(identity("a"))).toEqual(memory());
    });

    it("is made once by many who open it at once", async () => {
      for (let round = 0; round < 5; round++) {
        const another = await make();
        const opened = await Promise.all(Array.from({ length: 8 }, () => openStore(another.address, storeDeps())));
        expect(await another.sql("SELECT version FROM keygrant_schema")).toMatchObject([{ version: 1 }]);
        for (const store of opened) await store.close();
        await another.close();
      }
    });

    it("is there for the next run, and closing twice does no harm", async () => {
      const store = await open();
      await store.record(identity("a"), memory(), [], []);
      await store.close();
      await store.close();
      expect(await (await open()).read(identity("a"))).toEqual(memory());
    });
  });

  describe(`${name}: several processes`, () => {
    it("make it at once, and record at once", async () => {
      const names = ["one", "two", "three"];
      const children = names.map((own) => start({ task: "record", address: fixture.address, own, times: 15 }));
      await Promise.all(children.map(async (child) => expect(await child.end()).toEqual(["open"])));
      const store = await open();
      expect(await fixture.sql("SELECT version FROM keygrant_schema")).toMatchObject([{ version: 1 }]);
      expect((await everything(store)).map(({ id }) => id.key).sort()).toEqual([...names, "shared"].sort());
      for (const own of names) expect(await store.history(identity(own), 100)).toHaveLength(15);
      const shared = await store.history(identity("shared"), 100);
      expect(shared).toHaveLength(45);
      expect((await store.read(identity("shared")))?.report.message).toBe(shared[0]?.message);
      expect(await store.takeMessages(new Date(NOW), 1000, 100)).toHaveLength(45);
    });

    it("never take the same message", async () => {
      const store = await open();
      const spooled = Array.from({ length: 60 }, (_, index) => message(`m${index}`));
      await store.record(identity("a"), memory(), [], spooled);
      const children = [1, 2, 3].map(() => start({ task: "take", address: fixture.address }));
      const said = await Promise.all(children.map((child) => child.end()));
      const ids = said.flat().filter((line) => line !== "open");
      expect(ids).toHaveLength(60);
      expect(new Set(ids).size).toBe(60);
    });

    it("that are killed leave the old or the new, each time whole", async () => {
      const store = await open();
      for (let round = 1; round <= 4; round++) {
        const child = start({ task: "endless", address: fixture.address, own: "a" });
        await child.said((lines) => lines.length > 5 * round);
        const lines = await child.kill();
        const kept = await store.read(identity("a"));
        const history = await store.history(identity("a"), 1_000_000);
        const [count] = await fixture.sql("SELECT count(*) AS n FROM keygrant_messages");
        expect(kept?.doubts).toBeGreaterThanOrEqual(Number(lines.at(-1)));
        expect(kept?.doubts).toBeLessThanOrEqual(Number(lines.at(-1)) + 1);
        expect(history).toHaveLength(kept?.doubts ?? 0);
        expect(Number(count?.["n"])).toBe(kept?.doubts);
      }
    }, 60_000);

    it("that are killed in the middle leave the old", async () => {
      const store = await open();
      await store.record(identity("a"), memory(), [], [message("before")]);
      await fixture.stallMessages();
      const child = start({ task: "record", address: fixture.address, own: "a", times: 1 });
      await vi.waitFor(async () => expect(await fixture.isStalled()).toBe(true), { timeout: 20_000, interval: 20 });
      await child.kill();
      expect(await store.read(identity("a"))).toEqual(memory());
      expect(await store.history(identity("a"), 10)).toEqual([]);
      await fixture.unstall();
      await store.record(identity("a"), memory({ phase: "INVALID" }), [transition()], [message("after")]);
      expect((await store.takeMessages(new Date(NOW), 1000, 10)).map(({ body }) => body)).toEqual(["before", "after"]);
    }, 60_000);
  });
}

async function everything(store: KeyStore) {
  return Array.fromAsync(store.all());
}

/** As UTF-8 sorts, which is not how JavaScript does. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function inTurns(times: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < times) await work(next++);
    }),
  );
}

/** Text that no index can compress into what it holds. */
function randomText(mark: string, length: number): string {
  return mark + randomBytes(length).toString("base64");
}
