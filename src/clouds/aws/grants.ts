import { type LookFailure, type PolicyDocument, type Seen, seen, unseen } from "../../core/model.ts";
import { all, type Tri } from "../../core/tri.ts";
import { matchPrincipal, type Principal } from "./principal.ts";
import { isRecord } from "./statement.ts";

/** One KMS grant, as far as it decides about access (https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html). */
export interface KmsGrant {
  readonly label: string;
  readonly grantee: string;
  /** `Encrypt`, `Decrypt`, …: the action without `kms:`. */
  readonly operations: readonly string[];
  /** Each a sentence's end: `EncryptionContextSubset Department=IT`. */
  readonly constraints: readonly string[];
}

/** What one grant means for one request: grants can allow, never deny. */
export interface AppliedGrant {
  readonly grant: KmsGrant;
  readonly applies: Tri;
  readonly on: readonly string[];
  readonly who: Tri;
}

const NOT_READ: LookFailure = {
  code: "look.denied",
  detail: "the KMS grants of the key were not read",
  fix: "Give the caller kms:ListGrants on the key.",
};

/**
 * Reads what ListGrants answered. A document that is not there at all was never asked for: that is not the same as
 * there being no grants, and neither is a list that was cut off.
 */
export function readGrants(document: PolicyDocument | undefined): Seen<readonly KmsGrant[]> {
  if (document === undefined) return unseen(NOT_READ);
  if (!document.body.known) return document.body;
  let value: unknown;
  try {
    value = JSON.parse(document.body.value.text);
  } catch {
    return unseen({ code: "look.unreachable", detail: "the list of KMS grants that came back is not JSON" });
  }
  if (!isRecord(value) || !Array.isArray(value["Grants"])) return unreadable("it has no list of Grants");
  if (value["Truncated"] === true) return unreadable("it is not complete");
  const grants: KmsGrant[] = [];
  for (const item of value["Grants"]) {
    const grant = readGrant(item);
    if (grant === null) return unreadable("a grant has no grantee or no operations");
    grants.push(grant);
  }
  return seen(grants);
}

function unreadable(detail: string): Seen<never> {
  return unseen({
    code: "look.unsupported",
    detail: `the list of KMS grants has a form that keygrant cannot read: ${detail}`,
  });
}

function readGrant(item: unknown): KmsGrant | null {
  if (!isRecord(item)) return null;
  const operations: readonly unknown[] = Array.isArray(item["Operations"]) ? item["Operations"] : [null];
  if (!operations.every((operation) => typeof operation === "string")) return null;
  // A grant to an AWS service has a field of its own for it, and is nobody's that we ask for.
  const grantee = item["GranteePrincipal"] ?? item["GranteeServicePrincipal"];
  if (typeof grantee !== "string") return null;
  const id = typeof item["GrantId"] === "string" ? item["GrantId"] : "without an id";
  return { label: `KMS grant ${id}`, grantee, operations, constraints: constraintsOf(item["Constraints"]) };
}

function constraintsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!isRecord(value)) return ["its Constraints"];
  return Object.entries(value).flatMap(([name, limit]) => {
    if (limit === null) return [];
    if (!isRecord(limit)) return [name];
    const pairs = Object.entries(limit).map(([key, wanted]) => `${key}=${wanted}`);
    return pairs.length === 0 ? [] : [`${name} ${pairs.join(", ")}`];
  });
}

/** Holds the grants against one request of a principal. */
export function applyGrants(
  grants: readonly KmsGrant[],
  principal: Principal,
  action: string,
  keyPartition: string,
): readonly AppliedGrant[] {
  return grants.map((grant) => {
    // Valid grantees are accounts, users, roles and their sessions: the same as a Principal of one name.
    const element = grant.grantee === "*" ? {} : { AWS: grant.grantee };
    const who = matchPrincipal({ Effect: "Allow", Principal: element }, principal, keyPartition);
    const covers: Tri = grant.operations.some((name) => `kms:${name}`.toLowerCase() === action.toLowerCase())
      ? "yes"
      : "no";
    const applies = all([who.met, covers, grant.constraints.length > 0 ? "unknown" : "yes"]);
    return { grant, applies, on: applies === "unknown" ? [...who.on, ...grant.constraints] : [], who: who.met };
  });
}
