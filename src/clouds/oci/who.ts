import { all, any, type Tri } from "../../core/tri.ts";
import { type Resolved, resolveAlias } from "./aliases.ts";
import type { Grant, Parsed, Principal, TenancyRef } from "./statement.ts";

/** The vendor's principal: a group of another tenancy. */
export interface Vendor {
  readonly group: string;
  readonly tenancy: string;
}

/** Whether a statement speaks of the vendor's group. */
export interface WhoMatch {
  readonly met: Tri;
  /** What that depends on. */
  readonly on: readonly string[];
  /** Who else it speaks of: nobody, the whole of the vendor's tenancy, or everybody in every tenancy. */
  readonly width: "itself" | "tenancy" | "everybody";
  /** Why it does not speak of the vendor, as half a sentence, when it looks meant for it. */
  readonly miss: string | null;
  /** It lets nobody of the vendor's in, whoever it is: an alias is not defined, or an allow stands for an admit. */
  readonly isInert: boolean;
}

/** Holds the subject of an `admit` or `deny admit` against the vendor's group. */
export function matchAdmit(grant: Grant, statements: readonly Parsed[], index: number, vendor: Vendor): WhoMatch {
  const home = matchTenancy(grant.of, statements, index, vendor);
  const { subject } = grant;
  if (!("names" in subject)) {
    const width = grant.of?.by === "any" ? "everybody" : "tenancy";
    const isInert = home.miss?.another === false;
    return { met: home.met, on: home.on, width, miss: isInert ? home.miss.words : null, isInert };
  }
  // Dynamic groups, services and resources are not the group that the vendor named.
  if (subject.type !== "group") return { met: "no", on: [], width: "itself", miss: null, isInert: false };
  const groups = subject.names.map((one) => matchGroup(one, statements, index, vendor));
  const met = all([home.met, any(groups.map((one) => one.met)), wellFormed(grant)]);
  const on = [...home.on, ...groups.flatMap((one) => one.on), ...formDoubts(grant)];
  const miss = missOf(home, groups);
  const wrong = [home, ...groups].filter((part) => part.met === "no");
  const isInert = wrong.length > 0 && wrong.every((part) => part.miss?.another === false);
  return { met, on: met === "unknown" ? on : [], width: "itself", miss, isInert };
}

interface PartMatch {
  readonly met: Tri;
  readonly on: readonly string[];
  /** Why not, when it is no. `another`: it is somebody else for certain, not something left out. */
  readonly miss: { readonly words: string; readonly another: boolean } | null;
}

/** Without `of tenancy`, or of any tenancy, OCI is known to refuse named groups: what it kept all the same is not known. */
function wellFormed(grant: Grant): Tri {
  return grant.of === null || grant.of.by === "any" ? "unknown" : "yes";
}

function formDoubts(grant: Grant): readonly string[] {
  if (grant.of === null) return ["which tenancy the group is of, which the statement does not say"];
  return grant.of.by === "any" ? ["what a named group of any tenancy means"] : [];
}

/** A statement about somebody else altogether is no miss: one of the two has to be right, or left out. */
function missOf(home: PartMatch, groups: readonly PartMatch[]): WhoMatch["miss"] {
  const group =
    groups.find((one) => one.met !== "no") ?? groups.find((one) => one.miss?.another === false) ?? groups[0];
  const wrong = [home, group].filter((part) => part?.met === "no").map((part) => part?.miss);
  const misses = wrong.filter((miss) => miss !== null && miss !== undefined);
  const isStranger = wrong.length === 2 && wrong.some((miss) => miss?.another !== false);
  if (misses.length === 0 || isStranger) return null;
  return misses.map(({ words }) => words).join(", and ");
}

function matchTenancy(of: TenancyRef | null, statements: readonly Parsed[], index: number, vendor: Vendor): PartMatch {
  if (of === null) return { met: "unknown", on: ["which tenancy it is about"], miss: null };
  if (of.by === "any") return { met: "yes", on: [], miss: null };
  if (of.by === "id") return byId(of.id, vendor.tenancy, "a tenancy");
  return byAlias(resolveAlias(statements, index, "tenancy", of.alias), of.alias, "tenancy", vendor.tenancy);
}

function matchGroup(principal: Principal, statements: readonly Parsed[], index: number, vendor: Vendor): PartMatch {
  if (principal.by === "id") return byId(principal.id, vendor.group, "a group");
  if (principal.domain !== null) return { met: "no", on: [], miss: null };
  return byAlias(resolveAlias(statements, index, "group", principal.name), principal.name, "group", vendor.group);
}

/** In an admit an alias is what Oracle's pages show; whether an OCID does is on none. */
function byId(id: string, wanted: string, what: string): PartMatch {
  if (id !== wanted) return { met: "no", on: [], miss: { words: `it names ${id}, not ${wanted}`, another: true } };
  const on = `whether ${what} by OCID counts in an admit, where Oracle's pages want an alias`;
  return { met: "unknown", on: [on], miss: null };
}

function byAlias(resolved: Resolved, alias: string, what: "tenancy" | "group", wanted: string): PartMatch {
  if ("unknown" in resolved) return { met: "unknown", on: [resolved.unknown], miss: null };
  if ("is" in resolved) {
    if (resolved.is === wanted) return { met: "yes", on: [], miss: null };
    const words = `its ${what} ${alias} is ${resolved.is}, not ${wanted}`;
    return { met: "no", on: [], miss: { words, another: true } };
  }
  // FACTS §5: a define counts from where it stands on.
  const words =
    resolved.late === null
      ? `there is no "define ${what} ${alias}" before it in the same policy`
      : `"define ${what} ${alias}" stands after it instead of before`;
  return { met: "no", on: [], miss: { words, another: false } };
}
