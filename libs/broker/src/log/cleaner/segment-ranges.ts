import type { SegmentList } from '../segment-list.js';
import type { Segment } from '../segment.js';

/** The segments from the one that covers `from` up to those that start below `to` (Kafka's LogSegments.values). */
export function segmentsBetween(list: SegmentList, from: bigint, to: bigint): readonly Segment[] {
  if (to <= from) return [];
  const { all } = list;
  let first = 0;
  while (first + 1 < all.length && startsBy(all[first + 1], from)) first++;
  return all.slice(first).filter((segment) => segment.baseOffset < to);
}

/** As `segmentsBetween`, without the active segment. */
export function sealedFrom(list: SegmentList, from: bigint): readonly Segment[] {
  const { baseOffset } = list.active;
  return from > baseOffset ? [] : segmentsBetween(list, from, baseOffset);
}

export function sumBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
}

/** The highest timestamp in a segment, ms; the time of its last write when no record has one (LogSegment.largestTimestamp). */
export function largestTimestamp(segment: Segment): number {
  return segment.maxTimestamp >= 0n ? Number(segment.maxTimestamp) : segment.lastWriteMs;
}

function startsBy(segment: Segment | undefined, offset: bigint): boolean {
  return segment !== undefined && segment.baseOffset <= offset;
}
