import { type DocumentBody, type LookFailure, type PolicyDocument, type Seen, unseen } from "../../core/model.ts";
import { type IamPolicy, isRecord, parsePolicy } from "./policy.ts";
import type { LookedUpRoles } from "./roles.ts";

/** The documents that decide. The key's own comes first; a role that was looked up is this and its name. */
export const KEY_POLICY = "key-policy";
export const RING_POLICY = "ring-policy";
export const PROJECT_POLICY = "project-policy";
export const ROLE = "role:";
export const JUSTIFICATIONS = "key-access-justifications";

/** For people, and in the order in which an allow is looked for. */
export const POLICY_TITLES = {
  [KEY_POLICY]: "the IAM policy of the key",
  [RING_POLICY]: "the IAM policy of the key ring",
  [PROJECT_POLICY]: "the IAM policy of the project",
} as const;

export type PolicyId = keyof typeof POLICY_TITLES;
export const POLICY_IDS = Object.keys(POLICY_TITLES) as readonly PolicyId[];

/** What these calls cannot see, said where it may matter. */
export const NOT_LOOKED_AT = "folder, organisation and deny policies were not looked at";

/** One policy among those that were read, or why it was not. */
export interface ReadPolicy {
  readonly id: PolicyId;
  readonly title: string;
  readonly policy: Seen<IamPolicy>;
}

export function readPolicies(documents: readonly PolicyDocument[]): readonly ReadPolicy[] {
  return POLICY_IDS.map((id) => {
    const title = POLICY_TITLES[id];
    const body = documents.find((one) => one.id === id)?.body ?? unseen(NOT_READ[id]);
    return { id, title, policy: body.known ? parsed(body.value, title) : body };
  });
}

/** What has been read once: a ring's and a project's policies are the same for each of their keys. */
const PARSED = new WeakMap<DocumentBody, Seen<IamPolicy>>();

function parsed(body: DocumentBody, title: string): Seen<IamPolicy> {
  const policy = PARSED.get(body) ?? parsePolicy(body.text, title);
  PARSED.set(body, policy);
  return policy;
}

const NOT_READ: Readonly<Record<PolicyId, LookFailure>> = {
  [KEY_POLICY]: { code: "look.denied", detail: "The IAM policy of the key was not read." },
  [RING_POLICY]: { code: "look.denied", detail: "The IAM policy of the key ring was not read." },
  [PROJECT_POLICY]: { code: "look.denied", detail: "The IAM policy of the project was not read." },
};

/** The permissions of the roles that were looked up. One that could not be seen is left out: it stays unknown. */
export function readRoles(documents: readonly PolicyDocument[]): LookedUpRoles {
  const roles = new Map<string, ReadonlySet<string>>();
  for (const { id, body } of documents) {
    if (!id.startsWith(ROLE) || !body.known) continue;
    const permissions = permissionsIn(body.value.text);
    if (permissions !== null) roles.set(id.slice(ROLE.length), permissions);
  }
  return roles;
}

/** https://cloud.google.com/iam/docs/reference/rest/v1/organizations.roles#Role */
function permissionsIn(text: string): ReadonlySet<string> | null {
  let role: unknown;
  try {
    role = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(role)) return null;
  // A deleted role stays in bindings and grants nothing any more.
  if (role["deleted"] === true) return new Set();
  const { includedPermissions: permissions = [] } = role;
  return Array.isArray(permissions) ? new Set(permissions.filter((one) => typeof one === "string")) : null;
}

/** Google's code for what a customer does with its own keys:
 * https://cloud.google.com/assured-workloads/key-access-justifications/docs/justification-codes
 */
const CUSTOMER = "CUSTOMER_INITIATED_ACCESS";

/**
 * What a Key Access Justifications policy leaves open: null when there is none, or when it takes what customers do.
 * That it takes nothing at all shows in the key's state.
 */
export function justificationDoubt(documents: readonly PolicyDocument[]): string | null {
  const body = documents.find((one) => one.id === JUSTIFICATIONS)?.body;
  if (body === undefined || !body.known) return null;
  const reasons: readonly string[] = body.value.text.match(/[A-Z_]{5,}/g) ?? [];
  if (reasons.length === 0 || reasons.includes(CUSTOMER)) return null;
  return `the reason that Google sees in a request of the vendor: only ${reasons.join(", ")} is taken`;
}
