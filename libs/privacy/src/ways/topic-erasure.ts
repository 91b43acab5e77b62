import type { UnseenReplica } from '../verification/erasure-evidence.js';
import type { ErasedTopic } from './erasure-way.js';

/** Where a partition ended when nothing more of a user could land in it: an offset, decimal. */
export interface PartitionMark {
  readonly partition: number;
  readonly offset: string;
}

/** One look at one replica that showed no record of the user. */
export interface TopicPass {
  /** ms since the Unix epoch. */
  readonly at: number;
  /** Node id of the broker that was looked at. */
  readonly replica: number;
  /** Offsets, decimal. */
  readonly logStart: string;
  readonly highWatermark: string;
  /** How many records were read, of whomever; null: none had to be, since the log begins behind the mark. */
  readonly records: number | null;
}

/** What was seen of an erasure in one partition of a topic. Plain data, safe as JSON; no personal data, no pseudonym. */
export interface TopicPartitionEvidence {
  readonly partition: number;
  /** By expiry: what stood before this offset is gone. By tombstones: null. */
  readonly mark: string | null;
  /** How many tombstones were written for the user: one takes every record with its key. */
  readonly tombstones: number;
  readonly passes: readonly TopicPass[];
  readonly unseen: readonly UnseenReplica[];
  /** When the files that held the records were unlinked at the latest, ms since the Unix epoch. */
  readonly unlinkedAt: number;
}

/** A topic in which an erasure ends the user's records themselves, beside the user's keys. */
export interface TopicErasure extends ErasedTopic {
  /** Longest time in ms from *forgotten* that the settings in force allow; null: none is known. */
  readonly boundMs: number | null;
  /** By expiry, once nothing more of the user can land; null before, and by tombstones. */
  readonly marks: readonly PartitionMark[] | null;
  /** Of each partition; null until the records are gone from all. */
  readonly evidence: readonly TopicPartitionEvidence[] | null;
}
