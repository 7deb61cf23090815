import { parseKey } from "../clouds/index.ts";
import type { Expected } from "../core/accessors.ts";
import type { GivenKey, ListedKey } from "../core/validate.ts";
import { type Config, findConfig, NO_CONFIG, pinnedAccessor, readConfig } from "../io/config.ts";
import type { Host } from "./host.ts";
import type { Printer } from "./printer.ts";
import { projectsOf, type Session } from "./session.ts";
import type { ValidateCliOptions } from "./validate.ts";

/** The configuration that was named, or that lies in the current folder; `NO_CONFIG` when there is none. */
export async function loadConfig(
  options: Pick<ValidateCliOptions, "config" | "sandbox">,
  host: Host,
  printer: Printer,
): Promise<Config> {
  // The sandbox reads nothing of the user's that was not named.
  const mayLook = host.cwd !== undefined && !options.sandbox;
  const path =
    options.config ?? (mayLook ? await findConfig({ given: undefined, folder: host.cwd ?? "", uid: host.uid }) : null);
  if (path === null) return NO_CONFIG;
  const config = await readConfig(path, { parseKey: (text) => parseKey(text) });
  printer.note(`Configuration: ${path}`);
  if (!options.sandbox) return config;
  const left = inSandbox(config);
  if (left.dropped.length > 0) {
    printer.note(`In the sandbox these of ${path} do not count: ${left.dropped.join(", ")}.`);
  }
  return left.config;
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
