import type { LogConfig } from '../partition-log.js';
import type { Segment } from '../segment.js';

const highestRelativeOffset = 0x7fffffffn;

/**
 * Neighbouring segments that fit into one, by their sizes before cleaning (Kafka's Cleaner.groupSegmentsBySize).
 * `end`: the offset behind the last of them.
 */
export function groupBySize(segments: readonly Segment[], config: LogConfig, end: bigint): Segment[][] {
  const groups: Segment[][] = [];
  let group: Segment[] = [];
  let [bytes, offsetEntries, timeEntries] = [0, 0, 0];
  for (const [index, segment] of segments.entries()) {
    const [first] = group;
    const lastOffset = (segments[index + 1]?.baseOffset ?? end) - 1n;
    const fits =
      first !== undefined &&
      bytes + segment.sizeBytes <= config.segmentBytes &&
      offsetEntries + segment.offsetIndex.sizeBytes <= config.segmentIndexBytes &&
      timeEntries + segment.timeIndex.sizeBytes <= config.segmentIndexBytes &&
      (segment.sizeBytes === 0 || lastOffset - first.baseOffset <= highestRelativeOffset);
    if (!fits) {
      group = [];
      groups.push(group);
      bytes = offsetEntries = timeEntries = 0;
    }
    group.push(segment);
    bytes += segment.sizeBytes;
    offsetEntries += segment.offsetIndex.sizeBytes;
    timeEntries += segment.timeIndex.sizeBytes;
  }
  return groups;
}
