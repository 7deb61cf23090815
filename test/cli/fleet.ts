import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AivenWorld } from "../../src/sandbox/aiven/world.ts";
import type { AwsWorld, KmsKey } from "../../src/sandbox/aws/world.ts";
import type { World } from "./harness.ts";

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
    service.associations.push({ cmk_id: cmkId, change: "activating", since: "2026-01-01T00:00:00.000Z" });
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
