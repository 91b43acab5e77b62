import { Buffer } from 'node:buffer';
import { batchAt, iterateRecords, type BatchView } from '@oubliette/protocol';
import { readBatches, scanBatchesSync } from './batch-scan.js';
import type { FoundOffset } from './partition-log.js';
import type { Segment } from './segment.js';

const noBytes = new Uint8Array(0);
const lengthFieldEnd = 12;

/**
 * Whole batches of a segment from the first that ends at or after `offset`, `maxBytes` at most, yet one where `minOneBatch`
 * asks for it. Null when the segment has no readable batch that far.
 */
export async function readSegment(
  segment: Segment,
  offset: bigint,
  maxBytes: number,
  minOneBatch: boolean,
  indexIntervalBytes: number,
): Promise<Uint8Array | null> {
  const limit = segment.readableBytes;
  let position = segment.positionBefore(offset);
  let wanted = maxBytes + indexIntervalBytes;
  while (position < limit) {
    const window = Buffer.allocUnsafe(Math.min(wanted, limit - position));
    const length = await segment.file.read(window, 0, window.length, position);
    const bytes = window.subarray(0, length);
    const { at, batch } = firstEndingAtOrAfter(bytes, offset);
    if (batch !== null) {
      if (batch.sizeBytes > maxBytes) return minOneBatch ? batch.bytes : noBytes;
      const end = endOfBatches(bytes, at, maxBytes);
      if (end - at > 0) return bytes.subarray(at, end);
    }
    if (length < window.length) return null;
    // Either the batch that is wanted, or one before it, is cut off by the window.
    position += at;
    wanted = Math.max(wanted, neededBytes(bytes, at));
    if (at === 0 && wanted <= window.length) return null;
  }
  return null;
}

/** The batch that holds or follows the offset, or, without one in the window, where the cut-off rest begins. */
function firstEndingAtOrAfter(bytes: Buffer, offset: bigint): { at: number; batch: BatchView | null } {
  let at = 0;
  for (let batch = batchAt(bytes, at); batch !== null; batch = batchAt(bytes, at)) {
    if (batch.lastOffset >= offset) return { at, batch };
    at += batch.sizeBytes;
  }
  return { at, batch: null };
}

function endOfBatches(bytes: Buffer, from: number, maxBytes: number): number {
  let end = from;
  for (let batch = batchAt(bytes, end); batch !== null; batch = batchAt(bytes, end)) {
    if (end + batch.sizeBytes - from > maxBytes) break;
    end += batch.sizeBytes;
  }
  return end;
}

function neededBytes(bytes: Buffer, at: number): number {
  return at + lengthFieldEnd > bytes.length ? 0 : lengthFieldEnd + bytes.readInt32BE(at + lengthFieldEnd - 4);
}

/** The segment's first readable record at or above `from` with a timestamp of at least `timestamp`. */
export async function findInSegment(
  segment: Segment,
  timestamp: bigint,
  from: bigint,
): Promise<FoundOffset | null> {
  const near = segment.baseOffset + BigInt(segment.timeIndex.offsetBefore(timestamp));
  for await (const found of readBatches(segment.file, segment.positionBefore(near), segment.readableBytes)) {
    for (const { batch } of found) {
      if (batch.maxTimestamp < timestamp || batch.lastOffset < from) continue;
      for (const record of iterateRecords(batch)) {
        if (record.timestamp >= timestamp && record.offset >= from) {
          return { offset: record.offset, timestamp: record.timestamp };
        }
      }
    }
  }
  return null;
}

/** The first record that has the segment's highest timestamp. */
export function newestInSegment(segment: Segment): FoundOffset | null {
  let newest: FoundOffset | null = null;
  const from = segment.positionBefore(segment.maxTimestampOffset);
  scanBatchesSync(segment.file, from, segment.readableBytes, (batch) => {
    if (batch.lastOffset < segment.maxTimestampOffset) return true;
    for (const { offset, timestamp } of iterateRecords(batch)) {
      if (newest === null || timestamp > newest.timestamp) newest = { offset, timestamp };
    }
    return false;
  });
  return newest;
}
