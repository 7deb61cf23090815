import { KeygrantError, LookError, refusal } from "../../core/errors.ts";
import type { DocumentBody, Edit } from "../../core/model.ts";
import { failureOf, pause, pauseAfter } from "./calls.ts";
import { applyDelta, type Delta, isDone } from "./delta.ts";
import { type Asked, type GcpFailure, isPassing } from "./errors.ts";
import { parseExactly } from "./json.ts";
import { lookFailure } from "./look.ts";
import { isRecord } from "./policy.ts";
import { policyBody, readKeyPolicy } from "./reads.ts";
import type { SettleDeps } from "./settle.ts";
import { memberRefusal } from "./sharing.ts";

/** How often a write is tried against policies that others keep changing, or without an answer. */
const TRIES = 8;
/** How often when somebody else than Google answers: that is rarely over a moment later. */
const FOREIGN_TRIES = 3;
const ASKED: Asked = { call: "SetIamPolicy", permission: "cloudkms.cryptoKeys.setIamPolicy", about: " of the key" };

/**
 * Writes the edit to the key's IAM policy, on the condition of the etag that it was read with. When somebody else was
 * faster, the same is done to what is there now (https://cloud.google.com/iam/docs/policies#etag); with the etag a
 * write whose answer was lost can be repeated safely. False when there was nothing left to write. Whatever is thrown
 * as a refusal has changed nothing.
 */
export async function writePolicy(
  deps: SettleDeps,
  key: string,
  edit: Edit,
  delta: Delta,
  beforeWrite: () => Promise<void>,
): Promise<boolean> {
  let failure: GcpFailure | null = null;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (failure !== null && !(await pause(deps, pauseAfter(failure, attempt - 1, deps.jitter)))) break;
    const now = await readNow(deps, key, edit, failure);
    const text = now.revision === edit.revision ? edit.after : redo(now, edit, delta);
    if (text === null) return attempt > 0;
    if (failure?.kind === "foreign" && attempt >= FOREIGN_TRIES) break;
    if (attempt === 0) await beforeWrite();
    failure = await send(deps, key, edit, text, delta);
    if (failure === null) return true;
    if (!isWorthAnotherLook(failure)) throw refusalFor(failure, edit);
  }
  throw givenUp(failure, edit);
}

async function readNow(deps: SettleDeps, key: string, edit: Edit, lost: GcpFailure | null): Promise<DocumentBody> {
  const now = await readKeyPolicy(deps, key);
  if (now.known) return now.value;
  const whether = lost === null ? "Nothing was written" : `Whether ${edit.title} was written could not be found out`;
  throw new LookError(
    { ...now.why, detail: `${whether}. ${now.why.detail}` },
    "Run the same command again: it looks before it writes.",
  );
}

/** The same change to another policy than it was planned on; null when it is in there already. */
function redo(now: DocumentBody, edit: Edit, delta: Delta): string | null {
  try {
    return applyDelta(now.text, delta);
  } catch (error) {
    if (error instanceof KeygrantError) throw stale(edit, error);
    throw error;
  }
}

/** What another look at the policy can settle: somebody was faster, or what came back is not the answer. */
function isWorthAnotherLook(failure: GcpFailure): boolean {
  return failure.kind === "conflict" || failure.kind === "foreign" || isPassing(failure);
}

async function send(deps: SettleDeps, key: string, edit: Edit, text: string, delta: Delta): Promise<GcpFailure | null> {
  try {
    const answer = await deps.port.setIamPolicy(key, atVersion3(text), deps.signal);
    // What was stored comes back (https://cloud.google.com/kms/docs/reference/rest/v1/Policy); a 200 alone is no yes.
    const stored = policyBody(answer, edit.title);
    return stored.known && isDone(stored.value.text, delta) ? null : NOT_THE_POLICY;
  } catch (error) {
    const failure = failureOf(error, deps.signal);
    // Nobody waits any longer; whether it has arrived is another question.
    if (failure.kind === "deadline") throw unknownWhether(failure, edit);
    return failure;
  }
}

const NOT_THE_POLICY: GcpFailure = {
  kind: "foreign",
  name: "not the policy that was written",
  words: "",
  retryAfterMs: null,
  details: [],
};

/**
 * Version 3 is what keeps conditions: a write that says version 1 drops all of them
 * (https://cloud.google.com/iam/docs/policies#specifying-version-set).
 */
function atVersion3(text: string): string {
  const policy = parseExactly(text);
  return JSON.stringify({ ...(isRecord(policy) ? policy : {}), version: 3 });
}

/** A refusal that no repetition changes. */
function refusalFor(failure: GcpFailure, edit: Edit): KeygrantError {
  const { kind, name, words } = failure;
  const nothing = `Nothing was written to ${edit.title}`;
  if (kind === "denied") {
    const why = lookFailure(failure, ASKED);
    return refusal("write.denied", `${nothing}. ${why.detail}`, why.fix ?? `Give the caller ${ASKED.permission}.`);
  }
  if (kind === "member-not-allowed") return memberNotAllowed(failure, edit);
  if (kind === "invalid" && /does not exist|not found|is of type|unknown (?:user|member)/i.test(words)) {
    return refusal(
      "write.invalid-principal",
      `${nothing}: Google Cloud says that a member in it does not exist: ${words}`,
      "If it is the vendor's, ask the vendor; if it is another one, take it out of the policy, then run the same command again.",
    );
  }
  if (kind === "credentials" || kind === "misconfigured" || kind === "not-enabled") {
    const why = lookFailure(failure, ASKED);
    return new LookError({ ...why, detail: `${nothing}. ${why.detail}` }, "Run the same command again.");
  }
  return refusal(
    "write.refused",
    `${nothing}: Google Cloud answered ${name}: ${words}`,
    "See what Google Cloud says, then try again.",
  );
}

/** The whole policy is looked at, so a member that stands in it for years can be the reason. */
function memberNotAllowed(failure: GcpFailure, edit: Edit): KeygrantError {
  const { constraint, members } = memberRefusal(failure);
  const rule = constraint ?? "an organisation policy on who may stand in IAM policies (domain-restricted sharing)";
  const text = edit.before.toLowerCase();
  const isNew = (member: string) =>
    !text.includes(`:${member.toLowerCase()}"`) && !text.includes(`"${member.toLowerCase()}"`);
  const added = members.filter(isNew);
  const old = members.filter((member) => !isNew(member));
  const whose = [
    ...(added.length > 0 ? [`${added.join(", ")}, which the grant adds`] : []),
    ...(old.length > 0 ? [`${old.join(", ")}, which stands in the policy already and is not the vendor's`] : []),
  ];
  const which = whose.length > 0 ? whose.join("; and ") : "a member of the policy, which Google Cloud does not name";
  return refusal(
    "write.member-not-allowed",
    `Nothing was written to ${edit.title}: ${rule} does not allow ${which}.`,
    added.length === 0 && old.length > 0
      ? `Take ${old.join(", ")} out of the policy, or have the constraint changed, then run the same command again.`
      : "Have the administrator of the organisation allow the vendor's organisation in that constraint, or set an exception for the project.",
  );
}

function givenUp(failure: GcpFailure | null, edit: Edit): KeygrantError {
  if (failure === null || failure.kind === "conflict") return stale(edit, null);
  if (MAY_HAVE_ARRIVED.has(failure.kind)) return unknownWhether(failure, edit);
  const why = lookFailure(failure, ASKED);
  return new LookError({ ...why, detail: `Nothing was written to ${edit.title}. ${why.detail}` }, AGAIN);
}

const MAY_HAVE_ARRIVED: ReadonlySet<GcpFailure["kind"]> = new Set(["cut-off", "timeout", "server", "foreign"]);

function unknownWhether(failure: GcpFailure, edit: Edit): LookError {
  const why = lookFailure(failure, ASKED);
  const detail = `${why.detail} Whether ${edit.title} was written could not be found out.`;
  return new LookError({ ...why, detail }, AGAIN);
}

const AGAIN = "Run the same command again: it looks before it writes.";

function stale(edit: Edit, cause: KeygrantError | null): KeygrantError {
  const why = cause === null ? "others keep changing it" : cause.message;
  return refusal(
    "change.stale",
    `Nothing was written: ${edit.title} is no longer what the plan was made on, and ${why}`.replace(/\.?$/, "."),
    "Run the same command again: it plans on what is there now.",
    cause ?? undefined,
  );
}
