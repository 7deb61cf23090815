import { type KeygrantError, refusal } from "../../core/errors.ts";
import type { Accessor, AccessorField, KeyRef, VendorCloudPolicy } from "../../core/model.ts";
import { plainText } from "../../core/text.ts";
import { realmOf, splitOcid } from "./key.ts";

/** OCI's OCIDs have at most 255 characters; anything far beyond is not worth a regular expression. */
const LONGEST = 512;

/** What the principal and its home are called in OCI: the kinds of things that a vendor may name. */
const KINDS: ReadonlySet<string> = new Set(["group", "tenancy"]);

/**
 * Refuses (`vendor.accessor-unsafe`) an accessor that is not a group of the vendor's tenancy: the fields that the
 * policy promises, each of its shape, all of the key's realm, and the tenancy not the key owner's. Whose tenancy a key
 * is in only OCI can tell: ask again with the reference that `inspect` resolved.
 */
export function checkAccessor(accessor: Accessor, ref: KeyRef | null, policy: VendorCloudPolicy): void {
  const realms = new Map<string, string>();
  for (const [name, field] of Object.entries(policy.accessor.fields)) {
    const value = Object.hasOwn(accessor.fields, name) ? accessor.fields[name] : undefined;
    if (value === undefined || value === "") {
      throw unsafe(policy, `names no ${name}, which should be ${field.shape}`, field);
    }
    const fault = ocidFault(value, ref) ?? shapeFault(value, field) ?? realmFault(value, realms);
    if (fault !== null) throw unsafe(policy, `names ${name} "${plainText(value, 200)}", ${fault}`, field);
    realms.set(name, realmOf(value) ?? "");
  }
}

/** What makes a value unfit to be let in, whatever shape the vendor's policy asks for; null when nothing does. */
function ocidFault(value: string, ref: KeyRef | null): string | null {
  if (/^any-(user|group|tenancy)$/i.test(value)) return "which is everybody";
  const ocid = splitOcid(value);
  if (ocid === null) return "which is not an OCID";
  if (ocid.type === "user") return "which is a single user, not a group";
  if (!KINDS.has(ocid.type)) return `which is the OCID of a ${ocid.type}`;
  if (ref === null) return null;
  if (ocid.type === "tenancy" && value === ref.owner) return "which is the key owner's own tenancy";
  const realm = realmOf(ref.id);
  return ocid.realm === realm
    ? null
    : `which is in the realm ${ocid.realm}, while the key is in ${realm}: nobody of another realm can use it`;
}

function shapeFault(value: string, field: AccessorField): string | null {
  const fits = value.length <= LONGEST && new RegExp(`^(?:${field.pattern})$`, "u").test(value);
  return fits ? null : `which is not ${field.shape}`;
}

/** A group of one realm in a tenancy of another does not exist. */
function realmFault(value: string, others: ReadonlyMap<string, string>): string | null {
  for (const [name, realm] of others) {
    if (realm !== realmOf(value)) return `which is not in the realm of ${name}`;
  }
  return null;
}

function unsafe(policy: VendorCloudPolicy, what: string, field: AccessorField): KeygrantError {
  return refusal(
    "vendor.accessor-unsafe",
    `${policy.vendor} ${what}. Nothing was granted.`,
    `Expected was ${field.shape}, for example ${field.example}. Check the vendor address that you use, and ask the vendor by another channel.`,
  );
}
