import { request } from "node:http";
import * as common from "oci-common";
import { IdentityClient } from "oci-identity";
import { KmsCryptoClient, KmsManagementClient, KmsVaultClient } from "oci-keymanagement";
import { OCI_HOME_REGION, OCI_OWNER, type OciIdentity } from "../../../src/sandbox/cast.ts";
import { type Knobs, type RunningSandbox, startSandbox } from "../../../src/sandbox/index.ts";
import { signedHeaders } from "../../../src/sandbox/oci/sign.ts";
import { fingerprint, privatePem } from "../../../src/sandbox/oci/worthless-keys.ts";
import type { SandboxOptions } from "../../../src/sandbox/sandbox.ts";
import { fakeClock, optionsWith } from "../kit.ts";

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Parsed, where it is JSON. */
  readonly body: unknown;
}

export interface Stage extends AsyncDisposable {
  readonly sandbox: RunningSandbox;
  /** Lets time pass. */
  pass(ms: number): void;
  now(): Date;
  ask(method: string, path: string, body?: unknown, more?: Asking): Promise<Told>;
  register(resource: string, project?: string): Promise<Told>;
}

export interface Asking {
  readonly as?: OciIdentity;
  readonly headers?: Readonly<Record<string, string>>;
  /** Changes what was signed on its way. */
  readonly spoil?: (headers: Record<string, string>) => void;
  readonly signedAt?: Date;
}

/** The whole sandbox, over HTTP, at a time that passes when it is told to. */
export async function stage(knobs: Partial<Knobs> = {}, more: Partial<SandboxOptions> = {}): Promise<Stage> {
  const clock = fakeClock();
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
  const sandbox = await startSandbox(optionsWith({ clock, random, knobs, ...more }));
  async function ask(method: string, path: string, body?: unknown, asking: Asking = {}): Promise<Told> {
    const url = new URL(path, sandbox.origin);
    const sent = body === undefined ? "" : JSON.stringify(body);
    const signed = signedHeaders({ method, url, body: sent }, asking.as ?? OCI_OWNER, asking.signedAt ?? clock.now());
    const headers = { ...signed, ...asking.headers };
    asking.spoil?.(headers);
    return await send(method, url, headers, sent);
  }
  return {
    sandbox,
    ask,
    pass: (ms) => clock.pass(ms),
    now: () => clock.now(),
    async register(resource, project = "demo") {
      const url = new URL(`/v1/project/${project}/secrets/cmks`, sandbox.origin);
      const headers = { authorization: "aivenv1 sandbox-worthless-token" };
      return await send("POST", url, headers, JSON.stringify({ provider: "oci", resource }));
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

function send(method: string, url: URL, headers: Readonly<Record<string, string>>, body: string): Promise<Told> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { ...headers, connection: "close" } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers["content-type"]?.startsWith("application/json") ?? false;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: isJson ? JSON.parse(text) : text,
        });
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** What is at a path into an answer. */
export function at(told: Told, ...path: readonly (string | number)[]): unknown {
  let value = told.body;
  for (const name of path) value = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return value;
}

export function textAt(told: Told, ...path: readonly (string | number)[]): string {
  const value = at(told, ...path);
  if (typeof value !== "string") throw new Error(`no text at ${path.join(".")} in ${JSON.stringify(told.body)}`);
  return value;
}

export interface Clients {
  readonly identity: IdentityClient;
  readonly vaults: KmsVaultClient;
  readonly management: KmsManagementClient;
  readonly crypto: KmsCryptoClient;
}

/** The real clients. They sign with the real time. */
export function clients(origin: string, as: OciIdentity = OCI_OWNER): Clients {
  const region = common.Region.fromRegionId(OCI_HOME_REGION);
  const authenticationDetailsProvider = new common.SimpleAuthenticationDetailsProvider(
    as.tenancy,
    as.user,
    fingerprint(as.key),
    privatePem(as.key),
    null,
    region,
  );
  const plain = { circuitBreaker: new common.CircuitBreaker({ enabled: false, disableClientCircuitBreaker: true }) };
  const configuration = { ...plain, retryConfiguration: common.NoRetryConfigurationDetails };
  const identity = new IdentityClient({ authenticationDetailsProvider }, configuration);
  const vaults = new KmsVaultClient({ authenticationDetailsProvider }, configuration);
  const management = new KmsManagementClient({ authenticationDetailsProvider }, configuration);
  const crypto = new KmsCryptoClient({ authenticationDetailsProvider }, configuration);
  for (const client of [identity, vaults, management, crypto]) client.endpoint = origin;
  return { identity, vaults, management, crypto };
}
