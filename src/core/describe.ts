import type { Accessor } from "./model.ts";

/** A principal in one line, always the same for the same principal. */
export function describe(accessor: Accessor): string {
  const fields = Object.entries(accessor.fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return [...(accessor.seat === undefined ? [] : [accessor.seat]), ...fields].join(" ");
}
