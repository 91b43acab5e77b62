import type { LogParts } from './log-parts.js';
import type { TakenSnapshot } from './producer-snapshots.js';
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

/** The log that it belongs to, its directory as it is called now. */
export interface SealedLog extends Pick<
  LogParts,
  'disk' | 'logger' | 'topic' | 'partition' | 'directory' | 'snapshots' | 'leaderEpochs'
> {
  /** Whether its directory is about to go. */
  readonly isDeleted: boolean;
}

/** What the sealer reports. */
export interface SealListener {
  /** Everything below the offset is on disk, with what is made from it. */
  sealed(endOffset: bigint): void;
  /** It is unknown what of the records reached the disk. */
  broken(error: Error): void;
}

/**
 * Brings what sealed segments hold to the disk beside the appends that go on, as Kafka's task flush-log does: first their records, then
 * what can be made from them again (indexes, snapshot, epochs). Where there is no room for the latter the recovery point stays behind,
 * and the next seal or close tries again.
 */
export class SegmentSealer {
  /** Synced, and without all their files; oldest first, bounded by the segments of the log. */
  #unfinished: SealedSegment[] = [];
  #syncing: Promise<void> | null = null;
  #finishing: Promise<void> | null = null;
  #isBroken = false;

  constructor(
    private readonly log: SealedLog,
    private readonly listener: SealListener,
  ) {}

  /** Takes up a segment that a start could not give all its files, for want of room. */
  resume(segment: Segment): void {
    this.#unfinished.push({ segment, snapshot: null, endOffset: segment.nextOffset });
  }

  /** Takes up a segment whose records are all written. */
  begin(sealed: SealedSegment): void {
    const syncing = this.#sync(this.#syncing, sealed);
    this.#syncing = syncing;
    const finishing = this.#finishAfter(this.#finishing, syncing).finally(() => {
      if (this.#syncing === syncing && !this.#isBroken) this.#syncing = null;
      if (this.#finishing === finishing) this.#finishing = null;
    });
    this.#finishing = finishing;
  }

  /** Resolves when the records of every sealed segment are synced, rejects when that failed; null when they are. */
  get syncing(): Promise<void> | null {
    return this.#syncing;
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#finishing !== null) await this.#finishing;
  }

  /** Whether every sealed segment has all its files. */
  get isFinished(): boolean {
    return this.#unfinished.length === 0;
  }

  /** Writes what is left of sealed segments. Throws DiskError; what was finished before it stays so. */
  async finish(): Promise<void> {
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
      this.listener.sealed(next.endOffset);
    }
  }

  async #sync(before: Promise<void> | null, sealed: SealedSegment): Promise<void> {
    await before;
    const { segment } = sealed;
    // What retention took away meanwhile needs no sync.
    if (!segment.isClosed) await segment.whileOpen(() => segment.file.sync());
    // A record that is synced in the next segment must be found after a power cut.
    await this.log.disk.syncDirectory(this.log.directory);
    this.#unfinished.push(sealed);
  }

  async #finishAfter(before: Promise<void> | null, syncing: Promise<void>): Promise<void> {
    try {
      await syncing;
    } catch (error) {
      this.#isBroken = true;
      return this.listener.broken(asError(error));
    }
    await before;
    try {
      await this.finish();
    } catch (error) {
      this.#warn(error);
    }
  }

  #warn(error: unknown): void {
    const { topic, partition, directory, isDeleted, logger } = this.log;
    if (isDeleted) return;
    logger.warn('the indexes of a sealed segment could not be written; the next roll tries again', {
      topic,
      partition,
      path: this.#unfinished[0]?.segment.path('index') ?? directory,
      cause: asError(error).message,
    });
  }
}
