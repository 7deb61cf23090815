import { oldReads, SETTLE_PAUSE_MS } from "./assess.ts";
import type { Cloud } from "./cloud.ts";
import { type Dependent, type Dependents, dependentsOf, dependentText, refuseDependents } from "./dependents.ts";
import { describe } from "./describe.ts";
import { KeygrantError, LookError, refusal } from "./errors.ts";
import type { Memory } from "./memory.ts";
import type { Accessor, Change, Grant, KeyFacts, KeyRef, VendorCloudPolicy } from "./model.ts";
import type { Clock } from "./ports.ts";
import { type StillIn, stillIn, stillInText } from "./proof.ts";
import { notAgreed, type PlanningCommand, type Proposal } from "./proposal.ts";
import type { ParseResource } from "./registrations.ts";
import type { ChangeReport, RevokeReport, VendorSaid } from "./report.ts";
import { type FieldValues, refuseChangedAccessor, trustAccessors } from "./trust.ts";
import type { Vendor } from "./vendor.ts";
import { writeChange } from "./write.ts";

export interface RevokeOptions {
  readonly projects: readonly string[];
  readonly dryRun: boolean;
  readonly settleReads: number;
  readonly expectAccessor: FieldValues;
  /** A person has named the key a second time: it is taken from whoever depends on it. */
  readonly force: boolean;
  /** A person has said that no backup needs the key any more. */
  readonly backupsExpired: boolean;
}

export interface RevokeDeps {
  readonly cloud: Cloud;
  readonly vendor: Vendor;
  readonly policy: VendorCloudPolicy;
  readonly parseResource: ParseResource;
  readonly memory: Memory;
  readonly clock: Clock;
  /** Whether all backups that were made under the key have expired; asks whoever can know. */
  readonly backupsExpired: () => Promise<boolean>;
  /** Shows the plan and, unless it is agreed to already, asks. Called when nothing is left to be done, too. */
  readonly approve: (proposal: Proposal) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/**
 * Takes the vendor's grant back, exactly that, and proves it: reads everything again and judges that nobody of the
 * vendor's is let in any more, by whatever. Refuses while somebody depends on the key. Each part finds out what is
 * there before it does anything, so that a run that was killed is finished by running it again.
 */
export async function revoke(key: KeyRef, options: RevokeOptions, deps: RevokeDeps): Promise<RevokeReport> {
  const whose = await whoseGrant(key, options, deps);
  return takeBackFrom({ key, command: "revoke", ...whose }, options, deps);
}

/** Whose grant is taken back, and by which command. */
export interface TakeBackAsk extends Whose {
  readonly key: KeyRef;
  readonly command: PlanningCommand;
}

/** `revoke` for the given principals alone. */
export async function takeBackFrom(
  { key, command, accessors, remarks }: TakeBackAsk,
  options: RevokeOptions,
  deps: RevokeDeps,
): Promise<RevokeReport> {
  const grant: Grant = { policy: deps.policy, accessors };
  const facts = await inspectSettled(deps, key, grant, options.settleReads);
  for (const accessor of accessors) deps.cloud.checkAccessor(accessor, facts.ref, deps.policy);
  const dependents = await lookForDependents(deps, options.projects, facts.ref, accessors);
  if (!options.force) refuseDependents(dependents, facts.ref);
  const change = deps.cloud.plan(facts, grant, "absent");
  const about: TakingBack = { command, grant, facts, change, dependents, remarks };
  return takeBack(about, options, deps);
}

/** What is taken back, and all that is known of it. */
interface TakingBack {
  readonly command: PlanningCommand;
  readonly grant: Grant;
  readonly facts: KeyFacts;
  readonly change: Change | null;
  readonly dependents: Dependents;
  readonly remarks: readonly string[];
}

/** Asks, writes and proves. */
async function takeBack(about: TakingBack, options: RevokeOptions, deps: RevokeDeps): Promise<RevokeReport> {
  const { change, grant, facts, dependents } = about;
  const proposal: Proposal = {
    command: about.command,
    vendor: deps.vendor.id,
    project: options.projects.join(", "),
    key: facts.ref,
    way: "out",
    accessors: grant.accessors,
    change,
    acts: [],
    remarks: [
      ...about.remarks,
      ...dependents.found.map((one) => `FORCED: it is taken from ${dependentText(one)}.`),
      ...dependents.unlisted.map((one) => `FORCED: project ${one.project} could not be looked at.`),
      ...stillIn(deps.cloud, change?.after ?? facts, grant).map(stillInText),
    ],
  };
  if (change !== null && !options.dryRun) await refuseBackups(facts.ref, options, deps);
  if (!(await deps.approve(proposal))) throw notAgreed();
  if (options.dryRun) return report(about, options, deps, "planned", null);
  if (change === null) return report(about, options, deps, "unchanged", null);
  const { facts: written, report: made } = await writeChange(
    deps,
    change,
    "absent",
    options.settleReads,
    grant.accessors,
  );
  const again = await lookAgain(deps, written, change, grant);
  return report({ ...about, facts: again }, options, deps, made === null ? "unchanged" : "revoked", made);
}

/** What was written was read until it settled; everything else is read anew, since somebody may have written there. */
async function lookAgain(deps: RevokeDeps, written: KeyFacts, change: Change, grant: Grant): Promise<KeyFacts> {
  const again = await deps.cloud.inspect(written.ref, grant, { thorough: true });
  const edited = new Set(change.edits.map((edit) => edit.document));
  const settled = written.documents.filter(({ id }) => edited.has(id));
  const others = again.documents.filter(({ id }) => !edited.has(id));
  const order = new Map(again.documents.map(({ id }, index) => [id, index]));
  const documents = [...settled, ...others].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  return { ...again, documents };
}

async function refuseBackups(key: KeyRef, options: RevokeOptions, deps: RevokeDeps): Promise<void> {
  if (options.backupsExpired || (await deps.backupsExpired())) return;
  throw refusal(
    "key.backups",
    `Nothing was written: backups that were made under ${key.id} may be readable only with it.`,
    "Run it again with --backups-expired once the last of them has expired, or once nobody will want to restore one.",
  );
}

export interface Whose {
  readonly accessors: readonly Accessor[];
  readonly remarks: readonly string[];
}

/** What was accepted for the projects is what was let in; where nothing was, what the vendor names. */
async function whoseGrant(key: KeyRef, options: RevokeOptions, deps: RevokeDeps): Promise<Whose> {
  const all = await Promise.all(options.projects.map((project) => whoseIn(project, key, options, deps)));
  const accessors = new Map(all.flatMap((one) => one.accessors).map((one) => [describe(one), one]));
  return { accessors: [...accessors.values()], remarks: all.flatMap((one) => one.remarks) };
}

async function whoseIn(project: string, key: KeyRef, options: RevokeOptions, deps: RevokeDeps): Promise<Whose> {
  const { vendor, memory } = deps;
  const remembered = await memory.acceptedAccessors({ vendor: vendor.id, project, cloud: key.cloud });
  const named = await namedFor(project, key, vendor);
  if (named instanceof LookError) {
    if (remembered === null) throw named;
    return { accessors: remembered, remarks: [`${vendor.id} could not be asked who is let in: ${named.message}`] };
  }
  const trust = trustAccessors({ named, remembered, expected: options.expectAccessor, accepted: {} });
  if (trust.trusted) return { accessors: [...(remembered ?? []), ...named], remarks: [] };
  if (remembered === null || Object.keys(options.expectAccessor).length > 0)
    return refuseChangedAccessor(key.id, trust);
  const remark = `${vendor.id} names ${trust.now} for project ${project} now, which was never accepted here: it is left alone.`;
  return { accessors: remembered, remarks: [remark] };
}

export async function namedFor(project: string, key: KeyRef, vendor: Vendor): Promise<readonly Accessor[] | LookError> {
  try {
    const answer = await vendor.accessors({ project, cloud: key.cloud, region: key.region });
    if ("accessors" in answer) return answer.accessors;
    const detail = `${vendor.id} names its principals only once a key is registered.`;
    return new LookError({ code: "look.unsupported", detail }, "keygrant cannot revoke in that order yet.");
  } catch (error) {
    if (error instanceof LookError) return error;
    throw error;
  }
}

/** Soon after our own write a read may be older than it: such a one is believed only when as many in a row agree. */
export async function inspectSettled(
  deps: Pick<RevokeDeps, "cloud" | "memory" | "clock" | "signal">,
  key: KeyRef,
  grant: Grant,
  settleReads: number,
): Promise<KeyFacts> {
  const read = () => deps.cloud.inspect(key, grant, { thorough: true });
  let facts = await read();
  const isOld = await oldReads(deps, facts.ref, null);
  for (let reads = 1; reads < settleReads && isOld(facts); reads++) {
    await deps.clock.sleep(SETTLE_PAUSE_MS, deps.signal);
    facts = await read();
  }
  if (!facts.key.known) throw new LookError(facts.key.why, "Nothing was written. Run the same command again.");
  if (facts.key.value !== null) return facts;
  throw new KeygrantError(
    "refused",
    "key.not-found",
    `Nothing was written: there is no key ${facts.ref.id}.`,
    "Check the reference. A key that is gone lets nobody in.",
  );
}

/** In the projects that were named, and in those of which it is remembered that they have the same principal. */
export async function lookForDependents(
  deps: RevokeDeps,
  given: readonly string[],
  key: KeyRef,
  accessors: readonly Accessor[],
): Promise<Dependents> {
  const others = await deps.memory.projectsOf({ vendor: deps.vendor.id, cloud: key.cloud }, accessors);
  return dependentsOf(deps, [...new Set([...given, ...others])], key);
}

async function report(
  about: TakingBack,
  options: RevokeOptions,
  deps: RevokeDeps,
  outcome: RevokeReport["outcome"],
  change: ChangeReport | null,
): Promise<RevokeReport> {
  const { facts, grant, dependents } = about;
  const vendor = outcome === "planned" ? [] : await askVendor(deps, dependents.found);
  const open = stillIn(deps.cloud, facts, grant);
  const proof = proofOf(outcome, open, vendor);
  return {
    schemaVersion: 1,
    outcome,
    vendor: deps.vendor.id,
    projects: options.projects,
    cloud: facts.ref.cloud,
    key: facts.ref.id,
    region: facts.ref.region,
    accessors: grant.accessors,
    change,
    proof,
    stillIn: open,
    next: nextStep(proof, open),
    vendorSays: vendor,
    dependents: dependents.found.map(({ registration, services }) => ({
      project: registration.project,
      cmkId: registration.id,
      services: services.known ? services.value : null,
    })),
  };
}

/** Only of a registered key can the vendor say anything: one that was taken back by force. */
async function askVendor(deps: RevokeDeps, found: readonly Dependent[]): Promise<readonly VendorSaid[]> {
  return Promise.all(
    found.map(async ({ registration }) => {
      const said = await deps.vendor.check(registration);
      const detail = "detail" in said ? said.detail : "The vendor could use the key.";
      return { project: registration.project, cmkId: registration.id, answer: said.answer, detail };
    }),
  );
}

function proofOf(
  outcome: RevokeReport["outcome"],
  open: readonly StillIn[],
  vendor: readonly VendorSaid[],
): RevokeReport["proof"] {
  if (outcome === "planned") return "not-made";
  if (open.some(({ how }) => how === "allowed")) return "let-in";
  // The vendor's yes contradicts the documents, or is older than the write: either way nothing is proven.
  return open.length > 0 || vendor.some(({ answer }) => answer === "usable") ? "unknown" : "shut-out";
}

function nextStep(proof: RevokeReport["proof"], open: readonly StillIn[]): string | null {
  if (proof === "not-made" || proof === "shut-out") return null;
  if (proof === "let-in") return "Take out what is named, with whoever wrote it, then run the same command again.";
  return open.some(({ how }) => how === "unseen")
    ? "Make readable what is named, then run the same command again."
    : "Look at what is named; then run the same command again.";
}
