import type { Transition } from "./history.ts";
import type { KeyReport, MutedPart } from "./report.ts";

/** Something that somebody knows about and does not want to hear of before a date. At least one of the three is set. */
export interface Mute {
  /** A finding's code. */
  readonly code: string | null;
  /** A key reference; `*` stands for any run of characters. */
  readonly key: string | null;
  /** A project's name; `*` as above. */
  readonly project: string | null;
  readonly reason: string;
  /** It counts as long as now is before this. */
  readonly until: Date;
}

/** Why a finding or a transition is not told, and how long that lasts (ISO 8601, UTC). */
export interface Muted {
  readonly reason: string;
  readonly until: string;
}

export interface MutedNews {
  /** What is still to be told. */
  readonly told: readonly Transition[];
  readonly muted: readonly { readonly transition: Transition; readonly muted: Muted }[];
}

/**
 * Splits what changed into what is told and what is not. Nothing else changes: phase, summary and exit code say what is so. Good news is never withheld: a receiver that was told of the trouble before it
 * was muted would wait for the end of it for ever.
 */
export function applyMutes(
  mutes: readonly Mute[],
  report: KeyReport,
  transitions: readonly Transition[],
  now: Date,
): MutedNews {
  const told: Transition[] = [];
  const silenced: { transition: Transition; muted: Muted }[] = [];
  for (const transition of transitions) {
    const muted = isGoodNews(transition) ? null : muteOf(mutes, transition, report, now);
    if (muted === null) told.push(transition);
    else silenced.push({ transition, muted });
  }
  return { told, muted: silenced };
}

/**
 * The report with what is muted in it: the whole key, and each code that was found. Phase and counts stay what they
 * are. Made when a report is told, never remembered: tomorrow's configuration may say something else.
 */
export function withMutes(mutes: readonly Mute[], report: KeyReport, now: Date): KeyReport {
  const { key, project, findings } = report;
  const codes = [null, ...new Set(findings.map((one) => one.code))];
  const muted = codes.flatMap((code): readonly MutedPart[] => {
    const fitting = mutes.filter((mute) => mute.code === code);
    const found = findMute(fitting, { code, key, project }, now);
    return found === null ? [] : [{ code, ...found }];
  });
  return { ...report, muted };
}

/** What a mute is held against. */
export interface MuteSubject {
  readonly code: string | null;
  readonly key: string;
  readonly project: string | null;
}

/** The mute that lasts longest of those that fit; null when none does. */
export function findMute(mutes: readonly Mute[], about: MuteSubject, now: Date): Muted | null {
  const [longest] = mutes
    .filter((mute) => now < mute.until && fits(mute, about))
    .sort((a, b) => b.until.getTime() - a.until.getTime());
  return longest === undefined ? null : { reason: longest.reason, until: longest.until.toISOString() };
}

/** Whether a transition is the end of something bad. */
export function isGoodNews(transition: Transition): boolean {
  if (isVerdict(transition)) return transition.to === "VALID";
  return transition.kind === "warning-gone" || transition.kind === "fresh";
}

/** An alarm with several causes is muted when all of them are: nobody agreed to miss the others. */
function muteOf(mutes: readonly Mute[], transition: Transition, report: KeyReport, now: Date): Muted | null {
  const { key, project } = report;
  const failed = report.findings.filter((one) => one.outcome === "fail").map((one) => one.code);
  const codes = isVerdict(transition) && failed.length > 0 ? failed : [codeOf(transition, report)];
  const found = codes.map((code) => findMute(mutes, { code, key, project }, now));
  return found.every((one) => one !== null) ? (found[0] ?? null) : null;
}

function isVerdict({ kind }: Transition): boolean {
  return kind === "phase" || kind === "cause";
}

/** The code that a transition is about: its warning, or the cause that its message is from; null when all is well. */
export function codeOf(transition: Transition, report: KeyReport): string | null {
  if (transition.code !== null) return transition.code;
  if (isGoodNews(transition)) return null;
  const outcome = isVerdict(transition) ? "fail" : "unknown";
  const causes = report.findings.filter((one) => one.outcome === outcome);
  const cause = causes.find((one) => one.detail === transition.message) ?? causes[0] ?? report.findings[0];
  return cause?.code ?? null;
}

/** A line for each mute that is over: whoever set it wanted to look again by then. */
export function expiredMutes(mutes: readonly Mute[], now: Date): readonly string[] {
  return mutes
    .filter((mute) => now >= mute.until)
    .map(
      (mute) =>
        `The mute of ${nameOf(mute)} ended at ${mute.until.toISOString()} and silences nothing any more (${mute.reason}): ` +
        "take it out of the configuration, or give it a new date.",
    );
}

function nameOf(mute: Mute): string {
  const parts = [mute.code ?? "everything"];
  if (mute.key !== null) parts.push(`of ${mute.key}`);
  if (mute.project !== null) parts.push(`in project ${mute.project}`);
  return parts.join(" ");
}

function fits(mute: Mute, about: MuteSubject): boolean {
  if (mute.code !== null && mute.code !== about.code) return false;
  if (mute.key !== null && !matches(mute.key, about.key)) return false;
  return mute.project === null || (about.project !== null && matches(mute.project, about.project));
}

/** `*` is any run of characters, everything else itself. Each piece at its first place: no pattern can make this slow. */
function matches(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, from);
    if (found === -1 || found + piece.length > end) return false;
    from = found + piece.length;
  }
  return true;
}
