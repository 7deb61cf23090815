import type { Remark } from "../../core/model.ts";
import type { Applied } from "./applies.ts";
import type { Condition, Grant } from "./statement.ts";
import type { Vendor } from "./who.ts";

/** Statements that let in more people than the vendor's group, to more keys than this, or for more than it asks. */
export function broadRemarks(statements: readonly Applied[], vendor: Vendor): readonly Remark[] {
  return statements.flatMap((one) => {
    const { grant, effect, applies, label } = one;
    if (grant === null || effect !== "allow" || applies === "no") return [];
    const details = [whoToo(one, vendor), whatToo(grant), whereToo(grant)].filter((part) => part !== null);
    if (details.length === 0) return [];
    const subject = `the ${label}`;
    const detail = `The ${label} lets in more than the vendor asks for: ${details.join("; ")}.`;
    return [{ code: "grant.too-broad" as const, subject, detail, fix: FIX }];
  });
}

const FIX =
  "Let keygrant write a narrower statement beside it (`keygrant policy <key>` shows it), then take this one out yourself.";

function whoToo({ who }: Applied, vendor: Vendor): string | null {
  switch (who.width) {
    case "itself":
      return null;
    case "tenancy":
      return `everybody in the tenancy ${vendor.tenancy}, not only the group ${vendor.group}`;
    case "everybody":
      return "everybody in every tenancy";
  }
}

function whatToo({ action }: Grant): string | null {
  if ("permissions" in action) return null;
  const isManage = action.verb.toLowerCase() === "manage";
  const resource = action.resource.toLowerCase();
  if (resource === "keys") return isManage ? "it may manage the keys, delete them too" : null;
  return `it is about ${resource}, not only keys`;
}

/** Without a test of the key's own OCID a statement is about every key in its place. */
function whereToo({ condition, place }: Grant): string | null {
  if (condition !== null && narrows(condition)) return null;
  if (place === null) return null;
  if (place.in === "tenancy") return "every key of the tenancy, the present ones and those to come";
  return place.in === "compartment" ? "every key in the compartment, the present ones and those to come" : null;
}

/** Whether a condition can only hold for keys (or vaults, or tagged keys) that it names. */
function narrows(condition: Condition): boolean {
  if ("mode" in condition) {
    return condition.mode === "all" ? condition.of.some(narrows) : condition.of.every(narrows);
  }
  if ("call" in condition) return /tag/i.test(JSON.stringify(condition.args));
  const isOfKey = /^target\.(key\.id|vault\.id|resource\.tag\.)/i.test(condition.variable);
  return isOfKey && (condition.test === "=" || condition.test === "in");
}
