import { expect } from "vitest";
import { Interrupted } from "../../src/cli/host.ts";
import { refusalOf } from "../../src/sandbox/faults.ts";
import type { ObservedRequest, SandboxReply } from "../../src/sandbox/index.ts";
import type { World } from "../cli/harness.ts";
import { judged, type Outcome } from "./judged.ts";
import { isWrite } from "./kinds.ts";
import { before, callOf, endsWell, type Stage, whoIs } from "./stage.ts";

/** A call of a command, the first time that it is made: before it is carried out, or after. */
interface Point {
  readonly stage: Stage;
  readonly call: string;
  readonly phase: "before" | "after";
}

function pointsAt(stage: Stage, calls: readonly string[]): readonly Point[] {
  return calls.flatMap((call) => (["before", "after"] as const).map((phase) => ({ stage, call, phase })));
}

type Happened = SandboxReply | undefined;

/** A world in which something happens at that point of the command, once; what it gives back is answered instead. */
async function openFor({ stage, call, phase }: Point, happens: (world: World, request: ObservedRequest) => Happened) {
  let world: World | null = null;
  let isOver = false;
  const opened = await stage.open({
    knobs: { duplicates: "create" },
    onRequest(request, now) {
      if (world === null || isOver || request.inside || now !== phase || callOf(request) !== call) return undefined;
      isOver = true;
      return happens(world, request);
    },
  });
  world = opened;
  return opened;
}

/** Somebody stops the command. */
export interface Stop extends Point {
  readonly signal: "SIGINT" | "SIGTERM";
}

const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;

export function stopsOf(stage: Stage): readonly Stop[] {
  const points = pointsAt(stage, stage.calls);
  return points.flatMap((point) => (["SIGINT", "SIGTERM"] as const).map((signal) => ({ ...point, signal })));
}

export function nameOfStop({ stage, call, phase, signal }: Stop): string {
  return `${whoIs(stage)}, ${signal} ${phase} ${call}`;
}

export async function attemptStop(stop: Stop): Promise<Outcome> {
  const stopping = new AbortController();
  await using world = await openFor(stop, () => {
    stopping.abort(new Interrupted(stop.signal));
    return undefined;
  });
  const was = before(stop.stage, world);
  const { exitCode, json, stdout } = await world.json(was.args, { interrupted: stopping.signal });
  expect(stopping.signal.aborted).toBe(true);
  // What was done to its end before anybody heard of the signal is a success.
  if (exitCode !== 0) {
    expect({ exitCode, code: json.error?.code }, stdout).toEqual({
      exitCode: STOPPED[stop.signal],
      code: "interrupted",
    });
    expect(json.error.fix).toMatch(/\S/);
  }
  await endsWell(stop.stage, world, was);
  return exitCode === 0 ? "0" : `${exitCode} \`interrupted\``;
}

/** From that point on, the credentials are not taken any more, whoever is asked whatever. */
export interface Loss extends Point {
  readonly kind: "expired" | "rotated";
}

/** At the writes: nothing else is on its way then, and so what has been read by then is the same each time. */
export function lossesOf(stage: Stage): readonly Loss[] {
  const points = pointsAt(
    stage,
    stage.calls.filter((call) => isWrite(stage.subject, call)),
  );
  return points.flatMap((point) => (["expired", "rotated"] as const).map((kind) => ({ ...point, kind })));
}

export function nameOfLoss({ stage, call, phase }: Loss): string {
  return `${whoIs(stage)} ${phase} ${call}`;
}

export async function attemptLoss(loss: Loss): Promise<Outcome> {
  const { subject } = loss.stage;
  await using world = await openFor(loss, ({ sandbox }, request) => {
    sandbox.turn({ faults: [`${loss.kind}=1`] });
    return loss.phase === "before" ? (refusalOf(loss.kind, request) ?? undefined) : undefined;
  });
  const was = before(loss.stage, world);
  const result = await world.json(was.args);
  const outcome = judged(subject, loss, result, subject.granted(world));
  world.sandbox.turn({ faults: [] });
  await endsWell(loss.stage, world, was);
  return outcome;
}
