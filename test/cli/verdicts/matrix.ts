import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CODES, codeEntry, type Finding, type FindingCode, LEVELS, type Level } from "../../../src/core/findings.ts";
import type { CloudId } from "../../../src/core/model.ts";
import type { KeyReport } from "../../../src/core/report.ts";
import type { AivenWorld, StoredProject } from "../../../src/sandbox/aiven/world.ts";
import type { Knobs } from "../../../src/sandbox/index.ts";
import { openWorld, type World } from "../harness.ts";

/** What a break may change: the worlds behind everybody's back, and how the command is asked. */
export interface Stage {
  readonly worlds: Readonly<Record<string, unknown>>;
  /** The vendor's project. */
  readonly project: StoredProject;
  readonly now: Date;
  /** Instead of the key's own reference. */
  ref?: string;
  readonly env: Record<string, string>;
  readonly knobs: { -readonly [K in keyof Knobs]?: Knobs[K] };
}

/** One thing that is wrong with a key that is otherwise healthy, granted and registered. */
export interface Break {
  /** A few words that stand in the page. */
  readonly what: string;
  /** The parts that it changes: two breaks of one part cannot be had together. */
  readonly parts: readonly string[];
  readonly code: FindingCode;
  /** Of a code that has no level of its own. */
  readonly level?: Level;
  readonly exit: 0 | 10 | 11 | 12;
  /** What the finding must name. */
  readonly names: string | RegExp;
  /** The parts by which it is seen; unless said: those that it changes. */
  readonly shows?: readonly string[];
  /** Another key is looked at, of which nothing is remembered. */
  readonly elsewhere?: true;
  /** The parts that nobody can see any more because of it: a pair of it with one of those gives its own code. */
  readonly hides?: readonly string[];
  /** Takes seconds that really pass: tried alone, and not with each of the others. */
  readonly slow?: true;
  readonly apply: (stage: Stage) => void;
}

/** What the whole command said. */
export interface Outcome {
  /** Of the message or, where the key is VALID, the most important of what else was found; null: nothing was. */
  readonly code: string | null;
  readonly level: string | null;
  readonly exit: number;
  readonly phase: string;
  readonly stale: boolean;
  readonly message: string;
  /** Of the finding that has the code. */
  readonly subject: string;
  readonly detail: string;
}

export interface Matrix extends AsyncDisposable {
  /** The whole command, with what is remembered of the healthy key, where these things are wrong and nothing else is. */
  run(broken: readonly Break[]): Promise<Outcome>;
  /** The same by somebody who remembers nothing and looks once, which is quicker. */
  glance(broken: readonly Break[]): Promise<Outcome>;
}

/** What a key has that is as it should be: nobody asked the vendor, so it gave no answer. */
const USUAL: ReadonlySet<string> = new Set(["vendor.no-answer"]);

/** One world for all: it and what keygrant remembers of it are put back before each run. */
export async function openMatrix({ key, prepare }: Pick<CloudMatrix, "key" | "prepare">): Promise<Matrix> {
  const world = await openWorld();
  if (prepare !== undefined) world.sandbox.alter(prepare);
  const onboarded = await world.json(["onboard", key, "--yes"]);
  const first = await world.json(["validate"]);
  if (onboarded.exitCode !== 0 || first.exitCode !== 0) throw new Error(`${onboarded.stdout}${first.stdout}`);
  const healthy = world.sandbox.world();
  const state = await mkdtemp(join(tmpdir(), "keygrant-verdicts-"));
  async function ask(broken: readonly Break[], memory: string, more: readonly string[]): Promise<Outcome> {
    const stage = set(world, healthy, broken);
    const args = ["validate", stage.ref ?? key, ...more];
    const { exitCode, json } = await world.json(args, { env: { ...stage.env, KEYGRANT_STATE_DIR: memory } });
    return outcome(exitCode, json.keys[0]);
  }
  async function run(broken: readonly Break[]): Promise<Outcome> {
    const memory = await mkdtemp(join(state, "run-"));
    await cp(world.stateDir, memory, { recursive: true });
    return ask(broken, memory, []);
  }
  const glance = (broken: readonly Break[]) => ask(broken, world.stateDir, ["--no-state", "--confirm", "1"]);
  return {
    run,
    glance,
    async [Symbol.asyncDispose]() {
      await world.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}

function set(world: World, healthy: Readonly<Record<string, unknown>>, broken: readonly Break[]): Stage {
  const worlds = structuredClone(healthy);
  const project = (worlds["aiven"] as AivenWorld).projects.find((one) => one.name === "demo");
  if (project === undefined) throw new Error("there is no project demo");
  const stage: Stage = { worlds, project, now: world.clock.now(), env: {}, knobs: { faults: [] } };
  // A key that is not there comes first in each list, and is taken away last.
  for (const one of broken.toReversed()) one.apply(stage);
  world.sandbox.alter((present) => Object.assign(present, worlds));
  world.sandbox.turn(stage.knobs);
  return stage;
}

function outcome(exit: number, report: KeyReport): Outcome {
  const { phase, stale, message, findings } = report;
  const about = findings.find((one) => one.detail === message) ?? first(findings);
  const { code = null, level = null, subject = "", detail = "" } = about ?? {};
  return { code, level, exit, phase, stale, message, subject, detail };
}

/** A round trip that was not made because something else stands in the way is no cause of its own. */
function first(findings: readonly Finding[]): Finding | undefined {
  const found = findings.filter(({ code }) => !USUAL.has(code));
  return found.find(({ code, outcome }) => outcome !== "warn" && code !== "roundtrip.skipped") ?? found[0];
}

export interface Expected {
  readonly code: string;
  readonly level: Level;
  readonly exit: number;
  readonly phase: string;
  readonly stale: boolean;
}

type Verdict = Pick<Break, "code" | "level" | "exit"> & { readonly elsewhere?: boolean };

/** What the contract says of one break: the phase stays what it was, VALID, unless the failure has authority. */
export function expected({ code, level, exit, elsewhere = false }: Verdict): Expected {
  const of = codeEntry(code).level ?? level;
  if (of === undefined) throw new Error(`${code} has no level of its own: say which`);
  return {
    code,
    level: of,
    exit,
    phase: exit === 10 ? "INVALID" : elsewhere && exit > 0 ? "INITIALIZING" : "VALID",
    stale: exit > 10,
  };
}

/** Of breaks with the same code and the same parts the first stands for all. */
export function kindOf(one: Break, breaks: readonly Break[]): Break {
  return breaks.find(({ code, parts }) => code === one.code && String(parts) === String(one.parts)) ?? one;
}

/** The pairs that can be had: of different parts. */
export function pairsOf(breaks: readonly Break[]): readonly (readonly [Break, Break])[] {
  return breaks.flatMap((a, index) =>
    breaks.slice(index + 1).flatMap((b) => (a.parts.some((part) => b.parts.includes(part)) ? [] : [[a, b] as const])),
  );
}

const EXITS = [10, 12, 11, 0] as const;

/** The one of two that the table of codes puts first, and what the two come to; one that hides the other decides alone. */
export function expectedOfPair(a: Break, b: Break, agreed?: FindingCode): Expected {
  if (isHidden(b, a)) return expected(a);
  if (isHidden(a, b)) return expected(b);
  const [first] = [a, b].sort((one, other) => rank(one) - rank(other));
  const exit = EXITS.find((code) => code === a.exit || code === b.exit) ?? 0;
  return expected({ ...(first ?? a), exit, ...(agreed && { code: agreed }) });
}

/** What fails, what keeps the key from being VALID, what is not known and does not, what deserves a look. */
function rank(one: Break): number {
  const { outcome } = codeEntry(one.code);
  const kind = outcome === "fail" ? 0 : outcome === "warn" ? 3 : one.exit > 0 ? 1 : 2;
  const order = CODES.findIndex((entry) => entry.code === one.code);
  return (kind * CODES.length + order) * LEVELS.length + LEVELS.indexOf(expected(one).level);
}

function isHidden({ parts, shows = parts }: Break, { hides = [] }: Break): boolean {
  return shows.every((part) => hides.includes(part));
}

export interface CloudMatrix {
  readonly cloud: CloudId;
  readonly title: string;
  readonly key: string;
  /** Takes away what other keys of the fresh world need and this one does not. */
  readonly prepare?: (worlds: Readonly<Record<string, unknown>>) => void;
  readonly breaks: readonly Break[];
  /** Pairs that come to something else than the first of the two, and why that is right. */
  readonly together?: readonly Together[];
}

export interface Together {
  /** By what is wrong, or by the first of its kind; of several the first counts. */
  readonly of: readonly [string, string];
  readonly code: FindingCode;
  readonly why: string;
}
