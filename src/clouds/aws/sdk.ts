import type * as http from "node:http";
import type * as https from "node:https";
import { finished, type Readable } from "node:stream";
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  type KMSClientConfig,
  ListGrantsCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
} from "@aws-sdk/client-kms";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { StandardRetryStrategy } from "@smithy/util-retry";
import { nestsTooDeeply } from "../../core/depth.ts";
import type { Clock, Jitter } from "../../core/ports.ts";
import { confidentialIn, without } from "../../core/said-back.ts";
import { assumedCredentials } from "./assume.ts";
import type { AwsClients, AwsCredentials, KmsPort, StsPort } from "./kms.ts";
import { send } from "./send.ts";
import { SHAPES, shaped } from "./wire.ts";

/**
 * How to reach AWS. What is undefined the SDK finds where the AWS CLI does: environment, `~/.aws`, instance metadata.
 * With credentials and both endpoints given, none of that is read.
 */
export interface AwsSettings {
  readonly credentials?: AwsCredentials | undefined;
  readonly profile?: string | undefined;
  readonly kmsEndpoint?: string | undefined;
  readonly stsEndpoint?: string | undefined;
  readonly agents: { readonly http: http.Agent; readonly https: https.Agent };
  /** For one attempt of one call, in milliseconds: until it is connected, and until it is answered. */
  readonly requestTimeoutMs: number;
  /** How often a call is sent at most. A write of a key policy is only repeated when AWS is known to have refused it. */
  readonly attempts: number;
  readonly jitter: Jitter;
  /** Every call is made as this role, which the credentials above may assume; undefined: as themselves. */
  readonly assumeRole?: string | undefined;
  /** When the role's credentials end; needed with `assumeRole`. */
  readonly clock?: Clock | undefined;
  /** The pause before a second attempt, in milliseconds; it doubles with each. Ten times that when throttled. */
  readonly retryBaseMs?: number;
}

/** A connection takes no longer than this, however patient one is with answers. */
const LONGEST_CONNECT_MS = 10_000;
const LONGEST_PAUSE_MS = 20_000;

/** The AWS SDK behind the narrow port. No I/O: clients are made for each region on its first call. */
export function openAws(settings: AwsSettings): AwsClients {
  const { assumeRole: role, clock } = settings;
  if (role === undefined || clock === undefined) return openAs(settings, undefined);
  const own = openAs(settings, undefined);
  return openAs(settings, assumedCredentials({ role, clock, sts: own.sts }));
}

/** `assumed`: whose credentials every client signs with; undefined: those of the settings. */
function openAs(settings: AwsSettings, assumed: ReturnType<typeof assumedCredentials> | undefined): AwsClients {
  const requestHandler = new WayOut({
    httpAgent: settings.agents.http,
    httpsAgent: settings.agents.https,
    connectionTimeout: Math.min(settings.requestTimeoutMs, LONGEST_CONNECT_MS),
    requestTimeout: settings.requestTimeoutMs,
    // An answer that begins and then stalls is cut off by this one.
    socketTimeout: settings.requestTimeoutMs,
    // Without it the SDK only warns, and waits on.
    throwOnRequestTimeout: true,
  });
  // Found once for all clients: a chain that asks a person or starts a program does so once.
  let found: Credentials | undefined = settings.credentials;
  const common = (region: string) => ({
    requestHandler,
    maxAttempts: settings.attempts,
    ...(found === undefined ? {} : { credentials: found }),
    ...(assumed === undefined ? {} : { credentials: assumed(region) }),
    ...(settings.profile === undefined ? {} : { profile: settings.profile }),
    ...(isSelfContained(settings) ? NOTHING_FROM_FILES : {}),
  });
  const forKms = (region: string, other?: AwsCredentials): KmsPort => {
    const endpoint = settings.kmsEndpoint === undefined ? {} : { endpoint: settings.kmsEndpoint };
    const retryStrategy = readStrategy(settings);
    const open = (strategy: RetryStrategy) => {
      const credentials = other === undefined ? {} : { credentials: other };
      return new KMSClient({ ...common(region), ...credentials, ...endpoint, region, retryStrategy: strategy });
    };
    const reader = open(retryStrategy);
    if (other === undefined) found ??= reader.config.credentials;
    return kmsPort(reader, open(onlyWhenRefused(retryStrategy)));
  };
  const forSts = (region: string): StsPort => {
    const endpoint = settings.stsEndpoint === undefined ? {} : { endpoint: settings.stsEndpoint };
    const client = new STSClient({ ...common(region), ...endpoint, region, retryStrategy: readStrategy(settings) });
    found ??= client.config.credentials;
    return stsPort(client);
  };
  return {
    kms: perRegion((region) => forKms(region)),
    sts: perRegion(forSts),
    kmsAs: (credentials, region) => forKms(region, credentials),
    async endpoints(region) {
      const { kmsEndpoint, stsEndpoint } = settings;
      const kms = kmsEndpoint ?? (await originOf(new KMSClient({ ...common(region), region }), region));
      const sts = stsEndpoint ?? (await originOf(new STSClient({ ...common(region), region }), region));
      return { kms: new URL(kms).origin, sts: new URL(sts).origin };
    },
  };
}

/** The largest answers are pages of grants: half of it. What holds much in few bytes takes a hundred times its size. */
const LARGEST_ANSWER_BYTES = 1024 * 1024;

type Handle = NodeHttpHandler["handle"];
type Sent = Parameters<Handle>[0];

/** The SDK's own handler, which would read an answer without an end; and no refusal holds what was said back. */
class WayOut extends NodeHttpHandler {
  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const { response } = await super.handle(request, options);
    const body = await collected(response.body);
    if (nestsTooDeeply(body.toString("latin1"))) throw new SyntaxError("an answer that nests too deeply");
    const isRefusal = response.statusCode < 200 || response.statusCode > 299;
    response.body = isRefusal ? hushed(body, response.headers, request) : body;
    return { response };
  }
}

/** A refusal without what was said back, in its headers too. */
function hushed(body: Buffer, headers: Record<string, string>, sent: Sent): Buffer {
  const secrets = confidentialIn((name) => sent.headers[name], sentText(sent.body));
  for (const [name, value] of Object.entries(headers)) headers[name] = without(secrets, value);
  return Buffer.from(without(secrets, body.toString("utf8")));
}

/** Not by `Buffer.from`, nor as a text: the SDK's bytes take either for a mistake, and say so on the console. */
function sentText(body: unknown): string {
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body ?? "");
}

/** By its events: six answers a key are read so, and an iterator over a stream costs more than all else here. */
function collected(body: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    body.on("data", (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      // It closes the connection. To whoever reads the failure it is what it is: not AWS's JSON.
      if (size > LARGEST_ANSWER_BYTES) body.destroy(new SyntaxError("an answer without an end"));
    });
    // An answer that breaks off is an error too, whether or not the stream says so.
    finished(body, (error) => (error ? reject(error) : resolve(Buffer.concat(chunks))));
  });
}

/** As the SDK itself would find it: partitions, FIPS and dual stack have names of their own. */
async function originOf({ config }: KMSClient | STSClient, region: string): Promise<string> {
  const [UseFIPS, UseDualStack] = await Promise.all([config.useFipsEndpoint(), config.useDualstackEndpoint()]);
  return config.endpointProvider({ Region: region, UseFIPS, UseDualStack }).url.origin;
}

type Credentials = NonNullable<KMSClientConfig["credentials"]>;

function isSelfContained(settings: AwsSettings): boolean {
  return settings.credentials !== undefined && settings.kmsEndpoint !== undefined && settings.stsEndpoint !== undefined;
}

/** Everything that a client would otherwise look up in `~/.aws/config`, each with its default. */
const NOTHING_FROM_FILES = {
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  retryMode: "standard",
  defaultsMode: "standard",
  userAgentAppId: async () => undefined,
  authSchemePreference: async () => [],
  sigv4aSigningRegionSet: async () => undefined,
  disableClockSkewCorrection: false,
} as const;

type RetryStrategy = Pick<
  StandardRetryStrategy,
  "acquireInitialRetryToken" | "refreshRetryTokenForRetry" | "recordSuccess"
>;

/** The SDK's own strategy (what is retried, Retry-After, a budget for all calls) with pauses of our own randomness. */
function readStrategy(settings: AwsSettings): RetryStrategy {
  const base = settings.retryBaseMs ?? 100;
  let first = base;
  return new StandardRetryStrategy({
    maxAttempts: settings.attempts,
    baseDelay: base,
    backoff: {
      // The strategy says its own base here, larger when AWS throttles.
      setDelayBase: (delay) => {
        first = delay > base ? base * 10 : base;
      },
      computeNextBackoffDelay: (attempt) =>
        Math.floor((0.5 + settings.jitter() / 2) * Math.min(first * 2 ** attempt, LONGEST_PAUSE_MS)),
    },
  });
}

/**
 * The strategy for writes: again only after AWS itself has refused the request as it came (throttled, or signed by a
 * clock that is off). After anything else it may have been carried out, and somebody may have written since.
 */
function onlyWhenRefused(strategy: RetryStrategy): RetryStrategy {
  return {
    acquireInitialRetryToken: (scope) => strategy.acquireInitialRetryToken(scope),
    recordSuccess: (token) => strategy.recordSuccess(token),
    refreshRetryTokenForRetry: async (token, info) => {
      const status = (info.error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)
        ?.$metadata?.httpStatusCode;
      const isRefused = status !== undefined && status >= 400 && status < 500;
      // The SDK takes this one for throttling; it means that the document is too long.
      if (!isRefused || info.error?.name === "LimitExceededException") throw new Error("not to be repeated");
      return strategy.refreshRetryTokenForRetry(token, info);
    },
  };
}

function perRegion<T>(open: (region: string) => T): (region: string) => T {
  const opened = new Map<string, T>();
  return (region) => {
    const client = opened.get(region) ?? open(region);
    opened.set(region, client);
    return client;
  };
}

function kmsPort(client: KMSClient, writer: KMSClient): KmsPort {
  return {
    describeKey: async (input, signal) =>
      shaped(await send(client, DescribeKeyCommand, input, signal), SHAPES.describeKey),
    getKeyPolicy: async (input, signal) =>
      shaped(await send(client, GetKeyPolicyCommand, input, signal), SHAPES.getKeyPolicy),
    getKeyRotationStatus: async (input, signal) =>
      shaped(await send(client, GetKeyRotationStatusCommand, input, signal), SHAPES.getKeyRotationStatus),
    listGrants: async (input, signal) =>
      shaped(await send(client, ListGrantsCommand, input, signal), SHAPES.listGrants),
    revokeGrant: (input, signal) => send(writer, RevokeGrantCommand, input, signal),
    putKeyPolicy: (input, signal) => send(writer, PutKeyPolicyCommand, input, signal),
    encrypt: async (input, signal) => shaped(await send(client, EncryptCommand, input, signal), SHAPES.encrypt),
    decrypt: async (input, signal) => shaped(await send(client, DecryptCommand, input, signal), SHAPES.decrypt),
    mayEncrypt: (input, signal) => send(client, EncryptCommand, { ...input, DryRun: true }, signal),
    mayDecrypt: (input, signal) =>
      send(client, DecryptCommand, { ...input, DryRun: true, DryRunModifiers: ["IGNORE_CIPHERTEXT"] }, signal),
  };
}

function stsPort(client: STSClient): StsPort {
  return {
    getCallerIdentity: async (signal) =>
      shaped(await send(client, GetCallerIdentityCommand, {}, signal), SHAPES.getCallerIdentity),
    assumeRole: async (input, signal) =>
      shaped(await send(client, AssumeRoleCommand, input, signal), SHAPES.assumeRole),
  };
}
