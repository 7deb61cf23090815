import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shippedPolicies } from "../../src/io/policies.ts";
import { AUDITOR, HEALTHY_AWS_KEY, VENDOR_DEMO, VENDOR_SECOND } from "../../src/sandbox/cast.ts";
import { openWorld, runCli } from "./harness.ts";
import { asked, keyPolicy, named } from "./peek.ts";

const ROLE = "arn:aws:iam::123456789012:role/aiven-cmk-anchor";
const POLICY = ["policy", "--cloud", "aws", "--accessor", `role_arn=${ROLE}`];
const CURRENT = {
  Version: "2012-10-17",
  Id: "ours",
  Statement: [
    {
      Sid: "Enable IAM policies for key management",
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::111122223333:root" },
      Action: "kms:*",
      Resource: "*",
    },
  ],
};

/** "The key policy must include the following statement" (https://aiven.io/docs/platform/howto/bring-your-own-key). */
const STATEMENT_OF_THE_PAGE = `{
  "Sid": "Allow Aiven to use this key for CMK operations",
  "Effect": "Allow",
  "Principal": {
    "AWS": "${ROLE}"
  },
  "Action": [
    "kms:Encrypt",
    "kms:Decrypt"
  ],
  "Resource": "*"
}
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("policy --format json", () => {
  it("prints the statement of Aiven's page, to the letter, with no credentials at all", async () => {
    const { exitCode, stdout, stderr } = await runCli([...POLICY, "--format", "json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toBe(STATEMENT_OF_THE_PAGE);
  });

  it("is the format where none is asked for, and knows the cloud from the key", async () => {
    const { stdout } = await runCli(["policy", HEALTHY_AWS_KEY, "--accessor", `role_arn=${ROLE}`]);
    expect(stdout).toBe(STATEMENT_OF_THE_PAGE);
  });

  it("says where it was read from, as a document", async () => {
    const { json } = await runCli([...POLICY, "--output", "json"]);
    expect(json).toMatchObject({ cloud: "aws", format: "json", source: { page: expect.stringContaining("aiven.io") } });
    expect(`${json.text}\n`).toBe(STATEMENT_OF_THE_PAGE);
  });

  it("asks the vendor where no principal is given, and nobody else", async () => {
    await using world = await openWorld();
    const { stdout } = await world.run(["policy", HEALTHY_AWS_KEY]);
    expect(JSON.parse(stdout).Principal).toEqual({ AWS: VENDOR_DEMO.arn });
    expect(world.sandbox.requests.map((one) => one.operation)).toEqual(["CMKAccessorsList"]);
  });

  it("has both principals in it for two projects", async () => {
    await using world = await openWorld();
    const { stdout } = await world.run(["policy", "--cloud", "aws", "--project", "demo", "--project", "second"]);
    expect(JSON.parse(stdout).Principal).toEqual({ AWS: [VENDOR_DEMO.arn, VENDOR_SECOND.arn] });
  });

  it.each(["unsafe-user", "unsafe-root", "unsafe-owner"])("prints nothing that would let %s in", async (project) => {
    await using world = await openWorld();
    const { exitCode, stdout } = await world.run(["policy", HEALTHY_AWS_KEY, "--project", project]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "" });
  });
});

describe("policy --format document", () => {
  const DOCUMENT = [...POLICY, "--format", "document"];
  const text = JSON.stringify(CURRENT);

  it.each([
    ["a file", async () => ({ args: ["--current", await file("current.json", text)] })],
    ["standard input", async () => ({ args: ["--current", "-"], stdin: text })],
  ])("adds to the policy from %s, and keeps the rest", async (_what, source) => {
    const { args, ...extra } = await source();
    const { exitCode, stdout } = await runCli([...DOCUMENT, ...args], extra);
    expect(exitCode).toBe(0);
    const { Statement: statements, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ Version: CURRENT.Version, Id: CURRENT.Id });
    expect(statements).toEqual([...CURRENT.Statement, JSON.parse(STATEMENT_OF_THE_PAGE)]);
  });

  it("added to itself changes nothing more", async () => {
    const { stdout } = await runCli([...DOCUMENT, "--current", "-"], { stdin: text });
    expect((await runCli([...DOCUMENT, "--current", "-"], { stdin: stdout })).stdout).toBe(stdout);
  });

  it("reads the present policy with --current live, and writes nothing", async () => {
    await using world = await openWorld();
    const env = { AWS_ACCESS_KEY_ID: AUDITOR.accessKeyId, AWS_SECRET_ACCESS_KEY: AUDITOR.secretAccessKey };
    const args = ["policy", HEALTHY_AWS_KEY, "--format", "document", "--current", "live"];
    const { exitCode, stdout } = await world.run(args, { env });
    expect(exitCode).toBe(0);
    const before = keyPolicy(world, HEALTHY_AWS_KEY).Statement;
    expect(JSON.parse(stdout).Statement.slice(0, -1)).toEqual(before);
    expect(asked(world, "PutKeyPolicy")).toBe(0);
  });

  it.each([
    ["unreadable", 12, "look.denied"],
    ["absent", 12, "look.absent-or-denied"],
  ])("--current live of the key %s: exit code %i", async (name, exit, code) => {
    await using world = await openWorld();
    const args = ["policy", named(name), "--format", "document", "--current", "live"];
    expect(await world.json(args)).toMatchObject({ exitCode: exit, json: { error: { code } } });
  });
});

describe("policy --format cli", () => {
  const examples = shippedPolicies().map(({ cloud, accessor, key }) => ({
    cloud,
    purposes: key.kinds.map((kind) => kind.name),
    accessor: Object.entries(accessor.fields).flatMap(([name, { example }]) => ["--accessor", `${name}=${example}`]),
  }));

  it.each(examples)("for $cloud is a script that a shell reads", async ({ cloud, purposes, accessor }) => {
    for (const purpose of purposes) {
      const args = ["policy", "--cloud", cloud, "--format", "cli", "--purpose", purpose, ...accessor];
      const { exitCode, stdout } = await runCli(args);
      expect(exitCode).toBe(0);
      execFileSync("sh", ["-n"], { input: stdout });
    }
  });

  it("does in a shell what it says: reads the policy, adds to it, writes it back", async () => {
    const { stdout: script } = await runCli([
      "policy",
      HEALTHY_AWS_KEY,
      "--accessor",
      `role_arn=${ROLE}`,
      "--format",
      "cli",
    ]);
    const stubs = [
      `aws() { printf '%s\\n' "$@" >> aws.args; test "$2" = put-key-policy || printf '%s' '${JSON.stringify(CURRENT)}'; }`,
      `keygrant() { printf '%s\\n' "$@" > keygrant.args; }`,
    ];
    execFileSync("sh", ["-c", [...stubs, script].join("\n")], { cwd: folder });
    const args = (await readFile(join(folder, "keygrant.args"), "utf8")).trimEnd().split("\n");
    const added = await runCli(args.map((arg) => (arg === "key-policy.before.json" ? join(folder, arg) : arg)));
    expect(added.exitCode).toBe(0);
    expect(JSON.parse(added.stdout).Statement).toHaveLength(2);
    const calls = await readFile(join(folder, "aws.args"), "utf8");
    expect(calls).toContain(`put-key-policy\n--key-id\n${HEALTHY_AWS_KEY}\n--region\neu-west-1\n`);
    expect(calls).toContain("--policy\nfile://key-policy.json\n");
    expect(calls).not.toContain("bypass");
  });

  const NASTY = ["'", '"', "\n", "$(id)", "`id`", ";id", " ", "\\", "*", "é", "\u0000", "--", "&", "|", "\u202e"];

  it.each(NASTY)("refuses a principal with %j in it, wherever it stands", async (nasty) => {
    for (const value of [`${ROLE}${nasty}`, `${nasty}${ROLE}`, ROLE.replace("anchor", `an${nasty}chor`)]) {
      if (value === `${ROLE}--` || value.includes("an--chor")) continue;
      const { exitCode, stdout } = await runCli([
        "policy",
        "--cloud",
        "aws",
        "--format",
        "cli",
        "--accessor",
        `role_arn=${value}`,
      ]);
      expect({ value, exitCode, stdout }).toEqual({ value, exitCode: 3, stdout: "" });
    }
  });

  it("prints for any principal at all either nothing or the very words", async () => {
    const names = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.stringMatching(/^[\w+=,.@/-]{1,40}$/));
    const roles = names.map((name) => `arn:aws:iam::123456789012:role/${name}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(roles, fc.string()), async (value) => {
        const args = ["policy", "--cloud", "aws", "--format", "cli", "--accessor", `role_arn=${value}`];
        const { exitCode, stdout } = await runCli(args);
        expect(stdout === "").toBe(exitCode !== 0);
        if (exitCode !== 0) return;
        const command = stdout.split("\n").find((line) => line.startsWith("keygrant policy")) ?? "";
        const shell = `keygrant() { printf '%s\\n' "$@"; }\n${command.replace(/ > .*$/, "")}`;
        expect(execFileSync("sh", ["-c", shell], { encoding: "utf8" }).split("\n")).toContain(`role_arn=${value}`);
      }),
      { numRuns: 60 },
    );
  });
});

describe("wrong inputs", () => {
  const DOCUMENT = [...POLICY, "--format", "document"];
  const rows: readonly [string, readonly string[], string, RegExp][] = [
    ["neither key nor cloud", ["policy"], "usage.cloud", /--cloud/],
    ["a document without the present one", DOCUMENT, "usage.current", /--current/],
    ["a file that is not there", [...DOCUMENT, "--current", "/nonexistent.json"], "usage.current", /nonexistent/],
    ["a key's policy without a key", [...DOCUMENT, "--current", "live"], "usage.current", /Name the key/],
    ["no such kind of key", [...POLICY, "--purpose", "rsa"], "usage.purpose", /symmetric/],
    ["a field that there is not", [...POLICY, "--accessor", "role_arm=x"], "usage.accessor", /role_arm/],
    ["another field alone", ["policy", "--cloud", "aws", "--accessor", "arn=x"], "usage.accessor", /role_arn=arn:aws/],
    [
      "a field without a value",
      ["policy", "--cloud", "aws", "--accessor", "role_arn"],
      "usage.arguments",
      /role_arn=arn/,
    ],
    ["no such format", [...POLICY, "--format", "terraform-json"], "usage.arguments", /json, document, cli, terraform/],
    ["no project to ask for", ["policy", "--cloud", "aws"], "usage.project", /AIVEN_PROJECT/],
    ["no such vendor", [...POLICY, "--vendor", "acme"], "vendor.no-such-cloud", /acme/],
    ["not a key", ["policy", "my-key", "--accessor", `role_arn=${ROLE}`], "usage.key-reference", /arn:aws:kms/],
  ];

  it.each(rows)("%s: exit code 2 and what to do", async (_what, args, code, says) => {
    const { exitCode, json } = await runCli([...args, "--output", "json"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code });
    expect(`${json.error.message} ${json.error.fix}`).toMatch(says);
  });

  it.each([
    ["no JSON", "{nope"],
    ["nothing", ""],
    ["a list", "[]"],
    ["no policy", '{"hello": 1}'],
  ])("%s on standard input: exit code 2", async (_what, stdin) => {
    const { exitCode, json } = await runCli([...DOCUMENT, "--current", "-", "--output", "json"], { stdin });
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.current" });
  });

  it("the principal is not told from the key's owner by a role alone: only the key says", async () => {
    const own = ["--accessor", "role_arn=arn:aws:iam::111122223333:role/aiven-cmk-anchor"];
    expect((await runCli(["policy", "--cloud", "aws", ...own])).exitCode).toBe(0);
    expect((await runCli(["policy", HEALTHY_AWS_KEY, ...own])).exitCode).toBe(3);
  });
});
