import { describe, expect, it } from "vitest";
import { parseKey } from "../../src/clouds/index.ts";
import type { CloudId } from "../../src/core/model.ts";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_GCP_RSA_KEY, HEALTHY_OCI_KEY, OWNER_TOKEN } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { cmks, written } from "./peek.ts";

const KEYS = [
  ["aws", HEALTHY_AWS_KEY],
  ["gcp", HEALTHY_GCP_KEY],
  ["gcp", HEALTHY_GCP_RSA_KEY],
  ["oci", HEALTHY_OCI_KEY],
] as const satisfies readonly (readonly [CloudId, string])[];

export async function deregister({ sandbox }: World, project = "demo"): Promise<void> {
  const origin = sandbox.env["AIVEN_WEB_URL"] ?? "";
  for (const { id } of cmks({ sandbox }, project)) {
    const headers = { authorization: `aivenv1 ${OWNER_TOKEN}` };
    const answer = await fetch(`${origin}/v1/project/${project}/secrets/cmks/${id}`, { method: "DELETE", headers });
    if (!answer.ok) throw new Error(await answer.text());
  }
}

/** Every document that decides about access, without what a write alone changes: etags and what was there before. */
function documents(world: World, cloud: CloudId): unknown {
  const { keys, policies } = (written(world) as Record<CloudId, { keys: object[]; policies?: object[] }>)[cloud];
  const strip = (name: string, value: unknown) => (BY_WRITING.has(name) ? undefined : value);
  return JSON.parse(JSON.stringify({ keys, policies }, strip));
}

const BY_WRITING = new Set(["etag", "history", "previous", "version"]);

describe.each(KEYS)("revoke on %s (%s)", (cloud, key) => {
  it("leaves the documents as they were before onboard, and validate says grant.missing", async () => {
    await using world = await openWorld();
    await world.json(["validate", key]);
    const before = documents(world, cloud);
    expect((await world.json(["onboard", key, "--yes"])).exitCode).toBe(0);
    await deregister(world);
    const { exitCode, json } = await world.json(["revoke", key, "--yes", "--backups-expired"]);
    expect(json).toMatchObject({ outcome: "revoked", proof: "shut-out", stillIn: [], vendorSays: [], key: parseKey(key).id });
    expect(exitCode).toBe(0);
    expect(documents(world, cloud)).toEqual(before);
    const after = await world.json(["validate", key]);
    expect(after.exitCode).toBe(10);
    expect(after.json.keys[0].findings.map((one: { code: string }) => one.code)).toContain("grant.missing");
    const again = await world.json(["revoke", key, "--yes"]);
    expect(again.json).toMatchObject({ outcome: "unchanged", proof: "shut-out", change: null });
    expect(again.exitCode).toBe(0);
  });

  it("refuses while the key is registered, and names the services that use it", async () => {
    await using world = await openWorld();
    await world.json(["onboard", key, "--yes"]);
    const registered = await world.json(["revoke", key, "--yes", "--backups-expired"]);
    expect(registered).toMatchObject({ exitCode: 3, json: { error: { code: "key.registered" } } });
    const [cmk] = cmks(world);
    expect(registered.json.error.message).toContain(cmk?.id);
    expect(registered.json.error.message).toContain("project demo");
  });
});
