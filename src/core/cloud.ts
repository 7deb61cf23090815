import type { Access, Applied, Change, Grant, KeyFacts, KeyRef, Probe } from "./model.ts";

export interface PlanOptions {
  /** Principals to take out of our own statements, as they stand in the document. */
  readonly replacePrincipals?: readonly string[];
  /** Take principals that no longer exist out of Allow statements, so that the write is not refused. */
  readonly pruneOrphans?: boolean;
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
  readonly id: Grant["policy"]["cloud"];

  /**
   * Reads everything that decides about the key. Never throws for what the cloud answers: each field says
   * for itself whether it was seen. `ref` of the result is the canonical reference, aliases resolved.
   */
  inspect(key: KeyRef): Promise<KeyFacts>;

  /** What has to be written so that the grant is present or absent; null when it already is so. Pure. */
  plan(facts: KeyFacts, grant: Grant, want: "present" | "absent", options?: PlanOptions): Change | null;

  /**
   * Writes the edits in order. Throws `change.stale` when a document is no longer the one that was planned on,
   * `write.denied` when the caller may not write. Reads again until the reads settle.
   */
  apply(change: Change, options: ApplyOptions): Promise<Applied>;

  /** Who may do what under these documents: one answer an accessor, in the grant's order. Pure. */
  access(facts: KeyFacts, grant: Grant): readonly Access[];

  /** Encrypts and decrypts random bytes. Never throws for what the cloud answers. */
  probe(facts: KeyFacts, options: ProbeOptions): Promise<Probe>;
}
