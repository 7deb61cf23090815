import { afterEach, beforeEach, expect, test } from "vitest";
import { HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import type { RunningSandbox } from "../../../src/sandbox/sandbox.ts";
import { ask, closeAll, type FakeClock, fakeClock, modulesWith, start, textAt } from "../kit.ts";

const CMKS = "/v1/project/demo/secrets/cmks";

let clock: FakeClock;
let sandbox: RunningSandbox;
const usables = new Set<string>();

beforeEach(async () => {
  clock = fakeClock();
  usables.clear();
  usables.add(`${VENDOR_DEMO.arn} ${HEALTHY_AWS_KEY}`);
  sandbox = await start({ clock, knobs: { duplicates: "create", activatingMs: 5000 } }, modulesWith(usables));
});
afterEach(closeAll);

async function pg(): Promise<unknown> {
  const answer = await ask(sandbox, "GET", "/_sandbox/services");
  const { services } = answer.body as { services: { service: string }[] };
  return services.find(({ service }) => service === "my-pg");
}

test("a service works as long as every key that it holds can be used", async () => {
  const id = textAt(await ask(sandbox, "POST", CMKS, { provider: "aws", resource: HEALTHY_AWS_KEY }), "cmk", "id");
  expect(await pg()).toMatchObject({ works: true, keys: [] });
  await ask(sandbox, "PUT", "/v1/project/demo/service/my-pg", { cmk_id: id });
  expect(await pg()).toMatchObject({ works: true, keys: [] });
  clock.pass(5000);
  expect(await pg()).toMatchObject({ works: true, keys: [{ cmk: id, usable: true }] });
  usables.clear();
  expect(await pg()).toMatchObject({ works: false, keys: [{ cmk: id, usable: false }] });
});
