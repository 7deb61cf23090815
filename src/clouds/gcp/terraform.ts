import type { PolicyText } from "../../core/cloud.ts";
import { known, terraformFile } from "../../core/terraform.ts";
import type { WantedBinding } from "./template.ts";

const KEY = {
  name: "crypto_key_id",
  description: "The key: projects/…/locations/…/keyRings/…/cryptoKeys/…",
} as const;

/**
 * One member in one binding, which leaves every other binding alone
 * (https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_kms_crypto_key_iam).
 */
export function printTerraform(text: PolicyText, bindings: readonly WantedBinding[]): string {
  const type = "google_kms_crypto_key_iam_member";
  const blocks = bindings.map(({ role, member }, index) => ({
    head: ["resource", type, nameOf(index)],
    arguments: { crypto_key_id: known(text.key?.id, KEY), role, member },
  }));
  return terraformFile(text, {
    key: KEY,
    grant: `${type}.${nameOf(0)}`,
    blocks,
    remarks: ["Adds one member to one role on this key. Every other binding stays, whoever manages it."],
  });
}

function nameOf(index: number): string {
  return index === 0 ? "vendor" : `vendor_${index + 1}`;
}
