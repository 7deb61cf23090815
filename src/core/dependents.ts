import type { Cloud } from "./cloud.ts";
import { LookError, refusal } from "./errors.ts";
import { codeEntry } from "./findings.ts";
import type { KeyRef, Registration, Seen, ServiceUse } from "./model.ts";
import { keyNameOf, type ParseResource } from "./registrations.ts";
import type { Vendor } from "./vendor.ts";

/** A registration of the key, and the services that depend on it. */
export interface Dependent {
  readonly registration: Registration;
  readonly services: Seen<readonly ServiceUse[]>;
}

/** Who depends on a key, as far as the projects could be looked at. */
export interface Dependents {
  readonly found: readonly Dependent[];
  /** Projects that could not be listed: whether somebody there depends on the key is not known. */
  readonly unlisted: readonly { readonly project: string; readonly why: LookError["why"] }[];
}

export interface DependentsDeps {
  readonly vendor: Vendor;
  readonly cloud: Cloud;
  readonly parseResource: ParseResource;
}

/** Every registration of the key, in whatever spelling and region, in each of the projects. */
export async function dependentsOf(
  deps: DependentsDeps,
  projects: readonly string[],
  key: KeyRef,
): Promise<Dependents> {
  const lists = await Promise.all(projects.map((project) => listed(deps, project, key)));
  const found = await Promise.all(
    lists
      .flatMap((list) => (list instanceof LookError ? [] : list))
      .map(async (registration) => ({
        registration,
        services: await deps.vendor.services(registration),
      })),
  );
  const unlisted = lists.flatMap((list, index) =>
    list instanceof LookError ? [{ project: projects[index] ?? "", why: list.why }] : [],
  );
  return { found, unlisted };
}

async function listed(
  { vendor, cloud, parseResource }: DependentsDeps,
  project: string,
  key: KeyRef,
): Promise<readonly Registration[] | LookError> {
  const isIt = (one: Registration) => {
    if (one.status === "deleted") return false;
    if (keyNameOf(one, parseResource) === key.id) return true;
    const ref = parseResource(one);
    return ref !== null && ref.cloud === key.cloud && cloud.maybeSame?.(ref, key) === true;
  };
  try {
    return (await Array.fromAsync(vendor.registrations(project))).filter(isIt);
  } catch (error) {
    if (error instanceof LookError) return error;
    throw error;
  }
}

/**
 * Refuses (`key.in-use`, `key.registered`) unless nobody depends on the key; throws a `LookError` where that could not be
 * looked at.
 */
export function refuseDependents({ found, unlisted }: Dependents, key: KeyRef): void {
  const inUse = found.filter(({ services }) => services.known && services.value.length > 0);
  if (inUse.length > 0) {
    throw refusal(
      "key.in-use",
      `Nothing was written: services depend on ${key.id}. ${inUse.map(dependentText).join("; ")}.`,
      "Move the services to another key (`keygrant rotate`), or power them off and detach them, then deregister the CMK.",
    );
  }
  const [blind] = unlisted;
  if (blind !== undefined) {
    const about = `Nothing was written: whether somebody in project ${blind.project} depends on the key could not be looked at.`;
    throw new LookError({ ...blind.why, detail: `${about} ${blind.why.detail}` }, codeEntry(blind.why.code).fix);
  }
  if (found.length > 0) {
    const unknown = found.some(({ services }) => !services.known) ? " Its services could not all be read." : "";
    throw refusal(
      "key.registered",
      `Nothing was written: ${key.id} is still registered: ${found.map(dependentText).join("; ")}.${unknown}`,
      "Deregister it first (`keygrant cmk delete`), so that nothing can begin to depend on it.",
    );
  }
}

/** One sentence's part: the CMK, its project, and who depends on it. */
export function dependentText({ registration, services }: Dependent): string {
  const { id, project } = registration;
  const names = services.known ? services.value.map((one) => `${one.name} (${one.status})`).join(", ") : null;
  const uses = names === null ? "services unknown" : names === "" ? "no services" : `used by ${names}`;
  return `CMK ${id} in project ${project}, ${uses}`;
}
