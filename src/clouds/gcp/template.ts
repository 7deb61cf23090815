import { usageError } from "../../core/errors.ts";
import type { Accessor, KeyKind, VendorCloudPolicy } from "../../core/model.ts";

/** The binding that one accessor needs: `kind.grant` of `policies/<vendor>/gcp.json`, filled in. */
export interface WantedBinding {
  readonly role: string;
  readonly member: string;
}

/** `roles/…`, or a custom role of a project or an organisation. */
const ROLE = /^(?:roles|projects\/[^/\s]{1,128}\/roles|organizations\/[0-9]{1,20}\/roles)\/[A-Za-z0-9_.]{1,128}$/;

/** The template is data: `{field}` is replaced inside its strings, never inside its JSON text. */
export function wantedBinding(accessor: Accessor, kind: KeyKind): WantedBinding {
  const role = kind.grant["role"];
  const member = kind.grant["member"];
  if (typeof role !== "string" || !ROLE.test(role)) throw brokenTemplate(kind, "role is not the name of a role");
  if (typeof member !== "string") throw brokenTemplate(kind, "member is missing");
  return { role, member: fill(member, accessor.fields) };
}

/** The fields of an accessor that stand in the member. */
export function memberFields(policy: VendorCloudPolicy): ReadonlySet<string> {
  const names = policy.key.kinds.flatMap((kind) => {
    const member = kind.grant["member"];
    return typeof member === "string" ? [...member.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "") : [];
  });
  return new Set(names);
}

/** The vendor's policy with another role in every grant: what `--role` asks for. Judging goes by permissions anyway. */
export function withRole(policy: VendorCloudPolicy, role: string): VendorCloudPolicy {
  if (!ROLE.test(role)) {
    throw usageError(
      "usage.role",
      `"${role.slice(0, 200)}" is not the name of an IAM role.`,
      "Write it like this: roles/cloudkms.cryptoOperator, or projects/my-project/roles/myRole",
    );
  }
  const kinds = policy.key.kinds.map((kind) => ({ ...kind, grant: { ...kind.grant, role } }));
  return { ...policy, key: { kinds } };
}

function fill(template: string, fields: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (value !== undefined) return value;
    throw usageError(
      "usage.policy-template",
      `The vendor's template for Google Cloud asks for ${hole}, which the accessor does not have.`,
      "Give every field of the accessor, or correct the file under policies/.",
    );
  });
}

function brokenTemplate(kind: KeyKind, fault: string) {
  return usageError(
    "usage.policy-template",
    `The vendor's template for ${kind.name} Google Cloud keys cannot be used: ${fault}.`,
    "Correct grant in the vendor's gcp.json under policies/.",
  );
}
