import { test } from "vitest";
import aiven from "../../../policies/aiven/oci.json" with { type: "json" };
import { createOciDialect } from "../../../src/clouds/oci/dialect.ts";
import { parseOciKey } from "../../../src/clouds/oci/key.ts";
import type { VendorCloudPolicy } from "../../../src/core/model.ts";

test("x", () => {
  const policy = aiven as unknown as VendorCloudPolicy;
  const kind = policy.key.kinds[0]!;
  const grant = {
    policy,
    accessors: [
      { cloud: "oci" as const, fields: { access_group: "ocid1.group.oc1..g", access_tenant: "ocid1.tenancy.oc1..t" } },
    ],
  };
  const key = parseOciKey("ocid1.key.oc1.iad.vault.unique");
  for (const scope of ["key", "compartment", "tenancy"] as const)
    for (const noExport of [false, true])
      console.log(createOciDialect({ scope, noExport }).print({ grant, kind, key, current: null, format: "json" }));
  console.log(
    createOciDialect({ scope: "key", noExport: false }).print({ grant, kind, key, current: null, format: "cli" }),
  );
  console.log(
    createOciDialect({ scope: "key", noExport: true }).print({
      grant,
      kind,
      key: parseOciKey("ocid1.key.oc1.iad.vault.second"),
      current: JSON.stringify({
        data: {
          id: "ocid1.policy.oc1..x",
          name: "keygrant-aiven",
          statements: JSON.parse(
            createOciDialect({ scope: "key", noExport: true }).print({
              grant,
              kind,
              key,
              current: null,
              format: "json",
            }),
          ).statements,
        },
        etag: "abc",
      }),
      format: "cli",
    }),
  );
});
