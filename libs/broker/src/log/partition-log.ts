/** Settings of one log, under Kafka's topic configuration names in camel case. Times in ms, sizes in bytes; -1 is "no bound". */
export interface LogConfig {
  readonly cleanupPolicy: ReadonlySet<'delete' | 'compact'>;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly maxMessageBytes: number;
  readonly deleteRetentionMs: number;
  readonly minCompactionLagMs: number;
  /** Number.MAX_SAFE_INTEGER stands for Kafka's Long.MAX. */
  readonly maxCompactionLagMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly fileDeleteDelayMs: number;
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime';
  readonly messageTimestampBeforeMaxMs: number;
  readonly messageTimestampAfterMaxMs: number;
}

export interface AppendResult {
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  /** ms, or -1 with CreateTime. */
  readonly logAppendTime: bigint;
  readonly logStartOffset: bigint;
  /** Resolves when the bytes are synced (group commit); only when `durable` was asked for, else already resolved. */
  readonly durable: Promise<void>;
}

export interface ReadResult {
  /** Whole record batches as stored, the first one contains or follows the offset asked for. */
  readonly records: Uint8Array;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
}

export interface FoundOffset {
  readonly offset: bigint;
  readonly timestamp: bigint;
}

/**
 * One partition's log on disk in Kafka's segment format. Refusals are `KafkaError`s of @oubliette/protocol with Kafka's code
 * (CORRUPT_MESSAGE, OUT_OF_ORDER_SEQUENCE_NUMBER, OFFSET_OUT_OF_RANGE, MESSAGE_TOO_LARGE, INVALID_TIMESTAMP, KAFKA_STORAGE_ERROR, …).
 */
export interface PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly logStartOffset: bigint;
  /** The offset the next record gets. */
  readonly logEndOffset: bigint;
  readonly highWatermark: bigint;
  readonly sizeBytes: number;
  /**
   * Checks every batch in `records` (length, magic 2, CRC-32C, producer sequence), assigns offsets in place and writes.
   * A duplicate of a producer's recent batch answers with the offset it had. `durable`: acks=all.
   */
  append(records: Uint8Array, options: { readonly durable: boolean }): Promise<AppendResult>;
  read(offset: bigint, maxBytes: number, options: { readonly minOneBatch: boolean }): Promise<ReadResult>;
  /** First record with timestamp >= `timestamp` (ms), or null. */
  findByTimestamp(timestamp: bigint): Promise<FoundOffset | null>;
  maxTimestamp(): FoundOffset | null;
  /** Moves the log start forward (DeleteRecords); returns the new log start. */
  deleteRecordsBefore(offset: bigint): bigint;
  /** Called after each append became readable; returns the unsubscribe. Wakes long polls. */
  onAppend(listener: () => void): () => void;
  configure(config: LogConfig): void;
  /** Flushes, writes its checkpoints and closes its files. */
  close(): Promise<void>;
}

/** All logs of a data directory, with retention and cleaning running on the clock. */
export interface LogManager {
  /** Opens (recovering) every log found on disk; a directory-wide lock is held until `close`. */
  get(topic: string, partition: number): PartitionLog | undefined;
  create(topic: string, partition: number, config: LogConfig): PartitionLog;
  /** Renames to `….<uuid>-delete` at once, unlinks after file.delete.delay.ms. */
  remove(topic: string, partition: number): void;
  all(): Iterable<PartitionLog>;
  close(): Promise<void>;
}
