import { expect } from "vitest";
import { FAULT_KINDS, type FaultKind } from "../../src/sandbox/index.ts";
import { type CliResult, openWorld, type World } from "../cli/harness.ts";
import type { Subject } from "./subjects.ts";

/** One fault at one call of one command, and then the same command again with nothing wrong. */
export interface Trial {
  readonly subject: Subject;
  readonly call: string;
  readonly kind: FaultKind;
  readonly often: "once" | "ever";
}

/** How a run ended: its exit code, and the codes of what could not be looked at. */
export type Outcome = string;

/** The answer never comes to its end: only `--timeout` ends the call. */
const SLOW: readonly FaultKind[] = ["hang", "drip"];
const TIMEOUT = ["--timeout", "1500ms"];
/** Well, waiting, could not look. Never wrong usage, never a refusal, never a bug; INVALID is looked at apart. */
const EXIT_CODES = [0, 10, 11, 12];

/** The calls that a command makes when all is well, each once, in the order of their first time. */
export async function callsOf(subject: Subject): Promise<readonly string[]> {
  await using world = await openWorld();
  await prepare(world, subject);
  const { length } = world.sandbox.requests;
  expect((await world.json(subject.args)).exitCode).toBe(0);
  const outside = world.sandbox.requests.slice(length).filter(({ inside }) => !inside);
  return [...new Set(outside.map(({ operation }) => operation.replace(/^\S+ \//, "")))].sort();
}

export function trials(
  subject: Subject,
  calls: readonly string[],
  often: Trial["often"],
  kinds: readonly FaultKind[] = FAULT_KINDS,
): readonly Trial[] {
  return calls.flatMap((call) => kinds.map((kind) => ({ subject, call, kind, often })));
}

export async function attempt({ subject, call, kind, often }: Trial): Promise<Outcome> {
  await using world = await openWorld({ knobs: { duplicates: "create" }, stalls: SLOW.includes(kind) });
  await prepare(world, subject);
  world.sandbox.turn({ faults: [`${kind}=1${often === "once" ? "x1" : ""}@${call}`] });
  const result = await world.json([...subject.args, ...(SLOW.includes(kind) ? TIMEOUT : [])]);
  const outcome = judged(result, subject.granted(world));
  world.sandbox.turn({ faults: [] });
  const again = await world.json(subject.args);
  expect(again.exitCode, again.stdout).toBe(0);
  subject.done(world);
  return outcome;
}

async function prepare(world: World, { before }: Subject): Promise<void> {
  for (const args of before) expect((await world.json(args)).exitCode).toBe(0);
}

interface Finding {
  readonly code: string;
  readonly outcome: string;
  readonly fix: string;
}

/** Holds the run to what is promised of every run, and says how it ended. */
function judged({ exitCode, json, stdout }: CliResult, isGranted: boolean): Outcome {
  expect(EXIT_CODES, stdout).toContain(exitCode);
  if (json.error !== undefined) {
    expect(exitCode, stdout).toBe(12);
    expect(json.error.message).toMatch(/\S/);
    expect(json.error.fix).toMatch(/\S/);
    return `${exitCode} ${json.error.code}`;
  }
  const keys = json.keys ?? [json.key];
  const findings: readonly Finding[] = keys.flatMap((key: { findings: readonly Finding[] }) => key.findings);
  // No fault is a verdict on the key: what fails can only be a grant that is not there, read with authority.
  const failed = findings.filter(({ outcome }) => outcome === "fail").map(({ code }) => code);
  expect(failed.filter((code) => code !== "grant.missing")).toEqual([]);
  const open = findings.filter(({ outcome }) => outcome === "unknown");
  for (const key of keys) {
    if (key.phase === "INVALID") expect(isGranted, "INVALID, and the grant stands").toBe(false);
    if (key.phase === "VALID" && !key.stale) {
      expect(key.evidence.key).toBe("pass");
      expect([key.evidence.grant, key.evidence.vendor]).toContain("pass");
    }
  }
  const stepFailed = (json.steps ?? []).some((step: { outcome: string }) => step.outcome === "failed");
  if (exitCode !== 0) expect(open.length + failed.length > 0 || stepFailed, stdout).toBe(true);
  for (const finding of open) expect(finding.fix).toMatch(/\S/);
  const codes = [...new Set([...failed, ...open.map(({ code }) => code)])].sort();
  return [exitCode, ...codes].join(" ");
}

/** Runs them side by side: most of their time is the pauses of the clouds' SDKs. */
export async function attemptAll(all: readonly Trial[], atOnce = 8): Promise<ReadonlyMap<Trial, Outcome>> {
  const outcomes = new Map<Trial, Outcome>();
  const failures: string[] = [];
  const waiting = [...all];
  async function work(): Promise<void> {
    for (let trial = waiting.shift(); trial !== undefined; trial = waiting.shift()) {
      try {
        outcomes.set(trial, await attempt(trial));
      } catch (error) {
        const { subject, call, kind, often } = trial;
        const said = error instanceof Error ? error.message : String(error);
        failures.push(`${subject.command} on ${subject.cloud}, ${kind} at ${call}, ${often}: ${said}`);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  expect(failures).toEqual([]);
  return outcomes;
}
