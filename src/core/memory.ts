import type { Accessor, CloudId, KeyRef, VendorId } from "./model.ts";

/** What keygrant remembers between runs. */
export interface Memory {
  /** The principals of a project that were accepted once; null when none were. */
  acceptedAccessors(about: AccessorKey): Promise<readonly Accessor[] | null>;
  acceptAccessors(about: AccessorKey, accessors: readonly Accessor[]): Promise<void>;

  /** The last write of a grant on the key that may have gone through; null when there was none. */
  lastGrant(key: KeyRef): Promise<LastGrant | null>;

  /** Saves the documents of before and notes that a write begins. Returns where they were saved. */
  beginWrite(write: WriteRecord): Promise<string>;
  /** Notes how the write that began ended. */
  endWrite(end: WriteEnd): Promise<void>;
}

export interface AccessorKey {
  readonly vendor: VendorId;
  readonly project: string;
  readonly cloud: CloudId;
}

export interface LastGrant {
  /** When the write began. */
  readonly at: Date;
  /** What each document's revision was before it, by the document's id. */
  readonly revisionsBefore: Readonly<Record<string, string>>;
}

export interface WriteRecord {
  readonly at: Date;
  readonly key: KeyRef;
  readonly want: "present" | "absent";
  readonly caller: string | null;
  readonly documents: readonly WrittenDocument[];
}

export interface WrittenDocument {
  readonly id: string;
  readonly before: string;
  readonly after: string;
  readonly revisionBefore: string;
}

export interface WriteEnd {
  readonly at: Date;
  readonly key: KeyRef;
  /** `failed`: nothing was written. `unknown`: the answer was lost, so that it may have been. */
  readonly outcome: "done" | "failed" | "unknown";
  readonly requestIds: readonly string[];
  readonly detail: string | null;
}
