import { dirname } from 'node:path/posix';
import { Committer, PendingAppend, type TakenAppend } from './committer.js';
import { enterBatches, type CheckedAppend } from './enter-batches.js';
import type { LogParts } from './log-parts.js';
import type { AppendResult } from './partition-log.js';
import type { ProducedBatch } from './producer-states.js';
import { mustRoll } from './roll.js';
import { Segment } from './segment.js';
import { SegmentSealer } from './segment-sealer.js';
import { asError, asStorageError, isOutOfFiles, onStorage, storageError } from './storage-error.js';

const settled = Promise.resolve();
const noBytes = new Uint8Array(0);
const noTimestamp = -1n;

/** The log that is written to; what may change while it lives is read anew each time. */
export interface WrittenLog extends LogParts {
  readonly logEndOffset: bigint;
  /** Whether its directory is about to go. */
  readonly isDeleted: boolean;
  /** All records below may be read from now on, so many bytes more than before. */
  published(highWatermark: bigint, bytes: number): void;
}

/**
 * The writing side of a log. Appends that are not durable are written at once when nothing is on its way; durable ones, and all
 * behind them, go through the committer. The high watermark moves with the write, as that of Kafka's only replica does: who was
 * answered finds the record, and a reader may have seen what a power cut takes back, as long as no `acks=all` was answered for it.
 * Where `flush.messages` asks for a sync it moves behind that, as in UnifiedLog.append.
 */
export class LogWriter {
  highWatermark: bigint;
  /** When records were synced last, or the log was opened, wall-clock ms. */
  lastFlushMs: number;
  /** Up to here records, indexes and what else is made from them are on disk. */
  #sealedBelow: bigint;
  /** Up to here the records are. */
  #syncedBelow: bigint;
  #failure: Error | null = null;
  /** Up to here nothing waits for a sync: what may be shown when one fails. */
  #settledBelow: bigint;
  /** Whether the names of the log's directory and first files survive a power cut; no record stands in it before. */
  #isNamed: boolean;
  /** Whether the leader epoch of this life is on its way to its file; no record of it stands in the log before. */
  #isEpochNoted = false;
  /** Records appended since the last sync that somebody asked for. */
  #unsynced = 0n;
  readonly #committer: Committer;
  readonly #sealer: SegmentSealer;

  constructor(private readonly log: WrittenLog) {
    this.#sealer = new SegmentSealer(log, {
      sealed: (endOffset) => {
        this.#sealedBelow = endOffset;
      },
      broken: (error) => this.#committer.fail(error),
    });
    this.highWatermark = log.logEndOffset;
    this.#syncedBelow = log.logEndOffset;
    this.#settledBelow = log.logEndOffset;
    const { active, all } = log.segments;
    const unfinished = all.filter((segment) => segment !== active && segment.isTransactionIndexDue);
    for (const segment of unfinished) this.#sealer.resume(segment);
    this.#sealedBelow = unfinished[0]?.baseOffset ?? log.logEndOffset;
    this.lastFlushMs = log.clock.now();
    this.#isNamed = log.logEndOffset > 0n;
    const { topic, partition, logger } = log;
    this.#committer = new Committer({
      published: (segment, position, nextOffset) => this.#publish(segment, position, nextOffset),
      earlierSynced: () => this.#sealer.syncing,
      synced: (nextOffset) => this.#synced(nextOffset),
      settled: (nextOffset) => {
        this.#settledBelow = nextOffset;
      },
      broken: (error) => this.#break(error),
      takenBack: (error, appends) =>
        logger.error('appends failed and were taken back', {
          topic,
          partition,
          appends,
          cause: error.message,
        }),
    });
  }

  /**
   * Everything below is synced, and a start needs no more than the log file to know all of it: where indexes or epochs could not be
   * written it stays behind.
   */
  get recoveryPoint(): bigint {
    const { leaderEpochs } = this.log;
    if (leaderEpochs.isDue(this.#sealedBelow)) return 0n;
    const isWhole = this.#sealer.isFinished && !leaderEpochs.isDue(this.#syncedBelow);
    return isWhole && this.#syncedBelow > this.#sealedBelow ? this.#syncedBelow : this.#sealedBelow;
  }

  /** Throws KafkaError KAFKA_STORAGE_ERROR when nothing can be trusted to reach the disk any more. */
  assertUsable(): void {
    if (this.#failure !== null) throw storageError(this.#failure);
  }

  get isBroken(): boolean {
    return this.#failure !== null;
  }

  /** Resolves when everything appended so far is written or refused, and sealed segments are on disk. */
  async idle(): Promise<void> {
    await this.#committer.idle();
    await this.#sealer.idle();
  }

  /**
   * Rolls where the batches do not fit. As in UnifiedLog.append this comes before the look at their producers: a retry, or what is
   * refused then, rolls too. Throws KAFKA_STORAGE_ERROR.
   */
  rollIfNeeded({ records, batches, stamp, nowMs }: CheckedAppend): void {
    const { segments, config, logEndOffset } = this.log;
    let newest = noTimestamp;
    let count = 0;
    for (const batch of batches) {
      if (batch.maxTimestamp > newest) newest = batch.maxTimestamp;
      count += batch.lastOffsetDelta + 1;
    }
    const lastOffset = logEndOffset + BigInt(count) - 1n;
    const incoming = { bytes: records.length, newestTimestamp: stamp ?? newest, lastOffset };
    const jitterMs = this.log.rollJitter.of(segments.active, config);
    if (mustRoll(segments.active, incoming, config, nowMs, jitterMs)) this.roll(nowMs);
  }

  /** Resolves when the batches are written; what the answer holds in `durable`, when they are synced. */
  async append(asked: CheckedAppend): Promise<AppendResult> {
    const isFlushDue = this.#isFlushDue(asked);
    const { batches, stamp } = asked;
    const durable = asked.durable || isFlushDue;
    if (!this.#isNamed) this.#name();
    if (!this.#isEpochNoted) this.noteEpochs();
    const taken = enterBatches(this.log, asked);
    const result = (synced: Promise<void>): AppendResult => ({
      baseOffset: batches[0]?.baseOffset ?? taken.nextOffset,
      lastOffset: taken.nextOffset - 1n,
      logAppendTime: stamp ?? noTimestamp,
      logStartOffset: this.log.logStartOffset,
      durable: synced,
    });
    if (!durable && !this.#committer.isBusy) {
      this.#writeNow(taken);
      return result(settled);
    }
    const pending = new PendingAppend(taken, durable, isFlushDue);
    this.#committer.enqueue(pending);
    const synced = asStorageError(pending.synced.promise);
    await asStorageError(pending.written.promise);
    return result(durable ? synced : settled);
  }

  /** `flush.messages`: whether so many records wait for a sync that, as in UnifiedLog.append, the answer and the readers wait for it. */
  #isFlushDue({ batches, durable }: CheckedAppend): boolean {
    for (const batch of batches) this.#unsynced += BigInt(batch.lastOffsetDelta + 1);
    const isDue = this.#unsynced >= this.log.config.flushMessages;
    if (isDue || durable) this.#unsynced = 0n;
    return isDue;
  }

  /** Syncs everything appended so far, where that is not done (UnifiedLog.flush). Throws KAFKA_STORAGE_ERROR. */
  async flush(): Promise<void> {
    if (this.#syncedBelow >= this.log.logEndOffset) return;
    this.#unsynced = 0n;
    const wait = this.#nothing(true);
    this.#committer.enqueue(wait);
    await asStorageError(wait.synced.promise);
  }

  /** Answers a retry as its first try was answered, once that is written, or synced. */
  async answerAgain(earlier: ProducedBatch, durable: boolean): Promise<AppendResult> {
    const wait = this.#nothing(durable);
    if (durable || earlier.lastOffset >= this.highWatermark) this.#committer.enqueue(wait);
    else wait.written.resolve();
    const synced = asStorageError(wait.synced.promise);
    await asStorageError(wait.written.promise);
    return {
      baseOffset: earlier.baseOffset,
      lastOffset: earlier.lastOffset,
      // With CreateTime too (UnifiedLog.append for a duplicate).
      logAppendTime: earlier.timestamp,
      logStartOffset: this.log.logStartOffset,
      durable: durable ? synced : settled,
    };
  }

  /**
   * Seals the active segment and opens the next; throws KafkaError KAFKA_STORAGE_ERROR when that fails. Only who waits for a sync waits
   * for that of the sealed segment.
   */
  roll(nowMs: number): void {
    const { segments, disk, directory, snapshots, producers } = this.log;
    const segment = segments.active;
    const endOffset = segment.nextOffset;
    const opened = onStorage(() => new Segment(disk, directory, endOffset, nowMs));
    segments.push(opened);
    const snapshot = snapshots.take(endOffset, producers.all);
    const seal = (): void => this.#sealer.begin({ segment, snapshot, endOffset });
    if (!this.#committer.isBusy) return seal();
    this.#committer.enqueue({
      kind: 'step',
      run: async () => seal(),
      undo: () => {
        segments.pop();
        opened.removeFiles();
        // What is appended to the earlier segment from now on must not be found beside this one after a crash.
        disk.syncDirectorySync(this.log.directory);
      },
    });
  }

  /** Syncs what is written and leaves indexes and a snapshot beside it; nothing may be on its way. Throws KAFKA_STORAGE_ERROR. */
  async close(): Promise<void> {
    // What is on disk is unknown: no start may take this for a clean stop.
    this.assertUsable();
    const { segments, snapshots, producers, leaderEpochs, directory, logEndOffset } = this.log;
    await asStorageError(segments.active.sync());
    await asStorageError(this.#sealer.finish());
    await asStorageError(segments.active.storeIndexes());
    onStorage(() => segments.active.storeTransactionIndex());
    const snapshot = snapshots.take(logEndOffset, producers.all);
    if (snapshot !== null) await asStorageError(snapshots.write(directory, snapshot));
    await asStorageError(leaderEpochs.store(directory, logEndOffset));
    this.#sealedBelow = logEndOffset;
  }

  /** Writes the leader epochs, that of the next record too, before what is appended from now on. */
  noteEpochs(): void {
    this.#isEpochNoted = true;
    const { leaderEpochs, directory, logEndOffset, topic, partition, logger } = this.log;
    if (!leaderEpochs.isDue(logEndOffset + 1n)) return;
    const warn = (error: unknown): void => {
      if (this.log.isDeleted) return;
      logger.warn('the leader epochs of a log could not be written; its next roll tries again', {
        topic,
        partition,
        cause: asError(error).message,
      });
    };
    this.#committer.enqueue({
      kind: 'step',
      run: () => leaderEpochs.store(directory, logEndOffset + 1n).catch(warn),
      undo: () => {
        this.#isEpochNoted = false;
      },
    });
  }

  /** Making a log syncs nothing, so that a topic of many partitions does not hold up the broker: its first append does. */
  #name(): void {
    this.#isNamed = true;
    const { disk, directory } = this.log;
    this.#committer.enqueue({
      kind: 'step',
      run: async () => {
        await disk.syncDirectory(directory);
        await disk.syncDirectory(dirname(directory));
      },
      // No record stands in the log before it has its names.
      changedNothing: isOutOfFiles,
      undo: () => {
        this.#isNamed = false;
      },
    });
  }

  /** An append of nothing: it waits for all that stand before it. */
  #nothing(durable: boolean): PendingAppend {
    const { segments, logEndOffset: nextOffset } = this.log;
    const { active: segment } = segments;
    const place = { segment, bytes: noBytes, position: segment.sizeBytes, nextOffset };
    return new PendingAppend({ ...place, undo: () => undefined }, durable);
  }

  #synced(nextOffset: bigint): void {
    this.#syncedBelow = nextOffset;
    this.lastFlushMs = this.log.clock.now();
  }

  #writeNow({ segment, bytes, position, nextOffset, undo }: TakenAppend): void {
    try {
      segment.file.writeSync([bytes], position);
    } catch (error) {
      try {
        undo();
      } catch (cause) {
        this.#break(asError(cause));
      }
      throw storageError(asError(error));
    }
    this.#publish(segment, segment.sizeBytes, nextOffset);
    this.#settledBelow = nextOffset;
  }

  #publish(segment: Segment, position: number, nextOffset: bigint): void {
    const bytes = position - segment.readableBytes;
    segment.readableBytes = position;
    this.highWatermark = nextOffset;
    this.log.published(nextOffset, bytes);
  }

  #break(error: Error): void {
    this.#failure = error;
    // Who asked for the sync is refused, and nobody is shown what the next start may not find.
    this.highWatermark = this.#settledBelow;
    const { topic, partition, directory, logger } = this.log;
    logger.error('the log takes no more appends until a restart: the disk failed', {
      topic,
      partition,
      directory,
      cause: error.message,
    });
  }
}
