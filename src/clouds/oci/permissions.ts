import type { PermissionNeed } from "../../core/doctor.ts";

const LOOK = ["onboard", "validate", "revoke"] as const;
const USE = ["onboard", "roundtrip"] as const;

/** What every call in this folder needs: what a statement lets do, or a single permission. */
export const OCI_NEEDS: readonly PermissionNeed[] = [
  {
    permission: "read keys",
    calls: "GetKey, ListKeyVersions",
    jobs: LOOK,
    use: "every command that looks at a key",
    without: "evidence `key` is unknown",
  },
  {
    permission: "inspect compartments",
    calls: "GetCompartment",
    jobs: LOOK,
    use: "the way from the key up to the root compartment",
    without: "evidence `grant` is unknown",
  },
  {
    permission: "inspect policies",
    calls: "ListPolicies, GetPolicy",
    jobs: LOOK,
    use: "every policy on that way, once for all keys that share it",
    without: "evidence `grant` is unknown, or `grant.not-visible`",
  },
  {
    permission: "inspect tenancies",
    calls: "ListRegionSubscriptions",
    jobs: LOOK,
    use: "the home region, where policies are written; whether the key's region is subscribed",
    without: "nothing can be written",
  },
  {
    permission: "manage policies",
    calls: "CreatePolicy, UpdatePolicy, DeletePolicy",
    jobs: ["onboard", "revoke"],
    use: "`onboard`, `revoke`",
    without: "`write.denied`, nothing is written",
  },
  {
    permission: "KEY_ENCRYPT",
    calls: "Encrypt",
    jobs: USE,
    use: "the round trip",
    without: "`roundtrip.not-permitted`",
  },
  {
    permission: "KEY_DECRYPT",
    calls: "Decrypt",
    jobs: USE,
    use: "the round trip",
    without: "`roundtrip.not-permitted`",
  },
];

export const OCI_BESIDE: readonly PermissionNeed[] = [
  {
    permission: "read vaults",
    calls: "GetVault",
    jobs: [],
    use: "`--oci-vault` alone",
    without: "`look.absent-or-denied`",
  },
];
