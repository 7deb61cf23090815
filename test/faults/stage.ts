import { cp } from "node:fs/promises";
import { expect } from "vitest";
import type { ObservedRequest } from "../../src/sandbox/index.ts";
import { openWorld, type World, type WorldOptions } from "../cli/harness.ts";
import { sideBySide } from "./side-by-side.ts";
import type { Subject } from "./subjects.ts";

/** The world that a command starts from, made once: every trial gets a copy, state folder and all. */
export interface Stage extends AsyncDisposable {
  readonly subject: Subject;
  /** What the command asks when all is well, each call once, sorted. */
  readonly calls: readonly string[];
  /** How many requests that are. */
  readonly requests: number;
  open(options?: WorldOptions): Promise<World>;
}

/** A moment of a world: what the clouds and the vendor hold, and what we remember. */
export interface Moment {
  readonly worlds: ReturnType<World["sandbox"]["world"]>;
  readonly stateDir: string;
  readonly now: Date;
}

/** A world that goes on from there. */
export async function openAt(moment: Moment, options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options);
  world.sandbox.alter((fresh) => Object.assign(fresh, structuredClone(moment.worlds)));
  await cp(moment.stateDir, world.stateDir, { recursive: true });
  // What was done on the way here is past.
  world.clock.advance(moment.now.getTime() - world.clock.now().getTime());
  return world;
}

export async function stageOf(subject: Subject): Promise<Stage> {
  const origin = await openWorld();
  subject.thin?.(origin);
  await subject.prepare(origin);
  const { stateDir, clock } = origin;
  const begin: Moment = { worlds: origin.sandbox.world(), stateDir, now: clock.now() };
  const open = (options: WorldOptions = {}) => openAt(begin, options);
  const { calls, requests } = await healthyRun(subject, open);
  return { subject, calls, requests, open, [Symbol.asyncDispose]: origin.close };
}

/** A world is prepared for each command, several at once. */
export function stagesOf(subjects: readonly Subject[]): Promise<readonly Stage[]> {
  return sideBySide(subjects, stageOf, ({ command, about }) => `${command} (${about})`, 6).then((stages) =>
    subjects.flatMap((subject) => stages.filter((stage) => stage.subject === subject)),
  );
}

/** What is looked at before anything goes wrong: the command's words, and what no run may change. */
export interface Before {
  readonly args: readonly string[];
  readonly others: unknown;
}

export function before({ subject }: Stage, world: World): Before {
  return { args: subject.args(world), others: subject.others(world) };
}

/** The same command again, with nothing wrong: everything is there once, and nothing of anybody else's has changed. */
export async function endsWell({ subject }: Stage, world: World, { args, others }: Before, about = ""): Promise<void> {
  const again = await world.json(args);
  expect(again.exitCode, `${about}${again.stdout}`).toBe(0);
  subject.done(world, again);
  expect(subject.others(world)).toEqual(others);
}

export function whoIs({ subject: { command, about } }: Pick<Stage, "subject">): string {
  return `${command} (${about})`;
}

async function healthyRun(subject: Subject, open: Stage["open"]): Promise<Pick<Stage, "calls" | "requests">> {
  await using world = await open();
  const result = await world.json(subject.args(world));
  expect(result.exitCode, result.stdout).toBe(0);
  subject.done(world, result);
  const outside = world.sandbox.requests.filter(({ inside }) => !inside);
  return { calls: [...new Set(outside.map(callOf))].sort(), requests: outside.length };
}

/**
 * The call as the providers name it; what has no name of theirs is told by its path. So are reads that Google is asked
 * for a key, its ring and its project at once: which of them is the first is nobody's to say.
 */
export function callOf({ operation, path }: Pick<ObservedRequest, "operation" | "path">): string {
  const whose = /[^/]+\/[^/]+:(getIamPolicy|testIamPermissions)$/.exec(decodeURIComponent(path));
  return whose?.[0] ?? operation.replace(/^\S+ \/(?=.)/, "");
}
