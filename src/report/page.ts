import type { ProjectCoverage } from "../core/coverage.ts";
import type { Transition } from "../core/history.ts";
import { type KeyReport, type Summary, standing, type UnlistedProject } from "../core/report.ts";
import { card, NOT_REGISTERED } from "./card.ts";
import { type RunEnd, type RunStart, WORST_FIRST } from "./input.ts";
import { html, type Markup, type Piece, prose } from "./markup.ts";
import { lengthPhrase, shortTime } from "./time.ts";
import { timeTag } from "./timeline.ts";

export interface PageKey {
  readonly report: KeyReport;
  readonly history: readonly Transition[];
}

type Standing = keyof Summary;

/** The title says the verdict: it is what a tab and a printed page's margin show. */
export function pageTitle(summary: Summary): string {
  const counts = WORST_FIRST.filter((word) => summary[word] > 0).map((word) => `${summary[word]} ${word}`);
  return `${counts.join(", ") || "No keys"} · keygrant`;
}

export function pageBody(keys: readonly PageKey[], start: RunStart, end: RunEnd): Markup {
  const sorted = [...keys].sort((a, b) => worseFirst(a.report, b.report));
  const cards = sorted.map((one, index) => card(one.report, one.history, index + 1, end.finishedAt));
  return html`<header>
<p class="brand">keygrant</p>
<h1>${verdict(end.summary)}</h1>
<p class="lead">${lead(sorted, end)}</p>
<p class="run">Run of ${timeTag(start.startedAt)}, finished ${timeTag(end.finishedAt)} after ${lengthPhrase(
    Date.parse(end.finishedAt) - Date.parse(start.startedAt),
  )}</p>
</header>
<main>
${glance(end)}${unlistedNotice(end.unlisted)}${coverageNotice(end.coverage)}${lookNotice(end.lookFailures)}<section aria-labelledby="keys-title">
<h2 id="keys-title">Keys, worst first</h2>
${filter(sorted, end.summary)}<ol class="keys" id="keys">
${cards}</ol>
<p id="none" class="none" hidden>No key is like that.</p>
</section>
</main>
${footer(start, end)}`;
}

/** Standing first, then what a key takes down; the rest is for finding one's way. */
function worseFirst(a: KeyReport, b: KeyReport): number {
  const rank = (key: KeyReport) => WORST_FIRST.indexOf(standing(key));
  // Services that could not be read may be many.
  const weight = (key: KeyReport) => (key.phase === "INVALID" ? (key.services?.length ?? 1) : 0);
  const warnings = (key: KeyReport) => key.findings.filter((one) => one.outcome === "warn").length;
  return (
    rank(a) - rank(b) ||
    weight(b) - weight(a) ||
    warnings(b) - warnings(a) ||
    compare(a.project ?? "", b.project ?? "") ||
    compare(a.key, b.key)
  );
}

/** By code unit: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function total(summary: Summary): number {
  return WORST_FIRST.reduce((sum, word) => sum + summary[word], 0);
}

function verdict(summary: Summary): string {
  const all = total(summary);
  const open = summary.undetermined + summary.INITIALIZING;
  if (all === 0) return "No keys";
  if (summary.INVALID > 0) {
    if (all === 1) return "The key is INVALID";
    if (summary.INVALID === all) return `All ${all} keys are INVALID`;
    return `${summary.INVALID} of ${all} keys ${summary.INVALID === 1 ? "is" : "are"} INVALID`;
  }
  if (open > 0) return `No key is INVALID, ${open} of ${all} could not be judged`;
  return all === 1 ? "The key is VALID" : `All ${all} keys are VALID`;
}

function lead(keys: readonly PageKey[], end: RunEnd): string {
  const failing = keys.map((one) => one.report).filter((key) => key.phase === "INVALID");
  const hit = new Set(failing.flatMap((key) => (key.services ?? []).map((one) => `${key.project}\n${one.name}`)));
  const unread = failing.some((key) => key.services === null) ? ", and more that could not be read" : "";
  const parts: string[] = [];
  if (failing.length > 0) {
    const services = hit.size === 1 ? "1 service depends" : `${hit.size === 0 ? "No" : hit.size} services depend`;
    parts.push(`${services} on a key that fails${unread}.`);
  }
  const open = end.summary.undetermined;
  if (end.summary.INVALID > 0 && open > 0) parts.push(`${open} could not be judged.`);
  const warned = keys.filter((one) => one.report.findings.some((finding) => finding.outcome === "warn")).length;
  if (warned > 0) parts.push(`${warned} ${warned === 1 ? "has" : "have"} warnings.`);
  if (end.unlisted.length > 0) parts.push(`${count(end.unlisted.length, "project")} could not be listed.`);
  return parts.join(" ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const MEANS: Readonly<Record<Standing, string>> = {
  INVALID: "the cloud or the vendor said no",
  undetermined: "nobody could tell this time",
  INITIALIZING: "nothing has been concluded yet",
  VALID: "the vendor can use the key",
};

function glance(end: RunEnd): Markup {
  const all = total(end.summary);
  const tiles = WORST_FIRST.map(
    (
      word,
    ) => html`<li class="${word}${end.summary[word] === 0 ? " zero" : null}"><b>${end.summary[word]}</b><span class="word">${word}</span><span class="means">${MEANS[word]}</span></li>
`,
  );
  return html`<section class="glance" aria-labelledby="glance-title">
<h2 id="glance-title">At a glance</h2>
${all === 0 ? null : bar(end.summary, all)}<ul class="tiles">
${tiles}</ul>
</section>
`;
}

/** Drawn with attributes: a style of its own would need a hole in the page's content security policy. */
function bar(summary: Summary, all: number): Markup {
  let x = 0;
  const parts = WORST_FIRST.filter((word) => summary[word] > 0).map((word) => {
    const width = (summary[word] / all) * 1_000;
    const part = html`<rect class="${word}" x="${x.toFixed(2)}" y="0" width="${width.toFixed(2)}" height="10"/>`;
    x += width;
    return part;
  });
  const label = WORST_FIRST.map((word) => `${summary[word]} ${word}`).join(", ");
  return html`<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="${label}">${parts}</svg>
`;
}

function unlistedNotice(unlisted: readonly UnlistedProject[]): Piece {
  if (unlisted.length === 0) return null;
  const items = unlisted.map(
    (one) =>
      html`<li><p><b>${one.project}</b> <span class="vendor">${one.vendor}</span> <code>${one.code}</code></p><p>${prose(one.detail)}</p><p class="fix"><b>Next</b> ${prose(one.fix)}</p></li>
`,
  );
  return html`<section class="notice" aria-labelledby="unlisted-title">
<h2 id="unlisted-title">Projects that could not be listed</h2>
<p>Their keys are not on this page: nothing can be said of any of them.</p>
<ul>
${items}</ul>
</section>
`;
}

/** Only what is open: a page about what to do does not list what is done. */
function coverageNotice(coverage: readonly ProjectCoverage[] | null): Piece {
  if (coverage === null) return null;
  const open = coverage.filter((one) => one.unprotected?.length !== 0 || one.hasDefault !== true);
  const items = open.map(
    (one) =>
      html`<li><p><b>${one.project}</b> <span class="vendor">${one.vendor}</span></p>${coverageLines(one)}</li>
`,
  );
  return html`<section class="notice coverage" aria-labelledby="coverage-title">
<h2 id="coverage-title">Coverage</h2>
${
  open.length === 0
    ? html`<p>Every service of ${count(coverage.length, "project")} is protected by a key that is listed.</p>`
    : html`<p>Services that none of the project’s keys protects, and projects whose new services get none.</p>
<ul>
${items}</ul>`
}
</section>
`;
}

function coverageLines({ failure, hasDefault, services, unprotected }: ProjectCoverage): Piece {
  const names = (unprotected ?? []).map(
    (one) => html` <b>${one.name}</b>${one.cmkId === null ? null : html` <code>${one.cmkId}</code>`}`,
  );
  const open = unprotected?.length ?? 0;
  return [
    open === 0 ? null : html`<p>Without one: ${open} of ${count(services ?? 0, "service")},${names}</p>`,
    hasDefault === false ? html`<p>No default key: new services get none.</p>` : null,
    failure === null
      ? null
      : html`<p><code>${failure.code}</code> ${prose(failure.detail)}</p><p class="fix"><b>Next</b> ${prose(failure.fix)}</p>`,
  ];
}

function lookNotice(failures: Readonly<Record<string, number>>): Piece {
  const met = Object.entries(failures).filter(([, times]) => times > 0);
  if (met.length === 0) return null;
  const items = met.map(([code, times]) => html` <span><code>${code}</code> ×&nbsp;${times}</span>`);
  return html`<p class="looks">Could not look:${items}</p>
`;
}

/** Hidden until the script shows it: without one, it would do nothing. */
function filter(keys: readonly PageKey[], summary: Summary): Markup {
  const projects = [...new Set(keys.map((one) => one.report.project ?? NOT_REGISTERED))].sort(compare);
  const toggles = WORST_FIRST.map(
    (word) =>
      html`<label class="toggle ${word}"><input type="checkbox" name="standing" value="${word}" checked> ${word} <span>${summary[word]}</span></label>
`,
  );
  return html`<form id="filter" class="filter" role="search" aria-label="Filter keys" hidden>
<label class="search">Search <input type="search" id="query" autocomplete="off" spellcheck="false" placeholder="key, project, service, code"></label>
<label class="projects">Project <select id="project"><option value="">all</option>${projects.map((one) => html`<option>${one}</option>`)}</select></label>
<output id="shown" for="query project warned">${count(keys.length, "key")}</output>
<fieldset><legend>Standing</legend>
${toggles}</fieldset>
<label class="toggle"><input type="checkbox" id="warned"> with warnings only</label>
<button type="button" id="unfold" aria-pressed="false">Unfold all</button>
</form>
`;
}

function footer(start: RunStart, end: RunEnd): Markup {
  return html`<footer>
<p>Times are UTC. “Ago” counts back from the end of the run, ${shortTime(end.finishedAt)}, whenever this page is read.</p>
<p>Evidence comes in four kinds, each its own question. <b>key</b>: is the key in a state and of a kind that the vendor can use? <b>grant</b>: do the policies let the vendor in? <b>roundtrip</b>: does the key encrypt and decrypt, with our own credentials? <b>vendor</b>: does the vendor say that it can use it? A network error never makes a key INVALID, and VALID is never said without evidence.</p>
<p>What a code means and how to mend it: <code>keygrant explain &lt;code&gt;</code>. Written by keygrant ${start.version}.</p>
</footer>
`;
}
