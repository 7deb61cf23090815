import { type KeygrantError, refusal } from "../../core/errors.ts";
import type { Accessor, AccessorField, KeyRef, VendorCloudPolicy } from "../../core/model.ts";
import { accountOf, partitionOf, splitArn } from "./key.ts";

/** IAM takes no ARN longer than this; anything beyond is not worth a regular expression. */
const LONGEST_ARN = 2048;

/**
 * Refuses (`vendor.accessor-unsafe`) an accessor that is not one role of the vendor's: the fields that the policy
 * promises, each of its shape, and every one that becomes a Principal a role ARN in the key's partition and in an
 * account that is not the key owner's. Whose account a bare alias or key id belongs to only AWS can tell: ask again
 * with the reference that `inspect` resolved. Without a key, owner and partition are not checked.
 */
export function checkAccessor(accessor: Accessor, ref: KeyRef | null, policy: VendorCloudPolicy): void {
  const principals = principalFields(policy);
  for (const [name, field] of Object.entries(policy.accessor.fields)) {
    const value = Object.hasOwn(accessor.fields, name) ? accessor.fields[name] : undefined;
    if (value === undefined || value === "") {
      throw unsafe(policy, `names no ${name}, which should be ${field.shape}`, field);
    }
    const fault = (principals.has(name) ? principalFault(value, ref) : null) ?? shapeFault(value, field);
    if (fault !== null) throw unsafe(policy, `names ${name} "${shown(value)}", ${fault}`, field);
  }
}

/** The fields that stand for a Principal in the policy's statements. The others (an external id, say) are no ARNs. */
function principalFields(policy: VendorCloudPolicy): ReadonlySet<string> {
  const names = policy.key.kinds.flatMap((kind) => {
    const statements: unknown = kind.grant["statements"];
    return Array.isArray(statements) ? statements.flatMap((one: { Principal?: unknown }) => holes(one?.Principal)) : [];
  });
  return new Set(names);
}

function holes(template: unknown): readonly string[] {
  return [...(JSON.stringify(template) ?? "").matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
}

/** What makes a principal unfit to be let in, whatever shape the vendor's policy asks for; null when nothing does. */
function principalFault(value: string, ref: KeyRef | null): string | null {
  if (value === "*") return "which is everybody";
  if (/[*?]/.test(value)) return "which has a wildcard in it";
  if (/^[0-9]{12}$/.test(value)) return "which is a whole AWS account, not one role in it";
  const arn = splitArn(value);
  if (arn === null) return "which is not an ARN";
  if (arn.resource === "root") return "which is a whole AWS account, not one role in it";
  if (arn.service === "sts") return "which is one session of a role, not the role";
  if (arn.service !== "iam" || arn.region !== "") return `which is not an IAM role (service "${arn.service}")`;
  if (arn.resource.startsWith("user/")) return "which is an IAM user, not a role";
  if (!arn.resource.startsWith("role/")) return "which is not a role";
  if (!/^[0-9]{12}$/.test(arn.account)) return "whose account id does not have 12 digits";
  if (ref === null) return null;
  if (arn.account === accountOf(ref)) return "which is a role in the key owner's own account";
  const partition = partitionOf(ref);
  if (arn.partition !== partition) {
    return `which is in the partition ${arn.partition}, while the key is in ${partition}: no role of another partition can use it`;
  }
  return null;
}

function shapeFault(value: string, field: AccessorField): string | null {
  const fits = value.length <= LONGEST_ARN && new RegExp(`^(?:${field.pattern})$`, "u").test(value);
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
