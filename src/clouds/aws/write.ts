import { type KeygrantError, LookError, refusal } from "../../core/errors.ts";
import type { Edit } from "../../core/model.ts";
import type { Clock, Jitter } from "../../core/ports.ts";
import { LARGEST_POLICY_BYTES } from "./document.ts";
import { type Asked, type AwsFailure, mayHaveArrived, readFailure } from "./errors.ts";
import type { AwsClients } from "./kms.ts";
import { lookFailure } from "./look.ts";
import type { Target } from "./reads.ts";
import { clobbered, whatStands } from "./settle.ts";
import { suspects } from "./suspects.ts";

export interface WriteDeps {
  readonly clients: AwsClients;
  readonly clock: Clock;
  readonly jitter: Jitter;
  readonly signal: AbortSignal | undefined;
  /** How long reads may stay old after a write before they are believed. */
  readonly settleTimeoutMs: number;
}

/** A role made seconds ago is not known to KMS yet: Terraform waits as long (terraform-provider-aws #24696, #24697). */
const PATIENCE_MS = 120_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;
/** How often a write that may or may not have arrived is sent. */
const TRIES = 3;

/**
 * Writes one key policy and returns the request id; null when an answer never came and the policy was found to be
 * in place. Never skips AWS's check that the caller can still write afterwards.
 */
export async function putPolicy(
  deps: WriteDeps,
  target: Target,
  edit: Edit,
  settleReads: number,
): Promise<string | null> {
  const asked: Asked = { call: "PutKeyPolicy", service: "kms", about: target.about };
  const end = deps.clock.now().getTime() + PATIENCE_MS;
  let lost = 0;
  for (let attempt = 0; ; attempt++) {
    const sent = await send(deps, target, edit, asked);
    if ("requestId" in sent) return sent.requestId;
    const { failure } = sent;
    const final = refusalFor(failure, edit, asked);
    if (final !== null) throw final;
    if (mayHaveArrived(failure)) {
      lost++;
      const stands = failure.kind === "deadline" ? null : await whatStands(deps, target, edit, settleReads);
      if (stands === "after") return null;
      if (stands === "other") throw clobbered(edit);
      if (stands === null) throw unknownWhether(failure, edit, asked);
    }
    const pause = pauseBefore(attempt, deps.jitter);
    if (lost >= TRIES || !isWorthWaiting(failure) || deps.clock.now().getTime() + pause > end) {
      throw givenUp(failure, edit, asked);
    }
    await sleep(deps, pause, failure, edit, asked);
    // Somebody may have written during the pause, and a write replaces the whole document.
    const stands = await whatStands(deps, target, edit, 1);
    if (stands === "after") return null;
    if (stands !== "before") throw overtaken(edit);
  }
}

type Sent = { readonly requestId: string } | { readonly failure: AwsFailure };

async function send(deps: WriteDeps, target: Target, edit: Edit, asked: Asked): Promise<Sent> {
  try {
    const input = { KeyId: target.keyId, PolicyName: "default", Policy: edit.after } as const;
    const { $metadata } = await target.kms.putKeyPolicy(input, deps.signal);
    const { requestId } = $metadata;
    return requestId === undefined ? { failure: NOT_FROM_AWS } : { requestId };
  } catch (error) {
    return { failure: readFailure(error, asked) };
  }
}

/**
 * The right answer is an empty 200 (https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html), which
 * anybody can give: the request id is what AWS puts into every answer of its own.
 */
const NOT_FROM_AWS: AwsFailure = { kind: "foreign", name: "HTTP 200 without a request id", words: "" };

/** Growing, and never the same for two who wait for the same thing. */
function pauseBefore(attempt: number, jitter: Jitter): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return Math.round(longest * (0.5 + jitter() / 2));
}

async function sleep(deps: WriteDeps, ms: number, failure: AwsFailure, edit: Edit, asked: Asked): Promise<void> {
  try {
    await deps.clock.sleep(ms, deps.signal);
  } catch (error) {
    if (deps.signal?.aborted !== true) throw error;
    throw givenUp(failure, edit, asked);
  }
}

function isWorthWaiting(failure: AwsFailure): boolean {
  return isUnknownPrincipal(failure) || mayHaveArrived(failure) || WAITABLE.has(failure.kind);
}

const WAITABLE: ReadonlySet<AwsFailure["kind"]> = new Set(["throttled", "not-sent"]);

/** "Policy contains a statement with one or more invalid principals": it does not say which. */
function isUnknownPrincipal({ kind, words }: AwsFailure): boolean {
  return kind === "bad-policy" && /invalid principal/i.test(words);
}

/** A refusal that no repetition changes; null for everything else. */
function refusalFor(failure: AwsFailure, edit: Edit, asked: Asked): KeygrantError | null {
  const { kind, name, words } = failure;
  const nothing = `Nothing was written to ${edit.title}`;
  switch (kind) {
    case "denied": {
      const why = lookFailure(failure, asked);
      return refusal("write.denied", `${nothing}. ${why.detail}`, why.fix ?? "Give the caller kms:PutKeyPolicy.");
    }
    case "bad-policy":
      if (isUnknownPrincipal(failure)) return null;
      if (/will not allow you to update the key policy in the future/i.test(words)) {
        return refusal(
          "write.lockout",
          `${nothing}: with the new policy the caller could not change it any more.`,
          "Write with credentials that the key policy lets administer the key. AWS's check is never skipped.",
        );
      }
      return refusal("write.malformed", `${nothing}: AWS does not take the new policy: ${words}`, "Mend the policy.");
    case "limit":
      return tooLarge(nothing);
    case "unknown":
      if (/validation/i.test(name) && /length/i.test(words)) return tooLarge(nothing);
      return refusal(
        "write.refused",
        `${nothing}: AWS answered ${name}: ${words}`,
        "See what AWS says, then try again.",
      );
    case "absent":
    case "not-found":
    case "unsupported":
    case "key-state":
    case "key-usage":
    case "ciphertext":
      return refusal(
        "write.refused",
        `${nothing}: AWS answered ${name}: ${words}`,
        "See what AWS says, then try again.",
      );
    default:
      return null;
  }
}

function tooLarge(nothing: string): KeygrantError {
  return refusal(
    "change.too-large",
    `${nothing}: AWS takes no key policy of more than ${LARGEST_POLICY_BYTES} bytes.`,
    "Make room in the key policy: merge statements that differ only in their principal.",
  );
}

function givenUp(failure: AwsFailure, edit: Edit, asked: Asked): KeygrantError {
  const nothing = `Nothing was written to ${edit.title}`;
  if (isUnknownPrincipal(failure)) {
    const { found, fix } = suspects(edit);
    return refusal(
      "write.invalid-principal",
      `${nothing}: AWS says that a principal in it does not exist. ${found}`,
      fix,
    );
  }
  const why = lookFailure(failure, asked);
  return new LookError({ ...why, detail: `${nothing}. ${why.detail}` }, "Run the same command again.");
}

function unknownWhether(failure: AwsFailure, edit: Edit, asked: Asked): LookError {
  const why = lookFailure(failure, asked);
  const detail = `${why.detail} Whether ${edit.title} was written could not be found out.`;
  return new LookError({ ...why, detail }, "Run the same command again: it looks before it writes.");
}

function overtaken(edit: Edit): KeygrantError {
  return refusal(
    "change.stale",
    `Nothing was written: ${edit.title} was changed by somebody else, or could not be read, while keygrant waited to write.`,
    "Run the same command again: it plans on what is there now.",
  );
}
