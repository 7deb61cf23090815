import { type KeygrantError, LookError, refusal } from "../../core/errors.ts";
import { type AliasNames, addEntry, removeEntry } from "./document.ts";
import type { Entry } from "./entry.ts";
import { type Asked, mayHaveArrived, type OciFailure, readFailure } from "./errors.ts";
import { lookFailure } from "./look.ts";
import type { PolicyRecord } from "./policies.ts";
import { differenceOf, findPolicy, type PolicyChange, type WriteDeps } from "./policy-change.ts";
import { parseStatement } from "./statement.ts";

/** How often a policy that others keep writing is tried. */
const TRIES = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/**
 * Writes one policy, only over the version that was read (`if-match`). When somebody else was faster it is read again
 * and the same keys are put in, or taken out, there: two runs at once both end up in it. Throws `change.stale` when
 * that goes on and on, or when the policy has become something that the change cannot be applied to. Returns the request
 * id; null when somebody else's write, or one of ours without an answer, had put it in place already.
 */
export async function writePolicy(deps: WriteDeps, change: PolicyChange): Promise<string | null> {
  let now: PolicyRecord | null =
    change.before === null
      ? null
      : { ...change.before, id: change.before.id ?? "", state: "ACTIVE", etag: change.etag };
  let wanted: readonly string[] | null = change.after?.statements ?? null;
  for (let attempt = 1; ; attempt++) {
    const asked = askedFor(now, wanted, change);
    const outcome = await attemptWrite(deps, now, wanted, change);
    if (!("failure" in outcome)) return outcome.requestId;
    const { failure } = outcome;
    if (!isWorthAnotherLook(failure)) throw refusalFor(failure, change, asked);
    await pause(deps, attempt, failure, change, asked);
    now = await findPolicy(deps, change);
    const isAboutAbsence = asked.call !== "CreatePolicy" && now === null;
    if (failure.kind === "absent-or-denied" && !isAboutAbsence) throw denied(failure, change, asked);
    wanted = rebase(change, now);
    if (isInPlace(now, wanted)) return null;
    if (attempt >= TRIES) throw OVERTAKEN.has(failure.kind) ? overtaken(change) : refusalFor(failure, change, asked);
  }
}

/** Somebody else was faster. */
const OVERTAKEN: ReadonlySet<OciFailure["kind"]> = new Set(["stale", "conflict", "absent-or-denied"]);

function overtaken({ name }: PolicyChange): KeygrantError {
  return refusal(
    "change.stale",
    `Nothing was written: the policy "${name}" was changed by somebody else each time that keygrant tried.`,
    "Run the same command again: it plans on what is there now.",
  );
}

type Outcome = { readonly requestId: string | null } | { readonly failure: OciFailure };

async function attemptWrite(
  { identity, tenancyId }: WriteDeps,
  now: PolicyRecord | null,
  wanted: readonly string[] | null,
  { name, after }: PolicyChange,
): Promise<Outcome> {
  try {
    if (now === null) {
      const description = after?.description ?? "";
      return await identity.createPolicy({ compartmentId: tenancyId, name, description, statements: wanted ?? [] });
    }
    if (wanted === null) return await identity.deletePolicy(now.id, now.etag);
    return await identity.updatePolicy(now.id, wanted, now.etag);
  } catch (error) {
    return { failure: readFailure(error) };
  }
}

function askedFor(now: PolicyRecord | null, wanted: readonly string[] | null, { name }: PolicyChange): Asked {
  const call = now === null ? "CreatePolicy" : wanted === null ? "DeletePolicy" : "UpdatePolicy";
  return { call, about: ` of "${name}"`, needs: "manage policies in tenancy" };
}

/** What another look at the policy can settle: somebody was faster, or the answer was lost. */
function isWorthAnotherLook(failure: OciFailure): boolean {
  if (failure.kind === "deadline") return false;
  return LOOKED_AGAIN.has(failure.kind) || mayHaveArrived(failure);
}

const LOOKED_AGAIN: ReadonlySet<OciFailure["kind"]> = new Set([...OVERTAKEN, "throttled", "not-sent"]);

/** The same change on another version: the entries that it adds or removes, and nothing else. */
function rebase(change: PolicyChange, now: PolicyRecord | null): readonly string[] | null {
  const { added, removed } = differenceOf(change);
  let statements = now?.statements ?? [];
  for (const entry of removed) statements = removeEntry(statements, entry)?.statements ?? statements;
  for (const entry of added) {
    const result = addEntry(statements, entry, aliasesOf(change, entry));
    if (result === "full") {
      throw refusal(
        "change.stale",
        `Nothing was written: somebody else has filled the policy "${change.name}" since the plan was made.`,
        "Run the same command again: it plans on what is there now.",
      );
    }
    statements = result?.statements ?? statements;
  }
  return statements.length === 0 ? null : statements;
}

/** The names that the plan has defined for whom the entry is about. */
function aliasesOf({ after }: PolicyChange, { tenancy, group }: Entry): AliasNames {
  const defines = (after?.statements ?? []).flatMap((text) => {
    const { statement } = parseStatement(text);
    return statement?.kind === "define" ? [statement] : [];
  });
  const aliasOf = (id: string) => defines.find((one) => one.id === id)?.alias;
  return { tenancy: aliasOf(tenancy) ?? "AT", group: aliasOf(group) ?? "AG" };
}

function isInPlace(now: PolicyRecord | null, wanted: readonly string[] | null): boolean {
  if (now === null || wanted === null) return now === wanted;
  return now.statements.length === wanted.length && now.statements.every((text, index) => text === wanted[index]);
}

/** Growing, and never the same for two who wait for the same thing. */
async function pause(
  { clock, jitter, signal }: WriteDeps,
  attempt: number,
  failure: OciFailure,
  change: PolicyChange,
  asked: Asked,
): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  try {
    await clock.sleep(Math.round(longest * (0.5 + jitter() / 2)), signal);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    throw refusalFor(failure, change, asked);
  }
}

/** Why a write did not take place; when that is not known, what to do to find out. */
function refusalFor(failure: OciFailure, change: PolicyChange, asked: Asked): KeygrantError {
  const { kind, name, words } = failure;
  const nothing = `Nothing was written to the policy "${change.name}"`;
  const why = lookFailure(failure, asked);
  switch (kind) {
    case "denied":
    case "absent-or-denied":
      return denied(failure, change, asked);
    case "limit":
      return refusal(
        "change.too-many-statements",
        `${nothing}: OCI has a limit on policies or statements and it is reached (${name}: ${words}).`,
        "Make room: merge statements that differ only in one value, or delete policies that nobody needs.",
      );
    case "invalid":
      return refusal("write.malformed", `${nothing}: OCI does not take it (${name}: ${words}).`, "See what OCI says.");
    case "conflict":
    case "unsupported":
    case "unknown":
      return refusal("write.refused", `${nothing}. ${why.detail}`, why.fix ?? "See what OCI says, then try again.");
    default: {
      const detail = mayHaveArrived(failure)
        ? `${why.detail} Whether the policy "${change.name}" was written could not be found out.`
        : `${nothing}. ${why.detail}`;
      return new LookError({ ...why, detail }, "Run the same command again: it looks before it writes.");
    }
  }
}

function denied(failure: OciFailure, change: PolicyChange, asked: Asked): KeygrantError {
  const why = lookFailure(failure, asked);
  return refusal(
    "write.denied",
    `Nothing was written to the policy "${change.name}". ${why.detail}`,
    why.fix ?? "Let the caller `manage policies in tenancy`.",
  );
}
