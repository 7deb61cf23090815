import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import type { OnRequest } from "../../src/sandbox/index.ts";
import { type Child, type ChildResult, startChild } from "./child.ts";
import { openWorld, type World, type WorldOptions } from "./harness.ts";

/** One read settles: a child has a clock of its own, and so it never waits. */
export const ONBOARD = ["onboard", HEALTHY_AWS_KEY, "--yes", "--settle-reads", "1", "--output", "json"];

/** The how many-th request, or the first of an operation, before it is carried out or after. */
export interface Moment {
  readonly at: number | string;
  readonly phase: "before" | "after";
}

export interface Stopped {
  readonly world: World;
  readonly result: ChildResult;
}

/** Starts `onboard`, sends it a signal when it has come that far, and waits for its end. */
export async function stopped(moment: Moment, signal: NodeJS.Signals, options: WorldOptions = {}): Promise<Stopped> {
  let child: Child | null = null;
  let count = -1;
  const onRequest: OnRequest = async (request, phase) => {
    if (child === null || request.inside) return undefined;
    if (phase === "before") count++;
    const isThen = typeof moment.at === "number" ? count >= moment.at : request.operation === moment.at;
    if (!isThen || phase !== moment.phase || child.process.killed) return undefined;
    child.process.kill(signal);
    await child.done;
    // Before: the request never arrived. After: it was carried out, and the answer reaches nobody.
    throw new Error("the client is gone");
  };
  const world = await openWorld({ ...options, onRequest });
  child = startChild(ONBOARD, { ...world.sandbox.env, HOME: world.stateDir, KEYGRANT_STATE_DIR: world.stateDir });
  const result = await child.done;
  child = null;
  return { world, result };
}
