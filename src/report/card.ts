import { type Finding, LEVELS } from "../core/findings.ts";
import type { Transition } from "../core/history.ts";
import { type KeyReport, standing } from "../core/report.ts";
import { html, type Markup, type Piece, prose } from "./markup.ts";
import { agoPhrase, datesAhead } from "./time.ts";
import { timeline, timeTag } from "./timeline.ts";

export const NOT_REGISTERED = "not registered";

const OPEN = html` open`;
/** When everything fails at once, a list of what fails says more than the first failure in full. */
const OPEN_AT_MOST = 12;

/** One key: in the summary what a person on call needs, behind it what a person who mends it needs. */
export function card(key: KeyReport, history: readonly Transition[], number: number, finishedAt: string): Markup {
  const word = standing(key);
  const isWarned = key.findings.some((one) => one.outcome === "warn");
  return html`<li class="key ${word}${isWarned ? " warned" : ""}" id="key-${number}"><details${word !== "VALID" && number <= OPEN_AT_MOST ? OPEN : null}>
<summary>
<span class="badge ${word}">${word}</span>
<div class="what">
<p class="where">${where(key)}</p>
<h3>${breakable(key.key)}</h3>
<p class="message">${headline(key)}</p>
${dateLines(key)}${mutedLines(key)}${hit(key)}</div>
<div class="side">
${evidence(key)}<p class="since">${sinceLine(key, finishedAt)}</p>
</div>
</summary>
<div class="body">
${findings(key)}${facts(key, finishedAt)}${timeline(history, finishedAt)}</div>
</details></li>
`;
}

function where(key: KeyReport): Piece {
  const project = html`<b class="project">${key.project ?? NOT_REGISTERED}</b>`;
  const rest = [key.vendor, key.cloud === null ? null : CLOUD_NAMES[key.cloud], key.region];
  const tags = rest.filter((one) => one !== null).map((one) => html` <span>${one}</span>`);
  return [project, tags, key.default === true ? html` <span class="default">default</span>` : null];
}

const CLOUD_NAMES = { aws: "AWS", gcp: "Google Cloud", oci: "OCI", azure: "Azure" } as const;

/** Long references break where a person would break them. */
function breakable(reference: string): Piece {
  return reference.split(/(?<=[/:.])/).map((part, index) => (index === 0 ? html`${part}` : html`<wbr>${part}`));
}

/** Why the key stands where it stands: a stale key's message is about a look that is past. */
function headline(key: KeyReport): Piece {
  if (!key.stale) return key.message;
  const reason = key.findings.find((one) => one.outcome === "unknown")?.detail ?? key.message;
  if (key.phase === "INITIALIZING") return reason;
  return [reason, html` <span class="was">Last verdict: <b>${key.phase}</b>. ${key.message}</span>`];
}

/** How long is left, for a reader; not in the message, which would change every day. */
function dateLines(key: KeyReport): Piece {
  return datesAhead(key).map(
    ([what, when]) =>
      html`<p class="date"><b>${what === "deletion" ? "Deletion" : "Material expires"}</b> ${when}</p>
`,
  );
}

function mutedLines(key: KeyReport): Piece {
  return key.muted.map(
    (one) =>
      html`<p class="muted"><b>Muted</b> ${one.code === null ? "everything" : html`<code>${one.code}</code>`} until ${timeTag(one.until)}: ${one.reason}</p>
`,
  );
}

const SHOWN_SERVICES = 6;

/** The services that go down with a key that fails. */
function hit(key: KeyReport): Piece {
  if (key.phase !== "INVALID") return null;
  if (key.services === null) return html`<p class="hit">Which services it takes down could not be read.</p>`;
  if (key.services.length === 0) return html`<p class="hit none">No service depends on it.</p>`;
  const more = key.services.length - SHOWN_SERVICES;
  const names = key.services.slice(0, SHOWN_SERVICES).map((one) => html`<b>${one.name}</b> `);
  return html`<p class="hit">Takes down ${names}${more > 0 ? `and ${more} more` : null}</p>`;
}

const MARKS = { pass: "✓", fail: "✕", unknown: "?" } as const;

function evidence(key: KeyReport): Piece {
  const chips = LEVELS.map((level) => {
    const value = key.evidence[level];
    return html`<li class="${value}"><span aria-hidden="true">${MARKS[value]}</span> ${level} <span class="said">${value}</span></li>
`;
  });
  return html`<ul class="evidence" aria-label="Evidence">
${chips}</ul>
`;
}

function sinceLine(key: KeyReport, finishedAt: string): Piece {
  if (key.since === null) return null;
  return [`${key.phase} since `, html`<span class="ago">${agoPhrase(key.since, finishedAt)}</span>`];
}

function findings(key: KeyReport): Piece {
  if (key.findings.length === 0) return null;
  const items = key.findings.map((one) => findingItem(one, key));
  return html`<section class="findings"><h4>What was found</h4><ul>
${items}</ul></section>
`;
}

function findingItem(one: Finding, key: KeyReport): Markup {
  const isAccepted = key.accepted.includes(one.code);
  return html`<li class="${one.outcome}"><p class="code"><code>${one.code}</code> <span>${one.outcome}, ${one.level}${isAccepted ? ", accepted" : null}</span></p><p>${prose(one.detail)}</p><p class="fix"><b>Next</b> ${prose(one.fix)}</p></li>
`;
}

function facts(key: KeyReport, finishedAt: string): Piece {
  const time = (at: string | null): Piece =>
    at === null ? "not known" : html`${timeTag(at)} <span class="ago">${agoPhrase(at, finishedAt)}</span>`;
  const rows: readonly (readonly [string, Piece])[] = [
    [`${key.phase} since`, time(key.since)],
    ["Last checked", time(key.lastCheckedAt)],
    ["Last VALID", time(key.lastValidAt)],
    ["Assurance", key.assurance === null ? null : ASSURANCES[key.assurance]],
    ["Registered as", key.cmkId],
    ["Accepted", key.accepted.length === 0 ? null : key.accepted.join(", ")],
    ["Services", services(key)],
  ];
  const items = rows
    .filter(([, value]) => value !== null)
    .map(
      ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
    );
  return html`<dl class="facts">
${items}</dl>
`;
}

const ASSURANCES = {
  vendor: "vendor: the vendor is known to have used the key",
  policy: "policy: guardrails above the key were not seen",
} as const;

function services(key: KeyReport): Piece {
  if (key.services === null) return "could not be read";
  if (key.services.length === 0) return "none";
  const items = key.services.map((one) => html`<li>${one.name} <span class="status">${one.status}</span></li>`);
  return html`<ul>${items}</ul>`;
}
