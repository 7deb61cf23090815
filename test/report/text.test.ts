import { describe, expect, it } from "vitest";
import { finding, lookFinding } from "../../src/core/findings.ts";
import type { KeyReport, OnboardReport, StepReport } from "../../src/core/report.ts";
import { keyText, onboardText, type Paint, stepLine } from "../../src/report/text.ts";

/** What people read. Whatever somebody else chose is on one line, and no terminal acts on it. */
const PLAIN: Paint = (_format, text) => text;
const LOUD: Paint = (format, text) => `<${format}>${text}</>`;
const NASTY = "safe\u001b[2K\u001b]8;;http://evil\u0007\n\u202eeliforp\u200b";
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through.
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/;

const REPORT: KeyReport = {
  vendor: "aiven",
  project: "demo",
  cmkId: "an-id",
  default: false,
  cloud: "aws",
  key: "a key",
  region: "eu-west-1",
  phase: "VALID",
  assurance: "policy",
  message: "All is well.",
  since: null,
  stale: false,
  waiting: false,
  lastCheckedAt: "2026-11-21T10:00:00Z",
  lastValidAt: null,
  evidence: { key: "pass", grant: "pass", roundtrip: "pass", vendor: "unknown" },
  findings: [],
  accepted: [],
  services: [],
  deletionAt: null,
  materialExpiresAt: null,
  muted: [],
};

describe("a key", () => {
  const rows: readonly [string, Partial<KeyReport>, string][] = [
    ["VALID by the vendor's word", { assurance: "vendor" }, "VALID (assurance: vendor)  a key  demo an-id"],
    ["VALID by its policy", {}, "VALID (assurance: policy)  a key  demo an-id"],
    ["INVALID", { phase: "INVALID", assurance: null }, "INVALID  a key  demo an-id"],
    ["never concluded", { phase: "INITIALIZING", stale: true }, "INITIALIZING, undetermined  a key  demo an-id"],
    ["VALID when last looked at", { stale: true }, "VALID, undetermined  a key  demo an-id"],
    ["not registered", { project: null, cmkId: null }, "VALID (assurance: policy)  a key  not registered"],
  ];
  it.each(rows)("%s", (_what, own, first) => {
    expect(keyText({ ...REPORT, ...own }, PLAIN).split("\n")[0]).toBe(first);
  });

  it("says every level's evidence, what was accepted, and the services", () => {
    const services = [
      { name: "my-pg", status: "active" },
      { name: "my-kafka", status: "activating" },
    ];
    const text = keyText({ ...REPORT, services, accepted: ["grant.conditional"] }, PLAIN);
    expect(text).toContain("  evidence    key pass  grant pass  roundtrip pass  vendor unknown");
    expect(text).toContain("  accepted    grant.conditional");
    expect(text).toContain("  services    my-pg (active), my-kafka (activating)");
    expect(keyText({ ...REPORT, services: null }, PLAIN)).toContain("  services    could not be read");
  });

  it("says of a finding its code, its detail and the fix; what the message has said is not said twice", () => {
    const about = { subject: "a key", detail: "It is disabled.", fix: "Enable it." };
    const findings = [
      finding("key.disabled", about),
      lookFinding("vendor", "a key", { code: "look.timeout", detail: "No answer." }),
    ];
    const text = keyText({ ...REPORT, phase: "INVALID", message: "It is disabled.", findings }, PLAIN);
    expect(text.match(/It is disabled\./g)).toHaveLength(1);
    expect(text).toContain("  fail    key.disabled\n          next: Enable it.");
    expect(text).toContain("  unknown look.timeout (vendor)\n          No answer.\n          next: ");
  });

  it("is painted by what it says", () => {
    expect(keyText(REPORT, LOUD)).toContain("<green>VALID (assurance: policy)</>");
    expect(keyText({ ...REPORT, phase: "INVALID" }, LOUD)).toContain("<red>INVALID</>");
    expect(keyText({ ...REPORT, stale: true }, LOUD)).toContain("<yellow>VALID, undetermined</>");
    expect(keyText(REPORT, LOUD)).toContain("vendor <yellow>unknown</>");
  });

  it("holds nothing that a terminal would act on", () => {
    const about = { subject: NASTY, detail: NASTY, fix: NASTY };
    const text = keyText(
      {
        ...REPORT,
        ...{ key: NASTY, project: NASTY, cmkId: NASTY, message: "well" },
        findings: [finding("key.disabled", about)],
        services: [{ name: NASTY, status: NASTY }],
      },
      PLAIN,
    );
    expect(text).not.toMatch(HARMFUL);
    expect(text.split("\n")).toHaveLength(7);
  });
});

describe("a step", () => {
  it.each([
    ["done", "3/7 plan      done      as planned"],
    ["unchanged", "3/7 plan      unchanged as planned"],
    ["skipped", "3/7 plan      skipped   as planned"],
    ["failed", "3/7 plan      failed    as planned"],
    ["waiting", "3/7 plan      waiting   as planned"],
  ] as const)("%s is one line", (outcome, line) => {
    const step: StepReport = { step: "plan", outcome, detail: "as planned", ms: 7 };
    expect(stepLine(step, PLAIN)).toBe(line);
    expect(stepLine({ ...step, detail: NASTY }, PLAIN)).not.toMatch(HARMFUL);
    expect(stepLine({ ...step, detail: NASTY }, PLAIN)).not.toContain("\n");
  });
});

describe("the end of onboard", () => {
  const report: OnboardReport = {
    schemaVersion: 1,
    steps: [],
    change: { before: "", after: "", backup: "/a/backup.json", caller: null, requestIds: [] },
    key: REPORT,
    registration: { cmkId: "an-id", created: true, default: false },
  };

  it.each([
    [{ cmkId: "an-id", created: true, default: false }, "Registered as CMK an-id (new)"],
    [
      { cmkId: "an-id", created: false, default: true },
      "Registered as CMK an-id (was there before, default for new services)",
    ],
  ])("%j", (registration, says) => {
    const text = onboardText({ ...report, registration }, PLAIN);
    expect(text).toContain(says);
    expect(text).toContain("The policy as it was before is in /a/backup.json");
  });

  it("without a registration and without a write says neither", () => {
    const text = onboardText({ ...report, registration: null, change: null }, PLAIN);
    expect(text).not.toMatch(/Registered|as it was before/);
  });
});
