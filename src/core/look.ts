import type { Named, Whose } from "./accessors.ts";
import { accessView, judgeNow, tryRoundTrip, windowsOf } from "./assess.ts";
import type { Cloud } from "./cloud.ts";
import type { AccessView, VendorView } from "./evidence.ts";
import type { KeyMemory } from "./history.ts";
import { judge, unlookable } from "./judge.ts";
import { keyReport } from "./key-report.ts";
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
import type { KeyReport } from "./report.ts";
import type { ListedKey, Run, Target } from "./validate.ts";

/** One report as it was seen, before memory has had its say. */
export interface Look {
  readonly report: KeyReport;
  readonly probe: KeyMemory["probe"];
  readonly before: KeyMemory | null;
  /** How many looks in this run agree. */
  readonly looks: number;
}

/** Looks at one key now: a report for each project that has it registered, or one when none has. */
export async function look(run: Run, target: Target): Promise<readonly Look[]> {
  return target.ref === null ? unsupported(run, target).map(asLook) : validateKey(run, target.ref);
}

function asLook(report: KeyReport): Look {
  return { report, probe: null, before: null, looks: 1 };
}

/** What was not reached before the deadline could not be looked at. */
export function notReached(run: Run, target: Target): readonly Look[] {
  const why: LookFailure = {
    code: "look.timeout",
    detail: `The time for the whole command was over before ${target.resource} was reached.`,
  };
  return unlookables(run, target, why).map(asLook);
}

/** Reads the key once, and judges it for each project where it is registered; for all of them when it is in none. */
async function validateKey(run: Run, ref: KeyRef): Promise<readonly Look[]> {
  const { deps } = run;
  const policy = deps.policyFor(ref);
  if (policy === null) return unsupported(run, { ref, resource: ref.id }).map(asLook);
  const cloud = await deps.openCloud(ref);
  const everyone = await run.accessors(
    subjectsOf(run, ref.id).flatMap((one) => whoseOf(run, one)),
    ref,
    policy,
    cloud,
  );
  const facts = await cloud.inspect(ref, everyone.kind === "trusted" ? everyone.grant : null);
  const subjects = subjectsOf(run, facts.ref.id);
  // The cloud and the vendor are asked at the same time.
  const probing = roundTrip(run, cloud, facts, subjects[0] ?? NOBODYS);
  const about = { run, cloud, facts, probing, policy };
  const judging = subjects.map(async (one) =>
    judgeFor(about, one, await run.accessors(whoseOf(run, one), facts.ref, policy, cloud)),
  );
  const [probe, reports] = await Promise.all([probing, Promise.all(judging)]);
  const made = probe.at === null ? null : { at: probe.at, outcome: probe.outcome };
  return reports.map((report) => ({ ...asLook(report), probe: made }));
}

interface Probed {
  readonly outcome: Probe;
  /** When it was made; null: not at all, or in vain. */
  readonly at: string | null;
}

/** The round trip, or the last one while it is recent enough: the owner's audit log is not ours to fill. */
async function roundTrip(run: Run, cloud: Cloud, facts: KeyFacts, subject: Subject): Promise<Probed> {
  const { deps, options } = run;
  const id = { vendor: deps.vendor.id, project: projectOf(subject), key: facts.ref.id };
  const last = options.probeEveryMs === null ? null : ((await deps.store?.read(id))?.probe ?? null);
  const now = deps.clock.now();
  const isRecent = last !== null && now.getTime() - Date.parse(last.at) < (options.probeEveryMs ?? 0);
  // Only a success is worth remembering: what did not work is tried again.
  if (isRecent && last.outcome.outcome === "pass" && options.probeMode !== "off" && isUsable(facts)) return last;
  const outcome = await tryRoundTrip(cloud, facts, options);
  return { outcome, at: outcome.outcome === "pass" ? now.toISOString() : null };
}

function isUsable(facts: KeyFacts): boolean {
  return facts.key.known && facts.key.value?.state === "usable";
}

/** As what a key is judged: a project's registration, an entry of the configuration, or neither. */
interface Subject {
  readonly registration: Registration | null;
  readonly listed: ListedKey | null;
}

const NOBODYS: Subject = { registration: null, listed: null };

/** One for each report about the key: each registration, then what is listed and not registered there. */
function subjectsOf(run: Run, key: string): readonly Subject[] {
  const registrations = run.registered.get(key) ?? [];
  const listed = run.listed.get(key) ?? [];
  const subjects = [
    ...registrations.map((registration) => ({
      registration,
      listed: listed.find((one) => one.project === registration.project) ?? null,
    })),
    ...listed
      .filter((one) => !registrations.some(({ project }) => project === one.project))
      .map((one) => ({ registration: null, listed: one })),
  ];
  return subjects.length === 0 ? [NOBODYS] : subjects;
}

function projectOf({ registration, listed }: Subject): string | null {
  return registration?.project ?? listed?.project ?? null;
}

/** A registered key is judged for the principal that the vendor names (and a pin must fit it). */
function whoseOf(run: Run, { registration, listed }: Subject): readonly Whose[] {
  const ask = (project: string): Whose => ({ kind: "project", project });
  if (registration !== null) return [ask(registration.project)];
  if (listed === null) return run.options.projects.map(ask);
  if (listed.accessor !== null) return [{ kind: "pinned", accessor: listed.accessor }];
  return listed.project === null ? [] : [ask(listed.project)];
}

interface Looked {
  readonly run: Run;
  readonly cloud: Cloud;
  readonly facts: KeyFacts;
  readonly probing: Promise<Probed>;
  readonly policy: VendorCloudPolicy;
}

async function judgeFor(looked: Looked, subject: Subject, named: Named): Promise<KeyReport> {
  const { run, cloud, facts, probing, policy } = looked;
  const { registration } = subject;
  const { deps, options } = run;
  const [{ outcome: probe }, vendorView, services, windows] = await Promise.all([
    probing,
    viewOf(run, subject),
    servicesOf(run, subject),
    windowsOf(deps.memory, facts.ref, options.waitMs),
  ]);
  const access: AccessView =
    named.kind === "trusted" ? accessView(cloud, facts, named.grant) : { kind: "unjudged", findings: named.findings };
  const judgement = judge({ policy, facts, access, probe, vendor: vendorView }, judgeNow(options, deps.clock, windows));
  const checkedAt = deps.clock.now();
  const about = { vendor: deps.vendor.id, project: projectOf(subject), ref: facts.ref, registration };
  return keyReport({ ...about, services, judgement, facts, checkedAt });
}

async function viewOf(run: Run, subject: Subject): Promise<VendorView> {
  const { registration } = subject;
  if (registration === null) {
    if (!isListedByVendor(run, subject)) {
      const detail =
        subject.listed?.accessor === null
          ? "The vendor was asked who must have access, and not whether the key is registered."
          : "No vendor was asked: who must have access stands in the configuration.";
      return { kind: "answered", answer: { answer: "no-answer", detail, why: null } };
    }
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

async function servicesOf(run: Run, subject: Subject): Promise<Seen<readonly ServiceUse[]> | null> {
  if (subject.registration !== null) return run.deps.vendor.services(subject.registration);
  return isListedByVendor(run, subject) ? seen([]) : null;
}

/** Whether the vendor was asked which keys are registered where this one would be. */
function isListedByVendor(run: Run, { listed }: Subject): boolean {
  if (listed === null) return true;
  return run.lists.some((list) => list.project === listed.project);
}

/** A key whose cloud keygrant does not know, or on whose cloud the vendor takes no keys. */
function unsupported(run: Run, target: Target): readonly KeyReport[] {
  return unlookables(run, target, {
    code: "look.unsupported",
    detail: `keygrant cannot look at ${target.resource}: it does not know its cloud, or the vendor takes no keys there.`,
  });
}

/** A key that nobody here can look at: every level is unknown, and says so. */
function unlookables(run: Run, target: Target, why: LookFailure): readonly KeyReport[] {
  const ref = target.ref ?? { cloud: null, id: target.resource, region: null, owner: null };
  return subjectsOf(run, target.resource).map((subject) =>
    keyReport({
      vendor: run.deps.vendor.id,
      ref,
      registration: subject.registration,
      project: projectOf(subject),
      services: unseen(why),
      judgement: unlookable(ref.id, why),
      facts: null,
      checkedAt: run.deps.clock.now(),
    }),
  );
}
