import { type Seen, seen, unseen } from "../../core/model.ts";
import type { Clock, Jitter } from "../../core/ports.ts";
import { type Asked, type GcpFailure, isPassing, readFailure } from "./errors.ts";
import { lookFailure } from "./look.ts";

export interface CallDeps {
  readonly clock: Clock;
  readonly jitter: Jitter;
  /** Aborted when the command's deadline has passed: no call begins or goes on after it. */
  readonly signal: AbortSignal;
  /** How often a call that may be repeated is made at most. */
  readonly attempts: number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Google's quotas are counted by the minute (https://cloud.google.com/kms/quotas): the first pause changes little. */
const THROTTLED_PAUSE_MS = 1_000;

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: GcpFailure; readonly error: unknown };

/** Makes a call that changes nothing, again after what may be over a moment later. Mistakes of our own are not caught. */
export async function ask<T>(deps: CallDeps, call: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { ok: true, value: await call(deps.signal) };
    } catch (error) {
      const failure = failureOf(error, deps.signal);
      const isLast = attempt + 1 >= deps.attempts || !isPassing(failure);
      if (isLast || !(await pause(deps, pauseAfter(failure, attempt, deps.jitter)))) {
        return { ok: false, failure, error };
      }
    }
  }
}

/** What a rejected call means. A deadline is a time-out, too: which one it was, the signal tells. */
export function failureOf(error: unknown, signal: AbortSignal): GcpFailure {
  const failure = readFailure(error);
  return failure.kind === "timeout" && signal.aborted ? { ...failure, kind: "deadline" } : failure;
}

/** What a call answers, or why it could not be asked. */
export async function look<T>(
  deps: CallDeps,
  asked: Asked,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<Seen<T>> {
  const answer = await ask(deps, call);
  return answer.ok ? seen(answer.value) : unseen(lookFailure(answer.failure, asked));
}

/** Growing, never the same for two who wait for the same thing, and no shorter than Google asks for. */
export function pauseAfter(failure: GcpFailure, attempt: number, jitter: Jitter): number {
  const first = failure.kind === "throttled" ? THROTTLED_PAUSE_MS : FIRST_PAUSE_MS;
  const longest = Math.min(first * 2 ** attempt, LONGEST_PAUSE_MS);
  const asked = Math.min(failure.retryAfterMs ?? 0, LONGEST_PAUSE_MS);
  return Math.max(asked, Math.round(longest * (0.5 + jitter() / 2)));
}

/** False when the command's own time is over. */
export async function pause(deps: Pick<CallDeps, "clock" | "signal">, ms: number): Promise<boolean> {
  try {
    await deps.clock.sleep(ms, deps.signal);
    return true;
  } catch (error) {
    if (deps.signal.aborted) return false;
    throw error;
  }
}
