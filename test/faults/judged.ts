import { expect } from "vitest";
import type { CliResult } from "../cli/harness.ts";
import type { Fault } from "./kinds.ts";
import type { Subject } from "./subjects.ts";

/** What went wrong: a fault at a call, or with the machine and not at one call. */
export type Wrong = Pick<Fault, "kind"> | { readonly kind: "clock" | "machine" };

/** How a run ended: its exit code, and the codes of what went wrong or could not be looked at. */
export type Outcome = string;

/** Well, waiting, could not look. Never wrong usage, never a refusal, never a bug; INVALID is looked at apart. */
const EXIT_CODES = [0, 10, 11, 12];

interface Finding {
  readonly code: string;
  readonly outcome: string;
  readonly fix: string;
}

interface Key {
  readonly phase: string;
  readonly stale: boolean;
  readonly evidence: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

/** Holds the run to what is promised of every run, and says how it ended. */
export function judged({ command }: Subject, { kind }: Wrong, result: CliResult, isGranted: boolean): Outcome {
  const { exitCode, json, stdout } = result;
  const isDoctor = command === "doctor";
  // What `doctor` is asked for is whether the credentials are taken and the clock is right, and here they are not.
  const wrong = isDoctor ? WRONG[kind] : undefined;
  expect(wrong === undefined ? EXIT_CODES : [...EXIT_CODES, 2], stdout).toContain(exitCode);
  if (json.error !== undefined) return ofError(result);
  if (isDoctor) return ofDoctor(result, wrong ?? []);
  if (json.keys !== undefined || json.steps !== undefined || json.onboard !== undefined) {
    return ofKeys(result, isGranted);
  }
  if (json.proof !== undefined) return ofRevoke(result, isGranted);
  if (json.letIn !== undefined) return ofUndo(result, isGranted);
  return ofVendor(result);
}

function ofError({ exitCode, json, stdout }: CliResult): Outcome {
  expect(exitCode, stdout).toBe(12);
  expect(json.error.code).toMatch(/^look\./);
  expect(json.error.message).toMatch(/\S/);
  expect(json.error.fix).toMatch(/\S/);
  return said(exitCode, [json.error.code]);
}

/** `onboard`, `apply`, `validate` and `rotate`. */
function ofKeys({ exitCode, json, stdout }: CliResult, isGranted: boolean): Outcome {
  const keys: readonly Key[] = json.keys ?? [json.key ?? json.onboard.key];
  const findings = keys.flatMap((key) => key.findings);
  // No fault is a verdict on the key: what fails can only be a grant that is not there, read with authority.
  const failed = findings.filter(({ outcome }) => outcome === "fail").map(({ code }) => code);
  expect(failed.filter((code) => code !== "grant.missing")).toEqual([]);
  const open = findings.filter(({ outcome }) => outcome === "unknown");
  for (const key of keys) {
    if (key.phase === "INVALID") expect(isGranted, "INVALID, and the grant stands").toBe(false);
    if (key.phase === "VALID" && !key.stale) {
      expect(key.evidence["key"]).toBe("pass");
      expect([key.evidence["grant"], key.evidence["vendor"]]).toContain("pass");
    }
  }
  const steps: readonly { readonly outcome: string }[] = json.steps ?? json.onboard?.steps ?? [];
  const isStopped = json.outcome === "stopped" || steps.some(({ outcome }) => outcome === "failed");
  if (isStopped) expect(exitCode, stdout).not.toBe(0);
  if (json.outcome === "stopped") expect(json.message).toMatch(/\S/);
  // What `rotate` could not do at the vendor, once the new key was ready.
  const unknown: readonly Finding[] = json.outcome === "stopped" ? [...open, ...json.findings] : open;
  if (exitCode !== 0) expect(unknown.length + failed.length, stdout).toBeGreaterThan(0);
  for (const finding of unknown) expect(finding.fix).toMatch(/\S/);
  return said(exitCode, [...failed, ...unknown.map(({ code }) => code)]);
}

function ofRevoke({ exitCode, json, stdout }: CliResult, isGranted: boolean): Outcome {
  expect(["shut-out", "unknown"], stdout).toContain(json.proof);
  expect(exitCode, stdout).toBe(json.proof === "shut-out" ? 0 : 12);
  if (exitCode !== 0) expect(json.next, stdout).toMatch(/\S/);
  if (json.proof === "shut-out") expect(isGranted, "shut out, and the grant stands").toBe(false);
  return said(exitCode, json.proof === "shut-out" ? [] : ["proof: unknown"]);
}

function ofUndo({ exitCode, json, stdout }: CliResult, isGranted: boolean): Outcome {
  expect(["yes", "unknown"], stdout).toContain(json.letIn);
  expect(exitCode, stdout).toBe(json.letIn === "yes" ? 0 : 12);
  if (exitCode !== 0) expect(json.next, stdout).toMatch(/\S/);
  if (json.letIn === "yes") expect(isGranted, "let in, and no grant stands").toBe(true);
  return said(exitCode, json.letIn === "yes" ? [] : ["letIn: unknown"]);
}

interface Check {
  readonly check: string;
  readonly outcome: string;
  readonly detail: string;
  readonly fix: string | null;
}

/** What `doctor` may find wrong. A fault takes no permission away: what is missing is known from an answer alone. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  expired: ["credentials"],
  rotated: ["credentials"],
  clock: ["clock", "credentials"],
};

function ofDoctor({ exitCode, json, stdout }: CliResult, wrong: readonly string[]): Outcome {
  const checks: readonly Check[] = json.checks;
  const failed = checks.filter(({ outcome }) => outcome === "fail");
  expect(failed.filter(({ check }) => !wrong.includes(check))).toEqual([]);
  expect(exitCode, stdout).toBe(failed.length > 0 ? 2 : json.summary.unknown > 0 ? 12 : 0);
  const open = checks.filter(({ outcome }) => outcome === "unknown");
  for (const { detail, fix } of [...failed, ...open]) {
    expect(detail).toMatch(/\S/);
    expect(fix, detail).toMatch(/\S/);
  }
  return said(exitCode, [
    ...failed.map(({ check }) => `${check}: fail`),
    ...open.map(({ check }) => `${check}: unknown`),
  ]);
}

interface Cmk {
  readonly services: unknown;
  readonly unread: { readonly code: string; readonly fix: string } | null;
}

/** What the vendor alone was asked: services that could not be read are null, and that is not all well. */
function ofVendor({ exitCode, json, stdout }: CliResult): Outcome {
  const cmks: readonly Cmk[] = [json.cmk ?? json.cmks ?? []].flat();
  const unread = cmks.flatMap((cmk) => (cmk.services === null ? [cmk.unread] : []));
  expect(exitCode, stdout).toBe(unread.length > 0 ? 12 : 0);
  for (const why of unread) expect(why?.fix, stdout).toMatch(/\S/);
  return said(
    exitCode,
    unread.map((why) => why?.code ?? "no code"),
  );
}

function said(exitCode: number, codes: readonly string[]): Outcome {
  return [exitCode, ...[...new Set(codes)].sort().map((code) => `\`${code}\``)].join(" ");
}
