/**
 * How a topic's records of a forgotten user end. `keys`: nobody can decrypt them any more. `tombstone`: that, and each gets a record
 * without a value behind it, so that compaction takes it. `expiry`: that, and retention takes it.
 */
export type ErasureWay = 'keys' | 'tombstone' | 'expiry';

/** A topic whose records themselves end, beside the user's keys. */
export interface ErasedTopic {
  readonly topic: string;
  readonly way: Exclude<ErasureWay, 'keys'>;
}

export const erasureWays: readonly ErasureWay[] = ['keys', 'tombstone', 'expiry'];
