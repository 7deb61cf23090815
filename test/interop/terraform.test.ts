import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hclString } from "../../src/core/hcl.ts";
import { shippedPolicies } from "../../src/io/policies.ts";
import { runCli } from "../cli/harness.ts";
import { HOSTILE } from "../hostile.ts";
import { find, sayWhatRan } from "./programs.ts";

/** `terraform fmt` parses, and needs no providers. */
function fmt(text: string) {
  return spawnSync("terraform", ["fmt", "-check", "-diff", "-"], { input: text, encoding: "utf8" });
}

const terraform = find("terraform");
sayWhatRan(terraform);

describe.skipIf(terraform.version === null)("terraform fmt", () => {
  const grants = shippedPolicies().flatMap(({ cloud, accessor, key }) =>
    key.kinds.map(({ name }) => ({ cloud, name, fields: Object.entries(accessor.fields) })),
  );

  it.each(grants)("takes what is printed for $name keys on $cloud as it is", async ({ cloud, name, fields }) => {
    const accessors = fields.flatMap(([field, { example }]) => ["--accessor", `${field}=${example}`]);
    const scopes = cloud === "oci" ? ["key", "compartment", "tenancy"] : ["key"];
    for (const scope of scopes) {
      const words = ["policy", "--cloud", cloud, "--purpose", name, "--format", "terraform", "--scope", scope];
      const { stdout } = await runCli([...words, ...accessors]);
      const { status, stdout: diff } = fmt(stdout);
      expect({ status, diff }).toEqual({ status: 0, diff: "" });
    }
  });

  it("reads hostile strings as strings", () => {
    const texts = fc.sample(HOSTILE, { numRuns: 500, seed: 20_261_128 });
    const file = `locals {\n${texts.map((text, index) => `  x${index} = ${hclString(text)}`).join("\n\n")}\n}\n`;
    const { status, stdout, stderr } = fmt(file);
    expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "" });
  });
});
