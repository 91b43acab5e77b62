import { join } from 'node:path/posix';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { CheckpointFile, partitionKey } from './checkpoint-file.js';
import type { DiskPartitionLog } from './disk-partition-log.js';

/** What the checkpoints of the last owner say, by partition. */
export interface KnownOffsets {
  readonly logStarts: ReadonlyMap<string, bigint>;
  readonly recoveryPoints: ReadonlyMap<string, bigint>;
  /** Null when that is not known. */
  readonly cleaned: ReadonlyMap<string, bigint> | null;
}

/** The files of a data directory that say of each log how far it was synced, where it begins, how far it was cleaned. */
export class LogCheckpoints {
  readonly cleaned: CheckpointFile;
  readonly #recoveryPoints: CheckpointFile;
  readonly #logStarts: CheckpointFile;
  /** Logs that stand in a file on disk. */
  readonly #held = new Set<string>();

  /** `logs`: those that there are, asked for at each writing. */
  constructor(
    disk: Disk,
    directory: string,
    logger: Logger,
    private readonly logs: () => Iterable<DiskPartitionLog>,
  ) {
    const file = (name: string): CheckpointFile => new CheckpointFile(disk, join(directory, name), logger);
    this.#recoveryPoints = file('recovery-point-offset-checkpoint');
    this.#logStarts = file('log-start-offset-checkpoint');
    this.cleaned = file('cleaner-offset-checkpoint');
  }

  /** Throws BrokerError DATA_DIR_CORRUPT where what cannot be read would bring deleted records back. */
  read(): KnownOffsets {
    const logStarts = this.#logStarts.readStrictly();
    const recoveryPoints = this.#recoveryPoints.read();
    for (const key of logStarts.keys()) this.#held.add(key);
    for (const key of recoveryPoints.keys()) this.#held.add(key);
    return { logStarts, recoveryPoints, cleaned: this.cleaned.tryRead() };
  }

  /** A log of this name that was deleted must not lend its offsets to a new one. Throws DiskError. */
  forget(topic: string, partition: number): void {
    if (this.#held.has(partitionKey(topic, partition))) this.write();
  }

  /** Throws DiskError. */
  write(): void {
    const logs = [...this.logs()];
    this.#held.clear();
    this.#hold(logs);
    this.#recoveryPoints.write(logs.map(recoveryPointOf));
    this.writeLogStarts();
  }

  /** The same without holding others up. Rejects with DiskError. */
  async writeAside(): Promise<void> {
    const logs = [...this.logs()];
    this.#hold(logs);
    const areWritten = [
      await this.#recoveryPoints.writeAside(logs.map(recoveryPointOf)),
      await this.#logStarts.writeAside(logs.map(logStartOf)),
    ];
    // What was deleted until then stands in no file any more.
    if (areWritten.every(Boolean)) {
      this.#held.clear();
      this.#hold([...logs, ...this.logs()]);
    }
  }

  /** Throws DiskError. */
  writeLogStarts(): void {
    const logs = [...this.logs()];
    this.#hold(logs);
    this.#logStarts.write(logs.map(logStartOf));
  }

  /** The same without holding others up. Rejects with DiskError. */
  async writeLogStartsAside(): Promise<void> {
    const logs = [...this.logs()];
    this.#hold(logs);
    await this.#logStarts.writeAside(logs.map(logStartOf));
  }

  #hold(logs: readonly DiskPartitionLog[]): void {
    for (const { topic, partition } of logs) this.#held.add(partitionKey(topic, partition));
  }
}

function recoveryPointOf({ topic, partition, recoveryPoint }: DiskPartitionLog) {
  return [topic, partition, recoveryPoint] as const;
}

function logStartOf({ topic, partition, logStartOffset }: DiskPartitionLog) {
  return [topic, partition, logStartOffset] as const;
}
