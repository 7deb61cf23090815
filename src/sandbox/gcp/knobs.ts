/** What of the sandbox's Google Cloud can be turned while it runs. */
export interface GcpKnobs {
  /**
   * Domain-restricted sharing: the domains whose members a policy may name, beside the owner's own; null: anybody.
   * New organisations have had it since May 2024.
   */
  readonly gcpAllowedDomains: readonly string[] | null;
}

export const DEFAULT_GCP_KNOBS: GcpKnobs = { gcpAllowedDomains: null };
