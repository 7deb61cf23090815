import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import awsPolicy from "../../policies/aiven/aws.json" with { type: "json" };
import ociPolicy from "../../policies/aiven/oci.json" with { type: "json" };
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { type CliResult, openWorld, type World } from "../cli/harness.ts";
import { named } from "../cli/peek.ts";
import { holdsSoon, runs } from "../property.ts";
import { broken, FILES, YAMLS } from "./texts.ts";

/** Files that somebody else may have written: whatever stands in them, the command ends by itself and says what is wrong. */
const KEY = HEALTHY_AWS_KEY;

interface Subject {
  /** A file as it should be. */
  readonly document: unknown;
  /** Runs what reads the file with this in it. */
  read(text: string | Uint8Array): Promise<CliResult>;
}

type MakeSubject = (world: World) => Promise<Subject>;

/** A file in the state folder, for its owner alone as the others there. */
function at(world: World, name: string, args: (path: string) => readonly string[]): Subject["read"] {
  return async (text) => {
    const path = join(world.stateDir, name);
    await writeFile(path, text, { mode: 0o600 });
    return world.run(args(path));
  };
}

const SUBJECTS: Readonly<Record<string, MakeSubject>> = {
  "a policy file": async (world) => ({
    document: awsPolicy,
    read: at(world, "policy.json", (path) => ["policy", "check", path]),
  }),
  "a policy file for OCI": async (world) => ({
    document: ociPolicy,
    read: at(world, "policy.json", (path) => ["policy", "check", path, "--verbose"]),
  }),
  async "a plan"(world) {
    const path = join(world.stateDir, "plan.json");
    await world.run(["onboard", KEY, "--plan-out", path]);
    const document: unknown = JSON.parse(await readFile(path, "utf8"));
    return { document, read: at(world, "plan.json", (plan) => ["apply", plan, "--verbose"]) };
  },
  async "a backup"(world) {
    const { backup } = (await world.json(["onboard", KEY, "--yes"])).json.change;
    const name = join("backups", basename(backup));
    return {
      document: JSON.parse(await readFile(backup, "utf8")),
      read: at(world, name, (path) => ["undo", path, "--yes", "--backups-expired", "--verbose"]),
    };
  },
  async "what was accepted"(world) {
    await world.run(["onboard", KEY, "--yes"]);
    const name = "accessors/aiven/demo/aws.json";
    return {
      document: JSON.parse(await readFile(join(world.stateDir, name), "utf8")),
      read: at(world, name, () => ["onboard", KEY, "--yes", "--verbose"]),
    };
  },
  async "the log of writes"(world) {
    await world.run(["onboard", KEY, "--yes"]);
    const [line = ""] = (await readFile(join(world.stateDir, "writes.jsonl"), "utf8")).split("\n");
    return {
      document: JSON.parse(line),
      read: at(world, "writes.jsonl", () => ["onboard", KEY, "--yes", "--verbose"]),
    };
  },
  "AWS's present policy": (world) => present(world, "aws"),
  "Google's present policy": (world) => present(world, "gcp"),
  "OCI's present statements": (world) => present(world, "oci"),
  "a configuration": async (world) => ({
    document: {
      projects: ["demo"],
      keys: [{ key: KEY, vendor: "aiven", accessor: { role_arn: "arn:aws:iam::999988887777:role/aiven-cmk-anchor" } }],
      mutes: [{ code: "key.rotation-off", reason: "by hand", until: "2099-01-01" }],
      pace: { wait: "5m" },
    },
    read: at(world, "keygrant.yaml", (path) => ["validate", "--config", path, "--verbose"]),
  }),
};

/** The policy as it is now, handed in. */
async function present(world: World, cloud: "aws" | "gcp" | "oci"): Promise<Subject> {
  const key = named("granted", cloud);
  const { stdout } = await world.run(["policy", key, "--format", "document", "--current", "live"]);
  const args = (path: string) => ["policy", key, "--format", "document", "--current", path, "--verbose"];
  return { document: JSON.parse(stdout), read: at(world, "present.json", args) };
}

const MAY_BE_EMPTY: ReadonlySet<string> = new Set([
  ...["a configuration", "the log of writes", "Google's present policy", "OCI's present statements"],
]);

/** Wrong input is exit code 2, a plan or a backup that is not believed 3; what happens to be right may be done. */
const ENDS = [0, 2, 3, 10, 11, 12];
const POLLUTED = "polluted";

function expectHarmless({ exitCode, stdout, stderr }: CliResult, echoes = false): void {
  expect(ENDS).toContain(exitCode);
  // Whoever hands in a policy of a megabyte gets it back, with the grant in it.
  expect((echoes ? "" : stdout).length + stderr.length).toBeLessThan(100_000);
  expect(POLLUTED in {}).toBe(false);
}

describe.each(Object.entries(SUBJECTS))("%s", (name, make) => {
  it("that is something else is exit code 2", async () => {
    await using world = await openWorld();
    const { read } = await make(world);
    for (const [what, text] of FILES) {
      const result = await read(text);
      expectHarmless(result, name.includes("present"));
      // Of these, a file with nothing in it is as it should be.
      const isEmpty = MAY_BE_EMPTY.has(name);
      if (!isEmpty) expect(result.exitCode, `${what}: ${result.stderr.slice(0, 500)}`).toBeGreaterThan(0);
    }
  });

  it("with one thing in it that somebody chose", async () => {
    await using world = await openWorld();
    const { document, read } = await make(world);
    await holdsSoon(
      name,
      broken(document),
      async ({ text }) => expectHarmless(await read(text), name.includes("present")),
      {
        runs: runs(8),
      },
    );
  });
});

it.each(YAMLS)("a configuration of %s", async (_what, text) => {
  await using world = await openWorld();
  const { read } = await (SUBJECTS["a configuration"] as MakeSubject)(world);
  const result = await read(text);
  expectHarmless(result);
  expect(result.exitCode).toBe(2);
});

const FOR_EVER: readonly (readonly [string, string])[] = [
  ["^(a+)+$", `${"a".repeat(60)}!`],
  ["^(a|a)*$", `${"a".repeat(60)}!`],
  ["^(a|aa)+$", `${"a".repeat(60)}!`],
  [`^${"a?".repeat(40)}${"a".repeat(40)}$`, `${"a".repeat(60)}!`],
  // These fit, and would take for ever with a principal that nearly does.
  ["^(a+)+$", "aaa"],
  ["^([a-z]+[.]?)+@aiven[.]io$", "group.one@aiven.io"],
];

it.each(FOR_EVER)("a policy file whose pattern takes for ever is refused: %s", async (pattern, example) => {
  await using world = await openWorld();
  const { read } = await (SUBJECTS["a policy file"] as MakeSubject)(world);
  const { exitCode, stderr } = await read(JSON.stringify(patterned(pattern, example)));
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/pattern can take too long.+policy\.invalid/s);
});

function patterned(pattern: string, example: string): unknown {
  const { role_arn } = awsPolicy.accessor.fields;
  return { ...awsPolicy, accessor: { ...awsPolicy.accessor, fields: { role_arn: { ...role_arn, pattern, example } } } };
}
