import { join } from 'node:path/posix';
import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { deletedSuffix, snapshotFile, snapshotOffsetOf } from './file-names.js';
import { CorruptProducerSnapshot, decodeSnapshot, encodeSnapshot } from './producer-snapshot.js';
import type { ProducerState } from './producer-states.js';
import { writeWhole } from './whole-file.js';

/** A snapshot that was taken and waits to be written. */
export interface TakenSnapshot {
  /** It knows every record below. */
  readonly offset: bigint;
  readonly content: Uint8Array;
}

/**
 * The `.snapshot` files of a log (Kafka's ProducerStateManager): each says what was known of the producers below the offset in its
 * name, so that a start reads only what follows. They only save work: a lost or damaged one costs a longer scan.
 */
export class ProducerSnapshots {
  readonly #offsets: Set<bigint>;
  #latest: bigint;

  private constructor(
    private readonly disk: Disk,
    private readonly logger: Logger,
    offsets: readonly bigint[],
    logStartOffset: bigint,
  ) {
    this.#offsets = new Set(offsets);
    this.#latest = logStartOffset;
  }

  /** Those among the names of a log's directory; nothing is read yet. */
  static among(
    names: Iterable<string>,
    disk: Disk,
    logger: Logger,
    logStartOffset: bigint,
  ): ProducerSnapshots {
    const offsets = [...names].map((name) => snapshotOffsetOf(name)).filter((offset) => offset !== null);
    return new ProducerSnapshots(disk, logger, offsets, logStartOffset);
  }

  /** Ascending. */
  get offsets(): readonly bigint[] {
    return [...this.#offsets].sort((left, right) => (left < right ? -1 : 1));
  }

  /**
   * Removes those that belong to no segment, but for the newest behind all of them, which a clean stop left (removeStraySnapshots), and
   * those outside of the log (truncateAndReload). Throws DiskError.
   */
  prune(directory: string, segmentBases: ReadonlySet<bigint>, logStartOffset: bigint, end: bigint): void {
    const strays = this.offsets.filter((offset) => !segmentBases.has(offset));
    const last = strays.at(-1);
    const isBehindAll = last !== undefined && [...segmentBases].every((base) => base < last);
    if (isBehindAll) strays.pop();
    const outside = this.offsets.filter((offset) => offset <= logStartOffset || offset > end);
    for (const offset of new Set([...strays, ...outside])) this.remove(directory, offset);
  }

  /** The newest that can be believed; damaged ones go, with a warning. Null when there is none. */
  loadLatest(directory: string): { offset: bigint; states: Map<bigint, ProducerState> } | null {
    for (const offset of [...this.offsets].reverse()) {
      const path = join(directory, snapshotFile(offset));
      try {
        const states = decodeSnapshot(this.disk.readFileSync(path));
        this.#latest = offset;
        return { offset, states };
      } catch (error) {
        if (!(error instanceof CorruptProducerSnapshot)) throw error;
        this.logger.warn('a producer snapshot is damaged and ignored: the log is read instead', {
          path,
          cause: error.message,
        });
        this.remove(directory, offset);
      }
    }
    return null;
  }

  /** What to write for the state of this moment, null when the newest snapshot says the same. */
  take(offset: bigint, states: ReadonlyMap<bigint, ProducerState>): TakenSnapshot | null {
    return offset > this.#latest ? { offset, content: encodeSnapshot(states) } : null;
  }

  /** Writes and syncs; the checksum finds a torn one. Throws DiskError. */
  async write(directory: string, { offset, content }: TakenSnapshot): Promise<void> {
    const path = join(directory, snapshotFile(offset));
    // From its first byte on: a part of it may stand there when this fails, and go with its segment.
    this.#offsets.add(offset);
    try {
      await writeWhole(this.disk, path, content);
    } catch (error) {
      if (!this.disk.existsSync(path)) this.#offsets.delete(offset);
      throw error;
    }
    if (offset > this.#latest) this.#latest = offset;
  }

  remove(directory: string, offset: bigint): void {
    if (!this.#offsets.delete(offset)) return;
    const path = join(directory, snapshotFile(offset));
    if (this.disk.existsSync(path)) this.disk.removeFileSync(path);
  }

  /** Gives the snapshot of a segment that goes the suffix `.deleted`; returns its new path for the reaper, null without one. */
  markDeleted(directory: string, offset: bigint): string | null {
    if (!this.#offsets.delete(offset)) return null;
    const path = join(directory, snapshotFile(offset));
    if (!this.disk.existsSync(path)) return null;
    this.disk.renameSync(path, path + deletedSuffix);
    return path + deletedSuffix;
  }

  /** The log begins later now: what was taken before it counts no more (onLogStartOffsetIncremented). */
  logStartRaised(logStartOffset: bigint): void {
    this.#latest = this.offsets.at(-1) ?? logStartOffset;
  }
}
