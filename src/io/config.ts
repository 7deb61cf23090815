import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type KeygrantError, usageError } from "../core/errors.ts";
import type { Accessor, CloudId, KeyRef, VendorId } from "../core/model.ts";
import type { Mute } from "../core/mutes.ts";
import { plainText } from "../core/text.ts";
import type { FieldValues } from "../core/trust.ts";
import type { NOTIFY_FORMATS, OUTPUT_FORMATS } from "./config-schema.ts";
import type { Problem } from "./config-yaml.ts";
import { readBounded } from "./read.ts";

/** `keygrant.yaml`, checked. What a file leaves out is null or empty: the command's own defaults decide. */
export interface Config {
  /** The file, as it was named; null when there is none. */
  readonly path: string | null;
  readonly vendors: ReadonlyMap<VendorId, VendorConfig>;
  readonly keys: readonly ListedKey[];
  readonly aws: {
    /** A template: see `awsRole`. */
    readonly role: string | null;
    /** By account id; null: no role, the caller's own credentials. */
    readonly accounts: ReadonlyMap<string, string | null>;
  };
  readonly gcp: { readonly impersonate: string | null };
  readonly oci: { readonly profile: string | null };
  /** A path, a PostgreSQL address without a password, or a reference for `resolveSecret`. */
  readonly state: string | null;
  readonly concurrency: number | null;
  /** Milliseconds, as is every field that ends like this. */
  readonly timeoutMs: number | null;
  readonly deadlineMs: number | null;
  /** A fraction above 0, up to 1. */
  readonly maxShare: number | null;
  readonly probeEveryMs: number | null;
  readonly maxStaleMs: number | null;
  readonly warnBeforeMs: number | null;
  readonly confirm: number | null;
  readonly coverage: boolean | null;
  readonly notify: readonly NotifyConfig[];
  readonly mutes: readonly Mute[];
  readonly outputs: readonly { readonly format: OutputFormat /** A file, or `-`. */; readonly to: string }[];
}

export interface VendorConfig {
  readonly url: string | null;
  /** A reference for `resolveSecret`. */
  readonly token: string | null;
  readonly accessors: Pins;
  readonly projects: ReadonlyMap<string, { readonly accessors: Pins }>;
}

/** What a principal's fields must be, for each cloud. */
export type Pins = ReadonlyMap<CloudId, FieldValues>;

/** A key that is validated whether it is registered or not. */
export interface ListedKey {
  readonly ref: KeyRef;
  readonly vendor: VendorId;
  readonly project: string | null;
  /** Null: the vendor is asked, with its token. */
  readonly accessor: Accessor | null;
}

export interface NotifyConfig {
  readonly name: string;
  /** An address, or a reference to one. */
  readonly url: string;
  /** A reference. */
  readonly secret: string | null;
  readonly format: (typeof NOTIFY_FORMATS)[number];
  readonly timeoutMs: number;
}

export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export const NO_CONFIG: Config = {
  path: null,
  vendors: new Map(),
  keys: [],
  aws: { role: null, accounts: new Map() },
  gcp: { impersonate: null },
  oci: { profile: null },
  state: null,
  concurrency: null,
  timeoutMs: null,
  deadlineMs: null,
  maxShare: null,
  probeEveryMs: null,
  maxStaleMs: null,
  warnBeforeMs: null,
  confirm: null,
  coverage: null,
  notify: [],
  mutes: [],
  outputs: [],
};

/** What the accessors of a project must be: the vendor's pins, with the project's own over them. Empty: no pins. */
export function pinnedAccessor(
  config: Config,
  about: { readonly vendor: VendorId; readonly project: string | null; readonly cloud: CloudId },
): FieldValues {
  const vendor = config.vendors.get(about.vendor);
  const project = about.project === null ? undefined : vendor?.projects.get(about.project);
  return { ...vendor?.accessors.get(about.cloud), ...project?.accessors.get(about.cloud) };
}

/** The role to assume for the keys of an account; null for the caller's own credentials. */
export function awsRole(
  aws: Config["aws"],
  about: { readonly account: string; readonly partition: string },
): string | null {
  const role = aws.accounts.has(about.account) ? aws.accounts.get(about.account) : aws.role;
  if (role === undefined || role === null) return null;
  return role.replaceAll("{account}", about.account).replaceAll("{partition}", about.partition);
}

/** What looks for a configuration: the option, the environment, else the current folder. */
export interface FindConfig {
  /** `--config`, or KEYGRANT_CONFIG. */
  readonly given: string | undefined;
  /** The current folder. */
  readonly folder: string;
  /** The caller's user id; undefined where there are none (Windows). */
  readonly uid: number | undefined;
}

const FILE_NAME = "keygrant.yaml";
const WORLD_WRITABLE = 0o002;

export interface FoundConfig {
  readonly path: string;
  /** Whether somebody named it; else it merely lies there, and `refuseUnnamed` holds. */
  readonly isNamed: boolean;
}

/**
 * The configuration to read; null when there is none. A file that was not named but merely lies in the current folder
 * counts only when nobody but the caller (or root) can have put it there.
 */
export async function findConfig({ given, folder, uid }: FindConfig): Promise<FoundConfig | null> {
  if (given !== undefined) return { path: given, isNamed: true };
  const path = join(folder, FILE_NAME);
  const file = await statOf(path);
  if (file === null) return null;
  const isStrangers = uid !== undefined && file.uid !== uid && file.uid !== 0;
  if (!isStrangers && (uid === undefined || (file.mode & WORLD_WRITABLE) === 0)) {
    return { path, isNamed: false };
  }
  throw usageError(
    "config.not-trusted",
    `The ${FILE_NAME} in this folder ${isStrangers ? "belongs to another user" : "can be written by everybody"}.`,
    `Look at it; then take it with --config ${FILE_NAME}, or mend who owns it and who may write it.`,
  );
}

/**
 * Refuses what a file that nobody named must not decide. It may have come with a repository that was cloned, and the
 * folder's owner is then the caller: such a file may say which keys are looked at and how carefully, and must not say
 * where secrets, tokens and reports go, nor whose rights are used.
 */
export function refuseUnnamed(config: Config): void {
  const says: Readonly<Record<string, boolean>> = {
    "a vendor's url": [...config.vendors.values()].some((one) => one.url !== null),
    "a vendor's token": [...config.vendors.values()].some((one) => one.token !== null),
    aws: config.aws.role !== null || config.aws.accounts.size > 0,
    gcp: config.gcp.impersonate !== null,
    oci: config.oci.profile !== null,
    state: config.state !== null,
    notify: config.notify.length > 0,
    "outputs to a file": config.outputs.some((one) => one.to !== "-"),
  };
  const [first, ...rest] = Object.keys(says).filter((name) => says[name]);
  if (first === undefined) return;
  throw usageError(
    "config.not-trusted",
    `The ${FILE_NAME} in this folder was not named, and says ${[first, ...rest].join(", ")}: it could send secrets anywhere.`,
    `Look at it; then take it with --config ${FILE_NAME}, or name it in KEYGRANT_CONFIG.`,
  );
}

async function statOf(path: string): Promise<{ readonly uid: number; readonly mode: number } | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    // It may be there, and cannot be looked at: reading it says why.
    return { uid: 0, mode: 0 };
  }
}

export interface ReadConfigDeps {
  /** Reads a key reference; throws a `KeygrantError` for what is none. */
  readonly parseKey: (text: string) => KeyRef;
}

const MAX_BYTES = 256 * 1024;
const SHOWN_PROBLEMS = 20;

/**
 * Reads and checks a configuration. Throws one usage error with every problem that was found, a line each:
 * file, line, column, what was found and what was expected. Secrets are references here: nothing is resolved.
 */
export async function readConfig(path: string, deps: ReadConfigDeps): Promise<Config> {
  const read = await readBounded(path, MAX_BYTES);
  if (!read.ok) {
    throw usageError(
      "config.unreadable",
      `The configuration ${plainText(path, 300)} cannot be read: ${read.why}.`,
      "Check the path given with --config.",
      read.cause,
    );
  }
  // Loaded here: a command without a configuration needs neither YAML nor a schema.
  const [{ parseYaml }, { shapeProblems, toConfig }] = await Promise.all([
    import("./config-yaml.ts"),
    import("./config-check.ts"),
  ]);
  const file = parseYaml(read.text);
  if (file.problems.length > 0) throw invalid(path, file.problems);
  const shape = shapeProblems(file);
  if (!shape.ok) throw invalid(path, shape.problems, shape.untold);
  const { config, problems } = toConfig(shape.raw, { path, file, parseKey: deps.parseKey });
  if (problems.length > 0) throw invalid(path, problems);
  return config;
}

function invalid(path: string, problems: readonly Problem[], untold = 0): KeygrantError {
  const name = plainText(path, 300);
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = sorted
    .slice(0, SHOWN_PROBLEMS)
    .map((one) => `${name}:${one.line}:${one.column}: ${sentence(one.text)}`);
  const more = sorted.length + untold - lines.length;
  if (more > 0) lines.push(`And ${more} more.`);
  return usageError(
    "config.invalid",
    lines.join("\n"),
    "Mend the file; docs/configuration.md has every key, and docs/keygrant.schema.json tells them to an editor.",
  );
}

function sentence(text: string): string {
  return text.endsWith("?") ? text : `${text}.`;
}
