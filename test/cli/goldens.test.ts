import { expect, it } from "vitest";
import { HEALTHY_AWS_KEY, HEALTHY_GCP_KEY, HEALTHY_GCP_RSA_KEY } from "../../src/sandbox/cast.ts";
import { type CliResult, openWorld, type World } from "./harness.ts";
import { named } from "./peek.ts";

/** What people and scripts read, as it is: `vitest -u` writes the files anew, and a reviewer reads the difference. */
const KEY = HEALTHY_AWS_KEY;
const ONBOARD = ["onboard", KEY, "--yes"];
const POLICY = ["policy", KEY];

interface Golden {
  readonly name: string;
  readonly args: readonly string[];
  /** Run before, in the same world. */
  readonly first?: readonly (readonly string[])[];
}

const ONCE: Golden["first"] = [ONBOARD];
const BROKEN_KEYS = ["denied", "partial", "disabled", "conditional", "unreadable"].map((name) => named(name));
const GCP_KEY = HEALTHY_GCP_KEY;
const BROKEN_GCP_KEYS = ["grant-missing", "partial", "destroyed", "conditional", "expired", "rotation-off"].map(
  (name) => named(name, "gcp"),
);
const GOLDENS: readonly Golden[] = [
  { name: "onboard-first", args: ONBOARD },
  { name: "onboard-second", args: ONBOARD, first: ONCE },
  { name: "onboard-dry-run", args: ["onboard", named("grant-missing"), "--dry-run"] },
  { name: "onboard-disabled", args: ["onboard", named("disabled"), "--yes"] },
  { name: "onboard-refused", args: [...ONBOARD, "--project", "unsafe-root"] },
  { name: "validate", args: ["validate"], first: ONCE },
  { name: "validate-broken", args: ["validate", ...BROKEN_KEYS] },
  { name: "validate-unlisted", args: ["validate", "-p", "demo", "-p", "no-feature"], first: ONCE },
  { name: "accessors", args: ["accessors", "--cloud", "aws"] },
  { name: "doctor", args: ["doctor"] },
  { name: "doctor-key", args: ["doctor", KEY, "--look-only"] },
  { name: "explain", args: ["explain", "grant.denied"] },
  { name: "policy-json", args: POLICY },
  { name: "policy-document", args: [...POLICY, "--format", "document", "--current", "live"] },
  { name: "policy-cli", args: [...POLICY, "--format", "cli"] },
  { name: "gcp-onboard-first", args: ["onboard", GCP_KEY, "--yes"] },
  { name: "gcp-onboard-second", args: ["onboard", GCP_KEY, "--yes"], first: [["onboard", GCP_KEY, "--yes"]] },
  { name: "gcp-validate-broken", args: ["validate", ...BROKEN_GCP_KEYS] },
  { name: "gcp-policy-json", args: ["policy", GCP_KEY] },
  { name: "gcp-policy-document", args: ["policy", GCP_KEY, "--format", "document", "--current", "live"] },
  { name: "gcp-policy-cli", args: ["policy", HEALTHY_GCP_RSA_KEY, "--purpose", "rsa", "--format", "cli"] },
  { name: "usage", args: ["onboard", "arn:aws:kms:eu-west-1:111:key/abc"] },
];

it.each(GOLDENS)("$name", async ({ name, args, first = [] }) => {
  await using world = await openWorld();
  for (const one of first) expect((await world.run(one)).exitCode).toBe(0);
  await expect(transcript(args, await world.run(args), world)).toMatchFileSnapshot(`goldens/${name}.txt`);
});

it.each(GOLDENS.filter(({ name }) => !/-dry-run|-disabled|-broken|-document|-cli/.test(name)))(
  "$name, as a document",
  async ({ name, args, first = [] }) => {
    await using world = await openWorld();
    for (const one of first) await world.run(one);
    const { stdout } = await world.json(args);
    await expect(stable(stdout, world)).toMatchFileSnapshot(`goldens/${name}.json`);
  },
);

function transcript(args: readonly string[], { exitCode, stdout, stderr }: CliResult, world: World): string {
  const talk = stderr === "" ? "" : `--- stderr\n${stderr}`;
  return stable(`$ keygrant ${args.join(" ")}\n${stdout}${talk}--- exit code ${exitCode}\n`, world);
}

/** The text without what is different each time: ids that the sandbox made up, times, folders. */
function stable(text: string, { stateDir, sandbox }: World): string {
  return text
    .replaceAll(sandbox.origin, "<sandbox>")
    .replaceAll(new RegExp(`${stateDir}/backups/[^\\s"]+`, "g"), "<backup>")
    .replaceAll(stateDir, "<state>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "<time>")
    .replaceAll(/"ms": \d+/g, '"ms": 0')
    .replaceAll(/\b(?!1{8}|2{8})[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<id>");
}
