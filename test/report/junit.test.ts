import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { standing } from "../../src/core/report.ts";
import { type ReportInput, writeReport } from "../../src/report/input.ts";
import { junitWriter } from "../../src/report/junit.ts";
import { xmlAttribute, xmlText } from "../../src/report/xml.ts";
import { fleet, HOSTILE, hostileInput, inputOf, key } from "./fleet.ts";
import { findProgram, runProgram } from "./tools.ts";
import { type Element, parseXml } from "./xml.ts";

/**
 * The part of jenkinsci/xunit-plugin's junit-10.xsd that is written, and nothing beside it: counts are digits there
 * only by convention, here by force.
 */
const count = z.string().regex(/^\d+$/);
const none = z.strictObject({});
const leaf = (name: string, attributes: z.ZodType) =>
  z.strictObject({ name: z.literal(name), attributes, children: z.tuple([]), text: z.string() });
const verdict = z.strictObject({ type: z.string().min(1), message: z.string() });
const testcase = z.strictObject({
  name: z.literal("testcase"),
  attributes: z.strictObject({ classname: z.string().min(1), name: z.string().min(1) }),
  children: z.array(z.union([leaf("failure", verdict), leaf("error", verdict), leaf("system-out", none)])),
  text: z.literal(""),
});
const testsuite = z.strictObject({
  name: z.literal("testsuite"),
  attributes: z.strictObject({
    name: z.string().min(1),
    tests: count,
    failures: count,
    errors: count,
    skipped: count,
    timestamp: z.iso.datetime(),
  }),
  children: z.array(testcase),
  text: z.string().regex(/^\s*$/),
});
const testsuites = z.strictObject({
  name: z.literal("testsuites"),
  attributes: z.strictObject({
    name: z.string(),
    tests: count,
    failures: count,
    errors: count,
    time: z.string().regex(/^\d+(\.\d+)?$/),
  }),
  children: z.array(testsuite),
  text: z.string().regex(/^\s*$/),
});

function written(input: ReportInput): Element {
  const document = parseXml(writeReport(junitWriter(), input));
  testsuites.parse(document);
  return document;
}

function cases(document: Element, suite: string): readonly Element[] {
  return document.children.find((one) => one.attributes["name"] === suite)?.children ?? [];
}

function outcome(one: Element): string {
  return one.children.find((child) => child.name !== "system-out")?.name ?? "passed";
}

describe("junit", () => {
  it("fits the schema for every state, and counts what it holds", () => {
    const document = written(fleet());
    const tally = (suite: Element, name: string) => suite.children.filter((one) => outcome(one) === name).length;
    for (const suite of document.children) {
      expect(suite.attributes).toMatchObject({
        tests: String(suite.children.length),
        failures: String(tally(suite, "failure")),
        errors: String(tally(suite, "error")),
      });
    }
    // 40 keys and one project that could not be listed.
    expect(document.attributes).toMatchObject({ tests: "41", failures: "4", errors: "5", time: "41.796" });
  });

  it("has one suite a project, whatever order keys finish in", () => {
    const names = written(fleet()).children.map((suite) => suite.attributes["name"]);
    expect(new Set(names).size).toBe(names.length);
    expect([...names].sort()).toEqual([
      "analytics",
      "identity-eu",
      "legacy-billing",
      "not registered",
      "payments-prod",
      "payments-staging",
      "search",
    ]);
  });

  it("makes INVALID a failure and whatever could not be judged an error", () => {
    const input = fleet();
    const all = written(input).children.flatMap((suite) => suite.children);
    for (const report of input.report.keys) {
      const found = all.find((one) => one.attributes["name"]?.startsWith(report.key));
      const expected = { INVALID: "failure", VALID: "passed", undetermined: "error", INITIALIZING: "error" };
      expect(found === undefined ? null : outcome(found)).toBe(expected[standing(report)]);
    }
  });

  it("names the cause: the code, the message, the fix, and the services that go down", () => {
    const disabled = cases(written(fleet()), "payments-prod").find((one) => outcome(one) === "failure");
    const failure = disabled?.children.find((one) => one.name === "failure");
    expect(failure?.attributes).toEqual({ type: "key.disabled", message: "The key is disabled (Disabled)." });
    expect(failure?.text).toContain("next: Enable the key");
    const out = disabled?.children.find((one) => one.name === "system-out")?.text;
    expect(out).toContain("orders-pg (RUNNING)");
    expect(out).toContain("warn key.rotation-off (key)");
  });

  it("says of a stale key why it could not be judged now, not what was wrong once", () => {
    const errors = cases(written(fleet()), "search").flatMap((one) =>
      one.children.filter((child) => child.name === "error"),
    );
    expect(errors.map((one) => one.attributes["type"])).toContain("look.credentials");
    expect(errors.map((one) => one.attributes["message"]).join()).not.toContain("DenyOutsideOrg");
  });

  it("stays well-formed whatever clouds and vendors say", () => {
    const document = written(hostileInput());
    expect(document.attributes["failures"]).toBe(String(HOSTILE.length));
  });

  it("is a document without keys too", () => {
    expect(written(inputOf([])).attributes).toMatchObject({ tests: "0", failures: "0", errors: "0" });
  });

  it("tells two CMKs of one key apart", () => {
    const input = inputOf(["a", "b"].map((cmkId) => ({ report: key({ cmkId }), history: [] })));
    const names = cases(written(input), "payments-prod").map((one) => one.attributes["name"]);
    expect(new Set(names).size).toBe(2);
  });

  const xmllint = findProgram("xmllint");
  it.skipIf(xmllint === null)(
    `is well-formed for xmllint too${xmllint === null ? " (not on this machine)" : ""}`,
    () => {
      for (const input of [fleet(), hostileInput(), inputOf([])]) {
        const text = writeReport(junitWriter(), input);
        expect(runProgram(xmllint ?? "", ["--noout", "-"], text)).toEqual({ code: 0, said: "" });
      }
    },
  );
});

describe("text in XML", () => {
  const anything = fc.string({ unit: "binary", maxLength: 40 });

  it("comes out as it went in, but for what XML cannot say", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const said = text
          .toWellFormed()
          .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}");
        const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<a b="${xmlAttribute(text)}">${xmlText(text)}</a>`;
        const read = parseXml(xml);
        expect(read.attributes["b"]).toBe(said);
        expect(read.text).toBe(said);
      }),
    );
  });
});
