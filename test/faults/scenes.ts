import { expect } from "vitest";
import type { CloudId } from "../../src/core/model.ts";
import { OLD_ANCHOR } from "../../src/sandbox/aws/recipes.ts";
import {
  GCP_GROUP_DEMO,
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_OCI_KEY,
  VENDOR_DEMO,
} from "../../src/sandbox/cast.ts";
import type { OciWorld, Policy } from "../../src/sandbox/oci/world.ts";
import { rolesOf, SYMMETRIC_ROLE } from "../cli/gcp-peek.ts";
import type { World } from "../cli/harness.ts";
import { admit, DEFINES, others, statements } from "../cli/oci-peek.ts";
import { keyPolicy, named, statementsNaming, written } from "../cli/peek.ts";

/** A cloud with a key, as faults find it. */
export interface Scene {
  readonly cloud: CloudId;
  readonly title: string;
  readonly key: string;
  /** The key that a rotation goes to. */
  readonly next: string;
  /** The call that writes the grant. */
  readonly write: string;
  /** One grant for each of these keys, exactly once. */
  readonly once: (world: World, ...keys: readonly string[]) => void;
  readonly granted: (world: World, key: string) => boolean;
  /** The cloud without any grant of ours on the two keys: what no run may change. */
  readonly others: (world: World) => unknown;
  /** Takes out of a fresh world what only makes each run longer. */
  readonly thin?: (world: World) => void;
}

/** The cloud's part of the world, to be looked through. */
function part(world: World, cloud: CloudId): Worlds {
  return (written(world) as Readonly<Record<string, Worlds>>)[cloud] ?? { keys: [] };
}

interface Worlds {
  readonly keys: readonly { readonly arn: string; readonly name: string; readonly policy: unknown }[];
}

const AWS_NEXT = named("grant-missing");
const GCP_NEXT = named("grant-missing", "gcp");
const OCI_NEXT = named("wrong-group", "oci");

export const SCENES: readonly Scene[] = [
  {
    cloud: "aws",
    title: "AWS KMS",
    key: HEALTHY_AWS_KEY,
    next: AWS_NEXT,
    write: "PutKeyPolicy",
    once(world, ...keys) {
      for (const key of keys) expect(statementsNaming(world, key, VENDOR_DEMO.arn)).toHaveLength(1);
    },
    granted: (world, key) => statementsNaming(world, key, VENDOR_DEMO.arn).length > 0,
    others: (world) =>
      part(world, "aws").keys.map(({ arn }) => {
        const { Statement, ...rest } = keyPolicy(world, arn);
        // The key that a rotation goes to lets in who the vendor was once: that grant is ours too, and is replaced.
        const ours = [HEALTHY_AWS_KEY, AWS_NEXT].includes(arn) ? [VENDOR_DEMO.arn, OLD_ANCHOR] : [];
        const names = ours.flatMap((who) => statementsNaming(world, arn, who)).map(({ Sid }) => Sid);
        return { arn, ...rest, Statement: Statement.filter(({ Sid }) => !names.includes(Sid)) };
      }),
  },
  {
    cloud: "gcp",
    title: "Google Cloud KMS",
    key: HEALTHY_GCP_KEY,
    next: GCP_NEXT,
    write: "SetIamPolicy",
    once(world, ...keys) {
      for (const key of keys) expect(rolesOf(world, key, GCP_GROUP_DEMO)).toEqual([SYMMETRIC_ROLE]);
    },
    granted: (world, key) => rolesOf(world, key, GCP_GROUP_DEMO).length > 0,
    others: (world) =>
      part(world, "gcp").keys.map(({ name, policy }) => {
        if (![HEALTHY_GCP_KEY, GCP_NEXT].includes(name)) return { name, policy };
        const { bindings } = policy as { readonly bindings: readonly Binding[] };
        const left = bindings.map((one) => ({ ...one, members: one.members.filter((who) => who !== GROUP) }));
        return { name, bindings: left.filter(({ members }) => members.length > 0) };
      }),
  },
  {
    cloud: "oci",
    title: "OCI Vault",
    key: HEALTHY_OCI_KEY,
    next: OCI_NEXT,
    write: "CreatePolicy",
    once(world, ...keys) {
      expect(statements(world)).toEqual([...DEFINES, admit(...keys)]);
    },
    granted: (world, key) => (statements(world) ?? []).some((one) => one.includes(key)),
    others,
    // Each policy is read by itself, and the sandbox has one for each of its keys: two of them stay.
    thin: ({ sandbox }) =>
      sandbox.alter((worlds) => {
        const oci = worlds["oci"] as OciWorld;
        const grants = oci.policies.filter(({ statements }) => statements.some((text) => /^admit/i.test(text)));
        const isOfNext = ({ statements }: Policy) => statements.some((text) => text.includes(OCI_NEXT));
        const gone = grants.filter((one) => !isOfNext(one)).slice(2);
        oci.policies = oci.policies.filter((one) => !gone.includes(one));
      }),
  },
];

const GROUP = `group:${GCP_GROUP_DEMO}`;

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
}
