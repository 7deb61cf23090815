import { createHash } from "node:crypto";
import { CODES, type Finding, type Outcome } from "../core/findings.ts";
import { type KeyReport, standing, type UnlistedProject } from "../core/report.ts";
import { plainText } from "../core/text.ts";
import type { ReportWriter, RunEnd, RunStart } from "./input.ts";
import { jsonLine } from "./jsonl.ts";

/**
 * SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html): the codes are its rules, findings
 * its results. Written as keys finish, one result a line: the tool goes first, the invocation, which knows when the run
 * ended, last. Nothing is held but the start.
 */
export function sarifWriter(): ReportWriter {
  let start: RunStart = { startedAt: "", version: "" };
  let isFirst = true;
  return {
    transitions: 0,
    begin: (run) => {
      start = run;
      return [
        `{"$schema":${jsonLine(SCHEMA)},"version":"2.1.0","runs":[{`,
        `"tool":{"driver":${jsonLine(driver(run.version))}},`,
        `"automationDetails":{"id":"keygrant/validate/"},`,
        `"columnKind":"unicodeCodePoints",`,
        `"results":[`,
      ].join("\n");
    },
    key: (report) => {
      const lines = results(report).map((one) => jsonLine(one));
      if (lines.length === 0) return "";
      const text = `${isFirst ? "\n" : ",\n"}${lines.join(",\n")}`;
      isFirst = false;
      return text;
    },
    end: (run) => `\n],\n"invocations":[${jsonLine(invocation(start, run))}]\n}]}\n`,
  };
}

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

const LEVEL_OF = { fail: "error", unknown: "warning", warn: "note" } as const satisfies Record<Outcome, string>;

const INDEX: ReadonlyMap<string, number> = new Map(CODES.map((entry, index) => [entry.code, index]));

function driver(version: string): unknown {
  return {
    name: "keygrant",
    version,
    rules: CODES.map((entry) => ({
      id: entry.code,
      name: pascalCase(entry.code),
      shortDescription: message(entry.means),
      fullDescription: message(`${entry.means} How it is found: ${entry.found}`),
      help: message(`${entry.fix} Who can: ${entry.who}.`),
      defaultConfiguration: { level: LEVEL_OF[entry.outcome] },
      properties: { tags: ["encryption", ...(entry.level === null ? [] : [entry.level])] },
    })),
  };
}

/** A rule's friendly name is one word (§3.49.7): `key.not-found` becomes `KeyNotFound`. */
function pascalCase(code: string): string {
  return code.replaceAll(/(?:^|[.-])(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function results(key: KeyReport): readonly unknown[] {
  const repeated = new Map<string, number>();
  return key.findings.map((finding) => {
    const identity = [key.vendor, key.project, key.key, finding.code, finding.level, finding.subject];
    const about = JSON.stringify(identity);
    const nth = repeated.get(about) ?? 0;
    repeated.set(about, nth + 1);
    return result(key, finding, fingerprint([...identity, nth]));
  });
}

/** The same finding of the same key gives the same fingerprint in every run: prose and times are left out. */
function fingerprint(identity: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 32);
}

function result(key: KeyReport, finding: Finding, print: string): unknown {
  const suppressions = suppressionsOf(key, finding);
  return {
    ruleId: finding.code,
    ruleIndex: INDEX.get(finding.code),
    ...gravity(key, finding),
    message: message(`${finding.detail} Next: ${finding.fix}`),
    locations: [location(key)],
    // GitHub reads the first alone, others any.
    partialFingerprints: { primaryLocationLineHash: `${print}:1`, "keygrantFinding/v1": print },
    ...(suppressions.length > 0 ? { suppressions } : {}),
    properties: properties(key, finding),
  };
}

/** Taken as good, or muted: a viewer hides it, and says why (§3.35). */
function suppressionsOf(key: KeyReport, finding: Finding): readonly unknown[] {
  const muted = key.muted.find((one) => one.code === null || one.code === finding.code);
  const why = [
    ...(key.accepted.includes(finding.code) ? ["--accept"] : []),
    ...(muted === undefined ? [] : [`muted until ${muted.until}: ${line(muted.reason)}`]),
  ];
  return why.map((justification) => ({ kind: "external", status: "accepted", justification }));
}

/**
 * What keeps a key from being judged is a warning. An unknown beside a verdict that was reached without it is only on
 * record: SARIF's word for "not enough information to decide" is `open`, and such a result has the level `none`.
 */
function gravity(key: KeyReport, finding: Finding): { readonly kind: string; readonly level: string } {
  const isBeside = finding.outcome === "unknown" && (standing(key) === "VALID" || standing(key) === "INVALID");
  return isBeside ? { kind: "open", level: "none" } : { kind: "fail", level: LEVEL_OF[finding.outcome] };
}

function location(key: KeyReport): unknown {
  const project = key.project ?? "not-registered";
  return {
    // Code scanning wants a file: a key has none, so it gets a path of its own, as images do in image scanners.
    physicalLocation: {
      artifactLocation: { uri: ["keys", key.vendor, project, key.key].map(segment).join("/") },
      region: { startLine: 1 },
    },
    logicalLocations: [
      {
        name: line(key.key),
        fullyQualifiedName: line(`${key.vendor}/${project}/${key.key}`),
        kind: "resource",
      },
    ],
  };
}

/** One segment of a relative URI. Dots alone would be steps through folders. */
function segment(text: string): string {
  const encoded = encodeURIComponent(line(text));
  return /^\.*$/.test(encoded) ? `_${encoded}` : encoded;
}

function properties(key: KeyReport, finding: Finding): unknown {
  return {
    vendor: line(key.vendor),
    project: key.project === null ? null : line(key.project),
    cmkId: key.cmkId === null ? null : line(key.cmkId),
    cloud: key.cloud,
    phase: key.phase,
    standing: standing(key),
    level: finding.level,
    outcome: finding.outcome,
    subject: line(finding.subject),
    services: key.services?.map((one) => line(one.name)) ?? null,
    deletionAt: key.deletionAt,
    materialExpiresAt: key.materialExpiresAt,
  };
}

function invocation(start: RunStart, end: RunEnd): unknown {
  return {
    executionSuccessful: true,
    startTimeUtc: start.startedAt,
    endTimeUtc: end.finishedAt,
    toolExecutionNotifications: end.unlisted.map(notification),
  };
}

/** A project that could not be listed is no finding about any key. */
function notification(one: UnlistedProject): unknown {
  const index = INDEX.get(one.code);
  return {
    level: "error",
    message: message(`The keys of project ${one.project} could not be listed. ${one.detail} Next: ${one.fix}`),
    ...(index === undefined ? {} : { associatedRule: { id: one.code, index } }),
  };
}

/** Plain text: braces are doubled (§3.11.5), and "](" is parted, so that nothing reads as a link (§3.11.6). */
function message(text: string): { readonly text: string } {
  return { text: line(text).replaceAll("](", "] (").replaceAll(/[{}]/g, "$&$&") };
}

function line(text: string): string {
  return plainText(text, 4_000);
}
