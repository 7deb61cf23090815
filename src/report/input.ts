import type { ProjectCoverage } from "../core/coverage.ts";
import { identityOf, type KeyIdentity, type Transition } from "../core/history.ts";
import type { KeyReport, Summary, UnlistedProject, ValidateReport } from "../core/report.ts";

/** What is known of a run when it begins. */
export interface RunStart {
  readonly startedAt: string;
  /** Of keygrant. */
  readonly version: string;
}

/** What is known of a run only when it has ended. */
export interface RunEnd {
  readonly finishedAt: string;
  /** How often each `look.*` code was met. */
  readonly lookFailures: Readonly<Record<string, number>>;
  readonly summary: Summary;
  readonly unlisted: readonly UnlistedProject[];
  readonly coverage: readonly ProjectCoverage[] | null;
}

/**
 * One form of the report. Each method returns the text to append: what a form can write as keys finish, it writes then;
 * what it must hold back until the end, and why, stands in its file. One writer writes one report.
 */
export interface ReportWriter {
  /** How many transitions of a key it shows at most: 0 spares the caller the reading. */
  readonly transitions: number;
  begin(run: RunStart): string;
  /** `history` is newest first, as the memory gives it. */
  key(report: KeyReport, history: readonly Transition[]): string;
  end(run: RunEnd): string;
}

/** A whole run, for callers that have it in hand. */
export interface ReportInput {
  readonly report: ValidateReport;
  readonly run: {
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly lookFailures: Readonly<Record<string, number>>;
  };
  /** By `identityKey`; each newest first. */
  readonly history: ReadonlyMap<string, readonly Transition[]>;
  readonly version: string;
}

/** Everything is told worst first, in this order. */
export const WORST_FIRST = ["INVALID", "undetermined", "INITIALIZING", "VALID"] as const satisfies (keyof Summary)[];

/** An identity as one string: different identities never share one, whatever characters they are made of. */
export function identityKey(id: KeyIdentity): string {
  return JSON.stringify([id.vendor, id.project, id.key]);
}

export function writeReport(writer: ReportWriter, input: ReportInput): string {
  const { report, run } = input;
  const parts = [writer.begin({ startedAt: run.startedAt, version: input.version })];
  for (const key of report.keys) {
    const history = input.history.get(identityKey(identityOf(key))) ?? [];
    parts.push(writer.key(key, history.slice(0, writer.transitions)));
  }
  const { summary, unlisted, coverage } = report;
  parts.push(writer.end({ finishedAt: run.finishedAt, lookFailures: run.lookFailures, summary, unlisted, coverage }));
  return parts.join("");
}
