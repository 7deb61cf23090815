import { chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { configFileSchema, configurationPage } from "../../build/configuration.ts";
import { parseKey } from "../../src/clouds/index.ts";
import { KeygrantError } from "../../src/core/errors.ts";
import { awsRole, type Config, findConfig, NO_CONFIG, pinnedAccessor, readConfig } from "../../src/io/config.ts";

const KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ROLE = "arn:aws:iam::123456789012:role/aiven-cmk-anchor";
const deps = { parseKey: (text: string) => parseKey(text) };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keygrant-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(text: string | Uint8Array): Promise<Config> {
  const path = join(folder, "c.yaml");
  await writeFile(path, text);
  return readConfig(path, deps);
}

/** The lines of the error, without the path in front of them. */
async function problems(text: string | Uint8Array): Promise<readonly string[]> {
  try {
    await read(text);
  } catch (error) {
    if (!(error instanceof KeygrantError)) throw error;
    expect(error.kind).toBe("usage");
    return error.message.split("\n").map((line) => line.replace(`${join(folder, "c.yaml")}:`, ""));
  }
  return [];
}

describe("a configuration", () => {
  it("the annotated example says everything", async () => {
    const config = await readConfig("docs/keygrant.example.yaml", deps);
    expect(config.vendors.get("aiven")?.token).toBe("env:AIVEN_AUTH_TOKEN");
    expect([...(config.vendors.get("aiven")?.projects.keys() ?? [])]).toEqual(["prod-eu", "prod-us"]);
    expect(
      config.keys.map(({ ref, project, accessor }) => [ref.region, project, accessor?.fields["role_arn"]]),
    ).toEqual([
      ["eu-west-1", "prod-eu", ROLE],
      ["us-east-1", null, `${ROLE}-us`],
    ]);
    expect(config).toMatchObject({
      path: "docs/keygrant.example.yaml",
      gcp: { impersonate: "keygrant-probe@security-tools.iam.gserviceaccount.com" },
      oci: { profile: "KEYGRANT" },
      concurrency: 16,
      timeoutMs: 30_000,
      deadlineMs: 600_000,
      maxShare: 0.2,
      probeEveryMs: 86_400_000,
      maxStaleMs: 86_400_000,
      warnBeforeMs: 2_592_000_000,
      confirm: 2,
      coverage: true,
      notify: [
        { name: "pager", format: "json", secret: "file:/run/secrets/keygrant-webhook", timeoutMs: 10_000 },
        { name: "ops", format: "slack", url: "env:SLACK_WEBHOOK_URL", secret: null, timeoutMs: 5_000 },
      ],
      outputs: [{ format: "prometheus" }, { format: "html", to: "keygrant.html" }],
    });
    expect(config.mutes).toEqual([
      {
        code: "key.rotation-off",
        key: null,
        project: "staging-*",
        reason: "Rotated by hand every quarter, SEC-1234",
        until: new Date("2027-04-01T00:00:00Z"),
      },
    ]);
  });

  it.each(["", "# nothing\n", "{}", "aws:\nkeys:\nnotify:\n", "version: 1"])("%j is as good as none", async (text) => {
    expect({ ...(await read(text)), path: null }).toEqual(NO_CONFIG);
  });

  it("takes names for text, whatever they look like", async () => {
    const config = await read(
      "vendors: {aiven: {projects: {123: , 'true': , constructor: , toString: }}}\naws: {accounts: {012345678901: none}}",
    );
    expect([...(config.vendors.get("aiven")?.projects.keys() ?? [])]).toEqual([
      "123",
      "true",
      "constructor",
      "toString",
    ]);
    expect(config.vendors.get("constructor")).toBeUndefined();
    expect(config.aws.accounts.get("012345678901")).toBeNull();
  });

  it("a mute may end at a moment", async () => {
    const config = await read("mutes: [{key: '*', reason: r, until: 2027-03-31T12:00:00Z}]");
    expect(config.mutes[0]?.until).toEqual(new Date("2027-03-31T12:00:00Z"));
  });

  it("a key without a pin of its own or a whole one above it has the vendor asked", async () => {
    const config = await read(`keys: [{key: '${KEY}', project: demo}]`);
    expect(config.keys).toMatchObject([{ vendor: "aiven", project: "demo", accessor: null }]);
  });

  it("the schema for editors takes the example, and refuses what keygrant refuses", async () => {
    const schema = z.fromJSONSchema(JSON.parse(configFileSchema()));
    const example: unknown = parse(await readFile("docs/keygrant.example.yaml", "utf8"));
    expect(schema.safeParse(example).error).toBeUndefined();
    expect(schema.safeParse({ ...(example as object), concurency: 1 }).success).toBe(false);
    expect(schema.safeParse({ ...(example as object), confirm: "2" }).success).toBe(false);
  });

  it("docs/configuration.md and docs/keygrant.schema.json are what the code makes (npm run docs)", async () => {
    const page = await readFile("docs/configuration.md", "utf8");
    expect(page).toBe(configurationPage(page));
    expect(await readFile("docs/keygrant.schema.json", "utf8")).toBe(configFileSchema());
  });
});

describe("what is wrong is said with its place", () => {
  it.each<[string, string, readonly string[]]>([
    [
      "unknown keys",
      "concurency: 3\nmax-share: 20%\nzzz: 1\nvendors: {aiven: {tokn: env:A}}",
      [
        '1:1: found the unknown key "concurency"; did you mean "concurrency"?',
        '2:1: found the unknown key "max-share"; did you mean "maxShare"?',
        expect.stringMatching(/^3:1: found the unknown key "zzz", expected one of: version, vendors, keys, /),
        '4:19: vendors.aiven: found the unknown key "tokn"; did you mean "token"?',
      ],
    ],
    [
      "wrong kinds",
      "concurrency: many\nconfirm: 0\ntimeout: 30\nkeys: {}\naws: x\nnotify: [a]",
      [
        '1:14: concurrency: found "many", expected a whole number from 1 to 1000.',
        "2:10: confirm: found the number 0, expected a whole number from 1 to 10.",
        "3:10: timeout: found the number 30 (quotes make it text), expected a duration from 100ms to 1h, such as 30s.",
        "4:7: keys: found names with values, expected a list of keys.",
        "5:6: aws: found a text, expected names with values below them.",
        "6:9: notify: found a list, expected names, each with what belongs to it: the name of a receiver, such as ops.",
      ],
    ],
    [
      "what is missing stands where it belongs",
      "mutes:\n  - code: key.disabled\n  - reason: r\n    until: 2027-01-01\n    code: key.disable\n",
      [
        "2:5: mutes[0].reason: found nothing, expected why, in a line of at most 500 characters.",
        "2:5: mutes[0].until: found nothing, expected a date or moment in UTC, such as 2027-03-31 or 2027-03-31T12:00:00Z: a mute must end.",
        '5:11: mutes[1].code: found "key.disable", expected a finding\'s code (`keygrant explain` lists them).',
      ],
    ],
    [
      "dates and durations that are none",
      "timeout: 90m\nwarnBefore: 1w\nmutes: [{key: a, reason: r, until: 2027-02-30}]",
      [
        '1:10: timeout: found "90m", expected a duration from 100ms to 1h, such as 30s.',
        '2:13: warnBefore: found "1w", expected a duration from 0 to 3650d, such as 30d.',
        '3:36: mutes[0].until: found "2027-02-30", expected a date that is in the calendar, such as 2027-03-31.',
      ],
    ],
    [
      "formats and roles",
      "outputs: {pdf: x}\naws: {role: 'arn:aws:iam::1:role/x', accounts: {12: none}}",
      [
        '1:11: outputs: found the unknown key "pdf", expected one of: text, json, jsonl, junit, sarif, prometheus, html.',
        '2:13: aws.role: found "arn:aws:iam::1:role/x", expected the ARN of an IAM role, such as arn:aws:iam::{account}:role/keygrant-audit.',
        '2:49: aws.accounts: found "12", expected an AWS account id of 12 digits.',
      ],
    ],
    ["not a map", "- 1", ["1:1: found a list, expected names with values below them."]],
    [
      "another version",
      "version: 2",
      ["1:10: version: found the number 2, expected 1: this keygrant knows no other version."],
    ],
  ])("%s", async (_, text, lines) => {
    expect(await problems(text)).toEqual(lines);
  });

  it.each<[string, string, readonly string[]]>([
    [
      "a key that is none, one twice, one that nobody can judge",
      `keys:\n  - {key: '${KEY}', accessor: {role_arn: '${ROLE}'}}\n  - {key: '${KEY}', accessor: {role_arn: '${ROLE}'}}\n  - {key: nonsense}\n  - {key: '${KEY}', vendor: aivn}`,
      [
        "3:11: keys[1].key: found a key for the second time, expected it once for a vendor and project.",
        expect.stringMatching(
          /^4:11: keys\[2\]\.key: found no key reference: "nonsense" is not .*\. Write it like arn:aws/,
        ),
        "5:5: keys[3]: found neither accessor nor project, expected one: whose access is to be validated.",
        '5:90: keys[3].vendor: found the vendor "aivn", expected one of: aiven.',
      ],
    ],
    [
      "a pin that can never fit",
      `vendors: {aiven: {accessors: {aws: {role_arn: '${ROLE.replace("role/", "user/")}', rolearn: x}}}, confluent: {}}`,
      [
        expect.stringMatching(
          /^1:47: vendors\.aiven\.accessors\.aws\.role_arn: found ".*user.*", expected the ARN of an IAM role, such as/,
        ),
        '1:98: vendors.aiven.accessors.aws: found the unknown field "rolearn", expected one of: role_arn.',
        '1:113: vendors.confluent: found the vendor "confluent", expected one of: aiven.',
      ],
    ],
    [
      "a mute of everything, two outputs in one place, an accessor that is not whole",
      `mutes: [{reason: r, until: 2027-01-01}]\noutputs: {json: '-', text: '-'}\nkeys: [{key: '${KEY}', accessor: {}}]`,
      [
        "1:9: mutes[0]: found none of code, key and project, expected one: what is to be muted.",
        '2:28: outputs.text: found "-" for the second time, expected another place for each format.',
        "3:103: keys[0].accessor: found no role_arn, expected the whole principal.",
      ],
    ],
  ])("%s", async (_, text, lines) => {
    expect(await problems(text)).toEqual(lines);
  });

  it("says twenty problems, and how many more there are", async () => {
    const lines = await problems(Array.from({ length: 30 }, (_, i) => `k${i}: 1`).join("\n"));
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatch(/^1:1: found the unknown key "k0"/);
    expect(lines.at(-1)).toBe("And 10 more.");
  });
});

describe("secrets", () => {
  it.each([
    "vendors: {aiven: {token: hunter2}}",
    "vendors: {aiven: {token: 'Bearer hunter2'}}",
    "vendors: {aiven: {token: 'file:hunter2'}}",
    "vendors: {aiven: {url: 'https://u:hunter2@api.example.com'}}",
    "vendors: {aiven: {url: 'https://api.example.com/?token=hunter2'}}",
    "notify: {ops: {url: 'https://x.example.com', secret: hunter2}}",
    "notify: {ops: {url: 'https://hooks.slack.com/services/hunter2', format: slack}}",
    "notify: {ops: 'https://hooks.slack.com/services/hunter2'}",
    "notify: {ops: {url: 'https://x:hunter2@example.com'}}",
    "notify: {ops: {url: 'https://example.com/?key=hunter2'}}",
    "notify: {ops: {url: 'http://example.com/hunter2'}}",
    "state: postgres://keygrant:hunter2@db/keygrant",
    "state: postgres://db/keygrant?password=hunter2",
    "vendors: {aiven: {token: *hunter2}}",
    "vendors: {aiven: {token: &hunter2 x}}",
    "vendors: {aiven: {token: !hunter2 x}}",
    "vendors: {aiven: {token: @hunter2}}",
    "vendors: {aiven: {token: 'hunter2}}",
    "vendors: {aiven: {token: hunter2: x}}",
    "token hunter2\nvendors: x\n",
  ])("%s: refused, and not repeated", async (text) => {
    const lines = await problems(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).not.toContain("hunter2");
    expect(lines.join("\n")).toMatch(/^\d+:\d+: /);
  });

  it("a number in the place of one is not repeated either", async () => {
    expect((await problems("vendors: {aiven: {token: 1234567}}")).join()).not.toContain("1234567");
  });

  it("takes references", async () => {
    const config = await read(
      "state: env:STATE\nvendors: {aiven: {token: 'file:/run/token', url: 'http://127.0.0.1:9'}}",
    );
    expect(config.state).toBe("env:STATE");
    expect(config.vendors.get("aiven")).toMatchObject({ token: "file:/run/token", url: "http://127.0.0.1:9" });
  });
});

describe("YAML that a configuration does not need", () => {
  it.each([
    ["a: 1\na: 2", /^2:1: found a key for the second time/],
    ["vendors:\n  aiven: {}\n  aiven: {}", /^3:3: found a key for the second time/],
    ["timeout: &t 30s\ndeadline: 1m", /^1:13: found an anchor/],
    ["timeout: 30s\ndeadline: *t", /^2:11: found an alias/],
    ["timeout: !!binary aGk=", /^1:19: found a tag/],
    ["timeout: !custom x", /^1:18: found a tag/],
    ["? [a]\n: 1", /^1:3: found a key that is no text/],
    ["confirm: 1\n---\nconfirm: 2", /second document/],
    ["%YAML 1.1\n---\nconfirm: 1", /^1:1: found another version of YAML/],
    ["vendors: {__proto__: {token: env:X}}", /^1:11: found __proto__/],
    ["\tconfirm: 1", /^1:1: found a tab/],
    ["keys: [", /^\d+:\d+: found an indentation|no end/],
    ["<<: {confirm: 1}", /found the unknown key "<<"/],
    [`keys: ${"[".repeat(50)}${"]".repeat(50)}`, /nested too deeply/],
  ])("%j", async (text, said) => {
    expect((await problems(text)).join("\n")).toMatch(said);
  });

  it("expands nothing, however often it is nested", async () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ..."bcdefghij".split("").map((c, i) => {
        const before = "abcdefghij"[i];
        return `${c}: &${c} [${Array(9).fill(`*${before}`).join(",")}]`;
      }),
    ].join("\n");
    expect((await problems(bomb)).length).toBe(21);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ["a file that is too large", `# ${"x".repeat(256 * 1024)}`, /larger than 256 KiB/],
    ["bytes", new Uint8Array([0xc3, 0x28]), /not UTF-8/],
    ["deep nesting", "[".repeat(200_000), /found/],
  ])("%s", async (_, text, said) => {
    expect((await problems(text)).join("\n")).toMatch(said);
  });

  it("whatever stands in a file, the answer is a configuration or a usage error", async () => {
    const words = [
      "vendors",
      "aiven",
      "keys",
      ":",
      "- ",
      "\n",
      "  ",
      "{",
      "}",
      "[",
      "]",
      "token",
      "&a",
      "*a",
      "!!",
      "'",
      '"',
      "|",
      ">",
      "__proto__",
      "~",
      "1",
      "#",
      "\t",
      "? ",
    ];
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        await problems(content);
        expect(Object.hasOwn(Object.prototype, "aiven")).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe("findConfig", () => {
  const uid = process.getuid?.();

  async function inFolder(name: string, mode: number): Promise<string> {
    const own = await mkdtemp(join(folder, `${name}-`));
    await writeFile(join(own, "keygrant.yaml"), "");
    await chmod(join(own, "keygrant.yaml"), mode);
    return own;
  }

  it("takes the one that is named, else the one in the folder, else none", async () => {
    const own = await inFolder("mine", 0o644);
    expect(await findConfig({ given: "x.yaml", folder: own, uid })).toEqual({ path: "x.yaml", isNamed: true });
    expect(await findConfig({ given: undefined, folder: own, uid })).toEqual({
      path: join(own, "keygrant.yaml"),
      isNamed: false,
    });
    expect(await findConfig({ given: undefined, folder: join(own, "nowhere"), uid })).toBeNull();
  });

  it("does not pick up what somebody else may have put there", async () => {
    const own = await inFolder("open", 0o666);
    const ask = { given: undefined, folder: own, uid: uid ?? 1 };
    await expect(findConfig(ask)).rejects.toMatchObject({
      code: "config.not-trusted",
      message: expect.stringContaining("written by everybody"),
    });
  });

  it.skipIf(uid !== 0)("nor what belongs to another user", async () => {
    const own = await inFolder("theirs", 0o644);
    await chown(join(own, "keygrant.yaml"), 12_345, 12_345);
    const ask = { given: undefined, folder: own };
    await expect(findConfig({ ...ask, uid: 1_000 })).rejects.toMatchObject({
      code: "config.not-trusted",
      message: expect.stringContaining("another user"),
    });
    expect(await findConfig({ ...ask, uid: 12_345 })).not.toBeNull();
  });

  it("one that is named and not there is an error", async () => {
    await expect(readConfig(join(folder, "none.yaml"), deps)).rejects.toMatchObject({
      kind: "usage",
      code: "config.unreadable",
    });
  });
});

describe("what the file says of", () => {
  it("pins: the project's over the vendor's, field by field", async () => {
    const config = await read(
      `vendors: {aiven: {accessors: {aws: {role_arn: '${ROLE}'}}, projects: {a: , b: {accessors: {aws: {role_arn: '${ROLE}-b'}}}}}}`,
    );
    const of = (project: string | null) => pinnedAccessor(config, { vendor: "aiven", project, cloud: "aws" });
    expect([of("a"), of("b"), of(null)]).toEqual([{ role_arn: ROLE }, { role_arn: `${ROLE}-b` }, { role_arn: ROLE }]);
    expect(pinnedAccessor(config, { vendor: "aiven", project: "a", cloud: "gcp" })).toEqual({});
    expect(pinnedAccessor(NO_CONFIG, { vendor: "aiven", project: "a", cloud: "aws" })).toEqual({});
  });

  it("roles: the account's own, else the template, else none", async () => {
    const { aws } = await read(
      "aws: {role: 'arn:{partition}:iam::{account}:role/a', accounts: {111111111111: none, 222222222222: 'arn:aws:iam::222222222222:role/b'}}",
    );
    const of = (account: string) => awsRole(aws, { account, partition: "aws-cn" });
    expect(of("000000000000")).toBe("arn:aws-cn:iam::000000000000:role/a");
    expect(of("111111111111")).toBeNull();
    expect(of("222222222222")).toBe("arn:aws:iam::222222222222:role/b");
    expect(awsRole(NO_CONFIG.aws, { account: "000000000000", partition: "aws" })).toBeNull();
  });
});
