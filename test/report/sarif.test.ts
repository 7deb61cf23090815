import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CODES } from "../../src/core/findings.ts";
import { standing } from "../../src/core/report.ts";
import { type ReportInput, writeReport } from "../../src/report/input.ts";
import { sarifWriter } from "../../src/report/sarif.ts";
import { FINISHED_AT, fleet, HOSTILE, hostileInput, inputOf, key, STARTED_AT } from "./fleet.ts";

/**
 * The part of the SARIF 2.1.0 schema that is written, and nothing beside it; where the prose of the standard is stricter
 * than its schema, the prose.
 */
const message = z.strictObject({
  // Braces stand doubled (§3.11.5), and nothing is a link (§3.11.6).
  text: z
    .string()
    .min(1)
    .refine((text) => !/[{}]/.test(text.replaceAll("{{", "").replaceAll("}}", "")))
    .refine((text) => !/\[[^\]]*\]\(/.test(text)),
});
const level = z.enum(["none", "note", "warning", "error"]);
const codes = CODES.map((entry) => entry.code);
const rule = z.strictObject({
  id: z.enum(codes),
  name: z.string().regex(/^([A-Z][a-z]+)+$/),
  shortDescription: message,
  fullDescription: message,
  help: message,
  defaultConfiguration: z.strictObject({ level }),
  properties: z.strictObject({ tags: z.array(z.string()) }),
});
const location = z.strictObject({
  physicalLocation: z.strictObject({
    // A relative reference: neither a scheme, nor a step up, nor a character that would have to be encoded.
    artifactLocation: z.strictObject({ uri: z.string().regex(/^keys(\/(?!\.+(\/|$))[\w.~!*'()%-]+){3}$/) }),
    region: z.strictObject({ startLine: z.literal(1) }),
  }),
  logicalLocations: z.tuple([
    z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.literal("resource") }),
  ]),
});
const result = z
  .strictObject({
    ruleId: z.enum(codes),
    ruleIndex: z.int().nonnegative(),
    kind: z.enum(["fail", "open"]),
    level,
    message,
    locations: z.tuple([location]),
    partialFingerprints: z.record(z.string(), z.string().min(1)),
    suppressions: z
      .tuple([
        z.strictObject({ kind: z.literal("external"), status: z.literal("accepted"), justification: z.string() }),
      ])
      .optional(),
    properties: z.record(z.string(), z.unknown()),
  })
  // §3.27.10: any other kind than "fail" has no level.
  .refine((one) => one.kind === "fail" || one.level === "none")
  .refine((one) => codes[one.ruleIndex] === one.ruleId);
const log = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({ name: z.literal("keygrant"), version: z.string(), rules: z.array(rule) }),
      }),
      automationDetails: z.strictObject({ id: z.string().regex(/\/$/) }),
      columnKind: z.literal("unicodeCodePoints"),
      results: z.array(result),
      invocations: z.tuple([
        z.strictObject({
          executionSuccessful: z.boolean(),
          startTimeUtc: z.iso.datetime(),
          endTimeUtc: z.iso.datetime(),
          toolExecutionNotifications: z.array(
            z.strictObject({
              level: z.literal("error"),
              message,
              associatedRule: z.strictObject({ id: z.enum(codes), index: z.int().nonnegative() }).optional(),
            }),
          ),
        }),
      ]),
    }),
  ]),
});

function written(input: ReportInput) {
  return log.parse(JSON.parse(writeReport(sarifWriter(), input))).runs[0];
}

function resultsOf(input: ReportInput, key: string) {
  return written(input).results.filter((one) => one.locations[0].logicalLocations[0].name === key);
}

describe("sarif", () => {
  it("fits the schema for every state, with a result for each finding", () => {
    const input = fleet();
    const run = written(input);
    expect(run.results).toHaveLength(input.report.keys.flatMap((one) => one.findings).length);
    expect(run.invocations[0]).toMatchObject({ startTimeUtc: STARTED_AT, endTimeUtc: FINISHED_AT });
  });

  it("has every code as a rule, once, in the table's order", () => {
    expect(written(inputOf([])).tool.driver.rules.map((one) => one.id)).toEqual(codes);
  });

  it("makes what fails an error, what keeps a key from a verdict a warning, and what deserves a look a note", () => {
    const input = fleet();
    const all = input.report.keys.flatMap((report) => resultsOf(input, report.key).map((one) => ({ report, one })));
    for (const { report, one } of all) {
      const outcome = one.properties["outcome"];
      const isOpen = standing(report) === "undetermined" || standing(report) === "INITIALIZING";
      const unknown = isOpen ? "warning" : "none";
      expect(one.level).toBe(outcome === "fail" ? "error" : outcome === "warn" ? "note" : unknown);
    }
    expect(new Set(all.map(({ one }) => one.level))).toEqual(new Set(["error", "warning", "note", "none"]));
  });

  it("tells the same finding of the same key by the same fingerprint, in every run and every order", () => {
    const prints = (input: ReportInput) =>
      new Set(written(input).results.map((one) => JSON.stringify(one.partialFingerprints)));
    const input = fleet();
    const later = input.report.keys.map((one) => ({
      ...one,
      lastCheckedAt: "2026-12-01T00:00:00.000Z",
      findings: one.findings.map((finding) => ({ ...finding, detail: "In other words." })),
    }));
    expect(prints(inputOf([...later].reverse().map((report) => ({ report, history: [] }))))).toEqual(prints(input));
    expect(prints(input).size).toBe(written(input).results.length);
  });

  it("keeps two findings of one code and subject apart", () => {
    const about = {
      code: "key.old-version-unavailable",
      level: "key",
      outcome: "warn",
      subject: "k",
      fix: "f",
    } as const;
    const report = key({
      key: "k",
      findings: [
        { ...about, detail: "Version 1" },
        { ...about, detail: "Version 2" },
      ],
    });
    const prints = written(inputOf([{ report, history: [] }])).results.map((one) => one.partialFingerprints);
    expect(prints[0]).not.toEqual(prints[1]);
  });

  it("records what a person accepted as suppressed, not as gone", () => {
    const accepted = {
      code: "grant.conditional",
      level: "grant",
      outcome: "unknown",
      subject: "s",
      detail: "d",
      fix: "f",
    };
    const findings = [accepted] as ReturnType<typeof key>["findings"];
    const report = key({ key: "k", findings, accepted: ["grant.conditional"] });
    expect(written(inputOf([{ report, history: [] }])).results[0]?.suppressions?.[0].status).toBe("accepted");
  });

  it("tells of a project that could not be listed, which is no finding about a key", () => {
    const [notification] = written(fleet()).invocations[0].toolExecutionNotifications;
    expect(notification?.message.text).toContain("legacy-billing");
    expect(notification?.associatedRule?.id).toBe("look.denied");
  });

  it("takes nothing that clouds and vendors say for a link, a placeholder or a path", () => {
    const text = writeReport(sarifWriter(), hostileInput());
    expect(log.parse(JSON.parse(text)).runs[0].results).toHaveLength(HOSTILE.length);
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const dots = key({ vendor: "..", project: ".", key: "" });
    expect(written(inputOf([{ report: dots, history: [] }])).results).toHaveLength(1);
  });

  it("is written as keys finish", () => {
    const writer = sarifWriter();
    const begun = writer.begin({ startedAt: STARTED_AT, version: "0" });
    const first = writer.key(key({ key: "one" }), []);
    const none = writer.key(key({ findings: [] }), []);
    const second = writer.key(key({ key: "two" }), []);
    expect(none).toBe("");
    expect(first).toContain("keys/aiven/payments-prod/one");
    const { report, run } = inputOf([]);
    const end = writer.end({ ...run, summary: report.summary, unlisted: [], coverage: null });
    expect(log.parse(JSON.parse(begun + first + none + second + end)).runs[0].results).toHaveLength(2);
  });
});
