import { randomBytes } from "node:crypto";
import { openCloud, parseKey } from "../../src/clouds/index.ts";
import type { Cloud } from "../../src/core/cloud.ts";
import type { Accessor, CloudId } from "../../src/core/model.ts";
import { createAgents } from "../../src/io/agents.ts";
import { awsEnvironment, type Environment, gcpEnvironment, ociEnvironment } from "../../src/io/credentials.ts";
import { policyOf } from "../../src/io/policies.ts";
import { PROJECTS } from "../../src/sandbox/cast.ts";
import { sandboxKeys, startSandbox } from "../../src/sandbox/index.ts";
import type { CloudScene } from "./cloud.ts";

/** What differs from cloud to cloud: whose credentials are whose, and what keys are called. */
export interface SandboxCast {
  readonly cloud: CloudId;
  /** Variables, beside the owner's, with which somebody else is asking. */
  readonly auditor: Readonly<Record<string, string>>;
  readonly stranger: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<keyof CloudScene["keys"], string>>;
  readonly tellsAbsence: boolean;
  readonly secrets: readonly string[];
}

/** A scene on a fresh sandbox: the provider as the command line opens it, from what stands in the environment. */
export async function sandboxScene(cast: SandboxCast): Promise<CloudScene> {
  const policy = policyOf("aiven", cast.cloud);
  if (policy === null) throw new Error(`there is no policy for ${cast.cloud}`);
  // Nothing here waits for anything but the answer to a request.
  const clock = { now: () => new Date(), sleep: () => Promise.resolve() };
  const random = (size: number) => new Uint8Array(randomBytes(size));
  const sandbox = await startSandbox({ dir: null, clock, random, jitter: () => 0, mode: "embedded" });
  const agents = createAgents({ proxyEnv: {} });
  sandbox.turn({ duplicates: "create" });

  function open(own: Readonly<Record<string, string>> = {}): Promise<Cloud> {
    const environment: Environment = { env: { ...sandbox.env, ...own }, home: "/nonexistent" };
    return openCloud(cast.cloud, {
      aws: awsEnvironment(environment),
      gcp: gcpEnvironment(environment),
      oci: ociEnvironment(environment),
      agents,
      clock,
      random,
      jitter: () => 0,
      timeoutMs: 10_000,
      signal: new AbortController().signal,
    });
  }

  const key = (name: string) => parseKey(idOf(cast.cloud, name));
  const { healthy, disabled, absent, unreadable } = cast.keys;
  return {
    cloud: await open(),
    auditor: await open(cast.auditor),
    stranger: await open(cast.stranger),
    policy,
    one: accessorOf(cast.cloud, "demo"),
    other: accessorOf(cast.cloud, "second"),
    unsafe: accessorOf(cast.cloud, "unsafe-user"),
    keys: { healthy: key(healthy), disabled: key(disabled), absent: key(absent), unreadable: key(unreadable) },
    tellsAbsence: cast.tellsAbsence,
    vendorCanUse: (ref) => registers(sandbox.env, cast.cloud, ref.id),
    asked: () => sandbox.requests.length,
    secrets: cast.secrets,
    async [Symbol.asyncDispose]() {
      agents.destroy();
      await sandbox.close();
    },
  };
}

function idOf(cloud: CloudId, name: string): string {
  const key = sandboxKeys().find((one) => one.cloud === cloud && one.name === name);
  if (key === undefined) throw new Error(`the sandbox has no ${cloud} key named ${name}`);
  return key.id;
}

function accessorOf(cloud: CloudId, project: string): Accessor {
  const fields = PROJECTS.find((one) => one.name === project)?.accessors[cloud];
  if (fields === undefined) throw new Error(`${project} has no principal on ${cloud}`);
  return { cloud, fields };
}

/** The vendor takes a key only after using it as its own principal. */
async function registers(env: Readonly<Record<string, string>>, provider: CloudId, resource: string): Promise<boolean> {
  const answer = await fetch(`${env["AIVEN_WEB_URL"]}/v1/project/demo/secrets/cmks`, {
    method: "POST",
    headers: { authorization: `aivenv1 ${env["AIVEN_AUTH_TOKEN"]}`, "content-type": "application/json" },
    body: JSON.stringify({ provider, resource }),
  });
  if (![201, 400].includes(answer.status)) throw new Error(`registering was answered with ${answer.status}`);
  return answer.status === 201;
}
