import { describe, expect, it } from "vitest";
import { finding } from "../../src/core/findings.ts";
import { type AdvanceOptions, advance, type KeyMemory } from "../../src/core/history.ts";
import type { KeyReport, Phase } from "../../src/core/report.ts";

const T0 = new Date("2026-11-20T10:00:00Z");
const OPTIONS = { confirm: 2, maxStaleMs: 24 * 3_600_000 };

function at(hours: number): Date {
  return new Date(T0.getTime() + hours * 3_600_000);
}

type Seen = "VALID" | "INVALID" | "disabled" | "nothing";

/** A report as a look makes it, without memory. */
function look(seen: Seen, now: Date, more: Partial<KeyReport> = {}): KeyReport {
  const phase: Phase = seen === "VALID" ? "VALID" : seen === "nothing" ? "INITIALIZING" : "INVALID";
  const about = { subject: "a key", detail: `it is ${seen}` };
  const findings = {
    VALID: [],
    INVALID: [finding("grant.missing", about)],
    disabled: [finding("key.disabled", about)],
    nothing: [],
  }[seen];
  return {
    vendor: "aiven",
    project: "demo",
    cmkId: "1",
    default: false,
    cloud: "aws",
    key: "arn",
    region: "eu-west-1",
    phase,
    assurance: seen === "VALID" ? "policy" : null,
    message: `it is ${seen}`,
    since: null,
    stale: seen === "nothing",
    waiting: false,
    lastCheckedAt: now.toISOString(),
    lastValidAt: null,
    evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: "unknown" },
    findings,
    accepted: [],
    services: [],
    deletionAt: null,
    materialExpiresAt: null,
    muted: [],
    ...more,
  };
}

interface Step {
  readonly hour: number;
  readonly seen: Seen;
  readonly phase: Phase;
  readonly stale?: boolean;
  /** The hour that `since` names. */
  readonly since: number;
  readonly kinds: readonly string[];
}

/** Plays looks one after another and holds each against what must be so then. */
function play(steps: readonly Step[], options: Partial<AdvanceOptions> = {}): KeyMemory | null {
  let memory: KeyMemory | null = null;
  for (const step of steps) {
    const now = at(step.hour);
    const advanced = advance(memory, look(step.seen, now), null, { ...OPTIONS, now, ...options });
    expect({
      hour: step.hour,
      phase: advanced.report.phase,
      stale: advanced.report.stale,
      since: advanced.report.since,
      kinds: advanced.transitions.map((one) => one.kind),
    }).toEqual({
      hour: step.hour,
      phase: step.phase,
      stale: step.stale ?? false,
      since: at(step.since).toISOString(),
      kinds: step.kinds,
    });
    memory = advanced.memory;
  }
  return memory;
}

const VALID: Step = { hour: 0, seen: "VALID", phase: "VALID", since: 0, kinds: ["phase"] };
const INVALID: Step = { hour: 0, seen: "disabled", phase: "INVALID", since: 0, kinds: ["phase"] };
const NEW: Step = { hour: 0, seen: "nothing", phase: "INITIALIZING", stale: true, since: 0, kinds: [] };

describe("every phase and every outcome", () => {
  const rows: readonly [string, Step, Step][] = [
    ["VALID stays VALID", VALID, { hour: 1, seen: "VALID", phase: "VALID", since: 0, kinds: [] }],
    [
      "VALID, then the cloud says no",
      VALID,
      { hour: 1, seen: "disabled", phase: "INVALID", since: 1, kinds: ["phase"] },
    ],
    [
      "VALID, then a failure that wants a second look",
      VALID,
      { hour: 1, seen: "INVALID", phase: "VALID", stale: true, since: 0, kinds: [] },
    ],
    [
      "VALID, then nothing to see",
      VALID,
      { hour: 1, seen: "nothing", phase: "VALID", stale: true, since: 0, kinds: [] },
    ],
    ["INVALID, then VALID", INVALID, { hour: 1, seen: "VALID", phase: "VALID", since: 1, kinds: ["phase"] }],
    ["INVALID stays INVALID", INVALID, { hour: 1, seen: "disabled", phase: "INVALID", since: 0, kinds: [] }],
    ["INVALID for another cause", INVALID, { hour: 1, seen: "INVALID", phase: "INVALID", since: 1, kinds: ["cause"] }],
    [
      "INVALID, then nothing to see",
      INVALID,
      { hour: 1, seen: "nothing", phase: "INVALID", stale: true, since: 0, kinds: [] },
    ],
    ["INITIALIZING, then VALID", NEW, { hour: 1, seen: "VALID", phase: "VALID", since: 1, kinds: ["phase"] }],
    [
      "INITIALIZING, then the cloud says no",
      NEW,
      { hour: 1, seen: "disabled", phase: "INVALID", since: 1, kinds: ["phase"] },
    ],
    [
      "INITIALIZING, then a failure that wants a second look",
      NEW,
      { hour: 1, seen: "INVALID", phase: "INITIALIZING", stale: true, since: 0, kinds: [] },
    ],
    [
      "INITIALIZING, then nothing to see",
      NEW,
      { hour: 1, seen: "nothing", phase: "INITIALIZING", stale: true, since: 0, kinds: [] },
    ],
  ];
  it.each(rows)("%s", (_name, first, second) => {
    play([first, second]);
  });
});

describe("flap damping", () => {
  it("alarms after as many failures in a row as were asked for", () => {
    play([
      VALID,
      { hour: 1, seen: "INVALID", phase: "VALID", stale: true, since: 0, kinds: [] },
      { hour: 2, seen: "INVALID", phase: "INVALID", since: 2, kinds: ["phase"] },
    ]);
  });

  it("begins anew after a look that went well", () => {
    play([
      VALID,
      { hour: 1, seen: "INVALID", phase: "VALID", stale: true, since: 0, kinds: [] },
      { hour: 2, seen: "VALID", phase: "VALID", since: 0, kinds: [] },
      { hour: 3, seen: "INVALID", phase: "VALID", stale: true, since: 0, kinds: [] },
    ]);
  });

  it("does not forget a doubt because nobody could look in between", () => {
    play([
      VALID,
      { hour: 1, seen: "INVALID", phase: "VALID", stale: true, since: 0, kinds: [] },
      { hour: 2, seen: "nothing", phase: "VALID", stale: true, since: 0, kinds: [] },
      { hour: 3, seen: "INVALID", phase: "INVALID", since: 3, kinds: ["phase"] },
    ]);
  });

  it("is off with --confirm 1", () => {
    play([VALID, { hour: 1, seen: "INVALID", phase: "INVALID", since: 1, kinds: ["phase"] }], { confirm: 1 });
  });
});

describe("staleness", () => {
  it("is told once, and once more when somebody can look again", () => {
    play([
      VALID,
      { hour: 23, seen: "nothing", phase: "VALID", stale: true, since: 0, kinds: [] },
      { hour: 25, seen: "nothing", phase: "VALID", stale: true, since: 0, kinds: ["stale"] },
      { hour: 26, seen: "nothing", phase: "VALID", stale: true, since: 0, kinds: [] },
      { hour: 27, seen: "VALID", phase: "VALID", since: 0, kinds: ["fresh"] },
    ]);
  });
});

describe("what is reported", () => {
  it("keeps the message and the assurance of the last conclusion, with the reasons of this look", () => {
    const first = advance(null, look("VALID", at(0)), null, { ...OPTIONS, now: at(0) });
    const reason = finding("grant.not-visible", { subject: "a key", detail: "could not read" });
    const seen = look("nothing", at(1), { findings: [reason] });
    const { report } = advance(first.memory, seen, null, { ...OPTIONS, now: at(1) });
    expect(report).toMatchObject({ phase: "VALID", assurance: "policy", message: "it is VALID", stale: true });
    expect(report).toMatchObject({ findings: [reason], lastValidAt: at(0).toISOString() });
  });

  it("remembers when the key was VALID last", () => {
    const memory = play([VALID, { hour: 1, seen: "disabled", phase: "INVALID", since: 1, kinds: ["phase"] }]);
    expect(memory?.report.lastValidAt).toBe(at(0).toISOString());
  });

  it("tells of a warning when it appears and when it goes, and not in between", () => {
    const warning = finding("key.rotation-off", { subject: "a key", detail: "off" });
    const kinds: string[][] = [];
    let memory: KeyMemory | null = null;
    for (const [hour, findings] of [[], [warning], [warning], []].entries()) {
      const now = at(hour);
      const advanced = advance(memory, look("VALID", now, { findings }), null, { ...OPTIONS, now });
      kinds.push(advanced.transitions.map((one) => `${one.kind} ${one.code}`));
      memory = advanced.memory;
    }
    expect(kinds).toEqual([
      ["phase null"],
      ["warning-appeared key.rotation-off"],
      [],
      ["warning-gone key.rotation-off"],
    ]);
  });
});
