import { AUDITOR, OWNER, OWNER_ACCOUNT, OWNER_REGION, VENDOR_ACCOUNT, VENDOR_DEMO } from "../cast.ts";
import { printPolicy } from "./policy.ts";
import { daysAfter, type KmsGrant, type KmsKey } from "./world.ts";

/** A role of the vendor's that is not the project's. */
export const OLD_ANCHOR = `arn:aws:iam::${VENDOR_ACCOUNT}:role/aiven-cmk-anchor-old`;
/** What the owner and the auditor may assume to use keys. */
export const PROBE_ROLE = `arn:aws:iam::${OWNER_ACCOUNT}:role/keygrant-probe`;
export const OTHER_ACCOUNT = "444455556666";
export const REPLICA_REGION = "eu-central-1";
const OTHER_REGION = "us-east-1";
/** What AWS shows in the place of a role that was deleted. */
const ORPHAN = "AROASANDBOXWORTHLESS1";
export const CREATED = "2025-06-01T09:00:00.000Z";

/** `statements` stand in the key policy after the one for the account's root. */
type Change = Partial<KmsKey> & { readonly statements?: readonly object[] };

/** How one key of the fresh world differs from an ordinary one. */
export interface Recipe {
  /** Makes the key's id. */
  readonly number: number;
  readonly name: string;
  readonly wrong: string | null;
  readonly code: string | null;
  readonly exit: 0 | 10 | 11 | 12;
  /** Null: there is no such key. */
  readonly make: ((now: Date) => Change) | null;
  readonly region?: string;
  readonly account?: string;
  readonly multiRegion?: boolean;
  readonly alias?: string;
}

const GRANT = {
  Sid: "Allow Aiven to use this key for CMK operations",
  Effect: "Allow",
  Principal: { AWS: VENDOR_DEMO.arn },
  Action: ["kms:Encrypt", "kms:Decrypt"],
  Resource: "*",
};

function granted(change: Partial<KmsKey> = {}): () => Change {
  return () => ({ ...change, statements: [GRANT] });
}

function statements(...list: readonly object[]): () => Change {
  return () => ({ statements: list });
}

const FINE = { wrong: null, code: null, exit: 0 } as const;

function fails(code: string, wrong: string): Pick<Recipe, "wrong" | "code" | "exit"> {
  return { wrong, code, exit: 10 };
}

function unsure(code: string, wrong: string): Pick<Recipe, "wrong" | "code" | "exit"> {
  return { wrong, code, exit: 12 };
}

function warns(code: string, wrong: string): Pick<Recipe, "wrong" | "code" | "exit"> {
  return { wrong, code, exit: 0 };
}

export const RECIPES: readonly Recipe[] = [
  // Nothing wrong.
  { number: 0, name: "healthy", wrong: null, code: "grant.missing", exit: 10, make: statements() },
  { number: 1, name: "granted", ...FINE, make: granted() },
  {
    number: 2,
    name: "granted-by-kms-grant",
    ...FINE,
    make: () => ({ statements: [], grants: [vendorGrant()] }),
  },
  { number: 3, name: "other-region", ...FINE, region: OTHER_REGION, make: granted() },
  {
    number: 4,
    name: "updating",
    ...FINE,
    multiRegion: true,
    make: granted({ state: "Updating", multiRegion: "PRIMARY" }),
  },
  // The state of the key.
  {
    number: 10,
    name: "absent",
    ...fails("key.not-found", "There is no such key."),
    make: null,
  },
  {
    number: 11,
    name: "disabled",
    ...fails("key.disabled", "The key is disabled."),
    make: granted({ state: "Disabled" }),
  },
  {
    number: 12,
    name: "pending-deletion",
    ...fails("key.pending-deletion", "The key is scheduled for deletion."),
    make: (now) => ({
      ...granted()(),
      state: "PendingDeletion",
      deletionAt: daysAfter(now, 30),
      deletionWindowDays: 30,
    }),
  },
  {
    number: 13,
    name: "pending-import",
    ...fails("key.no-material", "The key waits for imported key material."),
    make: granted({ state: "PendingImport", origin: "EXTERNAL", material: null }),
  },
  {
    number: 14,
    name: "material-expired",
    ...fails("key.material-expired", "The imported key material has expired."),
    make: (now) => ({
      ...granted()(),
      state: "PendingImport",
      origin: "EXTERNAL",
      material: null,
      validTo: daysAfter(now, -10),
    }),
  },
  {
    number: 15,
    name: "unavailable",
    ...fails("key.unavailable", "The custom key store that holds the key is disconnected."),
    make: granted({
      state: "Unavailable",
      origin: "AWS_CLOUDHSM",
      keyStore: { id: "cks-1234567890abcdef0", cluster: "cluster-1a23b4cdefg" },
    }),
  },
  {
    number: 16,
    name: "creating",
    wrong: "The key is a replica that is still being created.",
    code: "key.not-ready",
    exit: 11,
    multiRegion: true,
    make: granted({ state: "Creating", multiRegion: "REPLICA" }),
  },
  // The kind of the key.
  {
    number: 20,
    name: "aws-managed",
    ...fails("key.not-customer-managed", "AWS made the key for one of its own services."),
    alias: "alias/aws/s3",
    make: () => ({ manager: "AWS", policy: awsManagedPolicy(), rotation: rotating() }),
  },
  {
    number: 21,
    name: "sign-verify",
    ...fails("key.wrong-usage", "The key is for signatures."),
    make: granted({ usage: "SIGN_VERIFY", spec: "ECC_NIST_P256", material: null }),
  },
  {
    number: 22,
    name: "hmac",
    ...fails("key.wrong-usage", "The key is for message authentication codes."),
    make: granted({ usage: "GENERATE_VERIFY_MAC", spec: "HMAC_256", material: null }),
  },
  {
    number: 23,
    name: "rsa-encrypt",
    ...fails("key.wrong-algorithm", "The key encrypts, but with RSA."),
    make: granted({ spec: "RSA_2048", material: null }),
  },
  // What the key policy says.
  {
    number: 30,
    name: "grant-missing",
    ...fails("grant.missing", "The key policy lets another role of the vendor in: aiven-cmk-anchor-old."),
    make: statements({ ...GRANT, Principal: { AWS: OLD_ANCHOR } }),
  },
  {
    number: 31,
    name: "partial",
    ...fails("grant.partial", "The key policy allows the vendor to encrypt, not to decrypt."),
    make: statements({ ...GRANT, Action: "kms:Encrypt" }),
  },
  {
    number: 32,
    name: "no-action",
    ...fails("grant.ineffective", "The vendor's statement has no Action: AWS took it and it has no effect."),
    make: statements(without(GRANT, "Action")),
  },
  {
    number: 33,
    name: "no-resource",
    ...fails("grant.ineffective", "The vendor's statement has no Resource: AWS took it and it has no effect."),
    make: statements(without(GRANT, "Resource")),
  },
  {
    number: 34,
    name: "denied",
    ...fails("grant.denied", "Another statement denies the vendor's role what the grant allows."),
    make: statements(GRANT, { ...GRANT, Sid: "Keep vendors out", Effect: "Deny", Action: "kms:Decrypt" }),
  },
  {
    number: 35,
    name: "denied-but-for",
    ...fails("grant.denied", "A Deny with NotPrincipal spares the owner's own people and nobody else."),
    make: statements(GRANT, {
      Sid: "Only our own people",
      Effect: "Deny",
      NotPrincipal: { AWS: [`arn:aws:iam::${OWNER_ACCOUNT}:root`, OWNER.arn, AUDITOR.arn, PROBE_ROLE] },
      Action: ["kms:Encrypt", "kms:Decrypt"],
      Resource: "*",
    }),
  },
  {
    number: 36,
    name: "conditional",
    ...unsure("grant.conditional", "The grant holds only for members of one organisation."),
    make: statements({ ...GRANT, Condition: { StringEquals: { "aws:PrincipalOrgID": "o-sandbox0000" } } }),
  },
  {
    number: 37,
    name: "session-only",
    ...unsure("grant.conditional", "The grant names one session of the vendor's role, and nobody knows their names."),
    make: statements({
      ...GRANT,
      Principal: { AWS: `arn:aws:sts::${VENDOR_ACCOUNT}:assumed-role/aiven-cmk-anchor/session-of-last-year` },
    }),
  },
  {
    number: 38,
    name: "too-broad",
    ...warns("grant.too-broad", "The key policy lets everybody encrypt and decrypt."),
    make: statements({ ...GRANT, Sid: "Everybody", Principal: "*" }),
  },
  {
    number: 39,
    name: "vendor-account",
    ...warns("grant.too-broad", "The key policy lets the vendor's whole account in."),
    make: statements({ ...GRANT, Principal: { AWS: `arn:aws:iam::${VENDOR_ACCOUNT}:root` } }),
  },
  {
    number: 40,
    name: "orphaned",
    ...fails(
      "grant.missing",
      "The grant is missing, and a principal that was deleted will make AWS refuse the next write.",
    ),
    make: statements({ ...GRANT, Sid: "Somebody who left", Principal: { AWS: [ORPHAN, OWNER.arn] } }),
  },
  {
    number: 41,
    name: "orphaned-granted",
    ...warns("grant.orphaned-principal", "A principal that was deleted will make AWS refuse the next write."),
    make: statements({ ...GRANT, Principal: { AWS: [ORPHAN, VENDOR_DEMO.arn] } }),
  },
  // What cannot be looked at.
  {
    number: 50,
    name: "unreadable",
    ...unsure("look.denied", "The owner's people may not read the key policy."),
    make: statements(GRANT, {
      Sid: "The policy is nobody's business",
      Effect: "Deny",
      Principal: { AWS: [OWNER.arn, AUDITOR.arn] },
      Action: "kms:GetKeyPolicy",
      Resource: "*",
    }),
  },
  {
    number: 51,
    name: "other-account",
    ...unsure("look.denied", "The key belongs to another account, which lets nobody from here look."),
    account: OTHER_ACCOUNT,
    make: granted(),
  },
  {
    number: 52,
    name: "throttled",
    ...unsure("look.throttled", "Every call on the key is throttled."),
    make: granted({ fault: "throttled" }),
  },
  {
    number: 53,
    name: "internal-error",
    ...unsure("look.unreachable", "Every call on the key ends in an internal error of AWS."),
    make: granted({ fault: "internal" }),
  },
  {
    number: 54,
    name: "hangs-up",
    ...unsure("look.unreachable", "Every call on the key ends in a connection that is reset."),
    make: granted({ fault: "reset" }),
  },
  // What works, and deserves a look.
  {
    number: 60,
    name: "material-expiring",
    ...warns("key.material-expiring", "The imported key material expires in a week."),
    make: (now) => ({ ...granted()(), origin: "EXTERNAL", validTo: daysAfter(now, 7) }),
  },
  {
    number: 61,
    name: "rotation-off",
    ...warns("key.rotation-off", "AWS does not rotate the key."),
    make: granted({ rotation: { ...rotating(), enabled: false } }),
  },
  {
    number: 62,
    name: "replica-not-granted",
    ...warns("key.replica-not-granted", `The key's replica in ${REPLICA_REGION} has no grant.`),
    multiRegion: true,
    make: granted({ multiRegion: "PRIMARY" }),
  },
];

export function rotating(): KmsKey["rotation"] {
  return { enabled: true, periodInDays: 365, since: CREATED };
}

function vendorGrant(): KmsGrant {
  return {
    GrantId: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    GrantToken: "sandbox-grant-token-of-the-fresh-world",
    Name: "aiven",
    CreationDate: CREATED,
    GranteePrincipal: VENDOR_DEMO.arn,
    RetiringPrincipal: null,
    IssuingAccount: `arn:aws:iam::${OWNER_ACCOUNT}:root`,
    Operations: ["Encrypt", "Decrypt"],
    Constraints: null,
  };
}

/** The policy of `alias/aws/s3`, which nobody can change. */
function awsManagedPolicy(): string {
  return printPolicy({
    Version: "2012-10-17",
    Id: "auto-s3-2",
    Statement: [
      {
        Sid: "Allow access through S3 for all principals in the account that are authorized to use S3",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        Resource: "*",
        Condition: {
          StringEquals: {
            "kms:ViaService": `s3.${OWNER_REGION}.amazonaws.com`,
            "kms:CallerAccount": OWNER_ACCOUNT,
          },
        },
      },
      {
        Sid: "Allow direct access to key metadata to the account",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${OWNER_ACCOUNT}:root` },
        Action: ["kms:Describe*", "kms:Get*", "kms:List*"],
        Resource: "*",
      },
    ],
  });
}

function without(statement: object, element: string): object {
  return Object.fromEntries(Object.entries(statement).filter(([name]) => name !== element));
}
