import type { PermissionNeed } from "../../core/doctor.ts";

const LOOK = ["onboard", "validate", "revoke"] as const;
/** Onboarding reads its own grant in the key's policy: who else is let in above decides nothing there. */
const SEE_ALL = ["validate", "revoke"] as const;
const USE = ["onboard", "roundtrip"] as const;

/** What every call in this folder needs, on the key, its ring, or its project. */
export const GCP_NEEDS: readonly PermissionNeed[] = [
  {
    permission: "cloudkms.cryptoKeys.get",
    calls: "cryptoKeys.get",
    jobs: LOOK,
    use: "every command that looks at a key",
    without: "evidence `key` is unknown (`look.denied`)",
  },
  {
    permission: "cloudkms.cryptoKeyVersions.list",
    calls: "cryptoKeyVersions.list",
    jobs: LOOK,
    use: "the state of every version: data may be encrypted under any of them",
    without: "evidence `key` is unknown (`look.denied`)",
  },
  {
    permission: "cloudkms.cryptoKeys.getIamPolicy",
    calls: "cryptoKeys.getIamPolicy",
    jobs: LOOK,
    use: "the key's own policy",
    without: "evidence `grant` is unknown (`look.denied`), unless the ring or the project lets the vendor in",
  },
  {
    permission: "cloudkms.keyRings.getIamPolicy",
    calls: "keyRings.getIamPolicy",
    jobs: LOOK,
    use: "the ring's policy, once for all its keys",
    without: "`grant.not-visible` in place of `grant.missing`",
    optional: true,
  },
  {
    permission: "resourcemanager.projects.getIamPolicy",
    calls: "projects.getIamPolicy of Cloud Resource Manager",
    jobs: SEE_ALL,
    use: "the project's policy, once for all its keys",
    without: "`grant.not-visible` in place of `grant.missing`",
    optional: true,
  },
  {
    permission: "iam.roles.get",
    calls: "roles.get of IAM",
    jobs: SEE_ALL,
    use: "a custom role that the vendor's group has",
    without: "`grant.conditional`: nobody knows what the role contains",
    optional: true,
  },
  {
    permission: "cloudkms.cryptoKeys.setIamPolicy",
    calls: "cryptoKeys.setIamPolicy",
    jobs: ["onboard", "revoke"],
    use: "`onboard`, `revoke`",
    without: "`write.denied`, nothing is written",
  },
  {
    permission: "cloudkms.cryptoKeyVersions.useToEncrypt",
    calls: "encrypt",
    jobs: USE,
    use: "the round trip through a symmetric key",
    without: "`roundtrip.not-permitted`",
  },
  {
    permission: "cloudkms.cryptoKeyVersions.useToDecrypt",
    calls: "decrypt, asymmetricDecrypt",
    jobs: USE,
    use: "the round trip",
    without: "`roundtrip.not-permitted`",
  },
  {
    permission: "cloudkms.cryptoKeyVersions.viewPublicKey",
    calls: "getPublicKey",
    jobs: USE,
    use: "the round trip through every enabled version of an RSA key",
    without: "`roundtrip.not-permitted`",
  },
];

/** Needed by those alone who become a service account for the round trip; on that account. */
export const GCP_IMPERSONATION: PermissionNeed = {
  permission: "iam.serviceAccounts.getAccessToken",
  calls: "generateAccessToken of IAM Credentials",
  jobs: USE,
  use: "`--impersonate-service-account`",
  without: "`roundtrip.not-permitted`",
};
