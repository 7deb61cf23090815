import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { OnRequest } from "../../src/sandbox/index.ts";
import type { World } from "../cli/harness.ts";
import { kept, rowsOf } from "./page.ts";
import { before, endsWell, type Moment, openAt, type Stage, whoIs } from "./stage.ts";

/** `before`: the request never arrived. `after`: it was carried out, and nobody heard of it. */
const PHASES = ["before", "after"] as const;

/** A kill at a request of the undisturbed run, or at several in a row that leave the same behind. */
export interface Killed extends Moment {
  readonly name: string;
}

/**
 * What `kill -9` leaves behind at each request, before it is carried out and after: all that the clouds, the vendor and
 * our state folder hold, taken down while the request is on its way. A kill takes nothing else away: what was written
 * stays written, and nobody says goodbye. Moments that leave the same behind are one.
 */
export async function killsOf(stage: Stage, folder: string): Promise<readonly Killed[]> {
  const kills = new Map<string, Killed>();
  let open: World | null = null;
  let count = 0;
  const onRequest: OnRequest = (request, phase) => {
    if (open === null || request.inside) return undefined;
    if (phase === "before") count++;
    const worlds = open.sandbox.world();
    const left = digest(worlds, open.stateDir);
    if (kills.has(left)) return undefined;
    const name = `${phase} request ${count}, ${request.operation}`;
    const stateDir = join(folder, String(kills.size));
    copyFolder(open.stateDir, stateDir);
    kills.set(left, { name, worlds, stateDir, now: open.clock.now() });
    return undefined;
  };
  await using world = await stage.open({ knobs: { duplicates: "create" }, onRequest });
  open = world;
  const { exitCode, stdout } = await world.json(stage.subject.args(world));
  expect(exitCode, stdout).toBe(0);
  open = null;
  expect(count * PHASES.length).toBeGreaterThanOrEqual(kills.size);
  return [...kills.values()];
}

function digest(worlds: Moment["worlds"], folder: string): string {
  const hash = createHash("sha256").update(JSON.stringify(worlds));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of entries.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(path).update(readFileSync(path));
  }
  return hash.digest("hex");
}

/** The same command again ends well, with everything there once and nothing of anybody else's touched. */
export async function runAgain(stage: Stage, kill: Killed): Promise<void> {
  await using world = await openAt(kill, { knobs: { duplicates: "create" } });
  await endsWell(stage, world, before(stage, world), `killed ${kill.name}: `);
}

/** Its part of docs/faults.md. */
export const KILLED = "killed";
export const KILL_HEAD = ["command", "requests", "moments that differ", "the same command again"];

/** What the page says of a command that was killed that often. */
export function killRow(stage: Stage, moments: number): readonly string[] {
  return [whoIs(stage), String(stage.requests), String(moments), "0"];
}

/** The rows that the page has. */
export function killRowsTold(): readonly (readonly string[])[] {
  return rowsOf(kept(KILLED));
}

/** As it is, with the modes of its folders too, which `cpSync` does not copy. */
function copyFolder(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  for (const entry of readdirSync(from, { recursive: true, encoding: "utf8" })) {
    chmodSync(join(to, entry), statSync(join(from, entry)).mode);
  }
}

/** All of a command's; how many moments there were. */
export async function killEverywhere(stage: Stage): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "keygrant-kill-"));
  try {
    const kills = await killsOf(stage, folder);
    for (const kill of kills) await runAgain(stage, kill);
    return kills.length;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
