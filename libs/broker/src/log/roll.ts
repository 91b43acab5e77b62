import type { LogConfig } from './partition-log.js';
import type { Segment } from './segment.js';

const highestRelativeOffset = 0x7fffffffn;

/** segment.ms, for a compacted log bounded by max.compaction.lag.ms (Kafka's LogConfig.maxSegmentMs). */
export function rollAfterMs(config: LogConfig): number {
  return config.cleanupPolicy.has('compact')
    ? Math.min(config.segmentMs, config.maxCompactionLagMs)
    : config.segmentMs;
}

/**
 * Whether an append goes to a new segment (Kafka's LogSegment.shouldRoll). Time counts by the records' own timestamps, from the
 * first batch's, by the clock only where they have none; an empty segment never rolls.
 */
export function mustRoll(
  segment: Segment,
  incoming: { readonly bytes: number; readonly newestTimestamp: bigint; readonly lastOffset: bigint },
  config: LogConfig,
  nowMs: number,
): boolean {
  if (incoming.lastOffset - segment.baseOffset > highestRelativeOffset) return true;
  if (segment.sizeBytes === 0) return false;
  const first = segment.firstTimestamp;
  const waited =
    first !== null && first >= 0n ? Number(incoming.newestTimestamp - first) : nowMs - segment.createdMs;
  return (
    segment.sizeBytes > config.segmentBytes - incoming.bytes ||
    waited > rollAfterMs(config) ||
    segment.offsetIndex.isFull(config.segmentIndexBytes) ||
    segment.timeIndex.isFull(config.segmentIndexBytes)
  );
}
