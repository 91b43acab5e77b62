import { Buffer } from 'node:buffer';
import { join } from 'node:path/posix';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { leaderEpochCheckpointFile } from './file-names.js';
import type { EpochEnd } from './partition-log.js';
import { readIfThere, replaceWhole, writeSmallFile } from './whole-file.js';

const formatVersion = '0';
const undefinedEpoch = -1;
const undefinedOffset = -1n;

/** The first offset that was written under an epoch. */
export interface EpochStart {
  readonly epoch: number;
  readonly startOffset: bigint;
}

/**
 * Which leader epoch began at which offset, kept in `leader-epoch-checkpoint` (Kafka's LeaderEpochFileCache and
 * LeaderEpochCheckpointFile: version, count, then `epoch offset` lines).
 */
export class LeaderEpochs {
  /** Ascending in both. */
  #entries: readonly EpochStart[];
  /** What the file says; of a file that was not synced, nothing. */
  #written: readonly EpochStart[];
  #storing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly disk: Disk,
    entries: readonly EpochStart[],
  ) {
    this.#entries = this.#written = entries;
  }

  /** A checkpoint that cannot be read counts as empty, with a warning: the epoch in force is assigned again. */
  static load(disk: Disk, directory: string, logger: Logger): LeaderEpochs {
    const path = join(directory, leaderEpochCheckpointFile);
    const content = readIfThere(disk, path);
    const entries = content === null ? [] : parse(Buffer.from(content).toString('utf8'));
    if (entries === null) logger.warn('a leader epoch checkpoint is malformed and ignored', { path });
    return new LeaderEpochs(disk, entries ?? []);
  }

  /** Of a log without a checkpoint. */
  static none(disk: Disk): LeaderEpochs {
    return new LeaderEpochs(disk, []);
  }

  get entries(): readonly EpochStart[] {
    return this.#entries;
  }

  get latest(): number | null {
    return this.#entries.at(-1)?.epoch ?? null;
  }

  /** The epoch of the record at `offset`; null where no entry reaches back so far. */
  epochAt(offset: bigint): number | null {
    return this.#entries.findLast(({ startOffset }) => startOffset <= offset)?.epoch ?? null;
  }

  /** Notes that an epoch begins; entries that contradict it go. */
  assign(epoch: number, startOffset: bigint): void {
    const latest = this.#entries.at(-1);
    if (latest?.epoch === epoch && startOffset >= latest.startOffset) return;
    const before = this.#entries.filter((entry) => entry.epoch < epoch && entry.startOffset < startOffset);
    this.#entries = [...before, { epoch, startOffset }];
  }

  /** A batch that was found in the log: its epoch is known from here on, where no entry knew of it (LogSegment.recover). */
  found(epoch: number, baseOffset: bigint): void {
    if (epoch >= 0 && epoch > (this.latest ?? -1)) this.assign(epoch, baseOffset);
  }

  /** Everything below is gone: the epoch that holds `startOffset` begins there. */
  truncateFromStart(startOffset: bigint): void {
    const gone = this.#entries.filter((entry) => entry.startOffset <= startOffset);
    const holder = gone.at(-1);
    if (holder === undefined || (gone.length === 1 && holder.startOffset === startOffset)) return;
    this.#entries = [{ epoch: holder.epoch, startOffset }, ...this.#entries.slice(gone.length)];
  }

  /** Everything from `endOffset` on is gone. */
  truncateFromEnd(endOffset: bigint): void {
    this.#entries = this.#entries.filter((entry) => entry.startOffset < endOffset);
  }

  /** Where the epoch, or the last known one before it, ends. */
  endOf(epoch: number, logEndOffset: bigint): EpochEnd {
    if (epoch !== undefinedEpoch && epoch === this.latest)
      return { leaderEpoch: epoch, endOffset: logEndOffset };
    const higher = this.#entries.find((entry) => entry.epoch > epoch);
    if (epoch === undefinedEpoch || higher === undefined) {
      return { leaderEpoch: undefinedEpoch, endOffset: undefinedOffset };
    }
    const floor = this.#entries.findLast((entry) => entry.epoch <= epoch);
    return { leaderEpoch: floor?.epoch ?? epoch, endOffset: higher.startOffset };
  }

  /**
   * Whether the file lacks what a start could not learn from records that lie behind `endOffset`. An epoch without a record is in no
   * need of writing: the next one takes its place.
   */
  isDue(endOffset: bigint): boolean {
    if (this.#entries === this.#written) return false;
    const below = (entries: readonly EpochStart[]): string =>
      textOf(entries.filter(({ startOffset }) => startOffset < endOffset));
    return below(this.#entries) !== below(this.#written);
  }

  /** Replaces the file as one synced step where that is due. Throws DiskError. */
  write(directory: string, endOffset: bigint): void {
    if (!this.isDue(endOffset)) return;
    const content = Buffer.from(textOf(this.#entries));
    this.disk.replaceFileSync(join(directory, leaderEpochCheckpointFile), content);
    this.#written = this.#entries;
  }

  /** Like `write`, without holding others up, one after the other. Rejects with DiskError. */
  store(directory: string, endOffset: bigint): Promise<void> {
    const stored = this.#storing.then(() => this.#store(directory, endOffset));
    this.#storing = stored.catch(() => undefined);
    return stored;
  }

  async #store(directory: string, endOffset: bigint): Promise<void> {
    if (!this.isDue(endOffset)) return;
    const entries = this.#entries;
    const path = join(directory, leaderEpochCheckpointFile);
    const content = Buffer.from(textOf(entries));
    await replaceWhole(this.disk, path, content);
    this.#written = entries;
  }

  /** Writes the file of a new log without a sync: a torn one says nothing that the log does not say. Throws DiskError. */
  writeFirst(directory: string): void {
    writeSmallFile(this.disk, join(directory, leaderEpochCheckpointFile), textOf(this.#entries));
  }
}

function textOf(entries: readonly EpochStart[]): string {
  const lines = entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`);
  return [formatVersion, String(lines.length), ...lines, ''].join('\n');
}

function parse(text: string): EpochStart[] | null {
  const [version, count, ...lines] = text.trimEnd().split('\n');
  if (version !== formatVersion || Number(count) !== lines.length) return null;
  const entries: EpochStart[] = [];
  for (const line of lines) {
    const match = /^(\d{1,10}) (\d{1,19})$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return null;
    entries.push({ epoch: Number(match[1]), startOffset: BigInt(match[2]) });
  }
  return entries.every(isInOrder) ? entries : null;
}

function isInOrder(entry: EpochStart, index: number, all: readonly EpochStart[]): boolean {
  const before = all[index - 1];
  return before === undefined || (before.epoch < entry.epoch && before.startOffset <= entry.startOffset);
}
