import type { Clock, Disk, Entropy } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { CleanerSettings } from './cleaner/cleaner-settings.js';
import type { LogConfig } from './partition-log.js';

/** Kafka's defaults where an option is left out. */
export const managerDefaults = {
  initialTaskDelayMs: 30_000,
  checkpointIntervalMs: 60_000,
  logStartCheckpointIntervalMs: 60_000,
  producerExpirationMs: 86_400_000,
  producerCheckIntervalMs: 600_000,
  recoveryThreads: 2,
  directoryDeleteDelayMs: 60_000,
} as const;

/** What a data directory is opened with; times in ms. */
export interface LogManagerOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** The data directory (log.dir); made when missing. */
  readonly directory: string;
  /** Settings of a topic whose logs stand on disk; for topics that nobody knows, the broker's defaults. */
  readonly configOf: (topic: string) => LogConfig;
  /** Kafka's text form of the topic's id; written beside a new log. Where it is given, logs of topics without one are put aside. */
  readonly topicIdOf?: (topic: string) => string | undefined;
  /** Whether the topic, which has no id any more, waits for the removal of its logs; default no. */
  readonly isDeleting?: (topic: string) => boolean;
  /** The epoch in which this broker leads the partition now; default 0. */
  readonly leaderEpochOf?: (topic: string, partition: number) => number;
  /** log.retention.check.interval.ms */
  readonly retentionCheckIntervalMs: number;
  /** log.initial.task.delay.ms: neither retention, nor checkpoints, nor the removal of deleted logs begin before it has passed. */
  readonly initialTaskDelayMs?: number;
  /** log.segment.delete.delay.ms, as it is set now: how long the directories of deleted logs stay, whatever their topic said. */
  readonly directoryDeleteDelayMs?: () => number;
  /** log.cleaner.backoff.ms; a function where it may be changed. */
  readonly cleanerBackoffMs: number | (() => number);
  /** The cleaner's other settings, asked for at every pass; default Kafka's. */
  readonly cleaner?: () => Partial<CleanerSettings>;
  /** log.flush.scheduler.interval.ms; default never again. */
  readonly flushCheckIntervalMs?: number;
  /** log.flush.offset.checkpoint.interval.ms */
  readonly checkpointIntervalMs?: number;
  /** log.flush.start.offset.checkpoint.interval.ms: a crash may take back what DeleteRecords deleted since. */
  readonly logStartCheckpointIntervalMs?: number;
  /** producer.id.expiration.ms, as it is set now */
  readonly producerExpirationMs?: () => number;
  /** producer.id.expiration.check.interval.ms */
  readonly producerCheckIntervalMs?: number;
  /** num.recovery.threads.per.data.dir: so many logs are opened and closed at a time. */
  readonly recoveryThreads?: number;
  /** Ends opening early, with STOPPED: the next start recovers what this one did not. */
  readonly signal?: AbortSignal;
}
