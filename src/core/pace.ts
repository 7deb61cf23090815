import type { KeyRef } from "./model.ts";
import type { Clock } from "./ports.ts";

/** How fast a cloud may be asked. */
export interface PaceOptions {
  readonly clock: Clock;
  /** How many keys at once in one quota domain, at most and to begin with. */
  readonly perDomain: number;
  /** How many keys at once over all domains. */
  readonly overall: number;
  /** Keys a second that a domain allows at our share of its quotas; null: no budget (loopback). */
  readonly keysPerSecond: (domain: string) => number | null;
}

/** What a piece of work found out about the pace. */
export interface Paced<T> {
  readonly value: T;
  /** The provider asked to slow down. */
  readonly throttled: boolean;
}

export interface Pace {
  /** Runs the work when its domain allows. Work of one domain never waits for another domain's answers. */
  run<T>(domain: string, work: () => Promise<Paced<T>>): Promise<T>;
}

/**
 * What shares one published quota: an account's region (AWS KMS quotas are for an account and region), a calling
 * project (Google), a vault's region and realm (OCI, whose OCIDs do not tell the tenancy).
 */
export function quotaDomain(key: KeyRef): string {
  return [key.cloud, key.owner ?? "", key.cloud === "gcp" ? "" : (key.region ?? "")].join(" ");
}

interface Domain {
  /** Keys a second; null: no budget. */
  readonly rate: number | null;
  /** How many may run at once now: halved when throttled, grown slowly when not. */
  limit: number;
  running: number;
  /** When the budget allows the next one, in milliseconds. */
  nextAt: number;
  sleeping: boolean;
  readonly waiting: (() => void)[];
}

export function createPace(options: PaceOptions): Pace {
  const domains = new Map<string, Domain>();
  let running = 0;

  function domainOf(name: string): Domain {
    const known = domains.get(name);
    if (known !== undefined) return known;
    const rate = options.keysPerSecond(name);
    const fresh: Domain = { rate, limit: options.perDomain, running: 0, nextAt: 0, sleeping: false, waiting: [] };
    domains.set(name, fresh);
    return fresh;
  }

  /** Starts whatever may start. Domains take turns, so that a long queue does not keep a short one out. */
  function dispatch(): void {
    let started = true;
    while (started) {
      started = false;
      for (const domain of domains.values()) {
        if (running >= options.overall) return;
        if (!mayStart(domain)) continue;
        running++;
        domain.running++;
        domain.waiting.shift()?.();
        started = true;
      }
    }
  }

  function mayStart(domain: Domain): boolean {
    if (domain.waiting.length === 0 || domain.sleeping || domain.running >= Math.floor(domain.limit)) return false;
    const { rate } = domain;
    if (rate === null) return true;
    const now = options.clock.now().getTime();
    if (now >= domain.nextAt) {
      domain.nextAt = Math.max(now, domain.nextAt) + 1_000 / rate;
      return true;
    }
    domain.sleeping = true;
    void options.clock.sleep(domain.nextAt - now).finally(() => {
      domain.sleeping = false;
      dispatch();
    });
    return false;
  }

  function finished(domain: Domain, throttled: boolean): void {
    running--;
    domain.running--;
    // Additive increase, multiplicative decrease: one more after a full round that went well, half when told off.
    domain.limit = throttled
      ? Math.max(1, domain.limit / 2)
      : Math.min(options.perDomain, domain.limit + 1 / domain.limit);
    dispatch();
  }

  return {
    async run(name, work) {
      const domain = domainOf(name);
      await new Promise<void>((resolve) => {
        domain.waiting.push(resolve);
        dispatch();
      });
      let throttled = false;
      try {
        const paced = await work();
        throttled = paced.throttled;
        return paced.value;
      } finally {
        finished(domain, throttled);
      }
    },
  };
}

/** Published quotas, calls a second, and how many of them one key costs at most (FACTS §3 to §5). */
const QUOTAS: Readonly<Record<KeyRef["cloud"], { readonly callsPerSecond: number; readonly callsPerKey: number }>> = {
  // ListGrants is the scarcest call of a look: 100 a second for an account and region.
  aws: { callsPerSecond: 100, callsPerKey: 1 },
  // 300 reads a minute for a calling project: key, versions and its policy.
  gcp: { callsPerSecond: 5, callsPerKey: 3 },
  // Some 10 management calls a second for a tenancy: key and versions.
  oci: { callsPerSecond: 10, callsPerKey: 2 },
  azure: { callsPerSecond: 10, callsPerKey: 2 },
};

/** How much of the published quotas keygrant takes by default: cryptographic ones are shared with production. */
export const DEFAULT_SHARE = 0.2;

/** Keys a second in a domain, when keygrant may take `share` (0 to 1) of its quotas. */
export function keysPerSecond(domain: string, share: number): number {
  const cloud = domain.split(" ", 1)[0] as KeyRef["cloud"];
  const { callsPerSecond, callsPerKey } = QUOTAS[cloud];
  return (callsPerSecond * share) / callsPerKey;
}

/** Which of `of` shards (from 0) looks after a domain: whole domains, so that no quota is counted twice. */
export function shardOf(domain: string, of: number): number {
  // FNV-1a: stable between runs and machines, which is all that is asked of it.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(domain)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % of;
}
