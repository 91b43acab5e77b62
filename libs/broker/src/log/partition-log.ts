/** Settings of one log, under Kafka's topic configuration names in camel case. Times in ms, sizes in bytes; -1 is "no bound". */
export interface LogConfig {
  readonly cleanupPolicy: ReadonlySet<'delete' | 'compact'>;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  /** A segment rolls up to that much earlier, by chance, so that many logs do not roll at once. */
  readonly segmentJitterMs: number;
  /** Records after which the log is synced even where no client asked for it; Number.MAX_SAFE_INTEGER stands for Long.MAX. */
  readonly flushMessages: number;
  /** flush.ms */
  readonly flushMs: number;
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
  /** `producer` keeps what was sent; every other value re-compresses what came otherwise. */
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** 1 to 9; -1 is zlib's default. */
  readonly compressionGzipLevel: number;
  /** 1 to 17 */
  readonly compressionLz4Level: number;
  /** -131072 to 22 */
  readonly compressionZstdLevel: number;
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
  /** Those that overlap what was read, for the reader to leave out; null when it did not ask for committed records only. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
}

/** What a fetch with isolation level read_committed learns of a transaction that was given up. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  /** The offset of its first record. */
  readonly firstOffset: bigint;
}

export interface ReadOptions {
  /** Answer one whole batch even when it is larger than asked for (KIP-74). */
  readonly minOneBatch: boolean;
  /** What is left of the bytes asked for holds the beginning of the next batch, as in Kafka's answers; default whole batches alone. */
  readonly mayCut?: boolean;
  /** `committed` stops at the last stable offset and names aborted transactions. */
  readonly isolation: 'uncommitted' | 'committed';
  /** Where the answer's bytes come from; they stay the caller's. Default new ones. */
  readonly allocate?: (bytes: number) => Buffer;
}

/** The end of a producer's transaction, as its coordinator tells each partition (Kafka's EndTransactionMarker). */
export interface TransactionMarker {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly result: 'commit' | 'abort';
}

/** What the log knows of a producer (DescribeProducers). */
export interface ProducerDescription {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Sequence of its last record, -1 when only a marker is known. */
  readonly lastSequence: number;
  /** Timestamp (ms) of its last batch or marker. */
  readonly lastTimestamp: bigint;
  /** -1 without a marker so far. */
  readonly coordinatorEpoch: number;
  /** First offset of its open transaction, -1 without one. */
  readonly currentTxnStartOffset: bigint;
}

/** Where an epoch ends, both -1 when nothing is known (Kafka's EpochEndOffset). */
export interface EpochEnd {
  readonly leaderEpoch: number;
  readonly endOffset: bigint;
}

export interface FoundOffset {
  readonly offset: bigint;
  readonly timestamp: bigint;
  /** The epoch of the batch that holds the record. */
  readonly leaderEpoch: number;
}

/**
 * One partition's log on disk in Kafka's segment format. Refusals are `KafkaError`s of @oubliette/protocol with Kafka's code
 * (CORRUPT_MESSAGE, OUT_OF_ORDER_SEQUENCE_NUMBER, OFFSET_OUT_OF_RANGE, MESSAGE_TOO_LARGE, INVALID_TIMESTAMP, KAFKA_STORAGE_ERROR, …).
 */
export interface PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly config: LogConfig;
  readonly logStartOffset: bigint;
  /** The offset the next record gets. */
  readonly logEndOffset: bigint;
  readonly highWatermark: bigint;
  /** Every transaction below is decided: the first open one's start or, without one, the high watermark. */
  readonly lastStableOffset: bigint;
  readonly sizeBytes: number;
  /** The epoch in which this broker leads the partition; each start raises it by 2, as that of a single node of Kafka does. */
  readonly leaderEpoch: number;
  /** The epoch of the first record, or the one in force of a log without any; null when that is not known. */
  readonly earliestEpoch: number | null;
  /**
   * Checks every batch in `records` (length, magic 2, CRC-32C, producer sequence), assigns offsets in place and writes.
   * A duplicate of a producer's recent batch answers with the offset it had. `durable`: acks=all.
   */
  append(records: Uint8Array, options: { readonly durable: boolean }): Promise<AppendResult>;
  /**
   * Ends a producer's transaction with a control batch. Refuses INVALID_PRODUCER_EPOCH for an older epoch than the producer's,
   * TRANSACTION_COORDINATOR_FENCED for an older epoch of the coordinator than the last marker's.
   */
  appendMarker(marker: TransactionMarker): Promise<AppendResult>;
  read(offset: bigint, maxBytes: number, options: ReadOptions): Promise<ReadResult>;
  /** First record with timestamp >= `timestamp` (ms), or null; open transactions count too: compare with the last stable offset. */
  findByTimestamp(timestamp: bigint): Promise<FoundOffset | null>;
  /** First record with the highest timestamp (KIP-734), or null. */
  maxTimestamp(): Promise<FoundOffset | null>;
  /** Producers that the log knows, in no particular order. */
  activeProducers(): readonly ProducerDescription[];
  /** Where the last known epoch up to the one asked for ends (LeaderEpochFileCache.endOffsetFor). */
  epochEnd(leaderEpoch: number): EpochEnd;
  /**
   * Moves the log start forward (DeleteRecords) and returns it. At once and in memory, as UnifiedLog.maybeIncrementLogStartOffset does: a
   * crash within log.flush.start.offset.checkpoint.interval.ms brings back what segments still hold, and a full disk refuses nothing.
   * Throws KafkaError OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR for a log whose disk failed.
   */
  deleteRecordsBefore(offset: bigint): bigint;
  /** Called after each append became readable, with its bytes; returns the unsubscribe. Wakes long polls. */
  onAppend(listener: (bytes: number) => void): () => void;
  configure(config: LogConfig): void;
  /** Flushes, writes its checkpoints and closes its files. */
  close(): Promise<void>;
}

/** All logs of a data directory, with retention and cleaning running on the clock. */
export interface LogManager {
  /** Opens (recovering) every log found on disk; a directory-wide lock is held until `close`. */
  get(topic: string, partition: number): PartitionLog | undefined;
  create(topic: string, partition: number, config: LogConfig): PartitionLog;
  /**
   * Renames to `….<uuid>-delete`, many after each other without holding others up; unlinks after log.segment.delete.delay.ms. Rejects
   * with KafkaError KAFKA_STORAGE_ERROR.
   */
  remove(topic: string, partitions: readonly number[]): Promise<void>;
  all(): Iterable<PartitionLog>;
  /** Logs that could not be cleaned once and keep what they should have forgotten, until a restart (LogCleanerManager). */
  readonly uncleanable: readonly PartitionLog[];
  /** A setting of the cleaner was changed: it looks at once and goes on with what is set now (LogCleaner.reconfigure). */
  cleanerChanged(): void;
  close(): Promise<void>;
}
