import { describe, expect, it } from "vitest";
import {
  type AccessView,
  judgeGrant,
  judgeKey,
  judgeProbe,
  judgeVendor,
  type VendorView,
} from "../../src/core/evidence.ts";
import { codeEntry, type Finding } from "../../src/core/findings.ts";
import { kindOf } from "../../src/core/key-kind.ts";
import type { Access, ActionAccess, KeyDescription, KeyFacts, Probe, Remark } from "../../src/core/model.ts";
import { seen, unseen } from "../../src/core/model.ts";
import { factsOf, KEY, POLICY, USABLE, why } from "./fakes.ts";

const NOW = new Date("2026-11-21T10:00:00Z");
const DAY = 86_400_000;
const OPTIONS = { now: NOW, warnBeforeMs: 30 * DAY };
const NOTHING: AccessView = { kind: "judged", access: [] };

function inDays(days: number): string {
  return new Date(NOW.getTime() + days * DAY).toISOString();
}

function codes(findings: readonly Finding[]): readonly string[] {
  return findings.map((one) => one.code);
}

describe("the key", () => {
  const rows: readonly [string, Partial<KeyDescription>, string, readonly string[]][] = [
    ["well", {}, "pass", []],
    ["disabled", { state: "disabled", stateName: "Disabled" }, "fail", ["key.disabled"]],
    ["going", { state: "pending-deletion", deletionAt: inDays(7) }, "fail", ["key.pending-deletion"]],
    ["going, nobody says when", { state: "pending-deletion" }, "fail", ["key.pending-deletion"]],
    ["without material", { state: "no-material" }, "fail", ["key.no-material"]],
    [
      "with expired material",
      { state: "material-expired", materialExpiresAt: inDays(-1) },
      "fail",
      ["key.material-expired"],
    ],
    ["unavailable", { state: "unavailable" }, "fail", ["key.unavailable"]],
    ["not ready", { state: "not-ready" }, "unknown", ["key.not-ready"]],
    ["for signatures", { usage: "SIGN_VERIFY" }, "fail", ["key.wrong-usage"]],
    ["of another spec", { algorithms: ["RSA_2048"] }, "fail", ["key.wrong-algorithm"]],
    ["the cloud's own", { customerManaged: false }, "fail", ["key.not-customer-managed"]],
    ["expiring soon", { materialExpiresAt: inDays(29) }, "pass", ["key.material-expiring"]],
    ["expiring one day", { materialExpiresAt: inDays(31) }, "pass", []],
    ["losing something soon", { deletionAt: inDays(1) }, "pass", ["key.deletion-ahead"]],
    ["exportable", { exportable: true }, "pass", ["key.exportable"]],
    [
      "with a lame version",
      { olderVersions: [version("1", false), version("2", true)] },
      "pass",
      ["key.old-version-unavailable"],
    ],
    [
      "wrong in every way",
      { state: "disabled", usage: "MAC", customerManaged: false },
      "fail",
      ["key.disabled", "key.wrong-usage", "key.not-customer-managed"],
    ],
  ];
  it.each(rows)("%s", (_what, key, evidence, expected) => {
    const level = judgeKey(factsOf(KEY, key), POLICY, NOTHING, OPTIONS);
    expect({ evidence: level.evidence, codes: codes(level.findings) }).toEqual({ evidence, codes: expected });
    for (const one of level.findings) expect(one).toMatchObject({ level: "key", subject: KEY.id });
  });

  it("that was named with a version is the key all the same", () => {
    const facts: KeyFacts = { ...factsOf(KEY), ref: { ...KEY, version: "7" } };
    expect(judgeKey(facts, POLICY, NOTHING, OPTIONS)).toMatchObject({
      evidence: "pass",
      findings: [{ code: "key.version-ignored", detail: expect.stringContaining("version 7") }],
    });
  });

  it("that is not there fails, one that could not be looked at does not", () => {
    const facts = factsOf(KEY);
    expect(judgeKey({ ...facts, key: seen(null) }, POLICY, NOTHING, OPTIONS)).toMatchObject({
      evidence: "fail",
      findings: [{ code: "key.not-found" }],
    });
    expect(judgeKey({ ...facts, key: unseen(why("look.denied")) }, POLICY, NOTHING, OPTIONS)).toMatchObject({
      evidence: "unknown",
      findings: [{ code: "look.denied", level: "key" }],
    });
  });

  it.each([
    [true, []],
    [null, []],
    [false, ["key.rotation-off"]],
  ])("rotation %j", (rotation, expected) => {
    const facts: KeyFacts = { ...factsOf(KEY), rotation: seen(rotation) };
    expect(codes(judgeKey(facts, POLICY, NOTHING, OPTIONS).findings)).toEqual(expected);
  });

  it("whose rotation nobody could look at is no worse for it", () => {
    const facts: KeyFacts = { ...factsOf(KEY), rotation: unseen(why("look.denied")) };
    expect(judgeKey(facts, POLICY, NOTHING, OPTIONS)).toEqual({ evidence: "pass", findings: [] });
  });

  it("is of the kind that has its usage and one of its algorithms", () => {
    expect(kindOf(USABLE, POLICY)?.name).toBe("symmetric");
    expect(kindOf({ ...USABLE, algorithms: [] }, POLICY)).toBeNull();
  });
});

function version(id: string, usable: boolean) {
  return { id, usable, stateName: usable ? "ENABLED" : "DISABLED" };
}

const ALLOWED: ActionAccess = { action: "kms:Encrypt", answer: "allowed", by: "a statement" };
const decrypt = { action: "kms:Decrypt" };
const missing = { answer: "missing", nearest: null, ineffective: null } as const;

function view(actions: readonly ActionAccess[], remarks: readonly Remark[] = []): AccessView {
  const one: Access = { accessor: { cloud: "aws", fields: {} }, principal: "the role", actions, remarks };
  return { kind: "judged", access: [one] };
}

describe("the grant", () => {
  const late = { ...OPTIONS, withinWindow: false };
  const rows: readonly [string, readonly ActionAccess[], string, string | null, RegExp][] = [
    ["all of it", [ALLOWED, { ...ALLOWED, ...decrypt }], "pass", null, /^$/],
    ["some of it", [ALLOWED, { ...decrypt, ...missing }], "fail", "grant.partial", /not let in for kms:Decrypt/],
    ["nothing", [{ action: "kms:Encrypt", ...missing }], "fail", "grant.missing", /Nothing lets the role in\./],
    [
      "a near miss",
      [{ ...decrypt, ...missing, nearest: "X grants old" }],
      "fail",
      "grant.missing",
      /nearest miss: X grants old/,
    ],
    [
      "no effect",
      [{ ...decrypt, ...missing, ineffective: 'statement "Y"' }],
      "fail",
      "grant.ineffective",
      /without effect: statement "Y"/,
    ],
    [
      "a deny",
      [ALLOWED, { ...decrypt, answer: "denied", by: 'statement "No"' }],
      "fail",
      "grant.denied",
      /statement "No" denies the role kms:Decrypt/,
    ],
    [
      "a condition",
      [{ ...decrypt, answer: "depends", on: ["a", "b"], by: 'statement "If"' }],
      "unknown",
      "grant.conditional",
      /depends on a; b \(statement "If"\)/,
    ],
    [
      "another document unread",
      [{ ...decrypt, answer: "unseen", document: "grants", why: why("look.denied") }],
      "unknown",
      "grant.not-visible",
      /cannot be told from what could be read: detail of look\.denied/,
    ],
    [
      "its own document unread",
      [{ ...decrypt, answer: "unseen", document: "key-policy", why: why("look.throttled") }],
      "unknown",
      "look.throttled",
      /^detail of look\.throttled$/,
    ],
  ];
  it.each(rows)("%s", (_what, actions, evidence, code, detail) => {
    const level = judgeGrant(view(actions), factsOf(KEY), late);
    expect(level.evidence).toBe(evidence);
    expect(codes(level.findings)).toEqual(code === null ? [] : [code]);
    expect(level.findings[0]?.detail ?? "").toMatch(detail);
  });

  it("that is missing within the window is propagating; a deny is a deny all the same", () => {
    const within = { ...OPTIONS, withinWindow: true };
    const level = judgeGrant(view([{ ...decrypt, ...missing }]), factsOf(KEY), within);
    expect({ ...level, codes: codes(level.findings) }).toMatchObject({
      evidence: "unknown",
      codes: ["grant.propagating"],
    });
    const denied = view([{ ...decrypt, answer: "denied", by: "it" }]);
    expect(judgeGrant(denied, factsOf(KEY), within).evidence).toBe("fail");
  });

  it("that ends soon is a pass, and a warning", () => {
    const until = (days: number): ActionAccess => ({ ...ALLOWED, until: inDays(days) });
    const judged = (one: ActionAccess) => judgeGrant(view([one]), factsOf(KEY), late);
    expect(judged(until(29))).toMatchObject({
      evidence: "pass",
      findings: [{ code: "grant.expiring", subject: "the role", detail: expect.stringContaining(inDays(29)) }],
    });
    expect(judged(until(31))).toEqual({ evidence: "pass", findings: [] });
  });

  it("says once what was not looked at, where something is missing", () => {
    const blind = (actions: readonly ActionAccess[]): Access => ({
      ...{ accessor: { cloud: "gcp", fields: {} }, principal: "a group", actions, remarks: [] },
      notLookedAt: "deny policies were not looked at",
    });
    const access = [blind([{ ...decrypt, ...missing }]), blind([ALLOWED, { ...decrypt, ...missing }])];
    const { findings } = judgeGrant({ kind: "judged", access }, factsOf(KEY), late);
    expect(findings.map((one) => one.detail)).toEqual([
      "Nothing lets a group in; deny policies were not looked at.",
      "a group is not let in for kms:Decrypt.",
    ]);
    expect(judgeGrant({ kind: "judged", access: [blind([ALLOWED])] }, factsOf(KEY), late).findings).toEqual([]);
  });

  it("on a cloud that spreads it slowly comes with that advice", () => {
    const facts = (cloud: "aws" | "gcp") => factsOf({ ...KEY, cloud });
    const fixes = (cloud: "aws" | "gcp", withinWindow: boolean) => [
      ...judgeGrant(view([{ ...decrypt, ...missing }]), facts(cloud), { ...late, withinWindow }).findings,
      ...judgeVendor({ kind: "answered", answer: { answer: "refused", detail: "no" } }, facts(cloud), { withinWindow })
        .findings,
    ];
    for (const { fix } of fixes("gcp", true)) expect(fix).toContain("hours");
    expect(fixes("gcp", false).map(({ code, fix }) => [code, fix.includes("hours")])).toEqual([
      ["grant.missing", false],
      ["vendor.refused", true],
    ]);
    for (const { code, fix } of fixes("aws", true)) expect(fix).toBe(codeEntry(code).fix);
  });

  it("for nobody is no yes", () => {
    expect(judgeGrant(NOTHING, factsOf(KEY), late)).toMatchObject({
      evidence: "unknown",
      findings: [{ code: "look.unsupported", level: "grant" }],
    });
  });

  it("says actions of one statement in one finding", () => {
    const by = { answer: "denied", by: "it" } as const;
    const level = judgeGrant(
      view([
        { action: "kms:Encrypt", ...by },
        { ...decrypt, ...by },
      ]),
      factsOf(KEY),
      late,
    );
    expect(level.findings.map((one) => one.detail)).toEqual(["The it denies the role kms:Encrypt and kms:Decrypt."]);
  });

  it("remarks warn at the level that they are about, and decide nothing", () => {
    const remarks: readonly Remark[] = [
      { code: "grant.too-broad", subject: "everybody", detail: "too broad" },
      { code: "key.replica-not-granted", subject: "a replica", detail: "not granted" },
    ];
    const both = view([ALLOWED], remarks);
    const grant = judgeGrant(both, factsOf(KEY), late);
    expect({ evidence: grant.evidence, codes: codes(grant.findings) }).toEqual({
      evidence: "pass",
      codes: ["grant.too-broad"],
    });
    const key = judgeKey(factsOf(KEY), POLICY, both, OPTIONS);
    expect({ evidence: key.evidence, codes: codes(key.findings) }).toEqual({
      evidence: "pass",
      codes: ["key.replica-not-granted"],
    });
  });

  it("takes no finding of another level for its own", () => {
    const stray = { code: "key.disabled", level: "key", outcome: "fail", subject: "", detail: "", fix: "" } as const;
    expect(() => judgeGrant({ kind: "unjudged", findings: [stray] }, factsOf(KEY), late)).toThrow(/key\.disabled/);
  });
});

describe("the round trip", () => {
  const rows: readonly [Probe, string][] = [
    [{ outcome: "pass" }, "pass"],
    [{ outcome: "fail", code: "roundtrip.mismatch", detail: "another text" }, "fail"],
    [{ outcome: "fail", code: "roundtrip.failed", detail: "the key refuses" }, "fail"],
    [{ outcome: "unknown", code: "roundtrip.not-permitted", detail: "not you" }, "unknown"],
    [{ outcome: "unknown", code: "roundtrip.skipped", detail: "not now" }, "unknown"],
    [{ outcome: "unknown", code: "look.throttled", detail: "slow down", fix: "wait" }, "unknown"],
  ];
  it.each(rows)("%j", (probe, evidence) => {
    const level = judgeProbe(probe, factsOf(KEY));
    expect(level.evidence).toBe(evidence);
    if (probe.outcome === "pass") return expect(level.findings).toEqual([]);
    const fix = "fix" in probe ? probe.fix : codeEntry(probe.code).fix;
    expect(level.findings).toMatchObject([{ code: probe.code, level: "roundtrip", detail: probe.detail, fix }]);
  });
});

describe("the vendor", () => {
  const answered = (answer: Extract<VendorView, { kind: "answered" }>["answer"]): VendorView => ({
    kind: "answered",
    answer,
  });
  const detail = "its own words";
  const rows: readonly [string, VendorView, string, string | null, string | null][] = [
    ["not registered", { kind: "not-registered", detail }, "unknown", "vendor.not-registered", null],
    ["not asked", { kind: "not-asked", detail }, "unknown", "vendor.no-answer", null],
    ["usable", answered({ answer: "usable" }), "pass", null, null],
    ["refused", answered({ answer: "refused", detail }), "fail", "vendor.refused", "vendor.pending"],
    ["pending", answered({ answer: "pending", detail }), "unknown", "vendor.pending", null],
    ["no answer", answered({ answer: "no-answer", detail, why: null }), "unknown", "vendor.no-answer", null],
    [
      "could not be asked",
      answered({ answer: "no-answer", detail, why: why("look.timeout") }),
      "unknown",
      "look.timeout",
      null,
    ],
  ];
  it.each(rows)("%s", (_what, view, evidence, code, codeWithin) => {
    const late = judgeVendor(view, factsOf(KEY), { withinWindow: false });
    expect({ evidence: late.evidence, codes: codes(late.findings) }).toEqual({
      evidence,
      codes: code === null ? [] : [code],
    });
    const within = judgeVendor(view, factsOf(KEY), { withinWindow: true });
    expect(codes(within.findings)).toEqual(code === null ? [] : [codeWithin ?? code]);
    expect(within.evidence).not.toBe("fail");
  });
});
