import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Transition } from "../../src/core/history.ts";
import { type News, type Notice, noticeOf } from "../../src/notify/body.ts";
import { messagesFor } from "../../src/notify/messages.ts";
import { type SlackMessage, slackMessage } from "../../src/notify/slack.ts";
import { found, report, transition } from "./kit.ts";

const NOW = new Date("2026-11-21T10:00:05Z");
const BEFORE = report({
  phase: "VALID",
  message: "The key works and its policy lets the vendor in.",
  since: "2026-11-20T10:00:00.000Z",
  findings: [],
});
const NEWS: News = { transitions: [transition()], report: report(), before: BEFORE };
const JSON_TARGET = { name: "pager", format: "json" } as const;
const SLACK_TARGET = { name: "ops", format: "slack" } as const;

function kinds(transitions: readonly Transition[]): readonly string[] {
  return messagesFor({ ...NEWS, transitions }, [JSON_TARGET], NOW).map(({ body }) => JSON.parse(body).kind);
}

describe("messagesFor", () => {
  it("makes one message for each receiver, with a body that is final", () => {
    const messages = messagesFor(NEWS, [JSON_TARGET, SLACK_TARGET], NOW);
    expect(messages.map(({ target, at }) => [target, at])).toEqual([
      ["pager", "2026-11-21T10:00:05.000Z"],
      ["ops", "2026-11-21T10:00:05.000Z"],
    ]);
    expect(messages).toEqual(messagesFor(NEWS, [JSON_TARGET, SLACK_TARGET], NOW));
  });

  it("is the message that docs/notifications.md shows", async () => {
    const page = await readFile("docs/notifications.md", "utf8");
    const shown: unknown = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "");
    const [message] = messagesFor(NEWS, [JSON_TARGET], NOW);
    expect(JSON.parse(message?.body ?? "")).toEqual({ ...(shown as Notice), fix: found("key.disabled").fix });
    expect(Object.keys(JSON.parse(message?.body ?? ""))).toEqual(Object.keys(shown as Notice));
  });

  it("tells what went wrong, and that it is over", () => {
    const bad = [transition(), transition({ kind: "cause", from: "INVALID" }), transition({ from: null })];
    expect(kinds(bad)).toEqual(["phase", "cause", "phase"]);
    expect(kinds([transition({ from: "INVALID", to: "VALID" })])).toEqual(["phase"]);
    expect(kinds([transition({ kind: "stale", to: "VALID" }), transition({ kind: "fresh", to: "VALID" })])).toEqual([
      "stale",
      "fresh",
    ]);
  });

  it("tells nobody that a key nobody knew of is fine, nor of another way of being fine", () => {
    expect(kinds([transition({ from: null, to: "VALID" })])).toEqual([]);
    expect(kinds([transition({ from: "INITIALIZING", to: "VALID" })])).toEqual([]);
    expect(kinds([transition({ kind: "cause", from: "VALID", to: "VALID" })])).toEqual([]);
    expect(kinds([transition({ from: null, to: "INITIALIZING" })])).toEqual([]);
  });
});

describe("noticeOf", () => {
  it("names a warning in its own words, with its fix", () => {
    const warned = report({
      phase: "VALID",
      message: "The key works.",
      findings: [found("key.deletion-ahead", "Goes on 2027-01-01.")],
    });
    const notice = noticeOf(
      transition({
        kind: "warning-appeared",
        from: "VALID",
        to: "VALID",
        code: "key.deletion-ahead",
        message: "The key works.",
      }),
      { ...NEWS, report: warned },
    );
    expect(notice).toMatchObject({ code: "key.deletion-ahead", cause: "Goes on 2027-01-01.", who: "key owner" });
    expect(notice.fix).not.toBeNull();
  });

  it("says for how long it was so, and nothing to do, when it is over", () => {
    const notice = noticeOf(
      transition({ at: "2026-11-21T11:30:00.000Z", from: "INVALID", to: "VALID", message: "The key works." }),
      {
        ...NEWS,
        report: report({ phase: "VALID", findings: [] }),
        before: report(),
      },
    );
    expect(notice).toMatchObject({
      code: null,
      fix: null,
      who: null,
      before: { phase: "INVALID", lastedMs: 5_400_000 },
    });
  });

  it("tells services that could not be read from none, and shows a hundred at most", () => {
    const of = (services: News["report"]["services"]) =>
      noticeOf(transition(), { ...NEWS, report: report({ services }) });
    expect(of(null)).toMatchObject({ services: null, serviceCount: null });
    expect(of([])).toMatchObject({ services: [], serviceCount: 0 });
    const many = of(Array.from({ length: 250 }, (_, i) => ({ name: `s${i}`, status: "active" })));
    expect(many.serviceCount).toBe(250);
    expect(many.services).toHaveLength(100);
  });

  it("names the services of before when the registration has vanished, and why it is told", () => {
    const detail = "The registration has vanished.";
    const gone = report({
      phase: "VALID",
      stale: true,
      services: [],
      findings: [found("vendor.not-registered", detail)],
    });
    const notice = noticeOf(transition({ kind: "vanished", to: "VALID", message: detail }), { ...NEWS, report: gone });
    expect(notice).toMatchObject({ code: "vendor.not-registered", cause: detail, services: [{ name: "pg-orders" }] });
    expect(slackMessage(notice).text).toContain("Services that use it: `pg-orders`");
  });

  it("names a changed principal by its code, beside a failure too", () => {
    const detail = "The vendor names another.";
    const findings = [found("key.disabled"), found("vendor.pending"), found("vendor.accessor-changed", detail)];
    const notice = noticeOf(transition({ kind: "accessor", to: "INVALID", message: detail }), {
      ...NEWS,
      report: report({ findings }),
    });
    expect(notice).toMatchObject({ code: "vendor.accessor-changed", cause: detail });
  });

  it("knows nothing of before when nothing was remembered", () => {
    expect(noticeOf(transition({ from: null }), { ...NEWS, before: null }).before).toBeNull();
  });
});

describe("slackMessage", () => {
  it("has cause, key, services, fix and how long", () => {
    const { text, blocks } = slackMessage(noticeOf(transition(), NEWS));
    expect(text).toBe(
      [
        `Key is INVALID: \`${report().key}\`, project \`demo\` at \`aiven\``,
        "`The key is disabled.`",
        "Services that go down with it: `pg-orders`",
        "VALID for 24 hours before",
      ].join("\n"),
    );
    expect(blocks.map((block) => block.type)).toEqual([
      "header",
      "section",
      "section",
      "section",
      "section",
      "context",
    ]);
    expect(JSON.stringify(blocks)).toContain(`Next: ${found("key.disabled").fix}`);
  });

  it("says so when the services could not be read", () => {
    const notice = noticeOf(transition(), { ...NEWS, report: report({ services: null }) });
    expect(slackMessage(notice).text).toContain("Which services use it could not be read.");
  });

  const nasty = fc.oneof(
    fc.string({ unit: "binary", maxLength: 600 }),
    fc
      .array(
        fc
          .constantFrom(
            "<!channel>",
            "<!here|x>",
            "@channel",
            "<@U123>",
            "`",
            "```",
            "*",
            "_",
            "~",
            "\n",
            "\r\n",
            "&",
            "&lt;",
            "<",
            ">",
          )
          .map(String),
        { maxLength: 200 },
      )
      .map((parts) => parts.join("")),
    fc.constantFrom(
      "[a](http://x)",
      "<http://x|y>",
      ":boom:",
      "> quote",
      "\u202e\u2028\u0000\u001b[31m",
      "x".repeat(5_000),
      "&".repeat(5_000),
      "\ud800",
    ),
  );

  it("nobody's words break out of their place", () => {
    fc.assert(
      fc.property(fc.record({ key: nasty, project: nasty, message: nasty, fix: nasty, service: nasty }), (words) => {
        const message = slackMessage(noticeWith(words));
        const plain = slackMessage(noticeWith({ key: "k", project: "p", message: "m", fix: "f", service: "s" }));
        expect(skeleton(message.text)).toBe(skeleton(plain.text));
        expect(message.blocks.map(shape)).toEqual(plain.blocks.map(shape));
        expect(JSON.stringify(message)).not.toMatch(/\\u00[01]|\\ud[89a-f]/i);
        for (const block of message.blocks) {
          for (const { type, text } of textsOf(block)) {
            expect(text).not.toMatch(/[<>\p{Cc}\p{Cf}]/u);
            expect(text.replaceAll(/&(amp|lt|gt);/g, "")).not.toContain("&");
            expect([...text].length).toBeLessThanOrEqual(block.type === "header" ? 150 : 3_000);
            expect(text.length).toBeGreaterThan(0);
            if (type === "mrkdwn") expect(text).not.toContain("\n");
          }
        }
        expect(message.text).not.toMatch(/[<>]/);
      }),
      { numRuns: 300 },
    );
  });

  it("nobody's words bring control characters or another shape into the JSON", () => {
    fc.assert(
      fc.property(fc.record({ key: nasty, project: nasty, message: nasty, fix: nasty, service: nasty }), (words) => {
        const { transitions, ...rest } = newsWith(words);
        const [message] = messagesFor({ transitions, ...rest }, [JSON_TARGET], NOW);
        const notice = JSON.parse(message?.body ?? "");
        expect(Object.keys(notice)).toEqual(Object.keys(noticeOf(transition(), NEWS)));
        for (const text of [notice.key, notice.project, notice.cause, notice.fix, notice.services[0].name]) {
          expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          expect(text.isWellFormed()).toBe(true);
        }
      }),
    );
  });
});

interface Words {
  readonly key: string;
  readonly project: string;
  readonly message: string;
  readonly fix: string;
  readonly service: string;
}

function newsWith({ key, project, message, fix, service }: Words): News {
  const cause = { ...found("key.disabled", message), fix };
  const now = report({
    key,
    project,
    message,
    findings: [cause],
    services: Array.from({ length: 30 }, () => ({ name: service, status: service })),
  });
  return { transitions: [transition({ message })], report: now, before: BEFORE };
}

function noticeWith(words: Words): Notice {
  return noticeOf(transition({ message: words.message }), newsWith(words));
}

/** What is left when everything that stands as code is taken out. */
function skeleton(text: string): string {
  return text.replaceAll(/`[^`\n]+`/g, "<code>");
}

function textsOf(block: SlackMessage["blocks"][number]) {
  return block.type === "context" ? block.elements : [block.text];
}

/** A block without the words that nothing is read into. */
function shape(block: SlackMessage["blocks"][number]) {
  return [block.type, ...textsOf(block).map(({ type, text }) => (type === "mrkdwn" ? skeleton(text) : type))];
}
