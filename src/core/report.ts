import type { ProjectCoverage } from "./coverage.ts";
import type { Evidence } from "./evidence.ts";
import type { Finding, FindingCode, Level } from "./findings.ts";
import type { Assurance } from "./judge.ts";
import type { Accessor, CloudId, ServiceUse, VendorAnswer, VendorId } from "./model.ts";
import type { StillIn } from "./proof.ts";

export type Phase = "INITIALIZING" | "VALID" | "INVALID";

/** One key as it is reported. The JSON that users read: fields are null, never absent. */
export interface KeyReport {
  readonly vendor: VendorId;
  readonly project: string | null;
  readonly cmkId: string | null;
  readonly default: boolean | null;
  readonly cloud: CloudId | null;
  readonly key: string;
  readonly region: string | null;
  readonly phase: Phase;
  readonly assurance: Assurance | null;
  readonly message: string;
  readonly since: string | null;
  /** The last look concluded nothing: the phase is what it was before. */
  readonly stale: boolean;
  /** The look concluded nothing, and every reason is one that goes away by waiting. */
  readonly waiting: boolean;
  readonly lastCheckedAt: string;
  readonly lastValidAt: string | null;
  readonly evidence: Readonly<Record<Level, Evidence>>;
  readonly findings: readonly Finding[];
  /** Unknowns that a person took as good with `--accept`, and that were needed. */
  readonly accepted: readonly FindingCode[];
  readonly services: readonly ServiceUse[] | null;
  /** When the key, or something that it needs, is going to be destroyed (ISO 8601, UTC); null: not planned, or not known. */
  readonly deletionAt: string | null;
  /** When its imported material expires; null: it does not, or is not known. */
  readonly materialExpiresAt: string | null;
  /** What is not told of this key, by the configuration's mutes. It changes nothing else in here. */
  readonly muted: readonly MutedPart[];
}

export interface MutedPart {
  /** A code that was found; null: whatever is found. */
  readonly code: FindingCode | null;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly until: string;
}

/** Every key counts once; a stale one counts as undetermined. */
export type Summary = Readonly<Record<Phase | "undetermined", number>>;

/** A project whose keys could not be listed, so that nothing can be said of any of them. */
export interface UnlistedProject {
  readonly vendor: VendorId;
  readonly project: string;
  readonly code: string;
  readonly detail: string;
  readonly fix: string;
}

export interface ValidateReport {
  readonly schemaVersion: 1;
  readonly checkedAt: string;
  readonly keys: readonly KeyReport[];
  readonly unlisted: readonly UnlistedProject[];
  /** A project each; null when it was not asked for. */
  readonly coverage: readonly ProjectCoverage[] | null;
  readonly summary: Summary;
}

export const STEPS = ["accessors", "inspect", "plan", "grant", "validate", "register", "confirm"] as const;
export type StepId = (typeof STEPS)[number];
export type StepOutcome = "done" | "unchanged" | "skipped" | "failed" | "waiting";

export interface StepReport {
  readonly step: StepId;
  readonly outcome: StepOutcome;
  readonly detail: string;
  /** Wall time in milliseconds. */
  readonly ms: number;
}

export interface ChangeReport {
  /** The documents as text, as they were and as they were written; several are separated by an empty line. */
  readonly before: string;
  readonly after: string;
  /** Where the documents of before were saved. */
  readonly backup: string | null;
  readonly caller: string | null;
  readonly requestIds: readonly string[];
}

export interface OnboardReport {
  readonly schemaVersion: 1;
  readonly steps: readonly StepReport[];
  /** Null when nothing was written. */
  readonly change: ChangeReport | null;
  readonly key: KeyReport;
  readonly registration: { readonly cmkId: string; readonly created: boolean; readonly default: boolean } | null;
}

/** What the vendor answered when it was asked to use a key that was taken from it. */
export interface VendorSaid {
  readonly project: string;
  readonly cmkId: string;
  readonly answer: VendorAnswer["answer"];
  readonly detail: string;
}

/** A grant that was taken back. */
export interface RevokeReport {
  readonly schemaVersion: 1;
  readonly outcome: "revoked" | "unchanged" | "planned";
  readonly vendor: VendorId;
  readonly projects: readonly string[];
  readonly cloud: CloudId;
  readonly key: string;
  readonly region: string | null;
  readonly accessors: readonly Accessor[];
  readonly change: ChangeReport | null;
  /** `let-in`: something else lets the vendor in. `unknown`: that could not be told. */
  readonly proof: "shut-out" | "let-in" | "unknown" | "not-made";
  readonly stillIn: readonly StillIn[];
  /** What to do; null where nothing is left to do. */
  readonly next: string | null;
  /** Empty when the key is not registered any more: then the vendor cannot be asked. */
  readonly vendorSays: readonly VendorSaid[];
  readonly dependents: readonly {
    readonly project: string;
    readonly cmkId: string;
    readonly services: readonly ServiceUse[] | null;
  }[];
}

export function summarise(keys: readonly KeyReport[]): Summary {
  const count = (outcome: keyof Summary) => keys.filter((key) => standing(key) === outcome).length;
  return {
    VALID: count("VALID"),
    INVALID: count("INVALID"),
    INITIALIZING: count("INITIALIZING"),
    undetermined: count("undetermined"),
  };
}

/** How a key counts: its phase, or undetermined when the last look concluded nothing. */
export function standing(key: KeyReport): keyof Summary {
  return key.stale ? "undetermined" : key.phase;
}
