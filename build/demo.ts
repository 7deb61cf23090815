import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The main job on the sandbox, for a person to read along. Runs the real command, as a child, in a throw-away world:
 * nothing of the user's is read, nothing leaves this machine, nothing stays behind.
 */
const bin = fileURLToPath(new URL("../bin/keygrant.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "keygrant-demo-"));
const KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-1111-4111-8111-111111111111";
const GOOGLE = "projects/demo/locations/europe-west1/keyRings/demo/cryptoKeys";
const OCI_KEY = "ocid1.key.oc1.eu-frankfurt-1.demovault.healthy";
const OCI_SECOND = "ocid1.key.oc1.eu-frankfurt-1.demovault.otherkey";

interface Scene {
  readonly says: string;
  readonly args: readonly string[];
  readonly exitCode: number;
  /** The lines worth reading, where the rest was to be seen before. */
  readonly shows?: RegExp;
  /** Must stand in what is printed. */
  readonly expects?: RegExp;
}

const RESULT = /^([1-7]\/7|VALID|Registered)/;
const UNCHANGED = /^4\/7 grant +unchanged/m;

const SCENES: readonly Scene[] = [
  {
    says: "You own an AWS KMS key. Aiven wants to use it. First, without any credentials: what would Aiven get?",
    args: ["policy", KEY, "--accessor", "role_arn=arn:aws:iam::999988887777:role/aiven-cmk-anchor"],
    exitCode: 0,
  },
  {
    says: "Now for real: ask Aiven for its principal, look at the key, plan, write, prove, register, confirm.",
    args: ["onboard", KEY, "--yes"],
    exitCode: 0,
  },
  {
    says: "Running it again is safe: everything is found as it was left, nothing is written.",
    args: ["onboard", KEY, "--yes"],
    exitCode: 0,
  },
  {
    says: "A scheduler would run this every few minutes: every registered key, and whether Aiven can use it.",
    args: ["validate"],
    exitCode: 0,
  },
  {
    says: "What a key looks like that has lost its way: the cause, the statement at fault, and the fix. Exit code 10.",
    args: ["validate", keyNamed("denied")],
    exitCode: 10,
  },
  {
    says: "And one that could not be looked at. That is never called INVALID. Exit code 12.",
    args: ["validate", keyNamed("throttled")],
    exitCode: 12,
  },
  {
    says: "Google Cloud, a symmetric key: the vendor comes in as a group, in a binding of the key's IAM policy.",
    args: ["onboard", `${GOOGLE}/symmetric`, "--yes"],
    exitCode: 0,
  },
  {
    says: "An RSA key needs another role. Only the lines that matter:",
    args: ["onboard", `${GOOGLE}/rsa`, "--yes"],
    exitCode: 0,
    shows: RESULT,
    expects: /adds a binding of roles\/cloudkms\.cryptoOperator/,
  },
  ...["symmetric", "rsa"].map(
    (name): Scene => ({
      says: `The ${name} key again: nothing is written, nothing is registered twice.`,
      args: ["onboard", `${GOOGLE}/${name}`, "--yes"],
      exitCode: 0,
      shows: /^([346]\/7|VALID|Registered)/,
      expects: UNCHANGED,
    }),
  ),
  {
    says: "An OCI Vault key: one policy in the root compartment lets the vendor's group in, for this key alone.",
    args: ["onboard", OCI_KEY, "--yes"],
    exitCode: 0,
  },
  {
    says: "Once more: it stands there already.",
    args: ["onboard", OCI_KEY, "--yes"],
    exitCode: 0,
    shows: /^([346]\/7|VALID|Registered)/,
    expects: UNCHANGED,
  },
  {
    says: "A second OCI key joins the same statement, because OCI counts statements: look for `any {…}` in the diff.",
    args: ["onboard", OCI_SECOND, "--yes"],
    exitCode: 0,
  },
];

let wrong = 0;
try {
  for (const scene of SCENES) play(scene);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (wrong === 0)
  say("\nThat was all on this machine: worthless keys, real HTTP, the real SDKs. README.md shows real use.");
process.exitCode = wrong === 0 ? 0 : 1;

function play({ says, args, exitCode, shows, expects }: Scene): void {
  say(`\n── ${says}\n`);
  say(`$ keygrant ${args.join(" ")} --sandbox`);
  const isRead = shows !== undefined || expects !== undefined;
  const { status, stdout } = run([...args, "--sandbox"], isRead ? "pipe" : "inherit");
  if (isRead) say(shows === undefined ? stdout : linesLike(shows, stdout));
  const isExpected = expects === undefined || expects.test(stdout);
  if (status === exitCode && isExpected) return;
  wrong++;
  say(`(expected exit code ${exitCode}, got ${status}${isExpected ? "" : `, without ${expects}`})`);
}

function linesLike(shows: RegExp, text: string): string {
  return text
    .split("\n")
    .filter((line) => shows.test(line))
    .join("\n");
}

/** Finds a key of the sandbox by its name, as a person would with `sandbox keys`. */
function keyNamed(name: string): string {
  const { stdout } = run(["sandbox", "keys", "--output", "json"], "pipe");
  const { keys } = JSON.parse(stdout) as { keys: readonly { name: string; id: string }[] };
  const key = keys.find((one) => one.name === name);
  if (key === undefined) throw new Error(`the sandbox has no key named ${name}`);
  return key.id;
}

function run(args: readonly string[], stdout: "inherit" | "pipe"): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [bin, ...args], {
    stdio: ["ignore", stdout, "inherit"],
    env: { ...process.env, KEYGRANT_SANDBOX_DIR: folder },
    encoding: "utf8",
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
