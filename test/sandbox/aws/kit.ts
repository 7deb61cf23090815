import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { KMSClient } from "@aws-sdk/client-kms";
import { STSClient } from "@aws-sdk/client-sts";
import { awsModule } from "../../../src/sandbox/aws/module.ts";
import type { AwsWorld, KmsKey } from "../../../src/sandbox/aws/world.ts";
import { OWNER, OWNER_REGION } from "../../../src/sandbox/cast.ts";
import type { SandboxContext, SandboxReply } from "../../../src/sandbox/module.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Stage extends AsyncDisposable {
  readonly world: AwsWorld;
  readonly context: SandboxContext;
  readonly origin: string;
  /** Lets time pass. */
  pass(ms: number): void;
  kms(as?: Credentials, region?: string): KMSClient;
  sts(as?: Credentials): STSClient;
  /** The one key of the fresh world with that name. */
  key(name: string): KmsKey;
}

/** The sandbox's AWS behind a server that is just big enough, so that the real SDK can talk to it. */
export async function stage(propagationMs = 0): Promise<Stage> {
  let offset = 0;
  const knobs = { propagationMs, vendorAwsEndpoint: null };
  const clock = { now: () => new Date(Date.now() + offset), sleep: async () => {} };
  let origin = "";
  const context: SandboxContext = { clock, random: randomBytes, origin: () => origin, knobs };
  // What a restart would bring back.
  const world: AwsWorld = JSON.parse(JSON.stringify(awsModule.fresh(context)));

  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    const url = new URL(message.url ?? "/", "http://sandbox");
    const reply: SandboxReply = (await awsModule.handle(
      world,
      {
        method: message.method ?? "GET",
        path: url.pathname,
        query: url.searchParams,
        headers: Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)])),
        body: Buffer.concat(chunks),
      },
      context,
    )) ?? { status: 404, headers: {}, body: "not for AWS" };
    if (reply.status === 0) {
      message.socket.destroy();
      return;
    }
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const clients: { destroy(): void }[] = [];
  const kept = <T extends { destroy(): void }>(client: T): T => {
    clients.push(client);
    return client;
  };
  const config = (credentials: Credentials, region: string) => ({
    endpoint: origin,
    region,
    credentials,
    maxAttempts: 1,
    systemClockOffset: offset,
  });
  return {
    world,
    context,
    origin,
    pass: (ms) => {
      offset += ms;
    },
    kms: (as = OWNER, region = OWNER_REGION) => kept(new KMSClient(config(pick(as), region))),
    sts: (as = OWNER) => kept(new STSClient(config(pick(as), OWNER_REGION))),
    key: (name) => {
      const alias = world.aliases.find((one) => one.name === `alias/${name}`);
      const key = world.keys.find((one) => one.id === alias?.keyId && one.region === alias.region);
      if (key === undefined) throw new Error(`no key ${name}`);
      return key;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pick({ accessKeyId, secretAccessKey, sessionToken }: Credentials): Credentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** What a promise was rejected with, as `Name: message`. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error("nothing was refused");
}

export const ROOT = {
  Sid: "Enable IAM User Permissions",
  Effect: "Allow",
  Principal: { AWS: "arn:aws:iam::111122223333:root" },
  Action: "kms:*",
  Resource: "*",
};

export function policy(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
