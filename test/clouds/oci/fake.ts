import type {
  CryptoInput,
  CryptoPort,
  Endpoint,
  IdentityPort,
  OciClients,
  OciKey,
  OciKeyVersion,
  OciPolicy,
} from "../../../src/clouds/oci/api.ts";
import { type CallFault, OciCallError } from "../../../src/clouds/oci/errors.ts";
import { createOciCloud, type OciCloudDeps } from "../../../src/clouds/oci/provider.ts";
import type { Cloud } from "../../../src/core/cloud.ts";
import type { Change, Grant } from "../../../src/core/model.ts";
import { fakeClock } from "../../io/stub.ts";
import { DATA, GRANT, KEY, KEY_ID, PROD, TENANCY } from "./helpers.ts";

export const NOT_FOUND: CallFault = {
  kind: "status",
  status: 404,
  code: "NotAuthorizedOrNotFound",
  words: "Authorization failed or requested resource not found.",
};
export const THROTTLED: CallFault = {
  kind: "status",
  status: 429,
  code: "TooManyRequests",
  words: "Too many requests.",
};
export const CUT_OFF: CallFault = { kind: "network", code: "ECONNRESET", sent: true };
const STALE: CallFault = { kind: "status", status: 412, code: "NoEtagMatch", words: "The etag does not match." };
const EXISTS: CallFault = { kind: "status", status: 409, code: "PolicyAlreadyExists", words: "It exists." };

export const HEALTHY_KEY: OciKey = {
  id: KEY_ID,
  compartmentId: DATA.id,
  lifecycleState: "ENABLED",
  algorithm: "AES",
  length: 32,
  curveId: null,
  protectionMode: "HSM",
  currentKeyVersion: "ocid1.keyversion.oc1..v1",
  timeOfDeletion: null,
  autoRotation: null,
};

interface Kept extends OciPolicy {
  etag: string;
}

/** OCI behind the narrow port: as much of it as decides anything, and every call that was made. */
export class FakeOci {
  readonly keys = new Map<string, OciKey>([[KEY_ID, HEALTHY_KEY]]);
  versions: readonly OciKeyVersion[] = [{ id: "ocid1.keyversion.oc1..v1", lifecycleState: "ENABLED" }];
  readonly policies = new Map<string, Kept>();
  regions = [
    { name: "us-ashburn-1", isHome: true, isReady: true },
    { name: "eu-frankfurt-1", isHome: false, isReady: true },
  ];
  /** Name and what it was about, in order. */
  readonly calls: string[] = [];
  readonly asked: { readonly service: string; readonly at: Endpoint }[] = [];
  /** What the next call of a name comes to, before or after it was carried out. */
  readonly faults: { readonly call: string; readonly fault: CallFault; readonly after?: boolean }[] = [];
  /** What happens beside us, after the next call of a name. */
  readonly meanwhile: { readonly call: string; readonly does: () => void }[] = [];
  callerId: string | null = "ocid1.user.oc1..me";
  vault = { managementEndpoint: "https://m.example.com", cryptoEndpoint: "https://c.example.com" };
  crypto: CryptoPort = { encrypt: (input) => this.#seal(input), decrypt: (input) => this.#open(input) };
  #count = 0;

  /** Somebody writes a policy. */
  put(name: string, statements: readonly string[], compartmentId = TENANCY): Kept {
    const known = [...this.policies.values()].find((one) => one.name === name && one.compartmentId === compartmentId);
    const id = known?.id ?? `ocid1.policy.oc1..p${++this.#count}`;
    const kept = {
      id,
      name,
      description: known?.description ?? `the policy ${name}`,
      compartmentId,
      lifecycleState: "ACTIVE",
      statements,
      etag: `e${++this.#count}`,
    };
    this.policies.set(id, kept);
    return kept;
  }

  statementsOf(name: string): readonly string[] | null {
    return [...this.policies.values()].find((one) => one.name === name)?.statements ?? null;
  }

  readonly clients: OciClients = {
    management: (at) => {
      this.asked.push({ service: "management", at });
      return {
        getKey: (id) => this.#call("GetKey", id, () => this.#found(this.keys.get(id))),
        listKeyVersions: (id) => this.#call("ListKeyVersions", id, () => this.versions),
      };
    },
    crypto: (at) => {
      this.asked.push({ service: "crypto", at });
      return this.crypto;
    },
    vaults: (at) => {
      this.asked.push({ service: "vaults", at });
      return { getVault: (id) => this.#call("GetVault", id, () => this.vault) };
    },
    identity: (at) => {
      this.asked.push({ service: "identity", at });
      return this.#identity;
    },
    caller: async () => this.callerId,
    home: async () => null,
    as: (profile) => {
      this.calls.push(`as ${profile}`);
      return this.clients;
    },
  };

  readonly #identity: IdentityPort = {
    getCompartment: (id) =>
      this.#call("GetCompartment", id, () => {
        if (id === TENANCY) return { id, name: "owner", parentId: null };
        if (id === PROD.id) return { ...PROD, parentId: TENANCY };
        return this.#found(id === DATA.id ? { ...DATA, parentId: PROD.id } : undefined);
      }),
    listRegions: (id) => this.#call("ListRegionSubscriptions", id, () => this.regions),
    listPolicies: (id) =>
      this.#call("ListPolicies", id, () => [...this.policies.values()].filter((one) => one.compartmentId === id)),
    getPolicy: (id) =>
      this.#call("GetPolicy", id, () => {
        const policy = this.#found(this.policies.get(id));
        return { policy, etag: policy.etag };
      }),
    createPolicy: ({ compartmentId, name, description, statements }) =>
      this.#call("CreatePolicy", name, () => {
        if (this.statementsOf(name) !== null) throw new OciCallError(EXISTS);
        const made = { ...this.put(name, statements, compartmentId), description };
        this.policies.set(made.id, made);
        return { id: made.id, requestId: `request-${this.calls.length}` };
      }),
    updatePolicy: (id, statements, etag) =>
      this.#call("UpdatePolicy", id, () => {
        const policy = this.#current(id, etag);
        this.put(policy.name, statements, policy.compartmentId);
        return { requestId: `request-${this.calls.length}` };
      }),
    deletePolicy: (id, etag) =>
      this.#call("DeletePolicy", id, () => {
        this.policies.delete(this.#current(id, etag).id);
        return { requestId: `request-${this.calls.length}` };
      }),
  };

  #current(id: string, etag: string): Kept {
    const policy = this.#found(this.policies.get(id));
    if (policy.etag !== etag) throw new OciCallError(STALE);
    return policy;
  }

  #found<T>(value: T | undefined): T {
    if (value === undefined) throw new OciCallError(NOT_FOUND);
    return value;
  }

  async #call<T>(name: string, about: string, work: () => T): Promise<T> {
    this.calls.push(`${name} ${about}`);
    await Promise.resolve();
    const fault = takeFirst(this.faults, name);
    if (fault !== undefined && fault.after !== true) throw new OciCallError(fault.fault);
    const answer = work();
    takeFirst(this.meanwhile, name)?.does();
    if (fault !== undefined) throw new OciCallError(fault.fault);
    return answer;
  }

  async #seal({ keyId, plaintext }: CryptoInput & { plaintext: string }) {
    this.calls.push(`Encrypt ${keyId}`);
    return { ciphertext: Buffer.from(`sealed:${plaintext}`).toString("base64"), keyId };
  }

  async #open({ keyId, ciphertext }: CryptoInput & { ciphertext: string }) {
    this.calls.push(`Decrypt ${keyId}`);
    return { plaintext: Buffer.from(ciphertext, "base64").toString().replace("sealed:", ""), keyId };
  }
}

function takeFirst<T extends { readonly call: string }>(list: T[], call: string): T | undefined {
  const index = list.findIndex((one) => one.call === call);
  return index < 0 ? undefined : list.splice(index, 1)[0];
}

export function cloudOf(oci: FakeOci, more: Partial<OciCloudDeps> = {}): Cloud {
  return createOciCloud({
    clients: oci.clients,
    clock: fakeClock(),
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    jitter: () => 0.5,
    oci: {},
    ...more,
  });
}

export async function planned(
  cloud: Cloud,
  want: "present" | "absent" = "present",
  grant: Grant = GRANT,
  ref = KEY,
): Promise<Change> {
  const change = cloud.plan(await cloud.inspect(ref, grant), grant, want);
  if (change === null) throw new Error("nothing to do");
  return change;
}
