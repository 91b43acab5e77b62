import type { KeyLogRecord } from '@oubliette/keyring';
import type { CountedRecords } from '../partition-log/decode-records.js';

/** What one fetch gave for one partition. */
export interface FetchedPartition {
  readonly partition: number;
  /** In offset order, none below the offset asked for. */
  readonly records: CountedRecords;
  /** Where the next fetch begins: behind the last batch, also when compaction emptied it. */
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
  /** Records may have been held back for a quota: an answer without any says nothing then. */
  readonly isThrottled: boolean;
}

export interface LookOptions {
  readonly maxBytes: number;
  /** Only records of these offsets are given; default: all. */
  readonly only?: ReadonlySet<bigint>;
  readonly signal?: AbortSignal;
}

/** What the key topic needs of the cluster. Rejections with `retriable: true` may be tried again. */
export interface KeyTopicLink {
  /** The partitions by the broker that leads them, looked up now. Rejects with `KEY_TOPIC_UNSAFE` when the topic is another. */
  leaders(): Promise<ReadonlyMap<number, readonly number[]>>;
  highWatermarks(partitions: readonly number[]): Promise<ReadonlyMap<number, bigint>>;
  /**
   * Waits up to `maxWaitMs` for records at any of the positions. The first of them that has any gives at least one batch;
   * an answer is no longer than a few MiB, so that others may give none. Rejects soon after `signal` aborts.
   */
  fetch(
    leader: number,
    positions: ReadonlyMap<number, bigint>,
    options: { readonly maxWaitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly FetchedPartition[]>;
  /**
   * What stands at `offset` and behind it, at once and apart from the polls: whole batches of about `maxBytes`, at least
   * one where any stands; nothing, and a high watermark of -1, where the log does not reach.
   */
  look(partition: number, offset: bigint, options: LookOptions): Promise<FetchedPartition>;
  /** One record batch, acks=all. */
  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint>;
  close(): Promise<void>;
}
