import { describe } from "../core/describe.ts";
import type { UndoReport } from "../core/undo.ts";
import { type Paint, safe } from "./text.ts";

const DONE: Readonly<Record<UndoReport["outcome"], string>> = {
  undone: "undone",
  unchanged: "unchanged: it was undone already, or never came to be",
  planned: "planned, nothing was written",
};

/** What was undone, and whether the vendor is let in now. */
export function undoText(report: UndoReport, paint: Paint): string {
  const was = report.wanted === "present" ? "a grant" : "a grant that was taken back";
  const lines = [
    paint("bold", safe(report.key)),
    `  write    ${was}, saved in ${safe(report.undoes)}`,
    `  inverse  ${DONE[report.outcome]}`,
    ...report.accessors.map((one) => `  whose    ${safe(describe(one))}`),
  ];
  if (report.change?.backup) lines.push(`  backup   ${safe(report.change.backup)}`);
  if (report.letIn !== null) {
    const asMeant = report.letIn === (report.wanted === "present" ? "no" : "yes");
    lines.push(`  let in   ${paint(asMeant ? "green" : "red", report.letIn)}, by what was read`);
  }
  if (report.next !== null) lines.push(`  next     ${report.next}`);
  return `${lines.join("\n")}\n`;
}
