import { type Finding, finding } from "./findings.ts";
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
  /** The warnings of the last conclusion, by code. */
  readonly warned: readonly string[];
  /** What was told once and is not to be told again while it lasts. */
  readonly told: readonly Told[];
}

/** `stale`: nobody has been able to look for too long. `accessor`: the vendor names another principal. */
export type Told = "stale" | "accessor";

export type TransitionKind =
  /** The phase changed. */
  | "phase"
  /** The phase stayed, its cause is another. */
  | "cause"
  | "warning-appeared"
  | "warning-gone"
  /** The vendor names another principal than the one that was accepted. */
  | "accessor"
  /** A registration that was there is gone. */
  | "vanished"
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
  const wasStale = before?.told.includes("stale") === true;
  const told = newlyTold(before, seen, at);
  const transitions = [
    ...(wasStale ? [transition("fresh", old, seen, at)] : []),
    ...changes(old, seen, at, before?.warned ?? []),
    ...told.transitions,
  ];
  const memory: KeyMemory = {
    report,
    concludedAt: at,
    doubts: 0,
    probe: probe ?? before?.probe ?? null,
    warned: warnings(seen.findings),
    told: told.told,
  };
  return { report, memory, transitions };
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
    // A date does not go away because nobody could look.
    ...(seen.evidence.key === "unknown" && old !== null
      ? { deletionAt: old.deletionAt, materialExpiresAt: old.materialExpiresAt }
      : {}),
  };
  const wasTold = before?.told.includes("stale") === true;
  const isTooOld = before !== null && isStaleFor(before, options);
  const accessor = newlyTold(before, seen, at);
  const memory: KeyMemory = {
    report,
    warned: before?.warned ?? [],
    concludedAt: before?.concludedAt ?? null,
    doubts: before?.doubts ?? 0,
    probe: probe ?? before?.probe ?? null,
    told: wasTold || isTooOld ? ["stale", ...accessor.told] : accessor.told,
  };
  const stale = isTooOld && !wasTold ? [transition("stale", report, report, at, seen.message)] : [];
  return { report, memory, transitions: [...stale, ...accessor.transitions] };
}

/** A registration that was there is gone: told as what it was last, with what is missing now. */
export function vanished(before: KeyMemory, now: Date): Advanced {
  const at = now.toISOString();
  const old = before.report;
  const detail = `The registration of ${old.key} in ${old.project} has vanished.`;
  const gone = finding("vendor.not-registered", { subject: old.key, detail });
  const report: KeyReport = { ...old, stale: true, waiting: false, lastCheckedAt: at, findings: [gone] };
  return { report, memory: { ...before, report }, transitions: [transition("vanished", old, old, at, detail)] };
}

/** Whether the last conclusion is older than it may be. */
function isStaleFor(memory: KeyMemory, options: AdvanceOptions): boolean {
  const last = memory.concludedAt;
  return last !== null && options.now.getTime() - Date.parse(last) > options.maxStaleMs;
}

/** A changed accessor alarms when it appears, and not again while it lasts. */
function newlyTold(
  before: KeyMemory | null,
  seen: KeyReport,
  at: string,
): { readonly told: readonly Told[]; readonly transitions: readonly Transition[] } {
  const changed = seen.findings.find((one) => one.code === "vendor.accessor-changed");
  if (changed === undefined) return { told: [], transitions: [] };
  const wasTold = before?.told.includes("accessor") === true;
  const to = before?.report ?? seen;
  const transitions = wasTold ? [] : [transition("accessor", to, to, at, changed.detail)];
  return { told: ["accessor"], transitions };
}

function transition(
  kind: TransitionKind,
  from: KeyReport | null,
  to: KeyReport,
  at: string,
  message = to.message,
): Transition {
  return { at, kind, from: from?.phase ?? null, to: to.phase, message, code: null };
}

function changes(
  old: KeyReport | null,
  seen: KeyReport,
  at: string,
  warnedBefore: readonly string[],
): readonly Transition[] {
  const transitions: Transition[] = [];
  if (old === null || old.phase !== seen.phase) transitions.push(transition("phase", old, seen, at));
  else if (old.message !== seen.message) transitions.push(transition("cause", old, seen, at));
  const warned = new Set(warnedBefore);
  const warns = new Set(warnings(seen.findings));
  const about = (kind: TransitionKind, code: string) => ({ ...transition(kind, old, seen, at), code });
  for (const code of warns.difference(warned)) transitions.push(about("warning-appeared", code));
  for (const code of warned.difference(warns)) transitions.push(about("warning-gone", code));
  return transitions;
}

function warnings(findings: readonly Finding[]): readonly string[] {
  return findings.filter((one) => one.outcome === "warn").map((one) => one.code);
}
