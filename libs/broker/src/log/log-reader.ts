import type { Buffer } from 'node:buffer';
import type { BatchView, DecodedRecord } from '@oubliette/protocol';
import { readBatches } from './batch-scan.js';
import { batchAt, BatchSearch } from './find-batch.js';
import { findRecord } from './find-record.js';
import type { LargeAppends } from './large-appends.js';
import type { FoundOffset } from './partition-log.js';
import type { Segment } from './segment.js';

const lengthFieldEnd = 12;
const baseOffsetBytes = 8;

/** What of a segment is wanted. */
export interface WantedRecords {
  /** The first batch ends at or behind it. */
  readonly offset: bigint;
  /** No batch begins here or behind. */
  readonly bound: bigint;
  readonly maxBytes: number;
  /** One batch even where it is larger than `maxBytes`. */
  readonly minOneBatch: boolean;
  /** The last batch is cut off where `maxBytes` end (FileRecords.slice). */
  readonly mayCut: boolean;
  readonly indexIntervalBytes: number;
  readonly allocate: (bytes: number) => Buffer;
}

/** Batches as they stand, the last one cut off where that was allowed, and where in the segment's file. */
export interface FoundRecords {
  readonly segment: Segment;
  readonly position: number;
  readonly records: Uint8Array;
  /** Bytes that Kafka, which cuts the last batch off at the limit, would answer. */
  readonly rangeBytes: number;
}

/**
 * The wanted batches, none where the first is too large; null when the segment has no readable batch that far. Throws KafkaError
 * CORRUPT_MESSAGE where the offset may stand in a batch that cannot be read.
 */
export async function readSegment(segment: Segment, wanted: WantedRecords): Promise<FoundRecords | null> {
  const search = new BatchSearch(segment, wanted.offset);
  const found = await readWanted(segment, wanted, search);
  if (found === null) search.assertNothingHidden();
  return found;
}

async function readWanted(
  segment: Segment,
  wanted: WantedRecords,
  search: BatchSearch,
): Promise<FoundRecords | null> {
  const limit = segment.readableBytes;
  let position = segment.positionBefore(wanted.offset);
  let windowBytes = wanted.maxBytes + wanted.indexIntervalBytes;
  while (position < limit) {
    const window = wanted.allocate(Math.min(windowBytes, limit - position));
    const length = await segment.file.read(window, 0, window.length, position);
    const bytes = window.subarray(0, length);
    const { at, batch } = search.in(bytes);
    if (batch !== null) {
      const { end, isAtBound } = endOfBatches(bytes, at, wanted, segment.nextOffset);
      const cutAt = wanted.mayCut && end > at && !isAtBound ? at + wanted.maxBytes : end;
      // All of the bytes that may be answered are needed, and the offset of the batch that they end in.
      if (cutAt > end && length < Math.min(cutAt + baseOffsetBytes, limit - position)) {
        position += at;
        windowBytes = wanted.maxBytes + baseOffsetBytes;
        if (length < window.length) return null;
        continue;
      }
      const records = bytes.subarray(at, endOfCut(bytes, end, cutAt, wanted.bound));
      const isWhole =
        records.length > 0 || batch.sizeBytes > wanted.maxBytes || batch.baseOffset >= wanted.bound;
      const most = Math.max(records.length, Math.min(wanted.maxBytes, limit - position - at));
      const rangeBytes = isAtBound ? records.length : most;
      if (isWhole) return { segment, position: position + at, records, rangeBytes };
    }
    if (length < window.length) return null;
    // Either the batch that is wanted, or one before it, is cut off by the window.
    windowBytes = Math.max(windowBytes, neededBytes(bytes, at));
    // A damaged length that reaches beyond the segment: what it hides cannot be found (FileLogInputStream.nextBatch).
    const isLast = window.length === limit - position;
    if (at === 0 && (windowBytes <= window.length || isLast)) return null;
    position += at;
  }
  return null;
}

/** Behind the last wanted batch. One that is not of this place ends the answer like the bound: who asks for it is told. */
function endOfBatches(
  bytes: Buffer,
  from: number,
  { bound, maxBytes, minOneBatch }: WantedRecords,
  segmentEnd: bigint,
): { end: number; isAtBound: boolean } {
  let end = from;
  let before = -1n;
  for (let batch = batchAt(bytes, end); batch !== null; batch = batchAt(bytes, end)) {
    const { baseOffset } = batch;
    if (baseOffset >= bound || baseOffset >= segmentEnd || baseOffset <= before)
      return { end, isAtBound: true };
    if (end + batch.sizeBytes - from > maxBytes && !(minOneBatch && end === from)) break;
    end += batch.sizeBytes;
    before = baseOffset;
  }
  return { end, isAtBound: false };
}

/** Where the answer ends: behind the whole batches, or within the next one when that is below the bound. */
function endOfCut(bytes: Buffer, end: number, cutAt: number, bound: bigint): number {
  if (cutAt <= end) return end;
  const isBeyond = end + baseOffsetBytes <= bytes.length && bytes.readBigInt64BE(end) >= bound;
  return isBeyond ? end : Math.min(cutAt, bytes.length);
}

function neededBytes(bytes: Buffer, at: number): number {
  return at + lengthFieldEnd > bytes.length ? 0 : lengthFieldEnd + bytes.readInt32BE(at + lengthFieldEnd - 4);
}

/** The segment's first readable record at or above `from` with a timestamp of at least `timestamp`. */
export async function findInSegment(
  segment: Segment,
  timestamp: bigint,
  from: bigint,
  large: LargeAppends,
): Promise<FoundOffset | null> {
  const near = segment.baseOffset + BigInt(segment.timeIndex.offsetBefore(timestamp));
  for await (const found of readBatches(segment.file, segment.positionBefore(near), segment.readableBytes)) {
    for (const { batch } of found) {
      if (batch.maxTimestamp < timestamp || batch.lastOffset < from) continue;
      const isWanted = (record: DecodedRecord): boolean =>
        record.timestamp >= timestamp && record.offset >= from;
      const record = await large.run(findRecord(batch, isWanted));
      if (record !== null) return foundIn(batch, record);
    }
  }
  return null;
}

/** The first record that has the segment's highest timestamp; null without one, or before it can be read. */
export async function newestInSegment(segment: Segment, large: LargeAppends): Promise<FoundOffset | null> {
  const { maxTimestamp } = segment;
  if (maxTimestamp < 0n) return null;
  const from = segment.positionBefore(segment.maxTimestampOffset);
  for await (const found of readBatches(segment.file, from, segment.readableBytes)) {
    for (const { batch } of found) {
      if (batch.maxTimestamp !== maxTimestamp) continue;
      const record = await large.run(findRecord(batch, ({ timestamp }) => timestamp === maxTimestamp));
      if (record !== null) return foundIn(batch, record);
    }
  }
  return null;
}

function foundIn({ leaderEpoch }: BatchView, { offset, timestamp }: DecodedRecord): FoundOffset {
  return { offset, timestamp, leaderEpoch };
}
