import { type KeygrantError, usageError } from "../core/errors.ts";

/** What can be wrong with a store, in the user's words. `where` names it: a path, or a host without any password. */

const ANOTHER_PLACE = "point --state (or KEYGRANT_STATE) at another place";

export function damaged(where: string, what: string, cause?: unknown): KeygrantError {
  return usageError(
    "state.damaged",
    `The state in ${where} cannot be read: ${what}. Nothing in it was changed.`,
    `Restore it from a backup, move it away to begin anew, or ${ANOTHER_PLACE}.`,
    cause,
  );
}

export function damagedKey(where: string, key: string, id: string, cause: unknown): KeygrantError {
  return usageError(
    "state.damaged",
    `What ${where} remembers of the key ${key} cannot be read. Nothing in it was changed.`,
    `Restore it from a backup, or begin anew with this key alone: delete the rows of "${id}" from keygrant_keys and keygrant_history.`,
    cause,
  );
}

export function newer(where: string, found: number, known: number): KeygrantError {
  return usageError(
    "state.newer",
    `The state in ${where} was written by a newer keygrant (version ${found}; this one knows ${known}). Nothing in it was changed.`,
    `Use the newer keygrant, or ${ANOTHER_PLACE}.`,
  );
}

export function unusable(where: string, why: string, fix: string | null, cause?: unknown): KeygrantError {
  return usageError(
    "state.unusable",
    `The state in ${where} cannot be used: ${why}.`,
    fix ?? `Make it writable, free some space, or ${ANOTHER_PLACE}.`,
    cause,
  );
}
