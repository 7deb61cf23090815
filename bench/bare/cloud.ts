/** What one cloud is asked about its keys, with its own SDK; what it answers is thrown away. */
export interface BareCloud {
  /** What a key is looked at with; what several keys have in common is read once. */
  look(key: string): Promise<unknown>;
  roundTrip(key: string): Promise<unknown>;
}
