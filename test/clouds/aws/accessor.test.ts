import { describe, expect, test } from "vitest";
import aiven from "../../../policies/aiven/aws.json" with { type: "json" };
import { checkAccessor } from "../../../src/clouds/aws/accessor.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import type { KeyRef, VendorCloudPolicy } from "../../../src/core/model.ts";

const POLICY = aiven as VendorCloudPolicy;
const KEY: KeyRef = {
  cloud: "aws",
  id: "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111",
  region: "eu-west-1",
  owner: "111122223333",
};

function check(fields: Record<string, string>, ref: KeyRef = KEY, policy = POLICY): void {
  checkAccessor({ cloud: "aws", fields }, ref, policy);
}

function refused(fields: Record<string, string>, ref?: KeyRef, policy?: VendorCloudPolicy): KeygrantError {
  try {
    check(fields, ref, policy);
  } catch (error) {
    if (error instanceof KeygrantError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(fields)} was accepted`);
}

test.each([
  "arn:aws:iam::999988887777:role/aiven-cmk-anchor",
  "arn:aws:iam::999988887777:role/a/path/aiven-cmk-anchor",
  "arn:aws:iam::999988887777:role/a+b=c,d.e@f-g_h",
])("%s is one role of the vendor's", (role_arn) => {
  expect(() => check({ role_arn })).not.toThrow();
});

describe("refused", () => {
  test.each([
    ["*", "everybody"],
    ["arn:aws:iam::999988887777:role/*", "wildcard"],
    ["arn:aws:iam::999988887777:role/aiven-?", "wildcard"],
    ["999988887777", "a whole AWS account"],
    ["arn:aws:iam::999988887777:root", "a whole AWS account"],
    ["arn:aws:iam::999988887777:user/aiven-cmk-anchor", "an IAM user"],
    ["arn:aws:sts::999988887777:assumed-role/aiven-cmk-anchor/session", "one session of a role"],
    ["arn:aws:iam::999988887777:group/aiven", "not a role"],
    ["arn:aws:iam::999988887777:instance-profile/aiven", "not a role"],
    ["arn:aws:kms:eu-west-1:999988887777:role/aiven", "not an IAM role"],
    ["arn:aws:iam::99998888777:role/aiven-cmk-anchor", "12 digits"],
    ["arn:aws:iam::111122223333:role/aiven-cmk-anchor", "the key owner's own account"],
    ["arn:aws-cn:iam::999988887777:role/aiven-cmk-anchor", "partition aws-cn, while the key is in aws"],
    ["AROA1234567890EXAMPLE", "not an ARN"],
    ["arn:aws:iam::999988887777:role/", "not the ARN of an IAM role"],
    ["arn:aws:iam::999988887777:role/aiven cmk", "not the ARN of an IAM role"],
    ["arn:aws:iam::999988887777:role/aiven\n", "not the ARN of an IAM role"],
    [`arn:aws:iam::999988887777:role/${"a/".repeat(2000)}b`, "not the ARN of an IAM role"],
    ["", "names no role_arn"],
  ])("%j: %s", (role_arn, says) => {
    const error = refused({ role_arn });
    expect(error).toMatchObject({ kind: "refused", code: "vendor.accessor-unsafe" });
    expect(error.message).toContain(says);
    expect(error.fix).toContain("arn:aws:iam::123456789012:role/aiven-cmk-anchor");
  });

  test("the value is named", () => {
    expect(refused({ role_arn: "arn:aws:iam::999988887777:root" }).message).toContain(
      '"arn:aws:iam::999988887777:root"',
    );
  });

  test("an accessor without the field, or with it only on the prototype", () => {
    expect(refused({ principal: "arn:aws:iam::999988887777:role/x" }).message).toContain("names no role_arn");
    const fields = Object.create({ role_arn: "arn:aws:iam::999988887777:role/x" }) as Record<string, string>;
    expect(refused(fields).message).toContain("names no role_arn");
  });
});

test("the role of a key in China is in China", () => {
  const ref: KeyRef = {
    ...KEY,
    id: KEY.id.replace("aws:kms:eu-west-1", "aws-cn:kms:cn-north-1"),
    region: "cn-north-1",
  };
  expect(() => check({ role_arn: "arn:aws-cn:iam::999988887777:role/x" }, ref)).not.toThrow();
  expect(refused({ role_arn: "arn:aws:iam::999988887777:role/x" }, ref).message).toContain("aws-cn");
});

test("the pattern counts as a whole, anchored or not", () => {
  const policy: VendorCloudPolicy = {
    ...POLICY,
    accessor: {
      fields: {
        role_arn: {
          pattern: "role/|arn:aws:iam::9{12}:role/x",
          shape: "the anchor",
          example: "arn:aws:iam::999999999999:role/x",
        },
      },
    },
  };
  expect(() => check({ role_arn: "arn:aws:iam::999999999999:role/x" }, KEY, policy)).not.toThrow();
  expect(refused({ role_arn: "arn:aws:iam::999999999999:role/xy" }, KEY, policy).message).toContain("not the anchor");
});

test("a field that is no principal is held to its shape alone", () => {
  const policy: VendorCloudPolicy = {
    ...POLICY,
    accessor: {
      fields: { ...POLICY.accessor.fields, external_id: { pattern: "^[a-z]+$", shape: "a word", example: "abc" } },
    },
  };
  const role_arn = "arn:aws:iam::999988887777:role/x";
  expect(() => check({ role_arn, external_id: "hello" }, KEY, policy)).not.toThrow();
  expect(refused({ role_arn, external_id: "*" }, KEY, policy).message).toContain("not a word");
});
