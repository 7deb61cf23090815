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

/** Google Cloud: a project, its number, and where its keys are. */
export const GCP_PROJECT = "demo";
export const GCP_LOCATION = "europe-west1";
export const HEALTHY_GCP_KEY = `projects/${GCP_PROJECT}/locations/${GCP_LOCATION}/keyRings/demo/cryptoKeys/symmetric`;
export const HEALTHY_GCP_RSA_KEY = `projects/${GCP_PROJECT}/locations/${GCP_LOCATION}/keyRings/demo/cryptoKeys/rsa`;

export interface GcpIdentity {
  /** What goes behind `Authorization: Bearer`. */
  readonly token: string;
  /** As IAM policies name it: `user:` or `serviceAccount:` and an email. */
  readonly member: string;
  /** One of the vendor's own: an outsider to the keys' projects. */
  readonly vendor: boolean;
}

function gcpIdentity(name: string, member: string, vendor = false): GcpIdentity {
  return { token: `sandbox-worthless-gcp-token-${name}`, member, vendor };
}

/** A platform engineer who owns the project: may manage keys and use them. */
export const GCP_OWNER = gcpIdentity("owner", "user:platform-engineer@owner.example");
/** May read keys and policies, may not use or change a key. */
export const GCP_AUDITOR = gcpIdentity("auditor", "user:auditor@owner.example");
/** Aiven's own side: a service account for each project, a member of that project's access group. */
export const GCP_VENDOR_DEMO = gcpIdentity(
  "vendor-demo",
  "serviceAccount:cmk-demo@aiven-cmk.iam.gserviceaccount.com",
  true,
);
export const GCP_VENDOR_SECOND = gcpIdentity(
  "vendor-second",
  "serviceAccount:cmk-second@aiven-cmk.iam.gserviceaccount.com",
  true,
);
export const GCP_IDENTITIES: readonly GcpIdentity[] = [GCP_OWNER, GCP_AUDITOR, GCP_VENDOR_DEMO, GCP_VENDOR_SECOND];
/** Was the owner's, an hour ago. */
export const GCP_EXPIRED_TOKEN = "sandbox-worthless-gcp-token-expired";
/** What the owner and the auditor may impersonate to use keys. */
export const GCP_PROBE_ACCOUNT = "keygrant-probe@demo.iam.gserviceaccount.com";

export const GCP_GROUP_DEMO = "access.demo.00000000-0000-4000-8000-000000000001@aiven.io";
export const GCP_GROUP_SECOND = "access.second.00000000-0000-4000-8000-000000000002@aiven.io";
/** A group of the vendor's that is no project's any more: the nearest miss. */
export const GCP_GROUP_OLD = "access.demo.00000000-0000-4000-8000-000000000001-old@aiven.io";

/** OCI: the owner's tenancy, its home, and where its keys are. */
export const OCI_OWNER_TENANCY = "ocid1.tenancy.oc1..aaaaaaaasandboxowner";
export const OCI_VENDOR_TENANCY = "ocid1.tenancy.oc1..aaaaaaaasandboxaiven";
export const OCI_HOME_REGION = "eu-frankfurt-1";
export const HEALTHY_OCI_KEY = `ocid1.key.oc1.${OCI_HOME_REGION}.demovault.healthy`;

export const OCI_GROUP_DEMO = "ocid1.group.oc1..aaaaaaaasandboxaivencmkdemo";
export const OCI_GROUP_SECOND = "ocid1.group.oc1..aaaaaaaasandboxaivencmksecond";
/** A group of the vendor's that is no project's any more: the nearest miss. */
export const OCI_GROUP_OLD = "ocid1.group.oc1..aaaaaaaasandboxaivencmkold";

export interface OciIdentity {
  /** The user's OCID. */
  readonly user: string;
  readonly name: string;
  readonly tenancy: string;
  /** The one group that the user is in. */
  readonly group: string;
  /** Which of the worthless keys signs for it. */
  readonly key: "owner" | "auditor" | "vendor-demo" | "vendor-second";
}

/** A platform engineer who may do everything in the owner's tenancy, and is no default administrator. */
export const OCI_OWNER: OciIdentity = {
  user: "ocid1.user.oc1..aaaaaaaasandboxengineer",
  name: "platform-engineer",
  tenancy: OCI_OWNER_TENANCY,
  group: "ocid1.group.oc1..aaaaaaaasandboxengineers",
  key: "owner",
};
/** May read keys and policies, may not use or change a key. */
export const OCI_AUDITOR: OciIdentity = {
  user: "ocid1.user.oc1..aaaaaaaasandboxauditor",
  name: "auditor",
  tenancy: OCI_OWNER_TENANCY,
  group: "ocid1.group.oc1..aaaaaaaasandboxauditors",
  key: "auditor",
};
/** Aiven's own side: a user for each project, a member of that project's group. */
export const OCI_VENDOR_DEMO: OciIdentity = {
  user: "ocid1.user.oc1..aaaaaaaasandboxaivendemo",
  name: "cmk-demo",
  tenancy: OCI_VENDOR_TENANCY,
  group: OCI_GROUP_DEMO,
  key: "vendor-demo",
};
export const OCI_VENDOR_SECOND: OciIdentity = {
  user: "ocid1.user.oc1..aaaaaaaasandboxaivensecond",
  name: "cmk-second",
  tenancy: OCI_VENDOR_TENANCY,
  group: OCI_GROUP_SECOND,
  key: "vendor-second",
};
export const OCI_IDENTITIES: readonly OciIdentity[] = [OCI_OWNER, OCI_AUDITOR, OCI_VENDOR_DEMO, OCI_VENDOR_SECOND];

function ociAccessor(access_group: string, access_tenant = OCI_VENDOR_TENANCY): Readonly<Record<string, string>> {
  return { access_group, access_tenant };
}

export interface CastProject {
  readonly name: string;
  readonly says: string;
  /** What the vendor's accessor call answers for this project, per cloud. */
  readonly accessors: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** `demo` is the one to play with; `second` shares keys with it; the others have accessors that must be refused. */
export const PROJECTS: readonly CastProject[] = [
  {
    name: "demo",
    says: "the project to play with",
    accessors: {
      aws: { role_arn: VENDOR_DEMO.arn },
      gcp: { access_group: GCP_GROUP_DEMO },
      oci: ociAccessor(OCI_GROUP_DEMO),
    },
  },
  {
    name: "second",
    says: "another project, with a role of its own",
    accessors: {
      aws: { role_arn: VENDOR_SECOND.arn },
      gcp: { access_group: GCP_GROUP_SECOND },
      oci: ociAccessor(OCI_GROUP_SECOND),
    },
  },
  {
    name: "unsafe-user",
    says: "its accessor is an IAM user, or somebody's mailbox",
    accessors: {
      aws: { role_arn: `arn:aws:iam::${VENDOR_ACCOUNT}:user/aiven-cmk-anchor` },
      gcp: { access_group: "mallory@mail.example" },
      oci: ociAccessor("ocid1.user.oc1..aaaaaaaasandboxmallory"),
    },
  },
  {
    name: "unsafe-root",
    says: "its accessor is a whole account, or everybody",
    accessors: {
      aws: { role_arn: `arn:aws:iam::${VENDOR_ACCOUNT}:root` },
      gcp: { access_group: "allUsers" },
      oci: ociAccessor("any-user"),
    },
  },
  {
    name: "unsafe-owner",
    says: "its accessor is a role or a group of the key owner's own",
    accessors: {
      aws: { role_arn: `arn:aws:iam::${OWNER_ACCOUNT}:role/aiven-cmk-anchor` },
      gcp: { access_group: "everybody@owner.example" },
      oci: ociAccessor("ocid1.group.oc1..aaaaaaaasandboxeverybody", OCI_OWNER_TENANCY),
    },
  },
];
