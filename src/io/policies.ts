import aivenAws from "../../policies/aiven/aws.json" with { type: "json" };
import aivenGcp from "../../policies/aiven/gcp.json" with { type: "json" };
import aivenOci from "../../policies/aiven/oci.json" with { type: "json" };
import type { CloudId, VendorCloudPolicy, VendorId } from "../core/model.ts";

/** What is in `policies/`, built in, so that nothing has to be read or checked at run time. A test compares. */
const SHIPPED: readonly unknown[] = [aivenAws, aivenGcp, aivenOci];

/** What the vendor needs on a cloud; null when it takes no keys there, or when keygrant does not know how. */
export function policyOf(vendor: VendorId, cloud: CloudId): VendorCloudPolicy | null {
  return shippedPolicies().find((policy) => policy.vendor === vendor && policy.cloud === cloud) ?? null;
}

export function shippedPolicies(): readonly VendorCloudPolicy[] {
  return SHIPPED as readonly VendorCloudPolicy[];
}
