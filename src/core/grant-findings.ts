import { describe } from "./describe.ts";
import type { GrantOptions } from "./evidence.ts";
import { codeEntry, type Finding, type FindingCode, finding, lookFinding } from "./findings.ts";
import type { Access, ActionAccess, CloudId, KeyFacts, LookCode } from "./model.ts";
import { PROPAGATION } from "./propagation.ts";

/** What the answers for each principal come to, in the grant's order. */
export function grantFindings(access: readonly Access[], facts: KeyFacts, options: GrantOptions): readonly Finding[] {
  const findings = access.flatMap((one) => accessFindings(one, facts, options));
  return sayOnce(findings, blindSpotOf(access));
}

/** An allow may stand where nobody looked: that is said of the first thing that is missing, and not again. */
function sayOnce(findings: readonly Finding[], blindSpot: string | null): readonly Finding[] {
  const index = findings.findIndex((one) => SAYS_MISSING.has(one.code));
  const found = findings[index];
  return found === undefined
    ? findings
    : findings.with(index, { ...found, detail: withBlindSpot(found.detail, blindSpot) });
}

/** What the judge of a cloud's documents says it cannot see; null when it says nothing. */
export function blindSpotOf(access: readonly Access[]): string | null {
  return access.find((one) => one.notLookedAt !== undefined)?.notLookedAt ?? null;
}

export function withBlindSpot(sentence: string, blindSpot: string | null): string {
  return blindSpot === null ? sentence : `${sentence.replace(/\.$/, "")}; ${blindSpot}.`;
}

const SAYS_MISSING: ReadonlySet<FindingCode> = new Set([
  "grant.missing",
  "grant.partial",
  "grant.ineffective",
  "grant.not-visible",
]);

function accessFindings(one: Access, facts: KeyFacts, options: GrantOptions): readonly Finding[] {
  const subject = one.principal;
  const by = <A extends ActionAccess["answer"]>(answer: A) =>
    one.actions.filter((action): action is Extract<ActionAccess, { answer: A }> => action.answer === answer);
  const findings: Finding[] = [];
  for (const [statement, actions] of groupBy(by("denied"), (action) => action.by)) {
    const detail = `The ${statement} denies ${subject} ${words(actions)}.`;
    findings.push(finding("grant.denied", { subject, detail }));
  }
  findings.push(...missingFindings(one, by("missing"), facts.ref.cloud, options));
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
  const allowed = by("allowed");
  if (allowed.length > 0 && isShutOut(one, options)) {
    const detail = `The grant for ${subject} was taken back a moment ago and is still to be seen: ${allowed[0]?.by}.`;
    findings.push(finding("grant.propagating", { subject, detail }));
  }
  return [...findings, ...expiryFindings(subject, allowed, options)];
}

function missingFindings(
  one: Access,
  missing: readonly Extract<ActionAccess, { answer: "missing" }>[],
  cloud: CloudId,
  options: GrantOptions,
): readonly Finding[] {
  if (missing.length === 0) return [];
  const subject = one.principal;
  if (options.withinWindow && !isShutOut(one, options)) {
    const detail = `The grant for ${subject} was written a moment ago and is not to be seen everywhere yet.`;
    return [finding("grant.propagating", { subject, detail, fix: fixWhileSpreading("grant.propagating", cloud) })];
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

/** A yes may be older than our own revoke, and a no is what was to be expected. */
function isShutOut({ accessor }: Access, { takenBack }: GrantOptions): boolean {
  return takenBack?.has(describe(accessor)) === true;
}

/** What is allowed until a date that is near. */
function expiryFindings(
  subject: string,
  allowed: readonly Extract<ActionAccess, { answer: "allowed" }>[],
  { now, warnBeforeMs }: GrantOptions,
): readonly Finding[] {
  const ending = allowed.flatMap((action) => {
    const { until } = action;
    const isNear = until !== undefined && Date.parse(until) - now.getTime() <= warnBeforeMs;
    return isNear ? [{ ...action, until }] : [];
  });
  return [...groupBy(ending, (action) => `${action.until} ${action.by}`).values()].flatMap((actions) => {
    const [first] = actions;
    if (first === undefined) return [];
    const detail = `What lets ${subject} do ${words(actions)} ends on ${first.until} (${first.by}).`;
    return [finding("grant.expiring", { subject, detail })];
  });
}

/** The table's advice, and what of a cloud's own may take longer than the propagation window. */
export function fixWhileSpreading(code: Exclude<FindingCode, LookCode>, cloud: CloudId): string {
  const { slower } = PROPAGATION[cloud];
  const { fix } = codeEntry(code);
  return slower === null ? fix : `${fix} ${slower}`;
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
