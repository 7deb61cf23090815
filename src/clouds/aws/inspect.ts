import type { InspectOptions } from "../../core/cloud.ts";
import {
  type DocumentBody,
  type Grant,
  type KeyDescription,
  type KeyFacts,
  type KeyRef,
  type LookFailure,
  type PolicyDocument,
  type Seen,
  seen,
  unseen,
} from "../../core/model.ts";
import type { Clock } from "../../core/ports.ts";
import { access, GRANTS, KEY_POLICY, needsGrants, REPLICA, REPLICA_GRANTS } from "./access.ts";
import { canonicalRef, canRotate, describe } from "./describe.ts";
import { type Asked, readFailure } from "./errors.ts";
import { arnInRegion, isAlias, isKeyArn, regionOf, splitArn } from "./key.ts";
import type { AwsClients, KeyMetadata } from "./kms.ts";
import { lookFailure } from "./look.ts";
import { notKms, readGrants, readKeyPolicy, type Target } from "./reads.ts";

export interface InspectDeps {
  readonly clients: AwsClients;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** Everything that decides about the key. What does not depend on another is asked at once. */
export async function inspect(
  deps: InspectDeps,
  key: KeyRef,
  about: Grant | null,
  { thorough = false }: InspectOptions = {},
): Promise<KeyFacts> {
  const asked: Target = { kms: deps.clients.kms(regionOf(key)), keyId: key.id, about: "" };
  // An alias may point elsewhere a moment later, and the policy calls do not take one: the key's own name comes first.
  const early = isAlias(key) ? null : readOwn(asked, deps.signal);
  const described = await describeKey(deps, asked, key);
  const metadata = described.known ? described.value : null;
  const ref = (metadata === null ? null : canonicalRef(key, metadata)) ?? key;
  const [own, replicas] = await Promise.all([
    early ?? readResolved(asked, described, ref, deps.signal),
    readRelated(deps, ref, metadata),
  ]);
  const isGone = described.known && metadata === null;
  const facts: KeyFacts = {
    ref,
    key: toDescription(described, deps.clock.now()),
    rotation: isGone || (metadata !== null && !canRotate(metadata)) ? seen(null) : own.rotation,
    documents: [
      { id: KEY_POLICY, title: "the key policy", body: isGone && !own.policy.known ? unseen(GONE) : own.policy },
      ...replicas,
    ],
  };
  if (about === null || isGone) return facts;
  return thorough ? withAllGrants(deps, facts) : withGrants(deps, facts, about);
}

/** The grants matter when the key policy alone neither lets everybody in nor keeps somebody out. */
async function withGrants(deps: InspectDeps, facts: KeyFacts, about: Grant): Promise<KeyFacts> {
  if (!needsGrants(access(facts, about))) return facts;
  return { ...facts, documents: [...facts.documents, await grantsOf(deps, facts.ref, null)] };
}

/** KMS grants outlive every edit of a policy, and each replica has its own. */
async function withAllGrants(deps: InspectDeps, facts: KeyFacts): Promise<KeyFacts> {
  const replicas = facts.documents.flatMap(({ id }) => (id.startsWith(REPLICA) ? [id.slice(REPLICA.length)] : []));
  const grants = await Promise.all([null, ...replicas].map((region) => grantsOf(deps, facts.ref, region)));
  return { ...facts, documents: [...facts.documents, ...grants] };
}

/** `region`: of a replica; null: of the key itself. */
async function grantsOf(deps: InspectDeps, key: KeyRef, region: string | null): Promise<PolicyDocument> {
  const keyId = region === null ? key.id : arnInRegion(key.id, region);
  const about = region === null ? "" : ` in ${region}`;
  const body = await readGrants({ kms: deps.clients.kms(region ?? regionOf(key)), keyId, about }, deps.signal);
  const id = region === null ? GRANTS : `${REPLICA_GRANTS}${region}`;
  return { id, title: `the KMS grants of the ${region === null ? "key" : "replica"}${about}`, body };
}

const GONE: LookFailure = {
  code: "look.absent-or-denied",
  detail: "The key policy was not read: AWS says that there is no such key.",
};

interface OwnReads {
  readonly policy: Seen<DocumentBody>;
  readonly rotation: Seen<boolean | null>;
}

async function readOwn(target: Target, signal: AbortSignal | undefined): Promise<OwnReads> {
  const [policy, rotation] = await Promise.all([readKeyPolicy(target, signal), readRotation(target, signal)]);
  return { policy, rotation };
}

async function readResolved(
  target: Target,
  described: Seen<KeyMetadata | null>,
  ref: KeyRef,
  signal: AbortSignal | undefined,
): Promise<OwnReads> {
  if (isKeyArn(ref)) return readOwn({ ...target, keyId: ref.id }, signal);
  const nothing = unseen(described.known ? GONE : described.why);
  return { policy: nothing, rotation: nothing };
}

/** The metadata; null when AWS itself says that there is no such key or alias. */
async function describeKey(deps: InspectDeps, target: Target, key: KeyRef): Promise<Seen<KeyMetadata | null>> {
  const asked: Asked = { call: "DescribeKey", service: "kms" };
  try {
    const { KeyMetadata: metadata } = await target.kms.describeKey({ KeyId: target.keyId }, deps.signal);
    if (metadata === undefined) return notKms(asked, "it describes no key");
    const fault = strangerFault(key, metadata);
    return fault === null ? seen(metadata) : notKms(asked, fault, "look.misconfigured");
  } catch (error) {
    const failure = readFailure(error, asked);
    return failure.kind === "absent" ? seen(null) : unseen(lookFailure(failure, asked));
  }
}

/** An answer about another key than was asked for decides nothing. */
function strangerFault(asked: KeyRef, metadata: KeyMetadata): string | null {
  const ref = canonicalRef(asked, metadata);
  if (ref === null) return "it does not name the key";
  if (isAlias(asked)) return ref.region === regionOf(asked) ? null : `it is about a key in ${ref.region}`;
  const wanted = (isKeyArn(asked) ? ref.id : (splitArn(ref.id)?.resource.slice("key/".length) ?? "")).toLowerCase();
  return wanted === asked.id.toLowerCase() ? null : `it is about another key, ${ref.id}`;
}

function toDescription(described: Seen<KeyMetadata | null>, now: Date): Seen<KeyDescription | null> {
  if (!described.known) return described;
  return seen(described.value === null ? null : describe(described.value, now));
}

async function readRotation(target: Target, signal: AbortSignal | undefined): Promise<Seen<boolean | null>> {
  const asked: Asked = { call: "GetKeyRotationStatus", service: "kms" };
  try {
    const { KeyRotationEnabled: enabled } = await target.kms.getKeyRotationStatus({ KeyId: target.keyId }, signal);
    return enabled === undefined ? notKms(asked, "it does not say whether") : seen(enabled);
  } catch (error) {
    const failure = readFailure(error, asked);
    // "A specified resource is not valid for this operation": the key is of a kind that AWS does not rotate.
    if (failure.name === "UnsupportedOperationException") return seen(null);
    return unseen(lookFailure(failure, asked));
  }
}

/** The key policies of the other keys of a Multi-Region key: each has its own. */
async function readRelated(
  deps: InspectDeps,
  ref: KeyRef,
  metadata: KeyMetadata | null,
): Promise<readonly PolicyDocument[]> {
  const related = metadata?.MultiRegionConfiguration;
  if (related === undefined) return [];
  const primary = related.PrimaryKey?.Region;
  const regions = new Map<string, string>();
  for (const one of [related.PrimaryKey, ...(related.ReplicaKeys ?? [])]) {
    const region = one?.Region;
    if (one?.Arn !== undefined && region !== undefined && region !== ref.region) regions.set(region, one.Arn);
  }
  return Promise.all(
    [...regions].sort().map(async ([region, keyId]) => ({
      id: `${REPLICA}${region}`,
      title: `the key policy of the ${region === primary ? "primary key" : "replica"} in ${region}`,
      body: await readKeyPolicy({ kms: deps.clients.kms(region), keyId, about: ` in ${region}` }, deps.signal),
    })),
  );
}
