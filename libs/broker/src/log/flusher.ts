import type { Clock } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { DiskPartitionLog } from './disk-partition-log.js';
import { asError } from './storage-error.js';

/** Syncs every log whose last sync is flush.ms ago, one after the other (LogManager.flushDirtyLogs). */
export async function flushDirtyLogs(
  logs: Iterable<DiskPartitionLog>,
  clock: Clock,
  logger: Logger,
): Promise<void> {
  for (const log of [...logs]) {
    const { topic, partition, config, lastFlushMs } = log;
    if (log.isClosed || clock.now() - lastFlushMs < config.flushMs) continue;
    try {
      await log.flush();
    } catch (error) {
      logger.error('a log could not be synced', { topic, partition, cause: asError(error).message });
    }
  }
}
