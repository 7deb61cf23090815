import type { DoctorReport } from "../core/doctor.ts";
import type { ErrorKind } from "../core/errors.ts";
import { type OnboardReport, type RevokeReport, type Summary, summarise } from "../core/report.ts";
import type { RotateReport } from "../core/rotate/rotate.ts";
import type { UndoReport } from "../core/undo.ts";

/** The exit codes of the contract, in one place. */
export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  refused: 3,
  invalid: 10,
  waiting: 11,
  undetermined: 12,
} as const;

/** A problem that kept a command from saying anything about a key. */
export function exitOfError(kind: ErrorKind): number {
  switch (kind) {
    case "usage":
      return EXIT.usage;
    case "refused":
      return EXIT.refused;
    case "look":
      return EXIT.undetermined;
  }
}

/** One INVALID key counts for more than any that could not be looked at, and that for more than one that waits. */
export function exitOfTally(counts: Summary, onlyWaiting: boolean, unlisted: number): number {
  if (counts.INVALID > 0) return EXIT.invalid;
  if (unlisted > 0 || (counts.undetermined > 0 && !onlyWaiting)) return EXIT.undetermined;
  return counts.undetermined > 0 ? EXIT.waiting : EXIT.ok;
}

/** A key that is VALID but that nobody could register is not what was asked for; of a dry run, a plan is. */
export function exitOfOnboard(report: OnboardReport, dryRun: boolean): number {
  const isStuck = report.steps.some((step) => step.outcome === "failed" || step.outcome === "waiting");
  if (dryRun && !isStuck) return EXIT.ok;
  const code = exitOfTally(summarise([report.key]), report.key.waiting, 0);
  return code === EXIT.ok && report.registration === null ? EXIT.undetermined : code;
}

/** What keeps one from asking at all counts for more than a permission, and that for more than what nobody could see. */
export function exitOfDoctor({ checks }: DoctorReport): number {
  const failed = checks.filter(({ outcome }) => outcome === "fail");
  if (failed.some(({ check }) => check !== "permission")) return EXIT.usage;
  if (failed.length > 0) return EXIT.refused;
  return checks.some(({ outcome }) => outcome === "unknown") ? EXIT.undetermined : EXIT.ok;
}

/** Taken back is not enough: nobody may be let in any more, and that has to be known. */
export function exitOfRevoke({ proof }: RevokeReport): number {
  return proof === "shut-out" || proof === "not-made" ? EXIT.ok : EXIT.undetermined;
}

/** What stopped before any service was moved is told as `onboard` tells it; after that, somebody has to look. */
export function exitOfRotate({ outcome, onboard }: RotateReport): number {
  if (outcome === "planned") return exitOfOnboard(onboard, true);
  if (outcome !== "stopped") return EXIT.ok;
  const code = exitOfOnboard(onboard, false);
  return code === EXIT.ok ? EXIT.undetermined : code;
}

/** Undone is not enough: the vendor has to be let in, or shut out, as it was meant. */
export function exitOfUndo({ letIn, wanted }: UndoReport): number {
  if (letIn === null) return EXIT.ok;
  return letIn === (wanted === "present" ? "no" : "yes") ? EXIT.ok : EXIT.undetermined;
}
