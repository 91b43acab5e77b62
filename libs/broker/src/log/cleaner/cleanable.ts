import type { DiskPartitionLog } from '../disk-partition-log.js';
import { largestTimestamp, sealedFrom, segmentsBetween, sumBytes } from './segment-ranges.js';

/** What of a compacted log can be cleaned now (Kafka's LogToClean). */
export interface Cleanable {
  readonly log: DiskPartitionLog;
  /** Everything below was cleaned before. */
  readonly firstDirtyOffset: bigint;
  /** Base offset of the first segment that may not be cleaned yet. */
  readonly firstUncleanableOffset: bigint;
  readonly cleanableBytes: number;
  /** Cleanable bytes and those cleaned before. A segment that is clean in part counts as both. */
  readonly totalBytes: number;
  /** How long max.compaction.lag.ms has been exceeded, ms; 0 when it is not. */
  readonly overdueMs: number;
  /** Whether the checkpoint lay outside the log and was not used. */
  readonly checkpointIsInvalid: boolean;
}

/**
 * What a cleaning pass could take (LogCleanerManager.cleanableOffsets): whole segments, never the active one, none that reaches the
 * last stable offset, none from the first on whose newest record is younger than min.compaction.lag.ms.
 */
export function findCleanable(
  log: DiskPartitionLog,
  checkpoint: bigint | undefined,
  nowMs: number,
): Cleanable {
  const { segments, logStartOffset } = log;
  const known = checkpoint ?? logStartOffset;
  const checkpointIsInvalid = known < logStartOffset || known > log.logEndOffset;
  const firstDirtyOffset = checkpointIsInvalid ? logStartOffset : known;
  const limit = highest(firstDirtyOffset, firstUncleanable(log, firstDirtyOffset, nowMs));
  const firstUncleanableOffset = (sealedFrom(segments, limit)[0] ?? segments.active).baseOffset;
  const dirtyFrom = lowest(firstDirtyOffset, firstUncleanableOffset);
  const cleanableBytes = sumBytes(segmentsBetween(segments, dirtyFrom, firstUncleanableOffset));
  const cleanBytes = sumBytes(segmentsBetween(segments, -1n, firstDirtyOffset));
  return {
    log,
    firstDirtyOffset,
    firstUncleanableOffset,
    cleanableBytes,
    totalBytes: cleanBytes + cleanableBytes,
    overdueMs: overdueMs(log, firstDirtyOffset, nowMs),
    checkpointIsInvalid,
  };
}

/** Cleanable bytes as a share of all but the uncleanable ones. */
export function dirtyRatio({ cleanableBytes, totalBytes }: Cleanable): number {
  return totalBytes === 0 ? 0 : cleanableBytes / totalBytes;
}

/** The log to clean next: of those past their lag or above their ratio, the one with the highest ratio. */
export function mostCleanable(candidates: readonly Cleanable[]): Cleanable | null {
  let best: Cleanable | null = null;
  for (const candidate of candidates) {
    const ratio = dirtyRatio(candidate);
    const due =
      (candidate.overdueMs > 0 && candidate.cleanableBytes > 0) ||
      ratio > candidate.log.config.minCleanableDirtyRatio;
    if (due && (best === null || ratio > dirtyRatio(best))) best = candidate;
  }
  return best;
}

function firstUncleanable(log: DiskPartitionLog, firstDirtyOffset: bigint, nowMs: number): bigint {
  const lag = log.config.minCompactionLagMs;
  const young =
    lag > 0
      ? sealedFrom(log.segments, firstDirtyOffset).find((segment) => largestTimestamp(segment) > nowMs - lag)
      : undefined;
  const active = log.segments.active.baseOffset;
  return lowest(log.lastStableOffset, lowest(young?.baseOffset ?? active, active));
}

function overdueMs(log: DiskPartitionLog, firstDirtyOffset: bigint, nowMs: number): number {
  const cleanUntil = nowMs - Math.max(log.config.maxCompactionLagMs, 0);
  const firsts = sealedFrom(log.segments, firstDirtyOffset)
    .map((segment) => Number(segment.firstTimestamp ?? -1))
    .filter((first) => first > 0);
  return firsts.length === 0 ? 0 : Math.max(0, cleanUntil - Math.min(...firsts));
}

function lowest(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function highest(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
