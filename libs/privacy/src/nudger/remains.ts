import type { BareRecord } from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';
import type { ErasureBound } from '../forgetting/erasure-bound.js';
import type { KeyFiles } from '../verification/key-files.js';
import type { KeyTopicTimings } from './timing.js';

/** A user whose records are looked for. */
export interface Sought {
  readonly userRef: UserRef;
  /** Up to which lifecycle, where records say of which they are. */
  readonly lifecycle?: number;
}

/** What still stands of one user in a replica. */
export interface Remains {
  /** Records with a value. */
  readonly values: number;
  /** The keys of those that no tombstone follows: compaction alone will never take them. */
  readonly unburied: readonly string[];
}

export interface Survey {
  /** Of each user who was asked about. */
  readonly remains: ReadonlyMap<UserRef, Remains>;
  /** How many records were read, of whomever. */
  readonly records: number;
}

/** Goes once through a replica's records, for all users asked about. Rejects where the signal aborts. */
export type Look = (records: AsyncIterable<BareRecord>, signal: AbortSignal) => Promise<Survey>;

/** What is erased of users in a compacted log: their keys in the key topic, or their records in a topic of the application. */
export interface ErasedRecords {
  /** For messages: `the key topic`. */
  readonly place: string;
  look(users: readonly Sought[]): Look;
  /** Tombstones what no tombstone follows, of these users at least, and sees to it that it leaves the log; gives how many records. */
  bury(partition: number, found: ReadonlyMap<UserRef, Remains>): Promise<number>;
  /** The longest from the fence to the end of the records, where each is found at once. */
  bound(timings: KeyTopicTimings): ErasureBound;
  /** Looked at before a user of the ledger counts as gone; absent where none can be read. */
  readonly files?: KeyFiles;
}

/** Counts what stands by key, of the users asked about. */
export class RemainsCount {
  readonly #found = new Map<UserRef, { values: number; last: Map<string, 'value' | 'tombstone'> }>();

  constructor(userRefs: Iterable<UserRef>) {
    for (const userRef of userRefs) this.#found.set(userRef, { values: 0, last: new Map() });
  }

  asksAbout(userRef: UserRef): boolean {
    return this.#found.has(userRef);
  }

  add(userRef: UserRef, { key, tombstone }: BareRecord): void {
    const user = this.#found.get(userRef);
    if (user === undefined) return;
    if (!tombstone) user.values++;
    user.last.set(key, tombstone ? 'tombstone' : 'value');
  }

  remains(): ReadonlyMap<UserRef, Remains> {
    const remains = new Map<UserRef, Remains>();
    for (const [userRef, { values, last }] of this.#found) {
      const unburied = [...last].flatMap(([key, kind]) => (kind === 'value' ? [key] : []));
      remains.set(userRef, { values, unburied });
    }
    return remains;
  }
}
