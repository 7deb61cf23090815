import { readFileSync, writeFileSync } from "node:fs";
import { FAULT_KINDS, type FaultKind } from "../../src/sandbox/index.ts";
import type { Outcome } from "./judged.ts";
import { isWrite, type Often } from "./kinds.ts";
import type { Stop } from "./points.ts";
import { type Stage, whoIs } from "./stage.ts";
import { SUBJECTS } from "./subjects.ts";
import type { Attempted } from "./trial.ts";

/** docs/faults.md: everything between two marks is what came out of a test, and nothing in it was expected. */
const PAGE = "docs/faults.md";

type About = Pick<Stage, "subject" | "calls">;

/** The table of one command: a row for each of its calls, and how it ended for each kind of fault there. */
export function tableOf(stage: About, attempted: readonly Attempted[]): string {
  const rows = stage.calls.map((call) => {
    const at = attempted.filter(({ trial }) => trial.fault.call === call);
    const cell = (often: Often) => cellOf(at.filter(({ trial }) => trial.fault.often === often));
    return [`${call}${isWrite(stage.subject, call) ? " (writes)" : ""}`, cell("once"), cell("ever")];
  });
  return [
    `**\`keygrant ${stage.subject.command}\`**: ${attempted.length} trials`,
    table(["at the call", "the first time", "every time"], rows),
  ].join("\n\n");
}

/** `0: 429, 500; 12 \`look.unreachable\`: html` */
function cellOf(attempted: readonly Attempted[]): string {
  const ends = [...new Set(attempted.map(({ outcome }) => outcome))].sort(
    (a, b) => exitOf(a) - exitOf(b) || a.localeCompare(b),
  );
  const kindsOf = (end: string) =>
    FAULT_KINDS.filter((kind) => attempted.some(({ trial, outcome }) => outcome === end && trial.fault.kind === kind));
  return ends.map((end) => `${end}: ${nameOfKinds(kindsOf(end))}`).join("; ");
}

const EVERY_KIND = "every kind";

function nameOfKinds(kinds: readonly FaultKind[]): string {
  return kinds.length === FAULT_KINDS.length ? EVERY_KIND : kinds.join(", ");
}

function exitOf(end: string): number {
  return Number(end.split(" ")[0]);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** What came of one fault all around: a row for each way it ended, and the commands that ended so. */
export function aroundTable(ended: readonly { readonly who: string; readonly outcome: Outcome }[]): string {
  const ends = [...new Set(ended.map(({ outcome }) => outcome))].sort(
    (a, b) => exitOf(a) - exitOf(b) || a.localeCompare(b),
  );
  const rows = ends.map((end) => [end, ended.flatMap(({ who, outcome }) => (outcome === end ? [who] : [])).join(", ")]);
  return table(["ended", "commands"], rows);
}

/** What came of the signals: a row for each command, with how often it was stopped and when it was too late for that. */
export function stopTable(
  stages: readonly Stage[],
  ended: readonly { readonly stop: Stop; readonly outcome: Outcome }[],
): string {
  const rows = stages.map((stage) => {
    const own = ended.filter(({ stop }) => stop.stage === stage);
    const counts = ["130 `interrupted`", "143 `interrupted`"].map((end) =>
      String(own.filter(({ outcome }) => outcome === end).length),
    );
    const late = own
      .filter(({ outcome }) => outcome === "0")
      .map(({ stop }) => `${stop.signal} ${stop.phase} ${stop.call}`);
    return [whoIs(stage), String(own.length), ...counts, late.sort().join(", ")];
  });
  return table(["command", "signals", "130 `interrupted`", "143 `interrupted`", "0: it came too late"], rows);
}

/** How the page says that a command ends when that goes wrong; null where it says nothing of it. */
export function toldAround(name: string, who: string): Outcome | null {
  const row = rowsOf(kept(`around ${name}`)).find(([, whom = ""]) => whom.split(", ").includes(who));
  return row?.[0] ?? null;
}

/** How the page says that a command ends; null where it says nothing of that. */
export function toldOf({ subject }: About, call: string, kind: FaultKind, often: Often): string | null {
  const row = rowsOf(kept(nameOf(subject))).find(([name]) => name?.replace(" (writes)", "") === call);
  const cell = row?.[often === "once" ? 1 : 2] ?? "";
  return groupsOf(cell).find(({ kinds }) => kinds.includes(kind))?.end ?? null;
}

/** The calls that the page names for a command. */
export function callsToldOf({ subject }: About): readonly string[] {
  return rowsOf(kept(nameOf(subject))).map(([name = ""]) => name.replace(" (writes)", ""));
}

export function rowsOf(part: string): readonly (readonly string[])[] {
  const lines = part.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.slice(2, -2).split(" | "));
}

/** The name of a command's part of the page. */
export function nameOf({ about, command }: About["subject"]): string {
  return `${about} ${command}`;
}

/** What the page has between the marks of that name. */
export function kept(name: string): string {
  const { start, end, text } = place(name);
  return text.slice(start, end).trim();
}

/** Puts what came out between the marks of that name, and counts anew. */
export function keep(name: string, part: string): void {
  put(name, part);
  put("all", counted());
}

/** How many trials at a call the tables hold, and how they ended. */
export function counted(): string {
  const cells = SUBJECTS.flatMap((subject) => rowsOf(kept(nameOf(subject)))).flatMap(([, ...ends]) => ends);
  const ended = cells.flatMap((cell) => groupsOf(cell)).flatMap(({ end, kinds }) => kinds.map(() => exitOf(end)));
  const rows = [...new Set(ended)]
    .sort((a, b) => a - b)
    .map((code) => [String(code), String(ended.filter((one) => one === code).length)]);
  return [`${ended.length} trials at a call, by exit code:`, table(["exit code", "trials"], rows)].join("\n\n");
}

interface Group {
  readonly end: Outcome;
  readonly kinds: readonly string[];
}

function groupsOf(cell: string): readonly Group[] {
  return cell
    .split("; ")
    .filter((group) => group.includes(": "))
    .map((group) => {
      const at = group.lastIndexOf(": ");
      const kinds = group.slice(at + 2);
      return { end: group.slice(0, at), kinds: kinds === EVERY_KIND ? FAULT_KINDS : kinds.split(", ") };
    });
}

function put(name: string, part: string): void {
  const { start, end, text } = place(name);
  writeFileSync(PAGE, `${text.slice(0, start)}\n${part}\n\n${text.slice(end)}`);
}

function place(name: string): { readonly start: number; readonly end: number; readonly text: string } {
  const text = readFileSync(PAGE, "utf8");
  const opening = `<!-- ${name} -->\n`;
  const start = text.indexOf(opening);
  const end = text.indexOf(`<!-- end of ${name} -->`);
  if (start < 0 || end < start) throw new Error(`${PAGE} has no place for "${name}"`);
  return { start: start + opening.length, end, text };
}
