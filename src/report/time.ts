import type { KeyReport } from "../core/report.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in the two words that matter: "42 s", "3 min 20 s", "5 h 10 min", "12 days". */
export function lengthPhrase(ms: number): string {
  const length = Math.max(0, Math.round(ms / SECOND) * SECOND);
  if (length < MINUTE) return `${length / SECOND} s`;
  if (length < HOUR) return pair(length, MINUTE, "min", SECOND, "s");
  if (length < 2 * DAY) return pair(length, HOUR, "h", MINUTE, "min");
  return `${Math.floor(length / DAY)} days`;
}

function pair(length: number, big: number, bigName: string, small: number, smallName: string): string {
  const count = Math.floor(length / big);
  const rest = Math.floor((length % big) / small);
  return rest === 0 ? `${count} ${bigName}` : `${count} ${bigName} ${rest} ${smallName}`;
}

/** How long before `now` something was; both ISO 8601. Rough: one unit, rounded down. */
export function agoPhrase(at: string, now: string): string {
  const ms = Date.parse(now) - Date.parse(at);
  if (Number.isNaN(ms)) return "at an unknown time";
  if (ms < 0) return `${rough(-ms)} ahead`;
  return ms < MINUTE ? "just now" : `${rough(ms)} ago`;
}

/** A date that is ahead, with how long is left of it; both ISO 8601. */
export function leftPhrase(at: string, now: string): string {
  const ms = Date.parse(at) - Date.parse(now);
  if (Number.isNaN(ms)) return at;
  return `${shortTime(at)} (${ms < 0 ? `${rough(-ms)} ago` : `${rough(ms)} left`})`;
}

/** The dates that a key has ahead of it, in words, as of its last look. */
export function datesAhead(key: KeyReport): readonly (readonly [string, string])[] {
  const dates = [["deletion", key.deletionAt] as const, ["material expires", key.materialExpiresAt] as const];
  return dates.flatMap(([what, at]) => (at === null ? [] : [[what, leftPhrase(at, key.lastCheckedAt)] as const]));
}

function rough(ms: number): string {
  if (ms < MINUTE) return "seconds";
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} days`;
}

/** To the second: milliseconds help nobody who reads. Anything that is no time comes back as it is. */
export function shortTime(at: string): string {
  return at.replace(/\.\d+Z$/, "Z");
}
