import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, runCli } from "./harness.ts";
import { named } from "./peek.ts";

/** What a person types wrongly: exit code 2, one message that helps, what to do next, and nothing else. */
const KEY = HEALTHY_AWS_KEY;

const WRONG: readonly [string, readonly string[], RegExp][] = [
  ["a command with a slip in it", ["onbord", KEY], /Did you mean onboard\?/],
  ["no such command", ["fly"], /unknown command 'fly'/],
  ["no such option", ["onboard", "--force", KEY], /unknown option '--force'.+keygrant onboard --help/],
  ["an option with a slip in it", ["onboard", "--dryrun", KEY], /Did you mean --dry-run\?/],
  ["no key", ["onboard"], /missing required argument 'key'/],
  ["too many keys", ["onboard", KEY, KEY], /too many arguments/],
  ["a duration without a unit", ["validate", "--wait", "5"], /500ms, 30s, 5m/],
  ["a unit that there is not", ["validate", "--timeout", "5parsecs"], /500ms, 30s, 5m/],
  ["a duration below nothing", ["validate", "--wait", "-5m"], /--wait/],
  ["no such format", ["validate", "--output", "xml"], /text, json/],
  ["no such probe", ["validate", "--probe", "maybe"], /required, auto, off/],
  ["no such assurance", ["validate", "--require", "policy"], /vendor/],
  ["no such code to accept", ["validate", "--accept", "grant.mising"], /keygrant explain/],
  ["a failure that is to be taken as good", ["validate", "--accept", "grant.denied"], /only an unknown/],
  ["a warning that is to be taken as good", ["validate", "--accept", "key.rotation-off"], /only an unknown/],
  ["a window without an end", ["validate", "--wait", "30d"], /24h at most/],
  ["no such cloud", ["validate", "--cloud", "ibm"], /aws/],
  ["no reads to settle on", ["onboard", KEY, "--settle-reads", "0"], /from 1 on/],
  ["a principal without a value", ["onboard", KEY, "--expect-accessor", "role_arn"], /role_arn=arn:aws:iam/],
  ["no code", ["explain", "nonsense"], /`keygrant explain` lists/],
  ["a code with a slip in it", ["explain", "grant.mising"], /Did you mean grant\.missing\?/],
  ["half a code", ["explain", "conflict"], /evidence\.conflict/],
  ["a part of the sandbox that there is not", ["sandbox", "stop"], /unknown command 'stop'.+keygrant sandbox --help/],
  ["a port that there is not", ["sandbox", "start", "--port", "99999"], /65535.+keygrant sandbox start --help/],
  ["a fault that there is not", ["sandbox", "start", "--fault", "plague=1"], /429, 500/],
  ["a project of the sandbox without a principal", ["sandbox", "project", "demo"], /--accessor/],
];

const NOT_A_KEY: readonly [string, RegExp][] = [
  ["my-key", /not a key reference that keygrant knows/],
  ["arn:aws:s3:::bucket", /names the service "s3"/],
  ["arn:aws:kms:eu-west-1:111:key/11111111-1111-4111-8111-111111111111", /12 digits/],
  ["arn:aws:kms::111122223333:key/11111111-1111-4111-8111-111111111111", /no region/],
  ["alias/mine", /needs --cloud aws/],
  ["", /not a key reference/],
];

describe("wrong usage", () => {
  it.each(WRONG)("%s", async (_what, args, says) => {
    const { exitCode, stdout, stderr } = await runCli(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^keygrant: .+ \([a-z-]+\.[a-z-]+\)\n {2}next: .+\n$/s);
    expect(stderr.replaceAll("\n", " ")).toMatch(says);
  });

  it.each(WRONG)("%s, with --output json", async (_what, args, says) => {
    // Where the format itself is wrong, the last word counts.
    const { exitCode, json, stderr } = await runCli([...args, "--output", "json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: "" });
    expect(`${json.error.message} ${json.error.fix}`).toMatch(says);
  });

  it.each(NOT_A_KEY)("%j is no key", async (reference, says) => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(["validate", reference]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.key-reference" });
    expect(`${json.error.message} ${json.error.fix}`).toMatch(says);
    expect(world.sandbox.requests).toEqual([]);
  });

  it.each(["--output=json", "-ojson"])("%s asks for a document too", async (option) => {
    expect((await runCli(["onboard", option])).json.error.code).toBe("usage.arguments");
  });

  it("no command at all shows the help and is exit code 2", async () => {
    const { exitCode, stdout, stderr } = await runCli([]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("Usage: keygrant");
    expect(stderr).toContain("No command was named.");
  });
});

describe("what is missing", () => {
  const NOTHING = { AIVEN_AUTH_TOKEN: undefined, AIVEN_PROJECT: undefined };
  const rows: readonly [string, readonly string[], Record<string, string | undefined>, string, RegExp][] = [
    ["a project", ["validate"], { AIVEN_PROJECT: undefined }, "usage.project", /--project/],
    ["a token", ["validate"], { AIVEN_AUTH_TOKEN: undefined }, "credentials.missing", /avn user login/],
    ["both", ["onboard", KEY, "--yes"], NOTHING, "usage.project", /AIVEN_PROJECT/],
    ["a CMK of that id", ["validate", "00000000-0000-4000-8000-000000000000"], {}, "cmk.not-found", /demo/],
    ["the project", ["validate", "--project", "gone"], {}, "vendor.project-not-found", /gone/],
    ["TLS", ["validate"], { AIVEN_WEB_URL: "http://api.example.com" }, "vendor.insecure-address", /https/],
  ];
  it.each(rows)("%s: exit code 2", async (_what, args, env, code, says) => {
    await using world = await openWorld();
    const { exitCode, json } = await world.json(args, { env });
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code });
    expect(`${json.error.message} ${json.error.fix}`).toMatch(says);
  });

  it.each([
    ["no-feature", "look.unsupported"],
    ["not-a-member", "look.denied"],
  ])("the project %s cannot be looked at: exit code 12, %s", async (project, code) => {
    await using world = await openWorld();
    const onboard = await world.json(["onboard", KEY, "--yes", "--project", project]);
    expect(onboard).toMatchObject({ exitCode: 12, json: { error: { code } } });
    const validate = await world.json(["validate", "--project", project]);
    expect(validate).toMatchObject({ exitCode: 12, json: { keys: [], unlisted: [{ project, code }] } });
  });

  it("no key registered is exit code 0 with a note", async () => {
    await using world = await openWorld();
    const { exitCode, stdout, stderr } = await world.run(["validate"]);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("demo") });
    expect((await world.run(["validate", "--quiet"])).stderr).toBe("");
    expect((await world.json(["validate"])).json).toMatchObject({ keys: [], summary: { VALID: 0 } });
  });
});

describe("help", () => {
  it("names every command, the exit codes, and where to begin", async () => {
    const { exitCode, stdout, stderr } = await runCli(["--help"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    for (const word of ["onboard", "validate", "policy", "accessors", "explain", "sandbox"])
      expect(stdout).toContain(word);
    for (const code of [0, 10, 11, 12, 3, 2, 1]) expect(stdout).toMatch(new RegExp(`^ {2}${code} +\\S`, "m"));
    expect(stdout).toContain("keygrant sandbox keys");
  });

  it.each(["onboard", "validate", "policy", "accessors", "explain", "sandbox"])(
    "of %s says what it does",
    async (name) => {
      const { exitCode, stdout } = await runCli([name, "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`Usage: keygrant ${name}`);
      expect(stdout).not.toMatch(/undefined|\[object|default: ""/);
    },
  );

  it("--version is that of the package", async () => {
    expect(await runCli(["--version"])).toMatchObject({ exitCode: 0, stdout: `${packageJson.version}\n` });
  });
});

describe("talk", () => {
  const COLOUR = "\u001b[";
  const rows: readonly [string, readonly string[], Record<string, string>, boolean][] = [
    ["a terminal has colours", [], {}, true],
    ["--no-color takes them away", ["--no-color"], {}, false],
    ["NO_COLOR does too", [], { NO_COLOR: "1" }, false],
    ["an empty NO_COLOR does not", [], { NO_COLOR: "" }, true],
  ];
  it.each(rows)("%s", async (_what, args, env, has) => {
    await using world = await openWorld();
    const { stdout } = await world.run(["validate", named("granted"), ...args], { env, types: "" });
    expect(stdout.includes(COLOUR)).toBe(has);
  });

  it("is without colours where there is no terminal", async () => {
    await using world = await openWorld();
    expect((await world.run(["validate", named("granted")])).stdout).not.toContain(COLOUR);
  });

  it("--verbose says what caused an error, and no secret", async () => {
    await using world = await openWorld({ knobs: { faults: ["reset=1@CMKAccessorsList"] } });
    const quiet = await world.run(["onboard", KEY, "--yes"]);
    const { exitCode, stderr } = await world.run(["onboard", KEY, "--yes", "--verbose"]);
    expect(exitCode).toBe(12);
    expect(stderr.length).toBeGreaterThan(quiet.stderr.length);
    expect(stderr).toContain("KeygrantError");
  });
});
