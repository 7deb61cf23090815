import type { Binding, CryptoKey, KeyVersion, VersionState } from "./world.ts";

export const CREATED = "2025-06-01T09:00:00.000Z";
const DAY = 86_400_000;
const ROTATION_DAYS = 90;

/** How a version differs from an enabled one; material that is not mentioned is made. */
export type VersionChange = Pick<KeyVersion, "number" | "state"> & Partial<KeyVersion>;

/** How one key of the fresh world differs from a symmetric one with one version, rotated, that nobody is let in to. */
export type Change = Partial<Omit<CryptoKey, "name" | "policy" | "versions">> & {
  readonly versions?: readonly VersionChange[];
  /** Of the key's own policy. */
  readonly bindings?: readonly Binding[];
};

export function version(
  number: number,
  state: VersionState = "ENABLED",
  change: Partial<KeyVersion> = {},
): VersionChange {
  return { number, state, ...change };
}

export function disabled(number: number): VersionChange {
  return version(number, "DISABLED");
}

export function daysAfter(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY).toISOString();
}

export function rotating(now: Date): NonNullable<CryptoKey["rotation"]> {
  return { periodSeconds: (ROTATION_DAYS * DAY) / 1000, next: daysAfter(now, ROTATION_DAYS) };
}
