import { expect } from "vitest";
import { HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import type { OnRequest } from "../../src/sandbox/index.ts";
import { isKeygrants } from "./hand.ts";
import { openWorld, type World, type WorldOptions } from "./harness.ts";
import { asked, cmks, named, statementsNaming } from "./peek.ts";

export const OLD = HEALTHY_AWS_KEY;
export const NEW = named("grant-missing");
export const SERVICES = ["my-kafka", "my-pg"];

/** What each service could decrypt, as the sandbox says it after every request that keygrant makes. */
export interface Watch {
  readonly world: World;
  readonly old: string;
  readonly moments: { readonly works: boolean; readonly service: string }[];
  /** Called for each of keygrant's requests from now on, with how many there were. */
  onRequest: ((count: number, phase: "before" | "after") => void) | null;
}

/** Two services on the old key, which is the project's default. */
export async function watched(options: WorldOptions = {}): Promise<Watch> {
  let watch: Watch | null = null;
  let count = 0;
  const onRequest: OnRequest = async (request, phase) => {
    if (watch === null || !isKeygrants(request) || request.path.startsWith("/_sandbox/")) return undefined;
    if (phase === "before") count++;
    watch.onRequest?.(count, phase);
    if (phase === "after") watch.moments.push(...(await servicesOf(watch.world)));
    return undefined;
  };
  const world = await openWorld({ ...options, onRequest });
  expect((await world.json(["onboard", OLD, "--yes", "--default"])).exitCode).toBe(0);
  const old = cmks(world)[0]?.id ?? "";
  for (const name of SERVICES) expect((await world.json(["cmk", "attach", name, old])).exitCode).toBe(0);
  world.clock.advance(60_000);
  watch = { world, old, moments: [], onRequest: null };
  return watch;
}

async function servicesOf(world: World): Promise<Watch["moments"]> {
  const answer = await fetch(`${world.sandbox.origin}/_sandbox/services`);
  return ((await answer.json()) as { services: Watch["moments"] }).services;
}

export async function where(world: World, name: string): Promise<unknown> {
  const headers = { authorization: `aivenv1 ${world.sandbox.env["AIVEN_AUTH_TOKEN"]}` };
  const answer = await fetch(`${world.sandbox.origin}/v1/project/demo/service/${name}`, { headers });
  return ((await answer.json()) as { service: { cmk_id: unknown } }).service.cmk_id;
}

/** The end of every rotation: both services on the new key, the old CMK gone, its grant still there. */
export async function expectRotated({ world, moments }: Watch): Promise<void> {
  const [only, ...others] = cmks(world);
  expect(others).toEqual([]);
  expect(only).toMatchObject({ resource: NEW, default_cmk: true });
  for (const name of SERVICES) expect(await where(world, name)).toBe(only?.id);
  expect(statementsNaming(world, OLD, VENDOR_DEMO.arn)).toHaveLength(1);
  expect(statementsNaming(world, NEW, VENDOR_DEMO.arn)).toHaveLength(1);
  expect(asked(world, "CMKDelete")).toBeLessThanOrEqual(2);
  expect(moments.filter(({ works }) => !works)).toEqual([]);
}
