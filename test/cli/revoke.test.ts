import { describe, expect, it } from "vitest";
import { parseKey } from "../../src/clouds/index.ts";
import type { CloudId } from "../../src/core/model.ts";
import {
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_GCP_RSA_KEY,
  HEALTHY_OCI_KEY,
  OWNER_TOKEN,
} from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, named, written } from "./peek.ts";

const KEYS = [
  ["aws", HEALTHY_AWS_KEY],
  ["gcp", HEALTHY_GCP_KEY],
  ["gcp", HEALTHY_GCP_RSA_KEY],
  ["oci", HEALTHY_OCI_KEY],
] as const satisfies readonly (readonly [CloudId, string])[];

async function deregister({ sandbox }: World, project = "demo"): Promise<void> {
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
    expect(json).toMatchObject({
      outcome: "revoked",
      proof: "shut-out",
      stillIn: [],
      vendorSays: [],
      key: parseKey(key).id,
    });
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

describe("revoke", () => {
  it("that could not look who depends on the key is no refusal, and says what kept it from looking", async () => {
    await using world = await openWorld({ knobs: { faults: ["503=1@CMKList"] } });
    const before = written(world);
    const { exitCode, json } = await world.json(["revoke", named("granted"), "--yes", "--backups-expired"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 12, code: "look.unreachable" });
    expect(json.error.message).toMatch(/^Nothing was written: whether somebody in project demo depends on the key/);
    expect(written(world)).toEqual(before);
  });

  it("names the services that depend on the key, and wants the key a second time to be forced", async () => {
    await using world = await openWorld();
    await world.json(["onboard", HEALTHY_AWS_KEY, "--yes"]);
    await useIn(world, "my-own-pg");
    const before = documents(world, "aws");
    const refused = await world.json([...REVOKE, "--backups-expired"]);
    expect(refused).toMatchObject({ exitCode: 3, json: { error: { code: "key.in-use" } } });
    expect(refused.json.error.message).toContain("my-own-pg");
    const unnamed = await world.json([...REVOKE, "--backups-expired", "--force"]);
    expect(unnamed).toMatchObject({ exitCode: 2, json: { error: { code: "usage.no-terminal" } } });
    expect(documents(world, "aws")).toEqual(before);
    const forced = await world.json([
      ...REVOKE,
      "--backups-expired",
      "--force",
      `--yes-i-understand=${HEALTHY_AWS_KEY}`,
    ]);
    expect(forced.json).toMatchObject({ outcome: "revoked", dependents: [{ services: [{ name: "my-own-pg" }] }] });
    expect(forced.json.vendorSays).toHaveLength(1);
  });

  it("does not take --yes for knowing that backups have expired", async () => {
    await using world = await openWorld();
    await world.json(["onboard", HEALTHY_AWS_KEY, "--yes"]);
    await deregister(world);
    expect(await world.json(REVOKE)).toMatchObject({ exitCode: 3, json: { error: { code: "key.backups" } } });
  });

  it("revokes the KMS grants of the vendor's principal", async () => {
    await using world = await openWorld();
    const key = named("granted-by-kms-grant");
    const run = ["revoke", key, "--yes", "--backups-expired"];
    const { exitCode, json } = await world.json(run);
    expect({ exitCode, proof: json.proof, outcome: json.outcome }).toEqual({
      exitCode: 0,
      proof: "shut-out",
      outcome: "revoked",
    });
    expect(asked(world, "RevokeGrant")).toBe(1);
    expect((await world.json(run)).json.outcome).toBe("unchanged");
    expect(asked(world, "RevokeGrant")).toBe(1);
  });
});

const REVOKE = ["revoke", HEALTHY_AWS_KEY, "--yes"];

async function useIn({ sandbox }: World, service: string): Promise<void> {
  const [cmk] = cmks({ sandbox });
  const body = { service_name: service, service_type: "pg", plan: "startup-4", cmk_id: cmk?.id };
  const answer = await fetch(`${sandbox.env["AIVEN_WEB_URL"]}/v1/project/demo/service`, {
    method: "POST",
    headers: { authorization: `aivenv1 ${OWNER_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
