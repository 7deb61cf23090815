/** What of the sandbox's OCI can be turned while it runs. */
export interface OciKnobs {
  /**
   * The region whose identity endpoint the one host stands for, where the path names none; null: the home region of
   * whoever asks. Writes of policies anywhere else are refused.
   */
  readonly ociIdentityRegion: string | null;
  /**
   * What `deny … to <verb>` takes away, of which Oracle's page says only that the syntax is that of allow: `same`, what
   * allow with that verb gives; `wider-too`, what the verb adds to the narrower ones, and everything wider.
   */
  readonly ociDenyVerb: "same" | "wider-too";
  /** How long a key stays in a passing state: CREATING, ENABLING, DISABLING, SCHEDULING_DELETION and so on. */
  readonly ociTransitionMs: number;
}

export const DEFAULT_OCI_KNOBS: OciKnobs = { ociIdentityRegion: null, ociDenyVerb: "same", ociTransitionMs: 0 };
