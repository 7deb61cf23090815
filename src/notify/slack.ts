import { durationText } from "../core/duration.ts";
import { plainText } from "../core/text.ts";
import type { Notice } from "./body.ts";

/**
 * A message for Slack's incoming webhooks and for what reads the same form (Mattermost, Rocket.Chat), which take `text`
 * alone and read it as Markdown. Words that are not ours stand in code spans, or in blocks that are no markup, and are
 * escaped everywhere (https://docs.slack.dev/messaging/formatting-message-text#escaping).
 */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

type SlackText =
  | { readonly type: "plain_text"; readonly text: string; readonly emoji: false }
  | { readonly type: "mrkdwn"; readonly text: string; readonly verbatim: true };

type SlackBlock =
  | { readonly type: "header"; readonly text: SlackText }
  | { readonly type: "section"; readonly text: SlackText }
  | { readonly type: "context"; readonly elements: readonly SlackText[] };

/** Slack's limits are 150 characters for a header and 3000 for a section, none may be empty; escaping makes five of one. */
const SENTENCE = 500;
const KEY = 350;
const SPAN = 100;
const SERVICE = 50;
const SHOWN_SERVICES = 10;

export function slackMessage(notice: Notice): SlackMessage {
  const title = titleOf(notice);
  const where = whereOf(notice);
  const hit = servicesOf(notice);
  const lasted = lastedOf(notice);
  const blocks: SlackBlock[] = [
    { type: "header", text: words(title, 140) },
    { type: "section", text: markup(where) },
    { type: "section", text: words(notice.cause, SENTENCE) },
  ];
  if (hit !== null) blocks.push({ type: "section", text: markup(hit) });
  if (notice.fix !== null) blocks.push({ type: "section", text: words(`Next: ${notice.fix}`, SENTENCE) });
  const code = notice.code === null ? [] : [span(notice.code)];
  blocks.push({ type: "context", elements: [markup([...code, ...lasted, span(notice.at)].join(" · "))] });
  const text = [`${title}: ${where}`, span(notice.cause, SENTENCE), ...(hit === null ? [] : [hit]), ...lasted].join(
    "\n",
  );
  return { text, blocks };
}

/** Our own words alone. */
function titleOf({ kind, from, to, code }: Notice): string {
  const warning = (code ?? "").replaceAll(/[^\w.-]/g, "");
  switch (kind) {
    case "phase":
      return to === "VALID" && from !== null ? "Key is VALID again" : `Key is ${to}`;
    case "cause":
      return `Key is still ${to}, for another reason`;
    case "warning-appeared":
      return `Warning ${warning}`;
    case "warning-gone":
      return `Warning gone ${warning}`;
    case "accessor":
      return "The vendor names another principal";
    case "vanished":
      return "The registration has vanished";
    case "stale":
      return "Nobody can look at this key";
    case "fresh":
      return "This key can be looked at again";
    default:
      return `Key is ${to}`;
  }
}

function whereOf({ key, vendor, project }: Notice): string {
  return `${span(key, KEY)}${project === null ? "" : `, project ${span(project)}`} at ${span(vendor)}`;
}

function servicesOf({ services, serviceCount, to, kind }: Notice): string | null {
  if (services === null || serviceCount === null) return "Which services use it could not be read.";
  if (serviceCount === 0) return null;
  const names = services.slice(0, SHOWN_SERVICES).map((one) => span(one.name, SERVICE));
  const more = serviceCount > names.length ? ` and ${serviceCount - names.length} more` : "";
  const isDown = to === "INVALID" && (kind === "phase" || kind === "cause");
  return `${isDown ? "Services that go down with it" : "Services that use it"}: ${names.join(", ")}${more}`;
}

function lastedOf({ before, kind }: Notice): readonly string[] {
  if (before === null || before.lastedMs === null || !LASTING.has(kind)) return [];
  return [`${before.phase} for ${durationText(before.lastedMs)}${kind === "phase" ? " before" : ""}`];
}

const LASTING: ReadonlySet<string> = new Set(["phase", "cause", "stale", "fresh"]);

/** Text that nothing is read into. */
function words(text: string, max: number): SlackText {
  return { type: "plain_text", text: escaped(plainText(text, max)) || "-", emoji: false };
}

/** Our own words, with those of others in spans. */
function markup(text: string): SlackText {
  return { type: "mrkdwn", text, verbatim: true };
}

/** Somebody else's words as code: nothing in there is markup, a link or a mention, at Slack and in Markdown. */
function span(text: string, max: number = SPAN): string {
  return `\`${escaped(plainText(text, max).replaceAll("`", "'")) || "-"}\``;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
