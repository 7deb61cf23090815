/** In milliseconds. */
export const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What a duration looks like, for schemas; `parseDuration` decides. */
export const DURATION_PATTERN = /^(0|\d{1,9}(\.\d{1,9})?(ms|s|m|h|d))$/;

/** `500ms`, `30s`, `5m`, `24h`, `30d` or `0`, in milliseconds; null when the text is none of these. */
export function parseDuration(text: string): number | null {
  const word = text.trim();
  if (!DURATION_PATTERN.test(word)) return null;
  const unit = /(?:ms|s|m|h|d)$/.exec(word)?.[0] ?? "ms";
  return Number.parseFloat(word) * UNITS[unit as keyof typeof UNITS];
}

/** A time as people say it, in the largest unit of which there are two at least: "20 minutes", "47 hours". */
export function durationText(ms: number): string {
  for (const [unit, name] of NAMES) {
    const count = Math.floor(ms / UNITS[unit]);
    if (count >= 2) return `${count} ${name}s`;
  }
  return ms >= UNITS.m ? "1 minute" : "less than a minute";
}

const NAMES = [
  ["d", "day"],
  ["h", "hour"],
  ["m", "minute"],
] as const;
