/**
 * The page's looks. Every pair of colours that carries text has a contrast of at least 4.5 (WCAG 2.2, AA), in both
 * schemes; no state is told by colour alone. What is printed is dark on white, with whatever wants attention unfolded.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --sunk: #f0f3f6; --line: #d9dfe6; --ink: #141a21; --soft: #526070; --link: #0b5cad;
  --bad: #b3201b; --bad-bg: #fdecea; --bad-line: #efb3ae;
  --open: #7d4e00; --open-bg: #fff3dc; --open-line: #e8c98f;
  --new: #2d5391; --new-bg: #e8effa; --new-line: #b4c8e8;
  --good: #17693c; --good-bg: #e5f4ea; --good-line: #a9d6ba;
  --bad-fill: #c62828; --open-fill: #bd7800; --new-fill: #5b86c9; --good-fill: #2f8f57; --none-fill: #8592a0; --alarm: #c62828;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1217; --card: #161c23; --sunk: #1d252e; --line: #2c3641; --ink: #e6ebf0; --soft: #9dabba; --link: #7ab8f5;
    --bad: #ff9b92; --bad-bg: #3a1714; --bad-line: #7c332d;
    --open: #f2bf5c; --open-bg: #332508; --open-line: #6d5320;
    --new: #9dc0f2; --new-bg: #172740; --new-line: #355480;
    --good: #7fd3a0; --good-bg: #10291b; --good-line: #2d5f42;
    --bad-fill: #e5534b; --open-fill: #d4981f; --new-fill: #6a98dd; --good-fill: #3f9f68; --none-fill: #6b7887;
  }
}
* { box-sizing: border-box; margin: 0; }
html { -webkit-text-size-adjust: 100%; }
body { background: var(--page); color: var(--ink); font: 1rem/1.5 var(--sans); overflow-wrap: anywhere; }
body > * { max-width: 72rem; margin-inline: auto; padding-inline: 1.25rem; }
h1, h2, h3, h4 { line-height: 1.25; font-weight: 650; text-wrap: balance; }
ul, ol { list-style: none; padding: 0; }
code, h3 { font-family: var(--mono); }
code { font-size: .875em; }
time, b, .ago, output, .tiles b { font-variant-numeric: tabular-nums; }
.ago, .soft { color: var(--soft); }
/* Names in scripts that run from right to left keep to themselves. */
b, code, time, h3, .where span, .status, option { unicode-bidi: isolate; }
[hidden] { display: none !important; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }

header { padding-block: 2.25rem 1.25rem; }
.brand { font: 600 .875rem var(--mono); color: var(--soft); letter-spacing: .01em; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.6vw, 2.75rem); letter-spacing: -.02em; margin-block: .35rem .5rem; }
.lead { font-size: 1.125rem; max-width: 80ch; }
.run { color: var(--soft); font-size: .875rem; margin-top: .6rem; }
main { padding-bottom: 2rem; }
main > * + * { margin-top: 1.75rem; }
h2 { font-size: 1.0625rem; margin-bottom: .75rem; }

.bar { display: block; width: 100%; height: 14px; border-radius: 7px; }
rect.INVALID { fill: var(--bad-fill); }
rect.undetermined { fill: var(--open-fill); }
rect.INITIALIZING { fill: var(--new-fill); }
rect.VALID { fill: var(--good-fill); }
rect.stale { fill: var(--ink); opacity: .55; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .75rem; margin-top: .75rem; }
.tiles li { display: grid; gap: .1rem; padding: .8rem 1rem .9rem; background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--none-fill); border-radius: 10px; }
.tiles b { font-size: 2rem; line-height: 1.1; font-weight: 680; }
.tiles .word { font-weight: 650; font-size: .9375rem; }
.tiles .means { color: var(--soft); font-size: .875rem; line-height: 1.35; }
.tiles .INVALID { border-top-color: var(--bad-fill); }
.tiles .undetermined { border-top-color: var(--open-fill); }
.tiles .INITIALIZING { border-top-color: var(--new-fill); }
.tiles .VALID { border-top-color: var(--good-fill); }
.tiles .INVALID b { color: var(--bad); }
.tiles .undetermined b { color: var(--open); }
.tiles .INITIALIZING b { color: var(--new); }
.tiles .VALID b { color: var(--good); }
.tiles .zero b { color: var(--soft); }
.tiles .zero { border-top-color: var(--line); }

.notice { background: var(--open-bg); border: 1px solid var(--open-line); border-radius: 10px; padding: 1rem 1.1rem; }
.notice h2 { margin-bottom: .25rem; }
.notice li { margin-top: .75rem; padding-top: .75rem; border-top: 1px solid var(--open-line); }
.notice .vendor { color: var(--soft); }
.looks { color: var(--soft); font-size: .9375rem; }
.looks span { white-space: nowrap; margin-left: .5rem; }

.filter { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem .9rem; margin-bottom: .9rem; font-size: .9375rem; }
.filter label, .filter legend { color: var(--soft); }
.filter .search { flex: 1 1 20rem; max-width: 36rem; display: flex; align-items: center; gap: .5rem; }
.filter .projects { display: flex; align-items: center; gap: .5rem; min-width: 0; }
.filter input[type=search], .filter select, .filter button { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--none-fill); border-radius: 8px; min-height: 2.5rem; padding: .25rem .7rem; min-width: 0; }
.filter input[type=search] { flex: 1; width: 100%; }
.filter select { max-width: 16rem; }
.filter button { cursor: pointer; }
.filter ::placeholder { color: var(--soft); opacity: 1; }
.filter fieldset { border: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .4rem; min-width: 0; }
.filter button { margin-left: auto; }
.filter legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.toggle { display: inline-flex; align-items: center; gap: .4rem; min-height: 2.25rem; padding: .15rem .7rem; border: 1px solid var(--line); border-radius: 99px; background: var(--card); cursor: pointer; }
.toggle span { font-variant-numeric: tabular-nums; font-weight: 650; }
.toggle input { accent-color: var(--link); width: 1rem; height: 1rem; margin: 0; }
.filter .toggle:has(:checked) { color: var(--ink); border-color: var(--none-fill); }
.filter output { margin-left: auto; color: var(--soft); }

.keys { display: grid; grid-template-columns: minmax(0, 1fr); gap: .6rem; }
.key { background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--none-fill); border-radius: 10px; }
.key.INVALID { border-left-color: var(--bad-fill); }
.key.undetermined { border-left-color: var(--open-fill); }
.key.INITIALIZING { border-left-color: var(--new-fill); }
.key.VALID { border-left-color: var(--good-fill); }
.key:target { box-shadow: 0 0 0 3px var(--link); }
summary { display: grid; grid-template-columns: 7.75rem minmax(0, 1fr) auto; gap: .25rem .9rem; align-items: start; padding: .85rem 1.1rem .85rem .9rem; cursor: pointer; list-style: none; border-radius: 8px; }
summary::-webkit-details-marker { display: none; }
summary:hover h3 { text-decoration: underline; text-underline-offset: .2em; text-decoration-thickness: 1px; }
.badge { justify-self: start; padding: .15rem .6rem; border-radius: 6px; border: 1px solid; font-size: .8125rem; font-weight: 680; white-space: nowrap; }
.badge.INVALID { color: #fff; background: var(--alarm); border-color: var(--alarm); }
.badge.undetermined { color: var(--open); background: var(--open-bg); border-color: var(--open-line); }
.badge.INITIALIZING { color: var(--new); background: var(--new-bg); border-color: var(--new-line); }
.badge.VALID { color: var(--good); background: var(--good-bg); border-color: var(--good-line); }
.where { font-size: .875rem; color: var(--soft); }
.where .project { color: var(--ink); font-weight: 650; }
.where span::before { content: "· "; }
h3 { font-size: .8125rem; font-weight: 500; margin-block: .1rem .25rem; text-wrap: wrap; }
.message { max-width: 75ch; }
.VALID .message { color: var(--soft); }
.was { display: block; color: var(--soft); font-size: .9375rem; }
.hit { margin-top: .5rem; font-weight: 600; color: var(--bad); }
.hit b { display: inline-block; padding: 0 .5rem; margin: .1rem 0; border-radius: 6px; background: var(--bad-bg); border: 1px solid var(--bad-line); font: 600 .875rem/1.5 var(--mono); color: var(--bad); }
.hit.none { color: var(--soft); font-weight: 400; }
.date { margin-top: .35rem; font-size: .9375rem; font-weight: 600; }
.muted { margin-top: .35rem; font-size: .875rem; color: var(--soft); }
.side { display: grid; justify-items: end; gap: .35rem; }
.since { font-size: .875rem; color: var(--soft); }
.since::after { content: " ▸" / ""; }
[open] .since::after { content: " ▾" / ""; }
.evidence { display: flex; flex-wrap: wrap; gap: .3rem; }
.evidence li { padding: .05rem .5rem; border-radius: 6px; border: 1px solid; font-size: .8125rem; white-space: nowrap; }
.evidence span:first-child { font-weight: 700; }
.evidence .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.pass { --tone: var(--good); }
.fail { --tone: var(--bad); }
.unknown { --tone: var(--open); }
.warn { --tone: var(--new); }
.evidence .pass { color: var(--good); background: var(--good-bg); border-color: var(--good-line); }
.evidence .fail { color: var(--bad); background: var(--bad-bg); border-color: var(--bad-line); }
.evidence .unknown { color: var(--soft); background: var(--sunk); border-color: var(--line); border-style: dashed; }

.body { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 1.25rem 2rem; padding: .35rem 1.1rem 1.2rem .9rem; margin-left: 8.65rem; }
.body > .history { grid-column: 1 / -1; }
h4 { font-size: .875rem; color: var(--soft); font-weight: 600; margin-bottom: .4rem; }
.findings li { border-left: 3px solid var(--tone); padding: .1rem 0 .1rem .8rem; }
.findings li + li { margin-top: .8rem; }
.code span { color: var(--tone); font-size: .875rem; }
.code code { font-weight: 650; }
.fix { color: var(--soft); }
.fix b { color: var(--ink); font-weight: 650; }
.facts { display: grid; gap: .45rem; font-size: .9375rem; align-content: start; }
.facts dt { color: var(--soft); font-size: .875rem; }
.facts dd { margin: 0; }
code { background: var(--sunk); border-radius: 4px; padding: .05em .3em; }
.code code { background: none; padding: 0; }
.status { color: var(--soft); }
.strip { display: block; width: 100%; height: 16px; border-radius: 5px; background: var(--sunk); }
.ends { display: flex; justify-content: space-between; gap: 1rem; font-size: .8125rem; color: var(--soft); font-variant-numeric: tabular-nums; margin-top: .2rem; }
.events { margin-top: .7rem; }
.events li { display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: .1rem 1rem; padding-block: .4rem; border-top: 1px solid var(--line); font-size: .9375rem; }
.phase { font-weight: 650; }
.phase.INVALID { color: var(--bad); }
.phase.VALID { color: var(--good); }
.phase.INITIALIZING { color: var(--new); }
.none { color: var(--soft); }
footer { border-top: 1px solid var(--line); padding-block: 1.25rem 2.5rem; color: var(--soft); font-size: .875rem; }
footer p { max-width: 85ch; }
footer p + p { margin-top: .5rem; }

@media (max-width: 60rem) {
  summary { grid-template-columns: minmax(0, 1fr); }
  .side { justify-items: start; margin-top: .4rem; }
  .body { grid-template-columns: minmax(0, 1fr); margin-left: 0; padding-top: 0; }
}
@media (max-width: 40rem) {
  body > * { padding-inline: .9rem; }
  header { padding-top: 1.4rem; }
  .lead { font-size: 1.0625rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: .5rem; }
  .tiles li { padding: .6rem .75rem; }
  .filter .search, .filter .projects { flex-basis: 100%; }
  .filter select { flex: 1; max-width: none; }
  .events li { grid-template-columns: minmax(0, 1fr); }
}
@media (forced-colors: active) {
  rect { forced-color-adjust: none; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --sunk: #f0f3f6; --line: #c6ced6; --ink: #000; --soft: #444c55;
    --bad: #9c1611; --bad-bg: #fff; --open: #6b4300; --open-bg: #fff; --new: #24457a; --new-bg: #fff; --good: #0f5730; --good-bg: #fff;
    --bad-fill: #c62828; --open-fill: #bd7800; --new-fill: #5b86c9; --good-fill: #2f8f57;
    --bad-line: #9c1611; --open-line: #6b4300; --new-line: #24457a; --good-line: #0f5730;
  }
  @page { margin: 14mm 12mm; }
  html { font-size: 8.5pt; orphans: 3; widows: 3; }
  body > * { max-width: none; padding-inline: 0; }
  header { padding-top: 0; }
  .filter, .since::after { display: none; }
  .bar, .strip, .badge { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h4, .code, .strip, .ends { break-after: avoid; }
  .keys { display: block; }
  summary { grid-template-columns: 7.75rem minmax(0, 1fr); }
  .side { grid-column: 2; justify-items: start; grid-auto-flow: column; justify-content: start; align-items: center; gap: 1rem; }
  .body { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); margin-left: 8.65rem; }
  .key { margin-bottom: .6rem; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
  .key.VALID, summary, .events li, .facts > div, .tiles li, .notice li { break-inside: avoid; }
  .key:not(.VALID) details::details-content, .key.warned details::details-content { content-visibility: visible; display: block; block-size: auto; }
}
`;
