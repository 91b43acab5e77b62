import { Buffer } from 'node:buffer';
import { BATCH_HEADER_BYTES, type BatchView } from '@oubliette/protocol';
import type { Disk } from '@oubliette/runtime';
import { scanBatches } from './batch-scan.js';
import { scanHeaders } from './header-scan.js';
import { SegmentFiles } from './segment-files.js';
import { SegmentIndexes, type IndexMark, type LastTime, type StoredIndexes } from './segment-indexes.js';
import type { OffsetIndex, OffsetLookup, TimeIndex, TimeLookup } from './sparse-index.js';
import { TransactionIndex } from './transaction-index.js';

/** Where the highest timestamp stands in a batch's header. */
const maxTimestampAt = 35;
/** Indexes hold offsets as an int32 from the segment's base on. */
const farthestOffset = 2n ** 31n - 1n;

/** What an append changes in a segment, to take it back when the write fails. */
export interface SegmentMark extends IndexMark {
  readonly sizeBytes: number;
  readonly nextOffset: bigint;
  readonly abortedTransactions: number;
  readonly bytesSinceEntry: number;
  readonly maxTimestamp: bigint;
  readonly maxTimestampOffset: bigint;
}

/** One segment: a log file and what stands in it by its indexes. Offsets are absolute, positions are bytes in the log file. */
export class Segment extends SegmentFiles {
  /** Bytes appended, written or on their way. */
  sizeBytes = 0;
  /** Bytes that readers may see: whole batches below the high watermark. */
  readableBytes = 0;
  /** The offset behind the last record. */
  nextOffset: bigint;
  /** Highest timestamp of a batch (ms), -1 without one, and the last offset of the first batch that has it. */
  maxTimestamp = -1n;
  maxTimestampOffset = -1n;
  /** Aborted transactions whose markers stand in the segment. */
  transactionIndex = new TransactionIndex();
  /** When the log file last changed, wall-clock ms; stands in for the timestamps of records that have none (lastModified). */
  lastWriteMs: number;
  /** Undefined until it is asked for. */
  #firstTimestamp: bigint | null | undefined = null;
  readonly #indexes: SegmentIndexes;
  #bytesSinceEntry = 0;
  /** Whether the log file may lack something of what stands here. */
  #isUnsynced = false;

  constructor(
    disk: Disk,
    directory: string,
    baseOffset: bigint,
    /** When it was made, or opened by this process, wall-clock ms: rolling counts from here where records have no timestamp. */
    readonly createdMs: number,
    suffix = '',
  ) {
    super(disk, directory, baseOffset, suffix);
    this.#indexes = new SegmentIndexes(disk, this);
    this.nextOffset = baseOffset;
    this.lastWriteMs = createdMs;
  }

  /** A segment whose log file is there; nothing of it is taken yet but the time of its last write. */
  static open(
    disk: Disk,
    directory: string,
    baseOffset: bigint,
    nowMs: number,
  ): { readonly segment: Segment; readonly fileBytes: number } {
    const segment = new Segment(disk, directory, baseOffset, nowMs);
    const { size, modifiedMs } = segment.file.stat();
    segment.lastWriteMs = modifiedMs;
    return { segment, fileBytes: size };
  }

  get offsetIndex(): OffsetLookup {
    return this.#indexes.offsets;
  }

  get timeIndex(): TimeLookup {
    return this.#indexes.times;
  }

  /** Timestamp that rolling counts from: the highest of the first batch (ms), null without a batch. Reads it when it must. */
  get firstTimestamp(): bigint | null {
    this.#firstTimestamp ??= this.#firstTimestamp === undefined ? this.#readFirstTimestamp() : null;
    return this.#firstTimestamp;
  }

  /** Takes account of a batch that stands, or will stand, at the end. */
  add(batch: BatchView, indexIntervalBytes: number): void {
    const { lastOffset, maxTimestamp, sizeBytes } = batch;
    this.#changed();
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp;
      this.maxTimestampOffset = lastOffset;
    }
    if (this.sizeBytes === 0) this.#firstTimestamp = maxTimestamp;
    if (this.#bytesSinceEntry > indexIntervalBytes) {
      this.#indexes.appendOffset(Number(lastOffset - this.baseOffset), this.sizeBytes);
      this.#indexTime();
      this.#bytesSinceEntry = 0;
    }
    this.#bytesSinceEntry += sizeBytes;
    this.sizeBytes += sizeBytes;
    this.nextOffset = lastOffset + 1n;
  }

  mark(): SegmentMark {
    // Spelt out: spread, the entries cost every append some microseconds.
    const { offsetEntries, timeEntries } = this.#indexes.mark();
    return {
      offsetEntries,
      timeEntries,
      sizeBytes: this.sizeBytes,
      nextOffset: this.nextOffset,
      abortedTransactions: this.transactionIndex.count,
      bytesSinceEntry: this.#bytesSinceEntry,
      maxTimestamp: this.maxTimestamp,
      maxTimestampOffset: this.maxTimestampOffset,
    };
  }

  /** Takes back what was added since the mark and cuts the file there. */
  restore(mark: SegmentMark): void {
    this.#changed();
    this.sizeBytes = mark.sizeBytes;
    this.nextOffset = mark.nextOffset;
    this.#indexes.restore(mark);
    this.transactionIndex.truncate(mark.abortedTransactions);
    this.#bytesSinceEntry = mark.bytesSinceEntry;
    this.maxTimestamp = mark.maxTimestamp;
    this.maxTimestampOffset = mark.maxTimestampOffset;
    if (mark.sizeBytes === 0) this.#firstTimestamp = null;
    if (this.file.size() > mark.sizeBytes) this.file.truncateSync(mark.sizeBytes);
  }

  /**
   * Rebuilds size, offsets, timestamps and indexes from the file's batches, as long as they follow each other and `accepts` them.
   * Resolves to the position of the first byte that could not be taken, the file's size when all of it was.
   */
  async rebuild(
    indexIntervalBytes: number,
    accepts: (batch: BatchView, position: number) => boolean,
  ): Promise<number> {
    this.#changed();
    this.#indexes.clear();
    this.transactionIndex = new TransactionIndex();
    this.sizeBytes = 0;
    this.nextOffset = this.baseOffset;
    this.maxTimestamp = this.maxTimestampOffset = -1n;
    this.#firstTimestamp = null;
    this.#bytesSinceEntry = 0;
    return scanBatches(this.file, 0, this.file.size(), (batch, position) => {
      if (!this.#follows(batch) || !accepts(batch, position)) return false;
      this.add(batch, indexIntervalBytes);
      return true;
    });
  }

  /** Takes a sealed segment as its files say, without reading its batches; `nextOffset` is the next segment's first. */
  adopt(sizeBytes: number, nextOffset: bigint, found: StoredIndexes): void {
    this.sizeBytes = this.readableBytes = sizeBytes;
    this.nextOffset = nextOffset;
    this.#indexes.lookUpIn(found);
    this.#takeLastTime(found.lastTime);
    this.#firstTimestamp = sizeBytes === 0 ? null : undefined;
  }

  /**
   * Takes the last segment as its indexes say and reads its batches from the last indexed one on. Resolves to the position of the first
   * byte that is no batch, the file's size when all are; to null when the index is not this file's.
   */
  async resume(offsets: OffsetIndex, times: TimeIndex, fileBytes: number): Promise<number | null> {
    const last = offsets.last();
    const indexed = last === null ? null : this.baseOffset + BigInt(last.relativeOffset);
    this.#indexes.goOn(offsets, times);
    this.#takeLastTime(times.last());
    this.sizeBytes = last?.position ?? 0;
    const end = await scanHeaders(this.file, this.sizeBytes, fileBytes, (batch) => {
      const isIndexed = this.nextOffset > this.baseOffset || indexed === null || indexed === batch.lastOffset;
      if (!isIndexed || !this.#follows(batch)) return false;
      if (batch.maxTimestamp > this.maxTimestamp) {
        this.maxTimestamp = batch.maxTimestamp;
        this.maxTimestampOffset = batch.lastOffset;
      }
      this.sizeBytes += batch.sizeBytes;
      this.nextOffset = batch.nextOffset;
      return true;
    });
    this.readableBytes = this.sizeBytes;
    this.#indexes.isUnstored = this.maxTimestamp > (times.last()?.timestamp ?? -1n);
    // As Kafka does, which counts anew after each start.
    this.#bytesSinceEntry = 0;
    this.#firstTimestamp = this.sizeBytes === 0 ? null : undefined;
    return last !== null && this.nextOffset === this.baseOffset ? null : end;
  }

  /**
   * The position behind the last whole batch of a sealed segment, and the offset behind it; the latter is null where none was found from
   * the last indexed batch on.
   */
  async findEnd(): Promise<{ readonly position: number; readonly nextOffset: bigint | null }> {
    let nextOffset: bigint | null = null;
    const from = this.positionBefore(this.nextOffset);
    const position = await scanHeaders(this.file, from, this.sizeBytes, (batch) => {
      nextOffset = batch.nextOffset;
      return true;
    });
    return { position, nextOffset };
  }

  /** Where to start looking for an offset. */
  positionBefore(offset: bigint): number {
    const relative = offset - this.baseOffset;
    return relative <= 0n ? 0 : this.offsetIndex.positionBefore(Number(relative));
  }

  /** The offset that the index knows for the first entry at or behind a position, null without one. */
  offsetBehind(position: number): bigint | null {
    const relative = this.offsetIndex.offsetBehind(position);
    return relative === null ? null : this.baseOffset + BigInt(relative);
  }

  /** Syncs the log file where something came to it since it was opened or synced here. Nothing may be on its way. */
  async sync(): Promise<void> {
    if (!this.#isUnsynced) return;
    await this.file.sync();
    this.#isUnsynced = false;
  }

  /** Writes the indexes beside the log file and syncs them, where they changed: a start that trusts the segment trusts them. */
  async storeIndexes(): Promise<void> {
    if (!this.#indexes.isUnstored) return;
    this.#indexTime();
    await this.#indexes.store();
  }

  /**
   * Writes the transaction index where it changed. Kafka has this file only where a transaction was aborted. Nothing else knows its
   * content for sure: it is synced.
   */
  storeTransactionIndex(): void {
    if (!this.transactionIndex.isChanged) return;
    const path = this.path('txnindex');
    if (this.transactionIndex.count > 0) this.disk.replaceFileSync(path, this.transactionIndex.encode());
    else if (this.disk.existsSync(path)) this.disk.removeFileSync(path);
    this.transactionIndex.stored();
  }

  /** Whether the disk lacks aborted transactions that stand here. */
  get isTransactionIndexDue(): boolean {
    return this.transactionIndex.isChanged && this.transactionIndex.count > 0;
  }

  /** Like `storeIndexes`, for a segment that nothing is appended to any more: memory keeps no index of it. */
  async seal(): Promise<void> {
    if (this.#indexes.isStored) return;
    await this.storeIndexes();
    this.#indexes.lookUpIn(this.#indexes.mark());
  }

  /** Says of another's records when they were last written; a start finds it again. */
  setLastWrite(ms: number): void {
    this.lastWriteMs = ms;
    this.file.setModifiedSync(ms);
  }

  #changed(): void {
    this.#isUnsynced = this.#indexes.isUnstored = true;
  }

  #takeLastTime(last: LastTime | null): void {
    this.maxTimestamp = last?.timestamp ?? -1n;
    this.maxTimestampOffset = last === null ? -1n : this.baseOffset + BigInt(last.relativeOffset);
  }

  #readFirstTimestamp(): bigint | null {
    const header = Buffer.alloc(BATCH_HEADER_BYTES);
    const length = this.file.readSync(header, 0, header.length, 0);
    return length < header.length ? null : header.readBigInt64BE(maxTimestampAt);
  }

  /** Whether the batch can stand behind what is there: an index holds no offset farther off than that (LogSegment.canConvertToRelativeOffset). */
  #follows(batch: BatchView): boolean {
    if (batch.baseOffset < this.nextOffset || batch.lastOffsetDelta < 0) return false;
    return batch.lastOffset - this.baseOffset <= farthestOffset;
  }

  #indexTime(): void {
    this.#indexes.appendTime(this.maxTimestamp, Number(this.maxTimestampOffset - this.baseOffset));
  }
}
