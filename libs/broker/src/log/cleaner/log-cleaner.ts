import type { Logger } from '../../logger.js';
import { partitionKey, type CheckpointFile } from '../checkpoint-file.js';
import type { DiskPartitionLog } from '../disk-partition-log.js';
import { cleanLog, CleaningStopped, type CleaningTools } from './clean-log.js';
import { findCleanable, mostCleanable } from './cleanable.js';

/** Cleans compacted logs, the most promising first (Kafka's LogCleaner with one thread). */
export class LogCleaner {
  readonly #cleanedUpTo: Map<string, bigint>;
  /** Logs that failed once: as in Kafka they are left alone until a restart, so that the others go on. */
  readonly #uncleanable = new Set<DiskPartitionLog>();
  #stopping = false;

  constructor(
    private readonly parts: Omit<CleaningTools, 'isStopping'> & {
      readonly logger: Logger;
      readonly checkpoint: CheckpointFile;
      readonly logs: () => Iterable<DiskPartitionLog>;
    },
  ) {
    this.#cleanedUpTo = parts.checkpoint.read();
  }

  /** Logs that could not be cleaned and keep what they should have forgotten. */
  get uncleanable(): readonly DiskPartitionLog[] {
    return [...this.#uncleanable].filter((log) => !log.isClosed);
  }

  /** Ends a pass under way at its next chunk. */
  stop(): void {
    this.#stopping = true;
  }

  /** Forgets a deleted log, also on disk: another one of its name starts anew. */
  forget(topic: string, partition: number): void {
    if (this.#cleanedUpTo.delete(partitionKey(topic, partition))) this.#writeCheckpoint();
    for (const log of this.#uncleanable) {
      if (log.topic === topic && log.partition === partition) this.#uncleanable.delete(log);
    }
  }

  /** Cleans until no log is due. */
  async run(): Promise<void> {
    for (let work = this.#next(); work !== null && !this.#stopping; work = this.#next()) {
      const { log } = work;
      const target = work;
      try {
        const end = await log.maintain(() => this.#clean(target));
        if (end === null) return;
      } catch (error) {
        if (error instanceof CleaningStopped) continue;
        this.#uncleanable.add(log);
        this.parts.logger.error(
          'a log cannot be cleaned: old values stay until this is repaired and the broker restarted',
          {
            topic: log.topic,
            partition: log.partition,
            cause: error instanceof Error ? error.message : String(error),
          },
        );
      }
    }
  }

  #next() {
    const now = this.parts.clock.now();
    const candidates = [...this.parts.logs()]
      .filter(
        (log) => log.config.cleanupPolicy.has('compact') && !this.#uncleanable.has(log) && !log.isClosed,
      )
      .map((log) => findCleanable(log, this.#cleanedUpTo.get(partitionKey(log.topic, log.partition)), now));
    return mostCleanable(candidates);
  }

  async #clean(work: Parameters<typeof cleanLog>[0]): Promise<bigint> {
    const { log } = work;
    await log.settle();
    const end = await cleanLog(work, { ...this.parts, isStopping: () => this.#stopping || log.isClosed });
    this.#cleanedUpTo.set(partitionKey(log.topic, log.partition), end);
    this.#writeCheckpoint();
    return end;
  }

  #writeCheckpoint(): void {
    const lines: (readonly [string, number, bigint])[] = [];
    for (const log of this.parts.logs()) {
      const end = this.#cleanedUpTo.get(partitionKey(log.topic, log.partition));
      if (end !== undefined) lines.push([log.topic, log.partition, end]);
    }
    this.parts.checkpoint.write(lines);
  }
}
