import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { OAuth2Client } from "google-auth-library";
import type { BareCloud } from "./cloud.ts";

type Options = NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>;

/** With the token of a file, over REST. The IAM policies are asked for by address: the client would send POST. */
export function open(env: NodeJS.ProcessEnv): BareCloud {
  const kms = new URL(env["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"] ?? "");
  const resourceManager = env["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER"] ?? "";
  const agent = new Agent({ keepAlive: true });
  const auth = new OAuth2Client({ transporterOptions: { agent: () => agent } });
  auth.setCredentials({ access_token: readFileSync(env["CLOUDSDK_AUTH_ACCESS_TOKEN_FILE"] ?? "", "utf8").trim() });
  const client = new KeyManagementServiceClient({
    authClient: auth as unknown as NonNullable<Options["authClient"]>,
    fallback: true,
    apiEndpoint: kms.hostname,
    port: Number(kms.port),
    protocol: "http",
  });
  const common = new Map<string, Promise<unknown>>();

  function once(name: string, read: () => Promise<unknown>): Promise<unknown> {
    const known = common.get(name) ?? read();
    common.set(name, known);
    return known;
  }

  const policyOf = (resource: string) =>
    auth.request({ url: `${kms.href}v1/${resource}:getIamPolicy?options.requestedPolicyVersion=3` });
  const projectPolicy = (project: string) =>
    auth.request({
      url: `${resourceManager}v1/${project}:getIamPolicy`,
      method: "POST",
      data: { options: { requestedPolicyVersion: 3 } },
    });

  return {
    look(name) {
      const ring = name.slice(0, name.indexOf("/cryptoKeys/"));
      const project = name.slice(0, name.indexOf("/locations/"));
      return Promise.all([
        client.getCryptoKey({ name }),
        client.listCryptoKeyVersions({ parent: name }, { autoPaginate: false }),
        policyOf(name),
        once(ring, () => policyOf(ring)),
        once(project, () => projectPolicy(project)),
      ]);
    },
    async roundTrip(name) {
      const additionalAuthenticatedData = Buffer.from("keygrant probe: random bytes, thrown away at once");
      const [{ ciphertext }] = await client.encrypt({
        name,
        plaintext: randomBytes(32),
        additionalAuthenticatedData,
      });
      return client.decrypt({ name, ciphertext: ciphertext ?? null, additionalAuthenticatedData });
    },
  };
}
