import { parseKey } from "../clouds/index.ts";
import type { Expected } from "../core/accessors.ts";
import { refusal } from "../core/errors.ts";
import type { KeyRef } from "../core/model.ts";
import type { FieldValues } from "../core/trust.ts";
import type { GivenKey, ListedKey } from "../core/validate.ts";
import {
  type Config,
  type FoundConfig,
  findConfig,
  NO_CONFIG,
  pinnedAccessor,
  readConfig,
  refuseUnnamed,
} from "../io/config.ts";
import type { AssessingOptions } from "./assessing.ts";
import type { Host } from "./host.ts";
import type { CommonOptions, ConfigOptions } from "./options.ts";
import type { Printer } from "./printer.ts";
import { projectsOf, type Session } from "./session.ts";
import type { ValidateCliOptions } from "./validate.ts";

/** The configuration that was named, or that lies in the current folder; `NO_CONFIG` when there is none. */
export async function loadConfig(
  { config: given, sandbox }: Pick<ConfigOptions & CommonOptions, "config" | "sandbox">,
  host: Host,
  printer: Printer,
): Promise<Config> {
  const found = await foundConfig(given, sandbox, host);
  if (found === null) return NO_CONFIG;
  const { path } = found;
  const config = await readConfig(path, { parseKey: (text) => parseKey(text) });
  if (!found.isNamed) refuseUnnamed(config);
  printer.note(`Configuration: ${path}`);
  if (!sandbox) return config;
  const left = inSandbox(config);
  if (left.dropped.length > 0) {
    printer.note(`In the sandbox these of ${path} do not count: ${left.dropped.join(", ")}.`);
  }
  return left.config;
}

async function foundConfig(given: string | undefined, sandbox: boolean, host: Host): Promise<FoundConfig | null> {
  // The sandbox reads nothing of the user's that was not named to it.
  if (given !== undefined || sandbox) return given === undefined ? null : { path: given, isNamed: true };
  const named = host.env["KEYGRANT_CONFIG"] || undefined;
  if (named === undefined && host.cwd === undefined) return null;
  return findConfig({ given: named, folder: host.cwd ?? "", uid: host.uid });
}

/**
 * What of a configuration a command takes that writes: who the vendor is, and whom it may name. The roles under `aws`,
 * `gcp` and `oci` are for looking (an audit role cannot grant anything): whoever writes does it with their own rights.
 */
export function forWriting({ path, vendors, keys }: Config): Config {
  return { ...NO_CONFIG, path, vendors, keys };
}

/** Who may be let in: the pins of the configuration and `--expect-accessor`, which must not contradict each other. */
export function pinsFor(
  options: Pick<AssessingOptions, "expectAccessor"> & Pick<CommonOptions, "vendor">,
  config: Config,
  about: { readonly project: string; readonly key: KeyRef },
): FieldValues {
  const pins = expectedBy({ vendor: options.vendor, expectAccessor: {} }, config)(about);
  for (const [name, value] of Object.entries(options.expectAccessor)) {
    if (!Object.hasOwn(pins, name) || pins[name] === value) continue;
    throw refusal(
      "config.pinned",
      `${config.path} pins ${name}=${pins[name]}, and ${name}=${value} was asked for.`,
      "Confirm the principal with the vendor; then change the file, where a reviewer sees it.",
    );
  }
  return { ...pins, ...options.expectAccessor };
}

/** Nothing of the user's is read in the sandbox, and nothing is told to anybody outside. */
function inSandbox(config: Config): { readonly config: Config; readonly dropped: readonly string[] } {
  const { vendors, state, notify, aws, gcp, oci } = NO_CONFIG;
  const isSet: Readonly<Record<string, boolean>> = {
    "vendors' url and token": [...config.vendors.values()].some((one) => one.url !== null || one.token !== null),
    aws: config.aws.role !== null || config.aws.accounts.size > 0,
    gcp: config.gcp.impersonate !== null,
    oci: config.oci.profile !== null,
    state: config.state !== null,
    notify: config.notify.length > 0,
  };
  const dropped = Object.keys(isSet).filter((name) => isSet[name]);
  const nameless = [...config.vendors].map(([id, one]) => [id, { ...one, url: null, token: null }] as const);
  return {
    config: { ...config, vendors: new Map([...vendors, ...nameless]), state, notify, aws, gcp, oci },
    dropped,
  };
}

/** The options as they count: what was given on the command line, else what the file says, else their defaults. */
export function withConfig(
  options: ValidateCliOptions,
  config: Config,
  isGiven: (name: string) => boolean,
): ValidateCliOptions {
  const outputs = config.outputs.map(({ format, to }) => ({ format, to: to === "-" ? null : to }));
  const said = {
    timeout: config.timeoutMs,
    deadline: config.deadlineMs,
    maxShare: config.maxShare,
    probeEvery: config.probeEveryMs,
    maxStale: config.maxStaleMs,
    warnBefore: config.warnBeforeMs,
    confirm: config.confirm,
    coverage: config.coverage,
    concurrency: config.concurrency,
    output: outputs.length === 0 ? null : outputs,
  };
  const counting = Object.entries(said).filter(([name, value]) => value !== null && !isGiven(name));
  return { ...options, ...Object.fromEntries(counting) };
}

/** Whose keys are looked at: `--project`, else those of the file, else AIVEN_PROJECT, unless the file lists keys alone. */
export function projectsIn(
  options: Pick<ValidateCliOptions, "project" | "vendor">,
  config: Config,
  session: Session,
  given: readonly GivenKey[],
): readonly string[] {
  if (options.project.length > 0) return projectsOf(options.project, session);
  const configured = [...(config.vendors.get(options.vendor)?.projects.keys() ?? [])];
  if (configured.length > 0) return configured;
  const listed = new Set(config.keys.map((one) => one.ref.id));
  const needsNone = listed.size > 0 && given.every((one) => one.kind === "ref" && listed.has(one.ref.id));
  return needsNone ? [] : projectsOf([], session);
}

/** The keys of the file that are this run's: with `--project`, those of these projects. */
export function listedIn(
  options: Pick<ValidateCliOptions, "project" | "vendor" | "expectAccessor">,
  config: Config,
): readonly ListedKey[] {
  const { project: projects, vendor, expectAccessor } = options;
  return config.keys
    .filter((one) => one.vendor === vendor)
    .filter((one) => projects.length === 0 || (one.project !== null && projects.includes(one.project)))
    .map(({ ref, project, accessor }) => {
      if (accessor === null) return { ref, project, accessor };
      const own = Object.entries(expectAccessor).filter(([name]) => Object.hasOwn(accessor.fields, name));
      return { ref, project, accessor: { ...accessor, fields: { ...accessor.fields, ...Object.fromEntries(own) } } };
    });
}

/** `--expect-accessor`, else the pins of the listed key, of the project and of the vendor. */
export function expectedBy(options: Pick<ValidateCliOptions, "vendor" | "expectAccessor">, config: Config): Expected {
  const listed = new Map(config.keys.map((one) => [JSON.stringify([one.project, one.ref.id]), one]));
  return ({ project, key }) => ({
    ...pinnedAccessor(config, { vendor: options.vendor, project, cloud: key.cloud }),
    ...listed.get(JSON.stringify([project, key.id]))?.accessor?.fields,
    ...options.expectAccessor,
  });
}
