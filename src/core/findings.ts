import type { LookCode } from "./model.ts";

export type Level = "key" | "grant" | "roundtrip" | "vendor";
export const LEVELS: readonly Level[] = ["key", "grant", "roundtrip", "vendor"];

/** `fail`: with authority, no. `unknown`: could not say. `warn`: works, and deserves a look. */
export type Outcome = "fail" | "unknown" | "warn";

export interface CodeEntry {
  readonly code: string;
  /** Null: the level of whatever could not be looked at. */
  readonly level: Level | null;
  readonly outcome: Outcome;
  readonly means: string;
  readonly found: string;
  readonly fix: string;
  /** Who can mend it. */
  readonly who: "key owner" | "whoever runs keygrant" | "vendor" | "nobody: wait";
}

const OWNER = "key owner";
const RUNNER = "whoever runs keygrant";

/**
 * The only source of codes. The order is the order of importance: where several apply, the first one is the message.
 * `explain` and `docs/codes.md` are made from it.
 */
export const CODES = [
  // The state of the key.
  row("key.not-found", "key", "fail", OWNER, {
    means: "The cloud says that no such key exists.",
    found: 'The describe call answers with the cloud\'s own "not found" for the key (never for a denial).',
    fix: "Check the account, region and id in the reference. A deleted key cannot be brought back: onboard another one.",
  }),
  row("key.pending-deletion", "key", "fail", OWNER, {
    means:
      "The key is scheduled for deletion. Nobody can use it, and on its date everything encrypted under it is lost.",
    found: "The key's state in the describe call.",
    fix: "Cancel the deletion (AWS: `aws kms cancel-key-deletion`; Google Cloud: `gcloud kms keys versions restore`; OCI: `oci kms management key cancel-deletion`), then enable the key again.",
  }),
  row("key.disabled", "key", "fail", OWNER, {
    means: "The key is disabled: every encrypt and decrypt is refused, the vendor's too.",
    found: "The key's state in the describe call.",
    fix: "Enable the key (AWS: `aws kms enable-key`; Google Cloud: `gcloud kms keys versions enable`; OCI: `oci kms management key enable`).",
  }),
  row("key.no-material", "key", "fail", OWNER, {
    means: "The key has no key material: it waits for some to be imported, or what it had was destroyed.",
    found: "The key's state in the describe call (AWS: PendingImport; Google Cloud: DESTROYED, or no version).",
    fix: "Import the key material, or make a version. What was destroyed cannot be brought back: onboard another key.",
  }),
  row("key.material-expired", "key", "fail", OWNER, {
    means: "The imported key material has expired and was deleted by the cloud.",
    found: "The key's state together with the expiry date of its material.",
    fix: "Import the same key material again, with a later expiry date or none.",
  }),
  row("key.unavailable", "key", "fail", OWNER, {
    means: "The cloud says that the key cannot be used now: its custom or external key store is disconnected, say.",
    found: "The key's state in the describe call (AWS: Unavailable).",
    fix: "Reconnect the key store that holds the key material.",
  }),
  // The kind of the key.
  row("key.wrong-usage", "key", "fail", OWNER, {
    means: "The key is not for what the vendor does with it: a signing key cannot encrypt.",
    found: "The key's usage or purpose, against what `policies/<vendor>/<cloud>.json` lists.",
    fix: "Create a key of the right usage and onboard that one: the usage of a key cannot be changed.",
  }),
  row("key.wrong-algorithm", "key", "fail", OWNER, {
    means: "The key has the right usage but a spec or size that the vendor does not take.",
    found: "The key's spec or algorithm, against what `policies/<vendor>/<cloud>.json` lists.",
    fix: "Create a key of a spec that the vendor takes and onboard that one.",
  }),
  row("key.not-customer-managed", "key", "fail", OWNER, {
    means: "The cloud manages this key for one of its own services: nobody can share it.",
    found: "The key's manager in the describe call.",
    fix: "Create a customer managed key and onboard that one.",
  }),
  row("key.not-ready", "key", "unknown", "nobody: wait", {
    means: "The key is in a passing state: being created, enabled or restored.",
    found: "The key's state in the describe call.",
    fix: "Wait for the key to settle, then validate again.",
  }),
  // What the documents say.
  row("grant.denied", "grant", "fail", OWNER, {
    means: "A statement denies the vendor's principal explicitly. A deny wins over every allow.",
    found: "Our own evaluation of the documents for the vendor's principal.",
    fix: "Take the vendor's principal out of the deny that is named.",
  }),
  row("grant.missing", "grant", "fail", OWNER, {
    means: "Every document in which an allow normally stands was read, and none lets the vendor's principal in.",
    found: "Our own evaluation of the documents for the vendor's principal.",
    fix: "Run `keygrant onboard <key>`, or apply what `keygrant policy <key>` prints.",
  }),
  row("grant.partial", "grant", "fail", OWNER, {
    means: "The vendor's principal may do some of what it needs, not all of it.",
    found: "Our own evaluation of the documents, one action at a time.",
    fix: "Run `keygrant onboard <key>`: it adds the actions that are missing.",
  }),
  row("grant.ineffective", "grant", "fail", OWNER, {
    means:
      "The only statement for the vendor was accepted by the cloud and has no effect: it lacks its Action or Resource.",
    found: "Our own evaluation of the documents for the vendor's principal.",
    fix: "Run `keygrant onboard <key>`: it adds a statement that works. Then remove the one without effect.",
  }),
  // What the vendor says.
  row("vendor.refused", "vendor", "fail", OWNER, {
    means: "The vendor tried to use the key and was refused.",
    found: "The vendor's answer to registering or checking the key, in the words known to mean this.",
    fix: "When the grant passes: look for guardrails above the key (service or resource control policies, organisation policies, deny policies), which only the vendor's own attempt can show.",
  }),
  // What the key does.
  row("roundtrip.mismatch", "roundtrip", "fail", OWNER, {
    means: "The key encrypted and decrypted, and what came back was not what went in, or an integrity check failed.",
    found: "Random bytes, encrypted and decrypted with the caller's credentials.",
    fix: "Do not use the key. Look for something between keygrant and the cloud that alters traffic, then tell the cloud's support.",
  }),
  row("roundtrip.failed", "roundtrip", "fail", OWNER, {
    means: "The cloud refused to use the key itself, whoever asks.",
    found: "Random bytes, encrypted and decrypted with the caller's credentials.",
    fix: "See what the cloud said; most often the key or its material is not in a usable state.",
  }),
  // Could not say.
  row("evidence.conflict", "grant", "unknown", RUNNER, {
    means:
      "The documents say that the vendor is not let in, and the vendor says that it can use the key. One of the two was looked at wrongly.",
    found: "The grant's evidence against the vendor's own answer.",
    fix: "Read the documents again in a few minutes. If both stay as they are, please report it: it may be a bug in keygrant.",
  }),
  row("vendor.accessor-changed", "grant", "unknown", RUNNER, {
    means:
      "The vendor names another principal than the one that was pinned or accepted before. Somebody may be trying to get into your key.",
    found: "The vendor's accessors, against the configuration's pin and what was accepted before.",
    fix: "Confirm the new principal with the vendor by another channel, then pass `--accept-accessor name=value` to `keygrant onboard`.",
  }),
  row("vendor.accessor-unsafe", "grant", "unknown", RUNNER, {
    means:
      "The vendor names a principal that does not have the shape it promises: a user, an account root, a wildcard or your own account.",
    found: "The vendor's accessors, against the shape in `policies/<vendor>/<cloud>.json` and the key's owner.",
    fix: "Grant nothing. Check the vendor address that you use, and ask the vendor by another channel.",
  }),
  row("grant.conditional", "grant", "unknown", OWNER, {
    means: "Whether the vendor is let in depends on a condition that cannot be known from here.",
    found: "Our own evaluation: the finding names the statement, the condition keys and their values.",
    fix: "Take the condition out for the vendor's principal, or look at it and pass `--accept grant.conditional`.",
  }),
  row("grant.not-visible", "grant", "unknown", RUNNER, {
    means: "No allow was found, but a document in which one may stand could not be read.",
    found: "The documents that were asked for, against those that came back.",
    fix: "Give the caller the right to read the document that is named (see docs/permissions.md).",
  }),
  row("grant.propagating", "grant", "unknown", "nobody: wait", {
    means: "The grant was written, or taken back, a moment ago, and the cloud does not show that everywhere yet.",
    found:
      "A missing allow within the propagation window (`--wait`) after keygrant's own write, or one that is still there after its own revoke.",
    fix: "Wait, then validate again.",
  }),
  row("roundtrip.not-permitted", "roundtrip", "unknown", RUNNER, {
    means: "The caller may not use the key. That says nothing about the vendor.",
    found: "The round trip was refused for lack of the caller's own permission.",
    fix: "Give the caller a role for the probe (`--probe-role`, see docs/permissions.md), or pass `--probe off`.",
  }),
  row("roundtrip.skipped", "roundtrip", "unknown", RUNNER, {
    means: "The round trip was not made: it was switched off, or the key cannot be used anyway.",
    found: "`--probe off`, or a key that failed already.",
    fix: "Pass `--probe auto` to make it.",
  }),
  row("vendor.not-registered", "vendor", "unknown", RUNNER, {
    means: "The key is not registered with the vendor, or a registration seen before has vanished.",
    found: "The vendor's list of keys.",
    fix: "Run `keygrant onboard <key>`.",
  }),
  row("vendor.pending", "vendor", "unknown", "nobody: wait", {
    means:
      "The vendor was refused, but the grant was written a moment ago: clouds need minutes until everybody sees it.",
    found: "A refusal by the vendor within the propagation window (`--wait`) after keygrant's own write.",
    fix: "Run the same command again in a few minutes: nothing is done twice.",
  }),
  row("vendor.no-answer", "vendor", "unknown", RUNNER, {
    means: "The vendor gave no verdict about this key: it was not asked in this run, or its answer carries none.",
    found:
      "`validate` does not ask the vendor to use the key unless told to; Aiven's access check has no verdict field.",
    fix: "Nothing to do: VALID then means that the policy lets the vendor in. `validate --ask-vendor` has the vendor try the key, which shows in the key's audit log.",
  }),
  // What a rotation stops at.
  row("vendor.service-unsettled", "vendor", "unknown", "nobody: wait", {
    means: "A service that was moved to the new key has not come to its end there in time.",
    found: "The vendor's list of the services of both keys, until `--service-timeout` is over.",
    fix: "See at the vendor what the service is doing, then run the same command again: it goes on from there.",
  }),
  row("vendor.service-elsewhere", "vendor", "unknown", RUNNER, {
    means: "Somebody has put a service under a third key while it was to be moved.",
    found: "What the vendor says of the service.",
    fix: "Attach it where it belongs (`keygrant cmk attach`), then run the same command again.",
  }),
  row("vendor.key-in-use", "vendor", "unknown", RUNNER, {
    means: "The old key is not deregistered: services are still on it, on their way to it or away from it.",
    found: "The vendor refuses to delete the registration.",
    fix: "Run the same command again once the services that `keygrant cmk services` names have left it.",
  }),
  // Could not look.
  row("look.denied", null, "unknown", RUNNER, {
    means: "The caller may not read what is needed.",
    found: "The provider refused the call for lack of permission.",
    fix: "Give the caller the permission that is named (see docs/permissions.md).",
  }),
  row("look.absent-or-denied", null, "unknown", RUNNER, {
    means: 'The cloud does not tell "does not exist" from "you may not see it".',
    found: "An answer that means either (OCI: NotAuthorizedOrNotFound).",
    fix: "Check the reference, then the caller's permissions.",
  }),
  row("look.credentials", null, "unknown", RUNNER, {
    means: "The credentials are missing, wrong or expired.",
    found: "The provider did not accept who was asking, or no credentials were found.",
    fix: "Renew the credentials: `keygrant` reads them from where the cloud's own tools keep them.",
  }),
  row("look.misconfigured", null, "unknown", RUNNER, {
    means: "Region, endpoint or project do not fit the key.",
    found: "The provider says that the reference does not belong to where it was asked.",
    fix: "Check the region and the endpoints in the environment (`AWS_ENDPOINT_URL_KMS`, …) against the reference.",
  }),
  row("look.throttled", null, "unknown", "nobody: wait", {
    means: "The provider asked to slow down, and kept asking.",
    found: "Throttling answers until the retries were used up.",
    fix: "Validate again later, or with less at once.",
  }),
  row("look.unreachable", null, "unknown", RUNNER, {
    means:
      "No usable answer came: connection refused or reset, name not found, a broken or foreign answer, or a server error.",
    found: "The network, or a 5xx, until the retries were used up.",
    fix: "Check the network, the proxy and the provider's status page.",
  }),
  row("look.timeout", null, "unknown", RUNNER, {
    means: "No answer came in time.",
    found: "The time-out of one call (`--timeout`), or the deadline of the command (`--deadline`).",
    fix: "Try again, with a longer `--timeout` if the network is slow.",
  }),
  row("look.unsupported", null, "unknown", RUNNER, {
    means:
      "Neither keygrant nor the vendor can do this: a cloud that is not known yet, or a feature that is not enabled.",
    found: "The registration's provider, or the vendor's own word for it.",
    fix: "Update keygrant, or ask the vendor to enable the feature.",
  }),
  // Works, and deserves a look.
  row("key.old-version-unavailable", "key", "warn", OWNER, {
    means: "An older version of the key is disabled or going: data wrapped under it cannot be read.",
    found: "The list of the key's versions.",
    fix: "Enable the older version again, unless nothing was ever encrypted under it.",
  }),
  row("key.material-expiring", "key", "warn", OWNER, {
    means: "The imported key material has an expiry date. After it, nobody can use the key.",
    found: "The expiry date in the describe call.",
    fix: "Import the material again with a later expiry date, or with none.",
  }),
  row("key.deletion-ahead", "key", "warn", OWNER, {
    means: "A date is set on which something that the vendor needs will be destroyed.",
    found: "The scheduled date in the describe call.",
    fix: "Cancel the deletion while it can be cancelled.",
  }),
  row("key.replica-not-granted", "key", "warn", OWNER, {
    means: "A replica of this Multi-Region key has its own key policy, which does not let the vendor in.",
    found: "The key policies of the replicas.",
    fix: "Onboard the replica as well if services run in its region.",
  }),
  row("key.exportable", "key", "warn", OWNER, {
    means: "The grant lets the vendor export the key material, because the key is protected by software only.",
    found: "The key's protection mode together with what the grant contains.",
    fix: "Use an HSM-protected key, or a grant without the export permission.",
  }),
  row("key.rotation-off", "key", "warn", OWNER, {
    means: "The cloud does not renew the key's material by itself.",
    found: "The rotation status of the key.",
    fix: "Enable automatic rotation (AWS: `aws kms enable-key-rotation`; Google Cloud: `gcloud kms keys update --rotation-period`): old data stays readable.",
  }),
  row("key.wrong-region", "key", "warn", OWNER, {
    means: "The key is in another region than the services that use it.",
    found: "The key's region against the region that was asked for.",
    fix: "Use a key in the region where the services run.",
  }),
  row("key.version-ignored", "key", "warn", RUNNER, {
    means: "The reference names one version of the key. A vendor registers the key itself, and so does keygrant.",
    found: "The reference that was given (Google Cloud: `…/cryptoKeyVersions/N`).",
    fix: "Give the reference without the version.",
  }),
  row("grant.expiring", "grant", "warn", OWNER, {
    means: "What lets the vendor in ends by itself on a date that is near.",
    found: "The dates in the conditions under which the vendor is let in.",
    fix: "Set a later date in the condition, or run `keygrant onboard` again: it grants without an end.",
  }),
  row("grant.too-broad", "grant", "warn", OWNER, {
    means: "Everybody, or far more than the vendor asks for, may use the key.",
    found: "Our own evaluation of the documents.",
    fix: "Narrow the statement that is named.",
  }),
  row("grant.orphaned-principal", "grant", "warn", OWNER, {
    means: "The policy names a principal that no longer exists. The cloud will refuse the next write because of it.",
    found: "Principals in the form that the cloud gives to deleted ones (AWS: AIDA…, AROA…).",
    fix: "Take it out (`--prune-orphans` does so for Allow statements).",
  }),
] as const satisfies readonly CodeEntry[];

export type FindingCode = (typeof CODES)[number]["code"];

export interface Finding {
  readonly code: FindingCode;
  readonly level: Level;
  readonly outcome: Outcome;
  /** The thing it is about: a key, a document, a statement, a principal. */
  readonly subject: string;
  /** A sentence that names the thing and the cause, without counters, durations or request ids. */
  readonly detail: string;
  readonly fix: string;
}

const BY_CODE: ReadonlyMap<string, CodeEntry> = new Map(CODES.map((entry) => [entry.code, entry]));
const RANK: ReadonlyMap<string, number> = new Map(CODES.map((entry, index) => [entry.code, index]));

/** Whether a word is one of the table's codes. */
export function isCode(word: string): word is FindingCode {
  return BY_CODE.has(word);
}

/** The table's row for a code. */
export function codeEntry(code: FindingCode): CodeEntry {
  const entry = BY_CODE.get(code);
  if (entry === undefined) throw new TypeError(`no such code: ${code}`);
  return entry;
}

/** Makes a finding of a code that has a level of its own. */
export function finding(
  code: Exclude<FindingCode, LookCode>,
  about: { subject: string; detail: string; fix?: string | undefined },
): Finding {
  const entry = codeEntry(code);
  if (entry.level === null) throw new TypeError(`${code} has no level of its own`);
  return { code, level: entry.level, outcome: entry.outcome, ...about, fix: about.fix ?? entry.fix };
}

/** Makes a finding of something that could not be looked at, at the level that stays unknown because of it. */
export function lookFinding(
  level: Level,
  subject: string,
  why: { code: LookCode; detail: string; fix?: string },
): Finding {
  const entry = codeEntry(why.code);
  return { code: why.code, level, outcome: "unknown", subject, detail: why.detail, fix: why.fix ?? entry.fix };
}

/** Sorts by importance: what fails, what is not known, what deserves a look; within each, the table's order. */
export function byImportance(a: Finding, b: Finding): number {
  return OUTCOME_RANK[a.outcome] - OUTCOME_RANK[b.outcome] || rankOf(a.code) - rankOf(b.code);
}

const OUTCOME_RANK: Readonly<Record<Outcome, number>> = { fail: 0, unknown: 1, warn: 2 };

function rankOf(code: string): number {
  return RANK.get(code) ?? CODES.length;
}

function row<const C extends string>(
  code: C,
  level: Level | null,
  outcome: Outcome,
  who: CodeEntry["who"],
  text: { means: string; found: string; fix: string },
): CodeEntry & { readonly code: C } {
  return { code, level, outcome, who, ...text };
}
