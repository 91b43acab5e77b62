import { Buffer } from 'node:buffer';
import { DiskError, type Disk, type DiskFile } from '@oubliette/runtime';
import {
  OffsetIndex,
  offsetEntryBytes,
  timeEntryBytes,
  TimeIndex,
  type OffsetLookup,
  type TimeLookup,
} from './sparse-index.js';

/** Entries read at a time; at Kafka's index.interval.bytes a page covers half a megabyte of the log. */
const entriesPerPage = 128;

/** Where an index file is, whatever its segment is called now, and how many entries it holds. */
export interface IndexLocation {
  readonly disk: Disk;
  readonly path: () => string;
  readonly count: number;
}

/**
 * The index of a sealed segment, looked up in its file: memory holds the last page alone, so that it does not grow with the log. A
 * file that is gone counts as empty: then a look-up starts at the segment's first byte.
 */
abstract class StoredIndex {
  #page: { readonly first: number; readonly bytes: Buffer } | null = null;

  protected constructor(
    private readonly location: IndexLocation,
    private readonly entryBytes: number,
  ) {}

  get sizeBytes(): number {
    return this.location.count * this.entryBytes;
  }

  isFull(maxBytes: number): boolean {
    return this.sizeBytes + this.entryBytes > maxBytes;
  }

  /**
   * The page that holds the last entry for which `isBelow` holds, and one entry more; the first page when it holds for none. Null for
   * an empty index.
   */
  protected pageWithLast(isBelow: (entry: Buffer) => boolean): Buffer | null {
    if (this.location.count === 0) return null;
    if (this.#page !== null && this.#isRight(this.#page, isBelow)) return this.#page.bytes;
    try {
      const file = this.location.disk.openSync(this.location.path(), 'read');
      try {
        return this.#search(file, isBelow);
      } finally {
        file.closeSync();
      }
    } catch (error) {
      if (error instanceof DiskError && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  #isRight(page: { first: number; bytes: Buffer }, isBelow: (entry: Buffer) => boolean): boolean {
    const reachesEnd = page.first + page.bytes.length / this.entryBytes >= this.location.count;
    return (
      (page.first === 0 || isBelow(page.bytes)) &&
      (reachesEnd || !isBelow(page.bytes.subarray(-this.entryBytes)))
    );
  }

  #search(file: DiskFile, isBelow: (entry: Buffer) => boolean): Buffer | null {
    let low = 0;
    let high = Math.ceil(this.location.count / entriesPerPage);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#read(file, middle * entriesPerPage, 1);
      if (entry.length > 0 && isBelow(entry)) low = middle + 1;
      else high = middle;
    }
    const first = Math.max(0, low - 1) * entriesPerPage;
    const bytes = this.#read(file, first, Math.min(entriesPerPage + 1, this.location.count - first));
    if (bytes.length === 0) return null;
    this.#page = { first, bytes };
    return bytes;
  }

  #read(file: DiskFile, first: number, count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count * this.entryBytes);
    const length = file.readSync(bytes, 0, bytes.length, first * this.entryBytes);
    return bytes.subarray(0, length - (length % this.entryBytes));
  }
}

/** An offset index in its file; answers as `OffsetIndex` does. */
export class StoredOffsetIndex extends StoredIndex implements OffsetLookup {
  constructor(location: IndexLocation) {
    super(location, offsetEntryBytes);
  }

  positionBefore(relativeOffset: number): number {
    const page = this.pageWithLast((entry) => entry.readInt32BE(0) <= relativeOffset);
    return page === null ? 0 : new OffsetIndex(page).positionBefore(relativeOffset);
  }

  offsetBehind(position: number): number | null {
    const page = this.pageWithLast((entry) => entry.readInt32BE(4) < position);
    return page === null ? null : new OffsetIndex(page).offsetBehind(position);
  }
}

/** A time index in its file; answers as `TimeIndex` does. */
export class StoredTimeIndex extends StoredIndex implements TimeLookup {
  constructor(location: IndexLocation) {
    super(location, timeEntryBytes);
  }

  offsetBefore(timestamp: bigint): number {
    const page = this.pageWithLast((entry) => entry.readBigInt64BE(0) < timestamp);
    return page === null ? 0 : new TimeIndex(page).offsetBefore(timestamp);
  }
}
