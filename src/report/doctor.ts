import type { CheckLine, DoctorReport } from "../core/doctor.ts";
import { atLineStart, plainText } from "../core/text.ts";

type Paint = (format: "green" | "red" | "yellow" | "dim" | "bold", text: string) => string;

const WIDTH = 80;
const OUTCOME = 9;
const CHECK = 13;
const FORMATS = { pass: "green", fail: "red", unknown: "yellow", skipped: "dim" } as const;

/** What `keygrant doctor` found, for people: a block for each party, the reason and the fix below what is no pass. */
export function doctorText(report: DoctorReport, paint: Paint): string {
  const parties = [...new Set(report.checks.map(({ about }) => about))];
  const blocks = parties.map((about) => {
    const lines = report.checks.filter((line) => line.about === about).flatMap((line) => lineText(line, paint));
    return [paint("bold", about), ...lines].join("\n");
  });
  const { pass, fail, unknown, skipped } = report.summary;
  return [...blocks, `${pass} pass, ${fail} fail, ${unknown} unknown, ${skipped} skipped`].join("\n\n");
}

function lineText({ outcome, check, subject, jobs, detail, fix }: CheckLine, paint: Paint): readonly string[] {
  const name = check === "permission" || check === "endpoint" ? clean(subject) : clean(detail);
  const wanted = jobs.length === 0 ? "" : ` (${jobs.join(", ")})`;
  const first = wrapped(`${name}${wanted}`, OUTCOME + CHECK + 2);
  const isSaid = name !== clean(subject) || (outcome === "pass" && check === "permission");
  const more = isSaid ? [] : wrapped(clean(detail), OUTCOME + CHECK + 2);
  const next = fix === null || outcome === "pass" ? [] : wrapped(`next: ${clean(fix)}`, OUTCOME + CHECK + 2);
  const [head = "", ...rest] = [...first, ...more, ...next];
  const label = `  ${paint(FORMATS[outcome], outcome)}${" ".repeat(OUTCOME - outcome.length)}${check.padEnd(CHECK)}`;
  return [`${label}${head}`, ...rest.map((line) => " ".repeat(OUTCOME + CHECK + 2) + atLineStart(line))];
}

function clean(text: string): string {
  return plainText(text, 1_000);
}

/** Words as they fit; one that is longer than a line, a key's name say, stays in one piece to be copied. */
function wrapped(text: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
