import { BatchView } from '@oubliette/protocol';
import type { DiskPartitionLog } from '../disk-partition-log.js';
import { cleanedSuffix, swapSuffix } from '../file-names.js';
import { Segment } from '../segment.js';
import { checkedChunks, CleaningStopped } from './checked-chunks.js';
import type { Cleanable } from './cleanable.js';
import { CleanedTransactions, collectAborted } from './cleaned-transactions.js';
import type { CleaningTools } from './cleaning-tools.js';
import { filterBatch, lastBatchesOf, type CleaningRules } from './filter-batch.js';
import { groupBySize } from './group-segments.js';
import { learnOffsets } from './learn-offsets.js';
import { segmentsBetween } from './segment-ranges.js';

/**
 * One pass over a log: learns the latest offset of each key in the dirty part, as far as memory reaches, then rewrites every
 * segment up to there without the records that a later one supersedes. Returns the offset up to which the log is clean now.
 */
export async function cleanLog(work: Cleanable, tools: CleaningTools): Promise<bigint> {
  const { log, firstUncleanableOffset } = work;
  const nowMs = tools.clock.now();
  const latest = await learnOffsets(work, tools);
  const endOffset = latest.latestOffset + 1n;
  let index: Segment['transactionIndex'] | null = null;
  const transactions = new CleanedTransactions((entry) => index?.append(entry));
  const affected = segmentsBetween(log.segments, 0n, endOffset);
  for (const group of groupBySize(affected, log.config, firstUncleanableOffset)) {
    const rules: CleaningRules = {
      latest,
      endOffset: firstUncleanableOffset,
      nowMs,
      deleteRetentionMs: log.config.deleteRetentionMs,
      transactions,
      lastBatches: lastBatchesOf(log.producers.entries()),
      pace: tools.pace,
    };
    await rewrite(log, group, rules, tools, (cleaned) => (index = cleaned.transactionIndex));
  }
  return endOffset;
}

async function rewrite(
  log: DiskPartitionLog,
  group: readonly Segment[],
  rules: CleaningRules,
  tools: CleaningTools,
  opened: (cleaned: Segment) => void,
): Promise<void> {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) return;
  assertOpen(log);
  const { disk, clock, reaper } = tools;
  const cleaned = new Segment(disk, log.directory, first.baseOffset, clock.now(), cleanedSuffix);
  opened(cleaned);
  try {
    cleaned.file.truncateSync(0);
    for (const [index, segment] of group.entries()) {
      const end = group[index + 1]?.baseOffset ?? segment.nextOffset;
      rules.transactions.add(collectAborted(log, segment.baseOffset, end));
      await segment.whileOpen(() => copyKept(segment, cleaned, log.config.indexIntervalBytes, rules, tools));
    }
    await cleaned.file.sync();
    await cleaned.seal();
    cleaned.storeTransactionIndex();
    assertOpen(log);
    cleaned.readableBytes = cleaned.sizeBytes;
    cleaned.setLastWrite(last.lastWriteMs);
    cleaned.changeSuffix(swapSuffix);
  } catch (error) {
    cleaned.close();
    if (!log.isClosed) await cleaned.unlink();
    throw error;
  }
  await disk.syncDirectory(log.directory);
  log.segments.replace(group, [cleaned]);
  const gone = group.filter((segment) => segment.baseOffset !== cleaned.baseOffset);
  await reaper.takeSegments(group, log.markSnapshotsDeleted(gone), log.config.fileDeleteDelayMs);
  cleaned.changeSuffix('');
  await disk.syncDirectory(log.directory);
}

async function copyKept(
  from: Segment,
  to: Segment,
  indexIntervalBytes: number,
  rules: CleaningRules,
  tools: CleaningTools,
): Promise<void> {
  for await (const batches of checkedChunks(from, 0, tools)) {
    const kept: Uint8Array[] = [];
    for (const batch of batches) {
      const rest = rules.pace.rest();
      if (rest !== null) await rest;
      const bytes = await filterBatch(batch, rules);
      if (bytes !== null) kept.push(bytes);
    }
    if (kept.length === 0) continue;
    await to.file.write(kept, to.sizeBytes);
    const before = to.sizeBytes;
    for (const bytes of kept) to.add(new BatchView(bytes), indexIntervalBytes);
    await rules.pace.moved(to.sizeBytes - before);
  }
}

function assertOpen(log: DiskPartitionLog): void {
  if (log.isClosed) throw new CleaningStopped('the log was closed');
}
