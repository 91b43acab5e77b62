import type { Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { LeaderEpochs } from './leader-epochs.js';
import type { ProducerSnapshots, TakenSnapshot } from './producer-snapshots.js';
import type { Segment } from './segment.js';
import { asError } from './storage-error.js';

/** A segment that takes no more appends. */
export interface SealedSegment {
  readonly segment: Segment;
  /** The producers as they were at its end, null when a snapshot says so already. */
  readonly snapshot: TakenSnapshot | null;
  /** Where the next segment begins. */
  readonly endOffset: bigint;
}

export interface SealerParts {
  readonly disk: Disk;
  readonly logger: Logger;
  readonly topic: string;
  readonly partition: number;
  /** The log's, as it is called now. */
  readonly directory: string;
  readonly snapshots: ProducerSnapshots;
  readonly leaderEpochs: LeaderEpochs;
  /** Whether its directory is about to go. */
  readonly isDeleted: boolean;
}

/**
 * Brings what a sealed segment holds to the disk: its records first, then what can be made from them again (indexes, snapshot, epochs). Where
 * there is no room for the latter, appends go on, the recovery point stays behind, and the next seal or close tries again.
 */
export class SegmentSealer {
  /** Oldest first; bounded by the segments of the log. */
  #unfinished: SealedSegment[] = [];

  constructor(private readonly log: SealerParts) {}

  /** Takes up a segment that a start could not give all its files, for want of room. */
  resume(segment: Segment): void {
    this.#unfinished.push({ segment, snapshot: null, endOffset: segment.nextOffset });
  }

  /**
   * Returns the offset below which everything is on disk, null when that did not change. Throws DiskError when it is unknown what of the
   * records reached the disk.
   */
  async seal(sealed: SealedSegment): Promise<bigint | null> {
    const { segment } = sealed;
    await segment.whileOpen(() => segment.file.sync());
    // A record that is synced in the next segment must be found after a power cut.
    await this.log.disk.syncDirectory(this.log.directory);
    this.#unfinished.push(sealed);
    try {
      return await this.finish();
    } catch (error) {
      const { topic, partition, logger } = this.log;
      if (this.log.isDeleted) return null;
      logger.warn('the indexes of a sealed segment could not be written; the next roll tries again', {
        topic,
        partition,
        path: segment.path('index'),
        cause: asError(error).message,
      });
      return null;
    }
  }

  /** Whether every sealed segment has all its files. */
  get isFinished(): boolean {
    return this.#unfinished.length === 0;
  }

  /** Writes what is left of sealed segments. Throws DiskError; what was finished before it stays so. */
  async finish(): Promise<bigint | null> {
    let end: bigint | null = null;
    for (let next = this.#unfinished[0]; next !== undefined; next = this.#unfinished[0]) {
      // Retention or cleaning may have taken it away meanwhile.
      const { segment } = next;
      if (!segment.isClosed && !segment.isDeleted) {
        await segment.whileOpen(() => segment.seal());
        segment.storeTransactionIndex();
      }
      if (next.snapshot !== null) await this.log.snapshots.write(this.log.directory, next.snapshot);
      await this.log.leaderEpochs.store(this.log.directory, next.endOffset);
      this.#unfinished.shift();
      end = next.endOffset;
    }
    return end;
  }
}
