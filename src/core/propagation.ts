import type { CloudId } from "./model.ts";

export interface Propagation {
  /** How long it takes, at most, until everybody sees a new grant, in milliseconds. */
  readonly windowMs: number;
  /** What can take longer than that, for whoever wonders; null: nothing is known. */
  readonly slower: string | null;
}

/**
 * How each cloud spreads a new grant (FACTS §3 to §5). Google Cloud's vendors are let in as a group:
 * https://cloud.google.com/iam/docs/access-change-propagation
 */
export const PROPAGATION: Readonly<Record<CloudId, Propagation>> = {
  aws: { windowMs: 300_000, slower: null },
  gcp: { windowMs: 600_000, slower: "In Google Cloud it can take hours until membership of a group is seen." },
  oci: { windowMs: 120_000, slower: null },
  azure: { windowMs: 600_000, slower: null },
};
