/** One record of the key topic. `key` is `userRef#kid`, `userRef`, or a name that starts with `!` (deployment, nudge). */
export interface KeyLogRecord {
  readonly key: Uint8Array;
  /** null is a tombstone. */
  readonly value: Uint8Array | null;
}

/** A record as it stands in the log. */
export interface StoredKeyLogRecord extends KeyLogRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** The log's append time in ms since the Unix epoch. */
  readonly timestamp: number;
}

/** A moment on both clocks, ms: the wall clock may be set, the monotonic one stops while the machine sleeps. */
export interface HeardAt {
  /** Since the Unix epoch. */
  readonly wall: number;
  readonly monotonic: number;
}

/** Whom a key log is given to. Called synchronously, in offset order per partition; must not throw. */
export interface KeyLogListener {
  /** Keys and values are views of what was received: valid during the call only, copy what is to be kept. */
  records(records: readonly StoredKeyLogRecord[]): void;
  /**
   * What was given of this partition counts no more, tombstones may have been missed: it is given anew from its start.
   * `replayed` follows when that is done.
   */
  restarted(partition: number): void;
  /** The partition was given up to the high watermark that stood when its replay began: at first, or after `restarted`. */
  replayed(partition: number): void;
}

/** Most offsets that one `read` takes. */
export const MAX_READ_OFFSETS = 1000;

/**
 * The ordered, compacted log that user keys live in: the key topic, or a simulated twin.
 * Every record of one user goes to the same partition.
 */
export interface KeyLog {
  readonly partitionCount: number;
  /**
   * Appends the records as ONE record batch to one partition, acknowledged by all in-sync replicas (acks=all, synced).
   * Resolves to the offset of the first. Rejects with a retriable error when the log cannot be reached.
   */
  append(partition: number, records: readonly KeyLogRecord[]): Promise<bigint>;
  /**
   * Replays every partition from its start to the high watermark at the time of the call, then follows it. Resolves when
   * all partitions were replayed.
   */
  follow(listener: KeyLogListener): Promise<void>;
  /**
   * The latest moment of which it is known that everything that stood in the partition then was given: when the request
   * was sent whose answer reached the high watermark, never later. null before the first replay ends and during another.
   */
  heard(partition: number): HeardAt | null;
  /** Resolves when the listener was given everything of `partition` up to and including `offset`. */
  reached(partition: number, offset: bigint): Promise<void>;
  /** Resolves when the listener was given everything that stood in `partition` when this was called: a read barrier. */
  caughtUp(partition: number): Promise<void>;
  /**
   * Records again, in the order asked for; null where none stands (any more). Their bytes are the caller's. Rejects with a
   * `RangeError` above `MAX_READ_OFFSETS`, with a retriable error when the log cannot be reached.
   */
  read(partition: number, offsets: readonly bigint[]): Promise<readonly (StoredKeyLogRecord | null)[]>;
  /**
   * Everything that stands in the partition from its start to the high watermark at the time of the call, followed or not, a part at a
   * time. Keys and values are valid until the next is asked for. Throws a retriable error when the log cannot be reached.
   */
  records(partition: number): AsyncIterable<StoredKeyLogRecord>;
  close(): Promise<void>;
}
