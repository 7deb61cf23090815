import { KeygrantError, LookError } from "../core/errors.ts";
import type { LookCode } from "../core/model.ts";
import { plainText } from "../core/text.ts";
import { damaged, unusable } from "./failures.ts";

/** Another transaction was in the way: nothing was done, and the same again may well work. */
export function isConflict(error: unknown): boolean {
  return ["40001", "40P01"].includes(codeOf(error));
}

/** Nobody was there to answer, which passes often enough: the server starts, has no room, or goes over to another. */
export function isAway(error: unknown): boolean {
  return AWAY.test(codeOf(error)) || AWAY_WORDS.test(messageOf(error));
}

/** The connection may hold the rest of an answer: it is of no more use. */
export function isUseless(error: unknown): boolean {
  return codeOf(error) === "" || isAway(error);
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, and Node's own codes. */
const AWAY = /^(08\w{3}|57P0[1-5]|53300|25006|ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;
const AWAY_WORDS = /^(Connection terminated(?! due)|Client has encountered a connection error)/;
const NOWHERE = /^(ENOTFOUND|ETIMEDOUT|ENOENT|EACCES)$/;
const SLOW = /^(57014|55P03|25P0[34]|40001|40P01)$/;
const SLOW_WORDS = /^(Query read timeout|timeout exceeded when trying to connect|Connection terminated due to)/;
const TLS = /CERT|SIGNATURE|^ERR_(SSL|TLS)/;
const TLS_WORDS = /^The server does not support SSL|establishing an SSL connection|no encryption$|SSL off$/;

/** In the user's words, with the host and never with a password. Anything else is a bug, and stays what it is. */
export function explained(error: unknown, host: string): unknown {
  if (error instanceof KeygrantError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const message = messageOf(error);
  const where = `PostgreSQL at ${host}`;
  if (SLOW.test(code) || SLOW_WORDS.test(message))
    return look("look.timeout", `${where} did not answer in time: ${message}.`, error);
  if (isAway(error) || NOWHERE.test(code))
    return look("look.unreachable", `${where} cannot be reached: ${message}.`, error);
  if (TLS.test(code) || TLS_WORDS.test(message)) return unusable(where, message, TLS_FIX, error);
  if (/^28|^3D000|^42501/.test(code) || /password must be a string/.test(message))
    return unusable(where, code === "" ? "it wants a password" : message, ACCESS_FIX, error);
  if (/^53/.test(code)) return unusable(where, message, "Give the server room (disk, memory), then try again.", error);
  if (/^22(P05|021)/.test(code)) return unusable(where, message, "Use a database whose encoding is UTF8.", error);
  // Our tables are not what we made, or the server cannot read its own files.
  return /^(42|XX)/.test(code) ? damaged(where, message, error) : error;
}

const TLS_FIX =
  "Add sslmode=verify-full and sslrootcert=<file> with the server's authority to the URL; sslmode=no-verify trusts anybody.";
const ACCESS_FIX =
  "Check user, password (PGPASSWORD) and database. The user must be allowed to create tables there the first time.";

function look(code: LookCode, detail: string, cause: Error): LookError {
  return new LookError({ code, detail }, "Check that the server runs and can be reached from here.", cause);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Several addresses of one host that all refused are one error without words. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  return plainText(error.message, 300) || codeOf(error);
}
