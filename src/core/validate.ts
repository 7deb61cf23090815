import { askAccessors, type Named, type NamedAccessors } from "./accessors.ts";
import { type AssessOptions, accessView, judgeNow, tryRoundTrip, windowEnd } from "./assess.ts";
import type { Cloud } from "./cloud.ts";
import { KeygrantError, LookError, usageError } from "./errors.ts";
import type { AccessView, VendorView } from "./evidence.ts";
import { codeEntry } from "./findings.ts";
import { judge, unlookable } from "./judge.ts";
import type { Memory } from "./memory.ts";
import {
  type KeyFacts,
  type KeyRef,
  type LookFailure,
  type Probe,
  type Registration,
  type Seen,
  type ServiceUse,
  seen,
  unseen,
  type VendorCloudPolicy,
} from "./model.ts";
import type { Clock } from "./ports.ts";
import { type KeyReport, keyReport, summarise, type UnlistedProject, type ValidateReport } from "./report.ts";
import type { FieldValues } from "./trust.ts";
import type { Vendor } from "./vendor.ts";

export interface ValidateOptions extends AssessOptions {
  readonly projects: readonly string[];
  /** Has the vendor use each key now; it shows in the owner's audit log. */
  readonly askVendor: boolean;
  readonly expectAccessor: FieldValues;
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
  /** Reads a reference as the vendor holds it; null for a cloud that keygrant does not know. */
  readonly parseResource: (registration: Registration) => KeyRef | null;
  /** Runs the work for every item, as many at once as is wise, and returns the results in the items' order. */
  readonly pool: <T, R>(items: readonly T[], work: (item: T) => Promise<R>) => Promise<R[]>;
}

interface Run {
  readonly options: ValidateOptions;
  readonly deps: ValidateDeps;
  readonly lists: readonly ProjectList[];
  readonly accessors: NamedAccessors;
}

interface ProjectList {
  readonly project: string;
  /** Without the deleted ones. */
  readonly registrations: Seen<readonly Registration[]>;
}

/** One key to look at, whoever registered it. `ref` is null for a cloud that keygrant does not know. */
interface Target {
  readonly ref: KeyRef | null;
  readonly resource: string;
}

/** Looks at the given keys, or at every key registered in the projects, and says what is known of each. */
export async function validate(
  given: readonly GivenKey[],
  options: ValidateOptions,
  deps: ValidateDeps,
): Promise<ValidateReport> {
  const checkedAt = deps.clock.now();
  const lists = await deps.pool(options.projects, (project) =>
    listProject(deps.vendor, project, options.projects.length === 1),
  );
  const run: Run = { options, deps, lists, accessors: askAccessors(deps, options) };
  const reports = await deps.pool(targets(run, given), async (target) =>
    target.ref === null ? unsupported(run, target) : validateKey(run, target.ref),
  );
  const keys = reports.flat();
  return {
    schemaVersion: 1,
    checkedAt: checkedAt.toISOString(),
    keys,
    unlisted: lists.flatMap((list) => unlisted(deps.vendor, list)),
    summary: summarise(keys),
  };
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

function unlisted(vendor: Vendor, list: ProjectList): readonly UnlistedProject[] {
  if (list.registrations.known) return [];
  const { code, detail } = list.registrations.why;
  const fix = list.registrations.why.fix ?? codeEntry(code).fix;
  return [{ vendor: vendor.id, project: list.project, code, detail, fix }];
}

/** Each key once, in the order in which it was named or listed. */
function targets(run: Run, given: readonly GivenKey[]): readonly Target[] {
  const all =
    given.length === 0 ? registered(run).map((one) => targetOf(run, one)) : given.map((one) => named(run, one));
  return [...new Map(all.map((target) => [target.resource, target])).values()];
}

function registered(run: Run): readonly Registration[] {
  return run.lists.flatMap((list) => (list.registrations.known ? list.registrations.value : []));
}

function targetOf(run: Run, registration: Registration): Target {
  return { ref: run.deps.parseResource(registration), resource: registration.resource };
}

function named(run: Run, given: GivenKey): Target {
  if (given.kind === "ref") return { ref: given.ref, resource: given.ref.id };
  const found = registered(run).find((one) => one.id === given.id);
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

/** Reads the key once, and judges it for each project where it is registered; for all of them when it is in none. */
async function validateKey(run: Run, ref: KeyRef): Promise<readonly KeyReport[]> {
  const { deps, options } = run;
  const policy = deps.policyFor(ref);
  if (policy === null) return unsupported(run, { ref, resource: ref.id });
  const cloud = await deps.openCloud(ref);
  const everyone = await run.accessors(projectsOf(run, ref), ref, policy, cloud);
  const facts = await cloud.inspect(ref, everyone.kind === "trusted" ? everyone.grant : null);
  const probe = await tryRoundTrip(cloud, facts, options);
  const registrations = registrationsOf(run, facts.ref);
  const about = { run, cloud, facts, probe, policy };
  if (registrations.length === 0) return [await judgeFor(about, null, everyone)];
  return Promise.all(
    registrations.map(async (one) =>
      judgeFor(about, one, await run.accessors([one.project], facts.ref, policy, cloud)),
    ),
  );
}

function registrationsOf(run: Run, ref: KeyRef): readonly Registration[] {
  return registered(run).filter((one) => one.resource === ref.id);
}

function projectsOf(run: Run, ref: KeyRef): readonly string[] {
  const projects = registrationsOf(run, ref).map((one) => one.project);
  return projects.length === 0 ? run.options.projects : projects;
}

interface Looked {
  readonly run: Run;
  readonly cloud: Cloud;
  readonly facts: KeyFacts;
  readonly probe: Probe;
  readonly policy: VendorCloudPolicy;
}

async function judgeFor(looked: Looked, registration: Registration | null, named: Named): Promise<KeyReport> {
  const { run, cloud, facts, probe, policy } = looked;
  const { deps, options } = run;
  const [vendorView, services, end] = await Promise.all([
    viewOf(run, registration),
    servicesOf(run, registration),
    windowEnd(deps.memory, facts.ref, options.waitMs),
  ]);
  const access: AccessView =
    named.kind === "trusted" ? accessView(cloud, facts, named.grant) : { kind: "unjudged", findings: named.findings };
  const judgement = judge({ policy, facts, access, probe, vendor: vendorView }, judgeNow(options, deps.clock, end));
  const checkedAt = deps.clock.now();
  return keyReport({ vendor: deps.vendor.id, ref: facts.ref, registration, services, judgement, checkedAt });
}

async function viewOf(run: Run, registration: Registration | null): Promise<VendorView> {
  if (registration === null) {
    const blind = run.lists.find((list) => !list.registrations.known);
    if (blind === undefined || blind.registrations.known) {
      return { kind: "not-registered", detail: "The key is not registered with the vendor." };
    }
    const { why } = blind.registrations;
    return { kind: "answered", answer: { answer: "no-answer", detail: why.detail, why } };
  }
  if (!run.options.askVendor)
    return { kind: "not-asked", detail: "The vendor was not asked to use the key in this run." };
  return { kind: "answered", answer: await run.deps.vendor.check(registration) };
}

async function servicesOf(run: Run, registration: Registration | null): Promise<Seen<readonly ServiceUse[]>> {
  return registration === null ? seen([]) : run.deps.vendor.services(registration);
}

/** A key that nobody here can look at: every level is unknown, and says so. */
function unsupported(run: Run, target: Target): readonly KeyReport[] {
  const why: LookFailure = {
    code: "look.unsupported",
    detail: `keygrant cannot look at ${target.resource}: it does not know its cloud, or the vendor takes no keys there.`,
  };
  const ref = target.ref ?? { cloud: null, id: target.resource, region: null, owner: null };
  const found = registered(run).filter((one) => one.resource === target.resource);
  return (found.length === 0 ? [null] : found).map((registration) =>
    keyReport({
      vendor: run.deps.vendor.id,
      ref,
      registration,
      services: seen([]),
      judgement: unlookable(ref.id, why),
      checkedAt: run.deps.clock.now(),
    }),
  );
}
