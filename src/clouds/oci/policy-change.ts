import { LookError } from "../../core/errors.ts";
import { type Seen, seen } from "../../core/model.ts";
import type { Clock, Jitter } from "../../core/ports.ts";
import type { IdentityPort } from "./api.ts";
import type { PolicyText } from "./edits.ts";
import { type Entry, entriesIn, sameEntry } from "./entry.ts";
import type { Asked } from "./errors.ts";
import { look } from "./look.ts";
import type { PolicyRecord } from "./policies.ts";
import { recordOf } from "./reads.ts";

export interface WriteDeps {
  readonly identity: IdentityPort;
  readonly tenancyId: string;
  readonly clock: Clock;
  readonly jitter: Jitter;
  readonly signal: AbortSignal | undefined;
}

/** One policy's change: what was planned on, and what is wanted; null on the side where it is not there. */
export interface PolicyChange {
  readonly name: string;
  readonly before: PolicyText | null;
  readonly after: PolicyText | null;
  readonly etag: string;
}

export interface Difference {
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
}

/** What a change is about, whatever else stands in the policy. */
export function differenceOf({ before, after }: PolicyChange): Difference {
  const old = entriesIn(before?.statements ?? []);
  const wanted = entriesIn(after?.statements ?? []);
  return {
    added: wanted.filter((one) => !old.some((other) => sameEntry(one, other))),
    removed: old.filter((one) => !wanted.some((other) => sameEntry(one, other))),
  };
}

/** The policy as it is now, by its name: its OCID may be another one since. */
export async function findPolicy(deps: WriteDeps, change: PolicyChange): Promise<PolicyRecord | null> {
  const found = await lookPolicy(deps, change);
  if (found.known) return found.value;
  throw new LookError(found.why, "Run the same command again: it looks before it writes.");
}

/** `halfThere`: what a policy counts as that is listed and, asked for by its OCID, is not there or not to be seen. */
export async function lookPolicy(
  { identity, tenancyId }: WriteDeps,
  { name }: PolicyChange,
  halfThere: "unseen" | "absent" = "unseen",
): Promise<Seen<PolicyRecord | null>> {
  const needs = "inspect policies in tenancy";
  const list: Asked = { call: "ListPolicies", about: " of the root compartment", needs };
  const listed = await look(list, () => identity.listPolicies(tenancyId));
  if (!listed.known) return listed;
  const found = listed.value.find((one) => one.name === name && !GONE.has(one.lifecycleState));
  if (found === undefined) return seen(null);
  const read = await look({ call: "GetPolicy", about: ` of "${name}"`, needs }, async () => {
    const { policy, etag } = await identity.getPolicy(found.id);
    return recordOf(policy, etag);
  });
  const isHalfThere = !read.known && read.why.code === "look.absent-or-denied";
  return isHalfThere && halfThere === "absent" ? seen(null) : read;
}

const GONE: ReadonlySet<string> = new Set(["DELETED", "DELETING"]);
