import type { UserRef } from '@oubliette/keyring';

/** What identifies a row: one a look-up, hash and user. */
export interface LookupKey {
  readonly index: string;
  /** Keyed hash of the normalised value, 32 hex digits. */
  readonly hash: string;
  readonly userRef: UserRef;
}

/** A row of a look-up. It holds nothing in clear. */
export interface LookupRow extends LookupKey {
  /** What the hash was made with. */
  readonly pepperId: string;
  /** The normalised value under the user's key: what it is hashed from anew, and what says that its time is over. */
  readonly sealed: Uint8Array;
}

/** Where a page ends, in the order of `pepperId`, `index`, `hash`, `userRef`. */
export type LookupPlace = LookupKey & Pick<LookupRow, 'pepperId'>;

export interface LookupPage {
  /** Rows at most, 1 or more. */
  readonly limit: number;
  /** From the first row behind it on. */
  readonly after?: LookupPlace;
  /** Leaves out the rows that were hashed with this one. */
  readonly exceptPepper?: string;
}

/** The rows of all look-ups. `Tx` is what the database gives to write with. */
export interface LookupStore<Tx> {
  /** Commits what `work` wrote, or nothing when it rejects. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Until `tx` ends, nobody else's transaction passes this call for one of these users; afterwards it sees what `tx` wrote. Without
   * it a row that is not committed yet is missed by whoever deletes the user's rows.
   */
  lockUsers(tx: Tx, userRefs: readonly UserRef[]): Promise<void>;
  ofUsers(tx: Tx, userRefs: readonly UserRef[]): Promise<LookupRow[]>;
  /** A row that stands already is replaced. */
  put(tx: Tx, rows: readonly LookupRow[]): Promise<void>;
  /** Rows that are not there are no error. */
  remove(tx: Tx, keys: readonly LookupKey[]): Promise<void>;
  /** At most `limit` rows of an index with one of the hashes. */
  find(index: string, hashes: readonly string[], limit: number): Promise<LookupRow[]>;
  /** Whether there is a row that was hashed with none of these. */
  hasOthers(pepperIds: readonly string[]): Promise<boolean>;
  page(page: LookupPage): Promise<LookupRow[]>;
}
