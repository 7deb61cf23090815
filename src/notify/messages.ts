import type { Transition } from "../core/history.ts";
import type { Message } from "../core/memory.ts";
import { type News, noticeOf } from "./body.ts";
import { slackMessage } from "./slack.ts";
import type { Target } from "./target.ts";

/** What every receiver is told of what changed for a key. Pure: the bodies are final, and are signed when they are sent. */
export function messagesFor(
  news: News,
  targets: readonly Pick<Target, "name" | "format">[],
  now: Date,
): readonly Message[] {
  const at = now.toISOString();
  return news.transitions.filter(isNews).flatMap((transition) => {
    const notice = noticeOf(transition, news);
    return targets.map(({ name, format }) => {
      const body = JSON.stringify(format === "slack" ? slackMessage(notice) : notice);
      return { target: name, body, at };
    });
  });
}

/**
 * Whether anybody should hear of it: not that a key whose standing nobody knew is fine, nor that one that is fine is so
 * for another reason. A thousand keys seen for the first time are not a thousand messages.
 */
function isNews({ kind, from, to }: Transition): boolean {
  if (kind === "cause") return to === "INVALID";
  return kind !== "phase" || to === "INVALID" || (to === "VALID" && from === "INVALID");
}
