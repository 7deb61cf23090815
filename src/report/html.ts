import { createHash } from "node:crypto";
import type { Summary } from "../core/report.ts";
import type { ReportWriter, RunEnd, RunStart } from "./input.ts";
import { html, Markup } from "./markup.ts";
import { type PageKey, pageBody, pageTitle } from "./page.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

/** Enough to see a pattern; the memory keeps the rest. */
const TRANSITIONS = 20;

/**
 * One page that needs nothing else, neither when it is opened nor years later.
 *
 * What a reader needs first is known last: the counts, and which keys are worst. So the keys are held until the end,
 * a few kilobytes each. A page of ten thousand keys costs tens of megabytes here, and as much in the reader's browser.
 */
export function htmlWriter(): ReportWriter {
  const keys: PageKey[] = [];
  let start: RunStart = { startedAt: "", version: "" };
  return {
    transitions: TRANSITIONS,
    begin: (run) => {
      start = run;
      return "";
    },
    key: (report, history) => {
      keys.push({ report, history });
      return "";
    },
    end: (run) => page(keys, start, run),
  };
}

function page(keys: readonly PageKey[], start: RunStart, end: RunEnd): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${pageTitle(end.summary)}</title>
<link rel="icon" href="${icon(end.summary)}">
<style>${new Markup(STYLE)}</style>
</head>
<body>
${pageBody(keys, start, end)}<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`.text;
}

/** Nothing is loaded and nothing is run but the two texts that stand in the page; the icon is a data: address. */
function policy(): string {
  return [
    "default-src 'none'",
    `style-src '${hash(STYLE)}'`,
    `script-src '${hash(SCRIPT)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** A dot in the colour of the worst: a tab among many says whether it is worth a look. */
function icon(summary: Summary): string {
  const colour = summary.INVALID > 0 ? "c62828" : summary.undetermined + summary.INITIALIZING > 0 ? "c77700" : "2e7d4f";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#${colour}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
