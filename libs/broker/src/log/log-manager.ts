import { Buffer } from 'node:buffer';
import { join } from 'node:path/posix';
import { KafkaError } from '@oubliette/protocol';
import { DiskError, type Clock, type Disk, type Entropy } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { defaultCleanerSettings, type CleanerSettings } from './cleaner/cleaner-settings.js';
import { LogCleaner } from './cleaner/log-cleaner.js';
import { CheckpointFile, partitionKey } from './checkpoint-file.js';
import {
  assertLogsThere,
  assertTopicId,
  listLogs,
  lockDirectory,
  writeTopicId,
  type FoundLog,
} from './data-directory.js';
import { DiskPartitionLog } from './disk-partition-log.js';
import { cleanShutdownFile, deletedDirectory, logDirectory } from './file-names.js';
import { loadLog, newLog, type LoadedLog } from './load-log.js';
import type { LogConfig, LogManager, PartitionLog } from './partition-log.js';
import { Periodic, type Rhythm } from './periodic.js';
import { Reaper } from './reaper.js';
import { applyRetention } from './retention.js';
import { RollJitter } from './roll.js';
import { TimeSlice } from './time-slice.js';

const defaultProducerExpirationMs = 86_400_000;
const defaultProducerCheckIntervalMs = 600_000;
const defaultRecoveryThreads = 2;
/** Logs that are opened at a time for each of Kafka's threads, which would block where this waits. */
const opensPerThread = 4;

export interface LogManagerOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** The data directory (log.dir); made when missing. */
  readonly directory: string;
  /** Settings of a topic whose logs stand on disk; for topics that nobody knows, the broker's defaults. */
  readonly configOf: (topic: string) => LogConfig;
  /** Kafka's text form of the topic's id; written beside a new log. */
  readonly topicIdOf?: (topic: string) => string | undefined;
  /** The epoch in which this broker leads the partition now; default 0. */
  readonly leaderEpochOf?: (topic: string, partition: number) => number;
  /** log.retention.check.interval.ms */
  readonly retentionCheckIntervalMs: number;
  /** log.cleaner.backoff.ms */
  readonly cleanerBackoffMs: number;
  /** The cleaner's other settings, asked for at every pass; default Kafka's. */
  readonly cleaner?: () => Partial<CleanerSettings>;
  /** log.flush.offset.checkpoint.interval.ms */
  readonly checkpointIntervalMs?: number;
  /** producer.id.expiration.ms, as it is set now */
  readonly producerExpirationMs?: () => number;
  /** producer.id.expiration.check.interval.ms */
  readonly producerCheckIntervalMs?: number;
  /** num.recovery.threads.per.data.dir: so many logs are opened at a time. Default 2, as Kafka's. */
  readonly recoveryThreads?: number;
  /** Ends opening early, with STOPPED: the next start recovers what this one did not. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the data directory and every log in it, without blocking for long. Throws BrokerError DATA_DIR_LOCKED, DATA_DIR_NOT_WRITABLE,
 * DATA_DIR_CORRUPT, STOPPED.
 */
export async function openLogManager(options: LogManagerOptions): Promise<LogManager> {
  const unlock = lockDirectory(options.disk, options.directory);
  try {
    return await DiskLogManager.open(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** What the checkpoints of the last owner say, by partition. */
interface KnownOffsets {
  readonly closedCleanly: boolean;
  readonly logStarts: ReadonlyMap<string, bigint>;
  readonly recoveryPoints: ReadonlyMap<string, bigint>;
  /** Null when that is not known. */
  readonly cleaned: ReadonlyMap<string, bigint> | null;
}

class DiskLogManager implements LogManager {
  readonly #logs = new Map<string, DiskPartitionLog>();
  readonly #recoveryPoints: CheckpointFile;
  readonly #logStarts: CheckpointFile;
  readonly #reaper: Reaper;
  readonly #rollJitter: RollJitter;
  readonly #cleanerOffsets: CheckpointFile;
  readonly #cleaner: LogCleaner;
  #periodic: readonly Periodic[] = [];
  readonly #ending = new Set<Promise<void>>();
  /** Logs that stand in a checkpoint on disk. */
  readonly #checkpointed = new Set<string>();
  #closing: Promise<void> | null = null;

  private constructor(
    private readonly options: LogManagerOptions,
    private readonly unlock: () => void,
  ) {
    const { disk, clock, directory, logger } = options;
    const checkpoint = (name: string): CheckpointFile =>
      new CheckpointFile(disk, join(directory, name), logger);
    this.#recoveryPoints = checkpoint('recovery-point-offset-checkpoint');
    this.#logStarts = checkpoint('log-start-offset-checkpoint');
    this.#cleanerOffsets = checkpoint('cleaner-offset-checkpoint');
    this.#reaper = new Reaper(disk, clock, logger);
    this.#rollJitter = new RollJitter(options.entropy);
    this.#cleaner = new LogCleaner({
      disk,
      clock,
      logger,
      reaper: this.#reaper,
      settings: () => this.#cleanerSettings(),
      checkpoint: this.#cleanerOffsets,
      logs: () => this.#logs.values(),
      onLogStartMoved: () => this.#writeLogStarts(),
    });
  }

  static async open(options: LogManagerOptions, unlock: () => void): Promise<DiskLogManager> {
    const manager = new DiskLogManager(options, unlock);
    try {
      await manager.#load();
    } catch (error) {
      await Promise.allSettled([...manager.#logs.values()].map((log) => log.abandon()));
      throw error;
    }
    manager.#startPeriodicWork();
    return manager;
  }

  #startPeriodicWork(): void {
    const { clock, logger } = this.options;
    const options = this.options;
    const run = (rhythm: Rhythm, name: string, task: () => Promise<void>): Periodic =>
      new Periodic(clock, rhythm, task, (error) =>
        logger.error(`${name} failed and is tried again`, { cause: messageOf(error) }),
      );
    const cleaning = { everyMs: options.cleanerBackoffMs, firstAfterMs: 0 };
    const retention = { everyMs: options.retentionCheckIntervalMs, fixedRate: true };
    this.#periodic = [
      ...(this.#cleanerSettings().enable ? [run(cleaning, 'cleaning', () => this.#cleaner.run())] : []),
      run(retention, 'retention', () => this.#applyRetention()),
      run(
        { everyMs: options.producerCheckIntervalMs ?? defaultProducerCheckIntervalMs },
        'expiry',
        async () => {
          for (const log of this.#logs.values())
            log.producers.expire(clock.now(), this.#producerExpirationMs);
        },
      ),
      run({ everyMs: options.checkpointIntervalMs ?? 60_000 }, 'writing checkpoints', async () =>
        this.#writeCheckpoints(),
      ),
    ];
  }

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(partitionKey(topic, partition));
  }

  all(): Iterable<PartitionLog> {
    return this.#logs.values();
  }

  get uncleanable(): readonly PartitionLog[] {
    return this.#cleaner.uncleanable;
  }

  create(topic: string, partition: number, config: LogConfig): PartitionLog {
    if (this.#closing !== null) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', 'the broker is stopping');
    const key = partitionKey(topic, partition);
    if (this.#logs.has(key)) throw new KafkaError('TOPIC_ALREADY_EXISTS', `${key} has a log already`);
    const { disk, clock, logger, directory, topicIdOf } = this.options;
    const path = join(directory, logDirectory(topic, partition));
    try {
      // A log of this name that was deleted may stand in checkpoints yet.
      this.#cleaner.forget(topic, partition);
      if (this.#checkpointed.has(key)) this.#writeCheckpoints();
      disk.makeDirectorySync(path);
      const id = topicIdOf?.(topic);
      if (id !== undefined) writeTopicId(disk, path, id);
      return this.#add(topic, partition, config, newLog(disk, clock, logger, path));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      throw new KafkaError('KAFKA_STORAGE_ERROR', error.message, { cause: error });
    }
  }

  remove(topic: string, partitions: readonly number[]): void {
    try {
      for (const partition of partitions) this.#remove(topic, partition);
      this.options.disk.syncDirectorySync(this.options.directory);
    } catch (error) {
      throw new KafkaError('KAFKA_STORAGE_ERROR', messageOf(error), { cause: error });
    }
  }

  #remove(topic: string, partition: number): void {
    const key = partitionKey(topic, partition);
    const log = this.#logs.get(key);
    if (log === undefined) return;
    const { disk, directory } = this.options;
    const renamed = join(directory, deletedDirectory(topic, partition, this.#uuid()));
    disk.renameSync(log.directory, renamed);
    this.#logs.delete(key);
    this.#cleaner.forget(topic, partition);
    const ending = log
      .abandon()
      .catch((error: unknown) => {
        const cause = messageOf(error);
        this.options.logger.error('the files of a deleted log could not be closed', {
          topic,
          partition,
          cause,
        });
      })
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    this.#reaper.takeDirectory(renamed, directory, log.config.fileDeleteDelayMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cleaner.stop();
    for (const periodic of [...this.#periodic].reverse()) await periodic.stop();
    await Promise.all(this.#ending);
    const { disk, directory, logger } = this.options;
    let clean = true;
    for (const log of this.#logs.values()) {
      await log.close().catch((error: unknown) => {
        clean = false;
        logger.error('a log could not be closed cleanly; the next start checks it', {
          topic: log.topic,
          partition: log.partition,
          cause: messageOf(error),
        });
      });
    }
    try {
      this.#reaper.stop();
      this.#writeCheckpoints();
      if (clean) {
        const marker = Buffer.from('{"version":0,"brokerEpoch":-1}');
        disk.replaceFileSync(join(directory, cleanShutdownFile), marker);
      }
    } finally {
      this.unlock();
    }
  }

  get #producerExpirationMs(): number {
    return this.options.producerExpirationMs?.() ?? defaultProducerExpirationMs;
  }

  async #load(): Promise<void> {
    const { disk, clock, directory, topicIdOf, signal, recoveryThreads } = this.options;
    const slice = new TimeSlice(clock, signal);
    const known = {
      closedCleanly: this.#takeCleanMark(),
      logStarts: this.#logStarts.readStrictly(),
      recoveryPoints: this.#recoveryPoints.read(),
      cleaned: this.#cleanerOffsets.tryRead(),
    };
    for (const key of [...known.logStarts.keys(), ...known.recoveryPoints.keys()])
      this.#checkpointed.add(key);
    const waiting = await listLogs(disk, directory, slice);
    if (topicIdOf !== undefined) assertLogsThere(directory, waiting, known.recoveryPoints, topicIdOf);
    const configOf = once(this.options.configOf);
    const openNext = async (): Promise<void> => {
      for (let log = waiting.pop(); log !== undefined; log = waiting.pop()) {
        await this.#open(log, configOf(log.topic), known, slice);
      }
    };
    const length = (recoveryThreads ?? defaultRecoveryThreads) * opensPerThread;
    const threads = Array.from({ length }, openNext);
    const failed = (await Promise.allSettled(threads)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    // Without what belonged to logs that are gone, and so that another crash need not recover the same again.
    this.#writeCheckpoints();
  }

  /** Whether the last owner closed everything; its mark counts for one start. */
  #takeCleanMark(): boolean {
    const { disk, directory } = this.options;
    const marker = join(directory, cleanShutdownFile);
    if (!disk.existsSync(marker)) return false;
    disk.removeFileSync(marker);
    disk.syncDirectorySync(directory);
    return true;
  }

  async #open(
    { topic, partition }: FoundLog,
    config: LogConfig,
    known: KnownOffsets,
    slice: TimeSlice,
  ): Promise<void> {
    const { disk, clock, logger, topicIdOf } = this.options;
    const directory = join(this.options.directory, logDirectory(topic, partition));
    const key = partitionKey(topic, partition);
    const id = topicIdOf?.(topic);
    if (id !== undefined) assertTopicId(disk, directory, id);
    const found = await loadLog({
      disk,
      clock,
      logger,
      slice,
      directory,
      indexIntervalBytes: config.indexIntervalBytes,
      producerExpirationMs: this.#producerExpirationMs,
      logStartOffset: known.logStarts.get(key) ?? 0n,
      recoveryPoint: known.recoveryPoints.get(key) ?? 0n,
      closedCleanly: known.closedCleanly,
      mayHaveGaps: config.cleanupPolicy.has('compact') || known.cleaned?.has(key) !== false,
    });
    this.#add(topic, partition, config, found);
  }

  #add(topic: string, partition: number, config: LogConfig, found: LoadedLog): DiskPartitionLog {
    const { disk, clock, logger } = this.options;
    const log = new DiskPartitionLog({
      disk,
      clock,
      logger,
      directory: join(this.options.directory, logDirectory(topic, partition)),
      topic,
      partition,
      config,
      rollJitter: this.#rollJitter,
      leaderEpoch: this.options.leaderEpochOf?.(topic, partition) ?? 0,
      ...found,
      onLogStartMoved: () => this.#writeLogStarts(),
    });
    this.#logs.set(partitionKey(topic, partition), log);
    return log;
  }

  #cleanerSettings(): CleanerSettings {
    return { ...defaultCleanerSettings, ...this.options.cleaner?.() };
  }

  async #applyRetention(): Promise<void> {
    const { clock, logger } = this.options;
    let removed = 0;
    for (const log of [...this.#logs.values()]) {
      // That of compacted logs is the cleaner's part, at its own pace.
      if (log.config.cleanupPolicy.has('compact')) continue;
      try {
        removed += (await log.maintain(() => applyRetention(log, this.#reaper, clock.now()))) ?? 0;
      } catch (error) {
        const { topic, partition } = log;
        logger.error('retention of a log failed and is tried again', {
          topic,
          partition,
          cause: messageOf(error),
        });
      }
    }
    if (removed > 0) this.#writeLogStarts();
  }

  #writeCheckpoints(): void {
    const logs = [...this.#logs.values()];
    this.#checkpointed.clear();
    for (const key of this.#logs.keys()) this.#checkpointed.add(key);
    this.#recoveryPoints.write(logs.map((log) => [log.topic, log.partition, log.recoveryPoint] as const));
    this.#writeLogStarts();
  }

  #writeLogStarts(): void {
    const logs = [...this.#logs.values()];
    for (const key of this.#logs.keys()) this.#checkpointed.add(key);
    this.#logStarts.write(logs.map((log) => [log.topic, log.partition, log.logStartOffset] as const));
  }

  #uuid(): string {
    const bytes = Buffer.alloc(16);
    this.options.entropy.fill(bytes);
    return bytes.toString('hex');
  }
}

/** Partitions of one topic share their settings: they are made once. */
function once(configOf: (topic: string) => LogConfig): (topic: string) => LogConfig {
  const made = new Map<string, LogConfig>();
  return (topic) => {
    const config = made.get(topic) ?? configOf(topic);
    made.set(topic, config);
    return config;
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
