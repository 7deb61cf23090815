import type { Cloud } from "./cloud.ts";
import type { AccessView } from "./evidence.ts";
import type { JudgeOptions } from "./judge.ts";
import type { Memory } from "./memory.ts";
import type { Grant, KeyFacts, KeyRef, Probe } from "./model.ts";
import type { Clock } from "./ports.ts";
import { PROPAGATION } from "./propagation.ts";

/** What `onboard` and `validate` are told alike. */
export interface AssessOptions extends Omit<JudgeOptions, "now" | "withinWindow"> {
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

/** The options of a judgement made now. */
export function judgeNow(options: AssessOptions, clock: Clock, end: Date | null): JudgeOptions {
  const now = clock.now();
  return { ...options, now, withinWindow: end !== null && now < end };
}
