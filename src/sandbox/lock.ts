import { linkSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { refusal } from "../core/errors.ts";
import { askSandbox } from "./ask.ts";
import { isCode, readIfThere, unusable, writeThrough } from "./storage.ts";

/** `serve`: runs until it is stopped, others use it. `embedded`: lives inside one command, others wait for it. */
export type SandboxMode = "serve" | "embedded";

/** Who has the folder, as `server.json` in it says. */
export interface Holder {
  readonly pid: number;
  readonly origin: string;
  readonly mode: SandboxMode;
  /** ISO 8601, UTC. */
  readonly started: string;
  /** Answered at `/_sandbox/health`: a pid and a port can be somebody else's by now. */
  readonly nonce: string;
}

export interface Lock {
  /** Throws when somebody else has taken the folder since. */
  check(): void;
  release(): void;
}

export const LOCK_FILE = "server.json";

/** Null when somebody was faster. The file appears with its whole content or not at all. */
export function takeLock(dir: string, holder: Holder): Lock | null {
  const path = join(dir, LOCK_FILE);
  const prepared = `${path}.${holder.nonce}`;
  try {
    writeThrough(prepared, `${JSON.stringify(holder)}\n`);
    linkSync(prepared, path);
  } catch (cause) {
    if (isCode(cause, "EEXIST")) return null;
    throw unusable(path, cause);
  } finally {
    rmSync(prepared, { force: true });
  }
  const isOurs = (): boolean => readHolder(dir)?.nonce === holder.nonce;
  return {
    check() {
      if (isOurs()) return;
      throw refusal(
        "sandbox.folder-lost",
        `Another sandbox has taken ${dir} over; this one writes no more.`,
        "Stop this sandbox and start it again.",
      );
    },
    release() {
      if (isOurs()) rmSync(path, { force: true });
    },
  };
}

/** Null when nobody has the folder, or when what is written there names nobody. */
export function readHolder(dir: string): Holder | null {
  const text = readIfThere(join(dir, LOCK_FILE));
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== "object" || value === null) return false;
  const { pid, origin, mode, started, nonce } = value as Partial<Record<keyof Holder, unknown>>;
  const texts = [origin, started, nonce].every((each) => typeof each === "string");
  return texts && Number.isSafeInteger(pid) && Number(pid) > 0 && (mode === "serve" || mode === "embedded");
}

/**
 * The live holder of the folder, or null once the folder is free: what a killed holder left is cleared away. A holder
 * that is there but too busy to answer counts as live.
 */
export async function liveHolder(dir: string): Promise<Holder | null> {
  const holder = readHolder(dir);
  if (holder !== null && isRunning(holder.pid) && (await answers(holder))) return holder;
  clearAway(dir, holder?.nonce ?? null);
  return null;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return !isCode(cause, "ESRCH");
  }
}

async function answers(holder: Holder): Promise<boolean> {
  const answer = await askSandbox(holder.origin, "GET", "/_sandbox/health");
  if (answer === "timeout") return true;
  if (answer === "nobody") return false;
  try {
    const health: unknown = JSON.parse(answer.body);
    return typeof health === "object" && health !== null && "nonce" in health && health.nonce === holder.nonce;
  } catch {
    return false;
  }
}

/** Removes the lock that was judged dead, and no other: between judging and removing, somebody may have taken over. */
function clearAway(dir: string, nonce: string | null): void {
  const path = join(dir, LOCK_FILE);
  const aside = `${path}.${process.pid}.stale`;
  if ((readHolder(dir)?.nonce ?? null) !== nonce) return;
  try {
    renameSync(path, aside);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return;
    throw unusable(path, cause);
  }
  if (nonceIn(aside) !== nonce) restore(aside, path);
  rmSync(aside, { force: true });
}

function nonceIn(path: string): string | null {
  try {
    const value: unknown = JSON.parse(readIfThere(path) ?? "null");
    return isHolder(value) ? value.nonce : null;
  } catch {
    return null;
  }
}

/** If a third one has the folder by now, the one put aside finds out at its next write (`Lock.check`). */
function restore(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (cause) {
    if (!isCode(cause, "EEXIST")) throw unusable(path, cause);
  }
}
