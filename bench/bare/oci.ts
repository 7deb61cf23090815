import { randomBytes } from "node:crypto";
import {
  ConfigFileAuthenticationDetailsProvider,
  DefaultRequestSigner,
  FetchHttpClient,
  type HttpClient,
} from "oci-common";
import { IdentityClient } from "oci-identity";
import { KmsCryptoClient, KmsManagementClient } from "oci-keymanagement";
import type { BareCloud } from "./cloud.ts";

/** With the profile of a file, through the SDK's own way out; only the address stands in for OCI's own. */
export function open(env: NodeJS.ProcessEnv): BareCloud {
  const provider = new ConfigFileAuthenticationDetailsProvider(env["OCI_CLI_CONFIG_FILE"], "DEFAULT");
  const wayOut = new FetchHttpClient(new DefaultRequestSigner(provider));
  const endpoint = env["KEYGRANT_OCI_ENDPOINT"] ?? "";
  const clients = new Map<string, unknown>();

  function at<T extends { endpoint: string }>(host: string, Client: new (given: { httpClient: HttpClient }) => T): T {
    const known = clients.get(host) as T | undefined;
    if (known !== undefined) return known;
    const client = new Client({
      httpClient: {
        send(request, ...more) {
          request.headers.set("x-forwarded-host", host);
          return wayOut.send(request, ...more);
        },
      },
    });
    client.endpoint = endpoint;
    clients.set(host, client);
    return client;
  }

  let policies: Promise<unknown> | undefined;

  /** Up to the root, then the home region, then every policy on the way. */
  async function readPolicies(region: string, compartmentId: string): Promise<void> {
    const identity = at(`identity.${region}.oci.oraclecloud.com`, IdentityClient);
    const path = [compartmentId];
    for (let id = compartmentId; !id.startsWith("ocid1.tenancy."); ) {
      const { compartment } = await identity.getCompartment({ compartmentId: id });
      id = compartment.compartmentId;
      path.push(id);
    }
    await identity.getCompartment({ compartmentId: path.at(-1) ?? "" });
    await identity.listRegionSubscriptions({ tenancyId: path.at(-1) ?? "" });
    const lists = await Promise.all(path.map((id) => identity.listPolicies({ compartmentId: id, limit: 100 })));
    await Promise.all(lists.flatMap(({ items }) => items.map(({ id }) => identity.getPolicy({ policyId: id }))));
  }

  const placeOf = (key: string) => {
    const [, , , region = "", vault = ""] = key.split(".");
    const host = (service: string) => `${vault}-${service}.kms.${region}.oraclecloud.com`;
    return { region, management: host("management"), crypto: host("crypto") };
  };

  return {
    async look(keyId) {
      const { region, management } = placeOf(keyId);
      const client = at(management, KmsManagementClient);
      const [{ key }] = await Promise.all([client.getKey({ keyId }), client.listKeyVersions({ keyId, limit: 100 })]);
      policies ??= readPolicies(region, key.compartmentId);
      await policies;
    },
    async roundTrip(keyId) {
      const client = at(placeOf(keyId).crypto, KmsCryptoClient);
      const about = { keyId, associatedData: { keygrant: "probe", about: "random bytes, thrown away at once" } };
      const plaintext = randomBytes(32).toString("base64");
      const { encryptedData } = await client.encrypt({ encryptDataDetails: { ...about, plaintext } });
      return client.decrypt({ decryptDataDetails: { ...about, ciphertext: encryptedData.ciphertext } });
    },
  };
}
