import { durationText } from "../core/duration.ts";
import type { KeyStore, SpooledMessage } from "../core/memory.ts";
import type { Clock, Jitter } from "../core/ports.ts";
import { plainText } from "../core/text.ts";
import type { Agents } from "../io/agents.ts";
import { post } from "./post.ts";
import { IDEMPOTENCY_HEADER, idempotencyKey, SIGNATURE_HEADER, signature } from "./signature.ts";
import type { Target } from "./target.ts";

export interface DeliverDeps {
  readonly agents: Agents;
  readonly clock: Clock;
  readonly jitter: Jitter;
  /** A person's or scheduler's "stop". Not the run's deadline: what is late then is exactly what has to be told. */
  readonly signal: AbortSignal;
  /** The longest that all of it may take, in milliseconds. */
  readonly budgetMs?: number;
}

export interface DeliveryReport {
  readonly delivered: number;
  /** The receivers that could not be told everything, by name. */
  readonly undelivered: readonly Undelivered[];
}

export interface Undelivered {
  readonly target: string;
  /** How many messages this run tried or held back; more may be waiting in the spool. */
  readonly messages: number;
  /** When the oldest of them was made (ISO 8601, UTC). */
  readonly oldestAt: string;
  readonly detail: string;
}

const BUDGET_MS = 20_000;
const BATCH = 50;
/** No attempt is so short that no receiver could answer it. */
const LEAST_TIMEOUT_MS = 500;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;

interface Run {
  readonly store: KeyStore;
  readonly targets: ReadonlyMap<string, Target>;
  readonly deps: DeliverDeps;
  readonly end: number;
  readonly open: Map<string, { readonly message: SpooledMessage; readonly detail: string }>;
  /** Receivers that failed, and when they are tried again: what is behind the message that failed waits with it. */
  readonly blocked: Map<string, { readonly retryAt: Date; readonly detail: string }>;
  delivered: number;
}

/**
 * Sends what waits in the spool, and goes on while there is time. At least once: a message counts as delivered when the
 * receiver answered 2xx. What did not arrive stays in the spool, for ever, with growing pauses. In order for a receiver
 * as far as the spool gives it: after a failure nothing newer is sent before the next attempt.
 */
export async function deliver(store: KeyStore, targets: readonly Target[], deps: DeliverDeps): Promise<DeliveryReport> {
  // A run without receivers takes nothing that another one could deliver.
  if (targets.length === 0) return { delivered: 0, undelivered: [] };
  const budget = deps.budgetMs ?? BUDGET_MS;
  const run: Run = {
    store,
    targets: new Map(targets.map((target) => [target.name, target])),
    deps,
    end: deps.clock.now().getTime() + budget,
    open: new Map(),
    blocked: new Map(),
    delivered: 0,
  };
  // Longer than this run can last: what it holds is free again only when it must be dead.
  const leaseMs = budget + Math.max(...targets.map((target) => target.timeoutMs)) + 60_000;
  while (hasTime(run)) {
    const taken = isAllBlocked(run) ? [] : await store.takeMessages(deps.clock.now(), leaseMs, BATCH);
    if (taken.length > 0) await sendAll(run, taken);
    else if (!(await waited(run))) break;
  }
  return { delivered: run.delivered, undelivered: undelivered(run) };
}

/** What a person should hear of it, a line each. */
export function deliveryNotes(report: DeliveryReport, now: Date): readonly string[] {
  return report.undelivered.map(({ target, messages, oldestAt, detail }) => {
    const age = durationText(Math.max(0, now.getTime() - Date.parse(oldestAt)));
    const count = messages === 1 ? "1 notification waits" : `${messages} notifications wait`;
    return `${count} for the receiver ${plainText(target, 100)}, which ${detail}; the oldest is from ${age} ago. They stay in the spool.`;
  });
}

function hasTime(run: Run): boolean {
  return !run.deps.signal.aborted && run.deps.clock.now().getTime() < run.end;
}

function isAllBlocked(run: Run): boolean {
  const now = run.deps.clock.now();
  for (const [name, { retryAt }] of run.blocked) if (retryAt <= now) run.blocked.delete(name);
  return [...run.targets.keys()].every((name) => run.blocked.has(name));
}

/** Sleeps until the next attempt is due; false when that is too late for this run, or when there is none. */
async function waited(run: Run): Promise<boolean> {
  const next = Math.min(...[...run.blocked.values()].map(({ retryAt }) => retryAt.getTime()));
  const ms = next - run.deps.clock.now().getTime();
  if (next >= run.end) return false;
  const [slept] = await Promise.allSettled([run.deps.clock.sleep(Math.max(ms, 0), run.deps.signal)]);
  return slept.status === "fulfilled";
}

/** One after the other for a receiver, all receivers at once: a dead one holds up nobody else. */
async function sendAll(run: Run, messages: readonly SpooledMessage[]): Promise<void> {
  const queues = Map.groupBy(messages, (message) => message.target);
  await Promise.all(
    [...queues].map(async ([name, queue]) => {
      for (const message of queue) await sendOne(run, name, message);
    }),
  );
}

async function sendOne(run: Run, name: string, message: SpooledMessage): Promise<void> {
  const { store, deps } = run;
  const target = run.targets.get(name);
  if (target === undefined) return hold(run, message, laterBy(LONGEST_PAUSE_MS, deps), "is not in the configuration");
  const blocked = run.blocked.get(name);
  if (blocked !== undefined) return hold(run, message, blocked.retryAt, blocked.detail);
  if (!hasTime(run)) return hold(run, message, deps.clock.now(), "was not told: the time was up");
  const posted = await send(run, target, message);
  if (posted.ok) {
    run.open.delete(message.id);
    run.delivered++;
    return store.settleMessage(message.id, { delivered: true });
  }
  const pause = Math.max(pauseMs(message.attempts, deps.jitter), posted.retryAfterMs ?? 0);
  // Stopped in the middle: that says nothing about the receiver.
  const retryAt = deps.signal.aborted ? deps.clock.now() : laterBy(pause, deps);
  run.blocked.set(name, { retryAt, detail: posted.detail });
  return hold(run, message, retryAt, posted.detail);
}

function send(run: Run, target: Target, { body }: SpooledMessage) {
  const { clock, agents, signal } = run.deps;
  const now = clock.now();
  const headers: Record<string, string> = { [IDEMPOTENCY_HEADER]: idempotencyKey(target.name, body) };
  if (target.secret !== null) headers[SIGNATURE_HEADER] = signature(target.secret, body, now);
  const timeoutMs = Math.max(Math.min(target.timeoutMs, run.end - now.getTime()), LEAST_TIMEOUT_MS);
  return post(
    { url: target.url, body, headers, timeoutMs: Math.min(timeoutMs, target.timeoutMs) },
    { agents, now, signal },
  );
}

async function hold(run: Run, message: SpooledMessage, retryAt: Date, detail: string): Promise<void> {
  run.open.set(message.id, { message, detail });
  await run.store.settleMessage(message.id, { delivered: false, retryAt });
}

/** Doubles from five seconds to ten minutes; up to a half is taken off, so that shards do not come all at once. */
function pauseMs(attempts: number, jitter: Jitter): number {
  const full = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20), LONGEST_PAUSE_MS);
  return Math.round(full * (0.5 + jitter() / 2));
}

function laterBy(ms: number, { clock }: DeliverDeps): Date {
  return new Date(clock.now().getTime() + ms);
}

function undelivered(run: Run): readonly Undelivered[] {
  const byTarget = Map.groupBy(run.open.values(), ({ message }) => message.target);
  return [...byTarget].map(([target, all]) => ({
    target,
    messages: all.length,
    oldestAt: all.map(({ message }) => message.at).sort()[0] ?? "",
    detail: all[0]?.detail ?? "",
  }));
}
