import { readFile, writeFile } from "node:fs/promises";
import type { Break, CloudMatrix, Outcome } from "./matrix.ts";

/** What came out, to be kept: nothing in the page is what was expected. */
export interface Results {
  readonly singles: readonly (readonly [Break, Outcome])[];
  readonly pairs: readonly (readonly [Break, Break, Outcome])[];
}

const PAGE = "docs/verdicts.md";

/** The part of the page that is one cloud's. */
export function section({ cloud, title, key }: CloudMatrix, { singles, pairs }: Results): string {
  const numbers = new Map(singles.map(([one], index) => [one, index + 1]));
  const number = (one: Break) => numbers.get(one) ?? 0;
  const kinds = [...new Set(pairs.flatMap((pair) => [pair[0], pair[1]]))];
  return [
    `## ${title}`,
    `The key is \`${key}\`: healthy, granted and registered, and \`keygrant validate\` says VALID with exit code 0. With one thing wrong:`,
    table(
      ["", "what is wrong", "code", "level", "phase", "exit", "it says"],
      singles.map(([one, outcome]) => [
        String(number(one)),
        one.what,
        `\`${outcome.code}\``,
        outcome.level ?? "",
        `${outcome.phase}${outcome.stale ? ", stale" : ""}`,
        String(outcome.exit),
        cell(dateless(outcome.detail)),
      ]),
    ),
    `With two things wrong, by the numbers above (${pairs.length} pairs; of those that change the same part and have the same code the first stands for all):`,
    table(
      ["", "code", "is what is said also with", "gives way to"],
      kinds.map((one) => {
        const others = pairs.flatMap(([a, b, { code }]) =>
          a === one ? [{ other: b, code }] : b === one ? [{ other: a, code }] : [],
        );
        const wins = others.filter(({ code }) => code === one.code);
        const yields = others.filter(({ code }) => code !== one.code);
        return [
          String(number(one)),
          `\`${one.code}\``,
          ranges(wins.map(({ other }) => number(other))),
          ranges(yields.map(({ other }) => number(other))),
        ];
      }),
    ),
    `<!-- end of ${cloud} -->`,
  ].join("\n\n");
}

/** What the page has for the cloud now. */
export async function kept(cloud: string, title: string): Promise<string> {
  const { start, end, text } = await place(cloud, title);
  return text.slice(start, end);
}

/** Puts the cloud's part into the page. */
export async function keep(cloud: string, title: string, part: string): Promise<void> {
  const { start, end, text } = await place(cloud, title);
  await writeFile(PAGE, text.slice(0, start) + part + text.slice(end));
}

async function place(cloud: string, title: string): Promise<{ start: number; end: number; text: string }> {
  const text = await readFile(PAGE, "utf8");
  const start = text.indexOf(`## ${title}\n`);
  const mark = `<!-- end of ${cloud} -->`;
  const end = text.indexOf(mark);
  if (start < 0 || end < start) throw new Error(`${PAGE} has no part "## ${title}" that ends with ${mark}`);
  return { start, end: end + mark.length, text };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Dates are counted from the day of the run. */
function dateless(text: string): string {
  return text.replaceAll(/\b20\d\d-\d\d-\d\dT[\d:.]+Z/g, (date) => (KEPT.test(date) ? date : "_a date_"));
}

/** Those that stand in a document stay what they are. */
const KEPT = /^20(?:2[0-5]|99)-/;

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("*", "\\*");
}

/** `1, 3–5` */
function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const found: [number, number][] = [];
  for (const one of sorted) {
    const last = found.at(-1);
    if (last?.[1] === one - 1) last[1] = one;
    else found.push([one, one]);
  }
  return found.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}
