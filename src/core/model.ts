/** The nouns of the project. Everything outside core speaks in these. */

export type CloudId = "aws" | "gcp" | "oci" | "azure";

/** A vendor's id is the name of its folder under `policies/` and `src/vendors/`. */
export type VendorId = string;

/** Why a question could not be answered. Never a verdict: see `findings.ts`, the `look.*` rows. */
export type LookCode =
  | "look.denied"
  | "look.absent-or-denied"
  | "look.credentials"
  | "look.misconfigured"
  | "look.throttled"
  | "look.unreachable"
  | "look.timeout"
  | "look.unsupported";

export interface LookFailure {
  readonly code: LookCode;
  /** What was asked and what came back, in the user's words, without counters, times or request ids. */
  readonly detail: string;
  /** What to do next, where that is more exact than the table's own advice. */
  readonly fix?: string;
}

/** The third outcome made explicit: a value, or the reason why nobody could look. Absence is a value. */
export type Seen<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: LookFailure };

export function seen<T>(value: T): Seen<T> {
  return { known: true, value };
}

export function unseen(why: LookFailure): Seen<never> {
  return { known: false, why };
}

/** A reference to one key. `id` is what a vendor registers; until `inspect` has resolved it, it may name an alias. */
export interface KeyRef {
  readonly cloud: CloudId;
  readonly id: string;
  readonly region: string | null;
  /** The account, project or tenancy that owns the key; null where only the cloud can tell (a bare alias). */
  readonly owner: string | null;
  /** The version that the reference named; a vendor registers the key, so it is not in `id`. */
  readonly version?: string;
}

/** A principal of the vendor, in the vendor's own field names (`role_arn`, `access_group`, …). */
export interface Accessor {
  readonly cloud: CloudId;
  readonly fields: Readonly<Record<string, string>>;
  /** Which of several principals of one key this is (DataStax Astra: a database and region). */
  readonly seat?: string;
}

/** One kind of key that a vendor takes, and the grant that such a key needs. */
export interface KeyKind {
  readonly name: string;
  /** The cloud's own word for what the key is for: AWS KeyUsage, Google purpose, OCI algorithm family. */
  readonly usage: string;
  /** The cloud's own words for the key specs or algorithms that the vendor takes. */
  readonly algorithms: readonly string[];
  /** Every action that the vendor must be allowed to do, in the cloud's own words. */
  readonly actions: readonly string[];
  /** The cloud's own template, with `{field}` for an accessor's field; each cloud's `document.ts` says its shape. */
  readonly grant: Readonly<Record<string, unknown>>;
}

/** `policies/<vendor>/<cloud>.json`: what the vendor needs, as data. */
export interface VendorCloudPolicy {
  readonly schemaVersion: 1;
  readonly vendor: VendorId;
  readonly cloud: CloudId;
  /** Where the facts of this file were read (https), and when (a date). */
  readonly source: { readonly page: string; readonly checked: string };
  readonly accessor: {
    readonly fields: Readonly<Record<string, AccessorField>>;
  };
  readonly key: { readonly kinds: readonly KeyKind[] };
  /** How the vendor's own tools register a key. `{project}` and `{key}` stand for themselves. */
  readonly registration?: {
    readonly terraform: { readonly type: string; readonly arguments: Readonly<Record<string, string | boolean>> };
  };
}

export interface AccessorField {
  /** An anchored regular expression that a value must match. */
  readonly pattern: string;
  /** Said to the user when a value does not match: "an IAM role ARN". */
  readonly shape: string;
  readonly example: string;
}

/** Who is to get access, and to what end. A union: several vendors' projects may share a key, nobody is dropped. */
export interface Grant {
  readonly policy: VendorCloudPolicy;
  readonly accessors: readonly Accessor[];
}

/** What the vendor can rely on. `unavailable` is the cloud's own "cannot be used now", not a network error. */
export type KeyState =
  | "usable"
  | "not-ready"
  | "disabled"
  | "pending-deletion"
  | "no-material"
  | "material-expired"
  | "unavailable";

export interface KeyDescription {
  readonly state: KeyState;
  /** The cloud's own word: `PendingDeletion`, `DESTROY_SCHEDULED`, … */
  readonly stateName: string;
  readonly usage: string;
  readonly algorithms: readonly string[];
  /** False for keys that the cloud made for itself (`aws/s3`): their policies cannot be written. */
  readonly customerManaged: boolean;
  /** ISO 8601, UTC. */
  readonly deletionAt: string | null;
  /** ISO 8601, UTC. Only for imported material that expires. */
  readonly materialExpiresAt: string | null;
  /** Whether the grant would let the vendor take the key itself out. */
  readonly exportable: boolean;
  /** Versions other than the one in use; empty where the cloud keeps them out of sight (AWS). */
  readonly olderVersions: readonly KeyVersion[];
}

export interface KeyVersion {
  readonly id: string;
  readonly usable: boolean;
  readonly stateName: string;
}

/** A document that decides about access, as it was read. */
export interface PolicyDocument {
  /** Stable within its cloud: `key-policy`, `grants`, `replica:eu-central-1`. */
  readonly id: string;
  /** For people: "the key policy". */
  readonly title: string;
  readonly body: Seen<DocumentBody>;
}

export interface DocumentBody {
  /** The document as the cloud gave it. */
  readonly text: string;
  /** Changes whenever the text does: an etag, or a hash where the cloud has none. */
  readonly revision: string;
}

/** All that was read about one key. Plain data: it can be stored, compared, and judged again. */
export interface KeyFacts {
  readonly ref: KeyRef;
  /** Null: the cloud says that there is no such key. */
  readonly key: Seen<KeyDescription | null>;
  /** Whether the cloud renews the material by itself; null where that is not possible for the key. */
  readonly rotation: Seen<boolean | null>;
  readonly documents: readonly PolicyDocument[];
}

/** One document's change, as text, so that it can be shown before and compared after. */
export interface Edit {
  /** The `PolicyDocument.id` that changes. */
  readonly document: string;
  readonly title: string;
  /** The revision that the edit was planned on. */
  readonly revision: string;
  readonly before: string;
  readonly after: string;
  /** What a reviewer needs to know, a line each: "adds …", "keeps …". */
  readonly summary: readonly string[];
}

export interface Change {
  readonly key: KeyRef;
  readonly edits: readonly Edit[];
  /** The facts as they will be once the edits are in: judged before anything is written. */
  readonly after: KeyFacts;
}

/** What was really written. */
export interface Applied {
  /** Who wrote, as the cloud names the caller; null when it would not say. */
  readonly caller: string | null;
  readonly requestIds: readonly string[];
  /** The facts as they were read again, after the reads had settled. */
  readonly facts: KeyFacts;
}

/** The answer for one action of one principal. */
export type ActionAccess = {
  readonly action: string;
} /** `until`: when that ends by itself, as its conditions say; ISO 8601, UTC. */ & (
  | { readonly answer: "allowed"; readonly by: string; readonly until?: string }
  /** An explicit deny wins. `by` names the statement. */
  | { readonly answer: "denied"; readonly by: string }
  /** Every document in which an allow normally stands was read, and none lets the principal in. */
  | { readonly answer: "missing"; readonly nearest: string | null; readonly ineffective: string | null }
  /** Depends on conditions; `on` names keys and values, `by` the statement. */
  | { readonly answer: "depends"; readonly on: readonly string[]; readonly by: string }
  /** No allow was found, and a document in which one may stand could not be read. */
  | { readonly answer: "unseen"; readonly document: string; readonly why: LookFailure }
);

/** Something to tell about who has access that does not decide the verdict. */
export interface Remark {
  readonly code: "grant.too-broad" | "grant.orphaned-principal" | "key.replica-not-granted";
  readonly subject: string;
  readonly detail: string;
  readonly fix?: string;
}

export interface Access {
  readonly accessor: Accessor;
  /** The principal as it stands in the cloud's documents. */
  readonly principal: string;
  readonly actions: readonly ActionAccess[];
  readonly remarks: readonly Remark[];
  /** What may decide too and none of the documents shows, as half a sentence. */
  readonly notLookedAt?: string;
}

/** The outcome of a round trip. Plaintext never leaves the provider. */
export type Probe =
  | { readonly outcome: "pass" }
  | { readonly outcome: "fail"; readonly code: "roundtrip.mismatch" | "roundtrip.failed"; readonly detail: string }
  | {
      readonly outcome: "unknown";
      readonly code: "roundtrip.not-permitted" | "roundtrip.skipped" | LookCode;
      readonly detail: string;
      readonly fix?: string;
    };

/** A key that the vendor knows. */
export interface Registration {
  readonly vendor: VendorId;
  readonly project: string;
  /** The vendor's id of the key (Aiven: CMK id). */
  readonly id: string;
  /** Null for a cloud that keygrant does not know. */
  readonly cloud: CloudId | null;
  /** The key reference as the vendor holds it. */
  readonly resource: string;
  readonly status: "current" | "old" | "deleted" | "unknown";
  readonly default: boolean;
  /** ISO 8601, where the vendor says it. */
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

export interface ServiceUse {
  readonly name: string;
  readonly status: string;
}

/** What the vendor itself says of the key. */
export type VendorAnswer =
  | { readonly answer: "usable" }
  | { readonly answer: "refused"; readonly detail: string }
  | { readonly answer: "pending"; readonly detail: string }
  | { readonly answer: "no-answer"; readonly detail: string; readonly why: LookFailure | null };
