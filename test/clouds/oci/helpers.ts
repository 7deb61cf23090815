import aiven from "../../../policies/aiven/oci.json" with { type: "json" };
import { access } from "../../../src/clouds/oci/access.ts";
import {
  bodyOf,
  COMPARTMENT,
  POLICY as ONE_POLICY,
  type Place,
  type PolicyRecord,
  ROOT,
} from "../../../src/clouds/oci/policies.ts";
import { KeygrantError } from "../../../src/core/errors.ts";
import type {
  Access,
  ActionAccess,
  Grant,
  KeyDescription,
  KeyFacts,
  KeyRef,
  LookFailure,
  PolicyDocument,
  VendorCloudPolicy,
} from "../../../src/core/model.ts";
import { seen, unseen } from "../../../src/core/model.ts";

export const POLICY = aiven as VendorCloudPolicy;
export const GROUP = "ocid1.group.oc1..aaaaaaaavendorgroup";
export const VENDOR = "ocid1.tenancy.oc1..aaaaaaaavendor";
export const TENANCY = "ocid1.tenancy.oc1..aaaaaaaaowner";
export const KEY_ID = "ocid1.key.oc1.eu-frankfurt-1.vault1.abtheljrkey1";
export const KEY: KeyRef = { cloud: "oci", id: KEY_ID, region: "eu-frankfurt-1", owner: TENANCY };
export const ACCESSOR = { cloud: "oci" as const, fields: { access_group: GROUP, access_tenant: VENDOR } };
export const GRANT: Grant = { policy: POLICY, accessors: [ACCESSOR] };

export const PROD: Place = { id: "ocid1.compartment.oc1..aaaaprod", name: "Prod" };
export const DATA: Place = { id: "ocid1.compartment.oc1..aaaadata", name: "Data" };

export const DEFINES = [`define tenancy AT as ${VENDOR}`, `define group AG as ${GROUP}`];
export const ADMIT = `admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${KEY_ID}'`;

/** Another key of the same tenancy. */
export function keyId(number: number): string {
  return `ocid1.key.oc1.eu-frankfurt-1.vault1.abtheljrkey${number}`;
}

export function policy(name: string, statements: readonly string[], more: Partial<PolicyRecord> = {}): PolicyRecord {
  const id = `ocid1.policy.oc1..${name.toLowerCase()}`;
  return { id, name, description: `the policy ${name}`, state: "ACTIVE", etag: `etag-of-${name}`, statements, ...more };
}

export const HEALTHY: KeyDescription = {
  state: "usable",
  stateName: "ENABLED",
  usage: "ENCRYPT_DECRYPT",
  algorithms: ["AES_256"],
  customerManaged: true,
  deletionAt: null,
  materialExpiresAt: null,
  exportable: false,
  olderVersions: [],
};

/** What is around a key, as a test wants it: the policies of the root, of the compartments, and what was not read. */
export interface Around {
  readonly root?: readonly PolicyRecord[] | LookFailure;
  readonly prod?: readonly PolicyRecord[] | LookFailure;
  readonly data?: readonly PolicyRecord[] | LookFailure;
  readonly unread?: readonly LookFailure[];
  readonly regions?: readonly string[] | null;
  readonly key?: Partial<KeyDescription>;
  readonly ref?: KeyRef;
}

export const DENIED: LookFailure = { code: "look.denied", detail: "ListPolicies was refused." };

/** A key in Prod:Data. */
export function facts({
  root = [],
  prod = [],
  data = [],
  unread = [],
  regions,
  key,
  ref = KEY,
}: Around = {}): KeyFacts {
  const rootBody = isFailure(root)
    ? unseen(root)
    : seen(
        bodyOf({
          tenancy: { id: TENANCY, name: "owner" },
          homeRegion: "eu-frankfurt-1",
          regions: regions === undefined ? ["eu-frankfurt-1", "us-ashburn-1"] : regions,
          compartments: [PROD, DATA],
          policies: root,
        }),
      );
  const compartments = [
    [PROD, prod],
    [DATA, data],
  ] as const;
  const documents: readonly PolicyDocument[] = [
    { id: ROOT, title: "the policies of the root compartment", body: rootBody },
    ...compartments.map(([place, policies]) => ({
      id: `${COMPARTMENT}${place.id}`,
      title: `the policies of the compartment ${place.name}`,
      body: isFailure(policies) ? unseen(policies) : seen(bodyOf({ compartment: place, policies })),
    })),
    ...unread.map((why, index) => ({
      id: `${ONE_POLICY}ocid1.policy.oc1..hidden${index}`,
      title: `the policy "hidden${index}"`,
      body: unseen(why),
    })),
  ];
  return { ref, key: seen({ ...HEALTHY, ...key }), rotation: seen(null), documents };
}

function isFailure(value: readonly PolicyRecord[] | LookFailure): value is LookFailure {
  return "code" in value;
}

/** A key whose only policy, in the root compartment, has these statements. */
export function withStatements(...statements: readonly string[]): KeyFacts {
  return facts({ root: [policy("theirs", statements)] });
}

export function judge(what: KeyFacts, grant: Grant = GRANT): Access {
  const [one] = access(what, grant);
  if (one === undefined) throw new Error("no answer");
  return one;
}

/** The answer for encrypting and decrypting, which the caller takes to be the same but for the action. */
export function answer(what: KeyFacts): ActionAccess {
  const { actions } = judge(what);
  const [first, ...rest] = actions;
  if (first === undefined) throw new Error("no answer");
  for (const one of rest) {
    if (JSON.stringify({ ...one, action: "" }) !== JSON.stringify({ ...first, action: "" })) {
      throw new Error(`not the same answers: ${JSON.stringify(actions)}`);
    }
  }
  return first;
}

export async function failureOf(work: () => unknown): Promise<KeygrantError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof KeygrantError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
