import type { BoundTerm } from '../guard/worst-case.js';

/** One whole read of one replica that showed no key record of the user with a value. */
export interface ReplicaPass {
  /** When reading began, ms since the Unix epoch. */
  readonly at: number;
  /** Node id of the broker that was read. */
  readonly replica: number;
  /** From where to where was read: offsets, decimal, `highWatermark` exclusive and as the broker itself knows it. */
  readonly logStart: string;
  readonly highWatermark: string;
  /** How many records stood there, of whomever. */
  readonly records: number;
}

/** One segment that was read to its end. */
export interface ReadSegment {
  /** Under the log directory: `keys-0/00000000000000000000.log`. */
  readonly file: string;
  readonly bytes: number;
  /** How many records stood in it, of whomever. */
  readonly records: number;
}

/** One whole read of the files that a replica has of the partition, in one log directory, which showed no key of the user. */
export interface FilesPass {
  /** When reading began, ms since the Unix epoch. */
  readonly at: number;
  /** Node id of the broker whose log directory was read. */
  readonly replica: number;
  /** `unclear`: something in it could not be read. */
  readonly outcome: 'clean' | 'unclear';
  /** How many files were read, of every kind and state, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Those of the files that are segments, by name: the first 256 of all log directories. */
  readonly segments: readonly ReadSegment[];
}

/** `down`: not registered; `out of sync`: it runs, and has not all that was acknowledged; `unreadable`: it runs and gives nothing. */
export type UnseenReason = 'down' | 'out of sync' | 'unreadable';

/** A replica of which nothing can be said: it may hold key records still. */
export interface UnseenReplica {
  readonly replica: number;
  readonly why: UnseenReason;
}

/** What was seen of an erasure in the key topic's logs. Plain data, safe as JSON; no personal data, no pseudonym. */
export interface ErasureEvidence {
  readonly partition: number;
  /** The clean read of each replica that could be seen, by one and the same round but for those that were away. */
  readonly passes: readonly ReplicaPass[];
  readonly unseen: readonly UnseenReplica[];
  /** Read when file.delete.delay.ms had passed; absent where this application can read no log directory. */
  readonly files?: readonly FilesPass[];
  /** When file.delete.delay.ms had passed after the last of the passes, ms since the Unix epoch. */
  readonly unlinkedAt: number;
  /** Longest time from *forgotten* to *erased* with every replica up, and its summands, by the settings in force then. */
  readonly bound: { readonly ms: number | null; readonly terms: readonly BoundTerm[] };
  /** How many key records landed behind the fence, were found by reading and tombstoned. */
  readonly lateRecords: number;
}
