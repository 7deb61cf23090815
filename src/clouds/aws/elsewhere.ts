import type { KeyFacts, KeyRef, PolicyDocument } from "../../core/model.ts";
import { GRANTS, KEY_POLICY, REPLICA, REPLICA_GRANTS } from "./access.ts";
import { arnInRegion, isAlias, splitArn } from "./key.ts";

/** The replicas of a Multi-Region key, each with its own key policy and KMS grants in the place of the key's. */
export function elsewhere(facts: KeyFacts): readonly KeyFacts[] {
  return facts.documents.flatMap((policy) => {
    if (!policy.id.startsWith(REPLICA)) return [];
    const region = policy.id.slice(REPLICA.length);
    const grants = facts.documents.find((one) => one.id === `${REPLICA_GRANTS}${region}`);
    const documents: readonly PolicyDocument[] = [
      { ...policy, id: KEY_POLICY },
      ...(grants === undefined ? [] : [{ ...grants, id: GRANTS }]),
    ];
    return [{ ...facts, ref: { ...facts.ref, id: arnInRegion(facts.ref.id, region), region }, documents }];
  });
}

/**
 * A Multi-Region key is one key in all its regions
 * (https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html), and what an alias points to
 * only AWS knows.
 */
export function maybeSame(a: KeyRef, b: KeyRef): boolean {
  const [one, other] = [splitArn(a.id), splitArn(b.id)];
  if (one === null || other === null) return false;
  if (one.partition !== other.partition || one.account !== other.account) return false;
  if (isAlias(a) || isAlias(b)) return one.region === other.region;
  return one.resource.startsWith("key/mrk-") && one.resource === other.resource;
}
