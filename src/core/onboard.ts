import {
  type AssessOptions,
  accessView,
  judgeNow,
  oldReads,
  SETTLE_PAUSE_MS,
  skipped,
  tryRoundTrip,
  windowsOf,
} from "./assess.ts";
import type { Cloud } from "./cloud.ts";
import { describe } from "./describe.ts";
import { LookError } from "./errors.ts";
import { judgeGrant, judgeKey, type VendorView } from "./evidence.ts";
import { type Judgement, judge } from "./judge.ts";
import { keyReport } from "./key-report.ts";
import type { Memory } from "./memory.ts";
import {
  type Accessor,
  type Change,
  type Grant,
  type KeyFacts,
  type KeyRef,
  type Probe,
  type Registration,
  type Seen,
  type ServiceUse,
  seen,
  type VendorCloudPolicy,
} from "./model.ts";
import type { Clock, Jitter } from "./ports.ts";
import { notAgreed, type Proposal, type VendorAct } from "./proposal.ts";
import { confirm, register } from "./register.ts";
import { type ParseResource, registrationOf } from "./registrations.ts";
import type { ChangeReport, OnboardReport } from "./report.ts";
import { type StepListener, type StepRecorder, stepRecorder } from "./steps.ts";
import { type FieldValues, refuseChangedAccessor, trustAccessors } from "./trust.ts";
import type { Vendor } from "./vendor.ts";
import { writeChange } from "./write.ts";

export interface OnboardOptions extends AssessOptions {
  readonly project: string;
  readonly default: boolean;
  readonly dryRun: boolean;
  readonly expectAccessor: FieldValues;
  readonly acceptAccessor: FieldValues;
  readonly settleReads: number;
  readonly replacePrincipals: readonly string[];
  readonly pruneOrphans: boolean;
}

export interface OnboardDeps {
  readonly cloud: Cloud;
  readonly vendor: Vendor;
  readonly policy: VendorCloudPolicy;
  readonly parseResource: ParseResource;
  readonly memory: Memory;
  readonly clock: Clock;
  readonly jitter: Jitter;
  readonly steps: StepListener;
  /** Shows the plan and, unless it is agreed to already, asks. Called when nothing is left to be done, too. */
  readonly approve: (proposal: Proposal) => Promise<boolean>;
  /** Aborted when the command's deadline has passed. */
  readonly signal: AbortSignal;
}

/** One run: what was asked for, what it may use, and the account of its steps. */
export interface Run {
  readonly options: OnboardOptions;
  readonly deps: OnboardDeps;
  readonly steps: StepRecorder;
}

/** What has been found out and done so far. */
export interface Standing {
  readonly facts: KeyFacts;
  readonly grant: Grant;
  readonly registration: Registration | null;
  readonly created: boolean;
  readonly vendorView: VendorView;
  readonly probe: Probe;
  readonly services: Seen<readonly ServiceUse[]>;
  readonly planned: Change | null;
  readonly written: ChangeReport | null;
}

/** Where a step leaves things, and why the steps after it make no sense; null when they do. */
export interface StepResult {
  readonly standing: Standing;
  readonly stop: string | null;
}

const STEPS_AFTER_LOOKING = [plan, writeGrant, validateKey, register, confirm] as const;

/**
 * Takes a key from "exists" to "registered and usable", or says what stands in the way. Seven steps, each of which
 * finds out what is there before it does anything, so that a run that was killed is finished by running it again.
 * Throws a refusal when nothing may be written, and a `LookError` when there is nothing to report on.
 */
export async function onboard(key: KeyRef, options: OnboardOptions, deps: OnboardDeps): Promise<OnboardReport> {
  const run: Run = { options, deps, steps: stepRecorder(deps.clock, deps.steps) };
  let result = await lookAround(run, key);
  for (const step of STEPS_AFTER_LOOKING) {
    if (result.stop !== null) break;
    result = await step(run, result.standing);
  }
  run.steps.skipRest(result.stop ?? "not needed");
  return finalReport(run, result.standing);
}

/** Steps 1 and 2, accessors and inspect. What does not depend on another is asked at once. */
async function lookAround(run: Run, key: KeyRef): Promise<StepResult> {
  const { deps, options, steps } = run;
  const [accessors, facts, early] = await Promise.all([
    steps.time("accessors", () => askAccessors(run, key)),
    steps.time("inspect", () => inspectSettled(run, key)),
    findRegistration(run, key),
  ]);
  const isNew = await trust(run, facts.ref, accessors);
  steps.done("accessors", "done", `${accessors.map(describe).join("; ")}${isNew ? " (named for the first time)" : ""}`);
  // An alias was resolved: the vendor holds the key under its own name.
  const registration = early ?? (facts.ref.id === key.id ? null : await findRegistration(run, facts.ref));
  const standing: Standing = {
    facts,
    grant: { policy: deps.policy, accessors },
    registration,
    created: false,
    vendorView:
      registration === null
        ? { kind: "not-registered", detail: "The key is not registered with the vendor." }
        : { kind: "not-asked", detail: "The vendor was not asked to use the key." },
    probe: skipped("The round trip was not reached.", "It is made once the steps before it are done."),
    services: seen([]),
    planned: null,
    written: null,
  };
  const keyLevel = judgeKey(
    facts,
    deps.policy,
    accessView(deps.cloud, facts, standing.grant),
    judgeNow(options, deps.clock, null),
  );
  if (keyLevel.evidence === "pass") {
    steps.done("inspect", "done", inspected(facts));
    return { standing, stop: null };
  }
  const [first] = keyLevel.findings;
  const outcome = first?.code === "key.not-ready" ? "waiting" : "failed";
  steps.done("inspect", outcome, first?.detail ?? "The key could not be judged.");
  return { standing, stop: "the key itself is in the way" };
}

/**
 * Soon after our own write a read may still show what was there before it. To plan on that would take the earlier
 * grant out again, so such a read is believed only when as many in a row agree as after a write.
 */
async function inspectSettled(run: Run, key: KeyRef): Promise<KeyFacts> {
  const { deps, options } = run;
  let facts = await deps.cloud.inspect(key, null);
  const isOld = await oldReads(deps, facts.ref, options.waitMs);
  for (let reads = 1; reads < options.settleReads && isOld(facts); reads++) {
    await deps.clock.sleep(SETTLE_PAUSE_MS, deps.signal);
    facts = await deps.cloud.inspect(key, null);
  }
  return facts;
}

function inspected(facts: KeyFacts): string {
  const key = facts.key.known ? facts.key.value : null;
  return key === null ? facts.ref.id : `${key.usage} key of spec ${key.algorithms.join(", ")}, ${key.stateName}`;
}

async function askAccessors(run: Run, key: KeyRef): Promise<readonly Accessor[]> {
  const { vendor } = run.deps;
  const answer = await vendor.accessors({ project: run.options.project, cloud: key.cloud, region: key.region });
  if ("accessors" in answer) return answer.accessors;
  throw new LookError(
    { code: "look.unsupported", detail: `${vendor.id} names its principals only once a key is registered.` },
    "keygrant cannot onboard in that order yet.",
  );
}

/** Refuses strangers. True when a principal is let in for the first time. */
async function trust(run: Run, key: KeyRef, accessors: readonly Accessor[]): Promise<boolean> {
  const { deps, options } = run;
  for (const accessor of accessors) deps.cloud.checkAccessor(accessor, key, deps.policy);
  const answer = trustAccessors({
    named: accessors,
    remembered: await deps.memory.acceptedAccessors(accessorKey(run, key)),
    expected: options.expectAccessor,
    accepted: options.acceptAccessor,
  });
  return answer.trusted ? answer.isNew : refuseChangedAccessor(key.id, answer);
}

function accessorKey(run: Run, key: KeyRef) {
  return { vendor: run.deps.vendor.id, project: run.options.project, cloud: key.cloud };
}

function findRegistration({ deps, options }: Run, key: KeyRef): Promise<Registration | null> {
  return registrationOf(deps.vendor, options.project, key, deps.parseResource);
}

/** Step 3. What would not let the vendor in even when it is written is not written. */
async function plan(run: Run, standing: Standing): Promise<StepResult> {
  const { deps, options, steps } = run;
  const { facts, grant } = standing;
  const [own] = facts.documents;
  if (own !== undefined && !own.body.known) {
    steps.done("plan", "failed", own.body.why.detail);
    return { standing, stop: `${own.title} could not be read` };
  }
  const change = await steps.time("plan", async () =>
    deps.cloud.plan(facts, grant, "present", {
      replacePrincipals: options.replacePrincipals,
      pruneOrphans: options.pruneOrphans,
    }),
  );
  const after = change?.after ?? facts;
  const predicted = judgeGrant(accessView(deps.cloud, after, grant), after, judgeNow(options, deps.clock, null));
  if (predicted.evidence === "fail") {
    steps.done("plan", "failed", predicted.findings[0]?.detail ?? "The grant would not work.");
    return { standing, stop: "writing the grant would not let the vendor in" };
  }
  await agree(run, standing, change);
  if (change === null) steps.done("plan", "unchanged", "the vendor's principal is let in already");
  else steps.done("plan", "done", change.edits.flatMap((edit) => edit.summary).join("; "));
  const planned = { ...standing, planned: change };
  if (!options.dryRun) return { standing: planned, stop: null };
  // The report is about the key as it is, so every document that decides about it is read.
  return { standing: { ...planned, facts: await deps.cloud.inspect(facts.ref, grant) }, stop: "--dry-run" };
}

/** Shows what will be done and asks. Only what was agreed to is remembered as accepted. */
async function agree(run: Run, standing: Standing, change: Change | null): Promise<void> {
  const { deps, options } = run;
  const { facts, grant } = standing;
  const proposal: Proposal = {
    command: "onboard",
    vendor: deps.vendor.id,
    project: options.project,
    key: facts.ref,
    way: "in",
    accessors: grant.accessors,
    change,
    acts: registering(standing, options.default),
    remarks: [],
  };
  if (!(await deps.approve(proposal))) throw notAgreed();
  if (!options.dryRun) await deps.memory.acceptAccessors(accessorKey(run, facts.ref), grant.accessors);
}

function registering({ facts, registration }: Standing, asDefault: boolean): readonly VendorAct[] {
  const resource = facts.ref.id;
  if (registration === null) return [{ act: "register", resource, default: asDefault }];
  return asDefault && !registration.default ? [{ act: "set-default", resource }] : [];
}

/** Step 4. */
async function writeGrant(run: Run, standing: Standing): Promise<StepResult> {
  const { deps, options, steps } = run;
  const change = standing.planned;
  if (change === null) {
    steps.done("grant", "unchanged", "nothing to write");
    return { standing, stop: null };
  }
  const { grant } = standing;
  const { facts, report } = await steps.time("grant", () =>
    writeChange(deps, change, "present", options.settleReads, grant.accessors),
  );
  if (report === null) steps.done("grant", "unchanged", "somebody else has written the same grant in the meantime");
  else steps.done("grant", "done", `written; what was there before is in ${report.backup}`);
  return { standing: { ...standing, facts, written: report }, stop: null };
}

/** Step 5. The vendor's own view comes after it, so it does not count here. */
async function validateKey(run: Run, before: Standing): Promise<StepResult> {
  const { deps, options, steps } = run;
  const probe = await steps.time("validate", () => tryRoundTrip(deps.cloud, before.facts, options));
  const standing = { ...before, probe };
  const judgement = await judgeStanding(run, standing, { ...options, requireVendor: false });
  const isValid = judgement.verdict === "VALID";
  steps.done("validate", isValid ? "done" : judgement.waiting ? "waiting" : "failed", judgement.message);
  return { standing, stop: isValid ? null : "the key is not VALID" };
}

async function judgeStanding(run: Run, standing: Standing, options: AssessOptions): Promise<Judgement> {
  const { cloud, policy, memory, clock } = run.deps;
  const { facts, grant, probe, vendorView: vendor } = standing;
  const windows = await windowsOf(memory, facts.ref, options.waitMs);
  const access = accessView(cloud, facts, grant);
  return judge({ policy, facts, access, probe, vendor }, judgeNow(options, clock, windows));
}

async function finalReport(run: Run, standing: Standing): Promise<OnboardReport> {
  const { registration } = standing;
  const judgement = await judgeStanding(run, standing, run.options);
  return {
    schemaVersion: 1,
    steps: run.steps.reports,
    change: standing.written,
    key: keyReport({
      vendor: run.deps.vendor.id,
      ref: standing.facts.ref,
      registration,
      services: standing.services,
      judgement,
      facts: standing.facts,
      checkedAt: run.deps.clock.now(),
    }),
    registration:
      registration === null
        ? null
        : { cmkId: registration.id, created: standing.created, default: registration.default },
  };
}
