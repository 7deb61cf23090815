import type { KeyDescription, KeyKind, VendorCloudPolicy } from "./model.ts";

/** The kind of key that the vendor takes and this key is, or null. */
export function kindOf(key: KeyDescription, policy: VendorCloudPolicy): KeyKind | null {
  return (
    policy.key.kinds.find(
      (kind) => kind.usage === key.usage && key.algorithms.some((name) => kind.algorithms.includes(name)),
    ) ?? null
  );
}
