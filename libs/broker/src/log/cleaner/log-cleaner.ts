import { DiskError } from '@oubliette/runtime';
import type { Logger } from '../../logger.js';
import { partitionKey, type CheckpointFile } from '../checkpoint-file.js';
import type { FoundLog } from '../data-directory.js';
import type { DiskPartitionLog } from '../disk-partition-log.js';
import { applyRetention } from '../retention.js';
import { CleaningStopped } from './checked-chunks.js';
import { cleanLog } from './clean-log.js';
import type { CleaningTools } from './cleaning-tools.js';
import { findCleanable, mostCleanable, type Cleanable } from './cleanable.js';
import type { CleanerSettings } from './cleaner-settings.js';
import { Pace } from './pace.js';

/** A disk that is full now has room again some day. Kafka takes its directory offline; here old keys must still go. */
const passing: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** Cleans compacted logs, the most promising first, and applies their retention (Kafka's LogCleaner with one thread). */
export class LogCleaner {
  readonly #cleanedUpTo: Map<string, bigint>;
  /** Logs that failed once: as in Kafka they are left alone until a restart, so that the others go on. */
  readonly #uncleanable = new Set<DiskPartitionLog>();
  #stopping = false;

  constructor(
    private readonly parts: Omit<CleaningTools, 'isStopping' | 'pace' | 'settings'> & {
      readonly settings: () => CleanerSettings;
      readonly logger: Logger;
      readonly checkpoint: CheckpointFile;
      readonly logs: () => Iterable<DiskPartitionLog>;
      /** Called when retention moved a log's start. */
      readonly onLogStartMoved: () => Promise<void>;
    },
  ) {
    this.#cleanedUpTo = parts.checkpoint.read();
  }

  /** Logs that could not be cleaned and keep what they should have forgotten. */
  get uncleanable(): readonly DiskPartitionLog[] {
    return [...this.#uncleanable].filter((log) => !log.isClosed);
  }

  /** Logs that lack offsets count as cleaned once, from their beginning: nothing else tells a later start of it. Throws DiskError. */
  allowGaps(logs: readonly FoundLog[]): void {
    for (const { topic, partition } of logs) this.#cleanedUpTo.set(partitionKey(topic, partition), 0n);
    if (logs.length > 0) this.#writeCheckpoint();
  }

  /** Ends a pass under way at its next chunk. */
  stop(): void {
    this.#stopping = true;
  }

  /** Forgets deleted logs, also on disk: others of their names start anew. */
  forget(topic: string, partitions: readonly number[]): void {
    const known = partitions.filter((partition) => this.#cleanedUpTo.delete(partitionKey(topic, partition)));
    if (known.length > 0) this.#writeCheckpoint();
    for (const log of this.#uncleanable) {
      if (log.topic === topic && partitions.includes(log.partition)) this.#uncleanable.delete(log);
    }
  }

  /** Cleans until no log is due, or one turns out to be uncleanable; each turn also deletes what retention lets go. */
  async run(): Promise<void> {
    let cleaned = true;
    while (cleaned && !this.#stopping) {
      const work = this.#next();
      cleaned = work !== null && (await this.#attempt(work.log, () => this.#clean(work)));
      if (work !== null && !cleaned) return;
      await this.#applyRetention();
    }
  }

  /** Runs a part of the work; false when it failed, and the log may be uncleanable from now on, or busy. */
  async #attempt(log: DiskPartitionLog, part: () => Promise<void>): Promise<boolean> {
    try {
      return (await log.maintain(async () => (await part(), true))) ?? false;
    } catch (error) {
      // What fails on a log that was deleted meanwhile fails for want of its directory.
      if (error instanceof CleaningStopped || log.isClosed) return true;
      this.#report(log, error);
      return false;
    }
  }

  #report(log: DiskPartitionLog, error: unknown): void {
    const { topic, partition } = log;
    const cause = error instanceof Error ? error.message : String(error);
    if (error instanceof DiskError && passing.has(error.code)) {
      this.parts.logger.error('a log cannot be cleaned now, and is tried again: old values stay till then', {
        topic,
        partition,
        cause,
      });
      return;
    }
    this.#uncleanable.add(log);
    this.parts.logger.error(
      'a log cannot be cleaned: old values stay until this is repaired and the broker restarted',
      { topic, partition, cause },
    );
  }

  #compacted(): DiskPartitionLog[] {
    return [...this.parts.logs()].filter(
      (log) => log.config.cleanupPolicy.has('compact') && !this.#uncleanable.has(log) && !log.isClosed,
    );
  }

  #next(): Cleanable | null {
    const now = this.parts.clock.now();
    const candidates = this.#compacted().map((log) => {
      const key = partitionKey(log.topic, log.partition);
      const candidate = findCleanable(log, this.#cleanedUpTo.get(key), now);
      if (candidate.checkpointIsInvalid) this.#cleanedUpTo.set(key, candidate.firstDirtyOffset);
      return candidate;
    });
    if (candidates.some((candidate) => candidate.checkpointIsInvalid)) this.#writeCheckpoint();
    return mostCleanable(candidates);
  }

  async #clean(work: Cleanable): Promise<void> {
    const { log } = work;
    await log.settle();
    const settings = this.parts.settings();
    const end = await cleanLog(work, {
      ...this.parts,
      settings,
      pace: new Pace(this.parts.clock, settings.ioMaxBytesPerSecond),
      isStopping: () => this.#stopping || log.isClosed,
    });
    this.#cleanedUpTo.set(partitionKey(log.topic, log.partition), end);
    await this.parts.checkpoint.writeAside(this.#lines());
  }

  async #applyRetention(): Promise<void> {
    let removed = 0;
    for (const log of this.#compacted()) {
      if (this.#stopping) break;
      await this.#attempt(log, async () => {
        removed += await applyRetention(log, this.parts.reaper, this.parts.clock.now());
      });
    }
    if (removed > 0) await this.parts.onLogStartMoved();
  }

  #writeCheckpoint(): void {
    this.parts.checkpoint.write(this.#lines());
  }

  #lines(): (readonly [string, number, bigint])[] {
    const lines: (readonly [string, number, bigint])[] = [];
    for (const log of this.parts.logs()) {
      const end = this.#cleanedUpTo.get(partitionKey(log.topic, log.partition));
      if (end !== undefined) lines.push([log.topic, log.partition, end]);
    }
    return lines;
  }
}
