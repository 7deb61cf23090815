import { LookError, refusal, usageError } from "../errors.ts";
import { type Finding, finding, lookFinding } from "../findings.ts";
import type { KeyRef, LookFailure, Registration, ServiceUse } from "../model.ts";
import { type OnboardDeps, type OnboardOptions, onboard } from "../onboard.ts";
import type { Proposal, VendorAct } from "../proposal.ts";
import { keyNameOf } from "../registrations.ts";
import { type OnboardReport, standing } from "../report.ts";
import type { GivenKey } from "../validate.ts";
import type { Vendor } from "../vendor.ts";
import { moveServices, type ServiceMove } from "./services.ts";

export interface RotateOptions extends OnboardOptions {
  /** How many services are moved at once. */
  readonly parallel: number;
  /** How long a service may take to settle on the new key, in milliseconds. */
  readonly serviceTimeoutMs: number;
}

export interface RotateDeps extends Omit<OnboardDeps, "cloud" | "policy"> {
  /** What a service is doing, as it changes. */
  readonly progress: (service: string, what: string) => void;
}

/** What a rotation has come to. The old grant is never taken back: backups of before may need it. */
export interface RotateReport {
  readonly schemaVersion: 1;
  /** `stopped`: something is left to be done, and every service has a key that works. */
  readonly outcome: "rotated" | "unchanged" | "planned" | "stopped";
  readonly vendor: string;
  readonly project: string;
  readonly old: { readonly cmkId: string; readonly key: string };
  readonly new: { readonly cmkId: string | null; readonly key: string };
  /** What `onboard` says of the new key. */
  readonly onboard: OnboardReport;
  readonly services: readonly ServiceMove[];
  /** Whether the new key is the default now; null: the old one was not, or a finding says why that is not known. */
  readonly isDefault: true | null;
  readonly deregistered: boolean;
  /** Why it stopped, what could not be looked at among it. */
  readonly findings: readonly Finding[];
  /** Why it stopped, or what was done. */
  readonly message: string;
}

/** A vendor that can do all of it. */
export type Rotating = Vendor & Required<Pick<Vendor, "service" | "setDefault" | "attach" | "unregister">>;

interface Found {
  readonly old: Registration;
  readonly next: KeyRef;
  /** The services that the old key is under, or that have not let go of it yet. */
  readonly users: readonly ServiceUse[];
}

/**
 * New key in, services moved, old key out. Each part finds out what is there before it does anything, so that a run that
 * was stopped anywhere is finished by running it again. Throws what `onboard` throws, before anything is changed.
 */
export async function rotate(
  given: { readonly old: GivenKey; readonly next: GivenKey },
  options: RotateOptions,
  deps: RotateDeps,
  openFor: (key: KeyRef) => Promise<Pick<OnboardDeps, "cloud" | "policy"> & Pick<OnboardOptions, "expectAccessor">>,
): Promise<RotateReport> {
  const vendor = able(deps.vendor);
  const found = await find(given, options, deps);
  const { old, next, users } = found;
  const opened = await openFor(next);
  const approve = (proposal: Proposal) => deps.approve(asRotation(proposal, found));
  const asked = { ...options, default: false, expectAccessor: opened.expectAccessor };
  const report = await onboard(next, asked, { ...deps, ...opened, approve });
  const about = { schemaVersion: 1, vendor: vendor.id, project: options.project, onboard: report } as const;
  const cmkId = report.registration?.cmkId ?? null;
  const sofar = { ...about, old: nameOf(old, deps), new: { cmkId, key: report.key.key } };
  const nothing = { services: [], isDefault: null, deregistered: old.status === "deleted", findings: [] };
  if (options.dryRun) return { ...sofar, ...nothing, outcome: "planned", message: "Nothing was changed." };
  if (standing(report.key) !== "VALID" || cmkId === null) {
    return { ...sofar, ...nothing, outcome: "stopped", message: `The new key is not ready: ${report.key.message}` };
  }
  const registration = asRegistration(next, cmkId, options.project, vendor);
  return finish({ vendor, old, next: registration, users }, options, deps, sofar);
}

interface Run {
  readonly vendor: Rotating;
  readonly old: Registration;
  readonly next: Registration;
  readonly users: readonly ServiceUse[];
}

type SoFar = Pick<RotateReport, "schemaVersion" | "vendor" | "project" | "onboard" | "old" | "new">;

/** The default, the services, the old registration, in this order: whatever fails leaves all that comes after as it is. */
async function finish(run: Run, options: RotateOptions, deps: RotateDeps, sofar: SoFar): Promise<RotateReport> {
  const { vendor, old, next } = run;
  const wasDone = old.status === "deleted";
  const unseen = (why: LookFailure) => lookFinding("vendor", old.id, why);
  const done = { services: [] as readonly ServiceMove[], isDefault: null as true | null };
  const stopped = (message: string, so: typeof done, ...findings: readonly Finding[]) =>
    ({
      ...sofar,
      outcome: "stopped",
      ...so,
      deregistered: wasDone,
      findings,
      message,
    }) as const;
  if (old.default) {
    const set = await vendor.setDefault(next);
    if (set.outcome === "unknown") {
      return stopped(`Whether the new key was made the default is not known. ${set.why.detail}`, done, unseen(set.why));
    }
  }
  const isDefault = old.default ? (true as const) : null;
  const arriving = await vendor.services(next);
  if (!arriving.known) {
    const message = `Which services are on their way to the new key is not known. ${arriving.why.detail}`;
    return stopped(message, { ...done, isDefault }, unseen(arriving.why));
  }
  const moved = await moveServices({ ...run, arriving: arriving.value }, options, deps);
  const { services } = moved;
  const stuck = services.filter(({ outcome }) => outcome !== "moved" && outcome !== "unchanged");
  const so = { services, isDefault };
  if (stuck.length > 0) {
    const names = stuck.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
    const stays = wasDone ? "was deregistered before" : "stays, with every service on a key that works";
    return stopped(`The old key ${stays}. ${names}`, so, ...moved.findings);
  }
  if (wasDone) {
    const message = "It was rotated before; nothing was left to be done.";
    return { ...sofar, outcome: "unchanged", ...so, deregistered: true, findings: [], message };
  }
  const gone = await vendor.unregister(old);
  if (gone.outcome === "in-use") {
    const inUse = finding("vendor.key-in-use", { subject: old.id, detail: gone.detail });
    return stopped(`The old key is still in use. ${gone.detail}`, so, inUse);
  }
  if (gone.outcome === "unknown") {
    return stopped(`Whether the old key is deregistered is not known. ${gone.why.detail}`, so, unseen(gone.why));
  }
  const message = `${services.length === 1 ? "1 service is" : `${services.length} services are`} on the new key, and the old one is deregistered.`;
  return { ...sofar, outcome: "rotated", ...so, deregistered: true, findings: [], message };
}

/** The vendor's list decides what the old key is and who is on it; what it does not say is not guessed. */
async function find(
  given: { readonly old: GivenKey; readonly next: GivenKey },
  options: RotateOptions,
  deps: RotateDeps,
): Promise<Found> {
  const { vendor, parseResource } = deps;
  const all = await Array.fromAsync(vendor.registrations(options.project));
  const old = registered(given.old, all, options.project, deps);
  const next =
    given.next.kind === "ref" ? given.next.ref : parseResource(registered(given.next, all, options.project, deps));
  if (next === null) {
    throw usageError(
      "rotate.unknown-cloud",
      "keygrant does not know the new key's cloud.",
      "Name the key by its reference.",
    );
  }
  if (next.id === keyNameOf(old, parseResource)) {
    throw refusal("rotate.same-key", `${next.id} is both the old key and the new one.`, "Name another new key.");
  }
  if (old.status === "deleted") return { old, next, users: [] };
  const users = await vendor.services(old);
  if (!users.known) throw new LookError(users.why, "Nothing was changed. Run the same command again.");
  return { old, next, users: users.value };
}

function registered(
  given: GivenKey,
  all: readonly Registration[],
  project: string,
  { parseResource }: RotateDeps,
): Registration {
  const isIt = (one: Registration) =>
    given.kind === "cmk"
      ? one.id.toLowerCase() === given.id.toLowerCase()
      : keyNameOf(one, parseResource) === given.ref.id;
  const mine = all.filter(isIt);
  const found = mine.find(({ status }) => status !== "deleted") ?? mine[0];
  if (found !== undefined) return found;
  const what = given.kind === "cmk" ? `CMK ${given.id}` : given.ref.id;
  throw usageError(
    "cmk.not-found",
    `Project ${project} has not registered ${what}.`,
    "See `keygrant cmk list`. A rotation that was finished has nothing left to do.",
  );
}

function able(vendor: Vendor): Rotating {
  const { service, setDefault, attach, unregister } = vendor;
  if (service === undefined || setDefault === undefined || attach === undefined || unregister === undefined) {
    throw refusal(
      "vendor.unsupported",
      `${vendor.id} does not move services from key to key.`,
      "Use the vendor's own tools.",
    );
  }
  return { ...vendor, service, setDefault, attach, unregister };
}

/** One plan for all of it: what `onboard` proposes for the new key, and what follows at the vendor. */
function asRotation(proposal: Proposal, { old, next, users }: Found): Proposal {
  if (old.status === "deleted") return { ...proposal, command: "rotate" };
  const acts: readonly VendorAct[] = [
    ...proposal.acts,
    ...(old.default ? [{ act: "set-default", resource: next.id } as const] : []),
    ...users.map(({ name }) => ({ act: "move-service", service: name, from: old.id, to: next.id }) as const),
    { act: "deregister", cmkId: old.id },
  ];
  const remarks = [
    ...proposal.remarks,
    `The grant on the old key stays: backups of before may need it. Once they have expired: keygrant revoke ${old.resource} --backups-expired`,
  ];
  return { ...proposal, command: "rotate", acts, remarks };
}

function nameOf(old: Registration, { parseResource }: RotateDeps) {
  return { cmkId: old.id, key: keyNameOf(old, parseResource) };
}

function asRegistration(key: KeyRef, id: string, project: string, { id: vendor }: Vendor): Registration {
  return { vendor, project, id, cloud: key.cloud, resource: key.id, status: "current", default: false };
}
