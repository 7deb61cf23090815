import { describe } from "../core/describe.ts";
import { stillInText } from "../core/proof.ts";
import type { RevokeReport } from "../core/report.ts";
import { type Paint, safe } from "./text.ts";

const DONE: Readonly<Record<RevokeReport["outcome"], string>> = {
  revoked: "taken back",
  unchanged: "unchanged: nothing of the vendor's stood in the documents that keygrant writes",
  planned: "planned, nothing was written",
};

const PROVEN: Readonly<Record<RevokeReport["proof"], string>> = {
  "shut-out": "nothing that was read lets the vendor in any more",
  "let-in": "the vendor is still let in",
  unknown: "whether the vendor is still let in could not be told",
  "not-made": "not made: nothing was written",
};

/** What was taken back, and what came of it. */
export function revokeText(report: RevokeReport, paint: Paint): string {
  const lines = [`${paint("bold", safe(report.key))}`];
  lines.push(`  grant    ${DONE[report.outcome]}`);
  lines.push(...report.accessors.map((one) => `  whose    ${safe(describe(one))}`));
  if (report.change !== null) lines.push(`  backup   ${safe(report.change.backup ?? "")}`);
  const colour = report.proof === "shut-out" ? "green" : report.proof === "let-in" ? "red" : "yellow";
  lines.push(`  proof    ${paint(colour, PROVEN[report.proof])}`);
  if (report.outcome !== "planned") lines.push(...report.stillIn.map((one) => `           ${safe(stillInText(one))}`));
  for (const { project, cmkId, answer, detail } of report.vendorSays) {
    lines.push(`  vendor   CMK ${safe(cmkId)} in project ${safe(project)}: ${answer}. ${safe(detail)}`);
  }
  if (report.next !== null) lines.push(`  next     ${report.next}`);
  return `${lines.join("\n")}\n`;
}
