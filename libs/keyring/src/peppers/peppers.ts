/**
 * The secrets of equality look-ups. A pepper is made once, can be replaced at any time, and is not what pseudonyms are made
 * with: that one never changes. Calls that resolve talk to the key log; the others work on memory.
 */
export interface Peppers {
  /** Ids of those that can be used, the newest first: that one is in use. */
  ids(): readonly string[];
  /** Ids of those whose wrapping key is not at hand here: what was hashed with them is not found. */
  unreadable(): readonly string[];
  /**
   * The id in use; a pepper is made where none can be used. Rejects with `KEYRING_UNAVAILABLE`, and with
   * `MASTER_KEY_UNAVAILABLE` in a process that has not got today's master key.
   */
  ensure(): Promise<string>;
  /** Makes another one, which is in use from then on; resolves to its id. The others still hash. Rejects as `ensure`. */
  rotate(): Promise<string>;
  /**
   * Ends some for good, when nothing is hashed with them any more. Rejects with `PEPPER_IN_USE` where the newest is among them,
   * and with `MASTER_KEY_UNAVAILABLE`.
   */
  end(ids: readonly string[]): Promise<void>;
  /** Read barrier: everything about peppers that stands in the log now was read. */
  catchUp(): Promise<void>;
  /** Keyed hash of a value under an index's name, 32 hex digits. Throws `PEPPER_MISSING`. */
  hash(id: string, index: string, value: Uint8Array): string;
}
