import type { RotateReport } from "../core/rotate/rotate.ts";
import { shellWord } from "../core/shell.ts";
import { type Paint, safe } from "./text.ts";

const COLOURS = { rotated: "green", unchanged: "green", planned: "dim", stopped: "red" } as const;

/** What a rotation has come to, and the command for later that it never runs by itself. */
export function rotateText(report: RotateReport, paint: Paint): string {
  const { outcome, services, old } = report;
  const lines = ["", `${paint(COLOURS[outcome], outcome)}  ${safe(report.message)}`];
  lines.push(`  old       CMK ${safe(old.cmkId)}  ${safe(old.key)}${report.deregistered ? "  (deregistered)" : ""}`);
  lines.push(
    `  new       ${report.new.cmkId === null ? "" : `CMK ${safe(report.new.cmkId)}  `}${safe(report.new.key)}`,
  );
  if (report.isDefault) lines.push("  default   the new key");
  for (const { name, outcome, detail } of services) lines.push(`  ${outcome.padEnd(9)} ${safe(name)}: ${safe(detail)}`);
  for (const { code, fix } of report.findings) lines.push(`  unknown   ${code}`, `            ${safe(fix)}`);
  if (outcome === "stopped")
    lines.push("  next      Mend what is named, then run the same command again: it goes on from there.");
  if (report.deregistered) {
    lines.push("  later     The grant on the old key stays: backups of before may need it. Once they have expired:");
    lines.push(`            keygrant revoke ${shellWord(old.key)} --backups-expired`);
  }
  return lines.join("\n");
}
