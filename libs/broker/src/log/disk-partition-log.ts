import { BatchView, KafkaError } from '@oubliette/protocol';
import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { validateAppend, type ValidatedAppend } from './append-checks.js';
import { encodeMarker } from './end-transaction-marker.js';
import type { LargeAppends } from './large-appends.js';
import type { LeaderEpochs } from './leader-epochs.js';
import type { LogParts } from './log-parts.js';
import { findByTimestamp, findMaxTimestamp, readLog } from './log-view.js';
import { LogWriter } from './log-writer.js';
import type {
  AppendResult,
  EpochEnd,
  FoundOffset,
  LogConfig,
  PartitionLog,
  ProducerDescription,
  ReadOptions,
  ReadResult,
  TransactionMarker,
} from './partition-log.js';
import type { ProducerSnapshots } from './producer-snapshots.js';
import type { ProducedBatch, ProducerStates } from './producer-states.js';
import type { RollJitter } from './roll.js';
import type { SegmentList } from './segment-list.js';
import type { Segment } from './segment.js';
import { onStorage } from './storage-error.js';

/** A partition's log: offsets and lifetime are kept here, writing in `LogWriter`, reading in `log-view`. */
export class DiskPartitionLog implements PartitionLog {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topic: string;
  readonly partition: number;
  readonly rollJitter: RollJitter;
  readonly segments: SegmentList;
  readonly producers: ProducerStates;
  readonly snapshots: ProducerSnapshots;
  readonly leaderEpochs: LeaderEpochs;
  readonly leaderEpoch: number;
  directory: string;
  config: LogConfig;
  #logStartOffset: bigint;
  #closed = false;
  #isDeleted = false;
  /** Retention or cleaning under way; its caller sees its errors. */
  #maintenance: Promise<void> | null = null;
  /** The last append while one before it is being checked; nobody passes it. */
  #tail: Promise<void> | null = null;
  readonly #largeAppends: LargeAppends;
  readonly #writer: LogWriter;
  readonly #listeners = new Set<(bytes: number) => void>();

  /** Throws KafkaError KAFKA_STORAGE_ERROR when the leader epoch cannot be noted. */
  constructor(parts: LogParts, largeAppends: LargeAppends) {
    this.disk = parts.disk;
    this.clock = parts.clock;
    this.logger = parts.logger;
    this.topic = parts.topic;
    this.partition = parts.partition;
    this.rollJitter = parts.rollJitter;
    this.segments = parts.segments;
    this.producers = parts.producers;
    this.snapshots = parts.snapshots;
    this.leaderEpochs = parts.leaderEpochs;
    this.leaderEpoch = parts.leaderEpoch;
    this.directory = parts.directory;
    this.config = parts.config;
    this.#logStartOffset = parts.logStartOffset;
    this.#largeAppends = largeAppends;
    this.#writer = new LogWriter(this);
    this.producers.transactions.settleBelow(this.logEndOffset);
    this.#noteLeaderEpoch();
  }

  /** The file hears of the epoch once a record of it is synced: a thousand logs do not write theirs at each start. */
  #noteLeaderEpoch(): void {
    const { leaderEpochs, directory, logEndOffset } = this;
    const isNew = leaderEpochs.latest === null && logEndOffset === 0n;
    leaderEpochs.assign(this.leaderEpoch, logEndOffset);
    if (isNew) onStorage(() => leaderEpochs.writeFirst(directory));
  }

  get logStartOffset(): bigint {
    return this.#logStartOffset;
  }

  get logEndOffset(): bigint {
    return this.segments.active.nextOffset;
  }

  get highWatermark(): bigint {
    return this.#writer.highWatermark;
  }

  get lastStableOffset(): bigint {
    const { highWatermark } = this.#writer;
    const unstable = this.producers.transactions.firstUnstableOffset;
    if (unstable === null || unstable >= highWatermark) return highWatermark;
    return unstable > this.#logStartOffset ? unstable : this.#logStartOffset;
  }

  /** Everything below is synced. */
  get recoveryPoint(): bigint {
    return this.#writer.recoveryPoint;
  }

  /** When everything appended until then was synced last, wall-clock ms; at first, when the log was opened. */
  get lastFlushMs(): number {
    return this.#writer.lastFlushMs;
  }

  get sizeBytes(): number {
    return this.segments.sizeBytes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether its directory has the name of one that is about to go: nothing of it needs to reach the disk. */
  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  async append(records: Uint8Array, options: { readonly durable: boolean }): Promise<AppendResult> {
    if (this.#tail !== null)
      return this.#inOrder(
        this.#tail.then(() => this.#check(records)),
        options,
      );
    const checked = this.#check(records);
    return checked instanceof Promise ? this.#inOrder(checked, options) : this.#enter(checked, options);
  }

  /** The checks of a large batch take time. Those that come behind it wait, as for Kafka's lock of the log. */
  #inOrder(checked: Promise<ValidatedAppend>, options: { readonly durable: boolean }): Promise<AppendResult> {
    const appended = checked.then((append) => {
      this.#assertUsable();
      return this.#enter(append, options);
    });
    const settled = (): void => {
      if (this.#tail === tail) this.#tail = null;
    };
    const tail: Promise<void> = appended.then(settled, settled);
    this.#tail = tail;
    return appended;
  }

  #check(records: Uint8Array): ValidatedAppend | Promise<ValidatedAppend> {
    this.#assertUsable();
    const { topic, partition, config } = this;
    const context = { topic, partition, config, nowMs: this.clock.now() };
    return this.#largeAppends.run(validateAppend(records, context));
  }

  #enter(checked: ValidatedAppend, options: { readonly durable: boolean }): Promise<AppendResult> {
    const nowMs = this.clock.now();
    const append = { ...checked, stamp: this.#stamp(nowMs), nowMs, ...options };
    this.#writer.rollIfNeeded(append);
    const earlier = this.#findDuplicate(checked.batches);
    return earlier === null
      ? this.#writer.append(append)
      : this.#writer.answerAgain(earlier, options.durable);
  }

  async appendMarker(marker: TransactionMarker): Promise<AppendResult> {
    this.#assertUsable();
    const nowMs = this.clock.now();
    const records = encodeMarker(marker, nowMs);
    const batches = [new BatchView(records)];
    const append = { records, batches, stamp: this.#stamp(nowMs), nowMs, durable: true };
    this.#writer.rollIfNeeded(append);
    this.producers.checkMarker(marker);
    return this.#writer.append(append);
  }

  async read(offset: bigint, maxBytes: number, options: ReadOptions): Promise<ReadResult> {
    this.#assertOpen();
    return readLog(this, offset, maxBytes, options);
  }

  async findByTimestamp(timestamp: bigint): Promise<FoundOffset | null> {
    this.#assertOpen();
    return findByTimestamp(this, timestamp, this.#largeAppends);
  }

  async maxTimestamp(): Promise<FoundOffset | null> {
    this.#assertOpen();
    return findMaxTimestamp(this, this.#largeAppends);
  }

  activeProducers(): readonly ProducerDescription[] {
    return this.producers.describe();
  }

  get earliestEpoch(): number | null {
    return this.leaderEpochs.epochAt(this.#logStartOffset);
  }

  epochEnd(epoch: number): EpochEnd {
    return this.leaderEpochs.endOf(epoch, this.logEndOffset);
  }

  deleteRecordsBefore(offset: bigint): bigint {
    this.#assertUsable();
    if (offset < 0n || offset > this.highWatermark) {
      throw new KafkaError('OFFSET_OUT_OF_RANGE', `offset ${offset} is above ${this.highWatermark}`);
    }
    this.raiseLogStart(offset);
    return this.#logStartOffset;
  }

  /** Moves the log start forward, in memory; the checkpoint hears of it in its time. */
  raiseLogStart(offset: bigint): void {
    if (offset <= this.#logStartOffset) return;
    this.#logStartOffset = offset;
    this.producers.transactions.settleBelow(offset);
    this.snapshots.logStartRaised(offset);
    this.leaderEpochs.truncateFromStart(offset);
    this.#writer.noteEpochs();
  }

  /** Gives the producer snapshots of segments that go the suffix `.deleted`; returns their paths. Throws DiskError. */
  markSnapshotsDeleted(segments: readonly Segment[]): readonly string[] {
    return segments
      .map(({ baseOffset }) => this.snapshots.markDeleted(this.directory, baseOffset))
      .filter((path) => path !== null);
  }

  onAppend(listener: (bytes: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The writer's word that all records below may be read. */
  published(highWatermark: bigint, bytes: number): void {
    this.producers.transactions.settleBelow(highWatermark);
    for (const listener of this.#listeners) listener(bytes);
  }

  configure(config: LogConfig): void {
    this.config = config;
  }

  /** Seals the active segment and opens the next; throws KafkaError KAFKA_STORAGE_ERROR when that fails. */
  roll(nowMs: number): void {
    this.#writer.roll(nowMs);
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

  /** Syncs everything appended so far. Throws KAFKA_STORAGE_ERROR. */
  async flush(): Promise<void> {
    this.#assertUsable();
    await this.#writer.flush();
  }

  /** Resolves when everything appended so far is written or refused. */
  settle(): Promise<void> {
    return this.#writer.idle();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.idle();
    try {
      await this.#writer.close();
    } finally {
      for (const segment of this.segments.all) segment.close();
    }
  }

  /** Ends the log without a flush: its directory is about to go. Resolves when its files are closed. */
  async abandon(): Promise<void> {
    this.#closed = this.#isDeleted = true;
    for (const listener of this.#listeners) listener(0);
    await this.#maintenance;
    await this.#writer.idle();
    for (const segment of this.segments.all) segment.close();
  }

  #findDuplicate(batches: readonly BatchView[]): ProducedBatch | null {
    for (const batch of batches) {
      const earlier = batch.producerId >= 0n ? this.producers.check(batch) : null;
      if (earlier !== null) return earlier;
    }
    return null;
  }

  #stamp(nowMs: number): bigint | null {
    return this.config.messageTimestampType === 'LogAppendTime' ? BigInt(nowMs) : null;
  }

  #assertOpen(): void {
    if (this.#closed) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', 'the log is closed');
  }

  #assertUsable(): void {
    this.#assertOpen();
    this.#writer.assertUsable();
  }
}
