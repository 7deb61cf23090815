import { createHash } from "node:crypto";
import {
  type DocumentBody,
  type KeyFacts,
  type LookFailure,
  type PolicyDocument,
  type Seen,
  seen,
  unseen,
} from "../../core/model.ts";
import { field, isRecord, parseJson, textField, textsField } from "./json.ts";

/** The policies of the root compartment, and where the key is beneath it: without it nothing can be judged. */
export const ROOT = "root";
/** The policies of a compartment on the way to the key: this and the compartment's OCID. */
export const COMPARTMENT = "compartment:";
/** A policy that is listed and could not be read: this and its OCID. */
export const POLICY = "policy:";

/** A policy as OCI keeps it. */
export interface PolicyRecord {
  /** Empty for one that is planned. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** `ACTIVE`, or OCI's word for why it does not count yet or any more. */
  readonly state: string;
  /** Empty for one that is planned. */
  readonly etag: string;
  readonly statements: readonly string[];
}

export interface Place {
  readonly id: string;
  readonly name: string;
}

/** What the first document holds. */
export interface RootDocument {
  readonly tenancy: Place;
  /** Where policies are written; null when it could not be found out. */
  readonly homeRegion: string | null;
  /** Where the tenancy may have keys; null when it could not be found out. */
  readonly regions: readonly string[] | null;
  /** From the root's child to the compartment of the key; empty for a key in the root compartment. */
  readonly compartments: readonly Place[];
  readonly policies: readonly PolicyRecord[];
}

/** All policies that can decide about a key, and what stayed in the dark. */
export interface View {
  readonly root: RootDocument;
  readonly attached: readonly AttachedPolicy[];
  readonly unread: readonly Unread[];
}

export interface AttachedPolicy {
  readonly policy: PolicyRecord;
  /** How many compartments down from the root it is attached. */
  readonly depth: number;
}

export interface Unread {
  readonly document: string;
  readonly title: string;
  readonly why: LookFailure;
}

/** A document's text with a revision made from it: what is read is many policies, each with an etag of its own. */
export function bodyOf(content: RootDocument | CompartmentDocument): DocumentBody {
  const text = JSON.stringify(content, null, 2);
  return { text, revision: createHash("sha256").update(text).digest("hex") };
}

export interface CompartmentDocument {
  readonly compartment: Place;
  readonly policies: readonly PolicyRecord[];
}

/** Puts the documents of a key together again. */
export function viewOf(facts: KeyFacts): Seen<View> {
  const own = facts.documents.find((one) => one.id === ROOT);
  if (own === undefined) return unseen({ code: "look.denied", detail: "The policies were not read." });
  if (!own.body.known) return own.body;
  const root = parseRoot(own.body.value.text);
  if (root === null) return unseen(STRANGE);
  const attached: AttachedPolicy[] = root.policies.map((policy) => ({ policy, depth: 0 }));
  const unread: Unread[] = [];
  for (const document of facts.documents) {
    if (document.id === ROOT) continue;
    const policies = document.body.known ? parsePolicies(parseJson(document.body.value.text)) : null;
    if (policies === null) unread.push(unreadOf(document));
    else attached.push(...policies.map((policy) => ({ policy, depth: depthOf(document, root) })));
  }
  return seen({ root, attached, unread });
}

const STRANGE: LookFailure = {
  code: "look.unsupported",
  detail: "The policies are kept in a form that keygrant does not know.",
};

function unreadOf(document: PolicyDocument): Unread {
  const why = document.body.known ? STRANGE : document.body.why;
  return { document: document.id, title: document.title, why };
}

function depthOf(document: PolicyDocument, root: RootDocument): number {
  const index = root.compartments.findIndex(({ id }) => document.id === `${COMPARTMENT}${id}`);
  return index < 0 ? root.compartments.length : index + 1;
}

/** Reads what `bodyOf` wrote; null for anything else. */
export function parseRoot(text: string): RootDocument | null {
  const value = parseJson(text);
  const tenancy = parsePlace(field(value, "tenancy"));
  const compartments = parseList(field(value, "compartments"), parsePlace);
  const policies = parsePolicies(value);
  if (tenancy === null || compartments === null || policies === null) return null;
  return {
    tenancy,
    homeRegion: textField(value, "homeRegion"),
    regions: textsField(value, "regions"),
    compartments,
    policies,
  };
}

function parsePolicies(value: unknown): readonly PolicyRecord[] | null {
  return parseList(field(value, "policies"), parsePolicy);
}

function parsePlace(value: unknown): Place | null {
  const id = textField(value, "id");
  const name = textField(value, "name");
  return id === null || name === null ? null : { id, name };
}

function parsePolicy(value: unknown): PolicyRecord | null {
  const statements = textsField(value, "statements");
  if (!isRecord(value) || statements === null) return null;
  return {
    id: textField(value, "id") ?? "",
    name: textField(value, "name") ?? "",
    description: textField(value, "description") ?? "",
    state: textField(value, "state") ?? "ACTIVE",
    etag: textField(value, "etag") ?? "",
    statements,
  };
}

function parseList<T>(value: unknown, read: (item: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  const items = value.map(read);
  return items.some((item) => item === null) ? null : items.filter((item) => item !== null);
}

/** The names of the compartments from the root's child down, as Oracle writes a path. */
export function pathName(compartments: readonly Place[]): string {
  return compartments.map(({ name }) => name).join(":");
}
