import { join } from 'node:path/posix';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { CheckpointFile, partitionKey, type OffsetLine } from './checkpoint-file.js';
import type { DiskPartitionLog } from './disk-partition-log.js';

/** What the checkpoints of the last owner say, by partition. */
export interface KnownOffsets {
  readonly logStarts: ReadonlyMap<string, bigint>;
  readonly recoveryPoints: ReadonlyMap<string, bigint>;
  /** Null when that is not known. */
  readonly cleaned: ReadonlyMap<string, bigint> | null;
}

type Logs = () => Iterable<DiskPartitionLog>;

/** The files of a data directory that say of each log how far it was synced, where it begins, how far it was cleaned. */
export class LogCheckpoints {
  readonly cleaned: CheckpointFile;
  readonly #recoveryPoints: LogOffsets;
  readonly #logStarts: LogOffsets;

  /** `logs`: those that there are, asked for at each writing. */
  constructor(disk: Disk, directory: string, logger: Logger, logs: Logs) {
    const file = (name: string): CheckpointFile => new CheckpointFile(disk, join(directory, name), logger);
    const recoveryPoints = file('recovery-point-offset-checkpoint');
    this.#recoveryPoints = new LogOffsets(recoveryPoints, logs, (log) => log.recoveryPoint);
    this.#logStarts = new LogOffsets(file('log-start-offset-checkpoint'), logs, (log) => log.logStartOffset);
    this.cleaned = file('cleaner-offset-checkpoint');
  }

  /** Throws BrokerError DATA_DIR_CORRUPT where what cannot be read would bring deleted records back. */
  read(): KnownOffsets {
    const logStarts = this.#logStarts.taken((file) => file.readStrictly());
    const recoveryPoints = this.#recoveryPoints.taken((file) => file.read());
    return { logStarts, recoveryPoints, cleaned: this.cleaned.tryRead() };
  }

  /** A log of this name that was deleted must not lend its offsets to a new one. Throws DiskError. */
  forget(topic: string, partition: number): void {
    this.#recoveryPoints.forget(topic, partition);
    this.#logStarts.forget(topic, partition);
  }

  /** Throws DiskError. */
  write(): void {
    this.#recoveryPoints.write();
    this.#logStarts.write();
  }

  /** Without holding others up. Rejects with DiskError. */
  writeRecoveryPointsAside(): Promise<void> {
    return this.#recoveryPoints.writeAside();
  }

  /** Without holding others up. Rejects with DiskError. */
  writeLogStartsAside(): Promise<void> {
    return this.#logStarts.writeAside();
  }
}

/** One of these files. */
class LogOffsets {
  /** Logs that stand in it on disk. */
  readonly #held = new Set<string>();

  constructor(
    private readonly file: CheckpointFile,
    private readonly logs: Logs,
    private readonly offsetOf: (log: DiskPartitionLog) => bigint,
  ) {}

  taken(read: (file: CheckpointFile) => Map<string, bigint>): ReadonlyMap<string, bigint> {
    const known = read(this.file);
    for (const key of known.keys()) this.#held.add(key);
    return known;
  }

  forget(topic: string, partition: number): void {
    if (this.#held.has(partitionKey(topic, partition))) this.write();
  }

  write(): void {
    const logs = [...this.logs()];
    this.#held.clear();
    this.#hold(logs);
    this.file.write(this.#lines(logs));
  }

  async writeAside(): Promise<void> {
    const logs = [...this.logs()];
    this.#hold(logs);
    const isWritten = await this.file.writeAside(this.#lines(logs));
    if (!isWritten) return;
    // What was deleted until then stands in the file no more.
    this.#held.clear();
    this.#hold([...logs, ...this.logs()]);
  }

  #lines(logs: readonly DiskPartitionLog[]): OffsetLine[] {
    return logs.map((log) => [log.topic, log.partition, this.offsetOf(log)]);
  }

  #hold(logs: readonly DiskPartitionLog[]): void {
    for (const { topic, partition } of logs) this.#held.add(partitionKey(topic, partition));
  }
}
