import type { KeyRef, Registration } from "./model.ts";
import type { Vendor } from "./vendor.ts";

/** Reads a reference as the vendor holds it; null for a cloud that keygrant does not know. Pure. */
export type ParseResource = (registration: Pick<Registration, "resource">) => KeyRef | null;

/** The one name that keygrant has for the key, however whoever registered it has spelled it. */
export function keyNameOf(registration: Pick<Registration, "resource">, parse: ParseResource): string {
  return parse(registration)?.id ?? registration.resource;
}

/** The key's registration in a project, the current one first; null when it has none. Throws a `LookError`. */
export async function registrationOf(
  vendor: Vendor,
  project: string,
  key: KeyRef,
  parse: ParseResource,
): Promise<Registration | null> {
  let old: Registration | null = null;
  for await (const one of vendor.registrations(project)) {
    if (one.status === "deleted" || keyNameOf(one, parse) !== key.id) continue;
    if (one.status === "current") return one;
    old ??= one;
  }
  return old;
}
