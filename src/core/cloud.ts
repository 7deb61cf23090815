import type { CloudCheckup } from "./doctor.ts";
import type {
  Access,
  Accessor,
  Applied,
  Change,
  CloudId,
  Grant,
  KeyFacts,
  KeyKind,
  KeyRef,
  Probe,
  VendorCloudPolicy,
} from "./model.ts";

export interface PlanOptions {
  /** Principals to take out of our own statements, as they stand in the document. */
  readonly replacePrincipals?: readonly string[];
  /** Take principals that no longer exist out of Allow statements, so that the write is not refused. */
  readonly pruneOrphans?: boolean;
}

export interface InspectOptions {
  /**
   * Reads, anew, every document in which the principals of the grant could stand, in each place where the key is,
   * whether it decides or not: for taking access back, and for proving it.
   */
  readonly thorough?: boolean;
}

export interface ProbeOptions {
  /** A role, account or profile of the cloud's own kind to become for the round trip; null for the caller itself. */
  readonly as: string | null;
}

export interface ApplyOptions {
  /** How many reads in a row must agree before a write is believed, one second apart. */
  readonly settleReads: number;
  /** Called with the plan's edits after the last check and before the first write: the place for a backup. */
  readonly beforeWrite: (caller: string | null) => Promise<void>;
}

/** One cloud's key service, for one set of credentials. Constructors do no I/O. */
export interface Cloud {
  readonly id: CloudId;

  /**
   * Refuses (`vendor.accessor-unsafe`) a principal that does not have the shape that the policy promises, or that
   * could not be the vendor's: a user, a whole account, a wildcard, the key owner's own. Pure.
   */
  checkAccessor(accessor: Accessor, key: KeyRef, policy: VendorCloudPolicy): void;

  /**
   * Reads everything that decides about the key. Never throws for what the cloud answers: each field says
   * for itself whether it was seen. `ref` of the result is the canonical reference, aliases resolved.
   * Documents that matter only when the first ones do not let `about` in are read only then, and not for null.
   */
  inspect(key: KeyRef, about: Grant | null, options?: InspectOptions): Promise<KeyFacts>;

  /** What has to be written so that the grant is present or absent; null when it already is so. Pure. */
  plan(facts: KeyFacts, grant: Grant, want: "present" | "absent", options?: PlanOptions): Change | null;

  /**
   * Writes the edits in order. Throws `change.stale` when a document is no longer the one that was planned on,
   * `write.denied` when the caller may not write. Reads again until the reads settle.
   */
  apply(change: Change, options: ApplyOptions): Promise<Applied>;

  /** Who may do what under these documents: one answer an accessor, in the grant's order. Pure. */
  access(facts: KeyFacts, grant: Grant): readonly Access[];

  /** The same key in its other places (Multi-Region), each as if it had been the one asked about. Pure. */
  elsewhere?(facts: KeyFacts): readonly KeyFacts[];

  /** Whether two references may name the same key, where more than its one spelling can say so. Pure. */
  maybeSame?(a: KeyRef, b: KeyRef): boolean;

  /** Encrypts and decrypts random bytes. Never throws for what the cloud answers. */
  probe(facts: KeyFacts, options: ProbeOptions): Promise<Probe>;

  /** What can be done with this cloud from here, where it lets one ask. */
  readonly checkup?: CloudCheckup;
}

export const POLICY_FORMATS = ["json", "document", "cli", "terraform", "cloudformation", "markdown"] as const;
export type PolicyFormat = (typeof POLICY_FORMATS)[number];

/** What is to be printed of a grant, before anybody writes it. */
export interface PolicyText {
  readonly grant: Grant;
  readonly kind: KeyKind;
  /** Null: for any key; what only a key could tell is a marked placeholder. */
  readonly key: KeyRef | null;
  /** The document as it is now, for formats that merge; null when none was given. */
  readonly current: string | null;
  /** In which of the vendor's projects the key is registered; empty when nobody said. */
  readonly projects: readonly string[];
}

/** What can be said about a cloud's grants without asking it, and without its SDK. */
export interface CloudDialect {
  readonly id: CloudId;
  /** As `Cloud.checkAccessor`; without a key, what only a key could tell is not checked. */
  checkAccessor(accessor: Accessor, key: KeyRef | null, policy: VendorCloudPolicy): void;
  /**
   * The text that a reviewer reads and a person applies, for each form that the cloud has. Throws a usage error when
   * something is missing for it.
   */
  readonly print: Readonly<Partial<Record<PolicyFormat, (text: PolicyText) => string>>>;
}
