import type { OnRequest } from "../../src/sandbox/index.ts";
import { type Child, startChild } from "../cli/child.ts";
import type { CliResult, World } from "../cli/harness.ts";
import { callOf, type Stage } from "./stage.ts";
import { SETTLED_MS } from "./subjects.ts";

/** A world for the built command, which has a clock of its own: a service settles as soon as it is moved. */
export async function openForBuilt(stage: Stage, onRequest?: OnRequest): Promise<World> {
  let world: World | null = null;
  const opened = await stage.open({
    knobs: { duplicates: "create" },
    onRequest(request, phase) {
      if (phase === "after" && callOf(request) === "ServiceUpdate") world?.clock.advance(SETTLED_MS);
      return onRequest?.(request, phase);
    },
  });
  world = opened;
  return opened;
}

export interface Built {
  readonly child: Child;
  readonly result: Promise<CliResult>;
}

/** The built command as a process of its own, with more in its environment, through a program that starts it. */
export function startBuilt(
  args: readonly string[],
  { sandbox, stateDir }: World,
  extra: Readonly<Record<string, string>> = {},
  through: readonly string[] = [],
): Built {
  const env = { ...sandbox.env, HOME: stateDir, KEYGRANT_STATE_DIR: stateDir, ...extra };
  const child = startChild([...args, "--output", "json"], env, through);
  const result = child.done.then(({ exitCode, stdout, stderr }) => ({
    ...{ exitCode: exitCode ?? -1, stdout, stderr },
    json: JSON.parse(stdout),
  }));
  return { child, result };
}
