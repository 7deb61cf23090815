import type { LookFailure } from "./model.ts";

/** What the caller of the command can conclude; `cli/exit.ts` turns it into a number. */
export type ErrorKind =
  /** Wrong words, a missing credential, a broken file: nothing was asked of anybody. */
  | "usage"
  /** Safe to ask, not safe to do, or not allowed to: nothing was changed. */
  | "refused"
  /** Somebody could not be asked. */
  | "look";

/** The one error of the project. `message` says what happened in the user's words, `fix` what to do next. */
export class KeygrantError extends Error {
  override readonly name = "KeygrantError";
  readonly kind: ErrorKind;
  /** Stable, dotted: tests and users match on it. */
  readonly code: string;
  readonly fix: string;

  constructor(kind: ErrorKind, code: string, message: string, fix: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.code = code;
    this.fix = fix;
  }
}

export function usageError(code: string, message: string, fix: string, cause?: unknown): KeygrantError {
  return new KeygrantError("usage", code, message, fix, cause);
}

export function refusal(code: string, message: string, fix: string, cause?: unknown): KeygrantError {
  return new KeygrantError("refused", code, message, fix, cause);
}

/** A look that failed where there is nothing to hang a finding on (no key yet). */
export class LookError extends KeygrantError {
  readonly why: LookFailure;

  constructor(why: LookFailure, fix: string, cause?: unknown) {
    super("look", why.code, why.detail, why.fix ?? fix, cause);
    this.why = why;
  }
}
