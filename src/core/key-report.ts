import { byImportance, type Finding, lookFinding } from "./findings.ts";
import type { Judgement } from "./judge.ts";
import type { CloudId, KeyFacts, KeyRef, LookFailure, Registration, Seen, ServiceUse, VendorId } from "./model.ts";
import type { KeyReport } from "./report.ts";

export interface KeyReportParts {
  readonly vendor: VendorId;
  readonly ref: Omit<KeyRef, "cloud"> & { readonly cloud: CloudId | null };
  readonly registration: Registration | null;
  /** Of a key that is not registered but said to be a project's; else the registration says it. */
  readonly project?: string | null;
  /** Null: no vendor was asked, which the findings say. */
  readonly services: Seen<readonly ServiceUse[]> | null;
  readonly judgement: Judgement;
  /** Null: nobody looked. */
  readonly facts: KeyFacts | null;
  readonly checkedAt: Date;
}

/** A judgement as a report, without any memory of earlier runs. */
export function keyReport(parts: KeyReportParts): KeyReport {
  const { judgement, registration, ref, services } = parts;
  const described = parts.facts?.key.known === true ? parts.facts.key.value : null;
  const concluded = judgement.verdict !== "undetermined";
  return {
    vendor: parts.vendor,
    project: registration?.project ?? parts.project ?? null,
    cmkId: registration?.id ?? null,
    default: registration?.default ?? null,
    cloud: ref.cloud,
    key: ref.id,
    region: ref.region,
    phase: judgement.verdict === "undetermined" ? "INITIALIZING" : judgement.verdict,
    assurance: judgement.assurance,
    message: judgement.message,
    since: null,
    stale: !concluded,
    waiting: judgement.waiting,
    lastCheckedAt: parts.checkedAt.toISOString(),
    lastValidAt: null,
    evidence: judgement.evidence,
    findings:
      services === null || services.known ? judgement.findings : withServices(judgement.findings, ref.id, services.why),
    accepted: judgement.accepted,
    services: services?.known ? services.value : null,
    deletionAt: described?.deletionAt ?? null,
    materialExpiresAt: described?.materialExpiresAt ?? null,
    muted: [],
  };
}

/** Says once why the services could not be read. */
function withServices(findings: readonly Finding[], subject: string, why: LookFailure): readonly Finding[] {
  const own = lookFinding("vendor", subject, why);
  const isSaid = findings.some((one) => one.level === own.level && one.code === own.code && one.detail === own.detail);
  return isSaid ? findings : [...findings, own].sort(byImportance);
}
