import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AivenWorld, newProject } from "../../src/sandbox/aiven/world.ts";
import type { AwsWorld, KmsKey } from "../../src/sandbox/aws/world.ts";
import type { GcpWorld } from "../../src/sandbox/gcp/world.ts";
import type { OciWorld } from "../../src/sandbox/oci/world.ts";
import type { World } from "./harness.ts";
import { named } from "./peek.ts";

type Worlds = ReturnType<World["sandbox"]["world"]>;

/** What a test does to the sandbox's world behind keygrant's back. */

/** Registers a key without asking whether the vendor can use it, as if it had been there for long. */
export async function registered(
  { sandbox }: Pick<World, "sandbox">,
  resource: string,
  { project = "demo", provider = "aws" }: { readonly project?: string; readonly provider?: string } = {},
): Promise<string> {
  const answer = await fetch(`${sandbox.origin}/_sandbox/cmk`, {
    method: "POST",
    body: JSON.stringify({ project, provider, resource }),
  });
  const { cmk } = (await answer.json()) as { readonly cmk: { readonly id: string } };
  return cmk.id;
}

/** Puts a service under a CMK. */
export function served({ sandbox }: Pick<World, "sandbox">, cmkId: string, name: string, project = "demo"): void {
  sandbox.alter((worlds) => {
    const { projects } = worlds["aiven"] as AivenWorld;
    const service = projects.find((one) => one.name === project)?.services.find((one) => one.service_name === name);
    if (service === undefined) throw new Error(`${project} has no service ${name}`);
    service.cmk_id = cmkId;
    service.associations = [{ cmk_id: cmkId, change: "activating", since: "2026-01-01T00:00:00.000Z" }];
  });
}

/** The registration is gone, and nobody was told. */
export function unregistered({ sandbox }: Pick<World, "sandbox">, cmkId: string, project = "demo"): void {
  sandbox.alter((worlds) => {
    const { projects } = worlds["aiven"] as AivenWorld;
    const cmks = projects.find((one) => one.name === project)?.cmks ?? [];
    cmks.splice(
      cmks.findIndex((one) => one.id === cmkId),
      1,
    );
  });
}

/** What its owner does to an AWS key. */
export function changeKey({ sandbox }: Pick<World, "sandbox">, arn: string, change: (key: KmsKey) => void): void {
  sandbox.alter((worlds) => {
    const key = (worlds["aws"] as AwsWorld).keys.find((one) => one.arn === arn);
    if (key === undefined) throw new Error(`there is no key ${arn}`);
    change(key);
  });
}

export function setState(world: Pick<World, "sandbox">, arn: string, state: KmsKey["state"]): void {
  changeKey(world, arn, (key) => {
    key.state = state;
  });
}

/** Writes a configuration into the test's own folder. */
export async function configured({ stateDir }: Pick<World, "stateDir">, ...lines: readonly string[]): Promise<string> {
  const path = join(stateDir, "keygrant.yaml");
  await writeFile(path, `${lines.join("\n")}\n`, { mode: 0o600 });
  return path;
}

export interface Fleet {
  readonly projects: readonly string[];
  /** `[project, key]` of every registration. */
  readonly registered: readonly (readonly [string, string])[];
}

/** As many keys as wanted, over these clouds and ten projects: copies of those that the vendor can use. */
export function fleet(
  { sandbox }: { readonly sandbox: Pick<World["sandbox"], "alter"> },
  size: number,
  clouds: readonly Copied[] = ["aws", "gcp", "oci"],
): Fleet {
  const projects = Array.from({ length: 10 }, (_, index) => `fleet-${index}`);
  const registered: (readonly [string, string])[] = [];
  sandbox.alter((worlds) => {
    const aiven = worlds["aiven"] as AivenWorld;
    const demo = aiven.projects.find((one) => one.name === "demo");
    for (const name of projects) {
      aiven.projects.push({ ...newProject(name), accessors: structuredClone(demo?.accessors ?? {}) });
    }
    for (let number = 0; number < size; number++) {
      const project = aiven.projects.find((one) => one.name === `fleet-${number % 10}`);
      const provider = clouds[number % clouds.length] ?? "aws";
      const resource = COPIES[provider](worlds, number);
      project?.cmks.push({
        id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
        provider,
        default_cmk: false,
        resource,
        status: "current",
        created_at: "2026-01-01T00:00:00.000Z",
        updated_at: "2026-01-01T00:00:00.000Z",
      });
      registered.push([project?.name ?? "", resource]);
    }
    admitEverybody(worlds["oci"] as OciWorld);
  });
  return { projects, registered };
}

const REGIONS = ["eu-west-1", "us-east-1", "ap-south-1"];

type Copied = "aws" | "gcp" | "oci";

const COPIES: Readonly<Record<Copied, (worlds: Worlds, number: number) => string>> = {
  aws(worlds, number) {
    const { keys } = worlds["aws"] as AwsWorld;
    const key = structuredClone(the(keys, (one) => one.arn === named("granted")));
    key.region = REGIONS[Math.floor(number / 3) % REGIONS.length] ?? "";
    key.id = `33333333-0000-4000-8000-${String(number).padStart(12, "0")}`;
    key.arn = `arn:aws:kms:${key.region}:${key.account}:key/${key.id}`;
    keys.push(key);
    return key.arn;
  },
  gcp(worlds, number) {
    const { keys } = worlds["gcp"] as GcpWorld;
    const key = structuredClone(the(keys, (one) => one.name === named("granted", "gcp")));
    const name = `${key.name.slice(0, key.name.lastIndexOf("/"))}/fleet-${number}`;
    keys.push({ ...key, name });
    return name;
  },
  oci(worlds, number) {
    const { keys } = worlds["oci"] as OciWorld;
    const key = structuredClone(the(keys, (one) => one.id === named("granted", "oci")));
    const id = `${key.id.slice(0, key.id.lastIndexOf("."))}.fleet${number}`;
    keys.push({ ...key, id });
    return id;
  },
};

/** OCI's grants name single keys: here one stands for the whole tenancy. */
function admitEverybody(world: OciWorld): void {
  const granted = named("granted", "oci");
  world.policies = world.policies.map((policy) => ({
    ...policy,
    statements: policy.statements.map((text) =>
      text.includes(`'${granted}'`) ? text.replace(/ where .*$/i, "") : text,
    ),
  }));
}

function the<T>(all: readonly T[], is: (one: T) => boolean): T {
  const found = all.find(is);
  if (found === undefined) throw new Error("the sandbox lacks what is to be copied");
  return found;
}
