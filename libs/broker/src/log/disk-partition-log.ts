import { join } from 'node:path/posix';
import { KafkaError, type BatchView } from '@oubliette/protocol';
import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { checkedBatches } from './append-checks.js';
import { Committer, PendingAppend } from './committer.js';
import { findInSegment, newestInSegment, readSegment } from './log-reader.js';
import type { AppendResult, FoundOffset, LogConfig, PartitionLog, ReadResult } from './partition-log.js';
import type { ProducedBatch, ProducerState, ProducerStates } from './producer-states.js';
import { mustRoll } from './roll.js';
import type { SegmentList } from './segment-list.js';
import { Segment } from './segment.js';

const settled = Promise.resolve();
const noBytes = new Uint8Array(0);
const leaderEpoch = 0;

/** What a log is made of; `loadLog` finds it on disk. */
export interface LogParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  readonly config: LogConfig;
  readonly segments: SegmentList;
  readonly producers: ProducerStates;
  readonly logStartOffset: bigint;
  /** Called when the log start was moved by a client: it must outlive a crash. */
  readonly onLogStartMoved: () => void;
}

/**
 * A partition's log. Appends that are not durable are written at once when nothing is on its way; durable ones, and all behind
 * them, go through the committer. The high watermark covers a durable append only once it is synced: what a reader has seen of it
 * survives a power cut.
 */
export class DiskPartitionLog implements PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly segments: SegmentList;
  readonly producers: ProducerStates;
  directory: string;
  config: LogConfig;
  /** Everything below is synced. */
  recoveryPoint: bigint;
  #logStartOffset: bigint;
  #highWatermark: bigint;
  #failure: Error | null = null;
  #closed = false;
  /** Retention or cleaning under way; its caller sees its errors. */
  #maintenance: Promise<void> | null = null;
  readonly #committer: Committer;
  readonly #listeners = new Set<() => void>();

  constructor(private readonly parts: LogParts) {
    this.topic = parts.topic;
    this.partition = parts.partition;
    this.segments = parts.segments;
    this.producers = parts.producers;
    this.directory = parts.directory;
    this.config = parts.config;
    this.#logStartOffset = parts.logStartOffset;
    this.#highWatermark = this.logEndOffset;
    this.recoveryPoint = this.logEndOffset;
    this.#committer = new Committer({
      published: (segment, position, nextOffset) => this.#publish(segment, position, nextOffset),
      broken: (error) => this.#break(error),
      takenBack: (error, appends) =>
        parts.logger.error('appends failed and were taken back', {
          ...this.#name,
          appends,
          cause: error.message,
        }),
    });
  }

  get logStartOffset(): bigint {
    return this.#logStartOffset;
  }

  get logEndOffset(): bigint {
    return this.segments.active.nextOffset;
  }

  get highWatermark(): bigint {
    return this.#highWatermark;
  }

  get sizeBytes(): number {
    return this.segments.sizeBytes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get #name(): { topic: string; partition: number } {
    return { topic: this.topic, partition: this.partition };
  }

  async append(records: Uint8Array, options: { readonly durable: boolean }): Promise<AppendResult> {
    this.#assertUsable();
    const now = this.parts.clock.now();
    const batches = checkedBatches(records, this.config, now);
    const earlier = this.#findDuplicate(batches);
    if (earlier !== null) return this.#answerAgain(earlier, options.durable);
    const stamp = this.config.messageTimestampType === 'LogAppendTime' ? BigInt(now) : null;
    this.#rollIfNeeded(records.length, batches, stamp, now);
    const pending = this.#take(records, batches, stamp, now, options.durable);
    const result = (durable: Promise<void>): AppendResult => ({
      baseOffset: batches[0]?.baseOffset ?? pending.nextOffset,
      lastOffset: pending.nextOffset - 1n,
      logAppendTime: stamp ?? -1n,
      logStartOffset: this.#logStartOffset,
      durable,
    });
    if (!options.durable && !this.#committer.isBusy) {
      this.#writeNow(pending);
      return result(settled);
    }
    this.#committer.enqueue(pending);
    const synced = asStorageError(pending.synced.promise);
    await asStorageError(pending.written.promise);
    return result(options.durable ? synced : settled);
  }

  async read(
    offset: bigint,
    maxBytes: number,
    options: { readonly minOneBatch: boolean },
  ): Promise<ReadResult> {
    this.#assertOpen();
    if (offset < this.#logStartOffset || offset > this.logEndOffset) {
      throw new KafkaError(
        'OFFSET_OUT_OF_RANGE',
        `offset ${offset} is outside ${this.#logStartOffset} to ${this.logEndOffset}`,
      );
    }
    const highWatermark = this.#highWatermark;
    let records: Uint8Array | null = null;
    let segment: Segment | undefined = this.segments.floor(offset);
    while (records === null && segment !== undefined && offset < highWatermark) {
      const from: Segment = segment;
      records = await from.whileOpen(() =>
        readSegment(from, offset, maxBytes, options.minOneBatch, this.config.indexIntervalBytes),
      );
      segment = this.segments.above(from.baseOffset);
    }
    return {
      records: records ?? noBytes,
      highWatermark: this.#highWatermark,
      lastStableOffset: this.#highWatermark,
      logStartOffset: this.#logStartOffset,
    };
  }

  async findByTimestamp(timestamp: bigint): Promise<FoundOffset | null> {
    this.#assertOpen();
    for (const segment of this.segments.all) {
      if (segment.maxTimestamp < timestamp || segment.nextOffset <= this.#logStartOffset) continue;
      const found = await segment.whileOpen(() => findInSegment(segment, timestamp, this.#logStartOffset));
      if (found !== null) return found;
    }
    return null;
  }

  maxTimestamp(): FoundOffset | null {
    this.#assertOpen();
    let newest: Segment | null = null;
    for (const segment of this.segments.all) {
      if (segment.readableBytes > 0 && (newest === null || segment.maxTimestamp > newest.maxTimestamp)) {
        newest = segment;
      }
    }
    return newest === null ? null : newestInSegment(newest);
  }

  deleteRecordsBefore(offset: bigint): bigint {
    this.#assertUsable();
    if (offset < 0n || offset > this.#highWatermark) {
      throw new KafkaError('OFFSET_OUT_OF_RANGE', `offset ${offset} is above ${this.#highWatermark}`);
    }
    if (offset > this.#logStartOffset) {
      this.#logStartOffset = offset;
      this.parts.onLogStartMoved();
    }
    return this.#logStartOffset;
  }

  /** Moves the log start behind segments that retention removed. */
  raiseLogStart(offset: bigint): void {
    if (offset > this.#logStartOffset) this.#logStartOffset = offset;
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  configure(config: LogConfig): void {
    this.config = config;
  }

  /** Seals the active segment and opens the next; throws KafkaError KAFKA_STORAGE_ERROR when that fails. */
  roll(nowMs: number): void {
    const sealed = this.segments.active;
    const opened = this.#storage(() =>
      Segment.create(this.parts.disk, this.directory, sealed.nextOffset, nowMs),
    );
    this.segments.push(opened);
    this.#committer.enqueue({
      kind: 'roll',
      seal: async () => {
        await sealed.whileOpen(() => sealed.file.sync());
        sealed.writeIndexes();
        this.parts.disk.syncDirectorySync(this.directory);
        this.recoveryPoint = opened.baseOffset;
      },
      undo: () => {
        this.segments.pop();
        opened.removeFiles();
      },
    });
  }

  /** Runs retention or cleaning, one at a time; resolves to null, without running it, while another is under way. */
  async maintain<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#maintenance !== null) return null;
    const running = work();
    this.#maintenance = running.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await running;
    } finally {
      this.#maintenance = null;
    }
  }

  /** Resolves when everything appended so far is written or refused. */
  settle(): Promise<void> {
    return this.#committer.idle();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#committer.idle();
    if (this.#failure === null) {
      const { active } = this.segments;
      await asStorageError(active.file.sync());
      this.#storage(() => active.writeIndexes());
      this.recoveryPoint = this.logEndOffset;
    }
    for (const segment of this.segments.all) segment.close();
  }

  /** Ends the log without a flush: its directory is about to go. Resolves when its files are closed. */
  async abandon(): Promise<void> {
    this.#closed = true;
    for (const listener of this.#listeners) listener();
    await this.#maintenance;
    await this.#committer.idle();
    for (const segment of this.segments.all) segment.close();
  }

  #findDuplicate(batches: readonly BatchView[]): ProducedBatch | null {
    for (const batch of batches) {
      const earlier = batch.producerId >= 0n ? this.producers.check(batch) : null;
      if (earlier !== null) return earlier;
    }
    return null;
  }

  async #answerAgain(earlier: ProducedBatch, durable: boolean): Promise<AppendResult> {
    const { active } = this.segments;
    const wait = new PendingAppend(
      active,
      noBytes,
      active.sizeBytes,
      this.logEndOffset,
      durable,
      () => undefined,
    );
    if (durable || earlier.lastOffset >= this.#highWatermark) this.#committer.enqueue(wait);
    else wait.written.resolve();
    const synced = asStorageError(wait.synced.promise);
    await asStorageError(wait.written.promise);
    return {
      baseOffset: earlier.baseOffset,
      lastOffset: earlier.lastOffset,
      logAppendTime: this.config.messageTimestampType === 'LogAppendTime' ? earlier.timestamp : -1n,
      logStartOffset: this.#logStartOffset,
      durable: durable ? synced : settled,
    };
  }

  #rollIfNeeded(bytes: number, batches: readonly BatchView[], stamp: bigint | null, now: number): void {
    let newest = -1n;
    let records = 0;
    for (const batch of batches) {
      if (batch.maxTimestamp > newest) newest = batch.maxTimestamp;
      records += batch.lastOffsetDelta + 1;
    }
    const lastOffset = this.logEndOffset + BigInt(records) - 1n;
    const incoming = { bytes, newestTimestamp: stamp ?? newest, lastOffset };
    if (mustRoll(this.segments.active, incoming, this.config, now)) this.roll(now);
  }

  /** Gives the batches their offsets and enters them in segment, indexes and producer states. */
  #take(
    records: Uint8Array,
    batches: readonly BatchView[],
    stamp: bigint | null,
    now: number,
    durable: boolean,
  ): PendingAppend {
    const { active } = this.segments;
    const mark = active.mark();
    const producersBefore: (readonly [bigint, ProducerState | undefined])[] = [];
    for (const batch of batches) {
      batch.setBaseOffset(active.nextOffset);
      batch.setLeaderEpoch(leaderEpoch);
      if (stamp !== null) batch.setLogAppendTime(stamp);
      active.add(batch, this.config.indexIntervalBytes);
      if (batch.producerId >= 0n) producersBefore.push([batch.producerId, this.producers.add(batch, now)]);
    }
    active.lastWriteMs = now;
    return new PendingAppend(active, records, mark.sizeBytes, active.nextOffset, durable, () => {
      active.restore(mark);
      for (const [producerId, state] of producersBefore.reverse()) this.producers.restore(producerId, state);
    });
  }

  #writeNow(pending: PendingAppend): void {
    const { segment, bytes, position } = pending;
    try {
      segment.file.writeSync([bytes], position);
    } catch (error) {
      try {
        pending.undo();
      } catch (cause) {
        this.#break(asError(cause));
      }
      throw storageError(asError(error));
    }
    this.#publish(segment, segment.sizeBytes, pending.nextOffset);
  }

  #publish(segment: Segment, position: number, nextOffset: bigint): void {
    segment.readableBytes = position;
    this.#highWatermark = nextOffset;
    for (const listener of this.#listeners) listener();
  }

  #break(error: Error): void {
    this.#failure = error;
    this.parts.logger.error('the log takes no more appends until a restart: the disk failed', {
      ...this.#name,
      directory: join(this.directory),
      cause: error.message,
    });
  }

  #assertOpen(): void {
    if (this.#closed) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', 'the log is closed');
  }

  #assertUsable(): void {
    this.#assertOpen();
    if (this.#failure !== null) throw storageError(this.#failure);
  }

  #storage<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError(asError(error));
    }
  }
}

function storageError(cause: Error): KafkaError {
  return cause instanceof KafkaError
    ? cause
    : new KafkaError('KAFKA_STORAGE_ERROR', cause.message, { cause });
}

function asStorageError(work: Promise<void>): Promise<void> {
  const translated = work.catch((error: unknown) => {
    throw storageError(asError(error));
  });
  translated.catch(() => undefined); // its owner awaits it; see Deferred
  return translated;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
