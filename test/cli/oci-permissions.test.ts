import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "./harness.ts";
import { overwrite, statements } from "./oci-peek.ts";

/** The statements of docs/permissions.md are all that it takes: the sandbox enforces them. */
const KEY = HEALTHY_OCI_KEY;

async function documented(group: string): Promise<readonly string[]> {
  const page = await readFile(new URL("../../docs/permissions.md", import.meta.url), "utf8");
  const lines = page.match(new RegExp(`^allow group ${group} .*$`, "gm")) ?? [];
  expect(lines.length).toBeGreaterThan(3);
  return lines.map((line) => line.replace("<key OCID>", KEY));
}

/** Nobody may do anything but what the page lists: the engineers are those who onboard, the auditors the scheduler. */
async function restrict(world: World): Promise<void> {
  const onboard = (await documented("KeygrantOnboard")).map((text) =>
    text.replace("KeygrantOnboard", "PlatformEngineers"),
  );
  const validate = (await documented("KeygrantValidate")).map((text) => text.replace("KeygrantValidate", "Auditors"));
  overwrite(world, "people", [...onboard, ...validate]);
  overwrite(world, "sealed-policies", ["define tenancy nobody as ocid1.tenancy.oc1..nobody"]);
}

it("onboarding needs what the page lists, and so does a scheduler", async () => {
  await using world = await openWorld();
  await restrict(world);
  const { exitCode, json } = await world.json(["onboard", KEY, "--yes"]);
  expect({ exitCode, phase: json.key?.phase }).toEqual({ exitCode: 0, phase: "VALID" });
  const cron = await world.json(["validate"], { env: { OCI_CLI_PROFILE: "AUDITOR" } });
  expect({ exitCode: cron.exitCode, phase: cron.json.keys[0].phase }).toEqual({ exitCode: 0, phase: "VALID" });
});

it.each([0, 1, 2, 3])("and not less: without statement %i nobody is sure, or nothing is written", async (index) => {
  await using world = await openWorld();
  await restrict(world);
  const people = statements(world, "people") ?? [];
  overwrite(world, "people", people.toSpliced(index, 1));
  const { exitCode } = await world.json(["onboard", KEY, "--yes"]);
  expect([3, 12]).toContain(exitCode);
  expect(statements(world)).toBeNull();
});
