import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, runCli } from "./harness.ts";
import { admit, DEFINES, OURS, policies } from "./oci-peek.ts";
import { written } from "./peek.ts";

/** What a reviewer reads and a person applies, with no credentials at all. */
const KEY = HEALTHY_OCI_KEY;
const GROUP = "ocid1.group.oc1..aaaaaaaagroup";
const TENANT = "ocid1.tenancy.oc1..aaaaaaaatenant";
const ACCESSOR = ["--accessor", `access_group=${GROUP}`, "--accessor", `access_tenant=${TENANT}`];
const POLICY = ["policy", KEY, ...ACCESSOR];
const WITHOUT_KEY = ["policy", "--cloud", "oci", ...ACCESSOR];

/** https://aiven.io/docs/platform/howto/bring-your-own-key, "Create cross-tenancy IAM policies in your tenancy". */
const STATEMENTS_OF_THE_PAGE = [
  "define tenancy AT as <aiven-tenancy-ocid>",
  "define group AG as <aiven-cmk-group-ocid>",
  "admit group AG of tenancy AT to use keys in tenancy",
].map((text) => text.replace("<aiven-tenancy-ocid>", TENANT).replace("<aiven-cmk-group-ocid>", GROUP));

async function printed(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout;
}

/** The words that a shell hands to `oci`. */
function wordsOf(script: string): readonly string[] {
  const shell = `oci() { printf '%s\\0' "$@"; }\n${script}`;
  // The script keeps what was there before in a file.
  const cwd = mkdtempSync(join(tmpdir(), "keygrant-oci-"));
  try {
    return execFileSync("sh", ["-c", shell], { encoding: "utf8", cwd }).split("\0").slice(0, -1);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

function option(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
}

describe("policy --format json", () => {
  it("prints the three statements, for this key alone", async () => {
    expect(await printed(...POLICY, "--format", "json")).toBe(`{
  "statements": [
    "define tenancy AT as ${TENANT}",
    "define group AG as ${GROUP}",
    "admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${KEY}'"
  ]
}
`);
  });

  it("with --scope tenancy prints those of Aiven's page, to the letter", async () => {
    const { statements } = JSON.parse(await printed(...POLICY, "--scope", "tenancy"));
    expect(statements).toEqual(STATEMENTS_OF_THE_PAGE);
  });

  it.each([
    [["--scope", "compartment"], "in compartment id '<COMPARTMENT OCID>'"],
    [["--no-export"], `in tenancy where all {target.key.id = '${KEY}', request.permission != 'KEY_EXPORT'}`],
    [["--scope", "tenancy", "--no-export"], "in tenancy where request.permission != 'KEY_EXPORT'"],
  ])("%j ends in %s", async (more, end) => {
    const { statements } = JSON.parse(await printed(...POLICY, ...more));
    expect(statements).toHaveLength(3);
    expect(statements[2]).toBe(`admit group AG of tenancy AT to use keys ${end}`);
  });

  it("marks what only a key could tell", async () => {
    expect(await printed(...WITHOUT_KEY)).toContain("target.key.id = '<KEY OCID>'");
    expect(JSON.parse(await printed(...WITHOUT_KEY, "--scope", "tenancy")).statements).toEqual(STATEMENTS_OF_THE_PAGE);
  });

  it("says where it was read from, as a document", async () => {
    const { json } = await runCli([...POLICY, "--output", "json"]);
    expect(json).toMatchObject({ cloud: "oci", format: "json", source: { page: expect.stringContaining("aiven.io") } });
    expect(JSON.parse(json.text).statements).toHaveLength(3);
  });

  it("asks the vendor where no principal is given, and has both groups in it for two projects", async () => {
    await using world = await openWorld();
    const { stdout } = await world.run(["policy", KEY]);
    expect(JSON.parse(stdout).statements).toEqual([...DEFINES, admit(KEY)]);
    const both = await world.run(["policy", KEY, "--project", "demo", "--project", "second"]);
    const { statements } = JSON.parse(both.stdout);
    expect(statements.map((text: string) => text.split(" ", 2).join(" "))).toEqual([
      ...["define tenancy", "define group", "admit group", "define group", "admit group"],
    ]);
    expect(new Set(world.sandbox.requests.map((one) => one.operation))).toEqual(new Set(["CMKAccessorsList"]));
  });
});

describe("policy --format cli", () => {
  it.each([[[]], [["--scope", "tenancy"]], [["--scope", "compartment", "--no-export"]]])(
    "%j is a script that a shell reads, with the description that OCI wants",
    async (more) => {
      const script = await printed(...POLICY, ...more, "--format", "cli");
      execFileSync("sh", ["-n"], { input: script });
      const words = wordsOf(script);
      expect(words.slice(0, 3)).toEqual(["iam", "policy", "create"]);
      expect(option(words, "--name")).toBe(OURS);
      expect(option(words, "--description")).toMatch(/\S/);
      const { statements } = JSON.parse(await printed(...POLICY, ...more));
      expect(JSON.parse(option(words, "--statements") ?? "")).toEqual(statements);
      expect(script).toContain("endorse");
    },
  );

  it("is this text", async () => {
    const script = await printed(...POLICY, "--format", "cli");
    await expect(script).toMatchFileSnapshot("goldens/policy-oci-cli.txt");
  });

  it("does what it says: what a shell would send makes the grant", async () => {
    await using world = await openWorld();
    const { stdout } = await world.run(["policy", KEY, "--format", "cli"]);
    const words = wordsOf(stdout);
    world.sandbox.alter((worlds) => {
      const { policies: list } = worlds["oci"] as { policies: object[] };
      const [like] = list;
      const statements = JSON.parse(option(words, "--statements") ?? "[]");
      list.push({ ...like, id: "ocid1.policy.oc1..byhand", name: option(words, "--name"), statements });
    });
    expect((await world.json(["validate", KEY])).json.keys[0]).toMatchObject({ phase: "VALID" });
    expect((await world.json(["onboard", KEY, "--yes"])).json.change).toBeNull();
  });
});

describe("policy --format document", () => {
  const DOCUMENT = [...POLICY, "--format", "document"];

  it("is a whole policy for the root compartment", async () => {
    expect(JSON.parse(await printed(...DOCUMENT))).toEqual({
      compartmentId: "<TENANCY OCID>",
      name: OURS,
      description: expect.stringMatching(/keygrant/),
      statements: [...STATEMENTS_OF_THE_PAGE.slice(0, 2), expect.stringContaining(KEY)],
    });
  });

  it("adds to the present one, with its etag, and keeps what is in it", async () => {
    const theirs = "Allow group Auditors to read key-family in tenancy";
    const current = { data: { id: "ocid1.policy.oc1..ours", name: OURS, statements: [theirs] }, etag: "abc" };
    const stdin = JSON.stringify(current);
    const { exitCode, stdout } = await runCli([...DOCUMENT, "--current", "-"], { stdin });
    expect(exitCode).toBe(0);
    const { statements, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ policyId: "ocid1.policy.oc1..ours", ifMatch: "abc", versionDate: "" });
    expect(statements).toEqual([theirs, ...STATEMENTS_OF_THE_PAGE.slice(0, 2), expect.stringContaining(KEY)]);
  });

  it("reads the present one with --current live, as an auditor, and writes nothing", async () => {
    await using world = await openWorld();
    await world.json(["onboard", KEY, "--yes"]);
    const before = written(world);
    const args = ["policy", KEY, "--format", "document", "--current", "live", "--project", "second"];
    const { exitCode, stdout } = await world.run(args, { env: { OCI_CLI_PROFILE: "AUDITOR" } });
    expect(exitCode).toBe(0);
    const ours = policies(world).find(({ name }) => name === OURS);
    const { statements, policyId } = JSON.parse(stdout);
    expect(policyId).toBe(ours?.id);
    expect(statements.slice(0, 3)).toEqual(ours?.statements);
    expect(statements).toHaveLength(5);
    expect(written(world)).toEqual(before);
  });

  it("what is no policy on standard input: exit code 2", async () => {
    for (const stdin of ["{nope", "", "[1]", '{"hello": 1}']) {
      const { exitCode, json } = await runCli([...DOCUMENT, "--current", "-", "--output", "json"], { stdin });
      expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.current" });
    }
  });
});

describe("principals that would let somebody else in", () => {
  it.each([
    ["a user", `access_group=ocid1.user.oc1..aaaa`],
    ["everybody", "access_group=any-user"],
    ["another realm", "access_group=ocid1.group.oc2..aaaa"],
    ["an injection", `access_group=${GROUP}' to manage all-resources in tenancy`],
    ["a line more", `access_group=${GROUP}\nallow any-user to manage all-resources in tenancy`],
  ])("%s: exit code 3, and nothing is printed", async (_what, accessor) => {
    const args = ["policy", KEY, "--accessor", accessor, "--accessor", `access_tenant=${TENANT}`, "--format", "cli"];
    const { exitCode, stdout } = await runCli(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: "" });
  });

  it("half a principal: exit code 2, and how to write it", async () => {
    const { exitCode, json } = await runCli(["policy", KEY, ...ACCESSOR.slice(0, 2), "--output", "json"]);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.accessor" });
    expect(json.error.fix).toContain("access_tenant=");
  });
});

it("the statements of the page are those that Aiven's page shows", async () => {
  const shipped = JSON.parse(await readFile(new URL("../../policies/aiven/oci.json", import.meta.url), "utf8"));
  const [{ grant }] = shipped.key.kinds;
  const filled = [...grant.define, grant.admit.tenancy].map((text: string) =>
    text.replace("{access_tenant}", TENANT).replace("{access_group}", GROUP),
  );
  expect(filled).toEqual(STATEMENTS_OF_THE_PAGE);
});
