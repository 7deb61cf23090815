import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import type { CliResult, RunOptions, World } from "../cli/harness.ts";
import { judged, type Outcome } from "./judged.ts";
import { before, endsWell, type Stage } from "./stage.ts";

/** What is wrong with the machine, and not at one call. */
export interface Around {
  readonly name: string;
  readonly told: string;
  /** Makes it wrong, and gives back what makes it right again. */
  readonly strike: (world: World) => Struck;
}

interface Struck {
  readonly extra?: RunOptions;
  readonly mend: () => void;
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
];

function change(path: string, statement: string): void {
  const db = new DatabaseSync(path);
  db.exec(statement);
  db.close();
}

/** The same command fails as it is promised, and once all is well again it ends well, with everything there once. */
export async function attemptAround(stage: Stage, around: Around): Promise<Outcome> {
  const { subject } = stage;
  await using world = await stage.open({ knobs: { duplicates: "create" } });
  const was = before(stage, world);
  const wasGranted = subject.granted(world);
  // Whoever is met by it has a state already.
  if (around.name === "newer-state") expect((await world.json(["cmk", "list"])).exitCode).toBe(0);
  const struck = around.strike(world);
  const result = await world.json(was.args, struck.extra);
  const outcome = judgedAround(stage, result, subject.granted(world));
  // Without a state to keep a backup in, nothing is begun.
  if (result.exitCode === 2) expect(subject.granted(world)).toBe(wasGranted);
  struck.mend();
  await endsWell(stage, world, was);
  return outcome;
}

/** A machine that is not fit to run on. */
const UNFIT = ["state.unusable", "state.newer"];

/** That is wrong usage; all else is as with a fault at a call. */
export function judgedAround({ subject }: Stage, result: CliResult, isGranted: boolean): Outcome {
  const { exitCode, json, stdout } = result;
  const code: string = json.error?.code ?? "";
  if (!UNFIT.includes(code)) {
    return judged(subject, { kind: "machine" }, result, isGranted);
  }
  expect(exitCode, stdout).toBe(2);
  expect(json.error.message).toMatch(/\S/);
  expect(json.error.fix).toMatch(/\S/);
  return `2 \`${code}\``;
}
