import { describe, expect, test } from "vitest";
import { checkAccessor } from "../../../src/clouds/gcp/accessor.ts";
import { wantedBinding, withRole } from "../../../src/clouds/gcp/template.ts";
import { policySchema } from "../../../src/io/policy-schema.ts";
import { GROUP, POLICY, REF, RSA, SYMMETRIC } from "./fixture.ts";

const check = (value: string | undefined) =>
  checkAccessor({ cloud: "gcp", fields: value === undefined ? {} : { access_group: value } }, REF, POLICY);

describe("the vendor's principal", () => {
  test.each([GROUP, "x@aiven.io", "A.B+c_d-e@aiven.io"])("%s is taken", (value) => {
    expect(() => check(value)).not.toThrow();
  });

  test.each([
    [undefined, "names no access_group"],
    ["", "names no access_group"],
    ["allUsers", "which is everybody"],
    ["allAuthenticatedUsers", "which is everybody"],
    ["*", "which is everybody"],
    ["*@aiven.io", "which has a wildcard in it"],
    [`group:${GROUP}`, 'which has "group:" before the address'],
    ["user:me@aiven.io", "which is a user, not a group"],
    ["serviceAccount:me@aiven.io", "which is a serviceAccount, not a group"],
    ["domain:aiven.io", "which is a domain, not a group"],
    ["deleted:group:x@aiven.io?uid=1", "which is a principal that no longer exists"],
    ["sa@project.iam.gserviceaccount.com", "which is a service account, not a group"],
    ["a@aiven.io,b@aiven.io", "which is more than one address"],
    ["a@aiven.io b@aiven.io", "which is more than one address"],
    ["aiven.io", "which is not an email address"],
    ["a@b@aiven.io", "which is not an email address"],
    ["x@aiven.io.example.com", "which is not the email address of a group at aiven.io"],
    ["x@notaiven.io", "which is not the email address of a group at aiven.io"],
    ["x@sub.aiven.io", "which is not the email address of a group at aiven.io"],
    ["x@aivenXio", "which is not the email address of a group at aiven.io"],
    ["x@aiven.io\n", "which is not the email address of a group at aiven.io"],
    [`${"x".repeat(300)}@aiven.io`, "which is not the email address of a group at aiven.io"],
  ])("%s: %s", (value, fault) => {
    expect(() => check(value)).toThrow(expect.objectContaining({ kind: "refused", code: "vendor.accessor-unsafe" }));
    expect(() => check(value)).toThrow(fault);
  });

  test("what is inherited is no field", () => {
    expect(() => checkAccessor({ cloud: "gcp", fields: Object.create({ access_group: GROUP }) }, null, POLICY)).toThrow(
      "names no access_group",
    );
  });
});

describe("policies/aiven/gcp.json", () => {
  test("has the shape of such a file", () => {
    expect(policySchema.safeParse(POLICY).error).toBeUndefined();
  });

  test("its example has the shape that it asks for", () => {
    expect(() => check(POLICY.accessor.fields["access_group"]?.example)).not.toThrow();
  });

  test("the binding for each kind", () => {
    const accessor = { cloud: "gcp", fields: { access_group: GROUP } } as const;
    expect(wantedBinding(accessor, SYMMETRIC)).toEqual({
      role: "roles/cloudkms.cryptoKeyEncrypterDecrypter",
      member: `group:${GROUP}`,
    });
    expect(wantedBinding(accessor, RSA).role).toBe("roles/cloudkms.cryptoOperator");
    expect(() => wantedBinding({ cloud: "gcp", fields: {} }, RSA)).toThrow("{access_group}");
  });

  test("another role in every grant", () => {
    const accessor = { cloud: "gcp", fields: { access_group: GROUP } } as const;
    for (const kind of withRole(POLICY, "projects/demo/roles/mine").key.kinds) {
      expect(wantedBinding(accessor, kind).role).toBe("projects/demo/roles/mine");
    }
    expect(() => withRole(POLICY, "owner")).toThrow(expect.objectContaining({ code: "usage.role" }));
    expect(() => withRole(POLICY, "roles/a b")).toThrow();
  });
});
