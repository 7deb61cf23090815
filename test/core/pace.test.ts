import { describe, expect, it } from "vitest";
import { createPace, keysPerSecond, type PaceOptions, quotaDomain, shardOf } from "../../src/core/pace.ts";
import { testClock } from "../cli/harness.ts";

function pace(options: Partial<PaceOptions> = {}) {
  const clock = testClock(new Date("2026-11-20T10:00:00Z"));
  return { clock, pace: createPace({ clock, perDomain: 4, overall: 8, keysPerSecond: () => null, ...options }) };
}

/** Work that ends when the test says so, and counts how much of it runs at once. */
function gate() {
  const open: (() => void)[] = [];
  const seen = { running: 0, most: 0 };
  return {
    seen,
    open,
    async work() {
      seen.running++;
      seen.most = Math.max(seen.most, seen.running);
      await new Promise<void>((resolve) => open.push(resolve));
      seen.running--;
      return { value: null, throttled: false };
    },
  };
}

describe("the pace", () => {
  it("looks up once what a domain allows, however many keys it has", async () => {
    const asked: string[] = [];
    const { pace: p } = pace({
      keysPerSecond(domain) {
        asked.push(domain);
        return null;
      },
    });
    const work = async () => ({ value: null, throttled: false });
    await Promise.all(Array.from({ length: 60 }, (_, index) => p.run(`aws ${index % 3}`, work)));
    expect(asked.toSorted()).toEqual(["aws 0", "aws 1", "aws 2"]);
  });

  it("keeps each domain and the whole within their bounds, and finishes everything", async () => {
    const { pace: p } = pace();
    let running = 0;
    let most = 0;
    const perDomain = new Map<string, number>();
    const done = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const domain = `aws ${index % 3}`;
        return p.run(domain, async () => {
          running++;
          perDomain.set(domain, (perDomain.get(domain) ?? 0) + 1);
          most = Math.max(most, running);
          expect(perDomain.get(domain)).toBeLessThanOrEqual(4);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          perDomain.set(domain, (perDomain.get(domain) ?? 0) - 1);
          return { value: index, throttled: false };
        });
      }),
    );
    expect(done).toEqual(Array.from({ length: 60 }, (_, index) => index));
    expect(most).toBe(8);
  });

  it("a domain that hangs does not hold up another", async () => {
    const { pace: p } = pace();
    const dead = gate();
    for (let i = 0; i < 20; i++) void p.run("aws dead", () => dead.work());
    const alive = await Promise.all(
      Array.from({ length: 20 }, (_, i) => p.run("aws alive", async () => ({ value: i, throttled: false }))),
    );
    expect(alive).toHaveLength(20);
    expect(dead.seen.most).toBe(4);
  });

  it("halves when throttled and grows slowly when not", async () => {
    const { pace: p } = pace();
    await p.run("aws x", async () => ({ value: null, throttled: true }));
    const held = gate();
    const all = Array.from({ length: 8 }, () => p.run("aws x", () => held.work()));
    await new Promise((resolve) => setImmediate(resolve));
    expect(held.seen.running).toBe(2);
    while (held.seen.running > 0) {
      for (const open of held.open.splice(0)) open();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(held.seen.most).toBe(3);
  });

  it("counts work that throws as finished", async () => {
    const { pace: p } = pace({ overall: 1 });
    await expect(p.run("aws x", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(p.run("aws x", async () => ({ value: 1, throttled: false }))).resolves.toBe(1);
  });

  it("keeps to the budget of a domain", async () => {
    const { pace: p, clock } = pace({ keysPerSecond: (domain) => (domain === "aws slow" ? 2 : null) });
    const began = clock.now().getTime();
    await Promise.all(
      Array.from({ length: 5 }, () => p.run("aws slow", async () => ({ value: null, throttled: false }))),
    );
    expect(clock.now().getTime() - began).toBe(2_000);
  });
});

describe("quota domains", () => {
  it.each([
    [{ cloud: "aws", id: "x", region: "eu-west-1", owner: "111122223333" }, "aws 111122223333 eu-west-1"],
    [{ cloud: "gcp", id: "x", region: "europe-west1", owner: "my-project" }, "gcp my-project "],
    [{ cloud: "oci", id: "x", region: "eu-frankfurt-1", owner: null }, "oci  eu-frankfurt-1"],
  ] as const)("%o", (key, domain) => {
    expect(quotaDomain(key)).toBe(domain);
  });

  it("share what is published, and only our part of it", () => {
    expect(keysPerSecond("aws 1 r", 0.2)).toBe(20);
    expect(keysPerSecond("gcp p ", 0.2)).toBeCloseTo(1 / 3);
  });
});

describe("shards", () => {
  it("give every domain to one shard, the same one each time", () => {
    const domains = Array.from({ length: 1_000 }, (_, i) => `aws ${i} eu-west-1`);
    const counts = [0, 0, 0, 0];
    for (const domain of domains) {
      const shard = shardOf(domain, 4);
      expect(shardOf(domain, 4)).toBe(shard);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(200);
  });
});
