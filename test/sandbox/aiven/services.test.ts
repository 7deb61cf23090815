import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../../src/sandbox/cast.ts";
import type { RunningSandbox } from "../../../src/sandbox/sandbox.ts";
import { ask, closeAll, type FakeClock, fakeClock, modulesWith, start, textAt } from "../kit.ts";

const CMKS = "/v1/project/demo/secrets/cmks";
const SERVICES = "/v1/project/demo/service";
const NO_CMK = "00000000-0000-0000-0000-000000000000";
const NEW_PG = { service_name: "new-pg", service_type: "pg", plan: "startup-4" };

let clock: FakeClock;
let sandbox: RunningSandbox;
let one: string;
let two: string;

beforeEach(async () => {
  clock = fakeClock();
  const usables = new Set([`${VENDOR_DEMO.arn} ${HEALTHY_AWS_KEY}`]);
  sandbox = await start({ clock, knobs: { duplicates: "create", activatingMs: 5000 } }, modulesWith(usables));
  const body = { provider: "aws", resource: HEALTHY_AWS_KEY };
  one = textAt(await ask(sandbox, "POST", CMKS, body), "cmk", "id");
  two = textAt(await ask(sandbox, "POST", CMKS, body), "cmk", "id");
});
afterEach(closeAll);

function attach(cmkId: unknown, service = "my-pg") {
  return ask(sandbox, "PUT", `${SERVICES}/${service}`, { cmk_id: cmkId });
}

async function associations(id: string): Promise<unknown> {
  return (await ask(sandbox, "GET", `${CMKS}/${id}/service_associations`)).body;
}

test("a fresh world has services that wait to be attached", async () => {
  const { body } = await ask(sandbox, "GET", SERVICES);
  expect(body).toMatchObject({
    services: [
      { service_name: "my-pg", state: "RUNNING", cmk_id: null },
      { service_name: "my-kafka", state: "RUNNING", cmk_id: null },
    ],
  });
});

describe("attaching", () => {
  test("activating, then active, as time passes", async () => {
    expect(await attach(one)).toMatchObject({ status: 200, body: { service: { cmk_id: one, state: "REBALANCING" } } });
    expect(await associations(one)).toEqual({
      service_associations: [{ service_name: "my-pg", status: "activating" }],
    });
    clock.pass(5000);
    expect(await associations(one)).toEqual({ service_associations: [{ service_name: "my-pg", status: "active" }] });
    expect((await ask(sandbox, "GET", `${SERVICES}/my-pg`)).body).toMatchObject({
      service: { cmk_id: one, state: "RUNNING" },
    });
    expect((await ask(sandbox, "GET", `${CMKS}/${one}`)).body).toMatchObject({
      cmk: { service_associations: [{ service_name: "my-pg", status: "active" }] },
    });
  });

  test("moving to another CMK lets go of the first", async () => {
    await attach(one);
    clock.pass(5000);
    await attach(two);
    expect(await associations(one)).toMatchObject({ service_associations: [{ status: "deactivating" }] });
    expect(await associations(two)).toMatchObject({ service_associations: [{ status: "activating" }] });
    clock.pass(5000);
    expect(await associations(one)).toEqual({ service_associations: [] });
    expect(await associations(two)).toMatchObject({ service_associations: [{ status: "active" }] });
  });

  test("there and back again", async () => {
    await attach(one);
    clock.pass(5000);
    await attach(two);
    await attach(one);
    expect(await associations(one)).toMatchObject({ service_associations: [{ status: "activating" }] });
    expect(await associations(two)).toMatchObject({ service_associations: [{ status: "deactivating" }] });
  });

  test("the same again changes nothing", async () => {
    await attach(one);
    clock.pass(5000);
    await attach(one);
    expect(await associations(one)).toMatchObject({ service_associations: [{ status: "active" }] });
  });

  test("the zero UUID detaches, and then reads as null", async () => {
    await attach(one);
    clock.pass(5000);
    expect(await attach(NO_CMK)).toMatchObject({ body: { service: { cmk_id: null } } });
    expect(await associations(one)).toMatchObject({ service_associations: [{ status: "deactivating" }] });
    clock.pass(5000);
    expect(await associations(one)).toEqual({ service_associations: [] });
  });

  test("a stuck service never gets there", async () => {
    sandbox.turn({ stuckServices: ["my-pg"] });
    await attach(one);
    clock.pass(1_000_000);
    expect(await associations(one)).toMatchObject({ service_associations: [{ status: "activating" }] });
  });

  test("to what is malformed, unknown or deleted", async () => {
    expect(await attach("mine")).toMatchObject({ status: 400, body: { errors: [{ error_code: "invalid_cmk_id" }] } });
    expect(await attach(null)).toMatchObject({ status: 400, body: { errors: [{ error_code: "invalid_cmk_id" }] } });
    expect(await attach("12345678-1234-4234-8234-123456789012")).toMatchObject({ status: 404 });
    await ask(sandbox, "DELETE", `${CMKS}/${two}`);
    expect(await attach(two)).toMatchObject({ status: 404 });
    expect(await attach(one, "nothing")).toMatchObject({ status: 404, body: { message: "Service does not exist" } });
  });
});

describe("a CMK in use", () => {
  const inUse = {
    status: 409,
    body: { message: "CMK cannot be deleted because it is still associated with one or more services" },
  };

  test("cannot be deleted while a service takes it on, has it, or lets go of it", async () => {
    await attach(one);
    expect(await ask(sandbox, "DELETE", `${CMKS}/${one}`)).toMatchObject(inUse);
    clock.pass(5000);
    expect(await ask(sandbox, "DELETE", `${CMKS}/${one}`)).toMatchObject(inUse);
    await attach(NO_CMK);
    expect(await ask(sandbox, "DELETE", `${CMKS}/${one}`)).toMatchObject(inUse);
    clock.pass(5000);
    expect(await ask(sandbox, "DELETE", `${CMKS}/${one}`)).toMatchObject({ status: 200 });
  });
});

describe("a new service", () => {
  test("is under the CMK that it asks for", async () => {
    const created = await ask(sandbox, "POST", SERVICES, { ...NEW_PG, cloud: "aws-eu-west-1", cmk_id: one });
    expect(created).toMatchObject({
      status: 201,
      body: { service: { ...NEW_PG, cloud_name: "aws-eu-west-1", state: "REBUILDING", cmk_id: one } },
    });
  });

  test("is under the default one, or none", async () => {
    expect(await ask(sandbox, "POST", SERVICES, NEW_PG)).toMatchObject({ body: { service: { cmk_id: null } } });
    await ask(sandbox, "POST", `${CMKS}/${two}`, { default_cmk: true });
    expect(await ask(sandbox, "POST", SERVICES, { ...NEW_PG, service_name: "b" })).toMatchObject({
      body: { service: { cmk_id: two } },
    });
    expect(await ask(sandbox, "POST", SERVICES, { ...NEW_PG, service_name: "c", cmk_id: NO_CMK })).toMatchObject({
      body: { service: { cmk_id: null } },
    });
    expect(await associations(two)).toMatchObject({ service_associations: [{ service_name: "b" }] });
  });

  test("needs a name that is free, a type and a plan", async () => {
    expect(await ask(sandbox, "POST", SERVICES, { ...NEW_PG, service_name: "my-pg" })).toMatchObject({ status: 409 });
    expect(await ask(sandbox, "POST", SERVICES, { service_name: "x" })).toMatchObject({ status: 400 });
  });
});
