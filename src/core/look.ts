import type { Named } from "./accessors.ts";
import { accessView, judgeNow, tryRoundTrip, windowEnd } from "./assess.ts";
import type { Cloud } from "./cloud.ts";
import type { AccessView, VendorView } from "./evidence.ts";
import type { KeyMemory } from "./history.ts";
import { judge, unlookable } from "./judge.ts";
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
import { type KeyReport, keyReport } from "./report.ts";
import type { Run, Target } from "./validate.ts";

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

/** Every registration that could be listed. */
export function registered(run: Run): readonly Registration[] {
  return run.lists.flatMap((list) => (list.registrations.known ? list.registrations.value : []));
}

/** Reads the key once, and judges it for each project where it is registered; for all of them when it is in none. */
async function validateKey(run: Run, ref: KeyRef): Promise<readonly Look[]> {
  const { deps } = run;
  const policy = deps.policyFor(ref);
  if (policy === null) return unsupported(run, { ref, resource: ref.id }).map(asLook);
  const cloud = await deps.openCloud(ref);
  const everyone = await run.accessors(projectsOf(run, ref), ref, policy, cloud);
  const facts = await cloud.inspect(ref, everyone.kind === "trusted" ? everyone.grant : null);
  const registrations = registrationsOf(run, facts.ref);
  const probe = await roundTrip(run, cloud, facts, registrations[0] ?? null);
  const about = { run, cloud, facts, probe: probe.outcome, policy };
  const reports =
    registrations.length === 0
      ? [judgeFor(about, null, everyone)]
      : registrations.map(async (one) =>
          judgeFor(about, one, await run.accessors([one.project], facts.ref, policy, cloud)),
        );
  const made = probe.at === null ? null : { at: probe.at, outcome: probe.outcome };
  return (await Promise.all(reports)).map((report) => ({ ...asLook(report), probe: made }));
}

/** The round trip, or the last one while it is recent enough: the owner's audit log is not ours to fill. */
async function roundTrip(
  run: Run,
  cloud: Cloud,
  facts: KeyFacts,
  registration: Registration | null,
): Promise<{ outcome: Probe; at: string | null }> {
  const { deps, options } = run;
  const id = { vendor: deps.vendor.id, project: registration?.project ?? null, key: facts.ref.id };
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
  const found = registered(run).filter((one) => one.resource === target.resource);
  return (found.length === 0 ? [null] : found).map((registration) =>
    keyReport({
      vendor: run.deps.vendor.id,
      ref,
      registration,
      services: unseen(why),
      judgement: unlookable(ref.id, why),
      checkedAt: run.deps.clock.now(),
    }),
  );
}
