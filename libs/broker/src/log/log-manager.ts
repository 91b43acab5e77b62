import { Buffer } from 'node:buffer';
import { join } from 'node:path/posix';
import { KafkaError } from '@oubliette/protocol';
import { DiskError } from '@oubliette/runtime';
import { partitionKey } from './checkpoint-file.js';
import { defaultCleanerSettings, type CleanerSettings } from './cleaner/cleaner-settings.js';
import { LogCleaner } from './cleaner/log-cleaner.js';
import { lockDirectory, writeTopicId, type FoundLog } from './data-directory.js';
import { DiskPartitionLog } from './disk-partition-log.js';
import { cleanShutdownFile, deletedDirectory, logDirectory, strayDirectory } from './file-names.js';
import { startHousekeeping, type Housekeeping } from './housekeeping.js';
import { inLanes } from './lanes.js';
import { LargeAppends } from './large-appends.js';
import { newLog, type LoadedLog } from './load-log.js';
import { LogCheckpoints } from './log-checkpoints.js';
import { managerDefaults, type LogManagerOptions } from './log-manager-options.js';
import { openLogs } from './open-logs.js';
import type { LogConfig, LogManager, PartitionLog } from './partition-log.js';
import { Reaper } from './reaper.js';
import { RollJitter } from './roll.js';
import { isDiskFull, messageOf } from './storage-error.js';
import { TimeSlice } from './time-slice.js';

export type { LogManagerOptions } from './log-manager-options.js';

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

class DiskLogManager implements LogManager {
  readonly #logs = new Map<string, DiskPartitionLog>();
  readonly #checkpoints: LogCheckpoints;
  readonly #reaper: Reaper;
  readonly #rollJitter: RollJitter;
  readonly #largeAppends: LargeAppends;
  readonly #cleaner: LogCleaner;
  readonly #startedMs: number;
  #housekeeping: Housekeeping = { all: [], cleaning: null };
  /** Deleted logs whose files are being closed. */
  readonly #ending = new Set<Promise<void>>();
  #closing: Promise<void> | null = null;

  private constructor(
    private readonly options: LogManagerOptions,
    private readonly unlock: () => void,
  ) {
    const { disk, clock, directory, logger } = options;
    this.#startedMs = clock.monotonic();
    this.#checkpoints = new LogCheckpoints(disk, directory, logger, () => this.#logs.values());
    this.#reaper = new Reaper(disk, clock, logger);
    this.#rollJitter = new RollJitter(options.entropy);
    this.#largeAppends = new LargeAppends(clock);
    this.#cleaner = new LogCleaner({
      disk,
      clock,
      logger,
      reaper: this.#reaper,
      settings: () => this.#cleanerSettings(),
      checkpoint: this.#checkpoints.cleaned,
      logs: () => this.#logs.values(),
      onLogStartMoved: () => this.#checkpoints.writeLogStartsAside(),
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
    manager.#housekeeping = startHousekeeping({
      options,
      logs: () => manager.#logs.values(),
      checkpoints: manager.#checkpoints,
      cleaner: manager.#cleaner,
      settings: manager.#cleanerSettings(),
      reaper: manager.#reaper,
    });
    return manager;
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

  cleanerChanged(): void {
    this.#housekeeping.cleaning?.hurry();
  }

  create(topic: string, partition: number, config: LogConfig): PartitionLog {
    if (this.#closing !== null) throw new KafkaError('NOT_LEADER_OR_FOLLOWER', 'the broker is stopping');
    const key = partitionKey(topic, partition);
    if (this.#logs.has(key)) throw new KafkaError('TOPIC_ALREADY_EXISTS', `${key} has a log already`);
    const { disk, clock, logger, directory, topicIdOf } = this.options;
    const path = join(directory, logDirectory(topic, partition));
    const isNew = !disk.existsSync(path);
    try {
      // A log of this name that was deleted may stand in checkpoints yet.
      this.#cleaner.forget(topic, [partition]);
      this.#checkpoints.forget(topic, partition);
      disk.makeDirectorySync(path);
      const id = topicIdOf?.(topic);
      if (id !== undefined) writeTopicId(disk, path, id);
      return this.#add(topic, partition, config, newLog(disk, clock, logger, path));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      // Half of a log would be somebody's at the next start.
      if (isNew && disk.existsSync(path)) disk.removeDirectorySync(path);
      throw new KafkaError('KAFKA_STORAGE_ERROR', error.message, { cause: error });
    }
  }

  async remove(topic: string, partitions: readonly number[]): Promise<void> {
    const { disk, clock, directory } = this.options;
    const slice = new TimeSlice(clock);
    try {
      this.#cleaner.forget(topic, partitions);
      for (const partition of partitions) {
        await slice.rest();
        this.#remove(topic, partition);
      }
      await disk.syncDirectory(directory);
    } catch (error) {
      throw new KafkaError('KAFKA_STORAGE_ERROR', messageOf(error), { cause: error });
    }
  }

  #remove(topic: string, partition: number): void {
    const key = partitionKey(topic, partition);
    const log = this.#logs.get(key);
    if (log === undefined) return;
    const { disk, directory, logger } = this.options;
    const renamed = join(directory, deletedDirectory(topic, partition, this.#uuid()));
    disk.renameSync(log.directory, renamed);
    this.#logs.delete(key);
    this.#cleaner.forget(topic, [partition]);
    const ending = log
      .abandon()
      .catch((error: unknown) => {
        const cause = messageOf(error);
        logger.error('the files of a deleted log could not be closed', { topic, partition, cause });
      })
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    this.#reapDirectory(renamed);
  }

  /** As kafka-delete-logs does, which has its first run after log.initial.task.delay.ms. */
  #reapDirectory(path: string): void {
    const { clock, directory, initialTaskDelayMs, directoryDeleteDelayMs } = this.options;
    const firstRunMs = this.#startedMs + (initialTaskDelayMs ?? managerDefaults.initialTaskDelayMs);
    const delayMs = directoryDeleteDelayMs?.() ?? managerDefaults.directoryDeleteDelayMs;
    this.#reaper.takeDirectory(path, directory, Math.max(delayMs, firstRunMs - clock.monotonic()));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { disk, directory } = this.options;
    this.#cleaner.stop();
    for (const periodic of [...this.#housekeeping.all].reverse()) await periodic.stop();
    await Promise.all(this.#ending);
    const isClean = await this.#closeLogs();
    try {
      await this.#reaper.stop();
      this.#checkpoints.write();
      if (isClean) {
        const marker = Buffer.from('{"version":0,"brokerEpoch":-1}');
        disk.replaceFileSync(join(directory, cleanShutdownFile), marker);
      }
    } finally {
      this.unlock();
    }
  }

  /** Whether all could be closed. */
  async #closeLogs(): Promise<boolean> {
    const { clock, logger, recoveryThreads } = this.options;
    const slice = new TimeSlice(clock);
    let isClean = true;
    await inLanes(recoveryThreads ?? managerDefaults.recoveryThreads, this.#logs.values(), async (log) => {
      await slice.rest();
      await log.close().catch((error: unknown) => {
        isClean = false;
        const { topic, partition } = log;
        const cause = messageOf(error);
        logger.error('a log could not be closed cleanly; the next start checks it', {
          topic,
          partition,
          cause,
        });
      });
    });
    return isClean;
  }

  async #load(): Promise<void> {
    const withGaps: FoundLog[] = [];
    const { unknown, deleted, strays } = await openLogs(this.options, this.#checkpoints, (opened) => {
      const { topic, partition, config, found } = opened;
      this.#add(topic, partition, config, found);
      if (found.hasGaps) withGaps.push(opened);
    });
    for (const path of [...strays, ...(await this.#putAside(unknown))]) {
      const said = 'a log that belongs to no topic is kept and not served: remove it if it is not needed';
      this.options.logger.warn(said, { path });
    }
    // Without what belonged to logs that are gone, and so that another crash need not recover the same again.
    try {
      // Before the recovery points: the next start would miss what was between two segments.
      this.#cleaner.allowGaps(withGaps);
      this.#checkpoints.write();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      const cause = messageOf(error);
      this.options.logger.warn('checkpoints could not be written; that is tried again', { cause });
    }
    for (const path of deleted) this.#reapDirectory(path);
  }

  /**
   * Logs of no known topic, which somebody put there, or whose registry's file was replaced by an older one, get a name that no topic takes
   * (LogManager.addStrayLog); whose they are, and what they hold, is not ours to change. Resolves to their paths.
   */
  async #putAside(unknown: readonly FoundLog[]): Promise<string[]> {
    const { disk, directory } = this.options;
    const renamed: string[] = [];
    for (const { topic, partition } of unknown) {
      const path = join(directory, strayDirectory(topic, partition, this.#uuid()));
      disk.renameSync(join(directory, logDirectory(topic, partition)), path);
      renamed.push(path);
    }
    if (renamed.length > 0) await disk.syncDirectory(directory);
    return renamed;
  }

  #add(topic: string, partition: number, config: LogConfig, found: LoadedLog): DiskPartitionLog {
    const { disk, clock, logger, leaderEpochOf } = this.options;
    const parts = {
      disk,
      clock,
      logger,
      directory: join(this.options.directory, logDirectory(topic, partition)),
      topic,
      partition,
      config,
      rollJitter: this.#rollJitter,
      ...found,
      leaderEpoch: leaderEpochOf?.(topic, partition) ?? 0,
    };
    const log = new DiskPartitionLog(parts, this.#largeAppends);
    this.#logs.set(partitionKey(topic, partition), log);
    return log;
  }

  #cleanerSettings(): CleanerSettings {
    return { ...defaultCleanerSettings, ...this.options.cleaner?.() };
  }

  #uuid(): string {
    const bytes = Buffer.alloc(16);
    this.options.entropy.fill(bytes);
    return bytes.toString('hex');
  }
}
