import { join } from 'node:path/posix';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { CheckpointFile, partitionKey, type OffsetLine } from './checkpoint-file.js';
import type { FoundLog } from './data-directory.js';
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
  /** What was read of logs that are not opened: it stays in the files. */
  #kept: { readonly recoveryPoints: readonly OffsetLine[]; readonly logStarts: readonly OffsetLine[] } = {
    recoveryPoints: [],
    logStarts: [],
  };

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

  /** Leaves the lines of logs that are not opened as they were read. */
  keep(logs: readonly FoundLog[], { recoveryPoints, logStarts }: KnownOffsets): void {
    const linesOf = (known: ReadonlyMap<string, bigint>): OffsetLine[] =>
      logs.flatMap(({ topic, partition }) => {
        const offset = known.get(partitionKey(topic, partition));
        return offset === undefined ? [] : [[topic, partition, offset] as const];
      });
    this.#kept = { recoveryPoints: linesOf(recoveryPoints), logStarts: linesOf(logStarts) };
  }

  /** A log of this name that was deleted must not lend its offsets to a new one. Throws DiskError. */
  forget(topic: string, partition: number): void {
    const others = (lines: readonly OffsetLine[]): OffsetLine[] =>
      lines.filter((line) => line[0] !== topic || line[1] !== partition);
    const { recoveryPoints, logStarts } = this.#kept;
    this.#kept = { recoveryPoints: others(recoveryPoints), logStarts: others(logStarts) };
    if (this.#held.has(partitionKey(topic, partition))) this.write();
  }

  /** Throws DiskError. */
  write(): void {
    const logs = [...this.logs()];
    this.#held.clear();
    this.#hold(logs);
    this.#recoveryPoints.write(this.#recoveryPointsOf(logs));
    this.writeLogStarts();
  }

  /** The same without holding others up. Rejects with DiskError. */
  async writeAside(): Promise<void> {
    const logs = [...this.logs()];
    this.#hold(logs);
    const areWritten = [
      await this.#recoveryPoints.writeAside(this.#recoveryPointsOf(logs)),
      await this.#logStarts.writeAside(this.#logStartsOf(logs)),
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
    this.#logStarts.write(this.#logStartsOf(logs));
  }

  /** The same without holding others up. Rejects with DiskError. */
  async writeLogStartsAside(): Promise<void> {
    const logs = [...this.logs()];
    this.#hold(logs);
    await this.#logStarts.writeAside(this.#logStartsOf(logs));
  }

  #recoveryPointsOf(logs: readonly DiskPartitionLog[]): OffsetLine[] {
    return [...logs.map(recoveryPointOf), ...this.#kept.recoveryPoints];
  }

  #logStartsOf(logs: readonly DiskPartitionLog[]): OffsetLine[] {
    return [...logs.map(logStartOf), ...this.#kept.logStarts];
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
