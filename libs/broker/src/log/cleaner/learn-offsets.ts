import { iterateRecords, type BatchView } from '@oubliette/protocol';
import type { Segment } from '../segment.js';
import type { Cleanable } from './cleanable.js';
import { checkedChunks } from './checked-chunks.js';
import { CleanedTransactions, collectAborted } from './cleaned-transactions.js';
import type { CleaningTools } from './cleaning-tools.js';
import { OffsetMap } from './offset-map.js';
import { segmentsBetween } from './segment-ranges.js';

const recordsBetweenLooks = 256;

/**
 * The latest offset of each key in the dirty part, as far as memory reaches (Kafka's Cleaner.buildOffsetMap); the map's
 * `latestOffset` says how far that is. Records of aborted transactions count for nothing.
 */
export async function learnOffsets(
  { log, firstDirtyOffset, firstUncleanableOffset }: Cleanable,
  tools: CleaningTools,
): Promise<OffsetMap> {
  const { dedupeBufferSize, threads, loadFactor } = tools.settings;
  const offsets = Number(firstUncleanableOffset - firstDirtyOffset);
  const latest = new OffsetMap(offsets, Math.floor(dedupeBufferSize / threads), loadFactor);
  const transactions = new CleanedTransactions(() => undefined);
  transactions.add(collectAborted(log, firstDirtyOffset, firstUncleanableOffset));
  const dirty = segmentsBetween(log.segments, firstDirtyOffset, firstUncleanableOffset);
  for (const [index, segment] of dirty.entries()) {
    const whole = await learnSegment(segment, latest, transactions, firstDirtyOffset, tools);
    if (!whole) break;
    // Behind a gap at its end the segment holds nothing.
    latest.reach((dirty[index + 1]?.baseOffset ?? firstUncleanableOffset) - 1n);
  }
  return latest;
}

/** Resolves to false when the map is full before the segment's end. */
async function learnSegment(
  segment: Segment,
  latest: OffsetMap,
  transactions: CleanedTransactions,
  from: bigint,
  tools: CleaningTools,
): Promise<boolean> {
  const start = segment.positionBefore(from);
  for await (const batches of checkedChunks(segment, start, tools)) {
    for (const batch of batches) {
      if (batch.isControl) transactions.passControl(batch);
      else if (!transactions.passData(batch) && batch.lastOffset >= from) {
        if (!(await learnBatch(batch, latest, from, tools))) return false;
      }
      if (batch.lastOffset >= from) latest.reach(batch.lastOffset);
    }
  }
  return true;
}

async function learnBatch(
  batch: BatchView,
  latest: OffsetMap,
  from: bigint,
  { pace }: CleaningTools,
): Promise<boolean> {
  let seen = 0;
  for (const { key, offset } of iterateRecords(batch)) {
    const rest = ++seen % recordsBetweenLooks === 0 ? pace.rest() : null;
    if (rest !== null) await rest;
    if (key === null || offset < from) continue;
    if (latest.isFull) return false;
    latest.put(key, offset);
  }
  return true;
}
