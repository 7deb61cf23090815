import { describe, expect, it } from "vitest";
import { CLOUD_IDS } from "../../src/clouds/index.ts";
import { codeEntry, isCode } from "../../src/core/findings.ts";
import type { KeyReport, OnboardReport, Phase } from "../../src/core/report.ts";
import { sandboxKeys } from "../../src/sandbox/index.ts";
import { openWorld } from "./harness.ts";
import { written } from "./peek.ts";

/**
 * Every way to break a key or its grant, one at a time, for each cloud, through the whole command: each has its own
 * code and exit code, and `onboard` mends what can be mended and leaves alone what cannot.
 */
const KEYS = sandboxKeys().filter((key) => CLOUD_IDS.includes(key.cloud));
type Key = (typeof KEYS)[number];

const VERDICTS: Readonly<Record<Key["exit"], { phase: Phase; says: string }>> = {
  0: { phase: "VALID", says: "VALID (assurance: policy)" },
  10: { phase: "INVALID", says: "INVALID" },
  11: { phase: "INITIALIZING", says: "INITIALIZING, undetermined" },
  12: { phase: "INITIALIZING", says: "INITIALIZING, undetermined" },
};

it("the sandbox has every key once, and one without fault for each cloud", () => {
  expect(new Set(KEYS.map((key) => key.id)).size).toBe(KEYS.length);
  for (const cloud of CLOUD_IDS) {
    expect(KEYS.some((key) => key.cloud === cloud && key.exit === 0 && key.code === null)).toBe(true);
  }
});

// A throttled key is asked again after seconds that really pass: the others do not wait for it.
describe.concurrent("validate", () => {
  it.each(KEYS)("$cloud $name: $code, exit code $exit", async (key) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json(["validate", key.id]);
    expect(exitCode).toBe(key.exit);
    expect(json.keys).toHaveLength(1);
    expectVerdict(key, json.keys[0]);
    expect(written(world)).toEqual(before);
  });

  it.each(CLOUD_IDS)("every key of %s at once, for a person to read", async (cloud) => {
    await using world = await openWorld();
    const keys = KEYS.filter((key) => key.cloud === cloud && key.code !== "look.throttled");
    const { exitCode, stdout, stderr } = await world.run(["validate", ...keys.map((key) => key.id)]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 10, stderr: "" });
    for (const { id, code, exit } of keys) {
      const [block = ""] = stdout.split("\n\n").filter((one) => one.includes(`  ${id}  `));
      expect(block.startsWith(VERDICTS[exit].says), block).toBe(true);
      expect(block).toContain(code ?? "vendor.not-registered");
    }
    const count = (exit: number) => keys.filter((key) => key.exit === exit).length;
    expect(stdout).toContain(`${count(0)} VALID, ${count(10)} INVALID, ${count(11) + count(12)} undetermined`);
  });
});

function expectVerdict(key: Key, report: KeyReport): void {
  const { phase, stale, waiting, assurance, message, evidence, findings } = report;
  expect({ phase, stale, waiting, assurance }).toEqual({
    phase: VERDICTS[key.exit].phase,
    stale: key.exit > 10,
    waiting: key.exit === 11,
    assurance: key.exit === 0 ? "policy" : null,
  });
  if (phase === "INVALID") expect(findings.some((one) => one.outcome === "fail")).toBe(true);
  for (const [level, value] of Object.entries(evidence)) {
    if (value === "unknown")
      expect(findings.some((one) => one.level === level && one.outcome === "unknown")).toBe(true);
    if (value === "fail") expect(findings.some((one) => one.level === level && one.outcome === "fail")).toBe(true);
  }
  expect(message).not.toMatch(/validation failed/i);
  if (key.code === null) return;
  if (!isCode(key.code)) throw new Error(`${key.code} is no code`);
  const entry = codeEntry(key.code);
  const about = findings.find((one) => one.code === key.code);
  expect(about).toMatchObject({ outcome: entry.outcome, subject: expect.stringMatching(/\S/) });
  if (entry.level !== null) expect(about?.level).toBe(entry.level);
  // The message is the cause that a person must act on first, and never a mere "validation failed".
  if (key.exit !== 0) expect(message).toBe(about?.detail);
}

/** What only writing or only the vendor's own attempt can show. */
const SURPRISES: Readonly<Record<string, { exit: number; step?: string }>> = {
  "aws orphaned": { exit: 3 },
  "gcp not-visible": { exit: 3 },
  "gcp denied-above": { exit: 10, step: "register" },
  // Aiven says no more than that something failed: nobody knows what that means.
  "oci region-not-offered": { exit: 12, step: "register" },
  "oci unparsable": { exit: 12, step: "validate" },
  "oci unreadable": { exit: 12, step: "validate" },
};

/** What `onboard --yes` makes of a key, by what is wrong with it: the exit code, and the step that could not be done. */
function onboarded({ cloud, name, code, exit }: Key): { exit: number; step?: string } {
  const surprise = SURPRISES[`${cloud} ${name}`];
  if (surprise !== undefined) return surprise;
  if (exit === 0 || (code?.startsWith("grant.") && code !== "grant.denied")) return { exit: 0 };
  return { exit, step: code === "grant.denied" || name === "unreadable" ? "plan" : "inspect" };
}

describe.concurrent("onboard", () => {
  it.each(KEYS.map((key) => ({ ...key, ...onboarded(key) })))("$cloud $name: exit code $exit", async (key) => {
    await using world = await openWorld();
    const before = written(world);
    const { exitCode, json } = await world.json(["onboard", key.id, "--yes"]);
    expect(exitCode).toBe(key.exit);
    if (key.exit !== 0) expect(written(world)).toEqual(before);
    if (key.exit === 3) return;
    if (key.step !== undefined) return expectStopped(json, key.step);
    expect(json).toMatchObject({ key: { phase: "VALID", assurance: "vendor" }, registration: { created: true } });
    const after = written(world);
    const again = await world.json(["onboard", key.id, "--yes"]);
    expect(again).toMatchObject({ exitCode: 0, json: { change: null, registration: { created: false } } });
    expect(written(world)).toEqual(after);
    expect((await world.json(["validate"])).json.summary).toMatchObject({ VALID: 1, INVALID: 0, undetermined: 0 });
  });
});

/** The step that could not be done says why; the steps before it are done, those after it are skipped. */
function expectStopped(report: OnboardReport, step: string): void {
  const at = report.steps.findIndex((one) => one.step === step);
  const { key } = report;
  expect(report.steps[at]?.outcome).toBe(key.waiting ? "waiting" : "failed");
  // A key can be VALID and yet nobody know whether it is registered.
  if (key.phase !== "VALID") expect(key.message).toContain(report.steps[at]?.detail.replace(/\.$/, ""));
  for (const [index, one] of report.steps.entries()) {
    if (index < at) expect(one.outcome).toMatch(/^(done|unchanged)$/);
    if (index > at) expect(one.outcome).toBe("skipped");
  }
  expect(report).toMatchObject({ change: null, registration: null });
}
