import packageJson from "../../package.json" with { type: "json" };
import { CLOUD_IDS } from "../clouds/index.ts";
import type { KeyStore } from "../core/memory.ts";
import { applyMutes, expiredMutes, withMutes } from "../core/mutes.ts";
import { createPace, keysPerSecond } from "../core/pace.ts";
import { type ValidateEnd, type ValidateOptions, validateEach } from "../core/validate.ts";
import type { Vendor } from "../core/vendor.ts";
import type { Config } from "../io/config.ts";
import { policyOf } from "../io/policies.ts";
import type { Target } from "../notify/target.ts";
import { assessOptions } from "./assessing.ts";
import type { Invocation } from "./command.ts";
import { expectedBy, listedIn, projectsIn } from "./configured.ts";
import { exitOfTally } from "./exit.ts";
import { type ShardChoice, shard } from "./options.ts";
import { openOutputs, TO_STDOUT } from "./outputs.ts";
import { givenKey, openSession, type Session } from "./session.ts";
import type { ValidateCliOptions } from "./validate.ts";

/** One run of `validate`, once or as one of many. */
export interface Round extends Invocation<ValidateCliOptions> {
  readonly config: Config;
  /** Gets the metrics of a run that ended. */
  readonly onMetrics?: (text: string) => void;
}

/** How many keys are looked at at once: in one quota domain, and over all. */
const AT_ONCE = { perDomain: 8, overall: 64 };

/** Opens everything afresh, so that no round sees what an earlier one has read; closes it whatever happens. */
export async function runRound(round: Round): Promise<number> {
  const session = await openSession(round.options, round.host, round.config);
  try {
    return await runIn(round, session);
  } finally {
    await session.close();
  }
}

async function runIn(round: Round, session: Session): Promise<number> {
  const { args, options, printer, host, config } = round;
  const given = args.map((text) => givenKey(text, options, session));
  const projects = projectsIn(options, config, session, given);
  const validateOptions = optionsOf(round, projects, session);
  const vendor = await vendorFor(validateOptions, round, session);
  const receivers = await openReceivers(round, session);
  const store = await session.openStore(options.state);
  for (const note of [...session.notes, ...receivers.notes, ...notesOn(round, store)]) printer.note(note);
  const startedAt = host.clock.now().toISOString();
  const outputs = await openOutputs(options.output ?? TO_STDOUT, {
    host,
    paint: printer.paint,
    store,
    run: { startedAt, version: packageJson.version },
    mark: (report) => withMutes(config.mutes, report, host.clock.now()),
    onMetrics: round.onMetrics,
  });
  const concurrency = options.concurrency ?? AT_ONCE.overall;
  try {
    const end = await validateEach(
      given,
      validateOptions,
      {
        vendor,
        memory: await session.openMemory(),
        clock: host.clock,
        openCloud: (key) => session.openCloud(key),
        policyFor: (key) => policyOf(options.vendor, key.cloud),
        parseResource: (registration) => session.parseResource(registration),
        expected: expectedBy(options, config),
        pace: createPace({
          clock: host.clock,
          perDomain: Math.min(AT_ONCE.perDomain, concurrency),
          overall: concurrency,
          keysPerSecond: (domain) => budgetOf(domain, options.maxShare, session),
        }),
        jitter: host.jitter,
        store,
        messagesFor: (news) => receivers.messagesFor(news),
        signal: session.signal,
      },
      (report) => outputs.key(report),
    );
    const { counts, onlyWaiting } = await outputs.end(end);
    const isEmpty = Object.values(counts).every((count) => count === 0) && end.unlisted.length === 0;
    if (isEmpty) printer.note(emptyNote(projects));
    noteUnlisted(round, end);
    return exitOfTally(counts, onlyWaiting, end.unlisted.length + unreadCoverage(end));
  } catch (error) {
    await outputs.abandon();
    throw error;
  } finally {
    // What is late, or what was seen before something broke, is exactly what has to be told.
    if (store !== null) await tellReceivers(receivers.targets, store, round, session);
  }
}

/** The vendor, or none where nothing has to be asked of it: then no token is needed. */
async function vendorFor({ projects, listed }: ValidateOptions, { options }: Round, session: Session): Promise<Vendor> {
  const isNeeded = projects.length > 0 || listed.some((one) => one.accessor === null);
  if (isNeeded) return session.openVendor();
  return (await import("../vendors/unasked.ts")).unaskedVendor(options.vendor);
}

function optionsOf({ options, config }: Round, projects: readonly string[], session: Session): ValidateOptions {
  return {
    ...assessOptions(options),
    warnBeforeMs: options.warnBefore,
    projects,
    listed: listedIn(options, config),
    askVendor: options.askVendor,
    confirm: options.confirm,
    maxStaleMs: options.maxStale,
    probeEveryMs: options.probeEvery ?? null,
    shard: options.shard ?? shardOfJob(session.environment.env),
    coverage: options.coverage,
  };
}

interface Receivers {
  readonly targets: readonly Target[];
  readonly notes: readonly string[];
  readonly messagesFor: Parameters<typeof validateEach>[2]["messagesFor"];
}

/** Whom to tell, and of what: what is muted is not told. */
async function openReceivers({ config, host }: Round, session: Session): Promise<Receivers> {
  if (config.notify.length === 0) return { targets: [], notes: [], messagesFor: () => [] };
  const { openTargets } = await import("../notify/target.ts");
  const { messagesFor } = await import("../notify/messages.ts");
  const { targets, notes } = await openTargets(config.notify, session.environment);
  return {
    targets,
    notes,
    messagesFor({ transitions, report, before }) {
      const now = host.clock.now();
      const { told } = applyMutes(config.mutes, report, transitions, now);
      return messagesFor({ transitions: told, report, before }, targets, now);
    },
  };
}

async function tellReceivers(
  targets: readonly Target[],
  store: KeyStore,
  { host, printer }: Round,
  session: Session,
): Promise<void> {
  if (targets.length === 0) return;
  const { deliver, deliveryNotes } = await import("../notify/deliver.ts");
  const { createAgents } = await import("../io/agents.ts");
  const agents = createAgents({ proxyEnv: session.environment.env });
  const { clock, jitter, interrupted } = host;
  try {
    // Not the session's signal: the deadline of the looks is none of the telling.
    const report = await deliver(store, targets, { agents, clock, jitter, signal: interrupted });
    for (const note of deliveryNotes(report, clock.now())) printer.note(note);
  } finally {
    agents.destroy();
  }
}

/** What of the file has no effect in this run, or has none any more. */
function notesOn({ config, options, host }: Round, store: KeyStore | null): readonly string[] {
  const notes = [...expiredMutes(config.mutes, host.clock.now())];
  if (store === null && config.notify.length > 0) {
    notes.push("Without a state nobody knows what changed: no receiver is told anything in this run.");
  }
  const others = config.keys.filter((one) => one.vendor !== options.vendor).length;
  if (others > 0) notes.push(`${others} keys of the configuration are another vendor's: see --vendor.`);
  return notes;
}

/** What could not be looked at is in the exit code; which services are open is information, and is not. */
function unreadCoverage({ coverage }: ValidateEnd): number {
  return (coverage ?? []).filter((one) => one.failure !== null).length;
}

function emptyNote(projects: readonly string[]): string {
  return projects.length === 0
    ? "No key of the configuration is this run's: there is nothing to validate."
    : `No key is registered in ${projects.join(", ")}: there is nothing to validate.`;
}

/** Text says it among its lines; in the other forms a person at the terminal would not see it. */
function noteUnlisted({ options, printer }: Round, { unlisted, coverage }: ValidateEnd): void {
  const saysText = (options.output ?? TO_STDOUT).some((one) => one.format === "text" && one.to === null);
  if (saysText) return;
  for (const { project, code, detail } of unlisted) {
    printer.note(`The keys of project ${project} could not be listed: ${detail} (${code})`);
  }
  for (const { project, failure } of coverage ?? []) {
    if (failure !== null)
      printer.note(`The services of ${project} could not be listed: ${failure.detail} (${failure.code})`);
  }
}

/** Keys a second in a quota domain; null where there is nobody to share with. */
function budgetOf(domain: string, maxShare: number, session: Session): number | null {
  const cloud = CLOUD_IDS.find((id) => domain.startsWith(`${id} `));
  return cloud === undefined || session.isLocal(cloud) ? null : keysPerSecond(domain, maxShare);
}

/** The shard of an indexed Kubernetes Job: its index, and how many there are; null outside of one. */
function shardOfJob(env: Session["environment"]["env"]): ShardChoice | null {
  const { JOB_COMPLETION_INDEX: index, KEYGRANT_SHARDS: of } = env;
  return index === undefined || of === undefined ? null : shard(`${index}/${of}`);
}
