import { BatchView, iterateRecords, KafkaError } from '@oubliette/protocol';
import type { Clock, Disk } from '@oubliette/runtime';
import { readBatches } from '../batch-scan.js';
import type { DiskPartitionLog } from '../disk-partition-log.js';
import { cleanedSuffix, swapSuffix } from '../file-names.js';
import type { LogConfig } from '../partition-log.js';
import type { Reaper } from '../reaper.js';
import { Segment } from '../segment.js';
import type { Cleanable } from './cleanable.js';
import { filterBatch, type CleaningRules } from './filter-batch.js';
import { OffsetMap } from './offset-map.js';

const highestRelativeOffset = 0x7fffffffn;

export interface CleaningTools {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly reaper: Reaper;
  readonly dedupeBufferBytes: number;
  /** Whether to stop at the next chunk. */
  readonly isStopping: () => boolean;
}

/** The cleaning was given up because the log or the broker stops; nothing was changed by the unfinished part. */
export class CleaningStopped extends Error {
  override readonly name = 'CleaningStopped';
}

/**
 * One pass over a log: learns the latest offset of each key in the dirty part, as far as memory reaches, then rewrites every
 * segment up to there without the records that a later one supersedes. Returns the offset up to which the log is clean now.
 */
export async function cleanLog(work: Cleanable, tools: CleaningTools): Promise<bigint> {
  const { log } = work;
  const { latest, endOffset } = await learnLatest(work, tools);
  const rules: CleaningRules = {
    latest,
    nowMs: tools.clock.now(),
    deleteRetentionMs: log.config.deleteRetentionMs,
    producers: log.producers,
  };
  const dirtyEnd = work.dirty.at(-1)?.baseOffset ?? -1n;
  const affected = log.segments.all.filter(
    (segment) => segment.baseOffset < endOffset && segment.baseOffset <= dirtyEnd,
  );
  for (const group of groupBySize(affected, log.config)) await rewrite(log, group, rules, tools);
  return endOffset;
}

async function learnLatest(
  { dirty, firstDirtyOffset }: Cleanable,
  tools: CleaningTools,
): Promise<{ latest: OffsetMap; endOffset: bigint }> {
  const end = dirty.at(-1)?.nextOffset ?? firstDirtyOffset;
  const latest = new OffsetMap(Number(end - firstDirtyOffset), tools.dedupeBufferBytes);
  for (const segment of dirty) {
    for await (const batch of checkedBatches(segment, tools)) {
      if (batch.lastOffset < firstDirtyOffset || batch.isControl) continue;
      for (const { key, offset } of iterateRecords(batch)) {
        if (key === null || offset < firstDirtyOffset) continue;
        if (latest.isFull) return { latest, endOffset: offset };
        latest.put(key, offset);
      }
    }
  }
  return { latest, endOffset: end };
}

/** A segment's batches, each with its CRC checked. Throws KafkaError CORRUPT_MESSAGE, or CleaningStopped. */
async function* checkedBatches(
  segment: Segment,
  tools: CleaningTools,
): AsyncGenerator<BatchView, void, undefined> {
  for await (const chunk of readBatches(segment.file, 0, segment.sizeBytes)) {
    if (tools.isStopping()) throw new CleaningStopped('the cleaner stops');
    for (const { batch, position } of chunk) {
      if (!batch.isIntact()) {
        throw new KafkaError('CORRUPT_MESSAGE', `${segment.file.path} fails its CRC-32C at byte ${position}`);
      }
      yield batch;
    }
  }
}

/** Neighbouring segments that fit into one (Kafka's Cleaner.groupSegmentsBySize). */
export function groupBySize(segments: readonly Segment[], config: LogConfig): Segment[][] {
  const groups: Segment[][] = [];
  let group: Segment[] = [];
  let bytes = 0;
  let entries = 0;
  for (const segment of segments) {
    const [first] = group;
    const indexBytes = segment.timeIndex.sizeBytes;
    const fits =
      first !== undefined &&
      bytes + segment.sizeBytes <= config.segmentBytes &&
      entries + indexBytes <= config.segmentIndexBytes &&
      segment.nextOffset - first.baseOffset <= highestRelativeOffset;
    if (!fits) {
      group = [];
      groups.push(group);
      bytes = entries = 0;
    }
    group.push(segment);
    bytes += segment.sizeBytes;
    entries += indexBytes;
  }
  return groups;
}

async function rewrite(
  log: DiskPartitionLog,
  group: readonly Segment[],
  rules: CleaningRules,
  tools: CleaningTools,
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  assertOpen(log);
  const cleaned = Segment.create(
    tools.disk,
    log.directory,
    first.baseOffset,
    tools.clock.now(),
    cleanedSuffix,
  );
  try {
    cleaned.file.truncateSync(0);
    for (const segment of group) {
      await segment.whileOpen(() => copyKept(segment, cleaned, log.config.indexIntervalBytes, rules, tools));
    }
    await cleaned.file.sync();
    assertOpen(log);
    cleaned.writeIndexes();
    cleaned.readableBytes = cleaned.sizeBytes;
    cleaned.lastWriteMs = Math.max(...group.map((segment) => segment.lastWriteMs));
    cleaned.changeSuffix(swapSuffix);
  } catch (error) {
    cleaned.close();
    if (!log.isClosed) cleaned.removeFiles();
    throw error;
  }
  tools.disk.syncDirectorySync(log.directory);
  log.segments.replace(group, [cleaned]);
  tools.reaper.takeSegments(group, log.config.fileDeleteDelayMs);
  cleaned.changeSuffix('');
  tools.disk.syncDirectorySync(log.directory);
}

async function copyKept(
  from: Segment,
  to: Segment,
  indexIntervalBytes: number,
  rules: CleaningRules,
  tools: CleaningTools,
): Promise<void> {
  for await (const batch of checkedBatches(from, tools)) {
    const kept = filterBatch(batch, rules);
    if (kept === null) continue;
    await to.file.write([kept], to.sizeBytes);
    to.add(new BatchView(kept), indexIntervalBytes);
  }
}

function assertOpen(log: DiskPartitionLog): void {
  if (log.isClosed) throw new CleaningStopped('the log was closed');
}
