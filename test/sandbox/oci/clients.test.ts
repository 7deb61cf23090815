import * as common from "oci-common";
import { IdentityClient } from "oci-identity";
import { models } from "oci-keymanagement";
import { describe, expect, test } from "vitest";
import {
  HEALTHY_OCI_KEY,
  OCI_AUDITOR,
  OCI_GROUP_DEMO,
  OCI_OWNER_TENANCY,
  OCI_VENDOR_TENANCY,
} from "../../../src/sandbox/cast.ts";
import { ocidOf, TEAM } from "../../../src/sandbox/oci/recipes.ts";
import { fakeClock } from "../kit.ts";
import { clients, stage } from "./kit.ts";

/** The clients sign with the real time. */
const REAL = { clock: { ...fakeClock(), now: () => new Date() } };

const STATEMENTS = [
  `define tenancy AT as ${OCI_VENDOR_TENANCY}`,
  `define group AG as ${OCI_GROUP_DEMO}`,
  `admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${HEALTHY_OCI_KEY}'`,
];

/** What a promise was rejected with. */
async function refusal(promise: Promise<unknown>): Promise<{ statusCode: unknown; serviceCode: unknown }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof common.OciError) return { statusCode: error.statusCode, serviceCode: error.serviceCode };
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the official clients", () => {
  test("identity: the tenancy, its regions, compartments and groups", async () => {
    await using on = await stage({}, REAL);
    const { identity } = clients(on.sandbox.origin);
    const { tenancy } = await identity.getTenancy({ tenancyId: OCI_OWNER_TENANCY });
    expect(tenancy).toMatchObject({ id: OCI_OWNER_TENANCY, homeRegionKey: "FRA" });
    const regions = await identity.listRegionSubscriptions({ tenancyId: OCI_OWNER_TENANCY });
    expect(regions.items.find(({ isHomeRegion }) => isHomeRegion)?.regionName).toBe("eu-frankfurt-1");
    const names = [];
    const all = { compartmentId: OCI_OWNER_TENANCY, compartmentIdInSubtree: true, limit: 3 };
    for await (const { name } of identity.listCompartmentsRecordIterator(all)) names.push(name);
    expect(names).toEqual(["everybody", "network", "prod", "sealed", "team", "too-broad", "unparsable"]);
    const { compartment } = await identity.getCompartment({ compartmentId: TEAM });
    expect(compartment).toMatchObject({ name: "team", compartmentId: OCI_OWNER_TENANCY });
    const { items } = await identity.listGroups({ compartmentId: OCI_OWNER_TENANCY });
    expect(items.map(({ name }) => name)).toContain("PlatformEngineers");
  });

  test("identity: policies, by etag", async () => {
    await using on = await stage({}, REAL);
    const { identity } = clients(on.sandbox.origin);
    const createPolicyDetails = {
      compartmentId: OCI_OWNER_TENANCY,
      name: "aiven-cmk-access",
      description: "Aiven uses our key",
      statements: STATEMENTS,
    };
    const created = await identity.createPolicy({ createPolicyDetails });
    const policyId = created.policy.id;
    const got = await identity.getPolicy({ policyId });
    expect(got).toMatchObject({ etag: created.etag, policy: { statements: STATEMENTS } });
    const listed = [];
    for await (const { id } of identity.listPoliciesRecordIterator({ compartmentId: OCI_OWNER_TENANCY, limit: 10 })) {
      listed.push(id);
    }
    expect(listed).toContain(policyId);

    const updatePolicyDetails = { description: "changed" };
    const updated = await identity.updatePolicy({ policyId, updatePolicyDetails, ifMatch: got.etag });
    const stale = identity.updatePolicy({ policyId, updatePolicyDetails, ifMatch: got.etag });
    expect(await refusal(stale)).toEqual({ statusCode: 412, serviceCode: "NoEtagMatch" });
    await identity.deletePolicy({ policyId, ifMatch: updated.etag });
    const gone = { statusCode: 404, serviceCode: "NotAuthorizedOrNotFound" };
    expect(await refusal(identity.getPolicy({ policyId }))).toEqual(gone);
  });

  test("identity in another region, which the path names", async () => {
    await using on = await stage({}, REAL);
    const { identity } = clients(`${on.sandbox.origin}/us-ashburn-1`);
    const createPolicyDetails = { compartmentId: TEAM, name: "x", description: "x", statements: STATEMENTS };
    expect(await refusal(identity.createPolicy({ createPolicyDetails }))).toEqual({
      statusCode: 403,
      serviceCode: "NotAllowed",
    });
  });

  test("vaults and keys", async () => {
    await using on = await stage({}, REAL);
    const { vaults, management } = clients(on.sandbox.origin);
    const { items } = await vaults.listVaults({ compartmentId: TEAM });
    const [first] = items;
    const { vault } = await vaults.getVault({ vaultId: first?.id ?? "" });
    expect(vault.managementEndpoint).toBe(on.sandbox.origin);

    const keyShape = { algorithm: models.KeyShape.Algorithm.Aes, length: 32 };
    const createKeyDetails = { compartmentId: TEAM, displayName: "mine", keyShape };
    const { key } = await management.createKey({ createKeyDetails });
    expect(key.lifecycleState).toBe("CREATING");
    const keyId = key.id;
    const got = await management.getKey({ keyId });
    expect(got.key).toMatchObject({ lifecycleState: "ENABLED", displayName: "mine", protectionMode: "HSM", keyShape });
    await management.createKeyVersion({ keyId });
    expect((await management.listKeyVersions({ keyId })).items).toHaveLength(2);
    await management.disableKey({ keyId });
    expect((await management.getKey({ keyId })).key.lifecycleState).toBe("DISABLED");
    await management.enableKey({ keyId });
    const scheduled = await management.scheduleKeyDeletion({ keyId, scheduleKeyDeletionDetails: {} });
    // Typed as a Date, and a text.
    expect(String(scheduled.key.timeOfDeletion)).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect((await management.getKey({ keyId })).key.lifecycleState).toBe("PENDING_DELETION");
    await management.cancelKeyDeletion({ keyId });
    expect((await management.getKey({ keyId })).key.lifecycleState).toBe("ENABLED");
    const { items: keys } = await management.listKeys({ compartmentId: TEAM });
    expect(keys.map(({ id }) => id)).toContain(keyId);
  });

  test("encrypt, decrypt, generate", async () => {
    await using on = await stage({}, REAL);
    const { crypto } = clients(on.sandbox.origin);
    const about = { keyId: HEALTHY_OCI_KEY, associatedData: { why: "probe" } };
    const { encryptedData } = await crypto.encrypt({ encryptDataDetails: { ...about, plaintext: "YWI=" } });
    const decryptDataDetails = { ...about, ciphertext: encryptedData.ciphertext };
    const { decryptedData } = await crypto.decrypt({ decryptDataDetails });
    expect(decryptedData).toMatchObject({ plaintext: "YWI=", plaintextChecksum: "2659403885", keyId: HEALTHY_OCI_KEY });
    const keyShape = { algorithm: models.KeyShape.Algorithm.Aes, length: 32 };
    const generateKeyDetails = { keyId: HEALTHY_OCI_KEY, includePlaintextKey: true, keyShape };
    const { generatedKey } = await crypto.generateDataEncryptionKey({ generateKeyDetails });
    expect(Buffer.from(generatedKey.plaintext ?? "", "base64")).toHaveLength(32);
  });

  test("read what stands in the way", async () => {
    await using on = await stage({}, REAL);
    const { management, crypto } = clients(on.sandbox.origin);
    const get = (name: string) => refusal(management.getKey({ keyId: ocidOf(name) }));
    expect(await get("absent")).toEqual({ statusCode: 404, serviceCode: "NotAuthorizedOrNotFound" });
    expect(await get("throttled")).toEqual({ statusCode: 429, serviceCode: "TooManyRequests" });
    expect(await get("internal-error")).toEqual({ statusCode: 500, serviceCode: "InternalServerError" });
    const encryptDataDetails = { keyId: ocidOf("disabled"), plaintext: "YWI=" };
    const disabled = await refusal(crypto.encrypt({ encryptDataDetails }));
    expect(disabled).toEqual({ statusCode: 409, serviceCode: "IncorrectState" });
    const auditor = clients(on.sandbox.origin, OCI_AUDITOR);
    expect((await auditor.management.getKey({ keyId: HEALTHY_OCI_KEY })).key.id).toBe(HEALTHY_OCI_KEY);
    const used = auditor.crypto.encrypt({ encryptDataDetails: { keyId: HEALTHY_OCI_KEY, plaintext: "YWI=" } });
    expect(await refusal(used)).toEqual({ statusCode: 404, serviceCode: "NotAuthorizedOrNotFound" });
    on.sandbox.turn({ faults: ["500=1@GetKey"] });
    expect(await get("healthy")).toEqual({ statusCode: 500, serviceCode: "InternalServerError" });
  });

  test("with the session of the configuration", async () => {
    await using on = await stage({}, REAL);
    const file = on.sandbox.env["OCI_CLI_CONFIG_FILE"] ?? "";
    const authenticationDetailsProvider = new common.SessionAuthDetailProvider(file, "SESSION");
    const identity = new IdentityClient({ authenticationDetailsProvider });
    identity.endpoint = on.sandbox.origin;
    const { tenancy } = await identity.getTenancy({ tenancyId: OCI_OWNER_TENANCY });
    expect(tenancy.id).toBe(OCI_OWNER_TENANCY);
    identity.shutdownCircuitBreaker();
  });
});
