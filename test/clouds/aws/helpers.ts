import aiven from "../../../policies/aiven/aws.json" with { type: "json" };
import type { Grant, KeyFacts, KeyRef, VendorCloudPolicy } from "../../../src/core/model.ts";
import { seen } from "../../../src/core/model.ts";
import type { Clock } from "../../../src/core/ports.ts";

export const POLICY = aiven as VendorCloudPolicy;
export const ROLE = "arn:aws:iam::999988887777:role/aiven-cmk-anchor";
export const SID = "Allow Aiven to use this key for CMK operations";
export const ARN = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111";
export const KEY: KeyRef = { cloud: "aws", id: ARN, region: "eu-west-1", owner: "111122223333" };
export const GRANT: Grant = { policy: POLICY, accessors: [{ cloud: "aws", fields: { role_arn: ROLE } }] };

export const ROOT = {
  Sid: "Enable IAM User Permissions",
  Effect: "Allow",
  Principal: { AWS: "arn:aws:iam::111122223333:root" },
  Action: "kms:*",
  Resource: "*",
};
export const OURS = {
  Sid: SID,
  Effect: "Allow",
  Principal: { AWS: ROLE },
  Action: ["kms:Encrypt", "kms:Decrypt"],
  Resource: "*",
};

export function policyText(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, 2);
}

/** The healthy key as DescribeKey gives it. */
export const METADATA = {
  AWSAccountId: "111122223333",
  KeyId: "11111111-1111-4111-8111-111111111111",
  Arn: ARN,
  Enabled: true,
  KeyState: "Enabled",
  KeyUsage: "ENCRYPT_DECRYPT",
  KeySpec: "SYMMETRIC_DEFAULT",
  KeyManager: "CUSTOMER",
  Origin: "AWS_KMS",
  MultiRegion: false,
} as const;

/** Time that passes only by sleeping. */
export class FakeClock implements Clock {
  readonly slept: number[] = [];
  #now = Date.parse("2026-11-21T10:00:00Z");
  /** Called after each sleep, with all the milliseconds slept so far. */
  onSleep: (total: number) => void = () => {};

  now(): Date {
    return new Date(this.#now);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.#now += ms;
    this.onSleep(this.slept.reduce((sum, one) => sum + one, 0));
    signal?.throwIfAborted();
  }
}

/** Facts about the healthy key with the given key policy. */
export function factsWith(text: string, revision: string): KeyFacts {
  return {
    ref: KEY,
    key: seen({
      state: "usable",
      stateName: "Enabled",
      usage: "ENCRYPT_DECRYPT",
      algorithms: ["SYMMETRIC_DEFAULT"],
      customerManaged: true,
      deletionAt: null,
      materialExpiresAt: null,
      exportable: false,
      olderVersions: [],
    }),
    rotation: seen(true),
    documents: [{ id: "key-policy", title: "the key policy", body: seen({ text, revision }) }],
  };
}
