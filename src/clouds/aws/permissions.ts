import type { PermissionNeed } from "../../core/doctor.ts";

const LOOK = ["onboard", "validate", "revoke"] as const;

/** What every call in this folder needs. `kms.ts` has no other calls: a test holds the two together. */
export const AWS_NEEDS: readonly PermissionNeed[] = [
  {
    permission: "kms:DescribeKey",
    calls: "DescribeKey",
    jobs: LOOK,
    use: "every command that looks at a key",
    without: "evidence `key` is unknown (`look.denied`)",
  },
  {
    permission: "kms:GetKeyPolicy",
    calls: "GetKeyPolicy",
    jobs: LOOK,
    use: "every command that looks at a key",
    without: "evidence `grant` is unknown (`look.denied`)",
  },
  {
    permission: "kms:GetKeyRotationStatus",
    calls: "GetKeyRotationStatus",
    jobs: LOOK,
    use: "the warning `key.rotation-off`",
    without: "no warning",
    optional: true,
  },
  {
    permission: "kms:ListGrants",
    calls: "ListGrants",
    jobs: LOOK,
    use: "asked only when the key policy alone does not let the vendor in",
    without: "then `grant.not-visible` in place of `grant.missing`",
    optional: true,
  },
  {
    permission: "kms:PutKeyPolicy",
    calls: "PutKeyPolicy",
    jobs: ["onboard", "revoke"],
    use: "`onboard`, `revoke`",
    without: "`write.denied`, nothing is written",
  },
  {
    permission: "kms:RevokeGrant",
    calls: "RevokeGrant",
    jobs: ["revoke"],
    use: "`revoke`, where the vendor holds KMS grants",
    without: "the grants stay, and are named (exit code 12)",
    optional: true,
  },
  {
    permission: "kms:Encrypt",
    calls: "Encrypt",
    jobs: ["onboard", "roundtrip"],
    use: "the round trip (`--probe`)",
    without: "`roundtrip.not-permitted`",
  },
  {
    permission: "kms:Decrypt",
    calls: "Decrypt",
    jobs: ["onboard", "roundtrip"],
    use: "the round trip (`--probe`)",
    without: "`roundtrip.not-permitted`",
  },
];

/** Calls of STS: on a role, or of no permission at all. */
export const AWS_BESIDE: readonly PermissionNeed[] = [
  {
    permission: "sts:AssumeRole",
    calls: "AssumeRole",
    jobs: [],
    use: "`--probe-role`, and the roles of the configuration",
    without: "`roundtrip.not-permitted`",
  },
  {
    permission: "none: it works unless it is denied",
    calls: "GetCallerIdentity",
    jobs: [],
    use: "who wrote, in the log of writes",
    without: "the log says `null`",
  },
];
