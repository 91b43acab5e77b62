import { largestTimestamp } from './cleaner/segment-ranges.js';
import type { DiskPartitionLog } from './disk-partition-log.js';
import type { Reaper } from './reaper.js';
import type { Segment } from './segment.js';

type MayGo = (segment: Segment, next: Segment | undefined) => boolean;

/**
 * Deletes what retention no longer keeps (Kafka's UnifiedLog.deleteOldSegments): what lies behind the log start whatever the policy, then,
 * with the policy `delete`, what exceeds retention.bytes, then what is older than retention.ms. Returns how many segments went.
 */
export async function applyRetention(log: DiskPartitionLog, reaper: Reaper, nowMs: number): Promise<number> {
  await log.settle();
  let gone = await deleteWhile(log, reaper, nowMs, behindLogStart(log));
  if (!log.config.cleanupPolicy.has('delete')) return gone;
  for (const breach of [tooManyBytes, tooOld]) {
    const mayGo = breach(log, nowMs);
    if (mayGo !== null) gone += await deleteWhile(log, reaper, nowMs, mayGo);
  }
  return gone;
}

function behindLogStart({ logStartOffset }: DiskPartitionLog): MayGo {
  return (_segment, next) => next !== undefined && next.baseOffset <= logStartOffset;
}

function tooManyBytes(log: DiskPartitionLog): MayGo | null {
  const bound = log.config.retentionBytes;
  let excess = log.sizeBytes - bound;
  if (bound < 0 || excess < 0) return null;
  return ({ sizeBytes }) => {
    const may = excess - sizeBytes >= 0;
    if (may) excess -= sizeBytes;
    return may;
  };
}

/** By a segment's largest timestamp: one record from the future holds the whole segment and all that follow. */
function tooOld({ config }: DiskPartitionLog, nowMs: number): MayGo | null {
  if (config.retentionMs < 0) return null;
  return (segment) => nowMs - largestTimestamp(segment) > config.retentionMs;
}

/** Whole segments, oldest first, up to the first that must stay. When all may go, the active one included, the log rolls first. */
async function deleteWhile(
  log: DiskPartitionLog,
  reaper: Reaper,
  nowMs: number,
  mayGo: MayGo,
): Promise<number> {
  if (log.isClosed) return 0;
  const gone = deletable(log, mayGo);
  if (gone.length === 0) return 0;
  if (gone.length === log.segments.all.length) {
    log.roll(nowMs);
    await log.settle();
  }
  log.segments.replace(gone, []);
  log.raiseLogStart(log.segments.first.baseOffset);
  await reaper.takeSegments(gone, log.markSnapshotsDeleted(gone), log.config.fileDeleteDelayMs);
  return gone.length;
}

/** Never what the high watermark does not cover, never an empty active segment. */
function deletable(log: DiskPartitionLog, mayGo: MayGo): Segment[] {
  const found: Segment[] = [];
  for (const [index, segment] of log.segments.all.entries()) {
    const next = log.segments.all[index + 1];
    const end = next?.baseOffset ?? log.logEndOffset;
    const stays = log.highWatermark < end || (next === undefined && segment.sizeBytes === 0);
    if (stays || !mayGo(segment, next)) break;
    found.push(segment);
  }
  return found;
}
