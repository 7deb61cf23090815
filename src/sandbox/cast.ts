/** Who plays in the sandbox. Every credential is worthless and says so; nothing here exists anywhere else. */

export const OWNER_ACCOUNT = "111122223333";
export const VENDOR_ACCOUNT = "999988887777";
export const OWNER_REGION = "eu-west-1";
export const HEALTHY_AWS_KEY = `arn:aws:kms:${OWNER_REGION}:${OWNER_ACCOUNT}:key/11111111-1111-4111-8111-111111111111`;

/** The only token that the sandbox's Aiven takes. */
export const OWNER_TOKEN = "sandbox-worthless-token";

export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly arn: string;
  readonly account: string;
  /** What the identity's own IAM policies allow in its own account; a key policy decides across accounts. */
  readonly iam: "everything" | "look-only" | "use-keys";
}

function identity(name: string, arn: string, iam: AwsIdentity["iam"]): AwsIdentity {
  return {
    accessKeyId: `SANDBOXWORTHLESS${name}`,
    secretAccessKey: `sandbox-worthless-secret-${name.toLowerCase()}`,
    arn,
    account: arn.split(":")[4] ?? "",
    iam,
  };
}

/** A platform engineer with every right in the owner's account. */
export const OWNER = identity("OWNER", `arn:aws:iam::${OWNER_ACCOUNT}:user/platform-engineer`, "everything");
/** May read keys and policies, may not use or change a key: what a validation cron should have. */
export const AUDITOR = identity("AUDITOR", `arn:aws:iam::${OWNER_ACCOUNT}:user/auditor`, "look-only");
/** Aiven's own side, one role for each project. */
export const VENDOR_DEMO = identity("VENDORDEMO", `arn:aws:iam::${VENDOR_ACCOUNT}:role/aiven-cmk-anchor`, "use-keys");
export const VENDOR_SECOND = identity(
  "VENDORSECOND",
  `arn:aws:iam::${VENDOR_ACCOUNT}:role/aiven-cmk-anchor-second`,
  "use-keys",
);

export const AWS_IDENTITIES: readonly AwsIdentity[] = [OWNER, AUDITOR, VENDOR_DEMO, VENDOR_SECOND];

export interface CastProject {
  readonly name: string;
  readonly says: string;
  /** What the vendor's accessor call answers for this project, per cloud. */
  readonly accessors: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** `demo` is the one to play with; `second` shares keys with it; the others have accessors that must be refused. */
export const PROJECTS: readonly CastProject[] = [
  { name: "demo", says: "the project to play with", accessors: { aws: { role_arn: VENDOR_DEMO.arn } } },
  {
    name: "second",
    says: "another project, with a role of its own",
    accessors: { aws: { role_arn: VENDOR_SECOND.arn } },
  },
  {
    name: "unsafe-user",
    says: "its accessor is an IAM user",
    accessors: { aws: { role_arn: `arn:aws:iam::${VENDOR_ACCOUNT}:user/aiven-cmk-anchor` } },
  },
  {
    name: "unsafe-root",
    says: "its accessor is a whole account",
    accessors: { aws: { role_arn: `arn:aws:iam::${VENDOR_ACCOUNT}:root` } },
  },
  {
    name: "unsafe-owner",
    says: "its accessor is a role of the key owner's own account",
    accessors: { aws: { role_arn: `arn:aws:iam::${OWNER_ACCOUNT}:role/aiven-cmk-anchor` } },
  },
];
