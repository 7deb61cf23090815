import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { Interrupted } from "../../src/cli/host.ts";
import type { CliResult, RunOptions, World } from "../cli/harness.ts";
import { judged, type Outcome } from "./judged.ts";
import { callOf, type Stage } from "./stage.ts";

/** What goes wrong with the machine or with who one is, and not at one call. */
export interface Around {
  readonly name: string;
  readonly told: string;
  /** Makes it wrong, and gives back what makes it right again. */
  readonly strike: (world: World, stage: Stage) => Struck;
}

interface Struck {
  readonly extra?: RunOptions;
  readonly mend: () => void;
  /** Hears of every request, by how many there were before it. */
  readonly onRequest?: (count: number) => void;
}

function expiring(words: string, part: number): Around {
  return {
    name: `expired-${part}`,
    told: `The credentials expire, or are rotated, after ${words} of the requests`,
    strike: ({ sandbox }, { requests }) => ({
      onRequest: (count) => {
        if (count === Math.floor(requests * part)) sandbox.turn({ faults: ["expired=1"] });
      },
      mend: () => sandbox.turn({ faults: [] }),
    }),
  };
}

/** `.invalid` is nobody's, for ever (https://www.rfc-editor.org/rfc/rfc6761#section-6.4); nobody is asked here. */
export const NO_SUCH_NAME = "keygrant.invalid";
const NO_SUCH = `https://${NO_SUCH_NAME}`;

export const AROUND: readonly Around[] = [
  {
    name: "no-dns",
    told: "No name is found (DNS)",
    strike: ({ sandbox }) => {
      const env = Object.entries(sandbox.env).map(([name, value]) => [
        name,
        value.replace("http://127.0.0.1", NO_SUCH),
      ]);
      return { extra: { env: Object.fromEntries(env) }, mend: () => {} };
    },
  },
  {
    name: "no-state",
    told: "The state folder cannot be written",
    strike: ({ stateDir }) => {
      const file = join(stateDir, "a-file");
      writeFileSync(file, "", { mode: 0o600 });
      return { extra: { env: { KEYGRANT_STATE_DIR: join(file, "state") } }, mend: () => {} };
    },
  },
  {
    name: "newer-state",
    told: "The state file is of a newer keygrant",
    strike: ({ stateDir }) => {
      const path = join(stateDir, "keygrant.db");
      expect(existsSync(path)).toBe(true);
      change(path, "INSERT INTO keygrant_schema VALUES (99, 'then')");
      return { mend: () => change(path, "DELETE FROM keygrant_schema WHERE version = 99") };
    },
  },
  ...["a quarter", "a half", "three quarters"].map((words, index) => expiring(words, (index + 1) / 4)),
];

function change(path: string, statement: string): void {
  const db = new DatabaseSync(path);
  db.exec(statement);
  db.close();
}

/** The same command fails as it is promised, and once all is well again it ends well, with everything there once. */
export async function attemptAround(stage: Stage, around: Around): Promise<Outcome> {
  const { subject } = stage;
  let struck: Struck | null = null;
  let count = 0;
  await using world = await stage.open({
    knobs: { duplicates: "create" },
    onRequest(request, phase) {
      if (phase === "before" && !request.inside) struck?.onRequest?.(count++);
      return undefined;
    },
  });
  const before = subject.others(world);
  const wasGranted = subject.granted(world);
  const args = subject.args(world);
  // Whoever is met by it has a state already.
  if (around.name === "newer-state") expect((await world.json(["cmk", "list"])).exitCode).toBe(0);
  struck = around.strike(world, stage);
  const result = await world.json(args, struck.extra);
  const outcome = judgedAround(stage, result, subject.granted(world));
  // Without a state to keep a backup in, nothing is begun.
  if (result.exitCode === 2) expect(subject.granted(world)).toBe(wasGranted);
  struck.mend();
  struck = null;
  await endsWell(stage, world, args, before);
  return outcome;
}

async function endsWell({ subject }: Stage, world: World, args: readonly string[], before: unknown): Promise<void> {
  const again = await world.json(args);
  expect(again.exitCode, again.stdout).toBe(0);
  subject.done(world, again);
  expect(subject.others(world)).toEqual(before);
}

/** A machine that is not fit to run on is wrong usage; all else is as with a fault at a call. */
function judgedAround({ subject }: Stage, result: CliResult, isGranted: boolean): Outcome {
  const { exitCode, json, stdout } = result;
  const code: unknown = json.error?.code;
  if (code !== "state.unusable" && code !== "state.newer") {
    return judged(subject, { call: "", kind: "expired", often: "ever" }, result, isGranted);
  }
  expect(exitCode, stdout).toBe(2);
  expect(json.error.message).toMatch(/\S/);
  expect(json.error.fix).toMatch(/\S/);
  return `2 \`${code}\``;
}

export const PHASES = ["before", "after"] as const;

/** Somebody stops the command at a call, before it is carried out or after. */
export async function stopAt(stage: Stage, call: string, phase: (typeof PHASES)[number]): Promise<Outcome> {
  const { subject } = stage;
  const stop = new AbortController();
  let isOn = false;
  await using world = await stage.open({
    knobs: { duplicates: "create" },
    onRequest(request, now) {
      const isThere = isOn && !request.inside && now === phase && callOf(request) === call;
      if (isThere) stop.abort(new Interrupted("SIGTERM"));
      return undefined;
    },
  });
  const before = subject.others(world);
  const args = subject.args(world);
  isOn = true;
  const { exitCode, json, stdout } = await world.json(args, { interrupted: stop.signal });
  isOn = false;
  expect(stop.signal.aborted).toBe(true);
  // What was done to its end before anybody heard of the signal is a success.
  if (exitCode !== 0) {
    expect({ exitCode, code: json.error?.code }, stdout).toEqual({ exitCode: 143, code: "interrupted" });
    expect(json.error.fix).toMatch(/\S/);
  }
  await endsWell(stage, world, args, before);
  return exitCode === 0 ? "0" : "143 `interrupted`";
}

export function whoIs({ subject: { command, about } }: Pick<Stage, "subject">): string {
  return `${command} (${about})`;
}
