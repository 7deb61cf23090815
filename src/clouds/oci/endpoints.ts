import type { KeyRef, LookFailure, Seen } from "../../core/model.ts";
import { seen, unseen } from "../../core/model.ts";
import type { Endpoint, OciClients } from "./api.ts";
import {
  defaultEndpoints,
  identityEndpoint,
  realmOf,
  regionOf,
  splitOcid,
  vaultPartOf,
  vaultsEndpoint,
} from "./key.ts";
import { look } from "./look.ts";

export interface EndpointSettings {
  /** One address that stands in for all of OCI. */
  readonly endpoint?: string | undefined;
  /** The OCID of the vault, whose endpoints OCI then tells. */
  readonly vault?: string | undefined;
  readonly managementEndpoint?: string | undefined;
  readonly cryptoEndpoint?: string | undefined;
}

export interface KmsEndpoints {
  readonly management: Endpoint;
  readonly crypto: Endpoint;
  /** Made from the key's OCID: if nobody answers there, the vault is somewhere else. */
  readonly derived: boolean;
}

export interface Endpoints {
  kms(ref: KeyRef): Promise<Seen<KmsEndpoints>>;
  /** Identity in a region of the key's realm. */
  identity(ref: KeyRef, region: string): Seen<Endpoint>;
}

/** Where each service of OCI answers: as a person said, else as the vault says, else as the key's OCID suggests. */
export function createEndpoints(settings: EndpointSettings, clients: OciClients): Endpoints {
  const vaults = new Map<string, Promise<Seen<Pair>>>();

  function fromVault(ref: KeyRef, vault: string): Promise<Seen<Pair>> {
    const known = vaults.get(vault) ?? askOnce(ref, vault);
    vaults.set(vault, known);
    return known;
  }

  /** What could not be told is asked again by the next key. */
  async function askOnce(ref: KeyRef, vault: string): Promise<Seen<Pair>> {
    const answer = await askVault(clients, settings, ref, vault);
    if (!answer.known) vaults.delete(vault);
    return answer;
  }

  return {
    async kms(ref) {
      const { managementEndpoint, cryptoEndpoint, vault, endpoint } = settings;
      if (managementEndpoint !== undefined && cryptoEndpoint !== undefined) {
        return seen({ ...pairOf(managementEndpoint, cryptoEndpoint, settings), derived: false });
      }
      const isTold = vault !== undefined && endpoint === undefined && isVaultOf(vault, ref);
      const pair = isTold ? await fromVault(ref, vault) : derived(ref, settings);
      if (!pair.known) return pair;
      const management = managementEndpoint === undefined ? pair.value.management : at(managementEndpoint, settings);
      const crypto = cryptoEndpoint === undefined ? pair.value.crypto : at(cryptoEndpoint, settings);
      return seen({ management, crypto, derived: !isTold && endpoint === undefined });
    },
    identity(ref, region) {
      const own = identityEndpoint(realmOf(ref.id) ?? "", region);
      return own === null && settings.endpoint === undefined ? unseen(unknownRealm(ref)) : seen(at(own, settings));
    },
  };
}

interface Pair {
  readonly management: Endpoint;
  readonly crypto: Endpoint;
}

function pairOf(management: string | null, crypto: string | null, settings: EndpointSettings): Pair {
  return { management: at(management, settings), crypto: at(crypto, settings) };
}

/** The address itself, or the one that stands in for it. */
function at(own: string | null, { endpoint }: EndpointSettings): Endpoint {
  if (endpoint === undefined) return { base: own ?? "", instead: null };
  return { base: endpoint, instead: own === null ? null : new URL(own).host };
}

function derived(ref: KeyRef, settings: EndpointSettings): Seen<Pair> {
  const own = defaultEndpoints(ref);
  if (own === null && settings.endpoint === undefined) return unseen(noEndpoint(ref));
  return seen(pairOf(own?.management ?? null, own?.crypto ?? null, settings));
}

/** With several keys at once, one --oci-vault is only for those that are in it. */
function isVaultOf(vault: string, ref: KeyRef): boolean {
  const part = vaultPartOf(ref);
  const rest = splitOcid(vault)?.rest ?? [];
  return part === null || rest.length < 2 || rest[0] === part;
}

async function askVault(
  clients: OciClients,
  settings: EndpointSettings,
  ref: KeyRef,
  vault: string,
): Promise<Seen<Pair>> {
  const own = vaultsEndpoint(realmOf(ref.id) ?? "", regionOf(ref));
  if (own === null) return unseen(unknownRealm(ref));
  const asked = { call: "GetVault", about: ` of ${vault}`, needs: "read vaults" };
  const answer = await look(asked, () => clients.vaults(at(own, settings)).getVault(vault));
  if (!answer.known) return answer;
  return seen(pairOf(answer.value.managementEndpoint, answer.value.cryptoEndpoint, settings));
}

/** What to do when nobody answers at an address that was only derived. */
export const ENDPOINT_ADVICE =
  "The address was derived from the key's OCID. Pass --oci-vault <vault OCID>, or the vault's own addresses with --oci-management-endpoint and --oci-crypto-endpoint.";

function noEndpoint(ref: KeyRef): LookFailure {
  return {
    code: "look.misconfigured",
    detail: `The OCID ${ref.id} does not tell where its vault answers.`,
    fix: "Pass --oci-vault <vault OCID>, or the vault's own addresses with --oci-management-endpoint and --oci-crypto-endpoint.",
  };
}

function unknownRealm(ref: KeyRef): LookFailure {
  return {
    code: "look.misconfigured",
    detail: `keygrant does not know the realm ${realmOf(ref.id)} and so not where its services answer.`,
    fix: "Set KEYGRANT_OCI_ENDPOINT to an address that serves the realm, or update keygrant.",
  };
}
