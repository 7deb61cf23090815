// biome-ignore-all lint/suspicious/noTemplateCurlyInString: other languages' templates are what this is about.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLOUD_IDS } from "../../src/clouds/index.ts";
import { POLICY_FORMATS } from "../../src/core/cloud.ts";
import { shellWord } from "../../src/core/shell.ts";
import { shippedPolicies } from "../../src/io/policies.ts";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { HOSTILE, readHclString } from "../hostile.ts";
import { openWorld, runCli } from "./harness.ts";

const KEYS = { aws: HEALTHY_AWS_KEY, gcp: HEALTHY_GCP_KEY, oci: HEALTHY_OCI_KEY } as const;
const CURRENT = {
  aws: JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Sid: "Ours ${x}", Effect: "Allow", Principal: { AWS: "111122223333" }, Action: "kms:*", Resource: "*" },
    ],
  }),
  gcp: JSON.stringify({
    version: 1,
    etag: "BwWWja0YfJA=",
    bindings: [{ role: "roles/viewer", members: ["user:a@b.c"] }],
  }),
  oci: JSON.stringify([]),
} as const;

const accessorOf = (cloud: string) =>
  Object.entries(shippedPolicies().find((one) => one.cloud === cloud)?.accessor.fields ?? {}).flatMap(
    ([name, { example }]) => ["--accessor", `${name}=${example}`],
  );

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-forms-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("every form, for every cloud", () => {
  const forms = (["aws", "gcp", "oci"] as const).flatMap((cloud) =>
    POLICY_FORMATS.filter((format) => format !== "cloudformation" || cloud === "aws").map((format) => ({
      cloud,
      format,
    })),
  );

  it.each(forms)("$cloud as $format", async ({ cloud, format }) => {
    const current = format === "document" ? ["--current", "-"] : [];
    const words = ["policy", KEYS[cloud], "--format", format, "-p", "my-project", ...accessorOf(cloud), ...current];
    const { exitCode, stdout, stderr } = await runCli(words, { stdin: CURRENT[cloud] });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot(`goldens/forms/${cloud}.${format}.txt`);
    const saysSource = /https:\/\/aiven\.io\S+[\s\S]*\d{4}-\d\d-\d\d|\d{4}-\d\d-\d\d[\s\S]*https:\/\/aiven\.io/;
    if (format !== "json" && format !== "document") expect(stdout).toMatch(saysSource);
    if (format === "cli") execFileSync("sh", ["-n"], { input: stdout });
  });

  it.each(["gcp", "oci"])("%s has no CloudFormation, and says what it has", async (cloud) => {
    const words = ["policy", "--cloud", cloud, "--format", "cloudformation", ...accessorOf(cloud), "-o", "json"];
    const { exitCode, json } = await runCli(words);
    expect({ exitCode, code: json.error.code }).toEqual({ exitCode: 2, code: "usage.format" });
    expect(json.error.fix).toContain("terraform");
  });

  it("Terraform of AWS takes the present policy along, to the letter", async () => {
    const words = ["policy", HEALTHY_AWS_KEY, "--format", "terraform", "--current", "-", ...accessorOf("aws")];
    const { stdout } = await runCli(words, { stdin: CURRENT.aws });
    const [, printed = ""] = /source_policy_documents = \[\n\s+(.*),\n/.exec(stdout) ?? [];
    expect(JSON.parse(readHclString(printed).text)).toEqual(JSON.parse(CURRENT.aws));
    expect(stdout).not.toContain("Enable IAM User Permissions");
  });

  it("CloudFormation takes the present policy along, and adds to it", async () => {
    const words = ["policy", HEALTHY_AWS_KEY, "--format", "cloudformation", "--current", "-", ...accessorOf("aws")];
    const { stdout } = await runCli(words, { stdin: CURRENT.aws });
    const { Statement } = JSON.parse(stdout).Resources.Key.Properties.KeyPolicy;
    expect(Statement).toHaveLength(2);
    expect(Statement[0]).toEqual(JSON.parse(CURRENT.aws).Statement[0]);
  });
});

describe("whatever a project is called", () => {
  it("in Terraform it is a string, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(HOSTILE, async (project) => {
        fc.pre(project !== "" && !project.startsWith("-"));
        const words = ["policy", "--cloud", "aws", "--format", "terraform", "-p", project, ...accessorOf("aws")];
        const { stdout } = await runCli(words);
        const [, printed = ""] = /\n {2}project {6}= (.*)\n {2}cmk_provider/.exec(stdout) ?? [];
        expect(readHclString(printed)).toEqual({ text: project.toWellFormed(), rest: "" });
      }),
      { numRuns: 100 },
    );
  });
});

describe("a word for a shell", () => {
  it("is read back by a real one as it was", () => {
    const texts = fc.sample(
      HOSTILE.filter((text) => !text.includes("\u0000") && text.isWellFormed()),
      {
        numRuns: 1_000,
        seed: 20_261_128,
      },
    );
    const script = texts.map((text) => `printf '%s\\0' ${shellWord(text)}`).join("\n");
    const read = execFileSync("sh", { input: script, encoding: "utf8", maxBuffer: 16_000_000 });
    expect(read.split("\u0000").slice(0, -1)).toEqual(texts);
  });
});

describe("a vendor of the user's own", () => {
  const LAX = {
    schemaVersion: 1,
    vendor: "acme",
    cloud: "gcp",
    source: { page: "https://acme.example/kms", checked: "2026-11-01" },
    accessor: {
      fields: { account: { pattern: "^.+@acme\\.example$", shape: "a group of Acme's", example: "kms@acme.example" } },
    },
    key: {
      kinds: [
        {
          name: "symmetric",
          usage: "ENCRYPT_DECRYPT",
          algorithms: ["GOOGLE_SYMMETRIC_ENCRYPTION"],
          actions: ["cloudkms.cryptoKeyVersions.useToEncrypt", "cloudkms.cryptoKeyVersions.useToDecrypt"],
          grant: { role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member: "group:{account}" },
        },
      ],
    },
  };

  async function file(content: unknown): Promise<string> {
    await mkdir(join(folder, "acme"), { recursive: true });
    const path = join(folder, "acme", "gcp.json");
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  const ACME = ["--vendor", "acme", "--accessor", "account=kms@acme.example"];

  it("is granted what its file says, with no code and no credentials", async () => {
    await file(LAX);
    const words = ["policy", "--cloud", "gcp", "--policies", folder, ...ACME];
    const { exitCode, stdout } = await runCli(words);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      role: "roles/cloudkms.cryptoKeyEncrypterDecrypter",
      members: ["group:kms@acme.example"],
    });
    const terraform = await runCli([...words, "--format", "terraform"]);
    expect(terraform.stdout).toContain("https://acme.example/kms");
    expect(terraform.stdout).not.toContain("aiven");
  });

  it("cannot be asked: says that its principal has to be given", async () => {
    await file(LAX);
    const words = ["policy", "--cloud", "gcp", "--policies", folder, "--vendor", "acme", "-p", "x", "-o", "json"];
    const { exitCode, json } = await runCli(words);
    expect(exitCode).toBe(2);
    expect(`${json.error.message} ${json.error.fix}`).toContain("acme");
  });

  it("check says that a file is as it should be", async () => {
    const path = await file(LAX);
    const { exitCode, json } = await runCli(["policy", "check", path, "--output", "json"]);
    expect({ exitCode, json }).toMatchObject({
      exitCode: 0,
      json: { vendor: "acme", cloud: "gcp", kinds: ["symmetric"] },
    });
  });

  it.each(shippedPolicies())("check takes what is shipped: $vendor on $cloud", async ({ vendor, cloud }) => {
    expect((await runCli(["policy", "check", `policies/${vendor}/${cloud}.json`])).exitCode).toBe(0);
  });

  const [kind] = LAX.key.kinds;
  const wrong: readonly [string, unknown, RegExp][] = [
    ["no JSON", "{", /no JSON/],
    ["nothing", {}, /schemaVersion: .*expected 1/],
    ["a field that there is not", { ...LAX, extra: 1 }, /extra/],
    ["a page without https", { ...LAX, source: { ...LAX.source, page: "http://x.y" } }, /source\.page/],
    [
      "an open pattern",
      { ...LAX, accessor: { fields: { account: { ...LAX.accessor.fields.account, pattern: "x" } } } },
      /pattern/,
    ],
    [
      "a pattern that is none",
      { ...LAX, accessor: { fields: { account: { ...LAX.accessor.fields.account, pattern: "^($" } } } },
      /regular expression/,
    ],
    [
      "an example that does not fit",
      { ...LAX, accessor: { fields: { account: { ...LAX.accessor.fields.account, example: "x" } } } },
      /does not match/,
    ],
    [
      "a hole that nothing fills",
      { ...LAX, key: { kinds: [{ ...kind, grant: { ...kind?.grant, member: "group:{other}" } }] } },
      /symmetric.*\{other\}/,
    ],
    ["no role", { ...LAX, key: { kinds: [{ ...kind, grant: { member: "x" } }] } }, /symmetric.*role/],
  ];

  it.each(wrong)("check refuses %s, and says where", async (_what, content, says) => {
    const path = await file(content);
    const { exitCode, stderr } = await runCli(["policy", "check", path]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("policy.invalid");
    expect(stderr).toContain(path);
    expect(stderr).toMatch(says);
  });

  it("a file that is about another vendor is not used", async () => {
    await file({ ...LAX, vendor: "other" });
    const { exitCode, stderr } = await runCli(["policy", "--cloud", "gcp", "--policies", folder, ...ACME]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("other on gcp");
  });
});

describe("--all", () => {
  it("writes every form for every cloud, the same each time, and an index with the sources", async () => {
    await using world = await openWorld();
    const out = join(folder, "out");
    const { exitCode, json } = await world.json(["policy", "--all", "--out", out]);
    expect(exitCode).toBe(0);
    expect(new Set(json.files.map((one: { cloud: string }) => one.cloud))).toEqual(new Set(CLOUD_IDS));
    const names = (await readdir(out)).sort();
    expect(names).toHaveLength(json.files.length + 1);
    expect(names).toEqual(expect.arrayContaining(["aiven-gcp-rsa.tf", "aiven-aws-symmetric.cloudformation.json"]));
    const read = () => Promise.all(names.map((name) => readFile(join(out, name), "utf8")));
    const first = await read();
    await world.json(["policy", "--all", "--out", out]);
    expect(await read()).toEqual(first);
    expect(await readFile(join(out, "README.md"), "utf8")).toMatch(/aiven-oci-symmetric\.json.*https:\/\/aiven\.io/);
  });

  it("for a key writes what is of its cloud, and its document when that is given", async () => {
    const words = ["policy", HEALTHY_GCP_KEY, "--all", "--out", folder, "--current", "-", ...accessorOf("gcp")];
    expect((await runCli(words, { stdin: CURRENT.gcp })).exitCode).toBe(0);
    const names = await readdir(folder);
    expect(names.every((name) => name === "README.md" || name.startsWith("aiven-gcp-"))).toBe(true);
    expect(names).toContain("aiven-gcp-symmetric.document.json");
  });

  it.each([
    ["--all", ["--all"]],
    ["--out", ["--out", "somewhere"]],
  ])("%s alone is wrong usage", async (_what, words) => {
    const { exitCode, stderr } = await runCli(["policy", "--cloud", "aws", ...accessorOf("aws"), ...words]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("usage.out");
  });

  it("a folder that cannot be made is said", async () => {
    const path = join(folder, "a-file");
    await writeFile(path, "");
    const words = ["policy", "--cloud", "aws", ...accessorOf("aws"), "--all", "--out", join(path, "out")];
    const { exitCode, stderr } = await runCli(words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("usage.out");
  });
});
