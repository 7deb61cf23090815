import {
  type AccessView,
  type Evidence,
  isTakenBack,
  judgeGrant,
  judgeKey,
  judgeProbe,
  judgeVendor,
  type LevelEvidence,
  type VendorView,
} from "./evidence.ts";
import { byImportance, type Finding, type FindingCode, finding, LEVELS, type Level, lookFinding } from "./findings.ts";
import { blindSpotOf, withBlindSpot } from "./grant-findings.ts";
import type { KeyFacts, LookFailure, Probe, VendorCloudPolicy } from "./model.ts";

export type Verdict = "VALID" | "INVALID" | "undetermined";
/** `vendor`: the vendor is known to have used the key under the present grant. `policy`: guardrails above were not seen. */
export type Assurance = "vendor" | "policy";
export type ProbeMode = "required" | "auto" | "off";

/** How a person wants unknowns to be taken. */
export interface JudgeOptions {
  readonly probeMode: ProbeMode;
  /** Unknown codes that a person takes as good. Recorded in the report. */
  readonly accept: ReadonlySet<FindingCode>;
  /** Assurance `policy` is not enough. */
  readonly requireVendor: boolean;
  readonly now: Date;
  readonly warnBeforeMs: number;
  /** Whether keygrant wrote the grant less than the propagation window ago. */
  readonly withinWindow: boolean;
  /** The principals (`describe`) that keygrant has shut out less than that ago: a yes may be older than that. */
  readonly takenBack?: ReadonlySet<string>;
}

export interface JudgeInput {
  readonly policy: VendorCloudPolicy;
  readonly facts: KeyFacts;
  readonly access: AccessView;
  readonly probe: Probe;
  readonly vendor: VendorView;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly assurance: Assurance | null;
  readonly message: string;
  readonly evidence: Readonly<Record<Level, Evidence>>;
  readonly findings: readonly Finding[];
  /** Undetermined, and every reason is one that goes away by waiting. */
  readonly waiting: boolean;
  /** The accepted codes that were needed. */
  readonly accepted: readonly FindingCode[];
}

type Levels = Readonly<Record<Level, LevelEvidence>>;

/** Facts in, verdict out. Pure. The order of the rules is the contract's (DESIGN, "Phases"). */
export function judge(input: JudgeInput, options: JudgeOptions): Judgement {
  const judgement = conclude(
    {
      key: judgeKey(input.facts, input.policy, input.access, options),
      grant: judgeGrant(input.access, input.facts, options),
      roundtrip: judgeProbe(input.probe, input.facts),
      vendor: judgeVendor(input.vendor, input.facts, { ...options, isTakenBack: isTakenBack(input.access, options) }),
    },
    options,
  );
  if (judgement.assurance !== "policy" || input.access.kind !== "judged") return judgement;
  // What the policy alone assures is no more than what was looked at.
  return { ...judgement, message: withBlindSpot(judgement.message, blindSpotOf(input.access.access)) };
}

/** The judgement of a key that nobody here can look at: every level is unknown, and says why. */
export function unlookable(subject: string, why: LookFailure): Judgement {
  return {
    verdict: "undetermined",
    assurance: null,
    message: why.detail,
    evidence: { key: "unknown", grant: "unknown", roundtrip: "unknown", vendor: "unknown" },
    findings: LEVELS.map((name) => lookFinding(name, subject, why)),
    waiting: false,
    accepted: [],
  };
}

/** Four levels in, verdict out. Exported for the table test of every combination. */
export function conclude(given: Levels, options: JudgeOptions): Judgement {
  const levels = withoutConflict(given);
  const evidence: Record<Level, Evidence> = {
    key: levels.key.evidence,
    grant: levels.grant.evidence,
    roundtrip: levels.roundtrip.evidence,
    vendor: levels.vendor.evidence,
  };
  const findings = LEVELS.flatMap((name) => levels[name].findings).sort(byImportance);
  const failed = findings.find((one) => one.outcome === "fail");
  if (failed !== undefined) {
    return {
      verdict: "INVALID",
      assurance: null,
      message: failed.detail,
      evidence,
      findings,
      waiting: false,
      accepted: [],
    };
  }
  const { reasons, accepted } = standingAgainst(levels, options);
  const [first] = [...reasons].sort(byImportance);
  if (first !== undefined) {
    const waiting = reasons.every((one) => WAITING.has(one.code));
    return { verdict: "undetermined", assurance: null, message: first.detail, evidence, findings, waiting, accepted };
  }
  const assurance = evidence.vendor === "pass" ? "vendor" : "policy";
  return {
    verdict: "VALID",
    assurance,
    message: VALID_MESSAGE[assurance],
    evidence,
    findings,
    waiting: false,
    accepted,
  };
}

const WAITING: ReadonlySet<FindingCode> = new Set(["key.not-ready", "grant.propagating", "vendor.pending"]);

const VALID_MESSAGE: Readonly<Record<Assurance, string>> = {
  vendor: "The key works, its policy lets the vendor in, and the vendor has used it.",
  policy: "The key works and its policy lets the vendor in.",
};

/** A grant that fails while the vendor says yes: one of the two was looked at wrongly, so neither decides. */
function withoutConflict(levels: Levels): Levels {
  const failed = levels.grant.findings.filter((one) => one.outcome === "fail");
  const [first] = failed;
  if (levels.vendor.evidence !== "pass" || first === undefined) return levels;
  const conflict = finding("evidence.conflict", {
    subject: first.subject,
    detail: `The vendor says that it can use the key, but the documents say otherwise: ${first.detail}`,
  });
  const rest = levels.grant.findings.filter((one) => one.outcome !== "fail");
  return { ...levels, grant: { evidence: "unknown", findings: [conflict, ...rest] } };
}

/** The unknowns that keep a key without a failure from being VALID, and the accepted ones that would have. */
function standingAgainst(
  levels: Levels,
  options: JudgeOptions,
): { reasons: readonly Finding[]; accepted: readonly FindingCode[] } {
  const vendorSaysYes = levels.vendor.evidence === "pass";
  const reasons: Finding[] = [];
  const accepted: FindingCode[] = [];
  for (const name of LEVELS) {
    for (const one of levels[name].findings) {
      if (one.outcome !== "unknown" || !blocks(one, vendorSaysYes, options)) continue;
      if (options.accept.has(one.code) && !isOlderThanRevoke(one, options)) accepted.push(one.code);
      else reasons.push(one);
    }
  }
  return { reasons: causes(reasons), accepted };
}

/** What may be older than our own revoke is nobody's to accept. */
function isOlderThanRevoke({ code }: Finding, { takenBack }: JudgeOptions): boolean {
  return takenBack !== undefined && takenBack.size > 0 && WAITING.has(code);
}

/** A round trip that was not made because something else stands in the way is no reason of its own. */
function causes(reasons: readonly Finding[]): readonly Finding[] {
  const others = reasons.filter((one) => one.code !== "roundtrip.skipped");
  return others.length > 0 ? others : reasons;
}

function blocks(one: Finding, vendorSaysYes: boolean, options: JudgeOptions): boolean {
  switch (one.level) {
    case "key":
      return true;
    case "grant":
      // An explicit yes of the vendor stands in for what could not be seen, not for a contradiction or a stranger.
      return !vendorSaysYes || NEVER_STOOD_IN_FOR.has(one.code);
    case "roundtrip":
      if (options.probeMode === "required") return true;
      return one.code !== "roundtrip.skipped" && one.code !== "roundtrip.not-permitted";
    case "vendor":
      return one.code === "vendor.pending" || (options.requireVendor && !vendorSaysYes);
  }
}

const NEVER_STOOD_IN_FOR: ReadonlySet<FindingCode> = new Set([
  "evidence.conflict",
  "vendor.accessor-changed",
  "vendor.accessor-unsafe",
]);
