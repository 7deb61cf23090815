import { type Answer, authorize, type Call, identityRegion, page, pathPart, queried } from "./call.ts";
import { notAuthorizedOrNotFound } from "./errors.ts";
import { regionOf } from "./regions.ts";
import { CREATED, fixedEtag, type Vault } from "./world.ts";

// https://docs.oracle.com/iaas/api/#/en/key/release/Vault/

/** With no region in the path, those of all regions: the one host stands for every region's. */
export function listVaults(call: Call): Answer {
  const compartmentId = queried(call, "compartmentId");
  authorize(call, { permissions: ["VAULT_INSPECT"], compartmentId, region: identityRegion(call) });
  const vaults = call.world.vaults
    .filter((vault) => vault.compartmentId === compartmentId)
    .filter(({ id }) => call.region === null || regionOf(id) === call.region);
  return page(call, vaults, (vault) => shown(call, vault), 100);
}

export function getVault(call: Call): Answer {
  const vault = call.world.vaults.find(({ id }) => id === pathPart(call, 0));
  if (vault === undefined) throw notAuthorizedOrNotFound();
  const region = regionOf(vault.id);
  if (call.region !== null && call.region !== region) throw notAuthorizedOrNotFound();
  const { compartmentId } = vault;
  const variables = { "target.vault.id": vault.id };
  authorize(call, { permissions: ["VAULT_READ"], compartmentId, region, variables });
  return { body: shown(call, vault), etag: fixedEtag(vault.id) };
}

/** In reality a vault has hosts of its own; here everything is on one. */
function shown({ context, region }: Call, { id, name, compartmentId, type }: Vault): unknown {
  const endpoint = region === null ? context.origin() : `${context.origin()}/${region}`;
  return {
    id,
    compartmentId,
    displayName: name,
    vaultType: type,
    lifecycleState: "ACTIVE",
    timeCreated: CREATED,
    managementEndpoint: endpoint,
    cryptoEndpoint: endpoint,
    wrappingkeyId: id.replace("ocid1.vault.", "ocid1.key.").replace(/[^.]+$/, "wrappingkey"),
    isPrimary: true,
    isVaultReplicable: type === "VIRTUAL_PRIVATE",
    freeformTags: {},
    definedTags: {},
  };
}
