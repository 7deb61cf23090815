import {
  type DocumentBody,
  type Grant,
  type KeyDescription,
  type KeyFacts,
  type KeyRef,
  type LookCode,
  type LookFailure,
  type PolicyDocument,
  type Seen,
  seen,
  unseen,
} from "../../core/model.ts";
import { kindsOf } from "./access.ts";
import { ask } from "./calls.ts";
import { describe, justifications, rotates } from "./describe.ts";
import { JUSTIFICATIONS, KEY_POLICY, POLICY_TITLES, PROJECT_POLICY, RING_POLICY, readPolicies } from "./documents.ts";
import type { Asked } from "./errors.ts";
import { isNumber, isSameKey, nameOf, parseGcpKey, ringOf } from "./key.ts";
import type { CryptoKey, CryptoKeyVersion } from "./kms.ts";
import { lookFailure } from "./look.ts";
import { matchMember } from "./members.ts";
import {
  notGoogle,
  type ReadDeps,
  readKeyPolicy,
  readProjectPolicy,
  readRingPolicy,
  readRole,
  readVersions,
} from "./reads.ts";
import { isUnknownRole } from "./roles.ts";
import { wantedBinding } from "./template.ts";

/** What several keys share is read once: the policies of rings and projects, and roles. */
export interface Shared {
  readonly policies: Map<string, Promise<Seen<DocumentBody>>>;
  readonly roles: Map<string, Promise<PolicyDocument>>;
}

export function newShared(): Shared {
  return { policies: new Map(), roles: new Map() };
}

export interface InspectDeps extends ReadDeps {
  readonly shared: Shared;
}

/** Everything that decides about the key. What does not depend on another is asked at once. */
export async function inspect(deps: InspectDeps, key: KeyRef, about: Grant | null): Promise<KeyFacts> {
  const [described, versions, own, ring, project] = await Promise.all([
    describeKey(deps, key),
    readVersions(deps, deps.port, key.id),
    readKeyPolicy(deps, key.id),
    once(deps.shared.policies, ringOf(key), () => readRingPolicy(deps, ringOf(key))),
    once(deps.shared.policies, projectName(key), () => readProjectPolicy(deps, nameOf(key).project)),
  ]);
  const found = described.known ? described.value : null;
  const isGone = described.known && found === null;
  const facts: KeyFacts = {
    ref: canonicalRef(key, found),
    key: toDescription(described, versions),
    rotation: described.known ? seen(found === null ? null : rotates(found)) : described,
    documents: [
      { id: KEY_POLICY, title: POLICY_TITLES[KEY_POLICY], body: isGone && !own.known ? unseen(GONE) : own },
      { id: RING_POLICY, title: POLICY_TITLES[RING_POLICY], body: ring },
      { id: PROJECT_POLICY, title: POLICY_TITLES[PROJECT_POLICY], body: project },
      ...justificationDocument(found),
    ],
  };
  return about === null || isGone ? facts : withRoles(deps, facts, about);
}

const GONE: LookFailure = {
  code: "look.absent-or-denied",
  detail: "The IAM policy of the key was not read: Google Cloud says that there is no such key.",
};

function projectName(key: KeyRef): string {
  return `projects/${nameOf(key).project}`;
}

/** The key; null when Google itself says that there is none. */
async function describeKey(deps: InspectDeps, key: KeyRef): Promise<Seen<CryptoKey | null>> {
  const asked: Asked = { call: "GetCryptoKey", permission: "cloudkms.cryptoKeys.get" };
  const answer = await ask(deps, (signal) => deps.port.getCryptoKey(key.id, signal));
  if (!answer.ok) {
    return answer.failure.kind === "absent" ? seen(null) : unseen(lookFailure(answer.failure, asked));
  }
  const { name } = answer.value;
  if (typeof name !== "string" || name === "") return notGoogle(asked, "it does not name the key");
  if (!isSameKey(key.id, name)) return notGoogle(asked, `it is about another key, ${name}`, "look.misconfigured");
  return seen(answer.value);
}

const VERSIONS: Asked = { call: "ListCryptoKeyVersions", permission: "cloudkms.cryptoKeyVersions.list" };

/** A key whose versions cannot be listed is not known: one of them may be what data is encrypted under. */
function toDescription(
  described: Seen<CryptoKey | null>,
  versions: Seen<readonly CryptoKeyVersion[]>,
): Seen<KeyDescription | null> {
  if (!described.known) return described;
  if (described.value === null) return seen(null);
  if (versions.known && versions.value.length === 0 && described.value.primary?.name) {
    return notGoogle(VERSIONS, "the key has a primary version, and no version is listed");
  }
  return versions.known ? seen(describe(described.value, versions.value)) : versions;
}

/** The name under which a vendor registers the key: with the project's id where the reference has its number. */
function canonicalRef(asked: KeyRef, key: CryptoKey | null): KeyRef {
  const name = key?.name;
  if (typeof name !== "string" || !isNumber(nameOf(asked).project)) return asked;
  return { ...asked, ...parseGcpKey(name, { forced: true }) };
}

function justificationDocument(key: CryptoKey | null): readonly PolicyDocument[] {
  const reasons = key === null ? null : justifications(key);
  if (reasons === null) return [];
  const text = JSON.stringify({ allowedAccessReasons: reasons }, null, 2);
  const title = "the Key Access Justifications policy of the key";
  return [{ id: JUSTIFICATIONS, title, body: seen({ text, revision: text }) }];
}

/** Roles that let the vendor's principal in and that nobody here knows are looked up, each once. */
async function withRoles(deps: InspectDeps, facts: KeyFacts, about: Grant): Promise<KeyFacts> {
  const kinds = kindsOf(facts, about.policy);
  const principals = about.accessors.flatMap((accessor) => kinds.map((kind) => wantedBinding(accessor, kind).member));
  const roles = new Set<string>();
  for (const { policy } of readPolicies(facts.documents)) {
    for (const { role, members } of policy.known ? policy.value.bindings : []) {
      const isMeant = members.some((member) => principals.some((one) => matchMember(member, one).met !== "no"));
      if (isMeant && isUnknownRole(role)) roles.add(role);
    }
  }
  const documents = await Promise.all(
    [...roles].sort().map((role) => {
      const known = deps.shared.roles.get(role) ?? readRole(deps, role);
      deps.shared.roles.set(role, known);
      return known;
    }),
  );
  return { ...facts, documents: [...facts.documents, ...documents] };
}

/** Failures to look that may be over for the next key. */
const PASSING: ReadonlySet<LookCode> = new Set(["look.throttled", "look.unreachable", "look.timeout"]);

/** Reads once for all who ask, also for those who ask while it is being read; what failed in passing is asked again. */
function once(
  cache: Map<string, Promise<Seen<DocumentBody>>>,
  name: string,
  read: () => Promise<Seen<DocumentBody>>,
): Promise<Seen<DocumentBody>> {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const reading = read().then((body) => {
    if (!body.known && PASSING.has(body.why.code)) cache.delete(name);
    return body;
  });
  cache.set(name, reading);
  return reading;
}
