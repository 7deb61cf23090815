import { createPrivateKey } from "node:crypto";
import {
  type AuthenticationDetailsProvider,
  DefaultRequestSigner,
  type HttpClient,
  InstancePrincipalsAuthenticationDetailsProviderBuilder,
  OkeWorkloadIdentityAuthenticationDetailsProvider,
  ResourcePrincipalAuthenticationDetailsProvider,
} from "oci-common";
import { IdentityClient } from "oci-identity";
import { KmsCryptoClient, KmsManagementClient, KmsVaultClient } from "oci-keymanagement";
import { withoutTrailing } from "../../core/text.ts";
import type { CryptoPort, Endpoint, IdentityPort, ManagementPort, OciClients, VaultPort } from "./api.ts";
import { OciCallError } from "./errors.ts";
import { type Home, type Profile, readProfile, subjectOf } from "./profile.ts";
import { authOf, type OciAuth, type OciOptions, refuseUnsafe } from "./settings.ts";
import { send, type TransportSettings } from "./transport.ts";
import {
  compartmentOf,
  cryptoOf,
  keyOf,
  keyVersionsOf,
  policiesOf,
  policyOf,
  regionsOf,
  requestIdOf,
  vaultOf,
} from "./wire.ts";

export interface OciSettings extends TransportSettings {
  readonly oci: OciOptions;
}

/**
 * The OCI SDK behind the narrow port: it composes requests, signs them and reads answers. What goes over the network
 * goes through `transport.ts`, because the SDK's own client knows no agents, prints on the console when a call fails,
 * and has a circuit breaker that refuses calls by itself. No I/O.
 */
export function openOci(settings: OciSettings): OciClients {
  refuseUnsafe(settings.oci);
  const auth = authOf(settings.oci.auth);
  let identity: Promise<Caller> | undefined;
  const caller = () => (identity ??= openCaller(auth, settings.oci));
  const http = (at: Endpoint): HttpClient => httpClient(settings, at, caller);
  return {
    management: perEndpoint((at) => managementPort(http(at), at)),
    crypto: perEndpoint((at) => cryptoPort(http(at), at)),
    vaults: perEndpoint((at) => vaultPort(http(at), at)),
    identity: perEndpoint((at) => identityPort(http(at), at)),
    caller: async () => (await caller()).caller(),
    home: async () => (await caller()).home,
    as: (profile) => openOci({ ...settings, oci: { ...settings.oci, profile, auth: sessionOr(auth) } }),
  };
}

/** Another profile is a profile: not what the machine is. */
function sessionOr(auth: OciAuth): OciAuth {
  return auth === "security_token" ? auth : "api_key";
}

function perEndpoint<T>(open: (at: Endpoint) => T): (at: Endpoint) => T {
  const opened = new Map<string, T>();
  return (at) => {
    const name = `${at.base} ${at.instead}`;
    const port = opened.get(name) ?? open({ ...at, base: withoutTrailing(at.base, "/") });
    opened.set(name, port);
    return port;
  };
}

interface Caller {
  /** Adds the signature. Tokens are fetched while signing: a machine's principal can fail here every time. */
  sign(request: Parameters<DefaultRequestSigner["signHttpRequest"]>[0]): Promise<void>;
  caller(): Promise<string | null>;
  readonly home: Home | null;
}

async function openCaller(auth: OciAuth, options: OciOptions): Promise<Caller> {
  if (auth === "api_key" || auth === "security_token") {
    const profile = await readProfile({ ...options, session: auth === "security_token" });
    return { sign: signWith(providerOf(profile), unusableKey), caller: async () => profile.caller, home: profile.home };
  }
  const nobody = (cause: unknown) => noPrincipal(auth, cause);
  const provider = await or(nobody, () => machinePrincipal(auth));
  return {
    home: null,
    sign: signWith(provider, nobody),
    caller: () => or(nobody, async () => subjectOf((await provider.getKeyId()).replace(/^ST\$/, ""))),
  };
}

async function or<T>(words: (cause: unknown) => OciCallError, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof OciCallError ? error : words(error);
  }
}

function signWith(provider: AuthenticationDetailsProvider, words: (cause: unknown) => OciCallError): Caller["sign"] {
  let signer: DefaultRequestSigner | undefined;
  return (request) =>
    or(words, () => {
      // Reads the private key.
      signer ??= new DefaultRequestSigner(provider);
      return signer.signHttpRequest(request);
    });
}

/** What the machine is: these ask the instance's metadata service, or read what the platform put into the environment. */
async function machinePrincipal(auth: OciAuth): Promise<AuthenticationDetailsProvider> {
  switch (auth) {
    case "instance_principal":
      return await new InstancePrincipalsAuthenticationDetailsProviderBuilder().build();
    case "resource_principal":
      return ResourcePrincipalAuthenticationDetailsProvider.builder();
    default:
      return OkeWorkloadIdentityAuthenticationDetailsProvider.builder("", "");
  }
}

function noPrincipal(auth: OciAuth, cause: unknown): OciCallError {
  const words = `nobody here could become an OCI ${auth.replaceAll("_", " ")}`;
  const fix = "Run keygrant where such a principal exists, or use a profile (OCI_CLI_AUTH=api_key).";
  return new OciCallError({ kind: "credentials", words, fix }, cause);
}

function providerOf({ keyId, privateKey, passphrase }: Profile): AuthenticationDetailsProvider {
  return {
    getKeyId: async () => keyId,
    getPrivateKey: () => (passphrase === null ? privateKey : unsealed(privateKey, passphrase)),
    getPassphrase: () => null,
  };
}

/** Node reads it: with a wrong pass phrase the SDK throws where nobody can catch it, and the process ends. */
function unsealed(key: string, passphrase: string): string {
  return createPrivateKey({ key, passphrase }).export({ type: "pkcs8", format: "pem" }).toString();
}

function unusableKey(cause: unknown): OciCallError {
  const words = "the private key of the profile cannot be read: it is no key in PEM form, or its pass phrase is wrong";
  return new OciCallError({ kind: "credentials", words }, cause);
}

/** Writes: what may have been carried out is not sent again. Encrypting and decrypting twice is as good as once. */
const ONCE: ReadonlySet<string> = new Set(["createPolicy", "updatePolicy", "deletePolicy"]);

function httpClient(settings: OciSettings, at: Endpoint, caller: () => Promise<Caller>): HttpClient {
  return {
    async send(request, _excludeBody, _service, operation = "") {
      const body = typeof request.body === "string" ? request.body : undefined;
      const headers = new Headers(request.headers);
      if (at.instead !== null) headers.set("x-forwarded-host", at.instead);
      const call = { method: request.method, url: request.uri, headers, body, repeatable: !ONCE.has(operation) };
      try {
        const answer = await send(settings, call, async (unsigned) => {
          unsigned.set("x-date", settings.clock.now().toUTCString());
          const { sign } = await caller();
          await sign({ method: call.method as "GET", uri: call.url, headers: unsigned, body });
        });
        return new Response(answer.body === "" ? null : answer.body, {
          status: answer.status,
          headers: answer.headers,
        });
      } catch (error) {
        return failed(error);
      }
    },
  };
}

/**
 * Looks like a success and throws when it is read. The SDK's retrier, which would print what failed and sleep on a clock
 * of its own, lets it through; the client reads it, and what is thrown there reaches whoever called.
 */
function failed(error: unknown): Response {
  const fail = () => {
    throw error;
  };
  return { status: 200, ok: true, headers: { get: fail }, json: async () => fail() } as unknown as Response;
}

/** What the SDK throws about an answer whose shape it did not expect. */
async function read<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) {
      throw new OciCallError({ kind: "foreign", words: "an answer of another shape" }, error);
    }
    throw error;
  }
}

/** No list that OCI gives has more pages. */
const MOST_PAGES = 200;
const PAGE = 100;

async function pages<T>(ask: (page: string | undefined) => Promise<{ items: readonly T[]; next: string | undefined }>) {
  const all: T[] = [];
  let page: string | undefined;
  for (let count = 0; count < MOST_PAGES; count++) {
    const { items, next } = await ask(page);
    all.push(...items);
    if (!next || next === page) return all;
    page = next;
  }
  throw new OciCallError({ kind: "foreign", words: "a list without an end" });
}

function managementPort(httpClient: HttpClient, at: Endpoint): ManagementPort {
  const client = new KmsManagementClient({ httpClient });
  client.endpoint = at.base;
  return {
    getKey: (keyId) => read(async () => keyOf((await client.getKey({ keyId })).key)),
    listKeyVersions: (keyId) =>
      read(() =>
        pages(async (page) => {
          const { items, opcNextPage } = await client.listKeyVersions({ keyId, limit: PAGE, ...pageOf(page) });
          return { items: keyVersionsOf(items), next: opcNextPage };
        }),
      ),
  };
}

function pageOf(page: string | undefined): { page?: string } {
  // The SDK puts it into the query as it is.
  return page === undefined ? {} : { page: encodeURIComponent(page) };
}

type EncryptDetails = Parameters<KmsCryptoClient["encrypt"]>[0]["encryptDataDetails"];
type DecryptDetails = Parameters<KmsCryptoClient["decrypt"]>[0]["decryptDataDetails"];

function cryptoPort(httpClient: HttpClient, at: Endpoint): CryptoPort {
  const client = new KmsCryptoClient({ httpClient });
  client.endpoint = at.base;
  return {
    encrypt: ({ keyId, algorithm, associatedData, plaintext }) =>
      read(async () => {
        const details = { keyId, plaintext, encryptionAlgorithm: algorithm, ...dataOf(associatedData) };
        const { encryptedData } = await client.encrypt({ encryptDataDetails: details as EncryptDetails });
        return cryptoOf(encryptedData, "ciphertext");
      }),
    decrypt: ({ keyId, algorithm, associatedData, ciphertext }) =>
      read(async () => {
        const details = { keyId, ciphertext, encryptionAlgorithm: algorithm, ...dataOf(associatedData) };
        const { decryptedData } = await client.decrypt({ decryptDataDetails: details as DecryptDetails });
        return cryptoOf(decryptedData, "plaintext");
      }),
  };
}

function dataOf(associatedData: Readonly<Record<string, string>> | null): { associatedData?: Record<string, string> } {
  return associatedData === null ? {} : { associatedData: { ...associatedData } };
}

function vaultPort(httpClient: HttpClient, at: Endpoint): VaultPort {
  const client = new KmsVaultClient({ httpClient });
  client.endpoint = at.base;
  return { getVault: (vaultId) => read(async () => vaultOf((await client.getVault({ vaultId })).vault)) };
}

function identityPort(httpClient: HttpClient, at: Endpoint): IdentityPort {
  const client = new IdentityClient({ httpClient });
  client.endpoint = at.base;
  return {
    getCompartment: (compartmentId) =>
      read(async () => compartmentOf((await client.getCompartment({ compartmentId })).compartment)),
    listRegions: (tenancyId) =>
      read(async () => regionsOf((await client.listRegionSubscriptions({ tenancyId })).items)),
    listPolicies: (compartmentId) =>
      read(() =>
        pages(async (page) => {
          const { items, opcNextPage } = await client.listPolicies({ compartmentId, limit: PAGE, ...pageOf(page) });
          return { items: policiesOf(items), next: opcNextPage };
        }),
      ),
    getPolicy: (policyId) =>
      read(async () => {
        const { policy, etag } = await client.getPolicy({ policyId });
        return { policy: policyOf(policy), etag: etag ?? "" };
      }),
    createPolicy: ({ statements, ...policy }) =>
      read(async () => {
        const answer = await client.createPolicy({ createPolicyDetails: { ...policy, statements: [...statements] } });
        return { id: policyOf(answer.policy).id, requestId: requestIdOf(answer) };
      }),
    updatePolicy: (policyId, statements, ifMatch) =>
      read(async () => {
        const updatePolicyDetails = { statements: [...statements] };
        const answer = await client.updatePolicy({ policyId, ifMatch, updatePolicyDetails });
        if (policyOf(answer.policy).id !== policyId)
          throw new OciCallError({ kind: "foreign", words: "another policy" });
        return { requestId: requestIdOf(answer) };
      }),
    deletePolicy: (policyId, ifMatch) =>
      read(async () => ({ requestId: requestIdOf(await client.deletePolicy({ policyId, ifMatch })) })),
  };
}
