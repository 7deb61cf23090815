import { randomBytes } from "node:crypto";
import type * as Library from "../src/index.ts";
import type { Cloud, CloudId, Grant, KeyFacts } from "../src/index.ts";
import { createAgents } from "../src/io/agents.ts";
import { awsEnvironment, gcpEnvironment, ociEnvironment } from "../src/io/credentials.ts";
import { PROJECTS } from "../src/sandbox/cast.ts";
import { sandboxKeys, startSandbox } from "../src/sandbox/index.ts";

/** The library as it is published. */
export const library = (await import(new URL("../dist/index.js", import.meta.url).href)) as typeof Library;

export interface Looked {
  readonly cloud: Cloud;
  readonly facts: KeyFacts;
  readonly grant: Grant;
}

export interface Scene extends AsyncDisposable {
  /** The sandbox's key that is granted already, looked at as the command line does. */
  look(cloud: CloudId): Promise<Looked>;
}

export async function openScene(): Promise<Scene> {
  const clock = { now: () => new Date(), sleep: () => Promise.resolve() };
  const random = (size: number) => new Uint8Array(randomBytes(size));
  const sandbox = await startSandbox({ dir: null, clock, random, jitter: () => 0, mode: "embedded" });
  const agents = createAgents({ proxyEnv: {} });
  const environment = { env: sandbox.env, home: "/nonexistent" };
  return {
    async look(id) {
      const cloud = await library.openCloud(id, {
        ...{ aws: awsEnvironment(environment), gcp: gcpEnvironment(environment), oci: ociEnvironment(environment) },
        ...{ agents, clock, random, jitter: () => 0, timeoutMs: 10_000, signal: new AbortController().signal },
      });
      const grant = grantFor(id);
      const key = sandboxKeys().find((one) => one.cloud === id && one.name === "granted");
      const facts = await cloud.inspect(library.parseKey(key?.id ?? ""), grant);
      return { cloud, facts, grant };
    },
    async [Symbol.asyncDispose]() {
      agents.destroy();
      await sandbox.close();
    },
  };
}

/** What the vendor asks for, for the principal that it names for the sandbox's project. */
function grantFor(cloud: CloudId): Grant {
  const policy = library.policyOf("aiven", cloud);
  const fields = PROJECTS.find((one) => one.name === "demo")?.accessors[cloud];
  if (policy === null || fields === undefined) throw new Error(`the sandbox has no grant on ${cloud}`);
  return { policy, accessors: [{ cloud, fields }] };
}
