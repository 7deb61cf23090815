import type { Applied } from "./applies.ts";
import { realmOf } from "./key.ts";
import type { Condition } from "./statement.ts";
import type { Vendor } from "./who.ts";

interface Wanted {
  readonly vendor: Vendor;
  readonly keyId: string;
  readonly realm: string | null;
}

/**
 * Of everything that does not let the vendor in, what comes closest, as half a sentence. The fewer parts are wrong, the
 * closer. Null when nothing looks meant for it.
 */
export function nearest(allows: readonly Applied[], wanted: Wanted): string | null {
  const realm = realmOf(wanted.vendor.group);
  if (realm !== wanted.realm) {
    return `${wanted.vendor.group} is in the realm ${realm}, the key in ${wanted.realm}`;
  }
  const mine = allows.filter((one) => one.who.met === "yes");
  return wrongCondition(mine, wanted) ?? wrongPlace(mine) ?? wrongAction(mine) ?? wrongName(allows);
}

/** The statement that is meant for the vendor and this key and that OCI keeps without any effect; null for none. */
export function ineffective(allows: readonly Applied[]): string | null {
  const meant = allows.filter((one) => one.action === "yes" && one.condition.met !== "no");
  const outside = meant.find((one) => !one.inRoot && one.who.met === "yes");
  if (outside !== undefined) return `${outside.label}, which is not in the root compartment, where an admit belongs`;
  const inert = meant.find((one) => one.inRoot && one.place !== "no" && one.who.isInert);
  return inert === undefined ? null : `${inert.label}: ${inert.who.miss}`;
}

function wrongCondition(mine: readonly Applied[], { keyId }: Wanted): string | null {
  const one = mine.find((it) => it.action === "yes" && it.place !== "no" && it.condition.met === "no");
  const condition = one?.grant?.condition;
  if (one === undefined || condition === null || condition === undefined) return null;
  const keys = keysIn(condition);
  const isAboutKeys = keys.length > 0 && one.condition.failed.every((test) => /target\.key\.id/i.test(test));
  if (!isAboutKeys) return `${one.label} grants it only where ${one.condition.failed.join(" and ")}`;
  const shown = keys.length > 3 ? `${keys.slice(0, 3).join(", ")} and others` : keys.join(", ");
  return `${one.label} is about ${shown}, not ${keyId}`;
}

function keysIn(condition: Condition): readonly string[] {
  if ("mode" in condition) return condition.of.flatMap(keysIn);
  if ("call" in condition || condition.variable.toLowerCase() !== "target.key.id") return [];
  return condition.values.flatMap((value) => ("text" in value ? [value.text] : []));
}

function wrongPlace(mine: readonly Applied[]): string | null {
  const one = mine.find((it) => it.action === "yes" && it.place === "no");
  const place = one?.grant?.place;
  if (one === undefined || place?.in !== "compartment") return null;
  return `${one.label} is about the compartment ${place.id ?? place.path?.join(":")}, where the key is not`;
}

function wrongAction(mine: readonly Applied[]): string | null {
  const one = mine.find((it) => it.action === "no" && it.grant !== null);
  if (one?.grant === null || one === undefined) return null;
  const { action } = one.grant;
  const what = "permissions" in action ? action.permissions.join(", ") : `${action.verb} ${action.resource}`;
  return `${one.label} grants only "${what}"`;
}

/** A right alias with a wrong OCID, an alias that nothing defines, an allow where an admit is needed. */
function wrongName(allows: readonly Applied[]): string | null {
  const missed = allows.filter((one) => one.who.miss !== null);
  const one = missed.find((it) => it.action === "yes") ?? missed[0];
  if (one === undefined) return null;
  const where = one.inRoot ? "" : "it is not in the root compartment, and ";
  return `${one.label}: ${where}${one.who.miss}`;
}
