import { codeEntry, type Finding } from "../core/findings.ts";
import type { Transition, TransitionKind } from "../core/history.ts";
import { codeOf } from "../core/mutes.ts";
import type { KeyReport, Phase } from "../core/report.ts";
import { plainText } from "../core/text.ts";

/** What a receiver reads (`format: json`). Fields are null, never absent. Texts are one line and hold no control characters. */
export interface Notice {
  readonly schemaVersion: 1;
  readonly kind: TransitionKind;
  /** When it changed (ISO 8601, UTC, as every time here). Messages can overtake one another: compare this. */
  readonly at: string;
  readonly vendor: string;
  readonly project: string | null;
  readonly cmkId: string | null;
  readonly cloud: string | null;
  readonly key: string;
  readonly region: string | null;
  /** The phase before; null when the key was seen for the first time. */
  readonly from: Phase | null;
  readonly to: Phase;
  /** What happened, in a sentence. For people: match on `code`. */
  readonly cause: string;
  /** The finding that decided, or the warning that appeared or went; null when all is well. */
  readonly code: string | null;
  /** What to do; null when there is nothing to do. */
  readonly fix: string | null;
  /** Who can do it. */
  readonly who: string | null;
  /** When the phase or its cause changed last. */
  readonly since: string | null;
  readonly lastValidAt: string | null;
  readonly lastCheckedAt: string;
  /** What was so before, and for how many milliseconds; null when nothing was known. */
  readonly before: {
    readonly phase: Phase;
    readonly cause: string;
    readonly since: string | null;
    readonly lastedMs: number | null;
  } | null;
  /** How many services depend on the key; null when that could not be read. */
  readonly serviceCount: number | null;
  /** The first hundred of them; null as above. */
  readonly services: readonly { readonly name: string; readonly status: string }[] | null;
}

/** What changed for one key. */
export interface News {
  /** Those that are to be told: `applyMutes` comes before. */
  readonly transitions: readonly Transition[];
  readonly report: KeyReport;
  /** What was remembered until now; null when nothing was. */
  readonly before: KeyReport | null;
}

const SENTENCE = 1_000;
const NAME = 300;
const MOST_SERVICES = 100;

export function noticeOf(transition: Transition, { report, before }: News): Notice {
  const code = codeOf(transition, report);
  const found = code === null ? undefined : findingOf(code, transition, report);
  // Without its registration, nobody can ask for the services any more: those of before are the ones that are hit.
  const services = transition.kind === "vanished" ? (before?.services ?? null) : report.services;
  return {
    schemaVersion: 1,
    kind: transition.kind,
    at: transition.at,
    vendor: plainText(report.vendor, NAME),
    project: plain(report.project, NAME),
    cmkId: plain(report.cmkId, NAME),
    cloud: report.cloud,
    key: plainText(report.key, SENTENCE),
    region: plain(report.region, NAME),
    from: transition.from,
    to: transition.to,
    cause: plainText(causeOf(transition, found), SENTENCE),
    code,
    fix: found === undefined ? null : plainText(found.fix, SENTENCE),
    who: found === undefined ? null : codeEntry(found.code).who,
    since: report.since,
    lastValidAt: report.lastValidAt,
    lastCheckedAt: report.lastCheckedAt,
    before: before === null ? null : beforeOf(before, transition),
    serviceCount: services?.length ?? null,
    services:
      services?.slice(0, MOST_SERVICES).map(({ name, status }) => ({
        name: plainText(name, NAME),
        status: plainText(status, NAME),
      })) ?? null,
  };
}

/** The finding behind a code; none for a warning that has gone. */
function findingOf(code: string, transition: Transition, report: KeyReport): Finding | undefined {
  if (transition.kind === "warning-gone") return undefined;
  return report.findings.find((one) => one.code === code);
}

/** A warning's own words: the message of a key that works says that it works. */
function causeOf(transition: Transition, found: Finding | undefined): string {
  if (transition.kind === "warning-appeared" && found !== undefined) return found.detail;
  return transition.message;
}

function beforeOf(before: KeyReport, transition: Transition): Notice["before"] {
  const lasted = before.since === null ? null : Date.parse(transition.at) - Date.parse(before.since);
  return {
    phase: before.phase,
    cause: plainText(before.message, SENTENCE),
    since: before.since,
    lastedMs: lasted === null ? null : Math.max(0, lasted),
  };
}

function plain(text: string | null, max: number): string | null {
  return text === null ? null : plainText(text, max);
}
