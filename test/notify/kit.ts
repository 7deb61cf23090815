import { type FindingCode, finding } from "../../src/core/findings.ts";
import type { Transition } from "../../src/core/history.ts";
import type { KeyStore, Message, SpooledMessage } from "../../src/core/memory.ts";
import type { LookCode } from "../../src/core/model.ts";
import type { KeyReport } from "../../src/core/report.ts";
import { createAgents } from "../../src/io/agents.ts";
import type { DeliverDeps } from "../../src/notify/deliver.ts";
import type { Target } from "../../src/notify/target.ts";
import { type FakeClock, fakeClock } from "../io/stub.ts";

export const KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

export function found(code: Exclude<FindingCode, LookCode>, detail = `it is ${code}`) {
  return finding(code, { subject: KEY, detail });
}

export function report(more: Partial<KeyReport> = {}): KeyReport {
  return {
    vendor: "aiven",
    project: "demo",
    cmkId: "5cc5ab2c-90b1-4f4c-8b5d-1d3a5b6c7d8e",
    default: false,
    cloud: "aws",
    key: KEY,
    region: "eu-west-1",
    phase: "INVALID",
    assurance: null,
    message: "The key is disabled.",
    since: "2026-11-21T10:00:00.000Z",
    stale: false,
    waiting: false,
    lastCheckedAt: "2026-11-21T10:00:00.000Z",
    lastValidAt: "2026-11-21T09:50:00.000Z",
    evidence: { key: "fail", grant: "pass", roundtrip: "unknown", vendor: "unknown" },
    findings: [found("key.disabled", "The key is disabled.")],
    accepted: [],
    services: [{ name: "pg-orders", status: "active" }],
    deletionAt: null,
    materialExpiresAt: null,
    muted: [],
    ...more,
  };
}

export function transition(more: Partial<Transition> = {}): Transition {
  return {
    at: "2026-11-21T10:00:00.000Z",
    kind: "phase",
    from: "VALID",
    to: "INVALID",
    message: "The key is disabled.",
    code: null,
    ...more,
  };
}

export interface Spool extends KeyStore {
  put(...messages: readonly Pick<Message, "target" | "body">[]): void;
  /** What has not arrived, oldest first. */
  waiting(): readonly { readonly body: string; readonly dueAt: Date }[];
  /** How often messages were taken. */
  readonly takes: { count: number };
}

interface Held extends SpooledMessage {
  readonly dueAt: Date;
}

/** The spool of a `KeyStore` and nothing else of it. */
export function memorySpool(at = "2026-11-21T10:00:00.000Z"): Spool {
  const spool = new Map<string, Held>();
  const takes = { count: 0 };
  let last = 0;
  const unused = () => Promise.reject(new Error("not a spool's business"));
  return {
    takes,
    read: unused,
    record: unused,
    history: unused,
    forget: unused,
    all: () => {
      throw new Error("not a spool's business");
    },
    close: async () => {},
    put(...messages) {
      for (const message of messages) {
        const id = String(++last);
        spool.set(id, { ...message, id, at, attempts: 0, dueAt: new Date(at) });
      }
    },
    waiting: () => [...spool.values()].map(({ body, dueAt }) => ({ body, dueAt })),
    async takeMessages(now, leaseMs, limit) {
      takes.count++;
      const due = [...spool.values()].filter((one) => one.dueAt <= now).slice(0, limit);
      for (const one of due) spool.set(one.id, { ...one, dueAt: new Date(now.getTime() + leaseMs) });
      return due;
    },
    async settleMessage(id, outcome) {
      const held = spool.get(id);
      if (held === undefined) throw new Error(`no message ${id}`);
      if (outcome.delivered) spool.delete(id);
      else spool.set(id, { ...held, attempts: held.attempts + 1, dueAt: outcome.retryAt });
    },
  } as Spool;
}

export function target(url: string, more: Partial<Target> = {}): Target {
  return { name: "ops", url: `${url}/hook`, secret: "a shared secret", format: "json", timeoutMs: 5_000, ...more };
}

export function deliverDeps(more: Partial<DeliverDeps> = {}): DeliverDeps & { readonly clock: FakeClock } {
  const clock = fakeClock();
  return {
    agents: createAgents({ proxyEnv: {} }),
    jitter: () => 1,
    signal: new AbortController().signal,
    ...more,
    clock: clock,
  };
}
