import { usageError } from "./errors.ts";
import type { VendorCloudPolicy } from "./model.ts";

/** The vendor's needs with another role in the grant, for clouds that grant by role. The actions needed stay the same. */
export function withRole(policy: VendorCloudPolicy, role: string): VendorCloudPolicy {
  const kinds = policy.key.kinds.map((kind) => {
    if (typeof kind.grant["role"] === "string") return { ...kind, grant: { ...kind.grant, role } };
    throw usageError(
      "usage.role",
      `Grants on ${policy.cloud} have no role.`,
      "Leave --role out: it is for Google Cloud.",
    );
  });
  return { ...policy, key: { kinds } };
}
