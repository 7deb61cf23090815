import { awsRole, gcpRole, ociRole } from "../../build/permissions.ts";
import type { Job } from "../../src/core/doctor.ts";
import type { CloudId } from "../../src/core/model.ts";
import type { AwsWorld } from "../../src/sandbox/aws/world.ts";
import {
  GCP_OWNER,
  GCP_PROJECT,
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_OCI_KEY,
  OWNER,
} from "../../src/sandbox/cast.ts";
import type { GcpWorld } from "../../src/sandbox/gcp/world.ts";
import type { RunOptions, World } from "./harness.ts";
import { overwrite } from "./oci-peek.ts";

/** One of the clouds of the sandbox, and how its owner gets exactly the rights of a role of docs/permissions.md. */
export interface Ground {
  readonly cloud: CloudId;
  readonly key: string;
  /** Everything that a role for the job consists of, a piece for each that can be left out. */
  role(job: Job): readonly string[];
  /** The owner may do this and nothing else. */
  restrict(world: World, pieces: readonly string[]): void;
}

const aws: Ground = {
  cloud: "aws",
  key: HEALTHY_AWS_KEY,
  role: (job) => (awsRole(job) as IamPolicy).Statement.flatMap(({ Action }) => Action),
  restrict({ sandbox }, pieces) {
    const { Version, Statement } = awsRole("onboard") as IamPolicy;
    const narrowed = Statement.map((one) => ({
      ...one,
      Resource: HEALTHY_AWS_KEY,
      Action: one.Action.filter((action) => pieces.includes(action)),
    }));
    sandbox.alter((worlds) => {
      const world = worlds["aws"] as AwsWorld;
      const policy = { Version, Statement: narrowed.filter(({ Action }) => Action.length > 0) };
      world.iam = { [OWNER.arn]: JSON.stringify(policy) };
    });
  },
};

interface IamPolicy {
  readonly Version: string;
  readonly Statement: readonly { readonly Action: readonly string[] }[];
}

const ROLE = `projects/${GCP_PROJECT}/roles/keygrant`;

const gcp: Ground = {
  cloud: "gcp",
  key: HEALTHY_GCP_KEY,
  role: (job) => (job === "onboard" ? [...gcpRole(job), ...symmetric(gcpRole("roundtrip"))] : gcpRole(job)),
  restrict({ sandbox }, pieces) {
    sandbox.alter((worlds) => {
      const world = worlds["gcp"] as GcpWorld;
      world.roles = [
        ...world.roles,
        { name: ROLE, title: "keygrant", includedPermissions: [...pieces], etag: "AA==" } as GcpWorld["roles"][number],
      ];
      for (const project of world.projects) project.policy.bindings = [{ role: ROLE, members: [GCP_OWNER.member] }];
    });
  },
};

function symmetric(permissions: readonly string[]): readonly string[] {
  return permissions.filter((one) => !one.endsWith(".viewPublicKey"));
}

const oci: Ground = {
  cloud: "oci",
  key: HEALTHY_OCI_KEY,
  role: (job) =>
    ociRole(job, "PlatformEngineers").flatMap((text) => {
      const one = text.replace("<key OCID>", HEALTHY_OCI_KEY);
      const [, both] = /\{(.+)\} in tenancy/.exec(one) ?? [];
      return both === undefined ? [one] : both.split(", ").map((name) => one.replace(both, name));
    }),
  restrict(world, pieces) {
    overwrite(world, "people", [...pieces, "allow group Auditors to inspect groups in tenancy"]);
    overwrite(world, "sealed-policies", ["define tenancy nobody as ocid1.tenancy.oc1..nobody"]);
  },
};

export const GROUNDS: readonly Ground[] = [aws, gcp, oci];

/** What makes the auditor of each cloud the caller. */
export function auditor({ sandbox }: World): RunOptions {
  return { env: sandbox.auditorEnv };
}
