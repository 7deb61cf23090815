import type { Cloud, CloudDialect } from "../core/cloud.ts";
import { usageError } from "../core/errors.ts";
import type { CloudId, KeyRef, VendorCloudPolicy } from "../core/model.ts";
import type { Clock, Jitter, RandomBytes } from "../core/ports.ts";
import { plainText } from "../core/text.ts";
import type { Agents } from "../io/agents.ts";
import type { AwsEnvironment, GcpEnvironment, OciEnvironment } from "../io/credentials.ts";
import { awsDialect } from "./aws/dialect.ts";
import { parseAwsKey } from "./aws/key.ts";
import { parseGcpKey } from "./gcp/key.ts";
import { withRole } from "./gcp/template.ts";
import { OCI_KEY_EXAMPLE, parseOciKey } from "./oci/key.ts";

export interface ParseHints {
  /** The user said which cloud it is. */
  readonly cloud?: CloudId | undefined;
  /** For references that do not say in which region the key is. */
  readonly region?: string | undefined;
}

/** What any cloud's client needs, and what each one reads from its own tools' environment. */
export interface CloudSettings {
  readonly agents: Agents;
  readonly clock: Clock;
  readonly jitter: Jitter;
  readonly random: RandomBytes;
  /** For one call, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** `assumeRole`: the role whose credentials make every call, in place of the caller's own. */
  readonly aws: AwsEnvironment & { readonly assumeRole?: string | undefined };
  readonly gcp: GcpEnvironment;
  readonly oci: OciEnvironment;
}

/** How a grant is written, where a cloud knows more than one form. */
export interface GrantForms {
  /** OCI: how much the grant covers. */
  readonly scope: "key" | "compartment" | "tenancy";
  /** OCI: without the permission to export the key. */
  readonly noExport: boolean;
}

interface CloudModule {
  readonly example: string;
  /** Null when the text is no reference of this cloud's; throws a usage error when it is one gone wrong. */
  readonly parse: (text: string, hints: ParseHints) => KeyRef | null;
  /** The vendor's needs with another role in every grant; for clouds that grant by role. */
  readonly withRole?: (policy: VendorCloudPolicy, role: string) => VendorCloudPolicy;
  readonly dialect: (forms: GrantForms) => Promise<CloudDialect>;
  readonly open: (settings: CloudSettings) => Promise<Cloud>;
}

/** How often a call is sent at most, when what came back says that it may go through the next time. */
const ATTEMPTS = 4;

/** A new cloud is a folder and an entry here. The SDK is loaded by `open`, and only then. */
const CLOUDS: Readonly<Partial<Record<CloudId, CloudModule>>> = {
  aws: {
    example: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    parse: (text, { cloud, region }) => parseAwsKey(text, { region, forced: cloud === "aws" }),
    // There already: two files less to open for the cloud that is asked for most.
    dialect: async () => awsDialect,
    async open({ aws, agents, timeoutMs, ...deps }) {
      const { openAws } = await import("./aws/sdk.ts");
      const { createAwsCloud } = await import("./aws/provider.ts");
      const { jitter, clock } = deps;
      const clients = openAws({ ...aws, agents, jitter, clock, requestTimeoutMs: timeoutMs, attempts: ATTEMPTS });
      return createAwsCloud({ ...deps, clients, region: aws.region });
    },
  },
  gcp: {
    example: "projects/my-project/locations/europe-west1/keyRings/my-ring/cryptoKeys/my-key",
    parse: (text, { cloud }) => parseGcpKey(text, { forced: cloud === "gcp" }),
    withRole,
    dialect: async () => (await import("./gcp/dialect.ts")).gcpDialect,
    async open({ gcp, agents, timeoutMs, ...deps }) {
      const { openGcp } = await import("./gcp/sdk.ts");
      const { createGcpCloud } = await import("./gcp/provider.ts");
      const port = openGcp({ ...gcp, agents, requestTimeoutMs: timeoutMs });
      return createGcpCloud({ ...deps, port, attempts: ATTEMPTS, impersonate: gcp.impersonate });
    },
  },
  oci: {
    example: OCI_KEY_EXAMPLE,
    parse: (text, { cloud }) => parseOciKey(text, { forced: cloud === "oci" }),
    dialect: async (forms) => (await import("./oci/dialect.ts")).createOciDialect(forms),
    async open({ oci, agents, timeoutMs, ...deps }) {
      const { openOci } = await import("./oci/sdk.ts");
      const { createOciCloud } = await import("./oci/provider.ts");
      const { clock, jitter, signal } = deps;
      const clients = openOci({ oci, agents, clock, jitter, signal, timeoutMs });
      return createOciCloud({ ...deps, clients, oci });
    },
  },
};

export const CLOUD_IDS = Object.keys(CLOUDS) as readonly CloudId[];

/** Reads a key reference of any cloud. Pure, no SDK. Throws a usage error that shows a right one. */
export function parseKey(text: string, hints: ParseHints = {}): KeyRef {
  const modules = hints.cloud === undefined ? Object.values(CLOUDS) : [moduleOf(hints.cloud)];
  for (const module of modules) {
    const ref = module.parse(text, hints);
    if (ref !== null) return ref;
  }
  const examples = modules.map((module) => module.example).join(" or ");
  throw usageError(
    "usage.key-reference",
    `"${plainText(text, 200)}" is not a key reference that keygrant knows.`,
    `Write it like ${examples}; an AWS alias or key id needs --cloud aws.`,
  );
}

/** What the vendor needs, granted by another role than its page names; judging goes by permissions anyway. */
export function grantingRole(policy: VendorCloudPolicy, role: string): VendorCloudPolicy {
  const cloud = moduleOf(policy.cloud);
  if (cloud.withRole !== undefined) return cloud.withRole(policy, role);
  throw usageError(
    "usage.role",
    `Grants on ${policy.cloud} have no role.`,
    "Leave --role out: it is for Google Cloud.",
  );
}

/** What can be said without asking the cloud. */
export function openDialect(id: CloudId, forms: GrantForms): Promise<CloudDialect> {
  return moduleOf(id).dialect(forms);
}

/** Loads the cloud's SDK. Asks nothing of anybody. */
export function openCloud(id: CloudId, settings: CloudSettings): Promise<Cloud> {
  return moduleOf(id).open(settings);
}

function moduleOf(id: CloudId): CloudModule {
  const module = CLOUDS[id];
  if (module !== undefined) return module;
  throw usageError("usage.cloud", `keygrant cannot work with ${id} yet.`, `Use one of: ${CLOUD_IDS.join(", ")}.`);
}
