import { Buffer } from 'node:buffer';
import { join } from 'node:path/posix';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { leaderEpochCheckpointFile } from './file-names.js';
import type { EpochEnd } from './partition-log.js';
import { readIfThere } from './segment.js';
import { writeSmallFile } from './small-file.js';

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
  #entries: EpochStart[];

  private constructor(
    private readonly disk: Disk,
    entries: readonly EpochStart[],
  ) {
    this.#entries = [...entries];
  }

  /** A checkpoint that cannot be read counts as empty, with a warning: the epoch in force is assigned again. */
  static load(disk: Disk, directory: string, logger: Logger): LeaderEpochs {
    const path = join(directory, leaderEpochCheckpointFile);
    const content = readIfThere(disk, path);
    const entries = content === null ? [] : parse(Buffer.from(content).toString('utf8'));
    if (entries === null) logger.warn('a leader epoch checkpoint is malformed and ignored', { path });
    return new LeaderEpochs(disk, entries ?? []);
  }

  get entries(): readonly EpochStart[] {
    return this.#entries;
  }

  get latest(): number | null {
    return this.#entries.at(-1)?.epoch ?? null;
  }

  /** Notes that an epoch begins; entries that contradict it go. Returns whether anything changed. */
  assign(epoch: number, startOffset: bigint): boolean {
    const latest = this.#entries.at(-1);
    if (latest?.epoch === epoch && startOffset >= latest.startOffset) return false;
    this.#entries = this.#entries.filter((entry) => entry.epoch < epoch && entry.startOffset < startOffset);
    this.#entries.push({ epoch, startOffset });
    return true;
  }

  /** Everything below is gone: the epoch that holds `startOffset` begins there. Returns whether anything changed. */
  truncateFromStart(startOffset: bigint): boolean {
    const gone = this.#entries.filter((entry) => entry.startOffset <= startOffset);
    const holder = gone.at(-1);
    if (holder === undefined || (gone.length === 1 && holder.startOffset === startOffset)) return false;
    this.#entries = [{ epoch: holder.epoch, startOffset }, ...this.#entries.slice(gone.length)];
    return true;
  }

  /** Everything from `endOffset` on is gone. Returns whether anything changed. */
  truncateFromEnd(endOffset: bigint): boolean {
    const kept = this.#entries.filter((entry) => entry.startOffset < endOffset);
    const isChanged = kept.length < this.#entries.length;
    this.#entries = kept;
    return isChanged;
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

  /** Replaces the file as one step. Throws DiskError. */
  write(directory: string): void {
    this.disk.replaceFileSync(join(directory, leaderEpochCheckpointFile), Buffer.from(this.#text()));
  }

  /** Writes the file of a new log without a sync: a torn one says nothing that the log does not say. Throws DiskError. */
  writeFirst(directory: string): void {
    writeSmallFile(this.disk, join(directory, leaderEpochCheckpointFile), this.#text());
  }

  #text(): string {
    const lines = this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`);
    return [formatVersion, String(lines.length), ...lines, ''].join('\n');
  }
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
