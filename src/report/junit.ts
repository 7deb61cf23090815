import { LEVELS } from "../core/findings.ts";
import { type KeyReport, standing, type UnlistedProject } from "../core/report.ts";
import { plainText } from "../core/text.ts";
import type { ReportWriter, RunEnd, RunStart } from "./input.ts";
import { datesAhead } from "./time.ts";
import { xmlAttribute, xmlText } from "./xml.ts";

interface Suite {
  failures: number;
  errors: number;
  readonly cases: string[];
}

/**
 * JUnit XML as Jenkins reads it (jenkinsci/xunit-plugin, junit-10.xsd), one suite a project, one test case a key.
 * INVALID is a failure; whatever could not be judged is an error, as a test that could not be run is.
 *
 * A suite's counts stand in its opening tag and its cases follow together, while keys finish in any order: so the
 * finished cases are held as text until the end, some hundred bytes a key.
 */
export function junitWriter(): ReportWriter {
  const suites = new Map<string, Suite>();
  let start: RunStart = { startedAt: "", version: "" };
  return {
    transitions: 0,
    begin: (run) => {
      start = run;
      return "";
    },
    key: (report) => {
      const suite = suiteOf(suites, report.project);
      const word = standing(report);
      if (word === "INVALID") suite.failures += 1;
      else if (word !== "VALID") suite.errors += 1;
      suite.cases.push(keyCase(report));
      return "";
    },
    end: (run) => {
      for (const one of run.unlisted) {
        const suite = suiteOf(suites, one.project);
        suite.errors += 1;
        suite.cases.push(unlistedCase(one));
      }
      return document(suites, start, run);
    },
  };
}

const NOT_REGISTERED = "not registered";

function suiteOf(suites: Map<string, Suite>, project: string | null): Suite {
  const name = project === null ? NOT_REGISTERED : line(project);
  const found = suites.get(name);
  if (found !== undefined) return found;
  const suite: Suite = { failures: 0, errors: 0, cases: [] };
  suites.set(name, suite);
  return suite;
}

function document(suites: ReadonlyMap<string, Suite>, start: RunStart, end: RunEnd): string {
  const all = [...suites.values()];
  const total = (count: (suite: Suite) => number) => all.reduce((sum, suite) => sum + count(suite), 0);
  const seconds = Math.max(0, (Date.parse(end.finishedAt) - Date.parse(start.startedAt)) / 1000);
  const attributes = {
    name: "keygrant validate",
    tests: total((suite) => suite.cases.length),
    failures: total((suite) => suite.failures),
    errors: total((suite) => suite.errors),
    time: Number.isFinite(seconds) ? seconds.toFixed(3) : "0",
  };
  const body = [...suites].map(([name, suite]) => {
    const { failures, errors } = suite;
    const counts = { tests: suite.cases.length, failures, errors, skipped: 0 };
    // No time here: keys of all projects are looked at at once, and a share of the whole would be made up.
    return `${open("testsuite", { name, ...counts, timestamp: start.startedAt })}\n${suite.cases.join("")}</testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open("testsuites", attributes)}\n${body.join("")}</testsuites>\n`;
}

function keyCase(key: KeyReport): string {
  const classname = `keygrant.${key.project === null ? NOT_REGISTERED : line(key.project)}`;
  const name = key.cmkId === null ? line(key.key) : `${line(key.key)} (${line(key.cmkId)})`;
  const verdict = verdictOf(key);
  const out = `<system-out>${xmlText(outputOf(key))}</system-out>`;
  return `${open("testcase", { classname, name })}${verdict}${out}</testcase>\n`;
}

function verdictOf(key: KeyReport): string {
  const word = standing(key);
  if (word === "VALID") return "";
  const isInvalid = word === "INVALID";
  const decisive = key.findings.filter((one) => one.outcome === (isInvalid ? "fail" : "unknown"));
  const tag = isInvalid ? "failure" : "error";
  // A stale key keeps the message of its phase; what keeps it from being judged now is the finding's.
  const message = isInvalid ? key.message : (decisive[0]?.detail ?? key.message);
  const text = decisive.map((one) => `${one.code}: ${line(one.detail)}\nnext: ${line(one.fix)}`).join("\n");
  return `${open(tag, { type: decisive[0]?.code ?? word, message: line(message) })}${xmlText(text)}</${tag}>`;
}

function outputOf(key: KeyReport): string {
  const services = key.services?.map((one) => `${line(one.name)} (${line(one.status)})`).join(", ");
  return [
    `phase: ${key.phase}${key.stale ? ", undetermined now" : ""}`,
    `message: ${line(key.message)}`,
    `evidence: ${LEVELS.map((level) => `${level} ${key.evidence[level]}`).join(", ")}`,
    `services: ${services === undefined ? "could not be read" : services || "none"}`,
    ...datesAhead(key).map((pair) => pair.join(": ")),
    ...key.muted.map((one) => `muted ${one.code ?? "everything"} until ${one.until}: ${line(one.reason)}`),
    ...key.findings.map(
      (one) => `${one.outcome} ${one.code} (${one.level}): ${line(one.detail)} Next: ${line(one.fix)}`,
    ),
  ].join("\n");
}

function unlistedCase(one: UnlistedProject): string {
  const head = open("testcase", {
    classname: `keygrant.${line(one.project)}`,
    name: "the project's keys can be listed",
  });
  const text = `${line(one.detail)}\nnext: ${line(one.fix)}`;
  return `${head}${open("error", { type: one.code, message: line(one.detail) })}${xmlText(text)}</error></testcase>\n`;
}

function open(tag: string, attributes: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(attributes).map(([name, value]) => ` ${name}="${xmlAttribute(String(value))}"`);
  return `<${tag}${pairs.join("")}>`;
}

function line(text: string): string {
  return plainText(text, 2_000);
}
