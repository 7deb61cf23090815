import { askAccessors, type Expected, type NamedAccessors } from "./accessors.ts";
import type { AssessOptions } from "./assess.ts";
import type { Cloud } from "./cloud.ts";
import { coverageOf, type ProjectCoverage } from "./coverage.ts";
import { KeygrantError, LookError, usageError } from "./errors.ts";
import { codeEntry } from "./findings.ts";
import { advance, identityOf, isDoubtful, type Transition, vanished } from "./history.ts";
import { type Look, look, notReached } from "./look.ts";
import type { KeyStore, Memory, Message } from "./memory.ts";
import {
  type Accessor,
  type KeyRef,
  type Registration,
  type Seen,
  seen,
  unseen,
  type VendorCloudPolicy,
} from "./model.ts";
import { type Pace, quotaDomain, shardOf } from "./pace.ts";
import type { Clock, Jitter } from "./ports.ts";
import { keyNameOf, type ParseResource } from "./registrations.ts";
import { type KeyReport, standing, type UnlistedProject, type ValidateReport } from "./report.ts";
import type { Vendor } from "./vendor.ts";

export interface ValidateOptions extends AssessOptions {
  readonly projects: readonly string[];
  /** Has the vendor use each key now; it shows in the owner's audit log. */
  readonly askVendor: boolean;
  /** Keys to look at whether they are registered or not. */
  readonly listed: readonly ListedKey[];
  /** How many conclusive failures in a row make an alarm; a doubtful one is looked at again in the same run. */
  readonly confirm: number;
  /** How long the last conclusion counts, in milliseconds. */
  readonly maxStaleMs: number;
  /** How often a round trip is made, in milliseconds; null: with every look. */
  readonly probeEveryMs: number | null;
  /** Which part of all keys this run looks after, by quota domain; null: all of them. */
  readonly shard: { readonly index: number; readonly of: number } | null;
  /** Says which services of the projects no key of theirs protects. */
  readonly coverage: boolean;
}

/** A key that the configuration lists. */
export interface ListedKey {
  readonly ref: KeyRef;
  /** Whose key it is said to be. */
  readonly project: string | null;
  /** Who must have access; null: the vendor says it for the project. */
  readonly accessor: Accessor | null;
}

/** A key that was named: by reference, or by the vendor's id of it. */
export type GivenKey = { readonly kind: "ref"; readonly ref: KeyRef } | { readonly kind: "cmk"; readonly id: string };

export interface ValidateDeps {
  readonly vendor: Vendor;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly openCloud: (key: KeyRef) => Promise<Cloud>;
  /** What the vendor needs on the key's cloud; null when it does not take keys there. */
  readonly policyFor: (key: KeyRef) => VendorCloudPolicy | null;
  readonly parseResource: ParseResource;
  /** What a project's principals must be: `--expect-accessor`, or the pins of the configuration. */
  readonly expected: Expected;
  readonly pace: Pace;
  readonly jitter: Jitter;
  /** What is remembered between runs; null: this run stands for itself. */
  readonly store: KeyStore | null;
  /** What has to be told when something changed; spooled together with what is remembered. */
  readonly messagesFor: (news: News) => readonly Message[];
  /** Aborted when the command's deadline has passed: what was not reached then could not be looked at. */
  readonly signal: AbortSignal;
}

/** What changed for a key, with the report as it is now and as it was. */
export interface News {
  readonly transitions: readonly Transition[];
  readonly report: KeyReport;
  readonly before: KeyReport | null;
}

/** Called as each key is finished, in no order; `place` is where it stands among those that were named or listed. */
export type OnKey = (report: KeyReport, transitions: readonly Transition[], place: number) => Promise<void>;
type Tell = (report: KeyReport, transitions: readonly Transition[]) => Promise<void>;

/** All that is left of a run when its keys have been reported. */
export type ValidateEnd = Omit<ValidateReport, "keys">;

/** One run: what was asked for, what it may use, and what the vendor has listed. */
export interface Run {
  readonly options: ValidateOptions;
  readonly deps: ValidateDeps;
  readonly lists: readonly ProjectList[];
  /** Every registration that could be listed, by the key that it is of. */
  readonly registered: ReadonlyMap<string, readonly Registration[]>;
  /** The listed keys, by reference. */
  readonly listed: ReadonlyMap<string, readonly ListedKey[]>;
  readonly accessors: NamedAccessors;
}

export interface ProjectList {
  readonly project: string;
  /** Without the deleted ones. */
  readonly registrations: Seen<readonly Registration[]>;
}

/** One key to look at, whoever registered it. `ref` is null for a cloud that keygrant does not know. */
export interface Target {
  readonly ref: KeyRef | null;
  readonly resource: string;
}

/** `validateEach`, with the keys in one report, in the order in which they were named or listed. */
export async function validate(
  given: readonly GivenKey[],
  options: ValidateOptions,
  deps: ValidateDeps,
): Promise<ValidateReport> {
  const found: { readonly report: KeyReport; readonly place: number }[] = [];
  const { schemaVersion, checkedAt, unlisted, coverage, summary } = await validateEach(
    given,
    options,
    deps,
    async (report, _transitions, place) => {
      found.push({ report, place });
    },
  );
  const keys = found.sort((a, b) => a.place - b.place).map((one) => one.report);
  return { schemaVersion, checkedAt, keys, unlisted, coverage, summary };
}

/**
 * Looks at the given keys, or at every key registered in the projects, and reports each as it is finished: lists,
 * looks, remembers, reports, forgets. Memory holds references, never reports.
 */
export async function validateEach(
  given: readonly GivenKey[],
  options: ValidateOptions,
  deps: ValidateDeps,
  onKey: OnKey,
): Promise<ValidateEnd> {
  const checkedAt = deps.clock.now().toISOString();
  const lists = await Promise.all(
    options.projects.map((project) => listProject(deps.vendor, project, options.projects.length === 1)),
  );
  const run: Run = {
    options,
    deps,
    lists,
    registered: Map.groupBy(lists.flatMap(registrationsIn), (one) => keyNameOf(one, deps.parseResource)),
    listed: Map.groupBy(options.listed, (one) => one.ref.id),
    accessors: askAccessors(deps, deps.expected),
  };
  const counts = { VALID: 0, INVALID: 0, INITIALIZING: 0, undetermined: 0 };
  const tellAt =
    (place: number): Tell =>
    async (report, transitions) => {
      counts[standing(report)]++;
      await onKey(report, transitions, place);
    };
  const mine = targets(run, given).filter((target) => isInShard(target, options.shard));
  await Promise.all(mine.map((target, index) => lookAndTell(run, target, tellAt(index))));
  if (given.length === 0) await tellVanished(run, tellAt(mine.length));
  return {
    schemaVersion: 1,
    checkedAt,
    unlisted: lists.flatMap((list) => unlisted(deps.vendor, list)),
    coverage: options.coverage ? await coverage(run) : null,
    summary: counts,
  };
}

/** After the keys: whoever runs out of time has at least looked at those. A project is one shard's alone. */
function coverage({ lists, deps, options }: Run): Promise<readonly ProjectCoverage[]> {
  const { shard } = options;
  const isMine = ({ project }: ProjectList) =>
    shard === null || shardOf(`${deps.vendor.id} ${project}`, shard.of) === shard.index;
  return Promise.all(lists.filter(isMine).map((one) => coverageOf(deps.vendor, one.project, one.registrations)));
}

function isInShard(target: Target, shard: ValidateOptions["shard"]): boolean {
  return shard === null || shardOf(domainOf(target), shard.of) === shard.index;
}

function domainOf(target: Target): string {
  return target.ref === null ? "unknown" : quotaDomain(target.ref);
}

async function lookAndTell(run: Run, target: Target, tell: Tell): Promise<void> {
  await run.deps.pace.run(domainOf(target), async () => {
    const looks = await lookUntilSure(run, target);
    for (const look of looks) {
      const { report, transitions } = await remember(run, look);
      await tell(report, transitions);
    }
    const throttled = looks.some((look) => look.report.findings.some((one) => one.code === "look.throttled"));
    return { value: undefined, throttled };
  });
}

/** Looks again, after a short pause, at a failure that is news and that the cloud does not itself answer for. */
async function lookUntilSure(run: Run, target: Target): Promise<readonly Look[]> {
  const { clock, jitter, signal, store } = run.deps;
  for (let looks = 1; ; looks++) {
    const found = signal.aborted ? notReached(run, target) : await look(run, target);
    const remembered = await Promise.all(found.map((one) => store?.read(identityOf(one.report)) ?? null));
    const isNews = found.some((one, index) => isDoubtful(remembered[index] ?? null, one.report, run.options));
    if (!isNews || looks >= run.options.confirm) {
      return found.map((one, index) => ({ ...one, before: remembered[index] ?? null, looks }));
    }
    const [slept] = await Promise.allSettled([clock.sleep(AGAIN_MS * (0.5 + jitter()), signal)]);
    if (slept.status === "rejected") return found.map((one) => ({ ...one, looks }));
  }
}

/** The pause before a second look, in milliseconds, give or take a half. */
const AGAIN_MS = 2_000;

async function remember(run: Run, look: Look): Promise<{ report: KeyReport; transitions: readonly Transition[] }> {
  const { store, clock, messagesFor } = run.deps;
  const { report, probe, before, looks } = look;
  if (store === null) return { report, transitions: [] };
  const isSure = looks >= run.options.confirm;
  const advanced = advance(before, report, probe, {
    now: clock.now(),
    confirm: isSure ? 1 : run.options.confirm,
    maxStaleMs: run.options.maxStaleMs,
  });
  const { transitions, report: now } = advanced;
  const messages = messagesFor({ transitions, report: now, before: before?.report ?? null });
  await store.record(identityOf(now), advanced.memory, transitions, messages);
  return advanced;
}

/** A registration that was there and is not any more is told once, then forgotten. */
async function tellVanished(run: Run, tell: Tell): Promise<void> {
  const { store, vendor, clock, messagesFor, parseResource } = run.deps;
  if (store === null) return;
  const there = new Set(
    [...run.registered].flatMap(([key, ones]) => ones.map((one) => JSON.stringify([one.project, key]))),
  );
  const answered = new Set(run.lists.flatMap((list) => (list.registrations.known ? [list.project] : [])));
  for await (const { id, memory } of store.all()) {
    if (id.vendor !== vendor.id || id.project === null || !answered.has(id.project)) continue;
    if (there.has(JSON.stringify([id.project, id.key]))) continue;
    // What was never registered cannot vanish: it was on a list, and perhaps still is.
    if (memory.report.cmkId === null) continue;
    const target = { ref: parseResource({ resource: id.key }), resource: id.key };
    if (!isInShard(target, run.options.shard)) continue;
    const gone = vanished(memory, clock.now());
    const { transitions, report } = gone;
    await store.record(id, gone.memory, transitions, messagesFor({ transitions, report, before: memory.report }));
    await store.forget(id);
    // A key that is still looked at, because it is listed, has been told of already.
    if (run.listed.get(id.key)?.some((one) => one.project === id.project)) continue;
    await tell(gone.report, gone.transitions);
  }
}

async function listProject(vendor: Vendor, project: string, isOnly: boolean): Promise<ProjectList> {
  try {
    const all = await Array.fromAsync(vendor.registrations(project));
    return { project, registrations: seen(all.filter((one) => one.status !== "deleted")) };
  } catch (error) {
    if (error instanceof LookError) return { project, registrations: unseen(error.why) };
    // One project that is gone must not keep anybody from looking at the others.
    if (error instanceof KeygrantError && error.code === "vendor.project-not-found" && !isOnly) {
      const { message: detail, fix } = error;
      return { project, registrations: unseen({ code: "look.misconfigured", detail, fix }) };
    }
    throw error;
  }
}

function registrationsIn({ registrations }: ProjectList): readonly Registration[] {
  return registrations.known ? registrations.value : [];
}

function unlisted(vendor: Vendor, list: ProjectList): readonly UnlistedProject[] {
  if (list.registrations.known) return [];
  const { code, detail } = list.registrations.why;
  const fix = list.registrations.why.fix ?? codeEntry(code).fix;
  return [{ vendor: vendor.id, project: list.project, code, detail, fix }];
}

/** Each key once, in the order in which it was named or listed. */
function targets(run: Run, given: readonly GivenKey[]): readonly Target[] {
  const all =
    given.length === 0
      ? [
          ...run.lists.flatMap(registrationsIn).map((one) => targetOf(run, one)),
          ...run.options.listed.map(({ ref }) => ({ ref, resource: ref.id })),
        ]
      : given.map((one) => named(run, one));
  return [...new Map(all.map((target) => [target.resource, target])).values()];
}

function targetOf(run: Run, registration: Registration): Target {
  const ref = run.deps.parseResource(registration);
  return { ref, resource: ref?.id ?? registration.resource };
}

function named(run: Run, given: GivenKey): Target {
  if (given.kind === "ref") return { ref: given.ref, resource: given.ref.id };
  const found = run.lists.flatMap(registrationsIn).find((one) => one.id === given.id);
  if (found !== undefined) return targetOf(run, found);
  for (const list of run.lists) {
    if (!list.registrations.known)
      throw new LookError(list.registrations.why, "Name the key itself instead of its CMK id.");
  }
  const projects = run.lists.map((list) => list.project).join(", ");
  throw usageError(
    "cmk.not-found",
    `No CMK ${given.id} is registered in ${projects}.`,
    "Name the project with --project, or the key by its own reference.",
  );
}
