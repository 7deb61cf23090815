import { codeEntry } from "./findings.ts";
import type { LookFailure, Registration, Seen } from "./model.ts";
import type { ProjectService, Vendor } from "./vendor.ts";

/** What of a project no key of its owner's protects (`--coverage`). Fields are null, never absent. */
export interface ProjectCoverage {
  readonly vendor: string;
  readonly project: string;
  /** Whether new services get one of the project's keys by themselves; null: could not be read. */
  readonly hasDefault: boolean | null;
  /** How many services the project has; null: could not be read. */
  readonly services: number | null;
  readonly unprotected: readonly UnprotectedService[] | null;
  /** Why something above is null. */
  readonly failure: { readonly code: string; readonly detail: string; readonly fix: string } | null;
}

export interface UnprotectedService {
  readonly name: string;
  /** Null: no key at all, the vendor's own. Else a key that is not among those registered in the project. */
  readonly cmkId: string | null;
}

/** Compares a project's services with its registrations: the deleted ones are none. */
export async function coverageOf(
  vendor: Vendor,
  project: string,
  registrations: Seen<readonly Registration[]>,
): Promise<ProjectCoverage> {
  const about = { vendor: vendor.id, project };
  const nothing = { hasDefault: null, services: null, unprotected: null };
  // Nobody can tell which keys are listed: a look at the services would not help.
  if (!registrations.known) return { ...about, ...nothing, failure: failureOf(registrations.why) };
  const hasDefault = registrations.value.some((one) => one.default);
  const found = await servicesOf(vendor, project);
  if (!found.known) return { ...about, ...nothing, hasDefault, failure: failureOf(found.why) };
  const ids = new Set(registrations.value.map((one) => one.id.toLowerCase()));
  const unprotected = found.value.filter((one) => one.cmkId === null || !ids.has(one.cmkId.toLowerCase()));
  return { ...about, hasDefault, services: found.value.length, unprotected, failure: null };
}

async function servicesOf(vendor: Vendor, project: string): Promise<Seen<readonly ProjectService[]>> {
  if (vendor.projectServices !== undefined) return vendor.projectServices(project);
  const detail = `keygrant knows no way to list the services of a project of ${vendor.id}.`;
  return { known: false, why: { code: "look.unsupported", detail } };
}

function failureOf(why: LookFailure): NonNullable<ProjectCoverage["failure"]> {
  return { code: why.code, detail: why.detail, fix: why.fix ?? codeEntry(why.code).fix };
}
