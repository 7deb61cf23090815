import { describe } from "../core/describe.ts";
import type { Proposal, VendorAct } from "../core/proposal.ts";
import { type Paint, safe } from "./text.ts";

/** What a person is asked to agree to: who gets in, the documents' diff, and what is registered. */
export async function proposalText(proposal: Proposal, paint: Paint): Promise<string> {
  const { vendor, way, change } = proposal;
  const lines = [paint("bold", `Plan for ${safe(proposal.key.id)}`), ""];
  const project = proposal.project === null ? "" : `, project ${safe(proposal.project)}`;
  for (const accessor of proposal.accessors) {
    lines.push(`  ${(way === "in" ? "lets in" : "shuts out").padEnd(11)} ${safe(describe(accessor))}`);
    lines.push(`  who is      ${vendor}${project}, as named by ${vendor} itself`);
  }
  for (const edit of change?.edits ?? []) {
    lines.push(`  writes      ${safe(edit.title)}`, ...edit.summary.map((line) => `              ${safe(line)}`));
    lines.push("", await diffText(edit.title, edit.before, edit.after, paint), "");
  }
  if (change === null) {
    lines.push(`  writes      nothing: the principal is ${way === "in" ? "let in" : "shut out"} already`);
  }
  lines.push(...proposal.acts.map((act) => actText(act, proposal)));
  lines.push(...proposal.remarks.map((remark) => `  ${paint("yellow", "note")}        ${safe(remark)}`));
  return `${lines.join("\n")}\n`;
}

function actText(act: VendorAct, { vendor, project }: Proposal): string {
  const where = project === null ? "" : ` in project ${safe(project)}`;
  switch (act.act) {
    case "register":
      return `  registers   the key with ${vendor}${where}${act.default ? ", as its default" : ""}`;
    case "set-default":
      return `  makes       the key the default${where.replace(" in ", " of ")} for new services`;
    case "move-service":
      return `  moves       service ${safe(act.service)} to it, from CMK ${safe(act.from)}`;
    case "deregister":
      return `  deregisters CMK ${safe(act.cmkId)}${where}, once no service is on it`;
  }
}

/** A unified diff of two documents. */
async function diffText(title: string, before: string, after: string, paint: Paint): Promise<string> {
  const { createTwoFilesPatch } = await import("diff");
  const patch = createTwoFilesPatch(`${title}, as it is`, `${title}, as it will be`, pretty(before), pretty(after));
  return patch
    .split("\n")
    .filter((line) => !/^(Index:|={3,}|\\ No newline)/.test(line))
    .map((line) => paintDiff(escapeLine(line), paint))
    .join("\n")
    .trimEnd();
}

function paintDiff(line: string, paint: Paint): string {
  if (line.startsWith("@@")) return paint("cyan", line);
  if (line.startsWith("+")) return paint("green", line);
  if (line.startsWith("-")) return paint("red", line);
  return line;
}

/** One statement a line is no diff to read: documents that are JSON are laid out first. */
function pretty(text: string): string {
  try {
    return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  } catch {
    return text.endsWith("\n") ? text : `${text}\n`;
  }
}

/** Shows what a terminal would act on, instead of sending it there: a diff must not leave anything out. */
function escapeLine(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
