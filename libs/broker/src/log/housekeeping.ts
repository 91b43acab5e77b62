import { Periodic, type Rhythm } from '@oubliette/runtime';
import type { CleanerSettings } from './cleaner/cleaner-settings.js';
import type { LogCleaner } from './cleaner/log-cleaner.js';
import type { DiskPartitionLog } from './disk-partition-log.js';
import { flushDirtyLogs } from './flusher.js';
import type { LogCheckpoints } from './log-checkpoints.js';
import { managerDefaults, type LogManagerOptions } from './log-manager-options.js';
import type { Reaper } from './reaper.js';
import { applyRetention } from './retention.js';
import { messageOf } from './storage-error.js';
import { TimeSlice } from './time-slice.js';

export interface HousekeepingParts {
  readonly options: LogManagerOptions;
  readonly logs: () => Iterable<DiskPartitionLog>;
  readonly checkpoints: LogCheckpoints;
  readonly cleaner: LogCleaner;
  readonly settings: CleanerSettings;
  readonly reaper: Reaper;
}

export interface Housekeeping {
  readonly all: readonly Periodic[];
  /** null when the cleaner is off. */
  readonly cleaning: Periodic | null;
}

/** What runs again and again while a data directory is open, with the first run when Kafka's LogManager and LogCleaner have theirs. */
export function startHousekeeping(parts: HousekeepingParts): Housekeeping {
  const { options, logs, checkpoints, cleaner, settings } = parts;
  const { clock, logger } = options;
  const run = (rhythm: Rhythm, name: string, task: () => Promise<void>): Periodic =>
    new Periodic(clock, rhythm, task, (error) =>
      logger.error(`${name} failed and is tried again`, { cause: messageOf(error) }),
    );
  const firstAfterMs = options.initialTaskDelayMs ?? managerDefaults.initialTaskDelayMs;
  const retention = { everyMs: options.retentionCheckIntervalMs, firstAfterMs, fixedRate: true };
  const writing = {
    everyMs: options.checkpointIntervalMs ?? managerDefaults.checkpointIntervalMs,
    firstAfterMs,
  };
  const writingStarts = {
    everyMs: options.logStartCheckpointIntervalMs ?? managerDefaults.logStartCheckpointIntervalMs,
    firstAfterMs,
  };
  const expiry = { everyMs: options.producerCheckIntervalMs ?? managerDefaults.producerCheckIntervalMs };
  const flushing = { everyMs: options.flushCheckIntervalMs ?? Infinity, firstAfterMs, fixedRate: true };
  const backoff = { everyMs: options.cleanerBackoffMs, firstAfterMs: 0 };
  const cleaning = settings.enable ? run(backoff, 'cleaning', () => cleaner.run()) : null;
  const all = [
    ...(cleaning === null ? [] : [cleaning]),
    run(retention, 'retention', () => deleteOld(parts)),
    run(expiry, 'expiry', async () => {
      const expirationMs = options.producerExpirationMs?.() ?? managerDefaults.producerExpirationMs;
      for (const log of logs()) log.producers.expire(clock.now(), expirationMs);
    }),
    run(flushing, 'flushing', () => flushDirtyLogs(logs(), clock, logger)),
    run(writing, 'writing recovery points', () => checkpoints.writeRecoveryPointsAside()),
    run(writingStarts, 'writing log starts', () => checkpoints.writeLogStartsAside()),
  ];
  return { all, cleaning };
}

async function deleteOld({ options, logs, reaper, checkpoints }: HousekeepingParts): Promise<void> {
  const { clock, logger } = options;
  let removed = 0;
  const slice = new TimeSlice(clock);
  for (const log of [...logs()]) {
    await slice.rest();
    // That of compacted logs is the cleaner's part, at its own pace.
    if (log.config.cleanupPolicy.has('compact')) continue;
    try {
      removed += (await log.maintain(() => applyRetention(log, reaper, clock.now()))) ?? 0;
    } catch (error) {
      const { topic, partition } = log;
      const cause = messageOf(error);
      logger.error('retention of a log failed and is tried again', { topic, partition, cause });
    }
  }
  if (removed > 0) await checkpoints.writeLogStartsAside();
}
