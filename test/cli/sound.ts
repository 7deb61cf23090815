import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { format } from "node:util";
import { expect } from "vitest";
import type { z } from "zod";
import { DOCUMENTS } from "../../src/report/schemas.ts";
import {
  AWS_IDENTITIES,
  GCP_EXPIRED_TOKEN,
  GCP_IDENTITIES,
  OCI_IDENTITIES,
  OWNER_TOKEN,
} from "../../src/sandbox/cast.ts";
import type { RunningSandbox } from "../../src/sandbox/index.ts";
import { privatePem } from "../../src/sandbox/oci/worthless-keys.ts";
import { type Canary, canary, found, foundInFiles, pemCanaries } from "./canaries.ts";
import type { CliResult } from "./harness.ts";

/** What holds of every run of the command, whatever it is asked and whatever happens to it. */

/** 1 is not among them: it is a bug. */
const EXIT_CODES = [0, 2, 3, 10, 11, 12, 130, 143];
/** More than the longest report of a test's: a megabyte of somebody else's is not said in whole. */
const MOST_SAID = 400_000;
/** What moves a terminal's cursor, or turns the order of what is read; a document for programs escapes it, or is data. */
const MOVES = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
/** What keygrant and its question move on a terminal by themselves: colours, and the line that is being typed. */
const OWN_MOVES = new RegExp(`${"\u001b"}\\[(?:[\\d;]*m|\\?(?:25|2026)[hl]|\\d*[A-GK]|J)|\r`, "g");
/** A line that a CI service takes for a command, however far in it begins. */
const WORKFLOW_COMMAND = /^\s*(?:::|##\[)|##vso\[/m;
const STACK_TRACE = /^\s+at .+:\d+:\d+\)?$/m;

/** What a library says past the command: there nobody looks for secrets, and a document would have a line too many. */
const saidPast: string[] = [];
for (const name of ["debug", "error", "info", "log", "warn"] as const) {
  console[name] = (...words: readonly unknown[]) => void saidPast.push(format(...words));
}

export function expectSound(
  args: readonly string[],
  { exitCode, stdout, stderr }: CliResult,
  { onTerminal = false }: { readonly onTerminal?: boolean } = {},
): void {
  const said = `${stdout}\n${stderr}`;
  expect(saidPast).toEqual([]);
  expect(EXIT_CODES, said).toContain(exitCode);
  if (!args.includes("--verbose")) expect(said).not.toMatch(STACK_TRACE);
  expect(stderr.length).toBeLessThan(MOST_SAID);
  const shown = isData(args) ? stderr : said;
  expect(onTerminal ? shown.replace(OWN_MOVES, "") : shown).not.toMatch(MOVES);
  expect(shown).not.toMatch(WORKFLOW_COMMAND);
  if (!wantsJson(args) || args.includes("--help")) return;
  const document: unknown = JSON.parse(stdout);
  const read = schemaOf(args, document).safeParse(document);
  expect(read.error?.issues ?? [], stdout).toEqual([]);
}

/** Documents for programs have their own rules, and tests of their own. */
function isData(args: readonly string[]): boolean {
  const isPrinted = args.some((arg, at) => /^(-o|--output|--format)$/.test(arg) && args[at + 1] !== "text");
  return (
    isPrinted || args.some((arg) => /^--(output|format)=/.test(arg)) || /^(policy|completion)$/.test(args[0] ?? "")
  );
}

function wantsJson(args: readonly string[]): boolean {
  const at = args.findLastIndex((arg) => arg === "--output" || arg === "-o");
  return args.includes("--output=json") || (at >= 0 && args[at + 1] === "json");
}

function schemaOf(args: readonly string[], document: unknown): z.ZodType {
  const [command = "", second = ""] = args;
  if (typeof document === "object" && document !== null && "error" in document) return named("any command that");
  if (command === "apply") return named(`keygrant ${JSON.parse(readFileSync(second, "utf8")).plan.command}`);
  if (command === "policy" && second === "check") return named("keygrant policy check");
  if (command === "policy" && args.includes("--all")) return named("keygrant policy --all");
  if (command === "cmk") return named(`keygrant cmk ${second}`);
  if (command === "sandbox") return named(`keygrant sandbox ${second}`);
  const takesWord = command === "explain" && !second.startsWith("-");
  return named(takesWord ? "keygrant explain <code>" : `keygrant ${command}`);
}

function named(beginning: string): z.ZodType {
  const exact = Object.entries(DOCUMENTS).find(([name]) => name === beginning);
  const found = exact ?? Object.entries(DOCUMENTS).find(([name]) => name.startsWith(beginning));
  if (found === undefined) throw new Error(`no schema says what "${beginning}" prints`);
  return found[1];
}

const STANDING_SECRETS: readonly Canary[] = [
  canary("Aiven's token", OWNER_TOKEN),
  ...AWS_IDENTITIES.map((one) => canary(`the access key id of ${one.arn}`, one.accessKeyId)),
  ...AWS_IDENTITIES.map((one) => canary(`the secret access key of ${one.arn}`, one.secretAccessKey)),
  ...GCP_IDENTITIES.map((one) => canary(`the access token of ${one.member}`, one.token)),
  canary("the access token that has expired", GCP_EXPIRED_TOKEN),
  ...OCI_IDENTITIES.flatMap((one) => pemCanaries(`the private key of ${one.name}`, privatePem(one.key))),
];

/** Every secret of the world's: those of the cast, of its environment, and of the sessions that it has given out. */
export function secretsOf(sandbox: RunningSandbox): readonly Canary[] {
  const inEnvironment = Object.entries(sandbox.env).filter(([name]) => /TOKEN$|SECRET/.test(name));
  const { sessions = [] } = (sandbox.world()["aws"] ?? {}) as { sessions?: readonly Session[] };
  const { tokens = [] } = (sandbox.world()["gcp"] ?? {}) as { tokens?: readonly { readonly token: string }[] };
  return [
    ...STANDING_SECRETS,
    ...inEnvironment.map(([name, value]) => canaryOf(name, value)),
    canaryOf("the token of an OCI session", readFileSync(sessionTokenFile(sandbox), "utf8").trim()),
    ...sessions.flatMap((one) => [
      canaryOf("the secret access key of a session", one.secretAccessKey),
      canaryOf("the session token of a session", one.sessionToken),
    ]),
    ...tokens.map((one) => canaryOf("the access token of a service account", one.token)),
  ];
}

function sessionTokenFile({ env }: RunningSandbox): string {
  return join(dirname(env["OCI_CLI_CONFIG_FILE"] ?? ""), "oci-session-token");
}

const MADE = new Map<string, Canary>();

/** The forms of each secret are worked out once. */
function canaryOf(what: string, secret: string): Canary {
  const made = MADE.get(secret) ?? canary(what, secret);
  MADE.set(secret, made);
  return made;
}

interface Session {
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export function expectNone(canaries: readonly Canary[], text: string): void {
  expect(found(canaries, text), text).toEqual([]);
}

/** No secret in any file, and nobody else may read one. */
export async function expectSoundState(folder: string, canaries: readonly Canary[]): Promise<void> {
  expect(await foundInFiles(canaries, folder)).toEqual([]);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) expect((await stat(path)).mode & 0o777, path).toBe(0o600);
    if (entry.isDirectory()) expect((await stat(path)).mode & 0o777, path).toBe(0o700);
  }
}
