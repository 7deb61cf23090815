import { randomBytes } from "node:crypto";
import { openCloud, parseKey } from "../../src/clouds/index.ts";
import type { Cloud } from "../../src/core/cloud.ts";
import type { Grant } from "../../src/core/model.ts";
import { createAgents } from "../../src/io/agents.ts";
import { awsEnvironment, gcpEnvironment, ociEnvironment } from "../../src/io/credentials.ts";
import { policyOf } from "../../src/io/policies.ts";
import { OCI_GROUP_DEMO, OCI_OWNER_TENANCY, OCI_VENDOR_TENANCY, PROJECTS } from "../../src/sandbox/cast.ts";
import type { OciWorld, Policy } from "../../src/sandbox/oci/world.ts";
import type { World } from "./harness.ts";

/** What stands in the sandbox's OCI, past everything that keygrant says of it. */

/** The policy that keygrant writes for Aiven. */
export const OURS = "keygrant-aiven";

/** What stands in it for project demo. */
export const DEFINES = [`define tenancy AT as ${OCI_VENDOR_TENANCY}`, `define group AG as ${OCI_GROUP_DEMO}`];

/** What keygrant writes for these keys. */
export function admit(...keys: readonly string[]): string {
  const tests = keys.map((key) => `target.key.id = '${key}'`);
  const where = tests.length === 1 ? tests[0] : `any {${tests.join(", ")}}`;
  return `admit group AG of tenancy AT to use keys in tenancy where ${where}`;
}

export function policies({ sandbox }: Pick<World, "sandbox">): readonly Policy[] {
  return (sandbox.world()["oci"] as OciWorld).policies;
}

/** The statements of a policy in the owner's root compartment; null where there is no such policy. */
export function statements(world: Pick<World, "sandbox">, name = OURS): readonly string[] | null {
  const isIt = (one: Policy) => one.name === name && one.compartmentId === OCI_OWNER_TENANCY;
  return policies(world).find(isIt)?.statements ?? null;
}

/** Every policy that keygrant has no business in, to the letter: etags too. */
export function others(world: Pick<World, "sandbox">): readonly Policy[] {
  return policies(world).filter(({ name }) => !name.startsWith(OURS));
}

/** Somebody else puts these statements into a policy, as OCI would: with a new etag. */
export function overwrite({ sandbox }: Pick<World, "sandbox">, name: string, now: readonly string[]): void {
  sandbox.alter((worlds) => {
    const oci = worlds["oci"] as OciWorld;
    oci.policies = oci.policies.map((one) =>
      one.name === name ? { ...one, statements: now, etag: randomBytes(8).toString("hex") } : one,
    );
  });
}

/** Takes one key back from a project, through the port: what `revoke` does. False when there was nothing to take. */
export async function unmerge(world: World, key: string, project = "demo"): Promise<boolean> {
  const policy = policyOf("aiven", "oci");
  const fields = PROJECTS.find((one) => one.name === project)?.accessors["oci"];
  if (policy === null || fields === undefined) throw new Error(`nothing is known of ${project}`);
  const grant: Grant = { policy, accessors: [{ cloud: "oci", fields }] };
  const agents = createAgents({ proxyEnv: {} });
  try {
    const cloud = await openAsOwner(world, agents);
    const facts = await cloud.inspect(parseKey(key), grant);
    const change = cloud.plan(facts, grant, "absent");
    if (change === null) return false;
    await cloud.apply(change, { settleReads: 1, beforeWrite: async () => {} });
    return true;
  } finally {
    agents.destroy();
  }
}

function openAsOwner({ sandbox, clock }: World, agents: ReturnType<typeof createAgents>): Promise<Cloud> {
  const environment = { env: sandbox.env, home: "/nonexistent" };
  return openCloud("oci", {
    aws: awsEnvironment(environment),
    gcp: gcpEnvironment(environment),
    oci: ociEnvironment(environment),
    agents,
    clock,
    jitter: () => 0.5,
    random: (size) => randomBytes(size),
    timeoutMs: 10_000,
    signal: new AbortController().signal,
  });
}
