import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bashScript } from "../../src/cli/completion/bash.ts";
import { fishScript } from "../../src/cli/completion/fish.ts";
import { nodesOf } from "../../src/cli/completion/tree.ts";
import { zshScript } from "../../src/cli/completion/zsh.ts";
import { HEALTHY_AWS_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, runCli } from "./harness.ts";

/** What every kind of place looks like, in words that a shell would like to read otherwise. */
function smallProgram(): Command {
  const program = new Command("keygrant").version("1.0.0");
  const first = program
    .command("first")
    .description('it\'s `first`: $(touch /tmp/x) "and" \\ more')
    .addOption(new Option("-o, --output <format>", "one: of two").choices(["text", "it's"]))
    .option("-f, --file <file>", "a file")
    .option("--project <name>", "a project")
    .option("--switch", "a switch; 'quoted'")
    .argument("[key...]", "keys");
  first.command("inner").argument("<phase>", "a phase");
  program.command("second").addArgument(new Argument("<shell>").choices(["sh", "$(touch /tmp/x)"]));
  program.command("hidden", { hidden: true });
  return program;
}

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript };

describe("the scripts", () => {
  it.each(Object.entries(SHELLS))("for %s", async (shell, make) => {
    await expect(make(nodesOf(smallProgram()))).toMatchFileSnapshot(`goldens/completion-small.${shell}`);
  });

  it.each(Object.keys(SHELLS))("keygrant completion %s has every command and no hidden one", async (shell) => {
    const { exitCode, stdout } = await runCli(["completion", shell]);
    expect(exitCode).toBe(0);
    const { stdout: help } = await runCli(["--help"]);
    const [, list = ""] = help.split("Commands:\n");
    const names = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = ""]) => name).filter((name) => name !== "help");
    expect(names).toContain("completion");
    for (const name of names) expect(stdout).toContain(`keygrant ${name}`);
    expect(stdout.replaceAll("command keygrant __complete", "")).not.toContain("__complete");
  });

  it.each([
    [["completion"], /missing required argument 'shell'/],
    [["completion", "tcsh"], /Allowed choices are bash, zsh, fish/],
  ])("%j is wrong", async (args, words) => {
    const { exitCode, stderr } = await runCli(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(words) });
  });
});

describe("__complete", () => {
  it("lists what the state knows, and asks nobody", async () => {
    await using world = await openWorld();
    await world.run(["onboard", HEALTHY_AWS_KEY, "--yes"]);
    const { json } = await world.json(["validate"]);
    const asked = world.sandbox.requests.length;
    expect(await world.run(["__complete", "projects"])).toMatchObject({ exitCode: 0, stdout: "demo\n", stderr: "" });
    const { stdout } = await world.run(["__complete", "cmks"]);
    expect(stdout).toBe(`${json.keys[0].cmkId}\n`);
    expect(world.sandbox.requests.length).toBe(asked);
  });

  it.each(["projects", "cmks"])("of %s nobody remembers it lists none, and makes nothing", async (what) => {
    const env = { KEYGRANT_STATE_DIR: "/nonexistent/keygrant" };
    expect(await runCli(["__complete", what], { env })).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("leaves out what would be more than one word to a shell", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
    try {
      for (const name of ["fine", "two%20words", "line%0Afeed", "esc%1B", "%zz", "$(id)"]) {
        await mkdir(join(folder, "accessors", "aiven", name), { recursive: true });
      }
      const { stdout } = await runCli(["__complete", "projects"], { env: { KEYGRANT_STATE_DIR: folder } });
      expect(stdout).toBe("$(id)\n%zz\nfine\n");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const hasBash = spawnSync("bash", ["-c", "exit 0"]).status === 0;

/** In a real bash, as its readline would call it; where the machine has none, these are skipped. */
describe.runIf(hasBash)("in bash", () => {
  let folder = "";
  let script = "";
  let small = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keygrant-test-"));
    script = join(folder, "keygrant.bash");
    small = join(folder, "small.bash");
    await writeFile(script, (await runCli(["completion", "bash"])).stdout);
    await writeFile(small, bashScript(nodesOf(smallProgram())));
    // Whatever the state holds is data.
    const names = ["demo", "$(touch made)", "`touch made`", "it's", "*"].map(
      (name) => `echo '${name.replaceAll("'", "'\\''")}'`,
    );
    await writeFile(join(folder, "keygrant"), `#!/bin/sh\n[ "$1" = __complete ] && { ${names.join("; ")}; }\n`);
    await chmod(join(folder, "keygrant"), 0o755);
    await writeFile(join(folder, "plan file.json"), "");
    await writeFile(join(folder, "plan.json"), "");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The words as bash splits them: `=` is one of its own. */
  function complete(words: readonly string[], from = script): readonly string[] {
    const run =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's.
      'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _keygrant; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout, stderr, status } = spawnSync("bash", ["--norc", "-c", run, "bash", from, "keygrant", ...words], {
      encoding: "utf8",
      cwd: folder,
      env: { PATH: `${folder}:${process.env["PATH"]}` },
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    return stdout.split("\n").filter((line) => line !== "");
  }

  it.each([
    ["a command", ["onb"], ["onboard"]],
    ["a command below", ["sandbox", "st"], ["start"]],
    ["an option", ["onboard", "--dry"], ["--dry-run"]],
    ["an option behind an argument", ["onboard", "some-key", "--dry"], ["--dry-run"]],
    ["a choice", ["onboard", "--output", ""], ["text", "json"]],
    ["a choice by a short name", ["onboard", "-o", "j"], ["json"]],
    ["a choice behind =", ["onboard", "--output", "=", "j"], ["json"]],
    ["nothing yet behind =", ["onboard", "--output", "="], ["text", "json"]],
    ["an option behind a value", ["onboard", "--output", "json", "--dry"], ["--dry-run"]],
    ["an option behind a value that is a command's name", ["onboard", "--region", "sandbox", "--dry"], ["--dry-run"]],
    ["a code to explain", ["explain", "grant.mis"], ["grant.missing"]],
    ["a code to accept", ["validate", "--accept", "evidence"], ["evidence.conflict"]],
    ["a shell", ["completion", "z"], ["zsh"]],
    ["a project", ["validate", "--project", "de"], ["demo"]],
    ["a CMK", ["validate", "de"], ["demo"]],
    ["what there is not", ["nothing", "--zz"], []],
    ["what nobody can know", ["onboard", "--timeout", ""], []],
  ])("completes %s", (_what, words, expected) => {
    expect(complete(words)).toEqual(expected);
  });

  it("nothing that stands in the state is run or expanded", async () => {
    expect(complete(["validate", "--project", ""])).toEqual([
      "demo",
      "\\$\\(touch\\ made\\)",
      "\\`touch\\ made\\`",
      "it\\'s",
      "\\*",
    ]);
    expect(complete(["second", ""], small)).toEqual(["sh", "\\$\\(touch\\ /tmp/x\\)"]);
    expect(complete(["first", "--output", ""], small)).toEqual(["text", "it\\'s"]);
    expect(complete(["first", "--file", "ma"], small)).toEqual([]);
  });

  it("files where there is a file", () => {
    expect([...complete(["first", "--file", "plan"], small)].sort()).toEqual(["plan file.json", "plan.json"]);
    expect([...complete(["apply", "plan"])].sort()).toEqual(["plan file.json", "plan.json"]);
  });
});
