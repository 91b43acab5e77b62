import type { DiskPartitionLog } from './disk-partition-log.js';
import type { LogConfig } from './partition-log.js';
import type { Reaper } from './reaper.js';
import type { Segment } from './segment.js';

/**
 * Deletes what retention no longer keeps (Kafka's UnifiedLog.deleteOldSegments): whole segments, oldest first, up to the first that
 * must stay. When all may go, the active one included, the log rolls first. Returns how many segments went.
 */
export async function applyRetention(log: DiskPartitionLog, reaper: Reaper, nowMs: number): Promise<number> {
  await log.settle();
  if (log.isClosed) return 0;
  const expired = expiredSegments(log, nowMs);
  if (expired === 0) return 0;
  if (expired === log.segments.all.length) {
    log.roll(nowMs);
    await log.settle();
  }
  const gone = log.segments.all.slice(0, Math.min(expired, log.segments.all.length - 1));
  log.segments.replace(gone, []);
  log.raiseLogStart(log.segments.first.baseOffset);
  reaper.takeSegments(gone, log.config.fileDeleteDelayMs);
  return gone.length;
}

/** How many segments from the oldest on may go. */
function expiredSegments(log: DiskPartitionLog, nowMs: number): number {
  const { config, logStartOffset, highWatermark } = log;
  const segments = log.segments.all;
  const deletes = config.cleanupPolicy.has('delete');
  let excess = deletes && config.retentionBytes >= 0 ? log.sizeBytes - config.retentionBytes : 0;
  let count = 0;
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (segment.nextOffset > highWatermark || (next === undefined && segment.sizeBytes === 0)) break;
    const tooMuch = excess - segment.sizeBytes >= 0 && excess > 0;
    if (tooMuch) excess -= segment.sizeBytes;
    const cleanedOut = next !== undefined && segment.sizeBytes === 0;
    const behindStart = next !== undefined && next.baseOffset <= logStartOffset;
    if (!behindStart && !(deletes && (tooMuch || cleanedOut || isExpired(segment, config, nowMs)))) break;
    count++;
  }
  return count;
}

function isExpired(segment: Segment, config: LogConfig, nowMs: number): boolean {
  const newest = segment.maxTimestamp >= 0n ? Number(segment.maxTimestamp) : segment.lastWriteMs;
  return config.retentionMs >= 0 && nowMs - newest > config.retentionMs;
}
