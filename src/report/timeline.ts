import type { Transition } from "../core/history.ts";
import type { Phase } from "../core/report.ts";
import { html, type Markup, type Piece } from "./markup.ts";
import { agoPhrase, shortTime } from "./time.ts";

/** The strip's own units: its width on the page is whatever there is room for. */
const WIDTH = 1_000;
const HEIGHT = 14;
/** A failure of minutes in a year must still be seen. */
const THINNEST = 4;

interface Stretch {
  readonly phase: Phase;
  readonly from: number;
  readonly to: number;
}

/** What happened to a key: a strip of its phases over time, and the events in words, newest first. */
export function timeline(history: readonly Transition[], finishedAt: string): Markup {
  if (history.length === 0) return html``;
  const sorted = [...history].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const events = sorted.map((one) => eventItem(one, finishedAt));
  return html`<section class="history"><h4>What changed</h4>
${strip([...sorted].reverse(), finishedAt)}<ol class="events">
${events}</ol></section>`;
}

function strip(oldestFirst: readonly Transition[], finishedAt: string): Markup {
  const first = oldestFirst[0];
  const start = Date.parse(first?.at ?? finishedAt);
  const end = Date.parse(finishedAt);
  if (first === undefined || !(end > start)) return html``;
  const x = (time: number) => ((Math.min(Math.max(time, start), end) - start) / (end - start)) * WIDTH;
  const all = stretches(oldestFirst, end);
  // Failures are painted last, so that thin ones lie on top.
  const painted = [...all].sort((a, b) => Number(a.phase === "INVALID") - Number(b.phase === "INVALID"));
  const label = `Phases from ${shortTime(first.at)} to ${shortTime(finishedAt)}: ${all.map((one) => one.phase).join(", then ")}`;
  return html`<svg class="strip" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
${painted.map((one) => bar(one.phase, x(one.from), x(one.to), 0, HEIGHT))}${unseen(oldestFirst, end).map((one) =>
  bar("stale", x(one.from), x(one.to), HEIGHT - 4, 4),
)}</svg>
<p class="ends"><span>${shortTime(first.at)}</span><span>${shortTime(finishedAt)}</span></p>
`;
}

function bar(kind: Phase | "stale", from: number, to: number, y: number, height: number): Markup {
  const width = Math.min(WIDTH, Math.max(THINNEST, to - from));
  const left = Math.min(from, WIDTH - width);
  return html`<rect class="${kind}" x="${left.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${height}"/>`;
}

function stretches(oldestFirst: readonly Transition[], end: number): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const one of oldestFirst) {
    const from = Date.parse(one.at);
    const last = found.at(-1);
    if (last?.phase === one.to) continue;
    if (last !== undefined) found.splice(-1, 1, { ...last, to: from });
    found.push({ phase: one.to, from, to: end });
  }
  return found;
}

/** When nobody could look. */
function unseen(oldestFirst: readonly Transition[], end: number): readonly { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let since: number | null = null;
  for (const one of oldestFirst) {
    const at = Date.parse(one.at);
    if (one.kind === "stale") since ??= at;
    else if (one.kind === "fresh" && since !== null) {
      found.push({ from: since, to: at });
      since = null;
    }
  }
  return since === null ? found : [...found, { from: since, to: end }];
}

function eventItem(one: Transition, finishedAt: string): Markup {
  return html`<li><p class="when">${timeTag(one.at)} <span class="ago">${agoPhrase(one.at, finishedAt)}</span></p><div>${told(one)}</div></li>
`;
}

function told(one: Transition): Piece {
  switch (one.kind) {
    case "phase":
      return html`<p>${one.from === null ? null : [phaseTag(one.from), " → "]}${phaseTag(one.to)}</p><p>${one.message}</p>`;
    case "cause":
      return html`<p>${phaseTag(one.to)} for another reason</p><p>${one.message}</p>`;
    case "warning-appeared":
      return html`<p>New warning <code>${one.code}</code></p>`;
    case "warning-gone":
      return html`<p>The warning <code>${one.code}</code> is gone</p>`;
    case "accessor":
      return html`<p>The vendor names another principal</p><p>${one.message}</p>`;
    case "vanished":
      return html`<p>The registration is gone</p><p>${one.message}</p>`;
    case "stale":
      return html`<p>Nobody has been able to look for too long</p><p>${one.message}</p>`;
    case "fresh":
      return html`<p>Looked at again: ${phaseTag(one.to)}</p>`;
  }
}

function phaseTag(phase: Phase): Markup {
  return html`<b class="phase ${phase}">${phase}</b>`;
}

export function timeTag(at: string): Markup {
  return html`<time datetime="${at}">${shortTime(at)}</time>`;
}
