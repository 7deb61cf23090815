import { expect, test } from "vitest";
import { type StubReply, startStub } from "../../io/stub.ts";
import { aivenAt, no, ok } from "./fixture.ts";

/** The services of a project, and the CMK of each: a silence is no "none". */
const ZERO = "00000000-0000-0000-0000-000000000000";

test("null, the empty UUID and an empty text are no CMK", async () => {
  const services = [
    { service_name: "a", cmk_id: null },
    { service_name: "b", cmk_id: ZERO },
    { service_name: "c", cmk_id: "" },
    { service_name: "d", cmk_id: "a1b2", users: [{ password: "not ours to read" }] },
  ];
  await using stub = await startStub(() => ok({ services }));
  expect(await aivenAt(stub).vendor.projectServices?.("demo")).toEqual({
    known: true,
    value: [
      { name: "a", cmkId: null },
      { name: "b", cmkId: null },
      { name: "c", cmkId: null },
      { name: "d", cmkId: "a1b2" },
    ],
  });
});

test("a list of many megabytes is read: each service comes with all that is known of it", async () => {
  const services = [{ service_name: "a", cmk_id: null, metadata: "x".repeat(6_000_000) }];
  await using stub = await startStub(() => ok({ services }));
  expect(await aivenAt(stub).vendor.projectServices?.("demo")).toMatchObject({ known: true, value: [{ name: "a" }] });
});

const failures: readonly [string, StubReply, string][] = [
  ["a refusal", no(403, "Not a project member"), "look.denied"],
  ["another form", ok({ keys: [] }), "look.unreachable"],
  ["a name that would leave its place in a path", ok({ services: [{ service_name: ".." }] }), "look.unreachable"],
  ["a service that never says it", ok({ services: [{ service_name: "a" }], service: { service_name: "a" } }), "look."],
];

test.each(failures)("%s: not known, which is not none", async (_, reply, code) => {
  await using stub = await startStub(() => reply);
  const found = await aivenAt(stub).vendor.projectServices?.("demo");
  expect(found).toMatchObject({ known: false, why: { code: expect.stringContaining(code) } });
});
