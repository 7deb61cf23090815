import { describe, expect, test } from "vitest";
import { checkAccessor } from "../../../src/clouds/oci/accessor.ts";
import type { KeyRef, VendorCloudPolicy } from "../../../src/core/model.ts";
import { failureOf, GROUP, KEY, POLICY, TENANCY, VENDOR } from "./helpers.ts";

function check(fields: Record<string, string>, ref: KeyRef | null = KEY, policy: VendorCloudPolicy = POLICY): void {
  checkAccessor({ cloud: "oci", fields }, ref, policy);
}

test.each([
  [GROUP, VENDOR],
  ["ocid1.group.oc1..a", "ocid1.tenancy.oc1..b"],
  ["ocid1.group.oc1.a-region.aaa_bbb-1", "ocid1.tenancy.oc1.a-region.bbb"],
])("a group of the vendor's tenancy: %s of %s", (access_group, access_tenant) => {
  expect(() => check({ access_group, access_tenant })).not.toThrow();
});

test("of another realm, and the key's own", () => {
  const ref: KeyRef = { ...KEY, id: "ocid1.key.oc2.us-langley-1.v.u", region: "us-langley-1" };
  const fields = { access_group: "ocid1.group.oc2..a", access_tenant: "ocid1.tenancy.oc2..b" };
  expect(() => check(fields, ref)).not.toThrow();
});

describe("the group is refused", () => {
  test.each([
    ["*", "not an OCID"],
    ["any-user", "everybody"],
    ["Any-Group", "everybody"],
    ["AG", "not an OCID"],
    ["ocid1.user.oc1..aaaa", "a single user, not a group"],
    ["ocid1.dynamicgroup.oc1..aaaa", "the OCID of a dynamicgroup"],
    ["ocid1.compartment.oc1..aaaa", "the OCID of a compartment"],
    ["ocid1.tenancy.oc1..aaaa", "not the OCID of a group"],
    ["ocid1.group.oc2..aaaa", "in the realm oc2, while the key is in oc1"],
    ["ocid1.group.oc1..", "not an OCID"],
    ["ocid1.group.oc1..a'b", "not an OCID"],
    ["ocid1.group.oc1..a, any-user", "not an OCID"],
    ["ocid1.group.oc1..a\nallow any-user to manage keys in tenancy", "not an OCID"],
    ["ocid1.group.oc1..a of tenancy AT to manage all-resources in tenancy //", "not an OCID"],
    [`ocid1.group.oc1..${"a".repeat(5_000)}`, "not an OCID"],
    ["", "names no access_group"],
  ])("%j: %s", async (access_group, says) => {
    const error = await failureOf(() => check({ access_group, access_tenant: VENDOR }));
    expect(error).toMatchObject({ kind: "refused", code: "vendor.accessor-unsafe" });
    expect(error.message).toContain(says);
    expect(error.message).toContain("Nothing was granted.");
    expect(error.message.length).toBeLessThan(500);
  });
});

describe("the tenancy is refused", () => {
  test.each([
    [TENANCY, "the key owner's own tenancy"],
    ["any-tenancy", "everybody"],
    ["ocid1.group.oc1..aaaa", "not the OCID of a tenancy"],
    ["ocid1.tenancy.oc19..aaaa", "in the realm oc19"],
  ])("%j: %s", async (access_tenant, says) => {
    const error = await failureOf(() => check({ access_group: GROUP, access_tenant }));
    expect(error.code).toBe("vendor.accessor-unsafe");
    expect(error.message).toContain(says);
  });

  test("left out, or hidden in the prototype", async () => {
    const hidden: Record<string, string> = Object.create({ access_tenant: VENDOR });
    hidden["access_group"] = GROUP;
    for (const fields of [{ access_group: GROUP }, hidden]) {
      expect((await failureOf(() => check(fields))).message).toContain("names no access_tenant");
    }
  });
});

test("without a key, or before it is known whose it is, the rest is still checked", async () => {
  const fields = { access_group: GROUP, access_tenant: TENANCY };
  expect(() => check(fields, null)).not.toThrow();
  expect(() => check(fields, { ...KEY, owner: null })).not.toThrow();
  const mixed = { access_group: GROUP, access_tenant: "ocid1.tenancy.oc2..b" };
  expect((await failureOf(() => check(mixed, null))).message).toContain("not in the realm of access_group");
});

test("the vendor's own policy has anchored, bounded shapes", () => {
  for (const { pattern, example } of Object.values(POLICY.accessor.fields)) {
    expect(pattern).toMatch(/^\^.*\$$/);
    expect(example).toMatch(new RegExp(pattern, "u"));
    expect(pattern).not.toMatch(/[*+]\)?[*+]/);
  }
});
