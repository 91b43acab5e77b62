import { Buffer } from 'node:buffer';

/** Offset index: relative offset (int32), position in the log file (int32). Kafka's OffsetIndex. */
export const offsetEntryBytes = 8;
/** Time index: timestamp (int64, ms), relative offset (int32). Kafka's TimeIndex. */
export const timeEntryBytes = 12;
/** A few entries: most of a thousand logs hardly grow. */
const firstCapacityBytes = 96;

/** What every index tells of itself. */
interface IndexSize {
  readonly sizeBytes: number;
  /** Kafka counts an index as full when not one more entry fits into segment.index.bytes. */
  isFull(maxBytes: number): boolean;
}

/** Answers of an offset index, in memory or in its file. */
export interface OffsetLookup extends IndexSize {
  /** Position to start looking for an offset: of the last batch known to end at or before it; 0 without one. */
  positionBefore(relativeOffset: number): number;
  /** The relative offset of the first entry at or behind a position, null without one. */
  offsetBehind(position: number): number | null;
}

/** Answers of a time index, in memory or in its file. */
export interface TimeLookup extends IndexSize {
  /** The relative offset from which on a timestamp at or above the one given can first stand. */
  offsetBefore(timestamp: bigint): number;
}

/** Entries in ascending order of their key, in Kafka's byte format, kept in memory and written when the segment is sealed. */
abstract class SparseIndex {
  protected buffer: Buffer;
  /** How many entries stand in it. */
  count: number;

  protected constructor(
    private readonly entryBytes: number,
    content: Uint8Array,
  ) {
    this.count = Math.floor(content.length / entryBytes);
    this.buffer = Buffer.allocUnsafe(Math.max(firstCapacityBytes, content.length));
    this.buffer.set(content);
  }

  get sizeBytes(): number {
    return this.count * this.entryBytes;
  }

  /** What stands in the file, a view. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.sizeBytes);
  }

  isFull(maxBytes: number): boolean {
    return this.sizeBytes + this.entryBytes > maxBytes;
  }

  truncate(count: number): void {
    this.count = Math.min(this.count, count);
  }

  protected grow(): number {
    const at = this.sizeBytes;
    if (at + this.entryBytes > this.buffer.length) {
      const larger = Buffer.allocUnsafe(this.buffer.length * 2);
      this.buffer.copy(larger, 0, 0, at);
      this.buffer = larger;
    }
    this.count++;
    return at;
  }

  /** Index of the last entry that `isBelow` holds for, -1 when none; it holds for a prefix of the entries. */
  protected lastWhere(isBelow: (at: number) => boolean): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBelow(middle * this.entryBytes)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Where batches stand in the log file: for each entry the last offset of a batch and the position of its first byte. */
export class OffsetIndex extends SparseIndex implements OffsetLookup {
  constructor(content: Uint8Array = new Uint8Array(0)) {
    super(offsetEntryBytes, content);
  }

  append(relativeOffset: number, position: number): void {
    const at = this.grow();
    this.buffer.writeInt32BE(relativeOffset, at);
    this.buffer.writeInt32BE(position, at + 4);
  }

  positionBefore(relativeOffset: number): number {
    const entry = this.lastWhere((at) => this.buffer.readInt32BE(at) <= relativeOffset);
    return entry < 0 ? 0 : this.buffer.readInt32BE(entry * offsetEntryBytes + 4);
  }

  offsetBehind(position: number): number | null {
    const found = this.lastWhere((at) => this.buffer.readInt32BE(at + 4) < position) + 1;
    // One exactly there counts, but for the very first, which AbstractIndex.binarySearch never compares.
    const entry = found === 0 && this.count > 0 && this.buffer.readInt32BE(4) === position ? 1 : found;
    return entry < this.count ? this.buffer.readInt32BE(entry * offsetEntryBytes) : null;
  }

  /** Whether offsets and positions rise from entry to entry. */
  isAscending(): boolean {
    let offset = -1;
    let position = -1;
    for (let at = 0; at < this.sizeBytes; at += offsetEntryBytes) {
      const nextOffset = this.buffer.readInt32BE(at);
      const nextPosition = this.buffer.readInt32BE(at + 4);
      if (nextOffset <= offset || nextPosition <= position) return false;
      offset = nextOffset;
      position = nextPosition;
    }
    return true;
  }

  last(): { readonly relativeOffset: number; readonly position: number } | null {
    if (this.count === 0) return null;
    const at = (this.count - 1) * offsetEntryBytes;
    return { relativeOffset: this.buffer.readInt32BE(at), position: this.buffer.readInt32BE(at + 4) };
  }
}

/** The highest timestamp so far, and the last offset of the batch that has it. */
export class TimeIndex extends SparseIndex implements TimeLookup {
  constructor(content: Uint8Array = new Uint8Array(0)) {
    super(timeEntryBytes, content);
  }

  /** Adds nothing unless the timestamp is higher than the last entry's. */
  appendIfHigher(timestamp: bigint, relativeOffset: number): void {
    const last = this.last();
    if (timestamp < 0n || (last !== null && timestamp <= last.timestamp)) return;
    const at = this.grow();
    this.buffer.writeBigInt64BE(timestamp, at);
    this.buffer.writeInt32BE(relativeOffset, at + 8);
  }

  offsetBefore(timestamp: bigint): number {
    const entry = this.lastWhere((at) => this.buffer.readBigInt64BE(at) < timestamp);
    return entry < 0 ? 0 : this.buffer.readInt32BE(entry * timeEntryBytes + 8);
  }

  /** Whether timestamps rise from entry to entry, and offsets do not fall. */
  isAscending(): boolean {
    let timestamp = -1n;
    let offset = 0;
    for (let at = 0; at < this.sizeBytes; at += timeEntryBytes) {
      const nextTimestamp = this.buffer.readBigInt64BE(at);
      const nextOffset = this.buffer.readInt32BE(at + 8);
      if (nextTimestamp <= timestamp || nextOffset < offset) return false;
      timestamp = nextTimestamp;
      offset = nextOffset;
    }
    return true;
  }

  last(): { readonly timestamp: bigint; readonly relativeOffset: number } | null {
    if (this.count === 0) return null;
    const at = (this.count - 1) * timeEntryBytes;
    return { timestamp: this.buffer.readBigInt64BE(at), relativeOffset: this.buffer.readInt32BE(at + 8) };
  }
}
