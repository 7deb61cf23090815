import { describe, expect, it } from "vitest";
import { byImportance, CODES, codeEntry, finding, isCode } from "../../src/core/findings.ts";

describe("the table of codes", () => {
  it("has every code of the contract, once", () => {
    const codes = CODES.map((entry) => entry.code);
    expect(new Set(codes).size).toBe(codes.length);
    const contract =
      `key.not-found key.pending-deletion key.disabled key.no-material key.material-expired key.unavailable
      key.wrong-usage key.wrong-algorithm key.not-customer-managed key.not-ready grant.denied grant.missing grant.partial
      grant.ineffective vendor.refused roundtrip.mismatch roundtrip.failed evidence.conflict vendor.accessor-changed
      grant.conditional grant.not-visible grant.propagating roundtrip.not-permitted roundtrip.skipped
      vendor.not-registered vendor.pending vendor.no-answer look.denied look.absent-or-denied look.credentials
      look.misconfigured look.throttled look.unreachable look.timeout look.unsupported key.old-version-unavailable
      key.material-expiring key.deletion-ahead key.replica-not-granted key.exportable key.rotation-off key.wrong-region
      grant.too-broad grant.orphaned-principal`.split(/\s+/);
    expect(codes).toEqual(expect.arrayContaining(contract));
  });

  it.each(CODES)("$code says what it means, how it is found and what to do", (entry) => {
    for (const text of [entry.means, entry.found, entry.fix]) expect(text).toMatch(/^[A-Z"`].*[.)]$/s);
    expect(entry.level === null).toBe(entry.code.startsWith("look."));
    expect(entry.means).not.toContain("validation failed");
  });

  it("has no code that is not in it", () => {
    expect(isCode("key.disabled")).toBe(true);
    expect(isCode("toString")).toBe(false);
    expect(codeEntry("key.disabled").level).toBe("key");
  });

  it("is an order: failures, then unknowns, then warnings, each as in the table", () => {
    const about = { subject: "a key", detail: "x" };
    const given = (["key.rotation-off", "grant.conditional", "grant.missing", "key.disabled"] as const).map((code) =>
      finding(code, about),
    );
    const sorted = given.sort(byImportance).map((one) => one.code);
    expect(sorted).toEqual(["key.disabled", "grant.missing", "grant.conditional", "key.rotation-off"]);
  });
});
