import { byImportance, type Finding, type FindingCode, finding, type Level, lookFinding } from "./findings.ts";
import type {
  Access,
  ActionAccess,
  KeyDescription,
  KeyFacts,
  KeyKind,
  Probe,
  VendorAnswer,
  VendorCloudPolicy,
} from "./model.ts";

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

/** The kind of key that the vendor takes and this key is, or null. */
export function kindOf(key: KeyDescription, policy: VendorCloudPolicy): KeyKind | null {
  return (
    policy.key.kinds.find(
      (kind) => kind.usage === key.usage && key.algorithms.some((name) => kind.algorithms.includes(name)),
    ) ?? null
  );
}

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
      return [about("key.no-material", `The key has no key material yet (${key.stateName}).`)];
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

export interface GrantOptions {
  /** Whether keygrant wrote the grant less than the propagation window ago. */
  readonly withinWindow: boolean;
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
  return level(
    "grant",
    [...view.access.flatMap((one) => accessFindings(one, facts, options)), ...remarks(view, "grant")],
    "pass",
  );
}

/** What was noticed on the way, at the level that it is about. */
function remarks(view: AccessView, of: Level): readonly Finding[] {
  if (view.kind === "unjudged") return [];
  const all = view.access.flatMap((one) => one.remarks).map((remark) => finding(remark.code, remark));
  return all.filter((one) => one.level === of);
}

function accessFindings(one: Access, facts: KeyFacts, options: GrantOptions): readonly Finding[] {
  const subject = one.principal;
  const by = <A extends ActionAccess["answer"]>(answer: A) =>
    one.actions.filter((action): action is Extract<ActionAccess, { answer: A }> => action.answer === answer);
  const findings: Finding[] = [];
  for (const [statement, actions] of groupBy(by("denied"), (action) => action.by)) {
    const detail = `The ${statement} denies ${subject} ${words(actions)}.`;
    findings.push(finding("grant.denied", { subject, detail }));
  }
  findings.push(...missingFindings(one, by("missing"), options));
  for (const [document, actions] of groupBy(by("unseen"), (action) => action.document)) {
    const why = actions[0]?.why;
    if (why === undefined) continue;
    const isKeysOwn = facts.documents[0]?.id === document;
    findings.push(
      isKeysOwn
        ? lookFinding("grant", facts.ref.id, why)
        : finding("grant.not-visible", {
            subject,
            detail: `Whether ${subject} may do ${words(actions)} cannot be told from what could be read: ${why.detail}`,
            fix: why.fix,
          }),
    );
  }
  for (const [statement, actions] of groupBy(by("depends"), (action) => action.by)) {
    const on = unique(actions.flatMap((action) => action.on)).join("; ");
    const detail = `Whether ${subject} may do ${words(actions)} depends on ${on} (${statement}).`;
    findings.push(finding("grant.conditional", { subject, detail }));
  }
  return findings;
}

function missingFindings(
  one: Access,
  missing: readonly Extract<ActionAccess, { answer: "missing" }>[],
  options: GrantOptions,
): readonly Finding[] {
  if (missing.length === 0) return [];
  const subject = one.principal;
  if (options.withinWindow) {
    const detail = `The grant for ${subject} was written a moment ago and is not to be seen everywhere yet.`;
    return [finding("grant.propagating", { subject, detail })];
  }
  if (missing.length < one.actions.length) {
    return [finding("grant.partial", { subject, detail: `${subject} is not let in for ${words(missing)}.` })];
  }
  const ineffective = missing.find((action) => action.ineffective !== null)?.ineffective;
  if (ineffective) {
    const detail = `Meant for ${subject}, and without effect: ${ineffective}.`;
    return [finding("grant.ineffective", { subject, detail })];
  }
  const nearest = missing.find((action) => action.nearest !== null)?.nearest;
  const detail = `Nothing lets ${subject} in${nearest ? `; the nearest miss: ${nearest}` : ""}.`;
  return [finding("grant.missing", { subject, detail })];
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
export function judgeVendor(view: VendorView, facts: KeyFacts, options: GrantOptions): LevelEvidence {
  const subject = facts.ref.id;
  if (view.kind === "not-registered") {
    return level("vendor", [finding("vendor.not-registered", { subject, detail: view.detail })]);
  }
  if (view.kind === "not-asked") {
    return level("vendor", [finding("vendor.no-answer", { subject, detail: view.detail })]);
  }
  const { answer } = view;
  switch (answer.answer) {
    case "usable":
      return { evidence: "pass", findings: [] };
    case "pending":
      return level("vendor", [finding("vendor.pending", { subject, detail: answer.detail })]);
    case "refused": {
      const code = options.withinWindow ? "vendor.pending" : "vendor.refused";
      return level("vendor", [finding(code, { subject, detail: answer.detail })]);
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

function words(actions: readonly ActionAccess[]): string {
  return actions.map((action) => action.action).join(" and ");
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, T[]> {
  return Map.groupBy(items, key);
}
