import { type KeygrantError, refusal } from "../../core/errors.ts";
import type { Accessor, AccessorField, KeyRef, VendorCloudPolicy } from "../../core/model.ts";
import { isEveryone } from "./members.ts";
import { memberFields } from "./template.ts";

/** An email address has at most 254 characters (RFC 5321): anything beyond is not worth a regular expression. */
const LONGEST = 254;

/**
 * Refuses (`vendor.accessor-unsafe`) an accessor that is not one group of the vendor's: the fields that the policy
 * promises, each of its shape, and those that become a member of a binding one bare address each. Whether an address
 * really is a group's only Google can tell, and it refuses a `group:` that is something else.
 */
export function checkAccessor(accessor: Accessor, _ref: KeyRef | null, policy: VendorCloudPolicy): void {
  const members = memberFields(policy);
  for (const [name, field] of Object.entries(policy.accessor.fields)) {
    const value = Object.hasOwn(accessor.fields, name) ? accessor.fields[name] : undefined;
    if (value === undefined || value === "") {
      throw unsafe(policy, `names no ${name}, which should be ${field.shape}`, field);
    }
    const fault = (members.has(name) ? memberFault(value) : null) ?? shapeFault(value, field);
    if (fault !== null) throw unsafe(policy, `names ${name} "${shown(value)}", ${fault}`, field);
  }
}

/** What makes an address unfit to be let in, whatever shape the vendor's policy asks for; null when nothing does. */
function memberFault(value: string): string | null {
  if (isEveryone(value) || value === "*") return "which is everybody";
  if (/[*{}]/.test(value)) return "which has a wildcard in it";
  if (/^deleted:/i.test(value)) return "which is a principal that no longer exists";
  const [, kind] = /^([A-Za-z]+):/.exec(value) ?? [];
  if (kind !== undefined) {
    return kind.toLowerCase() === "group" ? `which has "group:" before the address` : `which is a ${kind}, not a group`;
  }
  if (/[\s,;]/.test(value.trim())) return "which is more than one address";
  if (/\.gserviceaccount\.com$/i.test(value)) return "which is a service account, not a group";
  return value.split("@").length === 2 ? null : "which is not an email address";
}

function shapeFault(value: string, field: AccessorField): string | null {
  const fits = value.length <= LONGEST && new RegExp(`^(?:${field.pattern})$`, "u").test(value);
  return fits ? null : `which is not ${field.shape}`;
}

function shown(value: string): string {
  return value.length > 200 ? `${value.slice(0, 200)}…` : value;
}

function unsafe(policy: VendorCloudPolicy, what: string, field: AccessorField): KeygrantError {
  return refusal(
    "vendor.accessor-unsafe",
    `${policy.vendor} ${what}. Nothing was granted.`,
    `Expected was ${field.shape}, for example ${field.example}. Check the vendor address that you use, and ask the vendor by another channel.`,
  );
}
