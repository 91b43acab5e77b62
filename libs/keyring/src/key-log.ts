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
   * Replays every partition from its start to the high watermark at the time of the call, then follows it.
   * `onRecords` is called in offset order per partition, synchronously applied before later calls. Resolves when the replay has reached the high watermark.
   */
  follow(onRecords: (records: readonly StoredKeyLogRecord[]) => void): Promise<void>;
  /** Resolves when `onRecords` has been given everything of `partition` up to and including `offset`. */
  reached(partition: number, offset: bigint): Promise<void>;
  /** Resolves when `onRecords` has been given everything that stood in `partition` when this was called: a read barrier. */
  caughtUp(partition: number): Promise<void>;
  close(): Promise<void>;
}
