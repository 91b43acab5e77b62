import { join } from 'node:path/posix';
import type { BatchView } from '@oubliette/protocol';
import { DiskError, type Disk, type DiskFile } from '@oubliette/runtime';
import { scanBatchesSync } from './batch-scan.js';
import { segmentFile, segmentFileKinds, type SegmentFileKind } from './file-names.js';
import { OffsetIndex, TimeIndex } from './sparse-index.js';
import { TransactionIndex } from './transaction-index.js';

/** What an append changes in a segment, to take it back when the write fails. */
export interface SegmentMark {
  readonly sizeBytes: number;
  readonly nextOffset: bigint;
  readonly offsetEntries: number;
  readonly timeEntries: number;
  readonly abortedTransactions: number;
  readonly bytesSinceEntry: number;
  readonly maxTimestamp: bigint;
  readonly maxTimestampOffset: bigint;
  readonly firstTimestamp: bigint | null;
}

/** One segment: a log file and its two indexes. Offsets are absolute, positions are bytes in the log file. */
export class Segment {
  /** Bytes appended, written or on their way. */
  sizeBytes = 0;
  /** Bytes that readers may see: whole batches below the high watermark. */
  readableBytes = 0;
  /** The offset behind the last record. */
  nextOffset: bigint;
  /** Highest timestamp of a batch (ms), -1 without one, and the last offset of the first batch that has it. */
  maxTimestamp = -1n;
  maxTimestampOffset = -1n;
  /** Timestamp that rolling counts from: the highest of the first batch. */
  firstTimestamp: bigint | null = null;
  offsetIndex = new OffsetIndex();
  timeIndex = new TimeIndex();
  /** Aborted transactions whose markers stand in the segment. */
  transactionIndex = new TransactionIndex();
  /** Wall-clock ms of the last append, or of opening; stands in for the timestamps of records that have none. */
  lastWriteMs: number;
  #bytesSinceEntry = 0;
  #readers = 0;
  #closeWanted = false;

  constructor(
    private readonly disk: Disk,
    readonly directory: string,
    readonly baseOffset: bigint,
    readonly file: DiskFile,
    private suffix: string,
    /** Wall-clock ms; rolling counts from here where records have no timestamp. */
    readonly createdMs: number,
  ) {
    this.nextOffset = baseOffset;
    this.lastWriteMs = createdMs;
  }

  static create(disk: Disk, directory: string, baseOffset: bigint, nowMs: number, suffix = ''): Segment {
    const file = disk.openSync(join(directory, segmentFile(baseOffset, 'log') + suffix), 'write');
    return new Segment(disk, directory, baseOffset, file, suffix, nowMs);
  }

  path(kind: SegmentFileKind): string {
    return join(this.directory, segmentFile(this.baseOffset, kind) + this.suffix);
  }

  /** Takes account of a batch that stands, or will stand, at the end. */
  add(batch: BatchView, indexIntervalBytes: number): void {
    const { lastOffset, maxTimestamp, sizeBytes } = batch;
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp;
      this.maxTimestampOffset = lastOffset;
    }
    this.firstTimestamp ??= maxTimestamp;
    if (this.#bytesSinceEntry > indexIntervalBytes) {
      this.offsetIndex.append(Number(lastOffset - this.baseOffset), this.sizeBytes);
      this.#indexTime();
      this.#bytesSinceEntry = 0;
    }
    this.#bytesSinceEntry += sizeBytes;
    this.sizeBytes += sizeBytes;
    this.nextOffset = lastOffset + 1n;
  }

  mark(): SegmentMark {
    return {
      sizeBytes: this.sizeBytes,
      nextOffset: this.nextOffset,
      offsetEntries: this.offsetIndex.count,
      timeEntries: this.timeIndex.count,
      abortedTransactions: this.transactionIndex.count,
      bytesSinceEntry: this.#bytesSinceEntry,
      maxTimestamp: this.maxTimestamp,
      maxTimestampOffset: this.maxTimestampOffset,
      firstTimestamp: this.firstTimestamp,
    };
  }

  /** Takes back what was added since the mark and cuts the file there. */
  restore(mark: SegmentMark): void {
    this.sizeBytes = mark.sizeBytes;
    this.nextOffset = mark.nextOffset;
    this.offsetIndex.truncate(mark.offsetEntries);
    this.timeIndex.truncate(mark.timeEntries);
    this.transactionIndex.truncate(mark.abortedTransactions);
    this.#bytesSinceEntry = mark.bytesSinceEntry;
    this.maxTimestamp = mark.maxTimestamp;
    this.maxTimestampOffset = mark.maxTimestampOffset;
    this.firstTimestamp = mark.firstTimestamp;
    if (this.file.size() > mark.sizeBytes) this.file.truncateSync(mark.sizeBytes);
  }

  /** Rebuilds size, offsets, timestamps and indexes from the file's intact batches; returns whether all of it was intact. */
  rebuild(indexIntervalBytes: number, onBatch: (batch: BatchView) => void): boolean {
    this.offsetIndex = new OffsetIndex();
    this.timeIndex = new TimeIndex();
    this.transactionIndex = new TransactionIndex();
    this.sizeBytes = 0;
    this.nextOffset = this.baseOffset;
    this.maxTimestamp = this.maxTimestampOffset = -1n;
    this.firstTimestamp = null;
    this.#bytesSinceEntry = 0;
    const end = this.file.size();
    const intact = scanBatchesSync(this.file, 0, end, (batch) => {
      if (batch.baseOffset < this.nextOffset || batch.lastOffsetDelta < 0 || !batch.isIntact()) return false;
      this.add(batch, indexIntervalBytes);
      onBatch(batch);
      return true;
    });
    return intact === end;
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

  /** Writes the indexes beside the log file; not synced: a start without clean shutdown checks them. */
  writeIndexes(): void {
    this.#indexTime();
    this.#writeIndex('index', this.offsetIndex.bytes);
    this.#writeIndex('timeindex', this.timeIndex.bytes);
    this.writeTransactionIndex();
  }

  /** Kafka has this file only where a transaction was aborted. Nothing else knows its content for sure: it is synced. */
  writeTransactionIndex(): void {
    const path = this.path('txnindex');
    if (this.transactionIndex.count > 0) this.disk.replaceFileSync(path, this.transactionIndex.encode());
    else if (this.disk.existsSync(path)) this.disk.removeFileSync(path);
  }

  /** Keeps the file open while somebody reads: a closed descriptor's number may already be another file's. */
  async whileOpen<T>(use: () => Promise<T>): Promise<T> {
    this.#readers++;
    try {
      return await use();
    } finally {
      this.#readers--;
      if (this.#closeWanted && this.#readers === 0) this.file.closeSync();
    }
  }

  get isClosed(): boolean {
    return this.#closeWanted;
  }

  close(): void {
    if (this.#closeWanted) return;
    this.#closeWanted = true;
    if (this.#readers === 0) this.file.closeSync();
  }

  /** Renames all files of the segment, the log file last to come and first to go under its plain name. */
  changeSuffix(suffix: string): void {
    const kinds = this.suffix === '' ? segmentFileKinds : [...segmentFileKinds].reverse();
    const from = kinds.map((kind) => this.path(kind));
    this.suffix = suffix;
    for (const [index, kind] of kinds.entries()) {
      const path = from[index];
      if (path !== undefined && this.disk.existsSync(path)) this.disk.renameSync(path, this.path(kind));
    }
  }

  /** Unlinks the segment's files and closes it. */
  removeFiles(): void {
    this.close();
    for (const kind of segmentFileKinds) {
      const path = this.path(kind);
      if (this.disk.existsSync(path)) this.disk.removeFileSync(path);
    }
  }

  #indexTime(): void {
    this.timeIndex.appendIfHigher(this.maxTimestamp, Number(this.maxTimestampOffset - this.baseOffset));
  }

  #writeIndex(kind: SegmentFileKind, bytes: Uint8Array): void {
    const file = this.disk.openSync(this.path(kind), 'write');
    try {
      file.writeSync([bytes], 0);
      file.truncateSync(bytes.length);
    } finally {
      file.closeSync();
    }
  }
}

/** The content of a file, or null when there is none. */
export function readIfThere(disk: Disk, path: string): Uint8Array | null {
  try {
    return disk.readFileSync(path);
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return null;
    throw error;
  }
}
