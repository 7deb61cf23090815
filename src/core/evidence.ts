import { describe } from "./describe.ts";
import { byImportance, type Finding, type FindingCode, finding, type Level, lookFinding } from "./findings.ts";
import { fixWhileSpreading, grantFindings } from "./grant-findings.ts";
import { kindOf } from "./key-kind.ts";
import type { Access, KeyDescription, KeyFacts, Probe, VendorAnswer, VendorCloudPolicy } from "./model.ts";

/** One level's evidence. A level that concluded nothing is unknown, and some finding of its own says why. */
export type Evidence = "pass" | "fail" | "unknown";
export interface LevelEvidence {
  readonly evidence: Evidence;
  readonly findings: readonly Finding[];
}

/** What is known about the vendor's own view. */
export type VendorView =
  | { readonly kind: "not-registered"; readonly detail: string }
  | { readonly kind: "not-asked"; readonly detail: string }
  | { readonly kind: "answered"; readonly answer: VendorAnswer };

/** Who may do what, or why nobody could judge it for the vendor. */
export type AccessView =
  | { readonly kind: "judged"; readonly access: readonly Access[] }
  | { readonly kind: "unjudged"; readonly findings: readonly Finding[] };

export interface KeyOptions {
  readonly now: Date;
  /** How long before a date it is worth a warning, in milliseconds. */
  readonly warnBeforeMs: number;
}

/** Is the key in a state, of a kind, and with a life that the vendor can use? The describe call decides. */
export function judgeKey(
  facts: KeyFacts,
  policy: VendorCloudPolicy,
  view: AccessView,
  options: KeyOptions,
): LevelEvidence {
  const subject = facts.ref.id;
  if (!facts.key.known) return level("key", [lookFinding("key", subject, facts.key.why)]);
  const key = facts.key.value;
  if (key === null) {
    return level("key", [finding("key.not-found", { subject, detail: `There is no key ${subject}.` })]);
  }
  const about = (code: KeyCode, detail: string) => finding(code, { subject, detail });
  return level(
    "key",
    [
      ...stateFindings(key, about),
      ...kindFindings(key, policy, about),
      ...dateFindings(key, options, about),
      ...habitFindings(facts, key, about),
      ...versionFindings(facts, policy, about),
      ...remarks(view, "key"),
    ],
    "pass",
  );
}

type KeyCode = Extract<Exclude<FindingCode, "key.replica-not-granted">, `key.${string}`>;
type About = (code: KeyCode, detail: string) => Finding;

function stateFindings(key: KeyDescription, about: About): readonly Finding[] {
  switch (key.state) {
    case "usable":
      return [];
    case "not-ready":
      return [about("key.not-ready", `The key is in the passing state ${key.stateName}.`)];
    case "pending-deletion":
      return [
        about(
          "key.pending-deletion",
          key.deletionAt === null
            ? `The key is scheduled for deletion (${key.stateName}).`
            : `The key is scheduled for deletion on ${key.deletionAt}.`,
        ),
      ];
    case "disabled":
      return [about("key.disabled", `The key is disabled (${key.stateName}).`)];
    case "no-material":
      return [about("key.no-material", `The key has no key material (${key.stateName}).`)];
    case "material-expired":
      return [
        about(
          "key.material-expired",
          key.materialExpiresAt === null
            ? "The imported key material has expired."
            : `The imported key material expired on ${key.materialExpiresAt}.`,
        ),
      ];
    case "unavailable":
      return [about("key.unavailable", `The cloud says that the key cannot be used now (${key.stateName}).`)];
  }
}

function kindFindings(key: KeyDescription, policy: VendorCloudPolicy, about: About): readonly Finding[] {
  const findings: Finding[] = [];
  if (!key.customerManaged) {
    findings.push(about("key.not-customer-managed", "The key is managed by the cloud for one of its own services."));
  }
  const sameUsage = policy.key.kinds.filter((kind) => kind.usage === key.usage);
  if (sameUsage.length === 0) {
    const wanted = unique(policy.key.kinds.map((kind) => kind.usage)).join(" or ");
    findings.push(about("key.wrong-usage", `The key is for ${key.usage}; ${policy.vendor} takes keys for ${wanted}.`));
  } else if (kindOf(key, policy) === null) {
    const wanted = unique(sameUsage.flatMap((kind) => kind.algorithms)).join(" or ");
    const has = key.algorithms.join(", ");
    findings.push(about("key.wrong-algorithm", `The key is of spec ${has}; ${policy.vendor} takes ${wanted}.`));
  }
  return findings;
}

function dateFindings(key: KeyDescription, options: KeyOptions, about: About): readonly Finding[] {
  const findings: Finding[] = [];
  const soon = (date: string) => Date.parse(date) - options.now.getTime() <= options.warnBeforeMs;
  const { materialExpiresAt, deletionAt } = key;
  if (materialExpiresAt !== null && key.state !== "material-expired" && soon(materialExpiresAt)) {
    findings.push(about("key.material-expiring", `The imported key material expires on ${materialExpiresAt}.`));
  }
  if (deletionAt !== null && key.state !== "pending-deletion" && soon(deletionAt)) {
    findings.push(about("key.deletion-ahead", `Something that the key needs will be destroyed on ${deletionAt}.`));
  }
  return findings;
}

function habitFindings(facts: KeyFacts, key: KeyDescription, about: About): readonly Finding[] {
  const findings: Finding[] = [];
  for (const version of key.olderVersions) {
    if (version.usable) continue;
    findings.push(
      about(
        "key.old-version-unavailable",
        `Version ${version.id} of the key is ${version.stateName}: data wrapped under it cannot be read.`,
      ),
    );
  }
  if (key.exportable) {
    findings.push(
      about("key.exportable", "The key is protected by software only: the grant lets the vendor export it."),
    );
  }
  if (facts.rotation.known && facts.rotation.value === false) {
    findings.push(about("key.rotation-off", "Automatic rotation of the key is off."));
  }
  return findings;
}

/** A reference can name a version; what is looked at, granted and registered is the key. */
function versionFindings({ ref }: KeyFacts, policy: VendorCloudPolicy, about: About): readonly Finding[] {
  if (ref.version === undefined) return [];
  const detail = `The reference names version ${ref.version}; ${policy.vendor} registers the key itself, with all its versions.`;
  return [about("key.version-ignored", detail)];
}

export interface GrantOptions extends KeyOptions {
  /** Whether keygrant wrote the grant less than the propagation window ago. */
  readonly withinWindow: boolean;
  /** The principals (`describe`) that keygrant has shut out less than that ago. */
  readonly takenBack?: ReadonlySet<string>;
}

/** Whether somebody whom it is about was shut out a moment ago. */
export function isTakenBack(view: AccessView, { takenBack }: Pick<GrantOptions, "takenBack">): boolean {
  return view.kind === "judged" && view.access.some((one) => takenBack?.has(describe(one.accessor)) === true);
}

/** Do the documents let the vendor's principal do every action it needs? */
export function judgeGrant(view: AccessView, facts: KeyFacts, options: GrantOptions): LevelEvidence {
  if (view.kind === "unjudged") return level("grant", view.findings);
  // Nobody to judge for is no reason to say yes.
  if (view.access.length === 0) {
    return level("grant", [
      lookFinding("grant", facts.ref.id, {
        code: "look.unsupported",
        detail: "The vendor names no principal that could be granted access to this key.",
      }),
    ]);
  }
  return level("grant", [...grantFindings(view.access, facts, options), ...remarks(view, "grant")], "pass");
}

/** What was noticed on the way, at the level that it is about. */
function remarks(view: AccessView, of: Level): readonly Finding[] {
  if (view.kind === "unjudged") return [];
  const all = view.access.flatMap((one) => one.remarks).map((remark) => finding(remark.code, remark));
  return all.filter((one) => one.level === of);
}

/** Does the key encrypt and decrypt right now? */
export function judgeProbe(probe: Probe, facts: KeyFacts): LevelEvidence {
  const subject = facts.ref.id;
  if (probe.outcome === "pass") return { evidence: "pass", findings: [] };
  if (probe.outcome === "fail") return level("roundtrip", [finding(probe.code, { subject, detail: probe.detail })]);
  const { code, detail, fix } = probe;
  if (code === "roundtrip.not-permitted" || code === "roundtrip.skipped") {
    return level("roundtrip", [finding(code, { subject, detail, fix })]);
  }
  return level("roundtrip", [
    lookFinding("roundtrip", subject, fix === undefined ? { code, detail } : { code, detail, fix }),
  ]);
}

/** Does the vendor say that it can use the key? */
export function judgeVendor(
  view: VendorView,
  facts: KeyFacts,
  options: Pick<GrantOptions, "withinWindow"> & { readonly isTakenBack?: boolean },
): LevelEvidence {
  const subject = facts.ref.id;
  if (view.kind === "not-registered") {
    return level("vendor", [finding("vendor.not-registered", { subject, detail: view.detail })]);
  }
  if (view.kind === "not-asked") {
    return level("vendor", [finding("vendor.no-answer", { subject, detail: view.detail })]);
  }
  const { answer } = view;
  switch (answer.answer) {
    case "usable": {
      if (options.isTakenBack !== true) return { evidence: "pass", findings: [] };
      const detail = "The vendor could still use the key, and its grant was taken back a moment ago.";
      return level("vendor", [finding("vendor.pending", { subject, detail })]);
    }
    case "pending":
      return level("vendor", [finding("vendor.pending", { subject, detail: answer.detail })]);
    case "refused": {
      const code = options.withinWindow ? "vendor.pending" : "vendor.refused";
      const fix = fixWhileSpreading(code, facts.ref.cloud);
      return level("vendor", [finding(code, { subject, detail: answer.detail, fix })]);
    }
    case "no-answer":
      return level("vendor", [
        answer.why === null
          ? finding("vendor.no-answer", { subject, detail: answer.detail })
          : lookFinding("vendor", subject, answer.why),
      ]);
  }
}

/** Fail beats unknown beats `otherwise`; without a conclusion a level is unknown. */
function level(name: Level, findings: readonly Finding[], otherwise: Evidence = "unknown"): LevelEvidence {
  const stray = findings.find((one) => one.level !== name);
  if (stray !== undefined) throw new TypeError(`${stray.code} is not of level ${name}`);
  const has = (outcome: Finding["outcome"]) => findings.some((one) => one.outcome === outcome);
  const evidence = has("fail") ? "fail" : has("unknown") ? "unknown" : otherwise;
  return { evidence, findings: [...findings].sort(byImportance) };
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
