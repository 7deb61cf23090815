import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_OCI_KEY } from "../../src/sandbox/cast.ts";
import { openWorld, type World } from "../cli/harness.ts";
import { HOSTILE } from "../hostile.ts";
import { holdsSoon, runs } from "../property.ts";
import { EVIL } from "./texts.ts";

/** References and principals on the command line and in files: a wrong one is exit code 2 or 3, in plain words. */
const REFERENCES = [
  HEALTHY_AWS_KEY,
  HEALTHY_GCP_KEY,
  HEALTHY_OCI_KEY,
  "alias/mine",
  "//cloudkms.googleapis.com/projects/a",
];
const LONG = 100_000;
const EXTREMES = [
  "",
  EVIL,
  ...[":", "/", ".", "-", "a", "arn:", "projects/", "ocid1.", "%2e", "\u202e", "0"].map((one) =>
    one.repeat(LONG / one.length),
  ),
  ...REFERENCES.map((one) => `${one}${"a".repeat(LONG)}`),
  ...REFERENCES.map((one) => `${one}\n${EVIL}`),
];

/** A reference with something in the middle of it, in place of what stood there. */
const wrong = fc.oneof(
  fc.constantFrom(...EXTREMES),
  fc
    .tuple(fc.constantFrom(...REFERENCES), fc.nat(), fc.nat({ max: 5 }), HOSTILE)
    .map(([one, at, gone, text]) => one.slice(0, at % one.length) + text + one.slice((at % one.length) + gone)),
);

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const WAYS: Readonly<Record<string, (text: string) => Promise<readonly string[]>>> = {
  "a key that is validated": async (text) => ["validate", "--no-state", "--verbose", "--", text],
  "a key that is onboarded": async (text) => ["onboard", "--dry-run", "--verbose", "--", text],
  "a key whose policy is printed": async (text) => ["policy", "--verbose", "--", text],
  "a key with a cloud": async (text) => ["validate", "--no-state", "--cloud", "aws", "--region", text, "--", text],
  "a CMK": async (text) => ["cmk", "get", "--verbose", "--", text],
  "a backup": async (text) => ["undo", "--yes", "--backups-expired", "--verbose", "--", text],
  "a code": async (text) => ["explain", "--verbose", "--", text],
  "a project": async (text) => ["accessors", "--verbose", `--project=${text}`],
  "a principal": async (text) => ["policy", "--cloud", "aws", "--verbose", `--accessor=role_arn=${text}`],
  "a principal's name": async (text) => ["policy", "--cloud", "gcp", "--verbose", `--accessor=${text}=x`],
  "a principal of OCI's": async (text) => [
    ...["policy", "--cloud", "oci", "--verbose", `--accessor=access_group=${text}`, `--accessor=access_tenant=${text}`],
  ],
  "a duration": async (text) => ["validate", "--no-state", `--wait=${text}`],
  "an endpoint": async (text) => ["validate", HEALTHY_GCP_KEY, "--no-state", `--gcp-endpoint=${text}`],
  async "a key in a file"(text) {
    const path = join(world.stateDir, "keygrant.yaml");
    await writeFile(path, `keys: [{ key: ${JSON.stringify(text)}, vendor: aiven }]\n`, { mode: 0o600 });
    return ["validate", "--no-state", "--verbose", "--config", path];
  },
};

describe.each(Object.entries(WAYS))("%s", (name, argsFor) => {
  it("that somebody chose", async () => {
    await holdsSoon(
      name,
      wrong,
      async (text) => {
        const { exitCode, stdout, stderr } = await world.run(await argsFor(text));
        expect(exitCode, stderr.slice(0, 1_000)).not.toBe(1);
        expect(stdout.length + stderr.length).toBeLessThan(50_000);
      },
      { runs: runs(6), examples: [EVIL, "", "__proto__", "constructor", `${HEALTHY_AWS_KEY}${"a".repeat(LONG)}`] },
    );
  });
});
