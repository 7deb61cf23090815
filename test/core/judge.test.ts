import { describe, expect, it } from "vitest";
import type { Evidence, LevelEvidence } from "../../src/core/evidence.ts";
import { type Finding, type FindingCode, finding, type Level, lookFinding } from "../../src/core/findings.ts";
import { conclude, type JudgeOptions } from "../../src/core/judge.ts";

const OPTIONS: JudgeOptions = {
  probeMode: "auto",
  accept: new Set(),
  requireVendor: false,
  now: new Date("2026-11-20T10:00:00Z"),
  warnBeforeMs: 0,
  withinWindow: false,
};

const TYPICAL: Readonly<Record<Level, Readonly<Record<Exclude<Evidence, "pass">, Finding>>>> = {
  key: { fail: find("key.disabled"), unknown: look("key") },
  grant: { fail: find("grant.missing"), unknown: look("grant") },
  roundtrip: { fail: find("roundtrip.failed"), unknown: look("roundtrip") },
  vendor: { fail: find("vendor.refused"), unknown: find("vendor.no-answer") },
};

function find(code: Parameters<typeof finding>[0]): Finding {
  return finding(code, { subject: "a key", detail: `detail of ${code}` });
}

function look(level: Level): Finding {
  return lookFinding(level, "a key", { code: "look.unreachable", detail: `cannot reach ${level}` });
}

function level(name: Level, evidence: Evidence, own?: Finding): LevelEvidence {
  if (evidence === "pass") return { evidence, findings: [] };
  return { evidence, findings: [own ?? TYPICAL[name][evidence]] };
}

const EVIDENCE: readonly Evidence[] = ["pass", "fail", "unknown"];
const EVERY = EVIDENCE.flatMap((key) =>
  EVIDENCE.flatMap((grant) =>
    EVIDENCE.flatMap((roundtrip) => EVIDENCE.map((vendor) => ({ key, grant, roundtrip, vendor }))),
  ),
);

function judged(
  of: (typeof EVERY)[number],
  options: Partial<JudgeOptions> = {},
  own: Partial<Record<Level, Finding>> = {},
) {
  return conclude(
    {
      key: level("key", of.key, own.key),
      grant: level("grant", of.grant, own.grant),
      roundtrip: level("roundtrip", of.roundtrip, own.roundtrip),
      vendor: level("vendor", of.vendor, own.vendor),
    },
    { ...OPTIONS, ...options },
  );
}

describe("every combination of evidence", () => {
  it.each(EVERY)("key $key, grant $grant, roundtrip $roundtrip, vendor $vendor", (of) => {
    const { verdict, assurance, findings } = judged(of);
    const isConflict = of.grant === "fail" && of.vendor === "pass";
    const others = [of.key, of.roundtrip, of.vendor];
    const hasFail = others.includes("fail") || (of.grant === "fail" && !isConflict);
    const good =
      of.key === "pass" &&
      of.roundtrip === "pass" &&
      (of.grant === "pass" || (of.grant === "unknown" && of.vendor === "pass"));
    expect(verdict).toBe(hasFail ? "INVALID" : good ? "VALID" : "undetermined");
    expect(assurance).toBe(verdict === "VALID" ? (of.vendor === "pass" ? "vendor" : "policy") : null);
    expect(findings.some((one) => one.code === "evidence.conflict")).toBe(isConflict);
  });

  it("never says VALID without a passed key, nor INVALID without a finding that fails", () => {
    for (const of of EVERY) {
      for (const probeMode of ["required", "auto", "off"] as const) {
        const { verdict, evidence, findings } = judged(of, { probeMode });
        if (verdict === "VALID") expect(evidence.key).toBe("pass");
        expect(verdict === "INVALID").toBe(findings.some((one) => one.outcome === "fail"));
      }
    }
  });
});

const PASS = { key: "pass", grant: "pass", roundtrip: "pass", vendor: "unknown" } as const;

describe("what stands against VALID", () => {
  const rows: readonly [string, Partial<JudgeOptions>, Partial<Record<Level, Finding>>, string][] = [
    ["a round trip switched off", { probeMode: "off" }, { roundtrip: find("roundtrip.skipped") }, "VALID"],
    ["a caller who may not use the key", {}, { roundtrip: find("roundtrip.not-permitted") }, "VALID"],
    [
      "the same where it is required",
      { probeMode: "required" },
      { roundtrip: find("roundtrip.not-permitted") },
      "undetermined",
    ],
    [
      "the same, accepted",
      { probeMode: "required", accept: accept("roundtrip.not-permitted") },
      { roundtrip: find("roundtrip.not-permitted") },
      "VALID",
    ],
    ["a throttled round trip", {}, { roundtrip: look("roundtrip") }, "undetermined"],
    ["a throttled round trip, switched off", { probeMode: "off" }, { roundtrip: look("roundtrip") }, "undetermined"],
    ["a conditional grant", {}, { grant: find("grant.conditional") }, "undetermined"],
    [
      "a conditional grant, accepted",
      { accept: accept("grant.conditional") },
      { grant: find("grant.conditional") },
      "VALID",
    ],
    ["another code accepted", { accept: accept("look.denied") }, { grant: find("grant.conditional") }, "undetermined"],
    ["a vendor who waits", {}, { vendor: find("vendor.pending") }, "undetermined"],
    ["a vendor who was not asked", {}, { vendor: find("vendor.no-answer") }, "VALID"],
    [
      "the same where the vendor's word is required",
      { requireVendor: true },
      { vendor: find("vendor.no-answer") },
      "undetermined",
    ],
    ["a changed accessor", {}, { grant: find("vendor.accessor-changed") }, "undetermined"],
  ];
  it.each(rows)("%s", (_name, options, own, verdict) => {
    const of = {
      ...PASS,
      ...(own.grant && { grant: "unknown" as const }),
      ...(own.roundtrip && { roundtrip: "unknown" as const }),
    };
    expect(judged(of, options, own).verdict).toBe(verdict);
  });

  it("a vendor's yes stands in for a grant that could not be seen, never for a stranger", () => {
    const of = { ...PASS, grant: "unknown", vendor: "pass" } as const;
    expect(judged(of, {}, { grant: find("grant.not-visible") })).toMatchObject({
      verdict: "VALID",
      assurance: "vendor",
    });
    expect(judged(of, {}, { grant: find("vendor.accessor-changed") }).verdict).toBe("undetermined");
  });

  it("records what was accepted, and only when it was needed", () => {
    const options = { accept: accept("grant.conditional", "look.denied") };
    const of = { ...PASS, grant: "unknown" } as const;
    expect(judged(of, options, { grant: find("grant.conditional") }).accepted).toEqual(["grant.conditional"]);
    expect(judged(PASS, options).accepted).toEqual([]);
  });
});

describe("waiting", () => {
  it.each(["key.not-ready", "grant.propagating", "vendor.pending"] as const)("%s goes away by waiting", (code) => {
    const name = find(code).level;
    expect(judged({ ...PASS, [name]: "unknown" }, {}, { [name]: find(code) }).waiting).toBe(true);
  });

  it("a round trip that was not made because of it does not keep anybody from waiting", () => {
    const own = { key: find("key.not-ready"), roundtrip: find("roundtrip.skipped") };
    const of = { ...PASS, key: "unknown", roundtrip: "unknown" } as const;
    expect(judged(of, { probeMode: "required" }, own)).toMatchObject({
      waiting: true,
      message: "detail of key.not-ready",
    });
  });

  it("one reason that does not go away is enough", () => {
    const own = { key: look("key"), grant: find("grant.propagating") };
    expect(judged({ ...PASS, key: "unknown", grant: "unknown" }, {}, own).waiting).toBe(false);
  });
});

describe("the message", () => {
  it("names the cause that the table puts first", () => {
    const of = { key: "fail", grant: "fail", roundtrip: "fail", vendor: "unknown" } as const;
    const grant = find("grant.denied");
    expect(judged(of, {}, { key: find("key.pending-deletion"), grant }).message).toBe("detail of key.pending-deletion");
    expect(judged({ ...of, key: "pass" }, {}, { grant }).message).toBe("detail of grant.denied");
  });
});

function accept(...codes: FindingCode[]): ReadonlySet<FindingCode> {
  return new Set(codes);
}
