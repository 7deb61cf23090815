import type { Finding } from "./findings.ts";
import type { Probe } from "./model.ts";
import type { KeyReport, Phase } from "./report.ts";

/** Whose key it is, and which. A key that two projects have registered is remembered twice. */
export interface KeyIdentity {
  readonly vendor: string;
  /** Null for a key that is validated without being registered. */
  readonly project: string | null;
  /** The key reference as the vendor holds it. */
  readonly key: string;
}

export function identityOf(report: KeyReport): KeyIdentity {
  return { vendor: report.vendor, project: report.project, key: report.key };
}

/** What is remembered of one key between runs. Plain data. */
export interface KeyMemory {
  /** The last report, as it was printed. */
  readonly report: KeyReport;
  /** When a look concluded last (ISO 8601, UTC); null when none ever did. */
  readonly concludedAt: string | null;
  /** The conclusive failures in a row that have not been believed yet (`--confirm`). */
  readonly doubts: number;
  /** The last round trip that was really made, and when (ISO 8601, UTC); null when there was none. */
  readonly probe: { readonly at: string; readonly outcome: Probe } | null;
  /** Whether everybody was told that nobody has been able to look for too long. */
  readonly toldStale: boolean;
}

export type TransitionKind =
  /** The phase changed. */
  | "phase"
  /** The phase stayed, its cause is another. */
  | "cause"
  | "warning-appeared"
  | "warning-gone"
  /** Nobody has been able to look for longer than `--max-stale`. */
  | "stale"
  /** Somebody can look again. */
  | "fresh";

/** Something that changed, worth a line in the history and a notification. */
export interface Transition {
  readonly at: string;
  readonly kind: TransitionKind;
  readonly from: Phase | null;
  readonly to: Phase;
  /** The cause, in the words of the report. */
  readonly message: string;
  /** The warning that appeared or went; else null. */
  readonly code: string | null;
}

export interface AdvanceOptions {
  readonly now: Date;
  /** How many conclusive failures in a row make an alarm. */
  readonly confirm: number;
  /** How long the last conclusion counts, in milliseconds. */
  readonly maxStaleMs: number;
}

export interface Advanced {
  /** The report with what only memory knows: the phase that stays, since, lastValidAt. */
  readonly report: KeyReport;
  readonly memory: KeyMemory;
  readonly transitions: readonly Transition[];
}

/**
 * From what was remembered and what was just seen to what is so now (DESIGN, "Phases"). Pure. `seen` is a report
 * without memory: `stale` there means that this look concluded nothing.
 */
export function advance(
  before: KeyMemory | null,
  seen: KeyReport,
  probe: KeyMemory["probe"],
  options: AdvanceOptions,
): Advanced {
  if (seen.stale) return concludedNothing(before, seen, probe, options);
  if (seen.phase === "INVALID" && isDoubtful(before, seen, options)) return doubted(before, seen, probe, options);
  return concluded(before, seen, probe, options);
}

/** States that the cloud itself answers for: a second look would say the same. */
const AUTHORITATIVE: ReadonlySet<string> = new Set([
  "key.not-found",
  "key.pending-deletion",
  "key.disabled",
  "key.no-material",
  "key.material-expired",
  "key.wrong-usage",
  "key.wrong-algorithm",
  "key.not-customer-managed",
]);

/** Whether a look at an alarm is to be taken again before it is believed. */
export function isDoubtful(
  before: KeyMemory | null,
  seen: KeyReport,
  options: Pick<AdvanceOptions, "confirm">,
): boolean {
  if (seen.stale || seen.phase !== "INVALID" || before?.report.phase === "INVALID") return false;
  if (seen.findings.some((one) => one.outcome === "fail" && AUTHORITATIVE.has(one.code))) return false;
  return (before?.doubts ?? 0) + 1 < options.confirm;
}

function concluded(
  before: KeyMemory | null,
  seen: KeyReport,
  probe: KeyMemory["probe"],
  options: AdvanceOptions,
): Advanced {
  const at = options.now.toISOString();
  const old = before?.report ?? null;
  const isSame = old !== null && old.phase === seen.phase && old.message === seen.message && old.since !== null;
  const report: KeyReport = {
    ...seen,
    since: isSame ? old.since : at,
    lastValidAt: seen.phase === "VALID" ? seen.lastCheckedAt : (old?.lastValidAt ?? null),
  };
  const transitions = [...(before?.toldStale ? [fresh(old, seen, at)] : []), ...changes(old, seen, at)];
  return { report, memory: { report, concludedAt: at, doubts: 0, probe, toldStale: false }, transitions };
}

/** A first failure that is not believed yet: the phase stays, and the next look decides. */
function doubted(
  before: KeyMemory | null,
  seen: KeyReport,
  probe: KeyMemory["probe"],
  options: AdvanceOptions,
): Advanced {
  const held = concludedNothing(before, { ...seen, phase: "INITIALIZING", stale: true }, probe, options);
  return { ...held, memory: { ...held.memory, doubts: (before?.doubts ?? 0) + 1 } };
}

/** The phase stays what it was. Neither message nor since move. */
function concludedNothing(
  before: KeyMemory | null,
  seen: KeyReport,
  probe: KeyMemory["probe"],
  options: AdvanceOptions,
): Advanced {
  const at = options.now.toISOString();
  const old = before?.report ?? null;
  const report: KeyReport = {
    ...seen,
    phase: old?.phase ?? "INITIALIZING",
    assurance: old?.assurance ?? null,
    message: old === null ? seen.message : old.message,
    since: old === null ? at : old.since,
    lastValidAt: old?.lastValidAt ?? null,
  };
  const isTooOld = before !== null && !before.toldStale && isStaleFor(before, options);
  const told: readonly Transition[] = isTooOld
    ? [{ at, kind: "stale", from: report.phase, to: report.phase, message: seen.message, code: null }]
    : [];
  const memory: KeyMemory = {
    // What was concluded last stays remembered as it was, but for when it was looked at.
    report: old === null ? report : { ...report, findings: old.findings },
    concludedAt: before?.concludedAt ?? null,
    doubts: before?.doubts ?? 0,
    probe,
    toldStale: before?.toldStale === true || isTooOld,
  };
  return { report, memory, transitions: told };
}

/** Whether the last conclusion is older than it may be. */
function isStaleFor(memory: KeyMemory, options: AdvanceOptions): boolean {
  const last = memory.concludedAt;
  return last !== null && options.now.getTime() - Date.parse(last) > options.maxStaleMs;
}

function fresh(old: KeyReport | null, seen: KeyReport, at: string): Transition {
  return { at, kind: "fresh", from: old?.phase ?? null, to: seen.phase, message: seen.message, code: null };
}

function changes(old: KeyReport | null, seen: KeyReport, at: string): readonly Transition[] {
  const base = { at, from: old?.phase ?? null, to: seen.phase, message: seen.message };
  const transitions: Transition[] = [];
  if (old === null || old.phase !== seen.phase) transitions.push({ ...base, kind: "phase", code: null });
  else if (old.message !== seen.message) transitions.push({ ...base, kind: "cause", code: null });
  const warned = new Set(warnings(old?.findings ?? []));
  const warns = new Set(warnings(seen.findings));
  for (const code of warns.difference(warned)) transitions.push({ ...base, kind: "warning-appeared", code });
  for (const code of warned.difference(warns)) transitions.push({ ...base, kind: "warning-gone", code });
  return transitions;
}

function warnings(findings: readonly Finding[]): readonly string[] {
  return findings.filter((one) => one.outcome === "warn").map((one) => one.code);
}
