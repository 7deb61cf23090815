import type * as http from "node:http";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { type AnyAuthClient, AuthClient, GoogleAuth, type GoogleAuthOptions } from "google-auth-library";
import { confidentialIn, without } from "../../core/said-back.ts";
import type { Agents } from "../../io/agents.ts";
import { type Endpoints, endpoints } from "./endpoint.ts";
import { ERROR_INSIDE, GcpAnswerError } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { CryptoPort, GcpPort } from "./kms.ts";
import { isRecord } from "./policy.ts";
import { defaultCredentials, fixedToken, type Tokens, tokenFile } from "./tokens.ts";

/**
 * How to reach Google Cloud. Without a token file, application default credentials are used, which the auth library
 * finds where Google's own tools keep them; with one, nothing else of the user's is read.
 */
export interface GcpSettings {
  /** Instead of https://cloudkms.googleapis.com; on loopback it stands for all of Google Cloud. */
  readonly endpoint?: string | undefined;
  /** A file with an access token. */
  readonly accessTokenFile?: string | undefined;
  readonly agents: Pick<Agents, "http" | "https">;
  /** For one attempt of one call, in milliseconds: until the last byte of the answer. */
  readonly requestTimeoutMs: number;
}

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** The largest answers are the allow policies of projects: a quarter of it. */
const LARGEST_ANSWER_BYTES = 1024 * 1024;
/** Long enough for a round trip through a few versions of a key. */
const IMPERSONATION_SECONDS = 300;
const WHOAMI_TIMEOUT_MS = 5_000;

/** Google's client behind the narrow port, over REST. No I/O before the first call. */
export function openGcp(settings: GcpSettings): GcpPort {
  const at = endpoints(settings.endpoint);
  const { agents } = settings;
  const agent = (url: URL): http.Agent => (url.protocol === "http:" ? agents.http : agents.https);
  const tokens =
    settings.accessTokenFile === undefined
      ? defaultCredentials(new GoogleAuth(authOptions(agent, settings.requestTimeoutMs)))
      : tokenFile(settings.accessTokenFile);
  return gcpPort({ at, agent, timeoutMs: settings.requestTimeoutMs }, tokens);
}

/** The way to a token: the same agents, and no retry by a clock that is not ours. */
function authOptions(agent: (url: URL) => http.Agent, timeout: number): GoogleAuthOptions {
  return {
    scopes: [SCOPE],
    clientOptions: { transporterOptions: { agent, timeout, retryConfig: { retry: 0, noResponseRetries: 0 } } },
    // Of no use here, and without it the library starts gcloud and asks the metadata server to find one.
    projectId: "unused",
  };
}

/** gaxios's, as the auth library sees them. */
type Options = Parameters<AuthClient["request"]>[0];
type Response<T> = Awaited<ReturnType<typeof AuthClient.prototype.request<T>>>;

interface Reach {
  readonly at: Endpoints;
  readonly agent: (url: URL) => http.Agent;
  readonly timeoutMs: number;
}

/**
 * The one way out, for the client's calls and for ours: our agents (the client would take its own, and gaxios would
 * send loopback to a proxy), no redirect (a token goes nowhere else), no retry of its own, and every answer as it came
 * but for what was said back, so that what Google says is read in one place.
 */
class WayOut extends AuthClient {
  readonly #reach: Reach;
  readonly #tokens: Tokens;

  constructor(reach: Reach, tokens: Tokens) {
    super();
    this.#reach = reach;
    this.#tokens = tokens;
  }

  override async getRequestHeaders(): Promise<Headers> {
    return new Headers(await this.#tokens.headers());
  }

  override async getAccessToken(): Promise<{ token?: string | null }> {
    const headers = await this.getRequestHeaders();
    return { token: headers.get("authorization")?.replace(/^Bearer /, "") ?? null };
  }

  override async request<T>(options: Options): Promise<Response<T>> {
    const headers = new Headers(options.headers);
    const own = await within(this.#tokens.headers(), options.signal);
    for (const [name, value] of Object.entries(own)) headers.set(name, value);
    const answer = await this.transporter.request<T>({
      ...options,
      headers,
      agent: this.#reach.agent,
      redirect: "manual",
      retry: false,
      maxContentLength: LARGEST_ANSWER_BYTES,
      validateStatus: () => true,
    });
    const said = await textOf(answer);
    if (answer.ok) {
      if (holdsError(said)) throw new Error(ERROR_INSIDE);
      return holding(answer, said);
    }
    const sent = typeof options.body === "string" ? options.body : "";
    const secrets = confidentialIn((name) => headers.get(name) ?? undefined, sent);
    return holding(answer, without(secrets, said));
  }
}

async function textOf<T>(answer: Response<T>): Promise<string> {
  return typeof answer.data === "string" ? answer.data : await answer.text();
}

/** A client makes an empty list of it, and nobody could tell that from a list of nothing. */
function holdsError(said: string): boolean {
  if (!said.includes('"error"')) return false;
  const answer = parseJson(said);
  return isRecord(answer) && Object.hasOwn(answer, "error");
}

/** An answer with this text, as far as anybody reads it: we as text, the client as bytes. */
function holding<T>({ ok, status, headers, config }: Response<T>, said: string): Response<T> {
  const arrayBuffer = async () => new TextEncoder().encode(said).buffer;
  return { ok, status, headers, config, data: said as T, arrayBuffer } as Response<T>;
}

/** What may take its time (a token is fetched, a metadata server asked), as long as somebody waits for it. */
function within<T>(work: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (signal === null || signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) give();
    signal.addEventListener("abort", give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}

/** Calls that the client does not make, or not as Google serves them. */
function restOf(reach: Reach, way: WayOut) {
  const ask = (url: string, signal: AbortSignal, init: Options = {}) =>
    text(way, { url, signal: limited(signal, reach.timeoutMs), ...init });
  const post = (url: string, signal: AbortSignal, body: string) =>
    ask(url, signal, { method: "POST", body, headers: { "content-type": "application/json" } });
  return { ask, post };
}

function gcpPort(reach: Reach, tokens: Tokens): GcpPort {
  const way = new WayOut(reach, tokens);
  const { at } = reach;
  const { ask, post } = restOf(reach, way);
  return {
    origins: { kms: at.kms, resourceManager: at.resourceManager, iam: at.iam },
    ...cryptoPort(reach, way),
    // The client itself would send POST, which Google does not serve (googleapis/gax-nodejs #1462).
    getIamPolicy: (resource, signal) =>
      ask(`${at.kms}/v1/${path(resource)}:getIamPolicy?options.requestedPolicyVersion=3`, signal),
    // As gcloud does it: audit configurations are not in the mask, so they cannot be lost.
    setIamPolicy: (key, policy, signal) =>
      post(
        `${at.kms}/v1/${path(key)}:setIamPolicy`,
        signal,
        `{"policy":${policy},"updateMask":"bindings,etag,version"}`,
      ),
    getProjectIamPolicy: (project, signal) =>
      post(
        `${at.resourceManager}/v1/projects/${path(project)}:getIamPolicy`,
        signal,
        '{"options":{"requestedPolicyVersion":3}}',
      ),
    testProjectPermissions: (project, permissions, signal) =>
      post(
        `${at.resourceManager}/v1/projects/${path(project)}:testIamPermissions`,
        signal,
        JSON.stringify({ permissions }),
      ),
    getRole: (role, signal) => ask(`${at.iam}/v1/${path(role)}`, signal),
    caller: async (signal) => (await tokens.account()) ?? whoami(reach, way, signal),
    async impersonate(serviceAccount, signal) {
      const url = `${at.iamCredentials}/v1/projects/-/serviceAccounts/${path(serviceAccount)}:generateAccessToken`;
      const body = JSON.stringify({ scope: [SCOPE], lifetime: `${IMPERSONATION_SECONDS}s` });
      const answer: unknown = JSON.parse(await post(url, signal, body));
      const token = isRecord(answer) ? answer["accessToken"] : undefined;
      if (typeof token !== "string" || token === "") throw new SyntaxError("no access token in the answer");
      return cryptoPort(reach, new WayOut(reach, fixedToken(token)));
    },
  };
}

function limited(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)]);
}

/** Each part of a name on its own: nothing in it can reach beyond its place in the path. */
function path(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}

async function text(way: WayOut, options: Options): Promise<string> {
  const { status, data } = await way.request<string>({ ...options, responseType: "text" });
  if (status < 200 || status > 299) throw new GcpAnswerError(status, data);
  return data;
}

/** https://cloud.google.com/docs/authentication/token-types#access: the account behind a token, when it may be told. */
async function whoami({ at }: Reach, way: WayOut, signal: AbortSignal): Promise<string | null> {
  const { token } = await way.getAccessToken();
  if (!token) return null;
  const answer = await text(way, {
    url: `${at.oauth}/tokeninfo`,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ access_token: token }).toString(),
    signal: limited(signal, WHOAMI_TIMEOUT_MS),
  });
  const info: unknown = JSON.parse(answer);
  return isRecord(info) && typeof info["email"] === "string" ? info["email"] : null;
}

function cryptoPort(reach: Reach, way: WayOut): Pick<GcpPort, "getCryptoKey"> & CryptoPort {
  const { at, timeoutMs } = reach;
  const client = new KeyManagementServiceClient({
    // It only ever calls `fetch`.
    authClient: way as unknown as AnyAuthClient,
    fallback: true,
    apiEndpoint: at.host,
    port: at.port,
    protocol: at.protocol,
  });
  // No retries of the client's own: they would sleep by a clock that is not ours.
  const options = (signal: AbortSignal) => ({ timeout: timeoutMs, retry: null, autoPaginate: false, signal });
  return {
    getCryptoKey: async (name, signal) => (await client.getCryptoKey({ name }, options(signal)))[0],
    async listCryptoKeyVersions(parent, pageToken, signal) {
      const [, , page] = await client.listCryptoKeyVersions({ parent, pageToken }, options(signal));
      return page;
    },
    encrypt: async (request, signal) => (await client.encrypt(request, options(signal)))[0],
    decrypt: async (request, signal) => (await client.decrypt(request, options(signal)))[0],
    getPublicKey: async (name, signal) => (await client.getPublicKey({ name }, options(signal)))[0],
    asymmetricDecrypt: async (request, signal) => (await client.asymmetricDecrypt(request, options(signal)))[0],
    testIamPermissions: (resource, permissions, signal) =>
      restOf(reach, way).post(
        `${at.kms}/v1/${path(resource)}:testIamPermissions`,
        signal,
        JSON.stringify({ permissions }),
      ),
  };
}
