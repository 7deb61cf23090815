import { LookError, refusal, usageError } from "./errors.ts";
import { codeEntry } from "./findings.ts";
import type { KeyStore } from "./memory.ts";
import type { CloudId, KeyFacts, KeyRef, LookFailure, Registration, ServiceUse, VendorId } from "./model.ts";
import { unseen } from "./model.ts";
import type { Clock } from "./ports.ts";
import { keyNameOf, type ParseResource } from "./registrations.ts";
import type { Phase } from "./report.ts";
import type { Changed, Vendor } from "./vendor.ts";

/** Something that could not be read, and what to do about it. */
export interface Unread {
  readonly code: LookFailure["code"];
  readonly detail: string;
  readonly fix: string;
}

/** One CMK as it is reported: what the vendor says of it, and what the last validation said. */
export interface CmkReport {
  readonly vendor: VendorId;
  readonly project: string;
  readonly cmkId: string;
  /** Null for a cloud that keygrant does not know. */
  readonly cloud: CloudId | null;
  readonly key: string;
  readonly default: boolean;
  readonly status: Registration["status"];
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  /** Null when they could not be read: that is not "none". */
  readonly services: readonly ServiceUse[] | null;
  /** Why they could not be; null when they were. */
  readonly unread: Unread | null;
  /** As it is remembered; null when no validation has been. */
  readonly phase: Phase | null;
  readonly stale: boolean | null;
  readonly lastCheckedAt: string | null;
}

export interface CmkDeps {
  readonly vendor: Vendor;
  readonly parseResource: ParseResource;
  /** What past validations left; null: nothing is remembered. */
  readonly store: KeyStore | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Every CMK of a project, the deleted ones too. Throws a `LookError` when the list could not be read. */
export async function listCmks(project: string, deps: CmkDeps): Promise<readonly CmkReport[]> {
  const all = await Array.fromAsync(deps.vendor.registrations(project));
  return Promise.all(all.map((one) => describeCmk(one, deps)));
}

export async function describeCmk(registration: Registration, deps: CmkDeps): Promise<CmkReport> {
  const { vendor, project } = registration;
  const key = keyNameOf(registration, deps.parseResource);
  const [services, memory] = await Promise.all([
    registration.status === "deleted" ? null : deps.vendor.services(registration),
    deps.store?.read({ vendor, project, key }) ?? null,
  ]);
  const report = memory?.report ?? null;
  return {
    vendor,
    project,
    cmkId: registration.id,
    cloud: registration.cloud,
    key,
    default: registration.default,
    status: registration.status,
    createdAt: registration.createdAt ?? null,
    updatedAt: registration.updatedAt ?? null,
    services: services === null ? [] : services.known ? services.value : null,
    unread: services === null || services.known ? null : unreadFor(services.why),
    phase: report?.phase ?? null,
    stale: report?.stale ?? null,
    lastCheckedAt: report?.lastCheckedAt ?? null,
  };
}

function unreadFor({ code, detail, fix }: LookFailure): Unread {
  return { code, detail, fix: fix ?? codeEntry(code).fix };
}

/** The CMK of that id. Throws a usage error when the project has none, a `LookError` when nobody would say. */
export async function cmkNamed(id: string, project: string, { vendor }: CmkDeps): Promise<Registration> {
  for await (const one of vendor.registrations(project)) {
    if (one.id.toLowerCase() === id.toLowerCase()) return one;
  }
  throw usageError(
    "cmk.not-found",
    `Project ${project} has no CMK ${id}.`,
    "See `keygrant cmk list`, or name the project with --project.",
  );
}

/** Registers a key and touches no policy. Throws a refusal (`vendor.refused`) when the vendor cannot use it. */
export async function registerCmk(
  key: KeyRef,
  options: { readonly project: string; readonly default: boolean },
  { vendor }: CmkDeps,
): Promise<{ readonly registration: Registration; readonly created: boolean }> {
  const nobodyLooked = unseen({ code: "look.unsupported", detail: "The key was not looked at." });
  const facts: KeyFacts = { ref: key, key: nobodyLooked, rotation: nobodyLooked, documents: [] };
  const result = await vendor.register(facts, options);
  if (result.outcome === "registered") return result;
  if (result.outcome === "unknown") throw lookError(result.why);
  throw refusal(
    "vendor.refused",
    `${vendor.id} did not register the key: ${result.detail}`,
    "`keygrant onboard` writes the grant first, and says what stands in the way.",
  );
}

/** True when something was changed. */
export async function makeDefault(registration: Registration, { vendor }: CmkDeps): Promise<boolean> {
  if (registration.default) return false;
  if (vendor.setDefault === undefined) throw cannot(vendor, "has no default keys");
  throwUnlessDone(await vendor.setDefault(registration));
  return true;
}

export interface DeleteOptions {
  /** Whether to wait until no service is on the CMK any more. */
  readonly wait: boolean;
  /** Called with the services that are waited for, when they have changed. */
  readonly waitingFor: (services: readonly ServiceUse[]) => void;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Deregisters a CMK. Refused (`cmk.in-use`) while services are on it, on their way to it or away from it. That they
 * could not be read decides nothing: then the vendor does. True when something was changed.
 */
export async function deleteCmk(registration: Registration, options: DeleteOptions, deps: CmkDeps): Promise<boolean> {
  const { vendor, clock, signal } = deps;
  if (vendor.unregister === undefined) throw cannot(vendor, "does not let go of a key");
  if (registration.status === "deleted") return false;
  let said = "";
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const services = await vendor.services(registration);
    const users = services.known ? services.value : [];
    const result = users.length === 0 ? await vendor.unregister(registration) : null;
    if (result?.outcome === "done") return true;
    if (result?.outcome === "unknown") throw lookError(result.why);
    if (!options.wait) throw inUse(registration, users, result?.detail ?? null);
    const names = users.map(nameOf).join(", ");
    if (names !== said) options.waitingFor(users);
    said = names;
    const [slept] = await Promise.allSettled([clock.sleep(pause, signal)]);
    if (slept.status === "rejected") throw inUse(registration, users, result?.detail ?? null);
  }
}

/** Puts a service under a CMK, or under none. True when something was changed; the rest follows in its own time. */
export async function moveService(
  project: string,
  service: string,
  to: Registration | null,
  { vendor }: CmkDeps,
): Promise<boolean> {
  const { service: read, attach, detach } = vendor;
  if (read === undefined || attach === undefined || detach === undefined)
    throw cannot(vendor, "does not move services");
  const now = await read(project, service);
  if (!now.known) throw lookError(now.why);
  if (now.value === null) {
    throw usageError(
      "service.not-found",
      `Project ${project} has no service ${service}.`,
      "Check the service's name and the project.",
    );
  }
  if (now.value.cmkId === (to?.id ?? null)) return false;
  throwUnlessDone(to === null ? await detach(project, service) : await attach(project, service, to));
  return true;
}

export function nameOf({ name, status }: ServiceUse): string {
  return `${name} (${status})`;
}

function inUse({ id }: Registration, users: readonly ServiceUse[], words: string | null) {
  const who = users.length > 0 ? `It is used by ${users.map(nameOf).join(", ")}.` : (words ?? "");
  return refusal(
    "cmk.in-use",
    `CMK ${id} was not deleted. ${who}`,
    "Move the services with `keygrant cmk attach`, and pass --wait to wait until they are gone.",
  );
}

function cannot(vendor: Vendor, what: string) {
  return refusal("vendor.unsupported", `${vendor.id} ${what}.`, "Use the vendor's own tools.");
}

function throwUnlessDone(changed: Changed): void {
  if (changed.outcome === "unknown") throw lookError(changed.why);
}

function lookError(why: LookFailure): LookError {
  return new LookError(why, codeEntry(why.code).fix);
}
