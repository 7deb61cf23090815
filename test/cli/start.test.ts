import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** The built command, as a child process: what it loads, and on which Node. */
const OLDEST = "test/oldest/node_modules/.bin/node";
const ROLE = "arn:aws:iam::123456789012:role/aiven-cmk-anchor";
const POLICY = ["policy", "--cloud", "aws", "--accessor", `role_arn=${ROLE}`];

/** The packages and parts of the project whose code a command loaded. */
function loadedBy(args: readonly string[]): readonly string[] {
  const trace = "test/cli/trace.mjs";
  const { stderr, status } = spawnSync(process.execPath, ["--import", `./${trace}`, "bin/keygrant.js", ...args], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  const files = [...stderr.matchAll(/^loaded (.+)$/gm)].map(([, file]) => file ?? "");
  const modules = JSON.parse(readFileSync("dist/meta.json", "utf8")) as Readonly<Record<string, readonly string[]>>;
  const bundled = Object.entries(modules);
  const inputs = files.flatMap((file) => bundled.find(([name]) => file.endsWith(`/${name}`))?.[1] ?? []);
  expect(inputs).toContain("src/cli/start.ts");
  return inputs;
}

describe("the start path", () => {
  it.each([[["--help"]], [["--version"]], [["explain", "key.disabled"]], [POLICY]])(
    "%j loads no SDK and no schema library",
    (args) => {
      const heavy = loadedBy(args).filter((input) =>
        /node_modules\/(?!commander|yoctocolors)|src\/sandbox|src\/vendors\/\w+\//.test(input),
      );
      expect(heavy).toEqual([]);
    },
  );

  it("the trace does see an SDK where one is loaded", () => {
    const args = ["sandbox", "keys"];
    expect(loadedBy(args).some((input) => input.startsWith("src/sandbox/"))).toBe(true);
  });
});

describe("the oldest Node that is promised", () => {
  it("is the one in engines", () => {
    const { engines } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(existsSync(OLDEST)).toBe(true);
    expect(`>=${execFileSync(OLDEST, ["--version"], { encoding: "utf8" }).trim().slice(1)}`).toBe(`${engines.node}.0`);
  });

  it.each([[["--version"]], [POLICY], [["explain", "key.disabled"]], [["validate", "--help"]]])("runs %j", (args) => {
    const { status, stdout, stderr } = spawnSync(OLDEST, ["bin/keygrant.js", ...args], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toBe("");
  });

  it("runs the whole job on the sandbox", () => {
    const { status, stdout } = spawnSync(OLDEST, ["build/demo.ts"], { encoding: "utf8" });
    expect(stdout).toContain("VALID (assurance: vendor)");
    expect(status).toBe(0);
  });
});

describe("an older Node", () => {
  it("gets one line, and exit code 2", () => {
    const script = `Object.defineProperty(process.versions, "node", { value: "20.20.2" }); await import("./bin/keygrant.js");`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: "",
      stderr: "keygrant needs Node 22.19 or newer; this is 20.20.2.\n",
    });
  });
});

describe("a reader who leaves", () => {
  it("changes nothing about the work, nor about the exit code", () => {
    const folder = mkdtempSync(join(tmpdir(), "keygrant-reader-"));
    try {
      const key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111";
      const run = `{ "$0" -- bin/keygrant.js validate --sandbox --confirm 1 ${key}; echo "exit $?" >&2; } | true`;
      const env = { PATH: process.env["PATH"] ?? "", HOME: folder, KEYGRANT_SANDBOX_DIR: folder };
      const { stderr } = spawnSync("sh", ["-c", run, process.execPath], { encoding: "utf8", env });
      expect(stderr).toBe("exit 10\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
