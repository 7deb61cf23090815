import { join } from "node:path";
import { grantingRole, openCloud, parseKey } from "../clouds/index.ts";
import type { Cloud } from "../core/cloud.ts";
import type { Reached } from "../core/doctor.ts";
import { KeygrantError, usageError } from "../core/errors.ts";
import type { KeyStore, Memory } from "../core/memory.ts";
import type { CloudId, KeyRef, Registration, VendorCloudPolicy } from "../core/model.ts";
import type { GivenKey } from "../core/validate.ts";
import type { Vendor } from "../core/vendor.ts";
import { awsRole, type Config, NO_CONFIG } from "../io/config.ts";
import {
  aivenCredentials,
  awsEnvironment,
  type Environment,
  gcpEnvironment,
  ociEnvironment,
  readCa,
} from "../io/credentials.ts";
import { isLoopback } from "../io/loopback.ts";
import { policyOf } from "../io/policies.ts";
import { REFERENCE_PATTERN, resolveSecret } from "../io/secrets.ts";
import type { Host } from "./host.ts";
import type { CommonOptions, GrantingOptions, LocatingOptions } from "./options.ts";

/** The state, the credentials and the connections of one command. Nothing is loaded or asked before it is needed. */
export interface Session {
  readonly environment: Environment;
  /** What was accepted and written. */
  openMemory(): Promise<Memory>;
  /** Whether the cloud is asked on this machine, where nobody's quota is shared. */
  isLocal(cloud: CloudId): boolean;
  /** What `validate` remembers; null with `--no-state`. */
  openStore(given: string | false | undefined): Promise<KeyStore | null>;
  /** Aborted by a signal or by `--deadline`. */
  readonly signal: AbortSignal;
  /** What a person should hear about how the secrets in use are kept. */
  readonly notes: readonly string[];
  openVendor(): Promise<Vendor>;
  openCloud(key: KeyRef): Promise<Cloud>;
  /** As the caller itself, for questions about no key. */
  openCloudOf(cloud: CloudId): Promise<Cloud>;
  /** What answers at an address, asked the way in which every client gets out. */
  reach(url: string): Promise<Reached>;
  /** What the vendor needs on the cloud, with the role that was asked for in place of the vendor's. */
  policyFor(cloud: CloudId): VendorCloudPolicy;
  parseKey(text: string, hints: { cloud?: CloudId | undefined; region?: string | undefined }): KeyRef;
  parseResource(registration: Pick<Registration, "resource">): KeyRef | null;
  close(): Promise<void>;
}

/** Every option that a connection may depend on; a command offers those that make sense for it. */
export type SessionOptions = Omit<CommonOptions, "output"> & LocatingOptions & Partial<GrantingOptions>;

/** Opens a session; with `--sandbox`, in a world where nothing of the user's is read and nothing leaves the machine. */
export async function openSession(options: SessionOptions, host: Host, config: Config = NO_CONFIG): Promise<Session> {
  const sandbox = options.sandbox ? await openSandboxWorld(host) : null;
  const environment: Environment = sandbox === null ? host : { env: sandbox.env, home: sandbox.dir };
  const signal =
    options.deadline === undefined
      ? host.interrupted
      : AbortSignal.any([host.interrupted, AbortSignal.timeout(options.deadline)]);
  const clouds = new Map<string, Promise<Cloud>>();
  const closers: (() => void | Promise<void>)[] = [];
  const notes: string[] = [];
  const about = { options, host, config, environment, signal, closers, notes };

  async function folder(): Promise<string> {
    if (sandbox !== null) return sandbox.stateDir;
    const { keepPrivate, stateFolder } = await import("../state/files.ts");
    const path = stateFolder(host.env, host.home);
    await keepPrivate(path);
    return path;
  }

  function openOnce(id: CloudId, role: string | null): Promise<Cloud> {
    const name = JSON.stringify([id, role]);
    const cloud = clouds.get(name) ?? openCloudFor(about, id, role);
    clouds.set(name, cloud);
    return cloud;
  }

  return {
    environment,
    async openMemory() {
      const { fileMemory } = await import("../state/memory.ts");
      return fileMemory(await folder(), host.random);
    },
    isLocal: (cloud) => isLocal(cloud, environment),
    async openStore(given) {
      if (given === false) return null;
      const { defaultStoreAddress, openStore, parseStoreAddress } = await import("../state/store.ts");
      const configured = given === undefined ? await stateOf(about) : null;
      const text = given ?? configured ?? environment.env["KEYGRANT_STATE"];
      const address = text
        ? parseStoreAddress(text, { fromArgument: given !== undefined })
        : defaultStoreAddress(await folder());
      const store = await openStore(address, host);
      closers.push(() => store.close());
      return store;
    },
    signal,
    notes,
    openVendor: () => openVendorFor(about),
    openCloud: (key) => openOnce(key.cloud, roleFor(config, key)),
    openCloudOf: (cloud) => openOnce(cloud, null),
    reach: (url) => reachFrom(about, url),
    policyFor(cloud) {
      const policy = policyOf(options.vendor, cloud);
      if (policy !== null) return options.role === undefined ? policy : grantingRole(policy, options.role);
      throw usageError(
        "vendor.no-such-cloud",
        `keygrant does not know what ${options.vendor} needs on ${cloud}.`,
        "See `keygrant accessors` for the clouds that it knows.",
      );
    },
    parseKey: (text, hints) => parseKey(text, { ...hints, region: hints.region ?? awsEnvironment(environment).region }),
    parseResource(registration) {
      try {
        return parseKey(registration.resource);
      } catch (error) {
        if (error instanceof KeygrantError) return null;
        throw error;
      }
    },
    async close() {
      for (const close of closers) await close();
      await sandbox?.close();
    },
  };
}

interface About {
  readonly options: SessionOptions;
  readonly config: Config;
  readonly notes: string[];
  readonly host: Host;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly closers: (() => void | Promise<void>)[];
}

async function openVendorFor(about: About): Promise<Vendor> {
  const { options, host, config, environment, signal, closers, notes } = about;
  const { openVendor, refuseUnknownVendor } = await import("../vendors/index.ts");
  refuseUnknownVendor(options.vendor);
  const { createAgents } = await import("../io/agents.ts");
  const configured = config.vendors.get(options.vendor);
  const secret = configured?.token ? await resolveSecret(configured.token, environment) : null;
  notes.push(...(secret?.notes ?? []));
  const given = { token: secret?.value ?? null, url: configured?.url ?? null };
  const { token, webUrl, ca } = await aivenCredentials(environment, given);
  const agents = createAgents({ proxyEnv: environment.env, ca });
  closers.push(() => agents.destroy());
  const { clock, jitter } = host;
  return openVendor(options.vendor, { webUrl, token, agents, clock, jitter, timeoutMs: options.timeout, signal });
}

async function reachFrom({ options, host, environment, signal }: About, url: string): Promise<Reached> {
  const { createAgents } = await import("../io/agents.ts");
  const { reach } = await import("../io/reach.ts");
  const caFile = environment.env["AIVEN_CA_CERT"];
  const agents = createAgents({ proxyEnv: environment.env, ca: caFile ? await readCa(caFile) : undefined });
  try {
    const { clock } = host;
    return await reach(url, { agents, proxyEnv: environment.env, clock, timeoutMs: options.timeout, signal });
  } finally {
    agents.destroy();
  }
}

/** Where the configuration says that keygrant remembers; null when it does not say. */
async function stateOf({ config, environment, notes }: About): Promise<string | null> {
  if (config.state === null || !REFERENCE_PATTERN.test(config.state)) return config.state;
  const secret = await resolveSecret(config.state, environment);
  notes.push(...secret.notes);
  return secret.value;
}

/** The role that the configuration has for the key's account; null: the caller's own credentials. */
function roleFor({ aws }: Config, { cloud, id, owner }: KeyRef): string | null {
  if (cloud !== "aws" || owner === null) return null;
  const [, partition = "aws"] = id.split(":");
  return awsRole(aws, { account: owner, partition });
}

async function openCloudFor(about: About, id: CloudId, assumeRole: string | null): Promise<Cloud> {
  const { options, host, config, environment, signal, closers } = about;
  const { createAgents } = await import("../io/agents.ts");
  const agents = createAgents({ proxyEnv: environment.env });
  closers.push(() => agents.destroy());
  const { clock, jitter, random } = host;
  const gcp = gcpEnvironment(environment);
  const oci = ociEnvironment(environment);
  return openCloud(id, {
    aws: { ...awsEnvironment(environment), assumeRole: assumeRole ?? undefined },
    gcp: {
      ...gcp,
      endpoint: options.gcpEndpoint ?? gcp.endpoint,
      impersonate: options.impersonateServiceAccount ?? config.gcp.impersonate ?? gcp.impersonate,
    },
    oci: {
      ...oci,
      profile: config.oci.profile ?? oci.profile,
      auth: options.ociAuth ?? oci.auth,
      vault: options.ociVault,
      managementEndpoint: options.ociManagementEndpoint,
      cryptoEndpoint: options.ociCryptoEndpoint,
      scope: options.scope ?? oci.scope,
      noExport: options.export === false,
    },
    agents,
    clock,
    jitter,
    random,
    timeoutMs: options.timeout,
    // Node looks through all listeners of a signal each time one is added or taken off, and each call has one: with a
    // signal for each cloud and role, those of the others are not among them.
    signal: AbortSignal.any([signal]),
  });
}

function isLocal(cloud: CloudId, environment: Environment): boolean {
  const endpoints: Partial<Record<CloudId, string | undefined>> = {
    aws: awsEnvironment(environment).kmsEndpoint,
    gcp: gcpEnvironment(environment).endpoint,
    oci: ociEnvironment(environment).endpoint,
  };
  return isLoopback(URL.parse(endpoints[cloud] ?? "")?.hostname ?? "");
}

interface SandboxWorld {
  readonly env: Environment["env"];
  readonly dir: string;
  readonly stateDir: string;
  readonly close: () => Promise<void>;
}

async function openSandboxWorld(host: Host): Promise<SandboxWorld> {
  const { openSandbox, sandboxStateDir } = await import("../sandbox/index.ts");
  const dir = sandboxFolder(host);
  const { clock, random, jitter } = host;
  const sandbox = await openSandbox({ dir, clock, random, jitter, mode: "embedded" });
  return { env: sandbox.env, dir, stateDir: sandboxStateDir(dir), close: () => sandbox.close() };
}

/** KEYGRANT_SANDBOX_DIR, or a folder of its own under the XDG state folder. */
export function sandboxFolder({ env, home }: Environment): string {
  return (
    env["KEYGRANT_SANDBOX_DIR"] || join(env["XDG_STATE_HOME"] || join(home, ".local", "state"), "keygrant-sandbox")
  );
}

/** `--project`, else AIVEN_PROJECT. */
const CMK_ID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** A key as it was named: a bare UUID is the vendor's id, unless a cloud was named with it. */
export function givenKey(text: string, hints: LocatingOptions, session: Session): GivenKey {
  const isCmkId = CMK_ID.test(text) && hints.cloud === undefined;
  return isCmkId ? { kind: "cmk", id: text } : { kind: "ref", ref: session.parseKey(text, hints) };
}

export function projectsOf(given: readonly string[], session: Session): readonly string[] {
  if (given.length > 0) return [...new Set(given)];
  const fallback = session.environment.env["AIVEN_PROJECT"];
  if (fallback) return [fallback];
  throw usageError("usage.project", "No project was named.", "Pass --project <name>, or set AIVEN_PROJECT.");
}
