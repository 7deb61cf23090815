import type { ErrorKind } from "../core/errors.ts";
import type { OnboardReport, ValidateReport } from "../core/report.ts";
import { type KeyReport, standing } from "../core/report.ts";

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

/** One INVALID key counts for more than any that could not be looked at. */
export function exitOfKeys(keys: readonly KeyReport[]): number {
  if (keys.some((key) => standing(key) === "INVALID")) return EXIT.invalid;
  const open = keys.filter((key) => standing(key) === "undetermined");
  if (open.length === 0) return EXIT.ok;
  return open.every((key) => key.waiting) ? EXIT.waiting : EXIT.undetermined;
}

export function exitOfValidate(report: ValidateReport): number {
  const code = exitOfKeys(report.keys);
  return report.unlisted.length > 0 && code !== EXIT.invalid ? EXIT.undetermined : code;
}

/** A key that is VALID but that nobody could register is not what was asked for. */
export function exitOfOnboard(report: OnboardReport, dryRun: boolean): number {
  const code = exitOfKeys([report.key]);
  if (code === EXIT.invalid) return code;
  if (dryRun) return report.steps.some((step) => step.outcome === "failed") ? EXIT.undetermined : EXIT.ok;
  return code === EXIT.ok && report.registration === null ? EXIT.undetermined : code;
}
