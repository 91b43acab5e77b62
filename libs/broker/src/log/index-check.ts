import { Buffer } from 'node:buffer';
import { DiskError, type Disk } from '@oubliette/runtime';
import type { StoredIndexes } from './segment-indexes.js';
import type { Segment } from './segment.js';
import { OffsetIndex, offsetEntryBytes, timeEntryBytes, TimeIndex } from './sparse-index.js';

/** Says which index file cannot be believed, and why. */
export interface IndexFault {
  readonly path: string;
  readonly fault: string;
}

const beyondLog = 'it has entries, yet the log file is empty';

/**
 * Checks the index files of a sealed segment by their sizes and last entries (the sanity checks of Kafka's OffsetIndex and TimeIndex),
 * without reading the rest.
 */
export function checkStoredIndexes(
  disk: Disk,
  segment: Segment,
  sizeBytes: number,
  nextOffset: bigint,
): StoredIndexes | IndexFault {
  const offsets = readTail(disk, segment.path('index'), offsetEntryBytes);
  if ('fault' in offsets) return offsets;
  const times = readTail(disk, segment.path('timeindex'), timeEntryBytes);
  if ('fault' in times) return times;
  const lastOffset = new OffsetIndex(offsets.last).last();
  const lastTime = new TimeIndex(times.last).last();
  if (sizeBytes === 0 && offsets.count + times.count > 0) {
    return { path: segment.path(times.count > 0 ? 'timeindex' : 'index'), fault: beyondLog };
  }
  const longest = nextOffset - segment.baseOffset;
  const isInside = (relative: number): boolean => relative >= 0 && BigInt(relative) < longest;
  if (lastOffset !== null) {
    const { relativeOffset, position } = lastOffset;
    // What Kafka has allocated ahead and never filled reads as zeros.
    const isUnfilled = offsets.count > 1 && relativeOffset === 0;
    if (!isUnfilled && isInside(relativeOffset) && position >= sizeBytes) {
      const fault = `its last entry stands for byte ${position} of the log file, which has ${sizeBytes}`;
      return { path: segment.path('index'), fault };
    }
    if (isUnfilled || !isInside(relativeOffset) || position < 0) {
      return { path: segment.path('index'), fault: 'its last entry lies outside of the segment' };
    }
  }
  if (lastTime !== null && (lastTime.timestamp < 0n || !isInside(lastTime.relativeOffset))) {
    return { path: segment.path('timeindex'), fault: 'its last entry lies outside of the segment' };
  }
  return { offsetEntries: offsets.count, timeEntries: times.count, lastTime };
}

/** Whether indexes that were checked tell of records that their empty log file lacks. */
export function isOfRecords(checked: StoredIndexes | IndexFault): boolean {
  return 'fault' in checked && checked.fault === beyondLog;
}

/** The indexes of the last segment, read whole: it is appended to. */
export function readIndexes(
  disk: Disk,
  segment: Segment,
): { readonly offsets: OffsetIndex; readonly times: TimeIndex } | IndexFault {
  const offsets = readWhole(disk, segment.path('index'), offsetEntryBytes);
  if ('fault' in offsets) return offsets;
  const times = readWhole(disk, segment.path('timeindex'), timeEntryBytes);
  if ('fault' in times) return times;
  const offsetIndex = new OffsetIndex(offsets.content);
  const timeIndex = new TimeIndex(times.content);
  if (!offsetIndex.isAscending()) return { path: segment.path('index'), fault: 'its entries do not ascend' };
  if (!timeIndex.isAscending())
    return { path: segment.path('timeindex'), fault: 'its entries do not ascend' };
  return { offsets: offsetIndex, times: timeIndex };
}

function readTail(
  disk: Disk,
  path: string,
  entryBytes: number,
): { readonly count: number; readonly last: Uint8Array } | IndexFault {
  return orMissing(path, () => {
    const file = disk.openSync(path, 'read');
    try {
      const size = file.size();
      if (size % entryBytes !== 0) return { path, fault: `${size} bytes are no whole number of entries` };
      const last = Buffer.alloc(Math.min(size, entryBytes));
      file.readSync(last, 0, last.length, size - last.length);
      return { count: size / entryBytes, last };
    } finally {
      file.closeSync();
    }
  });
}

function readWhole(disk: Disk, path: string, entryBytes: number): { content: Uint8Array } | IndexFault {
  return orMissing(path, () => {
    const content = disk.readFileSync(path);
    if (content.length % entryBytes === 0) return { content };
    return { path, fault: `${content.length} bytes are no whole number of entries` };
  });
}

function orMissing<T>(path: string, read: () => T): T | IndexFault {
  try {
    return read();
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return { path, fault: 'it is missing' };
    throw error;
  }
}
