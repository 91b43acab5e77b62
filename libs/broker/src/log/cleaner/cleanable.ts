import type { DiskPartitionLog } from '../disk-partition-log.js';
import type { Segment } from '../segment.js';

/** What of a compacted log can be cleaned now. */
export interface Cleanable {
  readonly log: DiskPartitionLog;
  /** Everything below was cleaned before. */
  readonly firstDirtyOffset: bigint;
  /** Segments from firstDirtyOffset on, up to the first that may not be cleaned yet. */
  readonly dirty: readonly Segment[];
  /** Cleanable bytes as a share of them and the bytes cleaned before. */
  readonly ratio: number;
  /** How long max.compaction.lag.ms has been exceeded, ms; 0 when it is not. */
  readonly overdueMs: number;
}

/**
 * What a cleaning pass could take (Kafka's LogCleanerManager.cleanableOffsets): never the active segment, nothing that is not below
 * the high watermark, nothing from the first segment on whose newest record is younger than min.compaction.lag.ms.
 */
export function findCleanable(
  log: DiskPartitionLog,
  checkpoint: bigint | undefined,
  nowMs: number,
): Cleanable {
  const known = checkpoint !== undefined && checkpoint <= log.logEndOffset ? checkpoint : 0n;
  const firstDirtyOffset = known > log.logStartOffset ? known : log.logStartOffset;
  const sealed = log.segments.all.slice(0, -1);
  const dirtySealed = sealed.filter((segment) => segment.nextOffset > firstDirtyOffset);
  const tooYoung = dirtySealed.findIndex((segment) => !mayBeCleaned(segment, log, nowMs));
  const dirty = tooYoung < 0 ? dirtySealed : dirtySealed.slice(0, tooYoung);
  const cleanBytes = sumBytes(sealed.filter((segment) => segment.nextOffset <= firstDirtyOffset));
  const dirtyBytes = sumBytes(dirty);
  return {
    log,
    firstDirtyOffset,
    dirty,
    ratio: dirtyBytes === 0 ? 0 : dirtyBytes / (cleanBytes + dirtyBytes),
    overdueMs: overdueMs(dirtySealed, log.config.maxCompactionLagMs, nowMs),
  };
}

/** The log to clean next: of those past their lag or above their ratio, the one with the highest ratio. */
export function mostCleanable(candidates: readonly Cleanable[]): Cleanable | null {
  let best: Cleanable | null = null;
  for (const candidate of candidates) {
    if (candidate.ratio === 0) continue;
    const due = candidate.overdueMs > 0 || candidate.ratio > candidate.log.config.minCleanableDirtyRatio;
    if (due && (best === null || candidate.ratio > best.ratio)) best = candidate;
  }
  return best;
}

function mayBeCleaned(segment: Segment, log: DiskPartitionLog, nowMs: number): boolean {
  const lag = log.config.minCompactionLagMs;
  const newest = segment.maxTimestamp >= 0n ? Number(segment.maxTimestamp) : segment.lastWriteMs;
  return segment.nextOffset <= log.highWatermark && (lag <= 0 || newest <= nowMs - lag);
}

function overdueMs(dirty: readonly Segment[], maxLagMs: number, nowMs: number): number {
  const firsts = dirty.map((segment) => Number(segment.firstTimestamp ?? -1)).filter((first) => first > 0);
  return firsts.length === 0 ? 0 : Math.max(0, nowMs - Math.max(0, maxLagMs) - Math.min(...firsts));
}

function sumBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
}
