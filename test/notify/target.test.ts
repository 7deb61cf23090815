import { expect, it } from "vitest";
import type { NotifyConfig } from "../../src/io/config.ts";
import { openTargets } from "../../src/notify/target.ts";

function configured(more: Partial<NotifyConfig> = {}): NotifyConfig {
  return { name: "ops", url: "https://hooks.example.com/x", secret: null, format: "json", timeoutMs: 1_000, ...more };
}

it("looks up what is only referred to", async () => {
  const env = { HOOK: "https://hooks.slack.com/services/T/B/x", KEY: "shared" };
  const { targets, notes } = await openTargets(
    [configured(), configured({ name: "slack", url: "env:HOOK", secret: "env:KEY", format: "slack" })],
    { env },
  );
  expect(notes).toEqual([]);
  expect(targets).toEqual([
    configured(),
    { name: "slack", url: env.HOOK, secret: "shared", format: "slack", timeoutMs: 1_000 },
  ]);
});

it.each([
  "http://hooks.example.com/private",
  "ftp://127.0.0.1/private",
  "private",
  "https://u:private@hooks.example.com/",
])("refuses %s, without saying it", async (HOOK) => {
  const error: unknown = await openTargets([configured({ url: "env:HOOK" })], { env: { HOOK } }).catch(
    (e: unknown) => e,
  );
  expect(error).toMatchObject({ kind: "usage", code: "notify.bad-address" });
  expect(String(error)).not.toContain("private");
});

it("takes http on loopback", async () => {
  const url = "http://127.0.0.1:8080/x";
  expect((await openTargets([configured({ url })], { env: {} })).targets[0]?.url).toBe(url);
});
