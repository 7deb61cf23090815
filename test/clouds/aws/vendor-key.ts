import { readFileSync } from "node:fs";
import { access } from "../../../src/clouds/aws/access.ts";
import {
  type Access,
  type ActionAccess,
  type Grant,
  type KeyDescription,
  type KeyFacts,
  type PolicyDocument,
  seen,
  type VendorCloudPolicy,
} from "../../../src/core/model.ts";

// A key of one account, a role of another, and the statements that people write about the two.

export const VENDOR = "123456789012";
export const OWNER = "111122223333";
export const ROLE = `arn:aws:iam::${VENDOR}:role/aiven-cmk-anchor`;
export const ROOT = `arn:aws:iam::${VENDOR}:root`;
export const SESSION = `arn:aws:sts::${VENDOR}:assumed-role/aiven-cmk-anchor/worker-1`;
export const KEY = `arn:aws:kms:eu-west-1:${OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
export const MULTI = `arn:aws:kms:eu-west-1:${OWNER}:key/mrk-1234abcd12ab34cd56ef1234567890ab`;

export const POLICY = JSON.parse(readFileSync("policies/aiven/aws.json", "utf8")) as VendorCloudPolicy;
export const GRANT: Grant = { policy: POLICY, accessors: [{ cloud: "aws", fields: { role_arn: ROLE } }] };

export const SYMMETRIC: KeyDescription = {
  state: "usable",
  stateName: "Enabled",
  usage: "ENCRYPT_DECRYPT",
  algorithms: ["SYMMETRIC_DEFAULT"],
  customerManaged: true,
  deletionAt: null,
  materialExpiresAt: null,
  exportable: false,
  olderVersions: [],
};

export type Raw = Readonly<Record<string, unknown>>;

/** The statement that a key has from birth: the owner's own account. */
export const OWNERS: Raw = {
  Sid: "Enable IAM policies",
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${OWNER}:root` },
  Action: "kms:*",
  Resource: "*",
};

export function allow(more: Raw = {}): Raw {
  return {
    Sid: "Vendor",
    Effect: "Allow",
    Principal: { AWS: ROLE },
    Action: ["kms:Encrypt", "kms:Decrypt"],
    Resource: "*",
    ...more,
  };
}

export function deny(more: Raw = {}): Raw {
  return { Sid: "No", Effect: "Deny", Principal: { AWS: ROLE }, Action: "kms:*", Resource: "*", ...more };
}

export function document(id: string, value: unknown): PolicyDocument {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { id, title: `the ${id}`, body: seen({ text, revision: "1" }) };
}

export function keyPolicy(statements: readonly Raw[], version = "2012-10-17"): PolicyDocument {
  return document("key-policy", { Version: version, Statement: [OWNERS, ...statements] });
}

export const NO_GRANTS = document("grants", { Grants: [] });

export function facts(documents: readonly PolicyDocument[], more: Partial<KeyFacts> = {}): KeyFacts {
  return {
    ref: { cloud: "aws", id: KEY, region: "eu-west-1", owner: OWNER },
    key: seen(SYMMETRIC),
    rotation: seen(true),
    documents,
    ...more,
  };
}

export function judge(statements: readonly Raw[], grants: PolicyDocument = NO_GRANTS): Access {
  return only(access(facts([keyPolicy(statements), grants]), GRANT));
}

export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`${items.length} items`);
  return item;
}

/** The answers for Encrypt and Decrypt, in one word when they are the same. */
export function answers(statements: readonly Raw[], grants?: PolicyDocument): string {
  const words = judge(statements, grants).actions.map((one) => one.answer);
  return [...new Set(words)].join(" ");
}

export function decrypt(statements: readonly Raw[], grants?: PolicyDocument): ActionAccess {
  const answer = judge(statements, grants).actions.find((one) => one.action === "kms:Decrypt");
  if (answer === undefined) throw new Error("no answer");
  return answer;
}
