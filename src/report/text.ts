import type { ProjectCoverage } from "../core/coverage.ts";
import type { Finding, Level } from "../core/findings.ts";
import { LEVELS } from "../core/findings.ts";
import {
  type KeyReport,
  type OnboardReport,
  STEPS,
  type StepReport,
  standing,
  type UnlistedProject,
} from "../core/report.ts";
import { atLineStart, plainText } from "../core/text.ts";
import type { ReportWriter } from "./input.ts";
import { datesAhead } from "./time.ts";

/** Colours a piece of text; leaves it alone where there are none. */
export type Paint = (format: "red" | "green" | "yellow" | "dim" | "bold" | "cyan", text: string) => string;

/** Words of a cloud or vendor, made safe for a terminal, on one line. */
export function safe(text: string): string {
  return plainText(text, 2_000);
}

export function stepLine(step: StepReport, paint: Paint): string {
  const number = STEPS.indexOf(step.step) + 1;
  const outcome = paint(STEP_COLOURS[step.outcome], step.outcome.padEnd(9));
  return `${paint("dim", `${number}/${STEPS.length}`)} ${step.step.padEnd(9)} ${outcome} ${safe(step.detail)}`;
}

const STEP_COLOURS = { done: "green", unchanged: "green", skipped: "dim", failed: "red", waiting: "yellow" } as const;

export function onboardText(report: OnboardReport, paint: Paint): string {
  const lines = ["", keyText(report.key, paint)];
  if (report.registration !== null) {
    const { cmkId, created } = report.registration;
    const asDefault = report.registration.default ? ", default for new services" : "";
    lines.push(`Registered as CMK ${paint("bold", safe(cmkId))} (${created ? "new" : "was there before"}${asDefault})`);
  }
  if (report.change?.backup) lines.push(`The policy as it was before is in ${report.change.backup}`);
  return lines.join("\n");
}

/** One key: the verdict in a line, then the evidence, then what was found. */
export function keyText(key: KeyReport, paint: Paint): string {
  const where = key.project === null ? "not registered" : `${key.project}${key.cmkId === null ? "" : ` ${key.cmkId}`}`;
  const lines = [
    `${verdict(key, paint)}  ${safe(key.key)}  ${paint("dim", safe(where))}`,
    `  ${atLineStart(safe(key.message))}`,
    `  evidence    ${LEVELS.map((level) => evidence(key, level, paint)).join("  ")}`,
  ];
  if (key.since !== null) lines.push(`  since       ${key.since}${lastValid(key)}`);
  if (key.accepted.length > 0) lines.push(`  accepted    ${key.accepted.join(", ")}`);
  if (key.services === null) lines.push("  services    could not be read");
  else if (key.services.length > 0) {
    lines.push(`  services    ${key.services.map((one) => `${safe(one.name)} (${safe(one.status)})`).join(", ")}`);
  }
  for (const [what, when] of datesAhead(key)) lines.push(`  ${what.padEnd(11)} ${when}`);
  for (const one of key.muted) {
    lines.push(`  muted       ${one.code ?? "everything"} until ${one.until}: ${safe(one.reason)}`);
  }
  for (const finding of key.findings) lines.push(...findingLines(finding, key, paint));
  return lines.join("\n");
}

function lastValid(key: KeyReport): string {
  if (key.phase === "VALID" && !key.stale) return "";
  return key.lastValidAt === null ? ", never seen VALID" : `, last seen VALID ${key.lastValidAt}`;
}

function verdict(key: KeyReport, paint: Paint): string {
  const word = standing(key);
  if (word === "VALID") return paint("green", `VALID (assurance: ${key.assurance})`);
  if (word === "INVALID") return paint("red", "INVALID");
  return paint("yellow", word === "undetermined" ? `${key.phase}, undetermined` : word);
}

function evidence(key: KeyReport, level: Level, paint: Paint): string {
  const value = key.evidence[level];
  const colour = value === "pass" ? "green" : value === "fail" ? "red" : "yellow";
  return `${level} ${paint(colour, value)}`;
}

function findingLines(finding: Finding, key: KeyReport, paint: Paint): readonly string[] {
  const colour = finding.outcome === "fail" ? "red" : finding.outcome === "unknown" ? "yellow" : "cyan";
  const isAnyLevel = finding.code.startsWith("look.");
  const head = `  ${paint(colour, finding.outcome.padEnd(7))} ${finding.code}${isAnyLevel ? ` (${finding.level})` : ""}`;
  // The message has said it already.
  const detail = finding.detail === key.message ? [] : [`          ${atLineStart(safe(finding.detail))}`];
  return [head, ...detail, `          ${paint("dim", `next: ${safe(finding.fix)}`)}`];
}

/** Keys as they are handed in, worst first where that is known, then what could not be listed, then the count. */
export function textWriter(paint: Paint): ReportWriter {
  let isFirst = true;
  const block = (text: string) => {
    const gap = isFirst ? "" : "\n";
    isFirst = false;
    return `${gap}${text}\n`;
  };
  return {
    transitions: 0,
    begin: () => "",
    key: (report) => block(keyText(report, paint)),
    end({ unlisted, coverage, summary }) {
      const blocks = unlisted.map((one) => block(unlistedText(one, paint)));
      if (coverage !== null && coverage.length > 0) blocks.push(block(coverageText(coverage, paint)));
      const { VALID, INVALID, INITIALIZING, undetermined } = summary;
      const rest = INITIALIZING > 0 ? `, ${INITIALIZING} INITIALIZING` : "";
      const counts = `${VALID} VALID, ${INVALID} INVALID${rest}, ${undetermined} undetermined`;
      // Nothing to count is nothing to print: stderr says so.
      return isFirst ? "" : [...blocks, block(counts)].join("");
    },
  };
}

/** Open ends first: a project in which everything is protected is a line at the end. */
function coverageText(coverage: readonly ProjectCoverage[], paint: Paint): string {
  const isOpen = (one: ProjectCoverage) => one.unprotected?.length !== 0 || one.hasDefault !== true;
  const sorted = [...coverage.filter(isOpen), ...coverage.filter((one) => !isOpen(one))];
  return ["Coverage", ...sorted.flatMap((one) => projectCoverageLines(one, paint))].join("\n");
}

function projectCoverageLines(one: ProjectCoverage, paint: Paint): readonly string[] {
  const { failure, hasDefault, services, unprotected } = one;
  const lines: string[] = [];
  if (unprotected !== null && services !== null) {
    const open = unprotected.length;
    const words = services === 0 ? "no services" : `${services - open} of ${services} services protected`;
    lines.push(`  ${atLineStart(safe(one.project))}: ${open === 0 ? words : paint("yellow", words)}`);
    for (const { name, cmkId } of unprotected) {
      lines.push(
        `    ${atLineStart(safe(name))}  ${cmkId === null ? "no CMK" : `CMK ${safe(cmkId)}, which is not listed here`}`,
      );
    }
  }
  if (failure !== null) {
    lines.push(`  ${atLineStart(safe(one.project))}: ${paint("yellow", "could not look")}`);
    lines.push(`    ${failure.code}  ${safe(failure.detail)}`, `    next: ${safe(failure.fix)}`);
  }
  if (hasDefault === false) lines.push("    no default CMK: new services get none");
  return lines;
}

function unlistedText(one: UnlistedProject, paint: Paint): string {
  return [
    `${paint("yellow", "could not list")}  project ${safe(one.project)}`,
    `  ${one.code}  ${safe(one.detail)}`,
    `  next: ${safe(one.fix)}`,
  ].join("\n");
}
