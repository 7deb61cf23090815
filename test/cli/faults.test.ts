import { describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, VENDOR_DEMO } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { asked, cmks, statementsNaming } from "./peek.ts";

/**
 * Every operation that a run needs, answered wrongly in every way, once and for ever: the right exit code, a document
 * on stdout, and nothing written twice. What any run must hold to (no stack trace, no secret) the harness looks at.
 */
const KEY = HEALTHY_AWS_KEY;
const ONBOARD = ["onboard", KEY, "--yes", "--wait", "0"];

/** The last two strike when the request has been carried out. */
const FAULTS = ["429", "500", "throttle", "html", "garbage", "reset", "truncated", "lost"];
const CARRIED_OUT = ["truncated", "lost"];
/** A success that is no answer: somebody else answers, and will again. A read is not repeated for it. */
const FOREIGN = ["garbage", "truncated"];

interface Operation {
  readonly operation: string;
  /** What `onboard` concludes when it is never answered. */
  readonly exit: number;
  /** Whether the run can go on to the grant, and to registering. */
  readonly granted: boolean;
  readonly registered: boolean;
}

const OPERATIONS: readonly Operation[] = [
  { operation: "CMKAccessorsList", exit: 12, granted: false, registered: false },
  { operation: "CMKList", exit: 12, granted: false, registered: false },
  { operation: "CMKAccessCheckTrigger", exit: 0, granted: true, registered: true },
  { operation: "CMKGet", exit: 0, granted: true, registered: true },
  { operation: "CMKServiceAssociationsList", exit: 0, granted: true, registered: true },
  { operation: "DescribeKey", exit: 12, granted: false, registered: false },
  { operation: "GetKeyPolicy", exit: 12, granted: false, registered: false },
  { operation: "GetKeyRotationStatus", exit: 0, granted: true, registered: true },
  { operation: "GetCallerIdentity", exit: 0, granted: true, registered: true },
  { operation: "Encrypt", exit: 12, granted: true, registered: false },
  { operation: "Decrypt", exit: 12, granted: true, registered: false },
];

const WRITES: readonly Operation[] = [
  { operation: "CMKCreate", exit: 0, granted: true, registered: true },
  { operation: "PutKeyPolicy", exit: 0, granted: true, registered: true },
];

const ONCE = [...OPERATIONS, ...WRITES].flatMap((one) =>
  FAULTS.map((fault) => ({ fault, ...one, exit: FOREIGN.includes(fault) ? one.exit : 0 })),
);

// The AWS SDK's pauses are real ones: several worlds at once share them.
describe.concurrent("once", () => {
  it.each(ONCE)("$fault at $operation: exit code $exit", async ({ fault, operation, exit }) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1x1@${operation}`], duplicates: "create" } });
    const { exitCode, json } = await world.json(ONBOARD);
    expect({ exitCode, error: json.error }).toMatchObject({ exitCode: exit });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expectOnce(world);
  });
});

// Throttling is asked again most patiently: it stands for itself at one operation of each side.
const FOR_EVER = FAULTS.filter((fault) => fault !== "throttle" && fault !== "429");
const LASTING = [
  ...OPERATIONS.flatMap((one) => FOR_EVER.map((fault) => ({ fault, ...one }))),
  ...OPERATIONS.filter((one) => /^(CMKList|CMKGet|GetKeyPolicy)$/.test(one.operation)).map((one) => ({
    fault: "throttle",
    ...one,
  })),
];

describe.concurrent("for ever", () => {
  it.each(LASTING)("$fault at $operation: exit code $exit", async ({ fault, operation, exit, granted, registered }) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1@${operation}`] } });
    const { exitCode, json } = await world.json(ONBOARD);
    expect(exitCode).toBe(exit);
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toHaveLength(granted ? 1 : 0);
    expect(cmks(world)).toHaveLength(registered ? 1 : 0);
    if (exit === 0) return;
    // Never INVALID because somebody could not be asked, and always a reason.
    const said = json.error?.code ?? json.key.findings.map((one: { code: string }) => one.code).join(" ");
    expect(said).toMatch(/look\.(throttled|unreachable)/);
    expect(json.key?.phase ?? "INITIALIZING").toBe("INITIALIZING");
    world.sandbox.turn({ faults: [] });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expectOnce(world);
  });

  it.each(FOR_EVER)("%s at PutKeyPolicy: says whether it was written, and the next run finishes", async (fault) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1@PutKeyPolicy`] } });
    const { exitCode, json } = await world.json(ONBOARD);
    const wasWritten = CARRIED_OUT.includes(fault);
    expect(exitCode).toBe(wasWritten ? 0 : 12);
    if (!wasWritten) expect(json.error.code).toBe("look.unreachable");
    expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toHaveLength(wasWritten ? 1 : 0);
    world.sandbox.turn({ faults: [] });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expectOnce(world);
  });

  it.each(FOR_EVER)("%s at CMKCreate: never a second registration", async (fault) => {
    await using world = await openWorld({ knobs: { faults: [`${fault}=1@CMKCreate`], duplicates: "create" } });
    const { exitCode, json } = await world.json(ONBOARD);
    const wasDone = CARRIED_OUT.includes(fault);
    expect({ exitCode, phase: json.key.phase }).toEqual({ exitCode: wasDone ? 0 : 12, phase: "VALID" });
    expect(json.registration === null).toBe(!wasDone);
    world.sandbox.turn({ faults: [] });
    expect((await world.json(ONBOARD)).exitCode).toBe(0);
    expectOnce(world);
  });

  it("services that cannot be read are null, and a finding says so", async () => {
    await using world = await openWorld({ knobs: { faults: ["500=1@CMKServiceAssociationsList"] } });
    const { json } = await world.json(ONBOARD);
    expect(json.key.services).toBeNull();
    expect(json.key.findings).toMatchObject([{ code: "look.unreachable", level: "vendor" }]);
  });
});

describe("no answer at all", () => {
  it.each([
    ["CMKAccessorsList", 12],
    ["DescribeKey", 12],
    ["CMKAccessCheckTrigger", 0],
  ])("at %s, with --timeout: exit code %i", async (operation, exit) => {
    await using world = await openWorld({ knobs: { faults: [`hang=1@${operation}`] } });
    expect((await world.json([...ONBOARD, "--timeout", "100ms"])).exitCode).toBe(exit);
  });

  it.each(["CMKAccessorsList", "DescribeKey", "Encrypt"])("at %s, with --deadline: exit code 12", async (operation) => {
    await using world = await openWorld({ knobs: { faults: [`hang=1@${operation}`] } });
    const { exitCode, json } = await world.json([...ONBOARD, "--deadline", "700ms"]);
    const said = json.error?.code ?? json.key.findings.map((one: { code: string }) => one.code).join(" ");
    expect({ exitCode, said }).toMatchObject({ exitCode: 12, said: expect.stringContaining("look.timeout") });
  });

  it("nobody there: exit code 12, in words that name who", async () => {
    await using world = await openWorld();
    const nobody = "http://127.0.0.1:1";
    const vendor = await world.json(ONBOARD, { env: { AIVEN_WEB_URL: nobody } });
    expect(vendor).toMatchObject({ exitCode: 12, json: { error: { code: "look.unreachable" } } });
    const aws = await world.json(["validate", KEY], { env: { AWS_ENDPOINT_URL_KMS: nobody } });
    expect(aws).toMatchObject({ exitCode: 12, json: { keys: [{ phase: "INITIALIZING", stale: true }] } });
  });
});

function expectOnce(world: World): void {
  expect(statementsNaming(world, KEY, VENDOR_DEMO.arn)).toHaveLength(1);
  expect(cmks(world)).toHaveLength(1);
  expect(asked(world, "CMKCreate")).toBeLessThan(6);
}
