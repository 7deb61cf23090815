import type { KeyIdentity, KeyMemory, Transition } from "./history.ts";
import type { Accessor, CloudId, KeyRef, VendorId } from "./model.ts";

/** What keygrant remembers between runs. */
export interface Memory {
  /** The principals of a project that were accepted once; null when none were. */
  acceptedAccessors(about: AccessorKey): Promise<readonly Accessor[] | null>;
  acceptAccessors(about: AccessorKey, accessors: readonly Accessor[]): Promise<void>;

  /** The last write of a grant on the key that may have gone through; null when there was none. */
  lastGrant(key: KeyRef): Promise<LastGrant | null>;

  /** The last write that took principals back; null when there was none. */
  lastRevoke(key: KeyRef): Promise<LastGrant | null>;
  /** The projects for which one of these principals was accepted. */
  projectsOf(about: Omit<AccessorKey, "project">, accessors: readonly Accessor[]): Promise<readonly string[]>;
  /** The write that a backup was made for. Refuses a backup that the log of writes does not know as it is. */
  readBackup(name: string): Promise<Backup>;

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
  /** Whom it let in or took back; empty where an older keygrant did not say. */
  readonly accessors: readonly Accessor[];
  /** What each document's revision was before it, by the document's id. */
  readonly revisionsBefore: Readonly<Record<string, string>>;
}

export interface WriteRecord {
  readonly at: Date;
  readonly key: KeyRef;
  readonly want: "present" | "absent";
  readonly caller: string | null;
  /** Whom it lets in or takes back. */
  readonly accessors: readonly Accessor[];
  readonly documents: readonly WrittenDocument[];
}

/** What was saved before a write. */
export interface Backup extends WriteRecord {
  /** Where it lies. */
  readonly path: string;
  /** Null: it has begun, and nobody knows more. */
  readonly ended: WriteEnd["outcome"] | null;
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

/**
 * What a cron remembers of every key (DESIGN, "Phases"). Safe for several runs at once: each method is one transaction.
 * Throws a usage error when the store cannot be used, is damaged, or was written by a newer keygrant.
 */
export interface KeyStore {
  read(id: KeyIdentity): Promise<KeyMemory | null>;
  /** Remembers a key as it is now, and what changed, and spools what has to be told: all of it, or none. */
  record(
    id: KeyIdentity,
    memory: KeyMemory,
    transitions: readonly Transition[],
    messages: readonly Message[],
  ): Promise<void>;
  /** Every key that is remembered, sorted by standing (INVALID, undetermined, INITIALIZING, VALID), then project, then key. */
  all(): AsyncIterable<{ readonly id: KeyIdentity; readonly memory: KeyMemory }>;
  /** What changed for a key, newest first; of very many changes the oldest are not kept. */
  history(id: KeyIdentity, limit: number): Promise<readonly Transition[]>;
  /** Forgets a key that is not there any more, but not its history. */
  forget(id: KeyIdentity): Promise<void>;
  /** Takes spooled messages that are due, for one run alone, for `leaseMs`; oldest first. */
  takeMessages(now: Date, leaseMs: number, limit: number): Promise<readonly SpooledMessage[]>;
  /** A message that arrived is gone; one that did not is due again at `retryAt`. */
  settleMessage(
    id: string,
    outcome: { readonly delivered: true } | { readonly delivered: false; readonly retryAt: Date },
  ): Promise<void>;
  close(): Promise<void>;
}

/** Something to tell a receiver (a webhook). The body is final: it is signed and sent as it is. */
export interface Message {
  /** Which receiver of the configuration. */
  readonly target: string;
  readonly body: string;
  readonly at: string;
}

export interface SpooledMessage extends Message {
  /** The same at every attempt, and no other message's anywhere: a receiver can know one that it had before. */
  readonly id: string;
  /** How often it was taken before. */
  readonly attempts: number;
}
