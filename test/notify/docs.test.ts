import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { signature } from "../../src/notify/signature.ts";

const page = await readFile("docs/notifications.md", "utf8");
const NOW = new Date("2026-11-21T10:00:00Z");
const SECRET = "a shared secret";
const BODY = '{"schemaVersion":1}';

type Verify = (secret: string, header: string | undefined, body: string, now: number) => boolean;

it("the example in the docs verifies what is sent, and nothing else", async () => {
  const code = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const module: unknown = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const { isFromKeygrant } = module as { isFromKeygrant: Verify };
  const header = signature(SECRET, BODY, NOW);
  const at = NOW.getTime();
  expect(isFromKeygrant(SECRET, header, BODY, at)).toBe(true);
  expect(isFromKeygrant(SECRET, header, `${BODY} `, at)).toBe(false);
  expect(isFromKeygrant("another", header, BODY, at)).toBe(false);
  expect(isFromKeygrant(SECRET, header, BODY, at + 301_000)).toBe(false);
  expect(isFromKeygrant(SECRET, header.replace("t=1", "t=2"), BODY, at)).toBe(false);
  expect(isFromKeygrant(SECRET, undefined, BODY, at)).toBe(false);
});

it("the header in the docs is the one that is sent", () => {
  expect(page).toContain(`x-keygrant-signature: ${signature(SECRET, BODY, NOW)}\n`);
});
