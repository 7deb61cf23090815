import type { CloudId } from "../../src/core/model.ts";
import type { AivenWorld, StoredCmk } from "../../src/sandbox/aiven/world.ts";
import type { AwsWorld } from "../../src/sandbox/aws/world.ts";
import { sandboxKeys } from "../../src/sandbox/index.ts";
import type { World } from "./harness.ts";

/** What stands in the sandbox's world, past everything that keygrant says of it. */

/** What reading alone may change: counters, sessions that were given out, and material that is made on first use. */
const BY_READING = new Set(["reads", "sessions", "material"]);

/** The whole world, without what reading alone changes: to compare what was there before with what is there now. */
export function written({ sandbox }: Pick<World, "sandbox">): unknown {
  return JSON.parse(JSON.stringify(sandbox.world()), (name, value) => (BY_READING.has(name) ? undefined : value));
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | { readonly AWS: string | readonly string[] };
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: object;
}

/** The key policy as the sandbox's AWS has it. */
export function keyPolicy(
  { sandbox }: Pick<World, "sandbox">,
  arn: string,
): { readonly Statement: readonly Statement[] } {
  const { keys } = sandbox.world()["aws"] as AwsWorld;
  const key = keys.find((one) => one.arn === arn);
  if (key === undefined) throw new Error(`there is no key ${arn}`);
  return JSON.parse(key.policy);
}

/** The statements of a key's policy that name the principal. */
export function statementsNaming(world: Pick<World, "sandbox">, arn: string, principal: string): readonly Statement[] {
  return keyPolicy(world, arn).Statement.filter((one) => principalsOf(one).includes(principal));
}

function principalsOf({ Principal }: Statement): readonly string[] {
  if (Principal === undefined || Principal === "*") return [];
  return [Principal.AWS].flat();
}

/** The CMKs of a project of the sandbox's Aiven, without the deleted ones. */
export function cmks({ sandbox }: Pick<World, "sandbox">, project = "demo"): readonly StoredCmk[] {
  const { projects } = sandbox.world()["aiven"] as AivenWorld;
  return (projects.find((one) => one.name === project)?.cmks ?? []).filter((cmk) => cmk.status !== "deleted");
}

/** How often somebody outside asked for an operation. */
export function asked({ sandbox }: Pick<World, "sandbox">, operation: string): number {
  return sandbox.requests.filter((one) => one.operation === operation && !one.inside).length;
}

/** The sandbox's key of that name, as `sandbox keys` lists it. */
export function named(name: string, cloud: CloudId = "aws"): string {
  const key = sandboxKeys().find((one) => one.name === name && one.cloud === cloud);
  if (key === undefined) throw new Error(`the sandbox has no ${cloud} key named ${name}`);
  return key.id;
}
