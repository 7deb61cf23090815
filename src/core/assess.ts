import type { Cloud } from "./cloud.ts";
import { describe } from "./describe.ts";
import type { AccessView } from "./evidence.ts";
import type { JudgeOptions } from "./judge.ts";
import type { Memory } from "./memory.ts";
import type { Accessor, Grant, KeyFacts, KeyRef, Probe } from "./model.ts";
import type { Clock } from "./ports.ts";
import { PROPAGATION } from "./propagation.ts";

/** What `onboard` and `validate` are told alike. */
export interface AssessOptions extends Omit<JudgeOptions, "now" | "withinWindow" | "takenBack"> {
  /** A role to become for the round trip; null for the caller itself. */
  readonly probeAs: string | null;
  /** The propagation window after our own write, in milliseconds; null: as long as the key's cloud needs. */
  readonly waitMs: number | null;
}

export function accessView(cloud: Cloud, facts: KeyFacts, grant: Grant): AccessView {
  return { kind: "judged", access: cloud.access(facts, grant) };
}

/** The round trip, unless it is switched off or cannot succeed. */
export async function tryRoundTrip(cloud: Cloud, facts: KeyFacts, options: AssessOptions): Promise<Probe> {
  if (options.probeMode === "off")
    return skipped("The round trip was switched off.", "Pass `--probe auto` to make it.");
  if (!facts.key.known) return notMade("the key could not be looked at");
  if (facts.key.value === null) return notMade("there is no such key");
  if (facts.key.value.state !== "usable") return notMade(`the key is ${facts.key.value.stateName}`);
  return cloud.probe(facts, { as: options.probeAs });
}

function notMade(because: string): Probe {
  return skipped(`The round trip was not made: ${because}.`, "Mend what is said of the key first.");
}

export function skipped(detail: string, fix: string): Probe {
  return { outcome: "unknown", code: "roundtrip.skipped", detail, fix };
}

/** The moment at which the propagation window after our last write ends; null when there is none. */
export async function windowEnd(memory: Memory, key: KeyRef, waitMs: number | null): Promise<Date | null> {
  const last = await memory.lastGrant(key);
  return last === null ? null : new Date(last.at.getTime() + (waitMs ?? PROPAGATION[key.cloud].windowMs));
}

/** How long our own last writes may still be on their way. */
export interface Windows {
  /** Until when a grant of ours may not be seen yet. */
  readonly grant: Date | null;
  /** Until when what we took back may still be seen, and from whom it was taken. */
  readonly takenBack: { readonly end: Date; readonly accessors: readonly Accessor[] } | null;
}

/** `--wait` never makes a revoke's window shorter: a read that is older than it must not count. */
export async function windowsOf(memory: Memory, key: KeyRef, waitMs: number | null): Promise<Windows> {
  const [granted, revoked] = await Promise.all([memory.lastGrant(key), memory.lastRevoke(key)]);
  const { windowMs } = PROPAGATION[key.cloud];
  const after = ({ at }: { readonly at: Date }, ms: number) => new Date(at.getTime() + ms);
  const isLast = revoked !== null && (granted === null || granted.at < revoked.at);
  return {
    grant: granted === null ? null : after(granted, waitMs ?? windowMs),
    takenBack: isLast ? { end: after(revoked, Math.max(waitMs ?? 0, windowMs)), accessors: revoked.accessors } : null,
  };
}

/** The options of a judgement made now. */
export function judgeNow(options: AssessOptions, clock: Clock, windows: Windows | null): JudgeOptions {
  const now = clock.now();
  const { grant = null, takenBack = null } = windows ?? {};
  const gone = takenBack !== null && now < takenBack.end ? takenBack.accessors : [];
  return {
    ...options,
    now,
    withinWindow: grant !== null && now < grant,
    takenBack: new Set(gone.map(describe)),
  };
}

/** The pause between reads that have to agree. */
export const SETTLE_PAUSE_MS = 1_000;

/** Tells, soon after our own last write, whether a document is still read as it was before it. */
export async function oldReads(
  { memory, clock }: { readonly memory: Memory; readonly clock: Clock },
  key: KeyRef,
  waitMs: number | null,
): Promise<(facts: KeyFacts) => boolean> {
  const [granted, revoked] = await Promise.all([memory.lastGrant(key), memory.lastRevoke(key)]);
  const last = granted !== null && (revoked === null || revoked.at < granted.at) ? granted : revoked;
  if (last === null) return () => false;
  const end = last.at.getTime() + (waitMs ?? PROPAGATION[key.cloud].windowMs);
  return ({ documents }) =>
    clock.now().getTime() < end &&
    documents.some(({ id, body }) => body.known && body.value.revision === last.revisionsBefore[id]);
}
